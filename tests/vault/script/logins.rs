//! Logging in, the tokens that come of it, and what is wrapped.

use std::time::Duration;

use strongroom_tests::server::{AppRole, Server};

use super::calls::POLICY;
use super::{compare, lines, play};

#[tokio::test]
async fn case_113_the_fake_logs_in_as_the_real_server_does() {
    let mut answers = Vec::new();
    for server in [Server::fake().await, Server::real().await] {
        server.add_namespace("team-a").await;
        server.enable("kubernetes", "").await;
        let mut values = prepare(&server).await;
        answers.push(play(&server, lines(SCRIPT), &mut values).await);
    }
    let report = compare(&answers[0], &answers[1]);
    assert!(report.is_empty(), "{report}");
}

/// The roles, tokens and wrapped secret ids that the script names.
async fn prepare(server: &Server) -> Vec<(String, String)> {
    let minutes = |count: u64| Some(Duration::from_secs(count * 60));
    let role = AppRole { policy: POLICY, ..AppRole::default() };
    let roles = [
        ("plain", role),
        ("short", AppRole { ttl: minutes(10), max_ttl: minutes(30), ..role }),
        ("capped", AppRole { max_ttl: minutes(60), ..role }),
        ("few", AppRole { uses: 4, ttl: minutes(10), ..role }),
        ("batch", AppRole { batch: true, ttl: minutes(10), ..role }),
        ("periodic", AppRole { period: minutes(5), ..role }),
        ("halted", AppRole { period: minutes(10), max_ttl: minutes(5), ..role }),
        ("once", AppRole { secret_id_uses: 1, ..role }),
        ("team", AppRole { namespace: "team-a", secret_id_uses: 2, ..role }),
    ];
    let mut values = Vec::new();
    let mut keep = |name: String, value: String| values.push((name, value));
    for (name, role) in &roles {
        let (role_id, secret_id) = server.app_role(role).await;
        if matches!(*name, "once" | "team") {
            for wrapped in ["w1", "w2", "w3", "w4", "w5"] {
                let token = server.wrapped_secret_id(&role_id).await;
                keep(format!("{name}.{wrapped}"), token);
            }
        }
        keep(format!("{name}.role"), role_id);
        keep(format!("{name}.secret"), secret_id);
    }
    for (name, role) in [
        ("jwt", AppRole { ttl: minutes(10), max_ttl: minutes(30), ..role }),
        ("jwtbatch", AppRole { batch: true, ..role }),
    ] {
        let (role, jwt) = server.jwt_role(&role).await;
        // Signed like the other, and not what was signed.
        let other = jwt.rsplit('.').next().unwrap_or_default();
        keep(format!("{name}.wrong"), format!("e30.e30.{other}"));
        keep(format!("{name}.role"), role);
        keep(format!("{name}.jwt"), jwt);
    }
    for (name, limits) in [
        ("static", AppRole { ttl: minutes(10), max_ttl: minutes(20), ..role }),
        ("static.few", AppRole { uses: 3, ..role }),
        ("static.last1", AppRole { uses: 1, ..role }),
        ("static.last2", AppRole { uses: 1, ..role }),
        ("static.last3", AppRole { uses: 1, ..role }),
        ("static.last4", AppRole { uses: 1, ..role }),
        ("static.batch", AppRole { batch: true, ..role }),
        ("static.periodic", AppRole { period: minutes(10), max_ttl: minutes(20), ..role }),
    ] {
        keep(name.to_owned(), server.limited_token(&limits).await);
    }
    values
}

/// What both answer alike. `{plain.role}` and `{plain.secret}` are the credential of a role, `{once.w1}` is a
/// wrapped secret id of one, and `name := ` keeps the token of a login.
const SCRIPT: &str = r#"
# A login, and what its token is told
token := POST auth/approle/login {"role_id":"{plain.role}","secret_id":"{plain.secret}"} @X-Vault-Token:
GET auth/token/lookup-self @X-Vault-Token: {token}
GET secret/data/app/db @X-Vault-Token: {token}
GET secret/data/other @X-Vault-Token: {token}
GET sys/internal/ui/mounts/secret @X-Vault-Token: {token}
POST auth/token/renew-self {"increment":"2h"} @X-Vault-Token: {token}
POST auth/token/renew-self {"increment":"60","extra":1} @X-Vault-Token: {token}
GET auth/token/lookup-self @X-Vault-Token: {token}
POST auth/token/revoke-self {} @X-Vault-Token: {token}
GET auth/token/lookup-self @X-Vault-Token: {token}
PUT auth/approle/login {"role_id":"{plain.role}","secret_id":"{plain.secret}","extra":1} @X-Vault-Token:
POST auth/approle/login {"role_id":"{plain.role}","secret_id":"{plain.secret}"} @X-Vault-Token: canary-unknown
POST auth/approle/login {"role_id":"{plain.role}","secret_id":"{plain.secret}"}

# Refused logins
POST auth/approle/login {} @X-Vault-Token:
POST auth/approle/login @X-Vault-Token:
POST auth/approle/login {"role_id":"","secret_id":"{plain.secret}"} @X-Vault-Token:
POST auth/approle/login {"role_id":["a"],"secret_id":"{plain.secret}"} @X-Vault-Token:
POST auth/approle/login {"role_id":"gone","secret_id":"{plain.secret}"} @X-Vault-Token:
POST auth/approle/login {"role_id":"gone"} @X-Vault-Token:
POST auth/approle/login {"role_id":"{plain.role}"} @X-Vault-Token:
POST auth/approle/login {"role_id":"{plain.role}","secret_id":""} @X-Vault-Token:
POST auth/approle/login {"role_id":"{plain.role}","secret_id":"canary-wrong"} @X-Vault-Token:
POST auth/approle/login {"role_id":"{plain.role}","secret_id":7} @X-Vault-Token:
POST auth/approle/login {"role_id":"{plain.role}","secret_id":["a"]} @X-Vault-Token:
POST auth/approle/login {"role_id":"{short.role}","secret_id":"{plain.secret}"} @X-Vault-Token:
POST auth/approle/login not json @X-Vault-Token:
POST auth/approle/login/ {} @X-Vault-Token:
GET auth/approle/login @X-Vault-Token:
GET auth/approle/login?role_id=gone @X-Vault-Token:
DELETE auth/approle/login @X-Vault-Token:
LIST auth/approle/login @X-Vault-Token:
LIST auth/approle/login
PATCH auth/approle/login {"role_id":"{plain.role}"} @X-Vault-Token: @Content-Type: application/merge-patch+json
POST auth/approle/login/x {} @X-Vault-Token:
POST auth/approle/login/x {}
POST auth/approle/other {} @X-Vault-Token:
GET auth/approle/other
POST auth/approle {}
POST auth/gone/login {"role_id":"{plain.role}"} @X-Vault-Token:
POST auth/gone/login {"role_id":"{plain.role}"}
POST auth/gone/login {"role_id":"{plain.role}"} @X-Vault-Namespace: team-a @X-Vault-Token:
POST auth/approle/login {"role_id":"{plain.role}","secret_id":"{plain.secret}"} @X-Vault-Namespace: nobody @X-Vault-Token:

# Times to live
short := POST auth/approle/login {"role_id":"{short.role}","secret_id":"{short.secret}"} @X-Vault-Token:
GET auth/token/lookup-self @X-Vault-Token: {short}
POST auth/token/renew-self {} @X-Vault-Token: {short}
POST auth/token/renew-self {"increment":"2h2m2s"} @X-Vault-Token: {short}
POST auth/token/renew-self {"increment":"60s"} @X-Vault-Token: {short}
GET auth/token/lookup-self @X-Vault-Token: {short}
capped := POST auth/approle/login {"role_id":"{capped.role}","secret_id":"{capped.secret}"} @X-Vault-Token:
GET auth/token/lookup-self @X-Vault-Token: {capped}
POST auth/token/renew-self {} @X-Vault-Token: {capped}
periodic := POST auth/approle/login {"role_id":"{periodic.role}","secret_id":"{periodic.secret}"} @X-Vault-Token:
POST auth/token/renew-self {"increment":"2h"} @X-Vault-Token: {periodic}
GET auth/token/lookup-self @X-Vault-Token: {periodic}
halted := POST auth/approle/login {"role_id":"{halted.role}","secret_id":"{halted.secret}"} @X-Vault-Token:
POST auth/token/renew-self {"increment":"2h"} @X-Vault-Token: {halted}
POST auth/token/renew-self {"increment":"1h"} @X-Vault-Token: {static}
GET auth/token/lookup-self @X-Vault-Token: {static}
POST auth/token/renew-self {"increment":"1h"} @X-Vault-Token: {static.periodic}
GET auth/token/lookup-self @X-Vault-Token: {static.periodic}

# Batch tokens
batch := POST auth/approle/login {"role_id":"{batch.role}","secret_id":"{batch.secret}"} @X-Vault-Token:
GET auth/token/lookup-self @X-Vault-Token: {batch}
GET secret/data/app/db @X-Vault-Token: {batch}
POST auth/token/renew-self {} @X-Vault-Token: {batch}
POST auth/token/revoke-self {} @X-Vault-Token: {batch}
GET auth/token/lookup-self @X-Vault-Token: {static.batch}
POST auth/token/renew-self {} @X-Vault-Token: {static.batch}

# Uses
few := POST auth/approle/login {"role_id":"{few.role}","secret_id":"{few.secret}"} @X-Vault-Token:
GET sys/internal/ui/mounts/secret @X-Vault-Token: {few}
GET auth/token/lookup-self @X-Vault-Token: {few}
GET secret/data/other @X-Vault-Token: {few}
POST auth/token/renew-self {} @X-Vault-Token: {few}
GET auth/token/lookup-self @X-Vault-Token: {few}
GET auth/token/lookup-self @X-Vault-Token: {few}
GET sys/internal/ui/mounts/secret @X-Vault-Token: {few}
GET gone/x @X-Vault-Token: {static.few}
GET secret/data/app/db @X-Vault-Token: {static.few}
POST sys/capabilities-self {"paths":["secret/data/app/db"]} @X-Vault-Token: {static.few}
POST sys/capabilities-self {"paths":["secret/data/app/db"]} @X-Vault-Token: {static.few}
POST auth/token/renew-self {} @X-Vault-Token: {static.last1}
POST auth/token/renew-self {} @X-Vault-Token: {static.last1}
POST auth/token/revoke-self {} @X-Vault-Token: {static.last2}
GET secret/data/app/db @X-Vault-Token: {static.last3}
GET secret/data/app/db @X-Vault-Token: {static.last3}
GET secret/data/app/db @X-Vault-Token: {static.last4} @X-Vault-Namespace: nobody
POST secret/data/app/db/ {} @X-Vault-Token: {static.last4}
GET auth/token/lookup-self @X-Vault-Token: {static.last4}
POST auth/approle/login {"role_id":"{once.role}","secret_id":"{once.secret}"} @X-Vault-Token:
POST auth/approle/login {"role_id":"{once.role}","secret_id":"{once.secret}"} @X-Vault-Token:

# Wrapped secret ids
POST sys/wrapping/lookup {"token":"{once.w1}"} @X-Vault-Token:
POST sys/wrapping/lookup {"token":"{once.w1}","extra":1} @X-Vault-Namespace: team-a @X-Vault-Token:
POST sys/wrapping/lookup {} @X-Vault-Token: {once.w1}
GET sys/wrapping/lookup @X-Vault-Token: {once.w1}
DELETE sys/wrapping/lookup @X-Vault-Token: {once.w1}
GET sys/internal/ui/mounts/secret @X-Vault-Token: {once.w1}
wrapped := POST sys/wrapping/unwrap @X-Vault-Token: {once.w1}
POST sys/wrapping/unwrap @X-Vault-Token: {once.w1}
POST sys/wrapping/lookup {"token":"{once.w1}"} @X-Vault-Token:
POST auth/approle/login {"role_id":"{once.role}","secret_id":"{wrapped}"} @X-Vault-Token:
POST auth/approle/login {"role_id":"{once.role}","secret_id":"{wrapped}"} @X-Vault-Token:
POST sys/wrapping/unwrap {"token":"{once.w2}"} @X-Vault-Token:
POST sys/wrapping/unwrap {"token":"{once.w2}"} @X-Vault-Token: canary-unknown
GET sys/wrapping/unwrap?token={once.w2}
PUT sys/wrapping/unwrap {"token":"{once.w2}","extra":1} @X-Vault-Token: {periodic}
POST sys/wrapping/unwrap {"token":"{once.w2}"}
POST sys/wrapping/unwrap {"token":"{once.w3}"} @X-Vault-Token: {once.w3}
POST sys/wrapping/lookup {"token":"{once.w3}"} @X-Vault-Token:
GET auth/token/lookup-self @X-Vault-Token: {once.w4}
POST sys/wrapping/unwrap @X-Vault-Token: {once.w4}
POST sys/wrapping/unwrap {} @X-Vault-Token:
POST sys/wrapping/unwrap {} @X-Vault-Token: canary-unknown
POST sys/wrapping/unwrap {} @X-Vault-Token: {periodic}
POST sys/wrapping/unwrap {"token":""}
POST sys/wrapping/unwrap {"token":["a"]}
POST sys/wrapping/unwrap {"token":"canary-unknown"} @X-Vault-Token:
POST sys/wrapping/unwrap not json
GET sys/wrapping/unwrap
POST sys/wrapping/lookup {} @X-Vault-Token:
POST sys/wrapping/lookup {"token":""}
POST sys/wrapping/lookup {"token":7}
GET sys/wrapping/lookup
LIST sys/wrapping/lookup
POST sys/wrapping/lookup {"token":"canary-unknown"} @X-Vault-Namespace: nobody

# Namespaces
POST auth/approle/login {"role_id":"{team.role}","secret_id":"{team.secret}"} @X-Vault-Token:
POST team-a/auth/approle/login {"role_id":"{team.role}","secret_id":"{team.secret}"} @X-Vault-Token:
team := POST auth/approle/login {"role_id":"{team.role}","secret_id":"{team.secret}"} @X-Vault-Namespace: team-a @X-Vault-Token:
GET auth/token/lookup-self @X-Vault-Namespace: team-a @X-Vault-Token: {team}
GET auth/token/lookup-self @X-Vault-Token: {team}
POST auth/token/renew-self {"increment":"1h"} @X-Vault-Namespace: team-a @X-Vault-Token: {team}
POST auth/token/renew-self {"increment":"1h"} @X-Vault-Token: {team}
GET secret/data/app/db @X-Vault-Namespace: team-a @X-Vault-Token: {team}
GET team-a/secret/data/app/db @X-Vault-Token: {team}
GET secret/data/app/db @X-Vault-Token: {team}
GET secret/data/other @X-Vault-Namespace: team-a @X-Vault-Token: {team}
GET sys/internal/ui/mounts/secret @X-Vault-Namespace: team-a @X-Vault-Token: {team}
GET sys/internal/ui/mounts/secret @X-Vault-Token: {team}
POST sys/capabilities-self {"paths":["secret/data/app/db"]} @X-Vault-Namespace: team-a @X-Vault-Token: {team}
POST sys/capabilities-self {"paths":["secret/data/app/db"]} @X-Vault-Token: {team}
GET gone/x @X-Vault-Token: {team}
POST sys/wrapping/lookup {"token":"{team.w1}"} @X-Vault-Token:
POST sys/wrapping/unwrap {"token":"{team.w1}"} @X-Vault-Token: {team}
POST sys/wrapping/unwrap {"token":"{team.w1}"} @X-Vault-Namespace: team-a @X-Vault-Token: {team}
POST sys/wrapping/unwrap @X-Vault-Token: {team.w2}
POST sys/wrapping/unwrap @X-Vault-Namespace: team-a @X-Vault-Token: {team.w3}
POST sys/wrapping/unwrap {"token":"{team.w4}"} @X-Vault-Token: {periodic}
POST sys/wrapping/unwrap {"token":"{team.w5}"} @X-Vault-Namespace: team-a @X-Vault-Token: {periodic}
POST sys/wrapping/unwrap {"token":"{once.w5}"} @X-Vault-Namespace: team-a @X-Vault-Token: {periodic}
POST sys/wrapping/unwrap {"token":"{once.w5}"} @X-Vault-Token: {periodic}
POST auth/token/revoke-self {} @X-Vault-Token: {team}
GET auth/token/lookup-self @X-Vault-Namespace: team-a @X-Vault-Token: {team}

# JWT
jwt := POST auth/jwt/login {"role":"{jwt.role}","jwt":"{jwt.jwt}"} @X-Vault-Token:
GET auth/token/lookup-self @X-Vault-Token: {jwt}
POST auth/token/renew-self {"increment":"1h"} @X-Vault-Token: {jwt}
GET secret/data/app/db @X-Vault-Token: {jwt}
PUT auth/jwt/login {"role":"{jwt.role}","jwt":"{jwt.jwt}","extra":1} @X-Vault-Token:
POST auth/jwt/login {"role":"{jwtbatch.role}","jwt":"{jwtbatch.jwt}"} @X-Vault-Token:
POST auth/jwt/login {} @X-Vault-Token:
POST auth/jwt/login {"jwt":"{jwt.jwt}"} @X-Vault-Token:
POST auth/jwt/login {"role":"gone","jwt":"{jwt.jwt}"} @X-Vault-Token:
POST auth/jwt/login {"role":"gone","jwt":["a"]} @X-Vault-Token:
POST auth/jwt/login {"role":["a"],"jwt":"{jwt.jwt}"} @X-Vault-Token:
POST auth/jwt/login {"role":"{jwt.role}"} @X-Vault-Token:
POST auth/jwt/login {"role":"{jwt.role}","jwt":""} @X-Vault-Token:
POST auth/jwt/login {"role":"{jwt.role}","jwt":"{jwt.wrong}"} @X-Vault-Token:
POST auth/jwt/login not json @X-Vault-Token:
GET auth/jwt/login @X-Vault-Token:
GET auth/jwt/other

# Kubernetes: what is refused before the cluster is asked
POST auth/kubernetes/login {} @X-Vault-Token:
POST auth/kubernetes/login {"role":"gone"} @X-Vault-Token:
POST auth/kubernetes/login {"jwt":"canary-jwt"} @X-Vault-Token:
POST auth/kubernetes/login {"role":"gone","jwt":"canary-jwt"} @X-Vault-Token:
POST auth/kubernetes/login {"role":["a"],"jwt":"canary-jwt"} @X-Vault-Token:
POST auth/kubernetes/login {"jwt":["a"]} @X-Vault-Token:
GET auth/kubernetes/login @X-Vault-Token:
LIST auth/kubernetes/login @X-Vault-Token:
"#;

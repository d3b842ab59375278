//! Who may log in, on both sorts.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::{Duration, UNIX_EPOCH};

use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use serde_json::{Map, Value, json};
use strongroom::{Clock, SystemClock};
use strongroom_testkit::{Lease, Role};

use super::{Server, Sort};

/// A role of AppRole: what its tokens may do, and their limits.
///
/// Default: the root namespace, no right but those that every token has, no limits but the server's 32 days.
#[derive(Clone, Copy, Debug, Default)]
pub struct AppRole<'a> {
    /// Paths and their capabilities, as [`Server::token`] has them; those in the namespace.
    pub policy: &'a [(&'a str, &'a [&'a str])],
    /// How long a token lasts without renewal.
    pub ttl: Option<Duration>,
    /// How long it lasts at most.
    pub max_ttl: Option<Duration>,
    /// What every renewal grants, without an end.
    pub period: Option<Duration>,
    /// How many calls a token may make; zero is no limit.
    pub uses: u32,
    /// Whether it hands out batch tokens.
    pub batch: bool,
    /// How many logins a secret id is good for; zero is no limit.
    pub secret_id_uses: u32,
    /// Where it is: empty, or one that was added.
    pub namespace: &'a str,
}

/// A role that was made. On the real server, its secret ids count their logins down.
#[derive(Debug)]
pub(super) struct Counted {
    name: String,
    namespace: String,
    /// Logins that each secret id is good for.
    uses: u64,
    /// Secret ids that were made.
    made: u64,
}

/// Stands for no limit in a secret id that counts.
const MANY: u32 = 1_000_000;

impl Server {
    /// Adds a role at `approle`, with a secret id. Gives the role id, which is its name too, and the secret id.
    pub async fn app_role(&self, role: &AppRole<'_>) -> (String, String) {
        let number = self.tokens.fetch_add(1, Ordering::Relaxed);
        let (name, secret_id) =
            (format!("canary-role-{number}"), format!("canary-secret-{number}"));
        let uses = if role.secret_id_uses == 0 { MANY } else { role.secret_id_uses };
        let namespace = role.namespace.to_owned();
        let counted = Counted { name: name.clone(), namespace, uses: uses.into(), made: 1 };
        self.counted(|roles| roles.push(counted));
        if let Sort::Fake(fake) = &self.sort {
            let made = Role::app_role(&name, &secret_id).secret_id_uses(role.secret_id_uses);
            let made = made.policy(role.policy).lease(role.lease());
            fake.add_role(&format!("{}/approle", role.namespace), made);
            return (name, secret_id);
        }
        self.enable("approle", role.namespace).await;
        let mut fields = self.token_fields(&name, role).await;
        fields.insert("secret_id_num_uses".to_owned(), uses.into());
        let path = format!("auth/approle/role/{name}");
        self.write(role.namespace, &path, Value::Object(fields)).await;
        self.write(role.namespace, &format!("{path}/role-id"), json!({"role_id": name})).await;
        let secret = json!({"secret_id": secret_id});
        self.write(role.namespace, &format!("{path}/custom-secret-id"), secret).await;
        (name, secret_id)
    }

    /// Makes one more secret id of a role, and gives the token that it is wrapped in for 300 s.
    ///
    /// # Panics
    /// If the role is not one of [`app_role`](Self::app_role).
    pub async fn wrapped_secret_id(&self, role_id: &str) -> String {
        let namespace = self.counted(|roles| {
            let role = roles.iter_mut().find(|role| role.name == role_id).expect("a role");
            role.made += 1;
            role.namespace.clone()
        });
        if let Sort::Fake(fake) = &self.sort {
            return fake.wrap_secret_id(&format!("{namespace}/approle"), role_id);
        }
        let headers = [("x-vault-wrap-ttl", "300"), ("x-vault-namespace", &namespace)];
        let path = format!("/v1/auth/approle/role/{role_id}/secret-id");
        let body = Some(json!({}).to_string());
        let (status, answer) = self.raw_as(self.root(), &headers, "POST", &path, body).await;
        let token = answer["wrap_info"]["token"].as_str();
        token.unwrap_or_else(|| panic!("{status}: {answer}")).to_owned()
    }

    /// Adds a role at `jwt`, in the root namespace, and gives its name and a JWT that it accepts for an hour.
    pub async fn jwt_role(&self, role: &AppRole<'_>) -> (String, String) {
        let name = format!("canary-role-{}", self.tokens.fetch_add(1, Ordering::Relaxed));
        if let Sort::Fake(fake) = &self.sort {
            let jwt = format!("canary-jwt-of-{name}");
            let made = Role::jwt(&name, &jwt).policy(role.policy).lease(role.lease());
            fake.add_role("jwt", made);
            return (name, jwt);
        }
        self.enable("jwt", "").await;
        // The server signs for us: one key of ours fewer.
        let wanted = Some(json!({"type": "ecdsa-p256"}));
        let (_, key) = self.raw("POST", "/v1/transit/keys/canary-jwt", wanted).await;
        let key = &key["data"]["keys"]["1"]["public_key"];
        self.write("", "auth/jwt/config", json!({"jwt_validation_pubkeys": [key]})).await;
        let mut fields = self.token_fields(&name, role).await;
        for (field, value) in [("role_type", "jwt"), ("user_claim", "sub")] {
            fields.insert(field.to_owned(), value.into());
        }
        fields.insert("bound_audiences".to_owned(), json!(["canary-audience"]));
        self.write("", &format!("auth/jwt/role/{name}"), Value::Object(fields)).await;
        let jwt = self.sign_jwt(&name).await;
        (name, jwt)
    }

    /// A token that nobody logged in for, of the root namespace, with the rules and the limits of this role.
    pub async fn limited_token(&self, role: &AppRole<'_>) -> String {
        let number = self.tokens.fetch_add(1, Ordering::Relaxed);
        if let Sort::Fake(fake) = &self.sort {
            let token = format!("canary-token-{number}");
            fake.add_token_with(&token, role.policy, role.lease());
            return token;
        }
        let policy = format!("canary-policy-{number}");
        self.write_policy(&policy, role).await;
        let seconds = |span: Option<Duration>| span.unwrap_or_default().as_secs();
        let wanted = json!({
            "policies": [policy], "ttl": seconds(role.ttl), "explicit_max_ttl": seconds(role.max_ttl),
            "period": seconds(role.period), "num_uses": role.uses, "type": role.token_type(),
        });
        let (status, made) = self.raw("POST", "/v1/auth/token/create", Some(wanted)).await;
        let token = made["auth"]["client_token"].as_str();
        token.unwrap_or_else(|| panic!("{status}: {made}")).to_owned()
    }

    /// How many logins the roles of [`app_role`](Self::app_role) saw that handed out a token. Refused ones do
    /// not count: the fake tells those by its calls.
    pub async fn logins(&self) -> usize {
        if let Sort::Fake(fake) = &self.sort {
            let logins = |path: &str| path.ends_with("/login");
            let calls = fake.calls().into_iter();
            return calls.filter(|call| logins(&call.path) && call.status == 200).count();
        }
        let roles = self.counted(|roles| {
            let facts = |role: &Counted| (role.name.clone(), role.namespace.clone());
            roles.iter().map(|role| (facts(role), role.uses * role.made)).collect::<Vec<_>>()
        });
        let mut logins = 0;
        for ((name, namespace), in_all) in roles {
            logins += in_all - self.logins_left(&name, &namespace).await;
        }
        usize::try_from(logins).expect("fewer logins than memory")
    }

    /// The logins that the secret ids of a role are still good for. One that is used up is gone.
    async fn logins_left(&self, name: &str, namespace: &str) -> u64 {
        let path = format!("/v1/auth/approle/role/{name}");
        let inside = [("x-vault-namespace", namespace)];
        let listed = format!("{path}/secret-id?list=true");
        let (_, listed) = self.raw_as(self.root(), &inside, "GET", &listed, None).await;
        let mut left = 0;
        for accessor in listed["data"]["keys"].as_array().into_iter().flatten() {
            let body = Some(json!({"secret_id_accessor": accessor}).to_string());
            let path = format!("{path}/secret-id-accessor/lookup");
            let mut uses = None;
            // A login that is made just now holds the entry, or has used it up.
            crate::until("the uses that are left are told", async || {
                uses = match self.raw_as(self.root(), &inside, "POST", &path, body.clone()).await {
                    (404, _) => Some(0),
                    (_, found) => found["data"]["secret_id_num_uses"].as_u64(),
                };
                uses.is_some()
            })
            .await;
            left += uses.unwrap_or_default();
        }
        left
    }

    async fn sign_jwt(&self, subject: &str) -> String {
        let now =
            SystemClock.now().duration_since(UNIX_EPOCH).expect("a time after 1970").as_secs();
        let part = |part: Value| Base64UrlUnpadded::encode_string(part.to_string().as_bytes());
        let head = part(json!({"alg": "ES256", "typ": "JWT"}));
        let claims = part(json!({
            "sub": subject, "aud": "canary-audience", "iat": now, "exp": now + 3_600,
        }));
        let signed = format!("{head}.{claims}");
        let wanted = json!({
            "input": Base64::encode_string(signed.as_bytes()), "marshaling_algorithm": "jws",
        });
        let path = "/v1/transit/sign/canary-jwt/sha2-256";
        let (status, answer) = self.raw("POST", path, Some(wanted)).await;
        let signature = answer["data"]["signature"].as_str();
        let signature = signature.and_then(|signature| signature.rsplit(':').next());
        format!("{signed}.{}", signature.unwrap_or_else(|| panic!("{status}: {answer}")))
    }

    /// Mounts an auth method at its own name in a namespace, unless it is there, as on the fake it always is.
    pub async fn enable(&self, auth: &str, namespace: &str) {
        if let Sort::Fake(_) = &self.sort {
            return;
        }
        let inside = [("x-vault-namespace", namespace)];
        let (path, body) =
            (format!("/v1/sys/auth/{auth}"), Some(json!({"type": auth}).to_string()));
        let (status, answer) = self.raw_as(self.root(), &inside, "POST", &path, body).await;
        assert!(status == 204 || answer.to_string().contains("already in use"), "{answer}");
    }

    /// What every role of the real server says about its tokens.
    async fn token_fields(&self, name: &str, role: &AppRole<'_>) -> Map<String, Value> {
        self.write_policy(name, role).await;
        let seconds = |span: Option<Duration>| span.unwrap_or_default().as_secs().into();
        Map::from_iter([
            ("token_policies".to_owned(), json!([name])),
            ("token_ttl".to_owned(), seconds(role.ttl)),
            ("token_max_ttl".to_owned(), seconds(role.max_ttl)),
            ("token_period".to_owned(), seconds(role.period)),
            ("token_num_uses".to_owned(), role.uses.into()),
            ("token_type".to_owned(), role.token_type().into()),
        ])
    }

    async fn write_policy(&self, name: &str, role: &AppRole<'_>) {
        let rules = role.policy.iter().map(|(path, capabilities)| {
            format!("path \"{path}\" {{ capabilities = {} }}\n", json!(capabilities))
        });
        // A policy without rules is refused.
        let rules: String = rules.chain(["# canary\n".to_owned()]).collect();
        let path = format!("sys/policies/acl/{name}");
        self.write(role.namespace, &path, json!({"policy": rules})).await;
    }

    async fn write(&self, namespace: &str, path: &str, body: Value) {
        let inside = [("x-vault-namespace", namespace)];
        let (path, body) = (format!("/v1/{path}"), Some(body.to_string()));
        let (status, answer) = self.raw_as(self.root(), &inside, "POST", &path, body).await;
        assert!(matches!(status, 200 | 204), "{path}: {status} {answer}");
    }

    fn counted<T>(&self, change: impl FnOnce(&mut Vec<Counted>) -> T) -> T {
        change(&mut self.roles.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl AppRole<'_> {
    fn token_type(&self) -> &'static str {
        if self.batch { "batch" } else { "service" }
    }

    fn lease(&self) -> Lease {
        let mut lease = Lease::default().uses(self.uses);
        if let Some(ttl) = self.ttl {
            lease = lease.ttl(ttl);
        }
        if let Some(max_ttl) = self.max_ttl {
            lease = lease.max_ttl(max_ttl);
        }
        if let Some(period) = self.period {
            lease = lease.periodic(period);
        }
        if self.batch { lease.batch() } else { lease }
    }
}

//! Folders that have what others have.

use strongroom_testkit::FakeInfisical;

use crate::client::{Caller, pairs};

async fn start() -> FakeInfisical {
    let infisical = FakeInfisical::start().await;
    infisical.put("/app", "OWN", "canary-own");
    infisical.put("/first", "OWN", "canary-first");
    infisical.put("/first", "BOTH", "canary-first");
    infisical.put_in("dev", "/second", "BOTH", "canary-second");
    infisical.add_import("/app", "prod", "/first");
    infisical.add_import("/app", "dev", "/second");
    infisical
}

#[tokio::test]
async fn f092_what_is_in_the_folder_wins_and_then_the_last_import() {
    let infisical = start().await;
    let owner = Caller::owner(&infisical).await;
    for (name, value, environment, path) in
        [("OWN", "canary-own", "prod", "/app"), ("BOTH", "canary-second", "dev", "/second")]
    {
        let secret = owner.secret(&format!("/{name}?secretPath=/app&include_imports=true")).await;
        assert_eq!(secret["secretValue"], value);
        assert_eq!(
            (&secret["environment"], &secret["secretPath"]),
            (&environment.into(), &path.into())
        );
    }
    for query in ["", "&include_imports=false", "&includeImports=true"] {
        assert_eq!(
            owner.read(&format!("/BOTH?secretPath=/app{query}")).await.status,
            404,
            "{query}"
        );
    }
}

#[tokio::test]
async fn lists_tell_imports_apart_and_in_their_order() {
    let infisical = start().await;
    let owner = Caller::owner(&infisical).await;
    let told = owner.list("secretPath=/app&include_imports=true").await;
    assert_eq!(pairs(&told["secrets"]), [("OWN", "canary-own")]);
    let (first, second) = (&told["imports"][0], &told["imports"][1]);
    assert_eq!((&first["environment"], &first["secretPath"]), (&"prod".into(), &"/first".into()));
    assert_eq!((&second["environment"], &second["secretPath"]), (&"dev".into(), &"/second".into()));
    assert_eq!(pairs(&first["secrets"]), [("BOTH", "canary-first"), ("OWN", "canary-first")]);
    assert_eq!(pairs(&second["secrets"]), [("BOTH", "canary-second")]);
    let one = &second["secrets"][0];
    assert_eq!((one.get("secretPath"), one.get("createdAt")), (None, None));
    assert_eq!((&one["workspace"], &one["environment"]), (&"".into(), &"dev".into()));
    let told = owner.list("secretPath=/app&include_imports=true&viewSecretValue=false").await;
    assert_eq!(told["imports"][1]["secrets"][0]["secretValue"], FakeInfisical::MASK);
}

#[tokio::test]
async fn imports_of_imports_come_along_and_circles_end() {
    let infisical = start().await;
    infisical.put("/deep", "DEEP", "canary-deep");
    infisical.put("/deep", "BOTH", "canary-deep");
    infisical.add_import("/first", "prod", "/deep");
    infisical.add_import("/deep", "prod", "/first");
    let owner = Caller::owner(&infisical).await;
    let told = owner.list("secretPath=/app&include_imports=true").await;
    let first = pairs(&told["imports"][0]["secrets"]);
    assert_eq!(first, [("BOTH", "canary-first"), ("OWN", "canary-first"), ("DEEP", "canary-deep")]);
    let secret = owner.secret("/DEEP?secretPath=/app&include_imports=true").await;
    assert_eq!(
        (&secret["secretValue"], &secret["secretPath"]),
        (&"canary-deep".into(), &"/first".into())
    );
}

#[tokio::test]
async fn imports_need_rights_where_they_come_from() {
    let infisical = start().await;
    let reads = ["read"].as_slice();
    infisical.add_token("canary-token", &[("prod", "/app", reads), ("prod", "/first", reads)]);
    let reader = Caller::with(&infisical, "canary-token");
    let told = reader.list("secretPath=/app&include_imports=true").await;
    assert_eq!(told["imports"][1]["secrets"], serde_json::json!([]));
    let secret = reader.secret("/BOTH?secretPath=/app&include_imports=true").await;
    assert_eq!(secret["secretValue"], "canary-first");
    infisical
        .set_rights("canary-token", &[("*", "/app", reads), ("*", "/**", &["describeSecret"])]);
    let answer = reader.read("/BOTH?secretPath=/app&include_imports=true").await;
    assert_eq!(answer.codes(), (403, "ForbiddenReadSecretError"));
}

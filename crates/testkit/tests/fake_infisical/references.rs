//! `${..}` in values.

use strongroom_testkit::FakeInfisical;

use crate::client::{Caller, pairs};

#[tokio::test]
async fn b062_references_stay_unless_it_is_asked_to_resolve_them() {
    let infisical = FakeInfisical::start().await;
    infisical.put("/", "HOST", "canary-host");
    infisical.put_in("dev", "/app/db", "PORT", "canary-port");
    infisical.put("/", "URL", "x://${HOST}:${dev.app.db.PORT}/${HOST}");
    let owner = Caller::owner(&infisical).await;
    let plain = owner.secret("/URL").await;
    assert_eq!(plain["secretValue"], "x://${HOST}:${dev.app.db.PORT}/${HOST}");
    let resolved = owner.secret("/URL?expandSecretReferences=true").await;
    assert_eq!(resolved["secretValue"], "x://canary-host:canary-port/canary-host");
    let told = owner.list("expandSecretReferences=true").await;
    assert_eq!(pairs(&told["secrets"])[1].1, "x://canary-host:canary-port/canary-host");
}

#[tokio::test]
async fn f092_what_leads_nowhere_stays_or_is_dropped_by_older_servers() {
    let infisical = FakeInfisical::start().await;
    infisical.put("/", "APP", "a-${GONE}-${qa.GONE}-${not a reference}-${}");
    let owner = Caller::owner(&infisical).await;
    for (is_old, value) in [
        (false, "a-${GONE}-${qa.GONE}-${not a reference}-${}"),
        (true, "a---${not a reference}-${}"),
    ] {
        infisical.set_missing_references_empty(is_old);
        assert_eq!(owner.secret("/APP?expandSecretReferences=true").await["secretValue"], value);
    }
}

#[tokio::test]
async fn references_of_references_are_followed_where_they_are_and_circles_end() {
    let infisical = FakeInfisical::start().await;
    infisical.put("/", "APP", "${prod.app.INNER}");
    infisical.put("/", "NAME", "canary-root");
    infisical.put("/app", "INNER", "${NAME}");
    infisical.put("/app", "NAME", "canary-app");
    infisical.put("/", "A", "1${B}");
    infisical.put("/", "B", "2${A}");
    let owner = Caller::owner(&infisical).await;
    assert_eq!(owner.secret("/APP?expandSecretReferences=true").await["secretValue"], "canary-app");
    assert_eq!(owner.secret("/A?expandSecretReferences=true").await["secretValue"], "121${B}");
}

#[tokio::test]
async fn a_reference_to_what_may_not_be_read_is_refused() {
    let infisical = FakeInfisical::start().await;
    infisical.put("/", "APP", "${dev.HOST}");
    infisical.put_in("dev", "/", "HOST", "canary-host");
    infisical.add_token("canary-token", &[("prod", "/**", &["read"])]);
    let reader = Caller::with(&infisical, "canary-token");
    let answer = reader.read("/APP?expandSecretReferences=true").await;
    assert_eq!(answer.codes(), (403, "ForbiddenError"));
    assert!(answer.message().starts_with("You do not have permission to read secret 'HOST'"));
    let answer = reader.read("?expandSecretReferences=true").await;
    assert_eq!(answer.codes(), (403, "ForbiddenError"));
    assert_eq!(answer.body["details"].as_array().unwrap().len(), 1);
    assert_eq!(reader.secret("/APP").await["secretValue"], "${dev.HOST}");
}

//! What the layers pass on as it is.

use strongroom_core::{
    GetOptions, Layer, Probe, PutOptions, SecretStore, SecretValue, SignOptions,
};

use crate::scripted::{INFO, Scripted, name, native, retry, signature, timeout};

#[test]
fn a_wrapped_store_says_the_same_of_itself() {
    let scripted = Scripted::working();
    for store in [scripted.store(&retry()), scripted.store(&timeout())] {
        assert_eq!(*store.info(), INFO);
        assert_eq!(store.capabilities(), scripted.capabilities());
    }
}

#[tokio::test(start_paused = true)]
async fn every_method_of_a_store_reaches_its_own() {
    let scripted = Scripted::working();
    let store = timeout().store(scripted.store(&retry()));
    let (db, version) = (name("db"), "1".into());
    let value = SecretValue::from("canary-new");
    store.get(&db, GetOptions::default()).await.unwrap();
    store.get_many(&[], GetOptions::default()).await;
    store.put(&db, value, PutOptions::default()).await.unwrap();
    store.promote(&db, &version, None).await.unwrap();
    store.retire(&db, &version).await.unwrap();
    store.restore(&db).await.unwrap();
    store.delete(&db).await.unwrap();
    store.list(None).await.unwrap();
    store.versions(&db).await.unwrap();
    store.live_versions(&db, std::time::UNIX_EPOCH).await.unwrap();
    store.check(&db).await.unwrap();
    assert_eq!(store.probe().await.unwrap(), Probe::Standby);
    let expected = [
        "get",
        "get_many",
        "put",
        "promote",
        "retire",
        "restore",
        "delete",
        "list",
        "versions",
        "live_versions",
        "check",
        "probe",
    ];
    assert_eq!(operations(&scripted), expected);
}

#[tokio::test(start_paused = true)]
async fn every_method_of_a_signer_reaches_its_own() {
    let scripted = Scripted::working();
    let signer = timeout().signer(scripted.signer(&retry()));
    let (key, options, tag) = (name("key"), SignOptions::default, signature(b"m"));
    signer.sign(&key, b"m", options()).await.unwrap();
    signer.verify(&key, b"m", &tag, options()).await.unwrap();
    signer.sign_many(&key, &[b"m"], options()).await;
    signer.verify_many(&key, &[(b"m", &tag)], options()).await;
    assert_eq!(signer.sign_native(&key, b"m").await.unwrap().as_str(), "m");
    signer.verify_native(&key, b"m", &native(b"m")).await.unwrap();
    signer.published(&key).await.unwrap();
    signer.check(&key).await.unwrap();
    signer.rotate(&key).await.unwrap();
    let expected = [
        "sign",
        "verify",
        "sign_many",
        "verify_many",
        "sign_native",
        "verify_native",
        "published",
        "check",
        "rotate",
    ];
    assert_eq!(operations(&scripted), expected);
}

fn operations(scripted: &Scripted) -> Vec<&'static str> {
    scripted.calls().iter().map(|call| call.operation).collect()
}

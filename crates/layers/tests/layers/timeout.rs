//! Where the deadline cuts.

use std::time::UNIX_EPOCH;

use strongroom_core::{
    Error, ErrorKind, GetOptions, Layer, PutOptions, Reason, Result, SecretValue, SignOptions,
};
use tokio::time::Instant;

use crate::scripted::{DEADLINE, INFO, Scripted, failure, name, native, retry, signature, timeout};

/// The error of an operation that ends at the deadline and not before.
async fn cut<T>(call: impl Future<Output = Result<T>>) -> Error {
    cut_all(async { vec![call.await] }).await.remove(0)
}

/// The errors of a batch that ends so.
async fn cut_all<T>(call: impl Future<Output = Vec<Result<T>>>) -> Vec<Error> {
    let started = Instant::now();
    let errors: Vec<_> = call.await.into_iter().filter_map(Result::err).collect();
    assert_eq!(started.elapsed(), DEADLINE);
    for error in &errors {
        let timeout = (ErrorKind::Unavailable, Some(Reason::Timeout));
        assert_eq!((error.kind(), error.reason()), timeout);
    }
    errors
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_is_cut_at_the_deadline() {
    let store = Scripted::hanging().store(&timeout());
    let (db, version) = (name("db"), "1".into());
    let value = SecretValue::from("canary-new");
    let named = [
        ("get", cut(store.get(&db, GetOptions::default())).await),
        ("put", cut(store.put(&db, value, PutOptions::default())).await),
        ("promote", cut(store.promote(&db, &version, None)).await),
        ("retire", cut(store.retire(&db, &version)).await),
        ("restore", cut(store.restore(&db)).await),
        ("delete", cut(store.delete(&db)).await),
        ("list", cut(store.list(Some(&db))).await),
        ("versions", cut(store.versions(&db)).await),
        ("live_versions", cut(store.live_versions(&db, UNIX_EPOCH)).await),
        ("check", cut(store.check(&db)).await),
    ];
    for (operation, error) in named {
        assert_eq!(error.provider(), Some(INFO.id()));
        assert_eq!((error.operation(), error.name()), (Some(operation), Some("db")));
    }
    for (operation, error) in
        [("list", cut(store.list(None)).await), ("probe", cut(store.probe()).await)]
    {
        assert_eq!((error.operation(), error.name()), (Some(operation), None));
    }
}

#[tokio::test(start_paused = true)]
async fn a_signer_that_hangs_is_cut_at_the_deadline() {
    let signer = Scripted::hanging().signer(&timeout());
    let (key, options) = (name("key"), SignOptions::default);
    let tag = signature(b"m");
    let errors = [
        ("sign", cut(signer.sign(&key, b"m", options())).await),
        ("verify", cut(signer.verify(&key, b"m", &tag, options())).await),
        ("sign_native", cut(signer.sign_native(&key, b"m")).await),
        ("verify_native", cut(signer.verify_native(&key, b"m", &native(b"m"))).await),
        ("check", cut(signer.check(&key)).await),
        ("rotate", cut(signer.rotate(&key)).await),
    ];
    for (operation, error) in errors {
        assert_eq!(error.name(), Some("key"));
        let text = format!("`key`: no answer to {operation} within 10 s (SECRETS_TIMEOUT_SECONDS)");
        assert_eq!(error.to_string(), text);
    }
}

#[tokio::test(start_paused = true)]
async fn each_item_of_a_batch_that_hangs_has_the_error() {
    let scripted = Scripted::hanging();
    let (store, signer) = (scripted.store(&timeout()), scripted.signer(&timeout()));
    let (key, options, tag) = (name("key"), SignOptions::default, signature(b"m"));
    let names = [name("a"), name("b")];
    let read = cut_all(store.get_many(&names, GetOptions::default())).await;
    let about = |error: &Error| (error.operation(), error.name().map(str::to_owned));
    let expected = ["a", "b"].map(|name| (Some("get_many"), Some(name.to_owned())));
    assert_eq!(read.iter().map(about).collect::<Vec<_>>(), expected);

    let signed = cut_all(signer.sign_many(&key, &[b"m", b"n"], options())).await;
    let verified =
        cut_all(signer.verify_many(&key, &[(b"m", &tag), (b"n", &tag)], options())).await;
    for (operation, errors) in [("sign_many", signed), ("verify_many", verified)] {
        assert_eq!(errors.len(), 2);
        for error in errors {
            assert_eq!(error.name(), Some("key"));
            assert!(error.to_string().contains(operation), "{error}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_deadline_is_that_of_all_attempts_together() {
    let scripted = Scripted::new(|_, call| match call {
        1 => Some(Err(failure(ErrorKind::Unavailable))),
        _ => None,
    });
    let store = timeout().store(scripted.store(&retry()));
    cut(store.get(&name("db"), GetOptions::default())).await;
    assert_eq!(scripted.calls().len(), 2);
}

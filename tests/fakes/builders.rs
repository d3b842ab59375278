//! What a builder says is what the service finds.

use std::time::Duration;

use strongroom::{ErrorKind, PutOptions, Secrets};
use strongroom_testkit::{Builder, Certificate, Fake, Fault, ManualClock, On, SIGNING_KEY};
use strongroom_tests::{refused, signed_with};

use crate::on_every_fake;

on_every_fake!(
    a_secret_has_all_the_versions_that_were_given,
    fields_of_one_secret_stand_side_by_side,
    the_settings_name_the_signing_key,
    the_clock_is_that_of_the_test,
    a_fault_is_there_from_the_start_and_requests_are_counted,
    over_tls_the_authority_is_in_the_settings_and_bad_certificates_are_refused,
    a_child_process_has_the_same_variables_and_files,
    what_is_deleted_is_gone,
);

async fn open(fake: &impl Fake) -> Secrets {
    Secrets::from_settings(fake.settings()).await.unwrap()
}

async fn value(secrets: &Secrets, name: &str) -> String {
    let secret = secrets.get(name).await.unwrap();
    secret.value().expose_str().unwrap().to_owned()
}

async fn a_secret_has_all_the_versions_that_were_given(builder: Builder<impl Fake>) {
    let builder = builder.secret("billing/key", "canary-1").secret("billing/key", "canary-2");
    let fake = builder.start().await;
    assert_eq!(value(&open(&fake).await, "billing/key").await, "canary-2");
    fake.set_secret("billing/key", "canary-3");
    assert_eq!(value(&open(&fake).await, "billing/key").await, "canary-3");
}

async fn fields_of_one_secret_stand_side_by_side(builder: Builder<impl Fake>) {
    let builder = builder.secret("db#user", "canary-user").secret("db#password", "canary-1");
    let fake = builder.start().await;
    fake.set_secret("db#password", "canary-2");
    let secrets = open(&fake).await;
    assert_eq!(value(&secrets, "db#user").await, "canary-user");
    assert_eq!(value(&secrets, "db#password").await, "canary-2");
}

async fn the_settings_name_the_signing_key(builder: Builder<impl Fake>) {
    let fake = builder.signing_key("team/webhooks").start().await;
    let secrets = open(&fake).await;
    let signature = secrets.signer().await.unwrap().sign(b"hi").await.unwrap();
    assert_eq!(signature.to_string(), signed_with(SIGNING_KEY).await.to_string());
}

async fn the_clock_is_that_of_the_test(builder: Builder<impl Fake>) {
    let clock = ManualClock::at(1_700_000_000);
    let fake = builder.clock(clock.clone()).secret("a", "canary").start().await;
    let opened = Secrets::builder().settings(fake.settings()).clock(clock.clone()).build().await;
    let created = opened.unwrap().get("a").await.unwrap().created_at().unwrap();
    assert_eq!(created, std::time::UNIX_EPOCH + Duration::from_secs(1_700_000_000));
}

async fn a_fault_is_there_from_the_start_and_requests_are_counted(builder: Builder<impl Fake>) {
    let fault = Fault::new(On::Read).status(503).times(2);
    let fake = builder.secret("a", "canary").fault(fault).start().await;
    assert_eq!(fake.requests(), 0, "what the test does is not counted");
    let secrets = open(&fake).await;
    assert_eq!(fake.requests(), 0, "opening asks nobody");
    assert_eq!(value(&secrets, "a").await, "canary", "the third attempt");
    let first = fake.requests();
    assert!(first >= 3, "{first}");
    assert_eq!(value(&secrets, "a").await, "canary");
    assert_eq!(fake.requests(), first, "from the cache");
}

async fn over_tls_the_authority_is_in_the_settings_and_bad_certificates_are_refused<F: Fake>(
    builder: Builder<F>,
) {
    let fake = builder.secret("a", "canary").certificate(Certificate::Good).start().await;
    assert_eq!(value(&open(&fake).await, "a").await, "canary");
    for certificate in [Certificate::WrongName, Certificate::OtherCa, Certificate::Expired] {
        let fake = Builder::<F>::default().certificate(certificate).start().await;
        refused(open(&fake).await.get("a").await, ErrorKind::TlsRejected);
        assert_eq!(fake.requests(), 0, "{certificate:?}");
    }
}

async fn a_child_process_has_the_same_variables_and_files(builder: Builder<impl Fake>) {
    let fake = builder.tls().secret("a", "canary").start().await;
    let folder = tempfile::tempdir().unwrap();
    let variables = fake.variables().for_child(folder.path()).unwrap();
    let environment = strongroom::Settings::new(strongroom_tests::FilesOnly);
    let settings = variables
        .into_iter()
        .fold(environment, |settings, (name, value)| settings.with(name, value));
    let secrets = Secrets::from_settings(settings).await.unwrap();
    assert_eq!(value(&secrets, "a").await, "canary");
}

async fn what_is_deleted_is_gone(builder: Builder<impl Fake>) {
    let fake = builder.secret("a", "canary").start().await;
    fake.delete_secret("a");
    let secrets = open(&fake).await;
    let error = secrets.get("a").await.unwrap_err();
    assert!([ErrorKind::Deleted, ErrorKind::NotFound].contains(&error.kind()), "{error:?}");
}

#[tokio::test]
async fn a_namespace_of_vault_has_the_secrets_and_nothing_else_has() {
    let fake = strongroom_testkit::vault().namespace("admin").secret("a", "canary").start().await;
    let secrets = open(&fake).await;
    assert_eq!(value(&secrets, "a").await, "canary");
    secrets.put("b", "canary-b", PutOptions::default()).await.unwrap();
    let count =
        fake.calls().iter().filter(|call| call.namespace.as_deref() == Some("admin")).count();
    assert_eq!(count, fake.requests());
}

#[tokio::test]
async fn a_port_that_is_taken_is_an_error() {
    // Below those that the system gives to who asks for any, as the tests beside this one do.
    let mut ports = (20_000..30_000).cycle().skip(std::process::id() as usize % 10_000);
    let (port, taken) = loop {
        let port = ports.next().unwrap();
        if let Ok(taken) = strongroom_testkit::aws().port(port).try_start().await {
            break (port, taken);
        }
    };
    assert!(strongroom_testkit::vault().port(port).try_start().await.is_err());
    drop(taken);
    assert!(strongroom_testkit::vault().port(port).try_start().await.is_ok(), "it is free at once");
}

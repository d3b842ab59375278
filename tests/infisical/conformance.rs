//! The suites for every store, on both generations of the interface.

use strongroom::provider::Capabilities;
use strongroom_testkit::FakeInfisical;
use strongroom_testkit::conformance::{Subject, errors, redaction, store};

use crate::scene::opened;

async fn conforms(fake: &FakeInfisical) {
    let mut can = Capabilities::default();
    (can.put, can.list, can.delete, can.batch) = (true, true, true, true);
    can.overlap = true;
    let subject = Subject::new(opened(&fake.settings()).await.store, can).trimming();
    store(&subject).await.assert_passed();
    errors(&subject).await.assert_passed();
    redaction(&subject).await.assert_passed();
}

#[tokio::test]
async fn the_store_conforms() {
    let fake = FakeInfisical::start().await;
    conforms(&fake).await;
    assert!(fake.calls().iter().all(|call| !call.path.contains("/v3/")));
}

#[tokio::test]
async fn the_store_conforms_on_a_server_that_knows_the_old_interface_only() {
    let fake = FakeInfisical::start().await;
    fake.set_v4(false);
    conforms(&fake).await;
    let missed = fake.calls().iter().filter(|call| call.path.contains("/v4/")).count();
    assert_eq!(missed, 1, "it is remembered");
}

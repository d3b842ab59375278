//! The suites for every store.

use strongroom::provider::Capabilities;
use strongroom_testkit::FakeAzure;
use strongroom_testkit::conformance::{Subject, errors, redaction, store};

use crate::scene::opened;

#[tokio::test]
async fn the_store_conforms() {
    let fake = FakeAzure::start().await;
    let mut can = Capabilities::default();
    (can.put, can.list, can.versions, can.delete) = (true, true, true, true);
    let subject = Subject::new(opened(&fake.settings()).await.store, can).with_largest(25_600);
    store(&subject).await.assert_passed();
    errors(&subject).await.assert_passed();
    redaction(&subject).await.assert_passed();
}

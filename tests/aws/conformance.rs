//! The suites for every store. Every row holds on both emulators as well, since the provider always says which
//! label it reads, believes the version that an answer names, and asks for no version that cannot be one: what
//! they get wrong beside that is in none of the rows.

use strongroom::provider::Capabilities;
use strongroom_testkit::conformance::{Subject, errors, redaction, store};

use crate::on_all;
use crate::place::Place;

on_all!(the_store_conforms);

async fn the_store_conforms(place: &Place) {
    let mut can = Capabilities::default();
    (can.put, can.cas, can.list, can.versions) = (true, true, true, true);
    (can.pending, can.delete, can.batch, can.binary) = (true, true, true, true);
    let subject = Subject::new(place.open(&[]).await.store, can);
    store(&subject).await.assert_passed();
    errors(&subject).await.assert_passed();
    redaction(&subject).await.assert_passed();
}

//! The suites for every store and every signer, on every provider: on its fake, and on what is real of it here.
//!
//! Every row holds on both emulators of AWS as well, since the provider always says which label it reads, believes the
//! version that an answer names, and asks for no version that cannot be one: what they get wrong beside that is in
//! none of the rows.

#![expect(clippy::panic, clippy::unwrap_used, reason = "scenarios that several tests share")]

mod facade;
mod local;
mod matrix;
mod remote;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use strongroom_testkit::{FakeAzure, FakeInfisical};
use strongroom_tests::server::Server;

use crate::matrix::Row;

/// `cargo xtask test` prints what this leaves in `target/conformance.md`.
#[tokio::test(flavor = "multi_thread")]
async fn the_matrix_is_that_of_the_document() {
    let table = table(&rows().await);
    let page = format!("{}{table}", include_str!("page.md"));
    std::fs::write(root().join("target/conformance.md"), &table).unwrap();
    let document = std::fs::read_to_string(root().join("docs/conformance.md")).unwrap_or_default();
    assert!(document == page, "expected as docs/conformance.md:\n{page}");
}

async fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    rows.extend(remote::vault("fake", &Server::fake().await).await);
    rows.extend(remote::vault("OpenBao", &Server::real().await).await);
    rows.extend(remote::aws().await);
    rows.push(remote::azure("fake", &FakeAzure::start().await).await);
    let infisical = FakeInfisical::start().await;
    rows.push(remote::infisical("API v4", &infisical).await);
    assert!(infisical.calls().iter().all(|call| !call.path.contains("/v3/")));
    let old = FakeInfisical::start().await;
    old.set_v4(false);
    rows.push(remote::infisical("API v3", &old).await);
    let missed = old.calls().iter().filter(|call| call.path.contains("/v4/")).count();
    assert_eq!(missed, 3, "each of the three that were opened asks once");
    rows.extend(local::rows().await);
    // What is on the same provider stands together, as does what is in the same form.
    rows.sort_by_key(|row| (ORDER.iter().position(|id| *id == row.provider), row.form));
    rows
}

fn table(rows: &[Row]) -> String {
    let mut table = String::from(
        "| provider | form | on | store | errors | redaction | signer |\n\
         | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    rows.iter().for_each(|row| writeln!(table, "{row}").unwrap());
    table
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

const ORDER: [&str; 7] = ["vault", "aws_sm", "azure_kv", "infisical", "file", "env", "memory"];

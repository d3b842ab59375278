//! The clients that others use believe the program, with nothing but what it printed.

use std::fs;

use strongroom_servers::Python;

use crate::running::Running;

const SCRIPT: &str = include_str!("clients.py");

const SEED: &str = r#"{"secrets": [
    {"name": "billing/key", "versions": ["canary-1"], "value_base64": "Y2FuYXJ5LTI="},
    {"name": "gone", "state": "deleted"}
]}"#;

/// 403 is nothing that a client tries again.
const FAULTS: &str = r#"{"faults": [{"on": "write", "status": 403, "body": "{}"}]}"#;

#[test]
fn hvac_reads_what_was_seeded_and_meets_the_fault() {
    for (provider, more) in
        [("vault_dev", &[][..]), ("vault", &["--tls"]), ("vault_hcp", &["--tls"])]
    {
        passes(provider, more, Python::Hvac, "vault", |_| Vec::new());
    }
}

#[test]
fn boto3_reads_what_was_seeded_and_meets_the_fault() {
    for more in [&[][..], &["--tls"]] {
        passes("aws_sm", more, Python::Boto3, "aws", |_| Vec::new());
    }
}

#[test]
fn azure_keyvault_secrets_reads_what_was_seeded_and_meets_the_fault() {
    passes("azure_kv", &[], Python::Azure, "azure", |_| Vec::new());
}

#[test]
fn infisicalsdk_reads_what_was_seeded_and_meets_the_fault() {
    passes("infisical_self_host", &[], Python::Infisical, "infisical", |_| Vec::new());
    // It has no setting for its authorities but that of the library below it.
    passes("infisical_cloud", &["--tls"], Python::Infisical, "infisical", |running| {
        vec![("REQUESTS_CA_BUNDLE", running.variable("INFISICAL_CA_BUNDLE_PATH").to_owned())]
    });
}

fn passes(
    provider: &str,
    more: &[&str],
    python: Python,
    client: &str,
    environment: impl Fn(&Running) -> Vec<(&'static str, String)>,
) {
    let folder = tempfile::tempdir().expect("a folder");
    let [seed, faults] = [("seed.json", SEED), ("faults.json", FAULTS)].map(|(name, text)| {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("our own folder");
        path.to_string_lossy().into_owned()
    });
    let arguments = ["--provider", provider, "--seed", &seed, "--faults", &faults];
    let running = Running::start(&[&arguments, more].concat());
    let extra = environment(&running);
    let mut variables = running.pairs();
    variables.extend(extra.iter().map(|(name, value)| (*name, value.as_str())));
    let printed = python.run(SCRIPT, &[client], &variables);
    assert_eq!(printed.as_deref(), Ok("ok\n"), "{provider} {more:?}");
}

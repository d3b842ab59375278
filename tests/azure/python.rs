//! The official clients for Python believe the fake, whichever way they log in, and rotate a key under a service
//! that signs.

use std::io::Write;

use strongroom::{ErrorKind, Signature, Signer};
use strongroom_servers::Python;
use strongroom_testkit::{AzureFlow, FakeAzure, On};
use strongroom_tests::{key, until};
use tempfile::NamedTempFile;

use crate::refused;
use crate::scene::{Scene, TTL};

const CORE: &str = include_str!("azure_core.py");
const ROTATION: &str = include_str!("rotation.py");
const KEY: (&str, &str) = ("AZURE_KV_SIGNING_SECRET_NAME", "signing-key");

/// What the secret of case 60 is read by. It is written by another path, without the slash.
const THROTTLED: On = On::Path("/secrets/azure-core--60/");

/// Variables of one way to log in.
type Variables = Vec<(&'static str, String)>;

#[tokio::test]
async fn case_112_the_clients_pass_the_core_of_the_cases_with_a_client_secret() {
    let fake = FakeAzure::start().await;
    passes(&fake, AzureFlow::ClientSecret, client_secret()).await;
}

/// As in Azure, where a client compares the challenge with the host that it asked.
#[tokio::test]
async fn case_112_the_clients_pass_it_with_the_challenge_verified() {
    let fake = FakeAzure::start().await;
    fake.set_vault_host("canary.vault.azure.net");
    let vault = "https://canary.vault.azure.net".to_owned();
    let mut variables = client_secret();
    variables.extend([("AZURE_KEY_VAULT_URL", vault), ("STRONGROOM_VERIFY", "1".to_owned())]);
    passes(&fake, AzureFlow::ClientSecret, variables).await;
}

#[tokio::test]
async fn case_112_the_clients_pass_it_with_a_workload_identity() {
    let fake = FakeAzure::start().await;
    let token = file("canary-assertion");
    let variables = vec![
        ("STRONGROOM_CREDENTIAL", "workload_identity".to_owned()),
        ("AZURE_TENANT_ID", FakeAzure::TENANT_ID.to_owned()),
        ("AZURE_CLIENT_ID", FakeAzure::CLIENT_ID.to_owned()),
        ("AZURE_FEDERATED_TOKEN_FILE", path(&token)),
    ];
    passes(&fake, AzureFlow::WorkloadIdentity, variables).await;
}

#[tokio::test]
async fn case_112_the_clients_pass_it_with_the_identity_of_a_virtual_machine() {
    let fake = FakeAzure::start().await;
    let host = ("AZURE_POD_IDENTITY_AUTHORITY_HOST", fake.identity_address());
    passes(&fake, AzureFlow::Imds, managed_identity([host])).await;
}

#[tokio::test]
async fn case_112_the_clients_pass_it_with_the_identity_of_an_app_service() {
    let fake = FakeAzure::start().await;
    let variables = managed_identity([
        ("IDENTITY_ENDPOINT", fake.identity_endpoint()),
        ("IDENTITY_HEADER", FakeAzure::IDENTITY_HEADER.to_owned()),
    ]);
    passes(&fake, AzureFlow::AppService, variables).await;
}

/// The clients get through all cases of the core, and log in this way alone.
async fn passes(fake: &FakeAzure, flow: AzureFlow, mut variables: Variables) {
    let busy = FakeAzure::error(THROTTLED, 429, "Throttled", None);
    fake.fault(busy.header("retry-after", "1").times(2));
    variables.push(("STRONGROOM_THROTTLED", "2".to_owned()));
    let printed = python(fake, CORE, &[], variables).await;
    let passed: Vec<_> = printed.lines().collect();
    assert_eq!(
        passed,
        ["ok 1", "ok 7", "ok 13", "ok 19", "ok 20", "ok 24", "ok 41", "ok 60"],
        "{flow:?}"
    );
    let calls = fake.calls();
    let flows: Vec<_> = calls.iter().filter_map(|call| call.flow).collect();
    assert!(!flows.is_empty() && flows.iter().all(|one| *one == flow), "{flow:?}: {flows:?}");
    // Case 41 is refused at the login with a wrong credential, and at the vault with a wrong token.
    assert!(calls.iter().any(|call| call.flow.is_some() && call.error.is_some()), "{flow:?}");
    assert!(calls.iter().any(|call| call.has_token && call.status == 401), "{flow:?}");
    assert_eq!(calls.iter().filter(|call| call.status == 429).count(), 2, "{flow:?}");
}

#[tokio::test]
async fn a_rotation_by_the_official_client_under_a_signing_service_loses_no_verify() {
    let scene = Scene::with(&[KEY]).await;
    let mut old = scene.fake.put(KEY.1, &key("1"));
    // One signs, another verifies, and neither is told of anything.
    let verifying = scene.another(&[KEY]).await;
    let (signer, verifier) =
        (scene.secrets.signer().await.unwrap(), verifying.signer().await.unwrap());
    let rings = [scene.secrets.key_ring().await.unwrap(), verifying.key_ring().await.unwrap()];
    for _ in 0..2 {
        let before = signer.sign(b"hi").await.unwrap();
        let step = python(&scene.fake, ROTATION, &["publish", KEY.1], client_secret());
        let printed = while_verified(step, &signer, &verifier, &before).await;
        let new = printed.trim_end().to_owned();
        assert_eq!(scene.fake.version_of(KEY.1).unwrap(), new);

        // The new key is current at once: whoever starts now signs with it, and the verifier has not seen it.
        let started = scene.another(&[KEY]).await.signer().await.unwrap();
        let ahead = started.sign(b"hi").await.unwrap();
        assert_ne!(ahead.key(), before.key());
        assert!(rings.iter().all(|ring| ring.current().unwrap() == *before.key()));
        verifier.verify(b"hi", &ahead).await.unwrap();
        verifier.verify(b"hi", &before).await.unwrap();

        // The rest notices within a TTL.
        scene.clock.advance(TTL);
        for ring in &rings {
            until("it is seen", async || ring.current().unwrap() == *ahead.key()).await;
            let signature = signer.sign(b"hi").await.unwrap();
            verifier.verify(b"hi", &signature).await.unwrap();
            verifier.verify(b"hi", &before).await.unwrap();
        }
        let current = signer.sign(b"hi").await.unwrap();
        assert_eq!(current.key(), ahead.key());

        // Whoever disables a version ends its grace.
        let words = ["disable", KEY.1, &old];
        let step = python(&scene.fake, ROTATION, &words, client_secret());
        while_verified(step, &signer, &verifier, &current).await;
        scene.clock.advance(TTL);
        for ring in &rings {
            until("it is gone", async || ring.keys().unwrap().len() == 1).await;
        }
        verifier.verify(b"hi", &current).await.unwrap();
        let started = scene.another(&[KEY]).await.signer().await.unwrap();
        refused(started.verify(b"hi", &before).await, ErrorKind::SignatureMismatch);
        old = new;
    }
}

/// Signs and verifies until a script has ended, and gives what it printed.
async fn while_verified(
    script: impl Future<Output = String>,
    signer: &Signer,
    verifier: &Signer,
    before: &Signature,
) -> String {
    let mut script = std::pin::pin!(script);
    let mut verified = 0;
    loop {
        tokio::select! {
            biased;
            printed = &mut script => {
                assert_ne!(verified, 0);
                return printed;
            }
            () = tokio::task::yield_now() => {
                let signature = signer.sign(b"hi").await.unwrap();
                verifier.verify(b"hi", &signature).await.unwrap();
                verifier.verify(b"hi", before).await.unwrap();
                verified += 1;
            }
        }
    }
}

fn client_secret() -> Variables {
    vec![
        ("AZURE_TENANT_ID", FakeAzure::TENANT_ID.to_owned()),
        ("AZURE_CLIENT_ID", FakeAzure::CLIENT_ID.to_owned()),
        ("AZURE_CLIENT_SECRET", FakeAzure::CLIENT_SECRET.to_owned()),
    ]
}

/// Without `AZURE_FEDERATED_TOKEN_FILE`, with which this credential becomes another one.
fn managed_identity<const N: usize>(more: [(&'static str, String); N]) -> Variables {
    let mut variables = vec![("STRONGROOM_CREDENTIAL", "managed_identity".to_owned())];
    variables.extend(more);
    variables
}

/// Runs a script with the clients against this fake, which serves on meanwhile, and gives what it printed. Of a
/// variable that is given twice, the last counts.
async fn python(
    fake: &FakeAzure,
    script: &'static str,
    arguments: &[&str],
    variables: Variables,
) -> String {
    let ca = file(fake.ca_pem());
    let mut environment = vec![
        ("AZURE_KEY_VAULT_URL", fake.address()),
        ("AZURE_AUTHORITY_HOST", fake.address()),
        ("STRONGROOM_CA_FILE", path(&ca)),
    ];
    environment.extend(variables);
    let arguments: Vec<String> = arguments.iter().map(|&word| word.to_owned()).collect();
    let run = move || {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let environment: Vec<_> =
            environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Python::Azure.run(script, &arguments, &environment)
    };
    let printed = tokio::task::spawn_blocking(run).await.expect("no panic");
    printed.unwrap_or_else(|problem| panic!("{problem}"))
}

/// A file that goes away with the test.
fn file(content: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("a temporary file");
    file.write_all(content.as_bytes()).expect("space for it");
    file
}

fn path(file: &NamedTempFile) -> String {
    file.path().to_str().expect("a path of text").to_owned()
}

//! Everything that a service can ask, of every provider, while everything that can go wrong does.

use std::time::Duration;

use strongroom::{
    GetOptions, MemoryStore, ProcessEnvironment, PutOptions, Secrets, Select, Settings, Use,
};
use strongroom_testkit::{Builder, Fake, Fault, On, Script};
use strongroom_tests::{key, signed_with};

use crate::said::{came, clean, shown, told};

const OBJECT: &str = r#"{"password":"canary-\"quoted\" \\ é","user":"canary-user"}"#;

/// Goes through all scripts, on a fake each, at the same time.
pub(crate) async fn plays<F: Fake>(builder: fn() -> Builder<F>) {
    let all = [None].into_iter().chain(Script::ALL.map(Some));
    let tasks: Vec<_> = all.map(|script| tokio::spawn(play(builder(), script))).collect();
    for task in tasks {
        task.await.expect("no panic");
    }
}

async fn play<F: Fake>(builder: Builder<F>, script: Option<Script>) {
    shown(&builder);
    let builder = builder.signing_key("orders").secret("orders", &key("1"));
    let fake = builder.secret("db", OBJECT).secret("text", "canary-1").secret("text", "canary-2");
    let fake = fake.start().await;
    shown(&fake);
    shown(&fake.variables());
    let secrets = open(fake.settings()).await;
    // Once with what was read before, and once by a process that starts then.
    use_everything(&secrets).await;
    if let Some(script) = script {
        fake.play(script);
    }
    use_everything(&secrets).await;
    use_everything(&open(fake.settings()).await).await;
    fake.clear_faults();
    use_everything(&secrets).await;
    secrets.shutdown().await;
    came(&secrets.get("db").await);
}

/// Answers of every status that somebody may send, whose bodies and headers repeat a secret.
pub(crate) async fn echoes<F: Fake>(builder: fn() -> Builder<F>) {
    for status in STATUSES {
        let answers = BODIES.map(|body| {
            let fault = Fault::new(On::Any).status(status).body(body);
            fault.header("location", "https://127.0.0.1:1/?token=canary-location")
        });
        let tasks = answers.map(|fault| {
            let builder = builder().signing_key("orders").secret("orders", &key("1"));
            tokio::spawn(async move {
                let fake = builder.secret("db", OBJECT).secret("text", "canary-1").start().await;
                let secrets = open(fake.settings()).await;
                use_everything(&secrets).await;
                fake.fault(fault.clone());
                use_everything(&secrets).await;
                use_everything(&open(fake.settings()).await).await;
                // Where only the secrets are answered so, a login is not.
                fake.clear_faults();
                let secrets = open(fake.settings()).await;
                came(&secrets.get("text").await);
                fake.fault(fault.clone());
                use_everything(&secrets).await;
            })
        });
        for task in tasks {
            task.await.expect("no panic");
        }
    }
}

const STATUSES: [u16; 18] =
    [200, 204, 301, 307, 400, 401, 403, 404, 405, 409, 412, 422, 429, 472, 500, 502, 503, 504];

/// In the words of each provider, and in those of none. Codes are told, as far as they look like one; so they are codes.
const BODIES: [&str; 4] = [
    r#"{"errors":["canary-e"],"data":{"data":{"value":["canary-d"]},"metadata":{"version":"canary-v"}}}"#,
    r#"{"__type":"SomethingNew","Message":"canary-m","error":{"code":"SomethingNew","message":"canary-m"}}"#,
    r#"{"statusCode":403,"error":"SomethingNew","message":"canary-m","accessToken":7,"secret":"canary-s"}"#,
    "<html>canary-h",
];

async fn open(settings: Settings) -> Secrets {
    let settings = settings.with("SECRETS_TIMEOUT_SECONDS", "1");
    shown(&settings);
    let builder = Secrets::builder().settings(settings).attempts(1).critical_signing_key();
    let builder = builder.require(["text"]);
    shown(&builder);
    builder.build().await.expect("good settings")
}

/// A folder of each kind, and the environment.
pub(crate) async fn stores() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = Settings::new(ProcessEnvironment)
        .with("SECRETS_PROVIDER", "file")
        .with("SECRETS_DIR", folder.path().to_string_lossy())
        .with("SECRETS_SIGNING_SECRET_NAME", "orders");
    let secrets = open(file.clone()).await;
    for (name, value) in [("orders", key("1")), ("db", OBJECT.into()), ("text", "canary-1".into())]
    {
        came(&secrets.put(name, value, PutOptions::default()).await);
    }
    use_everything(&secrets).await;
    let wrong = open(file.with("SECRETS_SIGNING_KEY_ENCODING", "jwks")).await;
    use_everything(&wrong).await;
    let pairs = [("ORDERS", key("1")), ("DB", OBJECT.into()), ("TEXT", "canary-1".into())];
    let environment = Settings::from_pairs(pairs)
        .with("SECRETS_PROVIDER", "env")
        .with("SECRETS_SIGNING_SECRET_NAME", "orders");
    use_everything(&open(environment).await).await;
}

pub(crate) async fn memory() {
    let store = MemoryStore::new().with("signing-key", key("1")).expect("a name");
    shown(&store);
    let secrets = Secrets::builder().store(store).build().await.expect("a store");
    use_everything(&secrets).await;
}

/// Asks everything that the facade has, and searches all that comes back.
async fn use_everything(secrets: &Secrets) {
    shown(secrets);
    tokio::join!(
        read(secrets),
        write(secrets),
        sign(secrets),
        async { came(&secrets.ready().await) },
        async { came(&secrets.probe().await) },
        async {
            let diagnosis = secrets.diagnose(&["db", "text"]).await;
            shown(&diagnosis);
        },
    );
    shown(&secrets.health());
    shown(&secrets.warnings());
    came(&secrets.invalidate("text").await);
    shown(secrets);
}

async fn read(secrets: &Secrets) {
    for name in ["db", "db#password", "db#/user", "text", "text#nothing", "absent/one", "../bad"] {
        came(&secrets.get(name).await);
    }
    let now = GetOptions::default().max_age(Duration::ZERO);
    came(&secrets.get_with("text", now).await);
    for version in ["1", "no-version"] {
        let old = GetOptions::default().select(Select::Exact(version.into()));
        came(&secrets.get_with("text", old).await);
    }
    came(&secrets.get_with("text", GetOptions::default().select(Select::Previous)).await);
    secrets.get_many(&["db", "text", "absent/one"]).await.iter().for_each(came);
    came(&secrets.list(None).await);
    came(&secrets.versions("text").await);
    came(&secrets.watch("text").await);
    let parsed =
        secrets.watch_as("db", |secret| secret.value().expose_list().map(|list| list.len()));
    came(&parsed.await);
    let used = secrets.use_secret("text", |secret| async move {
        shown(&secret);
        Use::<(), strongroom::Error>::Rejected(strongroom::Error::new(
            strongroom::ErrorKind::Unauthenticated,
            "the bank refuses it",
        ))
    });
    came(&used.await);
    if let Some(cached) = secrets.cached("text") {
        shown(&cached);
    }
}

async fn write(secrets: &Secrets) {
    came(&secrets.put("new/one", "canary-new", PutOptions::default()).await);
    came(&secrets.put("db#password", "canary-\"new\"", PutOptions::default()).await);
    came(&secrets.put("text", b"canary-\xff".to_vec(), PutOptions::default()).await);
    came(&secrets.put("text", "", PutOptions::default()).await);
    came(&secrets.delete("new/one").await);
    came(&secrets.delete("absent/one").await);
}

async fn sign(secrets: &Secrets) {
    let signer = secrets.signer().await;
    came(&signer);
    if let Ok(signer) = signer {
        let signature = signer.sign(b"hi").await;
        came(&signature);
        let unknown = signed_with(&key("9")).await;
        for signature in signature.iter().chain([&unknown]) {
            told(signature);
            came(&signer.verify(b"hi", signature).await);
            came(&signer.verify(b"ho", signature).await);
            came(&signer.enforce(b"ho", Some(signature)).await);
        }
        came(&signer.enforce(b"hi", None).await);
        signer.sign_many(&[b"a", b"b"]).await.iter().for_each(came);
    }
    came(&secrets.signer_for("text").await);
    came(&secrets.key_ring().await);
    came(&secrets.raw_hmac("orders").await);
    came(&secrets.raw_hmac("text").await);
    came(&secrets.native().await);
    let rotate = secrets.rotate("orders").no_wait().value(key("2"));
    shown(&rotate);
    came(&rotate.run().await);
    came(&secrets.rotate("orders").run().await);
    came(&"canary".parse::<strongroom::Signature>());
    let text = secrets.get("text").await;
    let text = text.iter().filter_map(|secret| secret.value().expose_str().err());
    text.for_each(|error| clean(&format!("{error} {error:?}")));
}

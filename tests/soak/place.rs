//! Where the secrets of a system are, and how it goes down.

use std::path::PathBuf;
use std::time::Duration;

use strongroom::Settings;
use strongroom_testkit::VaultCall;
use strongroom_tests::server::{Server, Sort};
use tempfile::TempDir;

use crate::publish::KEY;
use crate::{DEADLINE, GRACE, MAX_STALE, TTL};

/// Where the secrets are.
pub(crate) enum Place {
    /// Releases in a folder.
    Folder(TempDir),
    /// A JWK Set on a server.
    Server(&'static str, Box<Server>),
}

/// On the fake, KV is mounted in a namespace. The processes name that in a header and the operator in the path, so
/// that the fake tells their requests apart.
const NAMESPACE: &str = "soak";

impl Place {
    pub(crate) async fn folder() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(secrets_in(&folder)).expect("a folder in it");
        Self::Folder(folder)
    }

    pub(crate) async fn fake() -> Self {
        let server = Server::fake().await;
        server.add_namespace(NAMESPACE).await;
        Self::Server("fake", Box::new(server))
    }

    pub(crate) async fn openbao() -> Self {
        Self::Server("openbao", Box::new(Server::real().await))
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Folder(_) => "file",
            Self::Server(name, _) => name,
        }
    }

    /// Takes the provider down, or brings it back.
    pub(crate) async fn go_down(&self, down: bool) {
        match self {
            Self::Folder(folder) => {
                let (here, away) = (secrets_in(folder), folder.path().join("away"));
                let (from, to) = if down { (here, away) } else { (away, here) };
                std::fs::rename(from, to).expect("the folder is moved");
            }
            Self::Server(_, server) => server.seal(down).await,
        }
    }

    /// What the operator needs.
    pub(crate) fn settings(&self) -> Settings {
        match self {
            Self::Folder(folder) => Settings::from_pairs([("SECRETS_PROVIDER", "file")])
                .with("SECRETS_DIR", secrets_in(folder).to_string_lossy()),
            Self::Server(_, server) => server.settings(&[
                ("VAULT_SIGNING_SECRET_NAME", KEY),
                ("VAULT_KV_MOUNT", &self.mount()),
                ("VAULT_KV_VERSION", "2"),
                ("SECRETS_SIGNING_KEY_ENCODING", "jwks"),
            ]),
        }
    }

    /// What a process needs: the times of this soak, and on a server a token of its own, which may read the key
    /// and nothing else.
    pub(crate) async fn settings_of_process(&self) -> Settings {
        let seconds = |time: Duration| time.as_secs().to_string();
        let settings = self
            .settings()
            .with("SECRETS_CACHE_TTL_SECONDS", seconds(TTL))
            .with("SECRETS_MAX_STALE_SECONDS", seconds(MAX_STALE))
            .with("SECRETS_TIMEOUT_SECONDS", seconds(DEADLINE))
            .with("SECRETS_PREVIOUS_KEY_GRACE_SECONDS", seconds(GRACE));
        let Self::Server(_, server) = self else { return settings };
        let key = format!("{}/data/{KEY}", self.mount());
        let settings = settings.with("VAULT_TOKEN", server.token(&[(&key, &["read"])]).await);
        match self.is_fake() {
            true => settings.with("VAULT_NAMESPACE", NAMESPACE).with("VAULT_KV_MOUNT", "secret"),
            false => settings,
        }
    }

    /// How many requests of all processes came, where the provider tells. What becomes of the token is looked after
    /// besides.
    pub(crate) fn requests(&self) -> Option<usize> {
        let Self::Server(_, server) = self else { return None };
        let Sort::Fake(fake) = server.sort() else { return None };
        let calls = fake.calls();
        let is_ours = |call: &&VaultCall| {
            call.namespace.as_deref() == Some(NAMESPACE)
                && !call.path.starts_with("/v1/auth/token/")
        };
        Some(calls.iter().filter(is_ours).count())
    }

    /// Where KV is mounted, seen from the root.
    fn mount(&self) -> String {
        if self.is_fake() { format!("{NAMESPACE}/secret") } else { "secret".to_owned() }
    }

    fn is_fake(&self) -> bool {
        matches!(self, Self::Server(_, server) if matches!(server.sort(), Sort::Fake(_)))
    }
}

fn secrets_in(folder: &TempDir) -> PathBuf {
    folder.path().join("secrets")
}

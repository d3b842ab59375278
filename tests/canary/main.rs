//! One canary in every secret of every provider, and a search for it in all that the library says: logs of every target
//! at the most verbose level, results, errors with their causes, and what types print, while everything that a script
//! can play goes wrong, and while the provider repeats secrets in answers of every status.

mod provider;
mod said;

use std::io;
use std::path::Path;
use std::sync::LazyLock;

use strongroom_testkit::Canary;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

use crate::provider::{echoes, memory, plays, stores};

/// What begins every secret, token and password here, and nothing else that is said.
pub(crate) static CANARY: LazyLock<Canary> = LazyLock::new(|| Canary::new("canary-"));

/// What the log and everything else has to come to at least. Below that, something was not turned on.
const LEAST: usize = 40 << 20;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_said_shows_a_secret() {
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(Searched)
        .finish();
    // With what the crates below log by other means than `tracing`.
    subscriber.try_init().expect("there is no other one");
    tokio::join!(
        plays(strongroom_testkit::vault),
        plays(strongroom_testkit::aws),
        plays(strongroom_testkit::azure),
        plays(strongroom_testkit::infisical),
        echoes(strongroom_testkit::vault),
        echoes(strongroom_testkit::aws),
        echoes(strongroom_testkit::azure),
        echoes(strongroom_testkit::infisical),
        stores(),
        memory(),
    );
    let searched = CANARY.searched();
    report(searched).expect("our own folder");
    assert!(searched >= LEAST, "{searched} bytes searched, at least {LEAST}");
}

/// `cargo xtask test` reads this. Who comes here found nothing.
fn report(searched: usize) -> io::Result<()> {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/canary");
    std::fs::create_dir_all(&target)?;
    std::fs::write(target.join("library"), searched.to_string())
}

/// Where the log goes: every event is searched as it comes.
#[derive(Clone, Copy)]
struct Searched;

impl io::Write for Searched {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let hits = CANARY.hits(bytes);
        if !hits.is_empty() {
            // A panic here could be caught by a task that nobody asks.
            let text = String::from_utf8_lossy(bytes);
            #[expect(clippy::print_stderr, reason = "the test ends here")]
            {
                eprintln!("the log shows a secret ({hits:?}): {text}");
            }
            std::process::abort();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Searched {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        *self
    }
}

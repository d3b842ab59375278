//! `cargo xtask bench cli`: how long the command line takes, and how large it is.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use strongroom_servers::OpenBao;

use crate::command::{cargo, output, succeed};

/// How often each command runs. The median counts.
const RUNS: usize = 101;

/// Longest median of `strongroom --version`, and of `strongroom get` on a server of this machine.
const BARS: [Duration; 2] = [Duration::from_millis(10), Duration::from_millis(60)];

/// Measures the release build.
///
/// # Errors
/// If a bar is missed, or OpenBao cannot be installed.
pub(crate) fn run() -> Result<(), String> {
    strongroom_servers::install()?;
    succeed(&mut cargo("build --release --locked -p strongroom-cli"))?;
    let program = Path::new("target/release/strongroom");
    let size = std::fs::metadata(program).map_err(|cause| cause.to_string())?.len();
    println!("size of the binary: {:.1} MiB", size as f64 / f64::from(1 << 20));

    let server = OpenBao::start()?;
    server.bao(&["kv", "put", "-mount=secret", "db", "value=canary-value"])?;
    let command = |words: &[&str]| {
        let mut command = Command::new(program);
        command.args(words).env_clear().stdin(Stdio::null());
        command.env("SECRETS_PROVIDER", "vault_dev").env("VAULT_ADDR", server.address());
        command.env("VAULT_TOKEN", server.token());
        command
    };
    let mut missed = Vec::new();
    for (words, bar) in [&["--version"][..], &["get", "db", "--reveal"][..]].iter().zip(BARS) {
        let median = median(|| output(&mut command(words)).map(drop))?;
        let name = words.join(" ");
        println!("strongroom {name}: median {median:.1?} of {RUNS} runs, at most {bar:?}");
        if median > bar {
            missed.push(format!("`strongroom {name}` takes {median:.1?}, at most {bar:?}"));
        }
    }
    if missed.is_empty() { Ok(()) } else { Err(missed.join("\n")) }
}

#[expect(clippy::disallowed_methods, reason = "a stopwatch")]
fn median(mut run: impl FnMut() -> Result<(), String>) -> Result<Duration, String> {
    let mut times = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        let start = Instant::now();
        run()?;
        times.push(start.elapsed());
    }
    times.sort();
    times.get(RUNS / 2).copied().ok_or_else(|| "nothing was run".to_owned())
}

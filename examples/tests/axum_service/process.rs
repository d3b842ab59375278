//! The program as the platform runs it.

use std::net::{SocketAddr, TcpListener};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use strongroom::ErrorKind;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::client::{UnderWay, ask};
use crate::scene::{KEY, ORDER, folder};

#[tokio::test]
async fn a_signal_stops_it_once_the_request_under_way_is_answered() {
    for signal in [Signal::TERM, Signal::INT] {
        let (folder, _) = folder();
        let mut process = program(&[("SECRETS_DIR", folder.path().to_str().unwrap())]);
        let address = listens_at(&mut process).await;
        assert_eq!(ask(address, "GET /health/ready", &[], "").await.status, 200);
        let order = UnderWay::begin(address, "POST /orders", ORDER.len()).await;

        let id = i32::try_from(process.id().unwrap()).unwrap();
        kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
        closed(address).await;
        let signed = order.end(ORDER).await;
        assert_eq!(signed.status, 200, "{signed:?}");
        assert!(signed.header("x-signature").is_some());

        let ended = ended(process).await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }
}

#[tokio::test]
async fn it_does_not_start_without_what_it_needs_and_says_what_that_is() {
    let occupied = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let taken = occupied.local_addr().unwrap().to_string();
    let (folder, _) = folder();
    let folder = folder.path().to_str().unwrap();
    for (settings, kind, named) in [
        (&[][..], ErrorKind::Misconfigured, "SECRETS_DIR"),
        (
            &[("SECRETS_DIR", folder), ("SECRETS_SIGNING_SECRET_NAME", "absent")],
            ErrorKind::NotFound,
            "absent",
        ),
        (
            &[("SECRETS_DIR", folder), ("LISTEN", taken.as_str())],
            ErrorKind::Misconfigured,
            "LISTEN",
        ),
        (&[("SECRETS_DIR", folder), ("LISTEN", "")], ErrorKind::Misconfigured, "LISTEN"),
    ] {
        let ended = ended(program(settings)).await;
        assert_eq!(ended.code, Some(i32::from(kind.exit_code())), "{ended:?}");
        assert!(ended.stderr.contains(named), "{ended:?}");
        assert_eq!(ended.stdout, "");
    }
}

/// The program on provider `file` and a free port, with nothing of our own environment.
fn program(settings: &[(&str, &str)]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_axum_service_program"));
    command.env_clear().env("SECRETS_PROVIDER", "file").env("LISTEN", "127.0.0.1:0");
    command.envs(settings.iter().copied()).kill_on_drop(true);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Reads the line that tells the address.
async fn listens_at(process: &mut Child) -> SocketAddr {
    let mut line = String::new();
    let stdout = process.stdout.as_mut().unwrap();
    in_time(BufReader::new(stdout).read_line(&mut line)).await.unwrap();
    line.trim_end().strip_prefix("listening on http://").unwrap().parse().unwrap()
}

/// Done when nobody listens there any more: the signal has come through.
async fn closed(address: SocketAddr) {
    in_time(async { while TcpStream::connect(address).await.is_ok() {} }).await;
}

#[derive(Debug)]
struct Ended {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

async fn ended(mut process: Child) -> Ended {
    let (mut stdout, mut stderr) = (String::new(), String::new());
    let (mut out, mut err) = (process.stdout.take().unwrap(), process.stderr.take().unwrap());
    in_time(async {
        tokio::try_join!(out.read_to_string(&mut stdout), err.read_to_string(&mut stderr))
    })
    .await
    .unwrap();
    let code = in_time(process.wait()).await.unwrap().code();
    assert!(!stdout.contains(KEY) && !stderr.contains(KEY));
    Ended { code, stdout, stderr }
}

/// No longer than the grace of the service.
async fn in_time<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), future).await.expect("in time")
}

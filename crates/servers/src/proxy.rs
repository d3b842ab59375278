//! OpenBao's proxy: a local agent that logs in and adds its token to what passes.

use std::fmt;
use std::path::Path;

use crate::openbao::{OpenBao, bao, free_port};
use crate::process::Process;

/// A proxy in front of a server, on a port of its own of 127.0.0.1. It logs in with the token in a file, adds
/// that token to requests that have none, and passes nothing that lacks the header `X-Vault-Request`.
///
/// It stops when this value goes, and when our process does.
pub struct Proxy {
    address: String,
    _process: Process,
}

impl Proxy {
    /// Starts one whose token is in `token`; `folder` is for its settings.
    ///
    /// # Errors
    /// If OpenBao is not installed, the proxy ends, or says nothing for 30 s.
    pub fn start(server: &OpenBao, folder: &Path, token: &Path) -> Result<Self, String> {
        let port = free_port()?;
        let settings = format!(
            "vault {{ address = \"{}\" }}\n\
             auto_auth {{ method {{ type = \"token_file\" config = {{ token_file_path = \"{}\" }} }} }}\n\
             api_proxy {{ use_auto_auth_token = true }}\n\
             listener \"tcp\" {{ address = \"127.0.0.1:{port}\" tls_disable = true require_request_header = true }}\n",
            server.address(),
            token.display(),
        );
        let path = folder.join("proxy.hcl");
        std::fs::write(&path, settings).map_err(|cause| format!("cannot write: {cause}"))?;
        let arguments = ["proxy".to_owned(), format!("-config={}", path.display())];
        let (process, log) = Process::start(&bao()?, &arguments)?;
        log.find(|line| line.contains("authentication successful").then_some(()))
            .map_err(|problem| format!("bao proxy {problem}"))?;
        Ok(Self { address: format!("http://127.0.0.1:{port}"), _process: process })
    }

    /// Its URL, `http://127.0.0.1:PORT`.
    pub fn address(&self) -> &str {
        &self.address
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy").field("address", &self.address).finish_non_exhaustive()
    }
}

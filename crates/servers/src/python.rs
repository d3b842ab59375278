//! Python, with the packages of one folder and nothing else of this machine.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::package::Package;
use crate::process::HOME;

/// A Python with the clients that a script of our tests imports.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Python {
    /// hvac, the client of Vault for Python.
    Hvac,
    /// boto3, the official client of AWS.
    Boto3,
    /// `azure.keyvault.secrets`, `azure.identity` and `azure.core`, the official clients of Azure.
    Azure,
    /// infisicalsdk, the official client of Infisical.
    Infisical,
}

impl Python {
    /// Runs a script, and gives what it printed.
    ///
    /// It sees nothing of our environment but `environment`, and nothing of the home folder. It finds
    /// `arguments` from `sys.argv[1]` on.
    ///
    /// # Errors
    /// If the clients are not installed, or the script fails; the text has what it printed as an error.
    pub fn run(
        self,
        script: &str,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> Result<String, String> {
        let folder = self.package().folder()?;
        let mut python = Command::new(folder.join(PROGRAM));
        python
            .args(run(&folder, SCRIPT))
            .args(arguments)
            .env_clear()
            .env("HOME", HOME)
            .envs(self.environment())
            .envs(environment.iter().copied());
        output(python, script)
    }

    fn package(self) -> &'static Package {
        match self {
            Self::Hvac => &HVAC,
            Self::Boto3 => &MOTO,
            Self::Azure => &AZURE,
            Self::Infisical => &INFISICAL,
        }
    }

    fn environment(self) -> Option<(&'static str, &'static str)> {
        match self {
            // Or boto3 without credentials asks the network for some.
            Self::Boto3 => Some(("AWS_EC2_METADATA_DISABLED", "true")),
            Self::Hvac | Self::Azure | Self::Infisical => None,
        }
    }
}

/// moto server and boto3.
pub(crate) const MOTO: Package = Package {
    name: "moto",
    requirements: include_str!("../python/moto.txt"),
    probe: |folder| {
        import(folder, "import boto3, moto.server, moto.kms.urls, moto.secretsmanager.urls")
    },
};

/// ministack, which needs another botocore.
pub(crate) const MINISTACK: Package = Package {
    name: "ministack",
    requirements: include_str!("../python/ministack.txt"),
    probe: |folder| import(folder, "import cryptography, hypercorn.asyncio, ministack.app"),
};

/// The client of Vault, which starts no server.
pub(crate) const HVAC: Package = Package {
    name: "hvac",
    requirements: include_str!("../python/hvac.txt"),
    probe: |folder| import(folder, "import hvac"),
};

/// The official clients of Azure, which start no server.
pub(crate) const AZURE: Package = Package {
    name: "azure",
    requirements: include_str!("../python/azure.txt"),
    probe: |folder| import(folder, "import azure.identity, azure.keyvault.secrets"),
};

/// The official client of Infisical, which starts no server.
pub(crate) const INFISICAL: Package = Package {
    name: "infisical",
    requirements: include_str!("../python/infisical.txt"),
    probe: |folder| import(folder, "import infisical_sdk"),
};

/// Name of the link to the Python that pip ran with, in each folder: packages in machine code are
/// for that one.
pub(crate) const PROGRAM: &str = "python";

/// Makes that link, its path the argument. To the program itself: a virtual environment may go.
pub(crate) const LINK: &str =
    "import os, sys; os.symlink(os.path.realpath(sys.executable), sys.argv[1])";

/// Arguments for Python to run `code` with the packages in `folder`, instead of those of the machine.
///
/// For the same as a virtual environment, which not every installation of Python can make.
pub(crate) fn run(folder: &Path, code: &str) -> [String; 6] {
    let code = format!("import sys; sys.path.insert(0, sys.argv.pop(1))\n{code}");
    let folder = folder.to_string_lossy();
    ["-I", "-S", "-u", "-c", &code, &folder].map(str::to_owned)
}

/// Code that runs a script from the input, whose length no argument could have.
const SCRIPT: &str = "exec(compile(sys.stdin.read(), 'script', 'exec'))";

/// What `python` prints when `input` is its input.
///
/// # Errors
/// If it cannot be started, or fails; the text has what it printed as an error.
fn output(mut python: Command, input: &str) -> Result<String, String> {
    let mut child = python
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|cause| format!("cannot start python: {cause}"))?;
    if let Some(mut pipe) = child.stdin.take() {
        // One that has ended says below why.
        let _ = pipe.write_all(input.as_bytes());
    }
    let output = child.wait_with_output().map_err(|cause| format!("python is lost: {cause}"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() {
        Ok(text(&output.stdout))
    } else {
        Err(format!("the script ended with {}: {}", output.status, text(&output.stderr)))
    }
}

fn import(folder: &Path, imports: &str) -> Command {
    let mut python = Command::new(folder.join(PROGRAM));
    python.args(run(folder, imports));
    python
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn script_finds_its_arguments_and_environment_and_nothing_of_ours() {
        let script = "import os, sys\nprint(sys.argv[1:], sorted(os.environ), os.environ['HOME'])";
        let printed =
            Python::Boto3.run(script, &["one", "two"], &[("NAME", "canary-value")]).unwrap();
        // Python itself may add how it takes text.
        let printed = printed.replace("'LC_CTYPE', ", "");
        assert_eq!(
            printed,
            "['one', 'two'] ['AWS_EC2_METADATA_DISABLED', 'HOME', 'NAME'] /nonexistent\n"
        );
    }

    #[test]
    fn script_finds_no_package_of_this_machine() {
        let problem = Python::Boto3.run("import pip", &[], &[]).unwrap_err();
        assert!(problem.contains("ModuleNotFoundError"), "{problem}");
    }

    #[test]
    fn failed_script_shows_why() {
        let problem = Python::Boto3.run("\nraise KeyError('name')", &[], &[]).unwrap_err();
        assert!(problem.contains("KeyError: 'name'") && problem.contains("line 2"), "{problem}");
    }

    #[test]
    fn azure_script_finds_the_clients_of_azure_and_no_other() {
        let script = "\
import azure.core, azure.identity, azure.keyvault.secrets, importlib.util, os, sys
print(azure.keyvault.secrets.__version__, azure.identity.__version__, azure.core.__version__)
print(importlib.util.find_spec('boto3'), sys.argv[1:], sorted({*os.environ} - {'LC_CTYPE'}))
";
        let printed = Python::Azure.run(script, &["one"], &[("NAME", "canary-value")]).unwrap();
        let lines = ["4.12.0 1.27.0 1.41.0", "None ['one'] ['HOME', 'NAME']"];
        assert_eq!(printed.lines().collect::<Vec<_>>(), lines);
    }

    #[test]
    fn infisical_script_finds_the_client_of_infisical_and_no_other() {
        let script = "\
import importlib.metadata, importlib.util, infisical_sdk, os, sys
print(importlib.metadata.version('infisicalsdk'), infisical_sdk.InfisicalSDKClient.__name__)
print(importlib.util.find_spec('azure'), sys.argv[1:], sorted({*os.environ} - {'LC_CTYPE'}))
";
        let printed = Python::Infisical.run(script, &["one"], &[("NAME", "canary-value")]).unwrap();
        let lines = ["1.0.17 InfisicalSDKClient", "None ['one'] ['HOME', 'NAME']"];
        assert_eq!(printed.lines().collect::<Vec<_>>(), lines);
    }
}

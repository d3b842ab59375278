//! Two emulators of AWS. Each is wrong where the other is right, so that a row is proven on one of them.

use std::fmt;

use crate::package::Package;
use crate::process::Process;
use crate::python::{self, MINISTACK, MOTO};

/// moto server: keeps request tokens and versions without labels as AWS does.
///
/// Any credentials do. After a label was moved, its default read still gives the value of before.
/// Serves whatever moto has and needs no further package for, Secrets Manager, KMS, STS and IAM among it.
#[derive(Debug)]
pub enum Moto {}

impl Moto {
    /// Starts one, and answers once it serves.
    ///
    /// # Errors
    /// If it is not installed: nothing is installed from here. If it ends at once or says nothing
    /// for 30 s; the text has what it logged.
    pub fn start() -> Result<AwsServer, String> {
        AwsServer::start(&MOTO, include_str!("../python/moto.py"))
    }
}

/// ministack: moves labels and answers with the statuses that AWS does.
///
/// Refuses unknown keys with `UnrecognizedClientException`, and what no IAM policy allows with
/// `AccessDeniedException`; the key of [`AwsServer::access_key_id`] may do everything. It does not check
/// signatures. Serves Secrets Manager, KMS, STS and IAM.
#[derive(Debug)]
pub enum Ministack {}

impl Ministack {
    /// Starts one, and answers once it serves.
    ///
    /// # Errors
    /// As of [`Moto::start`].
    pub fn start() -> Result<AwsServer, String> {
        AwsServer::start(&MINISTACK, include_str!("../python/ministack.py"))
    }
}

/// An emulator, empty, in memory, on a port of its own of 127.0.0.1.
///
/// It stops when this value goes, and when our process does. It sees nothing of our environment and
/// of the home folder.
pub struct AwsServer {
    address: String,
    _process: Process,
}

impl AwsServer {
    /// Its URL, `http://127.0.0.1:PORT`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The region to ask for, `us-east-1`. Others are there as well, each with secrets of its own.
    pub fn region(&self) -> &str {
        "us-east-1"
    }

    /// Access key id of the account's root.
    pub fn access_key_id(&self) -> &str {
        ACCESS_KEY_ID
    }

    /// The secret to [`access_key_id`](Self::access_key_id).
    pub fn secret_access_key(&self) -> &str {
        SECRET_ACCESS_KEY
    }

    /// The variables by which every AWS client finds this server, boto3 too, which has a word of its own
    /// for the region.
    pub fn environment(&self) -> [(&str, &str); 5] {
        [
            ("AWS_ENDPOINT_URL", self.address()),
            ("AWS_REGION", self.region()),
            ("AWS_DEFAULT_REGION", self.region()),
            ("AWS_ACCESS_KEY_ID", self.access_key_id()),
            ("AWS_SECRET_ACCESS_KEY", self.secret_access_key()),
        ]
    }

    fn start(package: &Package, code: &str) -> Result<Self, String> {
        let folder = package.folder()?;
        let mut arguments = python::run(&folder, code).to_vec();
        arguments.extend([ACCESS_KEY_ID, SECRET_ACCESS_KEY].map(str::to_owned));
        let (process, log) = Process::start(&folder.join(python::PROGRAM), &arguments)?;
        let address = log.find(|line| {
            let (_, url) = line.split_once("Running on ")?;
            url.split_whitespace().next().map(str::to_owned)
        });
        let address = address.map_err(|problem| format!("{} {problem}", package.name))?;
        Ok(Self { address, _process: process })
    }
}

/// Shows where it is, and no credentials.
impl fmt::Debug for AwsServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwsServer").field("address", &self.address).finish_non_exhaustive()
    }
}

const ACCESS_KEY_ID: &str = "canary-access-key-id";
const SECRET_ACCESS_KEY: &str = "canary-secret-access-key";

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::net::TcpStream;

    use super::*;
    use crate::Python;

    const SERVERS: [fn() -> Result<AwsServer, String>; 2] = [Moto::start, Ministack::start];

    /// Runs one call of boto3's client for Secrets Manager and gives what `shown` makes of its reply.
    fn call(server: &AwsServer, call: &str, shown: &str) -> Result<String, String> {
        let script = "import boto3\nclient = boto3.client('secretsmanager')\n";
        Python::Boto3.run(
            &format!("{script}reply = client.{call}\nprint({shown})"),
            &[],
            &server.environment(),
        )
    }

    const CREATE: &str = "create_secret(Name='name', SecretString='canary-value')";
    const GET: &str = "get_secret_value(SecretId='name')";

    #[test]
    fn started_server_answers_boto3() {
        for start in SERVERS {
            let server = start().unwrap();
            call(&server, CREATE, "reply['ARN']").unwrap();
            let value = call(&server, GET, "reply['SecretString']").unwrap();
            assert_eq!(value, "canary-value\n", "{server:?}");
        }
    }

    #[test]
    fn two_servers_share_nothing() {
        for start in SERVERS {
            let (one, other) = (start().unwrap(), start().unwrap());
            assert_ne!(one.address(), other.address());
            call(&one, CREATE, "reply['ARN']").unwrap();
            let problem = call(&other, GET, "reply").unwrap_err();
            assert!(problem.contains("ResourceNotFoundException"), "{problem}");
        }
    }

    #[test]
    fn dropped_server_refuses_connections() {
        for start in SERVERS {
            let server = start().unwrap();
            let address = server.address().trim_start_matches("http://").to_owned();
            TcpStream::connect(&address).unwrap();
            drop(server);
            assert_eq!(
                TcpStream::connect(&address).unwrap_err().kind(),
                ErrorKind::ConnectionRefused
            );
        }
    }

    #[test]
    fn ministack_tells_an_unknown_key_from_a_missing_right() {
        let server = Ministack::start().unwrap();
        let script = "\
import boto3
from botocore.exceptions import ClientError

def refusal(key, secret):
    user = boto3.client('secretsmanager', aws_access_key_id=key, aws_secret_access_key=secret)
    try:
        user.list_secrets()
    except ClientError as error:
        print(error.response['Error']['Code'])

refusal('canary-unknown', 'canary-unknown')
iam = boto3.client('iam')
iam.create_user(UserName='user')
key = iam.create_access_key(UserName='user')['AccessKey']
refusal(key['AccessKeyId'], key['SecretAccessKey'])
";
        let codes = Python::Boto3.run(script, &[], &server.environment()).unwrap();
        assert_eq!(codes, "UnrecognizedClientException\nAccessDeniedException\n");
    }

    #[test]
    fn debug_shows_no_credentials() {
        let shown = format!("{:?}", Moto::start().unwrap());
        assert!(!shown.contains("canary"), "{shown}");
    }
}

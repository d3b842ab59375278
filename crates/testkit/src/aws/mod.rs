//! AWS Secrets Manager without AWS.

mod access;
mod account;
mod ask;
mod delete;
mod fake;
mod fields;
mod filter;
mod id;
mod key;
mod list;
mod operator;
mod page;
mod policy;
mod read;
mod replica;
mod reply;
mod secret;
mod signature;
mod state;
mod version;
mod write;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use strongroom_core::Settings;

use crate::aws::state::State;
use crate::entrance::Entrance;
use crate::server::lock;
use crate::{Fake, Fault, On};

/// A server on 127.0.0.1 that answers as AWS Secrets Manager does: JSON 1.1, versions and staging labels, planned
/// deletion, batches, pages, replicas, access keys with policies, signatures. It keeps what is written to it, in
/// memory, in one account.
///
/// The members of answers, the moves of labels in a rotation and some errors are those that others recorded of AWS
/// itself and published; the rest follows the service model and the documentation. Texts of errors, above all those
/// about signatures, may differ. Nothing was compared with AWS from here; boto3 and the SDK for Rust believe it.
///
/// Actions: `BatchGetSecretValue`, `CreateSecret`, `DeleteSecret`, `DescribeSecret`, `GetSecretValue`,
/// `ListSecretVersionIds`, `ListSecrets`, `PutSecretValue`, `RemoveRegionsFromReplication`,
/// `ReplicateSecretToRegions`, `RestoreSecret`, `UpdateSecret`, `UpdateSecretVersionStage`. Every other one is
/// `UnknownOperationException`.
///
/// Signatures of version 4 are verified, over the header `Authorization`. They are judged by the clock of the
/// machine, since clients sign by it; everything else runs by the clock of the fake. The region of a request is
/// the one that it was signed for, so one address serves all regions.
///
/// A [`Fault`] sees `GetSecretValue`, `BatchGetSecretValue`, `DescribeSecret` and `ListSecretVersionIds` as
/// [`On::Read`], `ListSecrets` as [`On::List`], the others as [`On::Write`]. [`On::Path`] takes a slash and the
/// action: `On::Path("/DescribeSecret")`. [`error`](Self::error) makes a fault that answers with an error.
///
/// Clones are handles of the same server, which ends when the last one is dropped. Two fakes share nothing.
/// Nothing is random: the six characters of an ARN follow from the name and from how many secrets there were
/// before.
///
/// # What it does not do
/// - Rotation by Lambda, resource policies, tags after `CreateSecret`, random passwords, `StopReplicationToReplica`,
///   `UpdateSecret` of a type, external secrets.
/// - IAM beyond "these actions on these names": no conditions, no ARNs, no `Deny`, no other accounts. An ARN of
///   another account is `AccessDeniedException`.
/// - KMS: a key is a text that is told back. A secret [can be made unreadable](Self::set_decrypts).
/// - Rates: nothing is throttled but by a fault. Quotas are those on versions (100, of which deprecated ones older
///   than a day are dropped for new ones), labels (20) and sizes; not the number of secrets.
/// - Delays: what is written is read at once, replicas are in sync at once, a name is free as soon as its secret is
///   deleted, and a secret is gone when its recovery window ends. AWS promises none of that.
/// - Pages that are shorter than they could be, and lists without the newest secret.
/// - Query authentication (presigned URLs), chunked signatures, content types, limits on whole requests.
///
/// # Where it decides what no source tells
/// - A version that ceases to be current through a new one loses `AWSPENDING`, as was recorded; one that does so
///   through `UpdateSecretVersionStage` keeps it.
/// - The first version of a secret is current whatever its labels, as the documentation says.
/// - `UpdateSecretVersionStage` with the label where it should be and nothing to remove it from does nothing.
/// - An ARN of another region is not found.
/// - `DeletedDate` is the end of the recovery window. Lists are in the order of creation.
/// - `RestoreSecret` of what is not deleted does nothing.
///
/// ```
/// use strongroom_testkit::FakeAws;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let aws = FakeAws::start().await;
/// aws.put("app/db", "canary-1");
/// let reader = [("app/*", ["GetSecretValue"].as_slice())];
/// aws.add_key("CANARYACCESSKEYID001", "canary-secret", &reader);
/// let settings = aws
///     .settings()
///     .with("AWS_ACCESS_KEY_ID", "CANARYACCESSKEYID001")
///     .with("AWS_SECRET_ACCESS_KEY", "canary-secret");
/// // A store that is opened with these settings may read below `app/`, and nothing else.
/// # let _ = settings;
/// assert_eq!(aws.count("GetSecretValue"), 0);
/// # }
/// ```
#[derive(Clone)]
pub struct FakeAws {
    state: Arc<Mutex<State>>,
    /// Ends with the last handle.
    entrance: Arc<Entrance>,
}

/// One request that came, and how it was answered.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct AwsCall {
    /// The action, such as `GetSecretValue`. Empty if the request named none.
    pub action: String,
    /// The member `SecretId` or `Name` as it was sent, if there was one.
    pub secret: Option<String>,
    /// The region that it was signed for, if it was signed.
    pub region: Option<String>,
    /// The status of the answer, which a [`Fault`] may have set.
    pub status: u16,
    /// The code of the error, such as `ResourceNotFoundException`. Nothing if a fault answered.
    pub error: Option<String>,
}

/// How an error says which one it is. Clients have to understand all of them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ErrorForm {
    /// `"__type": "ResourceNotFoundException"`, as Secrets Manager does.
    Body,
    /// `"__type": "com.amazonaws.secretsmanager#ResourceNotFoundException"`, as other JSON 1.1 services do.
    Namespaced,
    /// In the header `x-amzn-ErrorType`, followed by `:http://` and more, and nothing of it in the body. The SDK
    /// for Rust reads it, boto3 does not.
    Header,
}

impl FakeAws {
    /// The id of the access key that may do everything.
    pub const KEY_ID: &str = "CANARYACCESSKEYID000";

    /// The secret of that access key.
    pub const SECRET: &str = "canary-secret-access-key-of-the-fake-aws";

    /// The region that is there from the start.
    pub const REGION: &str = "us-east-1";

    /// Starts on a free port, with the clock of the machine; [`aws`](crate::aws()) says more.
    pub async fn start() -> Self {
        crate::aws().start().await
    }

    /// `http://127.0.0.1:port`, or `https` with [`Builder::tls`](crate::Builder::tls).
    pub fn address(&self) -> String {
        self.entrance.url()
    }

    /// What a program needs to use this server: the provider `aws_sm`, region, address and access key.
    pub fn settings(&self) -> Settings {
        self.variables().settings()
    }

    /// The requests in the order in which they came, those that a fault answered included.
    pub fn calls(&self) -> Vec<AwsCall> {
        self.lock().calls.clone()
    }

    /// How many requests came with this action.
    pub fn count(&self, action: &str) -> usize {
        self.lock().calls.iter().filter(|call| call.action == action).count()
    }

    /// Adds a fault behind the others: the first that hits a call is used.
    pub fn fault(&self, fault: Fault) {
        self.lock().faults.add(fault);
    }

    /// Ends all faults, and the [skew](Self::set_skew_seconds) of the clock.
    pub fn clear_faults(&self) {
        self.lock().faults.clear();
        self.set_skew_seconds(0);
    }

    /// A fault that answers with an error of this code, such as `ThrottlingException` or `DecryptionFailure`. The
    /// status is 400, or for `InternalServiceError` 500 and for `ServiceUnavailableException` 503.
    pub fn error(on: On, code: &str, text: &str) -> Fault {
        let body = reply::body(code, text, ErrorForm::Body).to_string();
        let fault = Fault::new(on).status(reply::status(code)).body(body);
        fault.header("content-type", reply::CONTENT_TYPE)
    }

    /// Changes how errors say which ones they are. Those of faults stay as they are.
    pub fn set_error_form(&self, form: ErrorForm) {
        self.lock().form = form;
    }

    /// Adds a region without secrets. Requests may be signed for it, and secrets replicated to it.
    pub fn add_region(&self, region: &str) {
        self.lock().account.regions.insert(region.to_owned());
    }

    /// Answers every request that was signed for this region with 503, until it
    /// [is back](Self::regain_region). What it keeps stays.
    pub fn lose_region(&self, region: &str) {
        self.lock().account.lost.insert(region.to_owned());
    }

    /// Ends the loss of a region.
    pub fn regain_region(&self, region: &str) {
        self.lock().account.lost.remove(region);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

/// Without keys and secrets.
impl fmt::Debug for FakeAws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeAws").field("address", &self.address()).finish_non_exhaustive()
    }
}

//! Who may do what, and whose signature counts.

use aws_lc_rs::{digest, hmac};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use strongroom_core::{Clock, SystemClock};
use strongroom_testkit::FakeAws;

use crate::{open, send};

/// Signs requests, as the documentation of AWS says.
pub(crate) struct Signer {
    pub(crate) key_id: &'static str,
    pub(crate) secret: &'static str,
    pub(crate) session: Option<&'static str>,
    pub(crate) region: &'static str,
    pub(crate) service: &'static str,
    /// Seconds that the clock of the client is ahead.
    pub(crate) ahead: i64,
}

impl Default for Signer {
    fn default() -> Self {
        Self {
            key_id: FakeAws::KEY_ID,
            secret: FakeAws::SECRET,
            session: None,
            region: FakeAws::REGION,
            service: "secretsmanager",
            ahead: 0,
        }
    }
}

impl Signer {
    pub(crate) async fn send(&self, aws: &FakeAws, action: &str, body: &Value) -> (u16, Value) {
        let body = body.to_string();
        let headers = self.headers(action, &body);
        let (status, _, told) = send(aws, action, &headers, &body).await;
        (status, told)
    }

    /// The headers that sign a request with this body.
    fn headers(&self, action: &str, body: &str) -> String {
        let now = Timestamp::try_from(SystemClock.now()).expect("a time");
        let now = now + SignedDuration::from_secs(self.ahead);
        let (stamp, date) = (now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d").to_string());
        let scope = format!("{date}/{}/{}/aws4_request", self.region, self.service);
        let session = self.session.map(|token| format!("x-amz-security-token:{token}\n"));
        let session = session.unwrap_or_default();
        let mut signed = "host;x-amz-date".to_owned();
        if self.session.is_some() {
            signed += ";x-amz-security-token";
        }
        signed += ";x-amz-target";
        let canonical = format!(
            "POST\n/\n\nhost:fake\nx-amz-date:{stamp}\n{session}x-amz-target:secretsmanager.{action}\n\n\
             {signed}\n{}",
            sha256(body)
        );
        let text = format!("AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{}", sha256(&canonical));
        let mut key = format!("AWS4{}", self.secret).into_bytes();
        for part in [date.as_str(), self.region, self.service, "aws4_request", &text] {
            let signing = hmac::Key::new(hmac::HMAC_SHA256, &key);
            key = hmac::sign(&signing, part.as_bytes()).as_ref().to_vec();
        }
        let (key_id, signature) = (self.key_id, hex(&key));
        format!(
            "x-amz-date: {stamp}\r\n{}authorization: AWS4-HMAC-SHA256 Credential={key_id}/{scope}, \
             SignedHeaders={signed}, Signature={signature}\r\n",
            session.replace(':', ": ").replace('\n', "\r\n"),
        )
    }
}

/// The status of a signed call, and the code of its error.
pub(crate) async fn codes(
    aws: &FakeAws,
    signer: &Signer,
    action: &str,
    body: &Value,
) -> (u16, String) {
    let (status, told) = signer.send(aws, action, body).await;
    (status, told["__type"].as_str().unwrap_or_default().to_owned())
}

fn sha256(text: &str) -> String {
    hex(digest::digest(&digest::SHA256, text.as_bytes()).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn read(aws: &FakeAws, signer: &Signer) -> String {
    codes(aws, signer, "GetSecretValue", &json!({ "SecretId": "app" })).await.1
}

#[tokio::test]
async fn a_request_has_to_be_signed_by_a_key_that_is_known() {
    let aws = FakeAws::start().await;
    aws.put("app", "canary-1");
    let invalid = "InvalidSignatureException";
    for (signer, code) in [
        (Signer::default(), ""),
        (
            Signer { key_id: "CANARYACCESSKEYID999", ..Signer::default() },
            "UnrecognizedClientException",
        ),
        (
            Signer { session: Some("canary-token"), ..Signer::default() },
            "UnrecognizedClientException",
        ),
        (Signer { secret: "canary-other", ..Signer::default() }, invalid),
        (Signer { region: "eu-west-1", ..Signer::default() }, invalid),
        (Signer { service: "kms", ..Signer::default() }, invalid),
    ] {
        assert_eq!(read(&aws, &signer).await, code, "{} {}", signer.key_id, signer.region);
    }
    let body = r#"{"SecretId":"app"}"#;
    for (headers, code) in [
        ("", "MissingAuthenticationTokenException"),
        ("authorization: Bearer canary\r\n", "IncompleteSignatureException"),
        ("authorization: AWS4-HMAC-SHA256 Credential=canary\r\n", "IncompleteSignatureException"),
    ] {
        let (status, _, told) = send(&aws, "GetSecretValue", headers, body).await;
        assert_eq!((status, &told["__type"]), (400, &json!(code)));
    }
}

#[tokio::test]
async fn a_signature_is_good_for_its_body_and_its_action_only() {
    let aws = FakeAws::start().await;
    aws.put("app", "canary-1");
    let headers = Signer::default().headers("GetSecretValue", r#"{"SecretId":"app"}"#);
    for (action, body, status) in [
        ("GetSecretValue", r#"{"SecretId":"app"}"#, 200),
        ("GetSecretValue", r#"{"SecretId":"apq"}"#, 400),
        ("DeleteSecret", r#"{"SecretId":"app"}"#, 400),
    ] {
        assert_eq!(send(&aws, action, &headers, body).await.0, status, "{action} {body}");
    }
}

#[tokio::test]
async fn f063_a_clock_that_is_off_by_more_than_five_minutes_is_told_the_time() {
    let aws = FakeAws::start().await;
    aws.put("app", "canary-1");
    for (ahead, code) in [
        (-240, ""),
        (240, ""),
        (-600, "InvalidSignatureException"),
        (600, "InvalidSignatureException"),
    ] {
        let signer = Signer { ahead, ..Signer::default() };
        assert_eq!(read(&aws, &signer).await, code, "{ahead}");
        // The same seen from the other side: the service is off.
        aws.set_skew_seconds(-ahead);
        assert_eq!(read(&aws, &Signer::default()).await, code, "{ahead}");
        aws.set_skew_seconds(0);
    }
}

#[tokio::test]
async fn f062_a_session_ends() {
    let aws = FakeAws::start().await;
    aws.put("app", "canary-1");
    aws.add_session("CANARYACCESSKEYID001", "canary-secret", "canary-token", &[("*", &["*"])]);
    let mut signer = Signer {
        key_id: "CANARYACCESSKEYID001",
        secret: "canary-secret",
        session: Some("canary-token"),
        ..Signer::default()
    };
    assert_eq!(read(&aws, &signer).await, "");
    aws.expire_session("CANARYACCESSKEYID001");
    assert_eq!(read(&aws, &signer).await, "ExpiredTokenException");
    signer.session = Some("canary-other");
    assert_eq!(read(&aws, &signer).await, "UnrecognizedClientException");
    aws.remove_key("CANARYACCESSKEYID001");
    signer.session = Some("canary-token");
    assert_eq!(read(&aws, &signer).await, "UnrecognizedClientException");
}

#[tokio::test]
async fn case_42_a_key_may_do_what_its_policy_says_and_learns_nothing_else() {
    let aws = FakeAws::start().await;
    aws.put("app/db", "canary-1");
    aws.put("web", "canary-2");
    let rules =
        [("app/*", ["GetSecretValue", "Describe*"].as_slice()), ("*", &["BatchGetSecretValue"])];
    aws.add_key("CANARYACCESSKEYID001", "canary-secret", &rules);
    let signer =
        Signer { key_id: "CANARYACCESSKEYID001", secret: "canary-secret", ..Signer::default() };
    let denied = "AccessDeniedException";
    for (action, name, code) in [
        ("GetSecretValue", "app/db", ""),
        ("DescribeSecret", "app/db", ""),
        ("GetSecretValue", "app/none", "ResourceNotFoundException"),
        ("GetSecretValue", "web", denied),
        // What is not there looks the same as what is.
        ("GetSecretValue", "none", denied),
        ("DeleteSecret", "app/db", denied),
        ("ListSecrets", "", denied),
    ] {
        let body = json!({ "SecretId": name });
        assert_eq!(codes(&aws, &signer, action, &body).await.1, code, "{action} {name}");
    }
    let body = json!({ "SecretIdList": ["app/db", "web"] });
    let (status, told) = signer.send(&aws, "BatchGetSecretValue", &body).await;
    assert_eq!((status, &told["SecretValues"][0]["Name"]), (200, &json!("app/db")));
    assert_eq!(told["Errors"][0]["ErrorCode"], denied);
    let body = json!({ "Filters": [{ "Key": "name", "Values": ["app"] }] });
    assert_eq!(codes(&aws, &signer, "BatchGetSecretValue", &body).await.1, denied);
}

#[tokio::test]
#[should_panic(expected = "an action is one of")]
async fn a_rule_with_a_misspelt_action_is_no_rule() {
    open().await.add_key("CANARYACCESSKEYID001", "canary", &[("*", &["GetSecretValues"])]);
}

#[tokio::test]
async fn its_settings_are_those_of_the_provider() {
    let aws = FakeAws::start().await;
    let settings = aws.settings();
    assert_eq!((FakeAws::KEY_ID.len(), FakeAws::SECRET.len()), (20, 40));
    for (name, value) in [
        ("SECRETS_PROVIDER", "aws_sm"),
        ("AWS_REGION", FakeAws::REGION),
        ("AWS_ACCESS_KEY_ID", FakeAws::KEY_ID),
        ("AWS_SECRET_ACCESS_KEY", FakeAws::SECRET),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", &aws.address()),
    ] {
        let found = settings.variable(name).unwrap();
        assert_eq!(found.map(|found| found.expose() == value.as_bytes()), Some(true), "{name}");
    }
}

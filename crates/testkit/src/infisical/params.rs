//! Parameters of a request, checked as the server's schemas do.

use serde_json::{Value, json};

use crate::infisical::ask::Ask;
use crate::infisical::operation::{Api, Operation};
use crate::infisical::reply::Refusal;
use crate::infisical::secret::Kind;

/// What a request brings along, and what is wrong with it.
pub(super) struct Params<'a> {
    ask: &'a Ask<'a>,
    issues: Vec<Value>,
}

/// Where a secret is. The path is as it was asked, but for a slash at its end.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) project: Option<String>,
    pub(super) environment: Option<String>,
    pub(super) path: String,
}

impl<'a> Params<'a> {
    pub(super) fn new(ask: &'a Ask<'a>) -> Self {
        Self { ask, issues: Vec::new() }
    }

    /// A text without spaces around it.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        match self.ask.parameter(name)? {
            Value::String(text) => Some(trim(&text).to_owned()),
            other => {
                self.mismatch(name, "string", kind_of(&other));
                None
            }
        }
    }

    /// As [`text`](Self::text), for what has to be there. Empty if it is not.
    pub(super) fn required(&mut self, name: &str) -> String {
        if self.ask.parameter(name).is_none() {
            self.mismatch(name, "string", "undefined");
        }
        self.text(name).unwrap_or_default()
    }

    /// `true` or `false`, spelt so.
    pub(super) fn flag(&mut self, name: &str, default: bool) -> bool {
        let given = self.ask.text(name);
        match given.as_deref() {
            None => default,
            Some("true") => true,
            Some("false") => false,
            Some(_) => {
                self.not_one_of(name, &["true", "false"]);
                default
            }
        }
    }

    /// `shared` or `personal`.
    pub(super) fn kind(&mut self) -> Kind {
        let given = self.ask.text("type");
        match given.as_deref() {
            None | Some("shared") => Kind::Shared,
            Some("personal") => Kind::Personal,
            Some(_) => {
                self.not_one_of("type", &["shared", "personal"]);
                Kind::Shared
            }
        }
    }

    /// The number of a version. An empty one is 0, as `Number("")` is.
    pub(super) fn version(&mut self) -> Option<u64> {
        let given = self.ask.text("version")?;
        match trim(&given) {
            "" => Some(0),
            // No version has a fraction or a sign, and what is no whole number is none of them.
            digits => match digits.parse::<f64>() {
                Ok(_) => Some(digits.parse().unwrap_or(0)),
                Err(_) => {
                    self.mismatch("version", "number", "nan");
                    None
                }
            },
        }
    }

    /// The project, the environment and the path, with the names that this generation of the interface has for them.
    /// Reads of secrets need not say an environment: a [service token](super::service) may know it.
    pub(super) fn place(&mut self, path: &str) -> Place {
        let operation = self.ask.operation();
        let project = match self.ask.route.api {
            Api::New if operation == Operation::List => self.text("projectId"),
            Api::New => Some(self.required("projectId")),
            Api::Old => self.text("workspaceId"),
            Api::None => None,
        };
        let environment = match operation {
            Operation::Get | Operation::List => self.text("environment"),
            _ => Some(self.required("environment")),
        };
        let path = self.text(path).unwrap_or_else(|| "/".to_owned());
        Place { project, environment, path: without_slash(&path).to_owned() }
    }

    /// A name of a secret, as one that is made has to be (`SecretNameSchema`).
    pub(super) fn check_name(&mut self, name: &str, path: &[&str]) {
        if name.is_empty() {
            self.issue(json!({
                "code": "too_small", "minimum": 1, "type": "string", "inclusive": true,
                "exact": false, "message": "String must contain at least 1 character(s)", "path": path,
            }));
        }
        if name.contains([':', '/']) {
            let message = "Secret name cannot contain colon or forward slash.";
            self.issue(json!({ "code": "custom", "message": message, "path": path }));
        }
    }

    pub(super) fn mismatch(&mut self, name: &str, expected: &str, received: &str) {
        let message = match received {
            "undefined" => "Required".to_owned(),
            _ => format!("Expected {expected}, received {received}"),
        };
        self.issue(json!({
            "code": "invalid_type", "expected": expected, "received": received, "path": [name], "message": message,
        }));
    }

    fn not_one_of(&mut self, name: &str, options: &[&str]) {
        self.issue(json!({
            "code": "invalid_enum_value", "options": options, "path": [name], "message": "Invalid enum value",
        }));
    }

    pub(super) fn issue(&mut self, issue: Value) {
        self.issues.push(issue);
    }

    /// # Errors
    /// `ValidationFailure` if anything was wrong.
    pub(super) fn finish(self) -> Result<(), Refusal> {
        match self.issues.is_empty() {
            true => Ok(()),
            false => Err(Refusal::invalid(self.issues)),
        }
    }
}

/// As `trim` of JavaScript does it.
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c == '\u{feff}' || c != '\u{85}' && c.is_whitespace())
}

/// As the routers for secrets do it: nothing around a value is kept, but for one line feed at its end.
pub(super) fn trimmed_value(value: &str) -> String {
    match value.ends_with('\n') {
        true => format!("{}\n", trim(value)),
        false => trim(value).to_owned(),
    }
}

/// Without the slash at its end, unless that is all of it.
fn without_slash(path: &str) -> &str {
    match path.strip_suffix('/') {
        None | Some("") => path,
        Some(path) => path,
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

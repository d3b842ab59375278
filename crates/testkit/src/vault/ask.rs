//! What the client asks, read as the server reads it before it looks at the token.

use serde_json::{Map, Value};

use crate::server::Request;
use crate::vault::fields::Fields;
use crate::vault::reply::Reply;

/// A request that can be understood.
pub(super) struct Ask {
    pub(super) operation: Operation,
    /// Decoded, below `/v1/`; that of a list ends in a slash.
    pub(super) path: String,
    /// The body of a write, the query of everything else.
    pub(super) fields: Fields,
    pub(super) token: String,
    /// As the header has it; empty without one.
    pub(super) namespace: String,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Operation {
    Read,
    Write,
    Patch,
    Delete,
    List,
    Head,
}

impl Ask {
    pub(super) fn read(request: &Request) -> Result<Self, Reply> {
        let path = request.url.path().strip_prefix("/v1/").ok_or_else(Reply::not_found)?;
        if path.contains("//") || path.starts_with('/') {
            return Err(Reply::redirect(cleaned(request)));
        }
        let mut query: Map<String, Value> = request
            .url
            .query_pairs()
            .map(|(name, value)| (name.into(), value.as_ref().into()))
            .collect();
        let (operation, fields) = match request.method.as_str() {
            "GET" => (read_or_list(&mut query)?, query),
            "LIST" => (Operation::List, query),
            "DELETE" => (Operation::Delete, query),
            "HEAD" => (Operation::Head, query),
            "POST" | "PUT" => (Operation::Write, body(&request.body)?),
            "PATCH" => (Operation::Patch, patch(request)?),
            _ => return Err(Reply::silent(405)),
        };
        let mut path = decoded(path);
        if path.contains(char::is_control) {
            return Err(Reply::empty(400));
        }
        if path.split('/').any(|segment| segment == "." || segment == "..") {
            return Err(Reply::error(400, "relative paths not supported"));
        }
        if operation == Operation::List && !path.ends_with('/') {
            path.push('/');
        }
        let fields = Fields::new(fields);
        let namespace = namespace(request).unwrap_or_default().to_owned();
        Ok(Self { operation, path, fields, token: token(request).to_owned(), namespace })
    }
}

/// The namespace header, if there is one.
pub(super) fn namespace(request: &Request) -> Option<&str> {
    request.headers.get("x-vault-namespace")?.to_str().ok()
}

fn token(request: &Request) -> &str {
    let header = |name| request.headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = || header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    header("x-vault-token").or_else(bearer).unwrap_or_default()
}

fn read_or_list(query: &mut Map<String, Value>) -> Result<Operation, Reply> {
    match query.get("list").and_then(Value::as_str) {
        Some("true" | "1") => {
            query.remove("list");
            Ok(Operation::List)
        }
        None | Some("" | "false" | "0") => Ok(Operation::Read),
        Some(_) => Err(Reply::silent(400)),
    }
}

fn patch(request: &Request) -> Result<Map<String, Value>, Reply> {
    const MERGE: &str = "application/merge-patch+json";
    let found = request.headers.get("content-type").and_then(|value| value.to_str().ok());
    match found.map(|found| found.split(';').next().unwrap_or_default().trim()) {
        None => Err(Reply::error(400, "mime: no media type")),
        Some(MERGE) => body(&request.body),
        Some(found) => {
            let text = format!("PATCH requires Content-Type of {MERGE}, provided {found}");
            Err(Reply::error(415, text))
        }
    }
}

fn body(bytes: &[u8]) -> Result<Map<String, Value>, Reply> {
    let reason = match serde_json::from_slice(bytes) {
        Ok(Value::Object(fields)) if strings(&fields) <= MAX_STRINGS => return Ok(fields),
        Ok(Value::Object(_)) => {
            let text =
                "refused JSON input due to high complexity: exceeded maximum number of strings";
            return Err(Reply::error(400, text));
        }
        Ok(Value::Null) => return Ok(Map::new()),
        Err(_) if bytes.is_empty() => return Ok(Map::new()),
        Ok(other) => {
            let found = match other {
                Value::Array(_) => "array",
                Value::String(_) => "string",
                Value::Bool(_) => "bool",
                _ => "number",
            };
            format!(
                "json: cannot unmarshal {found} into Go value of type map[string]interface {{}}"
            )
        }
        Err(error) if error.is_eof() => "unexpected EOF".to_owned(),
        Err(error) => syntax(bytes, &error),
    };
    Err(Reply::error(400, format!("failed to decode JSON input: {reason}")))
}

/// The most strings that a body may have, names of members included.
const MAX_STRINGS: usize = 1_000;

fn strings(members: &Map<String, Value>) -> usize {
    fn of(value: &Value) -> usize {
        match value {
            Value::String(_) => 1,
            Value::Array(items) => items.iter().map(of).sum(),
            Value::Object(members) => strings(members),
            _ => 0,
        }
    }
    members.values().map(|value| 1 + of(value)).sum()
}

/// What is wrong with one line that is not JSON: a misspelt literal, or anything else.
fn syntax(bytes: &[u8], error: &serde_json::Error) -> String {
    let at = error.column().saturating_sub(1);
    let before = bytes.iter().take(at + 1).rposition(|byte| !byte.is_ascii_alphabetic());
    let word = bytes.get(before.map_or(0, |before| before + 1)..).unwrap_or_default();
    let literals = ["null", "true", "false"].into_iter();
    let meant = literals.filter(|literal| literal.as_bytes().first() == word.first());
    let differing = |literal: &'static str| {
        let (wanted, found) = literal.bytes().zip(word).find(|(wanted, found)| wanted != *found)?;
        Some((literal, char::from(wanted), char::from(*found)))
    };
    if let Some((literal, wanted, found)) = meant.filter_map(differing).next() {
        return format!("invalid character '{found}' in literal {literal} (expecting '{wanted}')");
    }
    let found = char::from(bytes.get(at).copied().unwrap_or_default());
    format!("invalid character '{found}' looking for beginning of value")
}

fn cleaned(request: &Request) -> String {
    let segments = request.url.path().split('/').filter(|segment| !segment.is_empty());
    let mut path = segments.fold(String::new(), |path, segment| path + "/" + segment);
    if request.url.path().ends_with('/') {
        path.push('/');
    }
    match request.url.query() {
        Some(query) => path + "?" + query,
        None => path,
    }
}

fn decoded(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let escape = tail.split_at_checked(2).filter(|_| first == b'%');
        let hex = |digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
        match escape.and_then(|(digits, tail)| Some((hex(digits)?, tail))) {
            Some((byte, tail)) => {
                bytes.push(byte);
                rest = tail;
            }
            None => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

//! What a request asks for, read from its method and path alone.

use crate::On;

/// Everything that the fake knows to do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Operation {
    Get,
    GetById,
    List,
    Create,
    Update,
    Delete,
    CreateMany,
    UpdateMany,
    DeleteMany,
    Folders,
    CreateFolder,
    Login,
    Renew,
    Revoke,
    ServiceToken,
    Status,
    Unknown,
}

/// Which generation of the interface a route belongs to: they name the project differently.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Api {
    /// `/api/v4/secrets` and `/api/v2/folders`: `projectId`.
    New,
    /// `/api/v3/secrets/raw` and `/api/v1/folders`: `workspaceId`.
    Old,
    /// Everything that is about no project.
    None,
}

/// An operation, and what the path says that it is about.
#[derive(Clone, Debug)]
pub(super) struct Route {
    pub(super) operation: Operation,
    pub(super) api: Api,
    /// Of a secret, or its id; decoded.
    pub(super) name: Option<String>,
}

impl Route {
    pub(super) fn read(method: &str, path: &str) -> Self {
        let path = path.strip_prefix('/').unwrap_or(path);
        let path = path.strip_suffix('/').unwrap_or(path);
        let segments: Vec<_> = path.split('/').collect();
        let found = match segments.as_slice() {
            ["api", "v4", "secrets", rest @ ..] => of_secrets(method, rest, Api::New),
            ["api", "v3", "secrets", "raw", rest @ ..] => of_secrets(method, rest, Api::Old),
            ["api", "v3", "secrets", "batch", "raw"] => of_many(method, Api::Old),
            ["api", "v2", "folders"] => of_folders(method, Api::New),
            ["api", "v1", "folders"] => of_folders(method, Api::Old),
            rest => of_auth(method, rest),
        };
        let unknown = Self { operation: Operation::Unknown, api: Api::None, name: None };
        found.unwrap_or(unknown)
    }
}

fn route(operation: Operation, api: Api) -> Option<Route> {
    Some(Route { operation, api, name: None })
}

fn of_secrets(method: &str, rest: &[&str], api: Api) -> Option<Route> {
    let (operation, name) = match (method, rest) {
        ("GET", []) => return route(Operation::List, api),
        ("GET", ["id", id]) => (Operation::GetById, id),
        ("GET", [name]) => (Operation::Get, name),
        (_, ["batch"]) if api == Api::New => return of_many(method, api),
        ("POST", ["move"]) => return None,
        ("POST", [name]) => (Operation::Create, name),
        ("PATCH", [name]) => (Operation::Update, name),
        ("DELETE", [name]) => (Operation::Delete, name),
        _ => return None,
    };
    Some(Route { operation, api, name: Some(decoded(name)?) })
}

fn of_many(method: &str, api: Api) -> Option<Route> {
    match method {
        "POST" => route(Operation::CreateMany, api),
        "PATCH" => route(Operation::UpdateMany, api),
        "DELETE" => route(Operation::DeleteMany, api),
        _ => None,
    }
}

fn of_folders(method: &str, api: Api) -> Option<Route> {
    match method {
        "GET" => route(Operation::Folders, api),
        "POST" => route(Operation::CreateFolder, api),
        _ => None,
    }
}

fn of_auth(method: &str, segments: &[&str]) -> Option<Route> {
    let operation = match (method, segments) {
        ("POST", ["api", "v1", "auth", "universal-auth", "login"]) => Operation::Login,
        ("POST", ["api", "v1", "auth", "token", "renew"]) => Operation::Renew,
        ("POST", ["api", "v1", "auth", "token", "revoke"]) => Operation::Revoke,
        ("GET", ["api", "v2", "service-token"]) => Operation::ServiceToken,
        ("GET", ["api", "status"]) => Operation::Status,
        _ => return None,
    };
    route(operation, Api::None)
}

/// A segment of a path without its percent signs; nothing if it is not UTF-8 behind them.
fn decoded(segment: &str) -> Option<String> {
    let mut plain = Vec::with_capacity(segment.len());
    let mut bytes = segment.bytes();
    while let Some(byte) = bytes.next() {
        plain.push(match byte {
            b'%' => digit(bytes.next()?)? * 16 + digit(bytes.next()?)?,
            byte => byte,
        });
    }
    String::from_utf8(plain).ok()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

impl Operation {
    /// As a test counts it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::GetById => "get_by_id",
            Self::List => "list",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::CreateMany => "create_many",
            Self::UpdateMany => "update_many",
            Self::DeleteMany => "delete_many",
            Self::Folders => "folders",
            Self::CreateFolder => "create_folder",
            Self::Login => "login",
            Self::Renew => "renew",
            Self::Revoke => "revoke",
            Self::ServiceToken => "service_token",
            Self::Status => "status",
            Self::Unknown => "",
        }
    }

    /// What it is to a [fault](crate::Fault).
    pub(super) fn kind(self) -> Option<On> {
        Some(match self {
            Self::Get | Self::GetById => On::Read,
            Self::List | Self::Folders => On::List,
            Self::Create | Self::Update | Self::Delete => On::Write,
            Self::CreateMany | Self::UpdateMany | Self::DeleteMany => On::Write,
            Self::CreateFolder => On::Write,
            Self::Login => On::Login,
            Self::Renew | Self::Revoke | Self::ServiceToken | Self::Status | Self::Unknown => {
                return None;
            }
        })
    }

    /// Whether its parameters are in the query, and not in a body.
    pub(super) fn is_read(self) -> bool {
        matches!(self, Self::Get | Self::GetById | Self::List | Self::Folders | Self::ServiceToken)
    }
}

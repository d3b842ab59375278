//! What a request asks for, read from its method and path alone.

use crate::On;

/// Everything that the fake knows to do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Operation {
    Get,
    Versions,
    List,
    Set,
    Update,
    Delete,
    GetDeleted,
    ListDeleted,
    Recover,
    Purge,
    Token,
    Discovery,
    Imds,
    AppService,
    Unknown,
}

/// By which of the two addresses a request came.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Door {
    /// Over TLS: the vault and Entra.
    Tls,
    /// Without: the identity endpoints.
    Plain,
}

/// An operation, and what the path says that it is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Route<'a> {
    pub(super) operation: Operation,
    /// A secret, or for Entra the tenant.
    pub(super) name: Option<&'a str>,
    pub(super) version: Option<&'a str>,
}

impl<'a> Route<'a> {
    pub(super) fn read(door: Door, method: &str, path: &'a str) -> Self {
        // The clients of Microsoft end the path with a slash where they name no version.
        let path = path.strip_prefix('/').unwrap_or(path);
        let path = path.strip_suffix('/').unwrap_or(path);
        let segments: Vec<_> = path.split('/').collect();
        let found = match door {
            Door::Tls => of_vault(method, &segments).or_else(|| of_entra(method, &segments)),
            Door::Plain => of_identity(method, &segments),
        };
        let (operation, name, version) = found.unwrap_or((Operation::Unknown, None, None));
        Self { operation, name, version }
    }
}

type Found<'a> = Option<(Operation, Option<&'a str>, Option<&'a str>)>;

fn of_vault<'a>(method: &str, segments: &[&'a str]) -> Found<'a> {
    Some(match (method, segments) {
        ("GET", ["secrets"]) => (Operation::List, None, None),
        ("GET", ["secrets", name]) => (Operation::Get, Some(name), None),
        ("GET", ["secrets", name, "versions"]) => (Operation::Versions, Some(name), None),
        ("GET", ["secrets", name, version]) => (Operation::Get, Some(name), Some(version)),
        ("PUT", ["secrets", name]) => (Operation::Set, Some(name), None),
        ("PATCH", ["secrets", name]) => (Operation::Update, Some(name), None),
        ("PATCH", ["secrets", name, version]) => (Operation::Update, Some(name), Some(version)),
        ("DELETE", ["secrets", name]) => (Operation::Delete, Some(name), None),
        ("GET", ["deletedsecrets"]) => (Operation::ListDeleted, None, None),
        ("GET", ["deletedsecrets", name]) => (Operation::GetDeleted, Some(name), None),
        ("DELETE", ["deletedsecrets", name]) => (Operation::Purge, Some(name), None),
        ("POST", ["deletedsecrets", name, "recover"]) => (Operation::Recover, Some(name), None),
        _ => return None,
    })
}

fn of_entra<'a>(method: &str, segments: &[&'a str]) -> Found<'a> {
    Some(match (method, segments) {
        ("POST", [tenant, "oauth2", "v2.0", "token"]) => (Operation::Token, Some(tenant), None),
        ("GET", [tenant, "v2.0", ".well-known", "openid-configuration"]) => {
            (Operation::Discovery, Some(tenant), None)
        }
        _ => return None,
    })
}

fn of_identity<'a>(method: &str, segments: &[&'a str]) -> Found<'a> {
    Some(match (method, segments) {
        ("GET", ["metadata", "identity", "oauth2", "token"]) => (Operation::Imds, None, None),
        ("GET", ["msi", "token"]) => (Operation::AppService, None, None),
        _ => return None,
    })
}

impl Operation {
    /// As a test counts it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Versions => "versions",
            Self::List => "list",
            Self::Set => "set",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::GetDeleted => "get_deleted",
            Self::ListDeleted => "list_deleted",
            Self::Recover => "recover",
            Self::Purge => "purge",
            Self::Token => "token",
            Self::Discovery => "discovery",
            Self::Imds | Self::AppService => "identity",
            Self::Unknown => "",
        }
    }

    /// What it is to a [fault](crate::Fault).
    pub(super) fn kind(self) -> Option<On> {
        Some(match self {
            Self::Get | Self::Versions | Self::GetDeleted => On::Read,
            Self::List | Self::ListDeleted => On::List,
            Self::Set | Self::Update | Self::Delete | Self::Recover | Self::Purge => On::Write,
            Self::Token | Self::Imds | Self::AppService => On::Login,
            Self::Discovery | Self::Unknown => return None,
        })
    }

    /// Whether it is the vault's, which asks for a token.
    pub(super) fn is_of_vault(self) -> bool {
        self.right().is_some()
    }

    /// The right that it needs at the vault.
    pub(super) fn right(self) -> Option<&'static str> {
        Some(match self {
            Self::Get | Self::GetDeleted => "get",
            Self::Versions | Self::List | Self::ListDeleted => "list",
            Self::Set | Self::Update => "set",
            Self::Delete => "delete",
            Self::Recover => "recover",
            Self::Purge => "purge",
            Self::Token | Self::Discovery | Self::Imds | Self::AppService | Self::Unknown => {
                return None;
            }
        })
    }
}

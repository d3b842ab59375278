//! Calls of the server's interface, of whichever generation it knows.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use strongroom_core::{Error, ErrorKind, Result, SecretValue};
use strongroom_http::{Client, Header, Method, Request, Response, TokenCache, json_body};
use zeroize::Zeroizing;

use crate::auth::Credential;
use crate::classify;
use crate::config::{Config, ENVIRONMENT, PROJECT_ID, SECRET_PATH};
use crate::name::Folder;

/// One server, as one identity.
#[derive(Debug)]
pub(crate) struct Api {
    pub(crate) client: Arc<Client>,
    pub(crate) tokens: TokenCache,
    pub(crate) config: Config,
    /// Whether the server is one that has the old generation only: `/api/v3/secrets/raw`.
    pub(crate) is_old: AtomicBool,
    /// Whether the service token was found to be for the folder of the settings.
    pub(crate) is_in_scope: AtomicBool,
    /// Whether it is for that folder alone, and for none below it.
    pub(crate) is_one_folder: AtomicBool,
    /// When the server answered last, by its own clock.
    pub(crate) date: Mutex<Option<SystemTime>>,
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Call<'a> {
    /// One secret, in a version if it is said.
    Get { folder: &'a Folder, key: &'a str, version: Option<u64>, view: View },
    /// The secrets of a folder; and of all below it.
    List { folder: &'a Folder, is_recursive: bool, view: View },
    /// Makes a secret that is not there.
    Create { folder: &'a Folder, key: &'a str, value: &'a SecretValue },
    /// Makes a version of one that is.
    Update { folder: &'a Folder, key: &'a str, value: &'a SecretValue },
    /// Removes a secret.
    Delete { folder: &'a Folder, key: &'a str },
    /// Makes a folder in another one.
    CreateFolder { at: &'a Folder, name: &'a str },
}

impl Call<'_> {
    /// Where it is made.
    fn folder(&self) -> &Folder {
        match self {
            Self::Get { folder, .. }
            | Self::List { folder, .. }
            | Self::Create { folder, .. }
            | Self::Update { folder, .. }
            | Self::Delete { folder, .. } => folder,
            Self::CreateFolder { at, .. } => at,
        }
    }
}

/// How it is wanted.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct View {
    /// Without values.
    pub(crate) is_blind: bool,
    /// With references resolved.
    pub(crate) expands: bool,
    /// With what the folder imports.
    pub(crate) with_imports: bool,
}

/// A body.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    project_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    workspace_id: Option<&'a str>,
    environment: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_path: Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    sort: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_value: Option<&'a str>,
    /// Of a folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    /// Where a folder is.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
}

impl Api {
    /// Makes a call, on the generation that the server has.
    ///
    /// # Errors
    /// If there is no answer, or the token is not accepted; `Malformed` if the server has no such route at all.
    pub(crate) async fn ask(&self, call: Call<'_>) -> Result<Response> {
        self.check_scope().await?;
        if self.is_one_folder.load(Ordering::Relaxed) && *call.folder() != self.config.root {
            let message = "the service token is for the folder of INFISICAL_SECRET_PATH alone, and not for those below it";
            return Err(Error::new(ErrorKind::Misconfigured, message).with_key(SECRET_PATH.name));
        }
        let is_old = self.is_old.load(Ordering::Relaxed);
        let response = self.send(|| self.request(call, is_old)).await?;
        if !classify::is_of_route(&response) {
            return Ok(response);
        }
        let other = self.send(|| self.request(call, !is_old)).await?;
        match classify::is_of_route(&other) {
            true => Err(response.malformed()),
            false => {
                self.is_old.store(!is_old, Ordering::Relaxed);
                Ok(other)
            }
        }
    }

    async fn send(&self, request: impl Fn() -> Result<Request> + Send + Sync) -> Result<Response> {
        let request = &request;
        let answer = self.tokens.call(
            |token| async move {
                let bearer = Header::bearer(token.value())?;
                self.client.send(request()?.header(bearer)).await
            },
            |response| classify::is_of_token(response).then_some(false),
        );
        let refused =
            || Error::new(ErrorKind::Unauthenticated, "the server does not accept the token");
        let answer = answer.await.and_then(|answer| answer.ok_or_else(refused));
        let response = answer.map_err(|error| match (error.kind(), error.key()) {
            (ErrorKind::Unauthenticated, None) => error.with_key(self.config.credential.setting()),
            _ => error,
        })?;
        *self.date.lock().unwrap_or_else(PoisonError::into_inner) = response.date();
        Ok(response)
    }

    fn request(&self, call: Call<'_>, is_old: bool) -> Result<Request> {
        let secrets: &[&str] = match is_old {
            true => &["api", "v3", "secrets", "raw"],
            false => &["api", "v4", "secrets"],
        };
        let at =
            |method, key: Option<&str>| Request::new(method, secrets.iter().copied().chain(key));
        let request = match call {
            Call::Get { key, .. } => at(Method::Get, Some(key)),
            Call::List { .. } => at(Method::Get, None),
            Call::Create { key, .. } => at(Method::Post, Some(key)),
            Call::Update { key, .. } => at(Method::Patch, Some(key)),
            Call::Delete { key, .. } => at(Method::Delete, Some(key)),
            Call::CreateFolder { .. } => {
                let version = if is_old { "v1" } else { "v2" };
                Request::new(Method::Post, ["api", version, "folders"])
            }
        };
        match call {
            Call::Get { folder, version, view, .. } => {
                let request = self.query(request, folder, view, is_old).query("type", "shared");
                Ok(match version {
                    Some(version) => request.query("version", version.to_string()),
                    None => request,
                })
            }
            Call::List { folder, is_recursive, view } => {
                let request = self.query(request, folder, view, is_old);
                Ok(match is_recursive {
                    true => request.query("recursive", "true"),
                    false => request,
                })
            }
            _ => Ok(request.json(self.body(call, is_old)?)),
        }
    }

    fn query(&self, request: Request, folder: &Folder, view: View, is_old: bool) -> Request {
        let project = if is_old { "workspaceId" } else { "projectId" };
        let mut request = request
            .query(project, self.config.project.as_str())
            .query("environment", self.config.environment.as_str())
            .query("secretPath", folder.path())
            .query("viewSecretValue", if view.is_blind { "false" } else { "true" })
            .query("expandSecretReferences", if view.expands { "true" } else { "false" });
        // The generations and calls do not agree on the spelling, and each drops what it does not know.
        for name in ["include_imports", "includeImports"] {
            request = request.query(name, if view.with_imports { "true" } else { "false" });
        }
        request
    }

    /// Wiped once it was sent.
    fn body(&self, call: Call<'_>, is_old: bool) -> Result<Zeroizing<Vec<u8>>> {
        let project = Some(self.config.project.as_str());
        let mut body = Body {
            project_id: project.filter(|_| !is_old),
            workspace_id: project.filter(|_| is_old),
            environment: &self.config.environment,
            secret_path: None,
            sort: None,
            secret_value: None,
            name: None,
            path: None,
        };
        match call {
            Call::CreateFolder { at, name } => {
                (body.name, body.path) = (Some(name), Some(at.path()))
            }
            Call::Create { folder, value, .. } | Call::Update { folder, value, .. } => {
                (body.secret_path, body.sort) = (Some(folder.path()), Some("shared"));
                body.secret_value = Some(value.expose_str()?);
            }
            Call::Get { folder, .. } | Call::List { folder, .. } | Call::Delete { folder, .. } => {
                (body.secret_path, body.sort) = (Some(folder.path()), Some("shared"));
            }
        }
        json_body(&body)
    }

    /// A service token of one folder is answered about that one, whatever is asked: so it has to be that of the
    /// settings. Asked once.
    ///
    /// Infisical API: `GET /api/v2/service-token`.
    ///
    /// # Errors
    /// `Misconfigured`, naming the setting, if it is not.
    async fn check_scope(&self) -> Result<()> {
        let is_service = self.config.credential == Credential::ServiceToken;
        if !is_service || self.is_in_scope.load(Ordering::Relaxed) {
            return Ok(());
        }
        let response =
            self.send(|| Ok(Request::new(Method::Get, ["api", "v2", "service-token"]))).await?;
        match response.status() {
            200 => {}
            404 => return Err(response.malformed()),
            _ => return Err(classify::error(&response, false)),
        }
        let told: ServiceToken = response.json()?;
        let refuse = |key: &'static str, has: &str| {
            let message = format!("the service token is for `{has}`, and for nothing else");
            Err(Error::new(ErrorKind::Misconfigured, message).with_key(key))
        };
        if told.workspace != self.config.project {
            return refuse(PROJECT_ID.name, &told.workspace);
        }
        if let [scope] = told.scopes.as_slice()
            && !scope.secret_path.contains(['*', '?', '[', '{', '!'])
        {
            if scope.environment != self.config.environment {
                return refuse(ENVIRONMENT.name, &scope.environment);
            }
            if !self.config.root.is(&scope.secret_path) {
                return refuse(SECRET_PATH.name, &scope.secret_path);
            }
            self.is_one_folder.store(true, Ordering::Relaxed);
        }
        self.is_in_scope.store(true, Ordering::Relaxed);
        Ok(())
    }
}

/// What a service token says of itself.
#[derive(Deserialize)]
struct ServiceToken {
    workspace: String,
    scopes: Vec<Scope>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Scope {
    environment: String,
    secret_path: String,
}

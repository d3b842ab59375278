//! The front desk of the vault: who asks, with which rights, and what goes back.

use jiff::Timestamp;
use serde_json::Value;

use crate::azure::ask::Ask;
use crate::azure::change::Change;
use crate::azure::operation::Operation;
use crate::azure::page::page;
use crate::azure::reply::{Refusal, Reply};
use crate::azure::state::State;
use crate::azure::{AUTHORITY, FakeAzure, bundle};

type Outcome<T> = Result<T, Refusal>;

impl State {
    /// Answers a request to the vault.
    ///
    /// # Errors
    /// In this order: `Unauthorized`, `BadParameter` for version and name, `Forbidden`, and what the operation
    /// says. So a body is not looked at without a token.
    pub(super) fn serve(&mut self, ask: &Ask<'_>, now: Timestamp) -> Outcome<Reply> {
        let client = self.authenticate(ask, now)?;
        ask.check_version()?;
        let name = ask.name()?;
        self.authorise(ask.operation(), &client, name)?;
        if ask.operation() == Operation::Purge {
            return self.vault.purge(name).map(|()| Reply::no_content());
        }
        self.carry_out(ask, name, now.as_second()).map(Reply::ok)
    }

    /// The client that a token was issued to.
    fn authenticate(&self, ask: &Ask<'_>, now: Timestamp) -> Outcome<String> {
        let refuse = |text: &str| Err(Refusal::unauthorized(text, self.challenge(ask.host())));
        let Some(token) = ask.token() else {
            return refuse("AKV10000: Request is missing a Bearer or PoP token.");
        };
        match self.tokens.find(token) {
            None => refuse("[BearerReadAccessTokenFailed] Error validating token."),
            Some(token) if token.ends <= now => {
                refuse("[TokenExpired] Error validating token: 'S2S12086'.")
            }
            Some(token) if token.audience != FakeAzure::RESOURCE => {
                refuse("AKV10022: Invalid audience. Expected https://vault.azure.net.")
            }
            Some(token) => Ok(token.client_id.clone()),
        }
    }

    fn authorise(&self, operation: Operation, client: &str, name: &str) -> Outcome<()> {
        let rights = self.rights.get(client);
        let is_allowed = operation
            .right()
            .is_some_and(|action| rights.is_some_and(|rights| rights.allow(action, name)));
        match is_allowed {
            true => Ok(()),
            false => {
                let text = "Caller is not authorized to perform action on resource. If role assignments, \
                            deny assignments or role definitions were changed recently, please observe \
                            propagation time.";
                Err(Refusal::new(403, "Forbidden", text).with_inner(&self.denial))
            }
        }
    }

    fn carry_out(&mut self, ask: &Ask<'_>, name: &str, now: i64) -> Outcome<Value> {
        let host = self.vault_host.clone();
        let host = host.as_deref().unwrap_or(ask.host());
        let version = ask.route.version;
        let vault = &mut self.vault;
        Ok(match ask.operation() {
            Operation::Get => {
                let (secret, version) = vault.get(name, version)?;
                bundle::with_value(host, secret, version)
            }
            Operation::Set => {
                let secret = vault.set(name, Change::read(ask.body())?, now)?;
                bundle::with_value(host, secret, secret.latest())
            }
            Operation::Update => {
                let change = Change::read(ask.body())?;
                let (secret, version) = vault.update(name, version, change, now)?;
                bundle::of_version(host, secret, version)
            }
            Operation::Delete => {
                let deleted = vault.delete(name, now)?;
                let secret = &deleted.secret;
                bundle::deleted(host, deleted, bundle::of_version(host, secret, secret.latest()))
            }
            Operation::GetDeleted => {
                let deleted = vault.deleted(name)?;
                let secret = &deleted.secret;
                bundle::deleted(host, deleted, bundle::of_version(host, secret, secret.latest()))
            }
            Operation::Recover => {
                let secret = vault.recover(name)?;
                bundle::of_version(host, secret, secret.latest())
            }
            Operation::Versions | Operation::List | Operation::ListDeleted => {
                self.list(ask, name, host)?
            }
            _ => return Err(Refusal::no_path()),
        })
    }

    /// A page of what the service sorts by name or by version, never by time.
    fn list(&self, ask: &Ask<'_>, name: &str, host: &str) -> Outcome<Value> {
        let mut told = match ask.operation() {
            Operation::Versions => {
                let secret = self.vault.secret(name)?;
                let mut found: Vec<_> = secret.versions().collect();
                found.sort_by(|a, b| a.id.cmp(&b.id));
                let items = found.into_iter().map(|version| {
                    (version.id.as_str(), bundle::of_version(host, secret, version))
                });
                page(ask, items)?
            }
            Operation::ListDeleted => {
                let items = self.vault.all_deleted().map(|(key, deleted)| {
                    let item = bundle::of_secret(host, &deleted.secret);
                    (key, bundle::deleted(host, deleted, item))
                });
                page(ask, items)?
            }
            _ => {
                let secrets = self.vault.secrets();
                page(ask, secrets.map(|(key, secret)| (key, bundle::of_secret(host, secret))))?
            }
        };
        if let Some(link) = &self.next_link {
            told["nextLink"] = link.as_str().into();
        }
        Ok(told)
    }

    pub(super) fn challenge(&self, host: &str) -> String {
        let (authorization, resource) = &self.challenge;
        let authority = match host {
            FakeAzure::VAULT_HOST => AUTHORITY,
            _ => &self.authority,
        };
        let own = || format!("{authority}/{}", FakeAzure::TENANT_ID);
        let authorization = authorization.clone().unwrap_or_else(own);
        format!("Bearer authorization=\"{authorization}\", resource=\"{resource}\"")
    }
}

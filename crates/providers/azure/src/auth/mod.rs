//! Who we are: one credential, which the settings name. There is no chain that falls through to the next one.

mod config;
mod entra;
mod login;
mod managed;
mod transport;

pub(crate) use config::{
    CLIENT_ID, CLIENT_SECRET, Credential, FEDERATED_TOKEN_FILE, IDENTITY_ENDPOINT, IDENTITY_HEADER,
    MANAGED_IDENTITY_CLIENT_ID, METHOD, POD_IDENTITY_HOST, TENANT_ID,
};
pub(crate) use login::AzureLogin;

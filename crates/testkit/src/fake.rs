//! What all fakes have in common.

use std::fmt;
use std::io;
use std::sync::Arc;

use serde_json::{Map, Value};
use strongroom_core::{Clock, Settings};

use crate::{Certificate, Fault, Script, Variables};

/// A fake of any provider, for tests that are the same on all of them.
///
/// Everything that a test does by these methods is not among the requests that are counted, and no fault hits it.
///
/// ```
/// use strongroom_testkit::{self as testkit, Fake, Script};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let fake = testkit::vault().secret("billing/key", "canary-1").start().await;
/// fake.set_secret("billing/key", "canary-2"); // somebody else rotates it
/// fake.play(Script::Unavailable); // an outage
/// fake.clear_faults(); // its end
/// assert_eq!(fake.requests(), 0);
/// # }
/// ```
pub trait Fake: Clone + fmt::Debug + Send + Sync + Sized + 'static {
    /// What a program needs to use this fake, for `Secrets::from_settings`: the provider, the address, a credential
    /// that may do everything, and the signing key if [`Builder::signing_key`](crate::Builder::signing_key) named one.
    fn settings(&self) -> Settings {
        self.variables().settings()
    }

    /// The same as variables, for programs of their own.
    fn variables(&self) -> Variables;

    /// Makes a secret with this value, or gives the one that is there a new version, as a rotation by somebody else
    /// does. The name is the one that a service knows it by, without `SECRETS_PREFIX`; `name#FIELD` sets one field and
    /// keeps the others.
    ///
    /// # Panics
    /// If the provider could not keep it.
    fn set_secret(&self, name: &str, value: &str) {
        self.try_set(name, value).expect("a secret that the provider can keep");
    }

    /// Deletes a secret, in the way of the provider that can be undone.
    ///
    /// # Panics
    /// If there is no such secret.
    fn delete_secret(&self, name: &str) {
        self.try_delete(name).expect("a secret that can be deleted");
    }

    /// Adds a fault behind the others: the first that hits a call is used.
    fn fault(&self, fault: Fault);

    /// Lets something go wrong, behind the faults that there are, until [`clear_faults`](Self::clear_faults).
    fn play(&self, script: Script);

    /// Ends all faults and scripts.
    fn clear_faults(&self);

    /// How many requests came so far, those that a fault answered included.
    fn requests(&self) -> usize;

    #[doc(hidden)]
    fn open(opening: Opening) -> io::Result<Self>;

    #[doc(hidden)]
    fn set_signing_key(&self, name: &str);

    #[doc(hidden)]
    fn try_set(&self, name: &str, value: &str) -> Result<(), String> {
        match name.split_once('#') {
            None => self.put_value(name, value),
            Some((name, field)) => {
                let mut fields = self.fields(name);
                fields.insert(field.to_owned(), value.into());
                self.put_fields(name, fields)
            }
        }
    }

    #[doc(hidden)]
    fn try_delete(&self, name: &str) -> Result<(), String>;

    #[doc(hidden)]
    fn put_value(&self, name: &str, value: &str) -> Result<(), String>;

    /// The fields of a secret; none if there is no such secret.
    #[doc(hidden)]
    fn fields(&self, name: &str) -> Map<String, Value>;

    /// Elsewhere than on Vault a secret with fields is a JSON object.
    #[doc(hidden)]
    fn put_fields(&self, name: &str, fields: Map<String, Value>) -> Result<(), String> {
        self.put_value(name, &Value::Object(fields).to_string())
    }
}

/// How a fake is opened.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct Opening {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) port: u16,
    pub(crate) tls: bool,
    pub(crate) certificate: Certificate,
    pub(crate) namespace: Option<String>,
}

/// The value of a secret as fields, if it is a JSON object.
pub(crate) fn as_fields(value: Option<String>) -> Map<String, Value> {
    value.and_then(|value| serde_json::from_str(&value).ok()).unwrap_or_default()
}

/// The key that [`Builder::signing_key`](crate::Builder::signing_key) puts: 32 bytes that are no secret.
pub const SIGNING_KEY: &str = "canary-signing-key-of-the-fakes-";

//! How the calls of a provider that signs went.

use std::mem::discriminant;
use std::sync::Arc;
use std::time::Duration;

use strongroom_core::{
    Clock, Error, ErrorKind, KeyId, Moment, NativeSignature, Result, SecretName, SignOptions,
    Signature, Signer,
};

/// What is signed or verified when a call is repeated: nobody is given the signature.
const MADE_UP: &[u8] = b"strongroom-health";

/// What a signer was asked, as far as it can be asked again without the message.
#[derive(Clone)]
pub(crate) enum Asked {
    Check,
    Sign,
    Verify(Signature),
    SignNative,
    VerifyNative(NativeSignature),
}

impl Asked {
    fn is_native(&self) -> bool {
        matches!(self, Self::SignNative | Self::VerifyNative(_))
    }

    /// Whether this is about the key of this name itself, rather than about one that it had before, which a
    /// signature may name.
    fn is_of(&self, name: &SecretName) -> bool {
        let Self::Verify(signature) = self else { return true };
        let id = signature.key();
        id.version().is_none_or(|version| KeyId::transit(name.as_str(), version) == *id)
    }

    /// Asks again, about a message of our own: it verifies with no signature, and to be told so is an answer.
    pub(super) async fn again(&self, signer: &dyn Signer, key: &SecretName) -> Result<()> {
        let options = SignOptions::default();
        let answer = match self {
            Self::Check => signer.check(key).await,
            Self::Sign => signer.sign(key, MADE_UP, options).await.map(drop),
            Self::Verify(signature) => {
                signer.verify(key, MADE_UP, signature, options).await.map(drop)
            }
            Self::SignNative => signer.sign_native(key, MADE_UP).await.map(drop),
            Self::VerifyNative(signature) => signer.verify_native(key, MADE_UP, signature).await,
        };
        match answer {
            Err(error) if error.kind() == ErrorKind::SignatureMismatch => Ok(()),
            answer => answer,
        }
    }
}

/// What a failed call says something about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum About {
    /// The message or the signature, which strangers choose: they must not be able to move the health of a
    /// service either way.
    Question,
    /// One key, and what we may do with it: this call of it fails until somebody changes that.
    Key,
    /// The provider, or who we are: calls fail whatever they ask and of whichever key.
    Provider,
}

impl About {
    #[rustfmt::skip]
    fn of(asked: &Asked, kind: ErrorKind) -> Self {
        match kind {
            // It answered, about what it was shown; or it was refused here, unasked.
            ErrorKind::SignatureMismatch => Self::Question,
            // A message that is too long, or of a form that is never signed bare.
            ErrorKind::InvalidValue      => Self::Question,
            // Nobody waited for the answer.
            ErrorKind::Cancelled         => Self::Question,
            // A signer need not have signatures of its own, and then has never had any.
            ErrorKind::Unsupported if asked.is_native() => Self::Question,
            // The key is of a type that does not sign, or became one.
            ErrorKind::Unsupported       => Self::Key,
            // The policy does not allow this call of this key.
            ErrorKind::PermissionDenied  => Self::Key,
            // There is no such key, or nothing is mounted where it should be.
            ErrorKind::Misconfigured     => Self::Key,
            ErrorKind::NotFound          => Self::Key,
            // It was there, and is not to be used.
            ErrorKind::Deleted           => Self::Key,
            ErrorKind::Disabled          => Self::Key,
            ErrorKind::Expired           => Self::Key,
            ErrorKind::NotYetValid       => Self::Key,
            // Somebody is changing it.
            ErrorKind::Conflict          => Self::Key,
            // Whoever we say that we are is not accepted.
            ErrorKind::Unauthenticated   => Self::Provider,
            // It cannot be reached, or not trusted, or answers with what is none; and kinds to come.
            ErrorKind::Unavailable | ErrorKind::Throttled | ErrorKind::TlsRejected
            | ErrorKind::Malformed | ErrorKind::Internal | _ => Self::Provider,
        }
    }
}

/// The calls that failed last and did not go well since: one about the provider at most, and one of each sort
/// about the configured key.
pub(super) struct Calls {
    failures: Vec<Failure>,
    key: Option<SecretName>,
    age: Duration,
    clock: Arc<dyn Clock>,
}

struct Failure {
    key: SecretName,
    asked: Asked,
    at: Moment,
    error: Error,
}

impl Failure {
    fn about(&self) -> About {
        About::of(&self.asked, self.error.kind())
    }
}

impl Calls {
    pub(super) fn new(key: Option<SecretName>, age: Duration, clock: Arc<dyn Clock>) -> Self {
        Self { failures: Vec::new(), key, age, clock }
    }

    /// Notes how a call went. One that went well says that the provider answers and knows us, and that this can
    /// be done with this key; it says nothing of what else is denied.
    pub(super) fn note(&mut self, key: &SecretName, asked: &Asked, error: Option<&Error>) {
        let is_own = self.key.as_ref() == Some(key) && asked.is_of(key);
        let about = error.map(|error| About::of(asked, error.kind()));
        let is_settled = |failure: &Failure| match failure.about() {
            // What is denied is denied still when the provider is down, and whatever else is allowed.
            About::Key => {
                let is_same = discriminant(&failure.asked) == discriminant(asked);
                is_own && is_same && about != Some(About::Provider)
            }
            _ => true,
        };
        // Only the configured key is the business of `health`: any name may be asked for, and by an old
        // signature any that the key had.
        if about == Some(About::Question) || about == Some(About::Key) && !is_own {
            return;
        }
        self.failures.retain(|failure| !is_settled(failure));
        let Some(error) = error else { return };
        let at = Moment::now(&*self.clock);
        let (key, asked) = match &self.key {
            // Another key need not be there when it is asked for again, and it is not what matters.
            Some(own) if !is_own => (own.clone(), Asked::Check),
            _ => (key.clone(), asked.clone()),
        };
        self.failures.push(Failure { key, asked, at, error: error.clone() });
    }

    /// The last failure, under the name of the configured key. `told` is how long ago the provider last told its
    /// public keys: then it answered. What it refuses is another matter.
    ///
    /// What nobody has asked for so long is not known any more, and whoever needs it asks.
    pub(super) fn trouble(&mut self, told: Option<Duration>) -> Option<(SecretName, Error)> {
        let (limit, clock) = (self.age, &*self.clock);
        self.failures.retain(|failure| {
            let age = failure.at.age(clock);
            let answers =
                failure.error.kind().allows_stale() && told.is_some_and(|told| told < age);
            age < limit && !answers
        });
        let last = self.failures.last()?;
        let name = self.key.as_ref().unwrap_or(&last.key).clone();
        Some((name, last.error.clone()))
    }

    /// The call to make again: that which failed longest ago, if that is this long, or as long as the provider
    /// asked for.
    pub(super) fn due(&self, pause: Duration) -> Option<(SecretName, Asked)> {
        let first = self.failures.first()?;
        let pause = first.error.retry_after().unwrap_or_default().max(pause);
        let is_due = first.at.age(&*self.clock) >= pause;
        is_due.then(|| (first.key.clone(), first.asked.clone()))
    }
}

//! Between the official client's types and ours.

use std::error::Error as StdError;

use azure_core::error::ErrorKind as SdkErrorKind;
use azure_core::http::{Body, Method as SdkMethod, Request as SdkRequest, Response};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use strongroom_core::{Error, ErrorKind, Result};
use strongroom_http::{Header, Method, Request};
use tracing::Dispatch;
use tracing::instrument::WithSubscriber;
use zeroize::Zeroize;

use crate::wire::unreadable;

/// Headers of the official clients that are of use to the other side.
const PASSED: [&str; 6] = [
    "accept",
    // Some want it of a write without a body, which has none by itself.
    "content-length",
    "content-type",
    "metadata",
    "x-identity-header",
    "x-ms-client-request-id",
];

/// A request of the official client as one of ours, without who asks.
pub(crate) fn request(theirs: &SdkRequest) -> Result<Request> {
    let method = match theirs.method() {
        SdkMethod::Get => Method::Get,
        SdkMethod::Post => Method::Post,
        SdkMethod::Put => Method::Put,
        SdkMethod::Patch => Method::Patch,
        SdkMethod::Delete => Method::Delete,
        _ => return Err(Error::new(ErrorKind::Internal, "a method that no call here has")),
    };
    let mut request = Request::whole(method, theirs.url().clone());
    for (name, value) in theirs.headers().iter() {
        if let Some(name) = PASSED.into_iter().find(|known| *known == name.as_str()) {
            let header = match name {
                "x-identity-header" => Header::secret(name, &value.as_str().into())?,
                _ => Header::plain(name, value.as_str())?,
            };
            request = request.header(header);
        }
    }
    match theirs.body() {
        Body::Bytes(bytes) if bytes.is_empty() => Ok(request),
        Body::Bytes(bytes) => Ok(request.body(bytes.clone())),
        Body::SeekableStream(_) => {
            Err(Error::new(ErrorKind::Internal, "a body that no call here has"))
        }
    }
}

/// An error of ours, to go through the official client. Of this kind it repeats nothing.
pub(crate) fn wrapped(error: Error) -> azure_core::Error {
    azure_core::Error::new(SdkErrorKind::Other, error)
}

/// The error of ours below one of the official client; of its own ones the kind alone, as they may quote.
pub(crate) fn ours(error: &azure_core::Error) -> Error {
    let mut is_unreadable = false;
    let mut below: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(one) = below {
        if let Some(ours) = one.downcast_ref::<Error>() {
            return ours.clone();
        }
        let theirs = one.downcast_ref::<azure_core::Error>().map(azure_core::Error::kind);
        is_unreadable |= matches!(theirs, Some(SdkErrorKind::DataConversion));
        below = one.source();
    }
    match is_unreadable {
        true => Error::new(ErrorKind::Malformed, "the answer is not in the expected form"),
        false => Error::new(ErrorKind::Internal, "the official client could not make the request"),
    }
}

/// Without anybody who listens: the official clients log every answer that is an error, and so do we.
/// A subscriber of its own would be made known to every place that logs, at each call.
pub(crate) fn quiet<F: Future>(work: F) -> impl Future<Output = F::Output> {
    work.with_subscriber(Dispatch::none())
}

/// Makes a call of the official client.
pub(crate) async fn call<T>(
    work: impl Future<Output = azure_core::Result<Response<T>>>,
) -> Result<Response<T>> {
    quiet(work).await.map_err(|error| ours(&error))
}

/// What an answer says, in a shape of ours: theirs would keep values that nobody wipes.
pub(crate) fn read<T: DeserializeOwned, M>(answer: Response<M>) -> Result<T> {
    let body = Bytes::from(answer.into_body());
    let read = serde_json::from_slice(&body).map_err(|_| unreadable());
    // The official client has copied what the transport would have wiped.
    if let Ok(mut body) = body.try_into_mut() {
        body.zeroize();
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_ours_come_back_and_others_say_nothing() {
        let error = Error::new(ErrorKind::Disabled, "canary");
        let error = wrapped(error).with_context("on the way").with_context("and again");
        assert_eq!(ours(&error).kind(), ErrorKind::Disabled);
        let quoting = |kind| azure_core::Error::with_message(kind, "canary-value");
        for (kind, told) in [
            (SdkErrorKind::DataConversion, ErrorKind::Malformed),
            (SdkErrorKind::Credential, ErrorKind::Internal),
        ] {
            let error = ours(&quoting(kind));
            assert_eq!(error.kind(), told);
            assert!(!format!("{error} {error:?}").contains("canary"));
        }
    }
}

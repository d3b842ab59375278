//! From an error of the SDK to a kind: the one table. Codes decide; statuses and texts differ between servers,
//! and a text may quote what was sent.

use std::error::Error as StdError;
use std::io;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_secretsmanager::config::http::HttpResponse;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use strongroom_core::{Error, ErrorKind, Reason, code_word};

use ErrorKind::{
    Conflict, Internal, InvalidValue, Malformed, Misconfigured, NotFound, PermissionDenied,
    Throttled, TlsRejected, Unauthenticated, Unavailable,
};

/// What an error of the service says by its code.
pub(crate) fn code<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Option<&str> {
    error.as_service_error().and_then(ProvideErrorMetadata::code)
}

/// The error for a call that failed.
pub(crate) fn error<E>(error: &SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    match error {
        SdkError::ServiceError(answer) => {
            of_code(answer.err().code(), answer.raw().status().as_u16())
        }
        SdkError::ResponseError(answer) => {
            broken_off(error).unwrap_or_else(|| of_code(None, answer.raw().status().as_u16()))
        }
        SdkError::TimeoutError(_) => timeout(),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => timeout(),
        _ => of_chain(error),
    }
}

/// The error for one secret of a batch.
pub(crate) fn of_item(code: Option<&str>) -> Error {
    of_code(code, 400)
}

fn of_code(code: Option<&str>, status: u16) -> Error {
    let code = code.unwrap_or_default();
    let row = TABLE.iter().find(|(codes, ..)| codes.contains(&code));
    match (row, status) {
        (Some((_, kind, message)), _) => Error::new(*kind, *message),
        (None, 500..) => Error::new(Unavailable, format!("the service answered {status}")),
        (None, 429) => Error::new(Throttled, "the service answered 429"),
        (None, _) if code.is_empty() => Error::new(
            Malformed,
            format!(
                "something answered {status} and not as Secrets Manager; is this the right endpoint?"
            ),
        ),
        (None, _) => Error::new(
            Internal,
            format!("the service refused the request with `{}`", code_word(code)),
        ),
    }
}

/// Codes, kind, words. Those of the API's model, and those that all of AWS has ("Common Errors").
#[rustfmt::skip]
const TABLE: &[(&[&str], ErrorKind, &str)] = &[
    (&["ResourceNotFoundException"], NotFound, "there is no such secret or version"),
    (&["ResourceExistsException"], Conflict, "it exists already"),
    (&["PreconditionNotMetException"], Conflict, "something has to be done first"),
    (&["AccessDeniedException", "AccessDenied"], PermissionDenied, "the identity is not allowed to do that; check its policies, and those of the secret and its KMS key"),
    (&["DecryptionFailure", "EncryptionFailure"], PermissionDenied, "the KMS key of the secret cannot be used: it is disabled or gone, or the identity may not use it"),
    (&["ThrottlingException", "Throttling", "ThrottledException", "RequestThrottledException", "RequestThrottled", "TooManyRequestsException", "RequestLimitExceeded", "SlowDown", "BandwidthLimitExceeded", "PriorRequestNotComplete"], Throttled, "too many requests"),
    (&["LimitExceededException"], Misconfigured, "a quota of Secrets Manager is used up, as that of versions or of secrets"),
    (&["ExpiredTokenException", "ExpiredToken"], Unauthenticated, "the temporary credentials have expired"),
    (&["UnrecognizedClientException", "InvalidClientTokenId", "MissingAuthenticationToken", "MissingAuthenticationTokenException", "IncompleteSignature", "IncompleteSignatureException"], Unauthenticated, "the key is not known, or not complete"),
    (&["InvalidSignatureException", "SignatureDoesNotMatch", "RequestExpired", "RequestTimeTooSkewed"], Unauthenticated, "the signature is not accepted: the secret access key is wrong, or the clock of this machine is"),
    (&["InternalServiceError", "InternalFailure", "InternalServerError", "ServiceUnavailable", "ServiceUnavailableException", "TransactionInProgressException"], Unavailable, "the service cannot answer now"),
    (&["InvalidParameterException", "ValidationException", "InvalidRequestException", "MalformedPolicyDocumentException", "PublicPolicyException", "SerializationException"], InvalidValue, "the service does not take the request as it is"),
    (&["InvalidNextTokenException"], Internal, "the service does not know the next page of its own list"),
    (&["UnknownOperationException", "NotImplemented"], Misconfigured, "the endpoint does not know Secrets Manager"),
];

fn timeout() -> Error {
    Error::new(Unavailable, "no answer in time").with_reason(Reason::Timeout)
}

/// What lies below an error that the service did not send.
fn of_chain(error: &(dyn StdError + 'static)) -> Error {
    causes(error)
        .find_map(of_cause)
        .unwrap_or_else(|| Error::new(Unavailable, "the service cannot be reached"))
}

/// For an answer that began well, and whose end never came.
fn broken_off(error: &(dyn StdError + 'static)) -> Option<Error> {
    let mut kinds =
        causes(error).filter_map(|cause| Some(cause.downcast_ref::<io::Error>()?.kind()));
    kinds.find_map(|kind| match kind {
        io::ErrorKind::UnexpectedEof => {
            Some(Error::new(Malformed, "the answer is cut short").with_reason(Reason::Truncated))
        }
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => {
            Some(Error::new(Unavailable, "the connection broke off"))
        }
        _ => None,
    })
}

/// An error and everything below it, also what an `io::Error` only wraps.
fn causes<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |cause: &&'a (dyn StdError + 'static)| {
        let cause = *cause;
        let inner = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        inner.map(|inner| inner as &(dyn StdError + 'static)).or_else(|| cause.source())
    })
}

fn of_cause(cause: &(dyn StdError + 'static)) -> Option<Error> {
    if let Some(credentials) = cause.downcast_ref::<CredentialsError>() {
        return Some(of_credentials(credentials));
    }
    if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
        return Some(match tls {
            rustls::Error::InvalidCertificate(_) => Error::new(
                TlsRejected,
                "the certificate of the endpoint is not trusted: its name, date or authority is wrong",
            ),
            _ => Error::new(TlsRejected, "TLS with the endpoint failed"),
        });
    }
    let io = cause.downcast_ref::<io::Error>()?;
    let message = match io.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused",
        io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof => "the connection broke off",
        io::ErrorKind::TimedOut => return Some(timeout()),
        _ => return None,
    };
    Some(Error::new(Unavailable, message))
}

fn of_credentials(error: &CredentialsError) -> Error {
    match error {
        CredentialsError::CredentialsNotLoaded(_) => Error::new(
            Unauthenticated,
            "no credentials were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or AWS_PROFILE, or run where AWS gives the machine a role",
        ),
        CredentialsError::ProviderTimedOut(_) => {
            Error::new(Unavailable, "the source of the credentials does not answer in time")
                .with_reason(Reason::Timeout)
        }
        CredentialsError::InvalidConfiguration(_) => Error::new(
            Misconfigured,
            "the configuration of the credentials cannot be used; check the profile",
        ),
        CredentialsError::ProviderError(_) => {
            let below = error.source().into_iter().flat_map(causes).find_map(of_cause);
            below.unwrap_or_else(|| {
                Error::new(Unavailable, "the source of the credentials does not hand any out now")
            })
        }
        _ => Error::new(Unauthenticated, "the credentials cannot be used"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_62_codes_decide_and_not_statuses() {
        for (code, status, kind) in [
            (Some("ResourceNotFoundException"), 400, NotFound),
            (Some("ResourceNotFoundException"), 404, NotFound),
            (Some("ThrottlingException"), 400, Throttled),
            (Some("AccessDeniedException"), 400, PermissionDenied),
            (Some("AccessDeniedException"), 403, PermissionDenied),
            (Some("DecryptionFailure"), 400, PermissionDenied),
            (Some("ExpiredTokenException"), 400, Unauthenticated),
            (Some("InvalidSignatureException"), 403, Unauthenticated),
            (Some("InternalServiceError"), 500, Unavailable),
            (Some("NobodyKnowsThis"), 400, Internal),
            (Some("NobodyKnowsThis"), 503, Unavailable),
            (None, 503, Unavailable),
            (None, 429, Throttled),
            (None, 200, Malformed),
            (None, 403, Malformed),
        ] {
            assert_eq!(of_code(code, status).kind(), kind, "{code:?} {status}");
        }
    }

    #[test]
    fn each_code_has_one_row() {
        let codes: Vec<_> = TABLE.iter().flat_map(|(codes, ..)| *codes).collect();
        for (index, code) in codes.iter().enumerate() {
            assert!(!codes[index + 1..].contains(code), "{code}");
        }
    }
}

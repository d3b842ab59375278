//! Disk I/O beside the runtime's tasks.

use strongroom_core::{Error, ErrorKind, Result};

/// Runs disk I/O where it holds up no task. A write that has begun ends even if its caller goes away.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let Ok(runtime) = tokio::runtime::Handle::try_current() else {
        return work();
    };
    match runtime.spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) if error.is_panic() => {
            Err(Error::new(ErrorKind::Internal, "a bug in a provider: it panicked"))
        }
        Err(_) => Err(Error::new(ErrorKind::Unavailable, "the runtime is shutting down")),
    }
}

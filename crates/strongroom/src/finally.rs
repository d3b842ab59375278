//! What has to be done however a call ends.

/// Does something when it is dropped: at the end of a call, or where its caller drops it half way. A write whose
/// answer nobody waited for may have happened.
#[must_use]
pub(crate) struct Finally<F: Fn()>(pub(crate) F);

impl<F: Fn()> Drop for Finally<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

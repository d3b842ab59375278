//! The fakes as their users have them: one line each, and the same test on all of them.

#![cfg(test)]

mod builders;
mod scripts;
mod service;

/// A test that is the same on every fake: `async fn name(builder: Builder<impl Fake>)`.
macro_rules! on_every_fake {
    ($($name:ident),+ $(,)?) => {
        mod vault { $(#[tokio::test] async fn $name() { super::$name(strongroom_testkit::vault()).await; })+ }
        mod aws { $(#[tokio::test] async fn $name() { super::$name(strongroom_testkit::aws()).await; })+ }
        mod azure { $(#[tokio::test] async fn $name() { super::$name(strongroom_testkit::azure()).await; })+ }
        mod infisical { $(#[tokio::test] async fn $name() { super::$name(strongroom_testkit::infisical()).await; })+ }
    };
}
pub(crate) use on_every_fake;

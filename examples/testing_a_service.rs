//! A service, and its tests on every provider: no account, no container, no waiting.
//!
//! ```console
//! $ cargo test --example testing_a_service --features testing
//! ```

#![expect(clippy::print_stdout, reason = "an example says what it did")]

use strongroom::{Result, Secrets, Signature, Signer};

/// Takes payments: reads a password, signs receipts, and knows no provider.
struct Payments {
    secrets: Secrets,
    receipts: Signer,
}

impl Payments {
    async fn start(secrets: Secrets) -> Result<Self> {
        let receipts = secrets.signer().await?.for_purpose("receipts")?;
        Ok(Self { secrets, receipts })
    }

    async fn pay(&self, order: &str) -> Result<Signature> {
        let password = self.secrets.get("payments/bank#password").await?;
        let _connection = password.value().expose_str()?; // a real one would connect to the bank
        self.receipts.sign(order.as_bytes()).await
    }

    async fn was_paid(&self, order: &str, receipt: &Signature) -> Result<()> {
        self.receipts.verify(order.as_bytes(), receipt).await.map(drop)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let payments = Payments::start(Secrets::from_env().await?).await?;
    let receipt = payments.pay("10 to alice").await?;
    payments.was_paid("10 to alice", &receipt).await?;
    println!("{receipt}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use strongroom::ErrorKind;
    use strongroom_testkit::{self as testkit, Builder, Fake, ManualClock, Script};

    use super::*;

    /// One line for a provider with what the service needs; `settings()` leads to it.
    async fn start<F: Fake>(fake: Builder<F>) -> (F, Payments, ManualClock) {
        let clock = ManualClock::at(1_800_000_000);
        let fake = fake.clock(clock.clone()).signing_key("payments/receipts");
        let fake = fake.secret("payments/bank#password", "canary-1").start().await;
        let secrets = Secrets::builder().settings(fake.settings()).clock(clock.clone());
        let payments = Payments::start(secrets.build().await.unwrap()).await.unwrap();
        (fake, payments, clock)
    }

    async fn receipts_are_good_for_their_order_only<F: Fake>(fake: Builder<F>) {
        let (_fake, payments, _clock) = start(fake).await;
        let receipt = payments.pay("10 to alice").await.unwrap();
        payments.was_paid("10 to alice", &receipt).await.unwrap();
        let forged = payments.was_paid("10,000 to mallory", &receipt).await.unwrap_err();
        assert_eq!(forged.kind(), ErrorKind::SignatureMismatch);
    }

    async fn payments_go_on_while_the_provider_is_down<F: Fake>(fake: Builder<F>) {
        let (fake, payments, clock) = start(fake).await;
        payments.pay("10 to alice").await.unwrap();
        fake.play(Script::Unavailable);
        clock.advance(Duration::from_secs(120)); // past the TTL: served stale
        payments.pay("20 to alice").await.unwrap();
    }

    async fn receipts_outlive_a_rotation_of_their_key<F: Fake>(fake: Builder<F>) {
        let (fake, payments, _clock) = start(fake).await;
        let receipt = payments.pay("10 to alice").await.unwrap();
        fake.set_secret("payments/receipts", "canary-key-of-thirty-two-bytes-2");
        payments.was_paid("10 to alice", &receipt).await.unwrap();
    }

    async fn a_payment_asks_the_provider_once<F: Fake>(fake: Builder<F>) {
        let (fake, payments, _clock) = start(fake).await;
        payments.pay("10 to alice").await.unwrap();
        let asked = fake.requests();
        payments.pay("20 to alice").await.unwrap();
        assert_eq!(fake.requests(), asked, "the rest is from memory");
    }

    #[tokio::test]
    async fn on_vault() {
        receipts_are_good_for_their_order_only(testkit::vault()).await;
        payments_go_on_while_the_provider_is_down(testkit::vault()).await;
        receipts_outlive_a_rotation_of_their_key(testkit::vault()).await;
        a_payment_asks_the_provider_once(testkit::vault()).await;
    }

    #[tokio::test]
    async fn on_aws_and_azure_and_infisical() {
        receipts_are_good_for_their_order_only(testkit::aws()).await;
        payments_go_on_while_the_provider_is_down(testkit::azure()).await;
        receipts_outlive_a_rotation_of_their_key(testkit::infisical()).await;
        a_payment_asks_the_provider_once(testkit::azure()).await;
    }
}

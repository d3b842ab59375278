//! Resolving names, with an error that says that this is what failed.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::time::timeout;

/// Asks the operating system.
#[derive(Debug)]
pub(crate) struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            // The port is set by whoever connects.
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            Ok(Box::new(found.collect::<Vec<_>>().into_iter()) as Addrs)
        })
    }
}

/// Asks another resolver, and says [`Unresolved`] if that fails or takes longer than the limit.
pub(crate) struct BoundedResolver {
    pub(crate) inner: Arc<dyn Resolve>,
    pub(crate) limit: Duration,
}

impl Resolve for BoundedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_owned();
        let answer = timeout(self.limit, self.inner.resolve(name));
        Box::pin(async move {
            let found = answer.await.unwrap_or_else(|late| Err(late.into()));
            found.map_err(|cause| Unresolved { host, cause }.into())
        })
    }
}

/// A name that could not be resolved.
#[derive(Debug)]
pub(crate) struct Unresolved {
    host: String,
    cause: Box<dyn std::error::Error + Send + Sync>,
}

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the name `{}` cannot be resolved", self.host)
    }
}

impl std::error::Error for Unresolved {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.cause)
    }
}

#[cfg(test)]
mod tests {
    use std::iter::once;
    use std::net::SocketAddr;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use strongroom_core::{ErrorKind, Reason, Settings, SystemClock};
    use strongroom_testkit::{Exchange, RawServer};

    use super::*;
    use crate::{Client, Config, Endpoint, Header, Method, Plaintext, Proxy, Request};

    /// What is answered to whoever asks for an address.
    #[derive(Clone, Copy, Debug)]
    enum Answer {
        Nothing,
        NoSuchName,
        Loopback,
    }

    #[derive(Debug)]
    struct Stub {
        answer: Answer,
        asked: Arc<AtomicUsize>,
    }

    impl Resolve for Stub {
        fn resolve(&self, _: Name) -> Resolving {
            self.asked.fetch_add(1, Ordering::SeqCst);
            let answer = self.answer;
            Box::pin(async move {
                match answer {
                    Answer::Nothing => std::future::pending().await,
                    Answer::NoSuchName => Err(std::io::Error::other("no such name").into()),
                    Answer::Loopback => {
                        Ok(Box::new(once(SocketAddr::from(([127, 0, 0, 1], 0)))) as Addrs)
                    }
                }
            })
        }
    }

    fn config(url: &str) -> Config {
        Config::new(Endpoint::parse("VAULT_ADDR", url, Plaintext::AnyHost).unwrap())
    }

    fn client(config: Config, answer: Answer) -> (Client, Arc<AtomicUsize>) {
        let asked = Arc::default();
        let stub = Stub { answer, asked: Arc::clone(&asked) };
        (Client::with_resolver(config, Arc::new(SystemClock), Arc::new(stub)).unwrap(), asked)
    }

    fn request() -> Request {
        let token =
            Header::secret("x-vault-token", &strongroom_core::SecretValue::from("canary-token"))
                .unwrap();
        Request::new(Method::Post, ["v1"]).header(token).json(b"canary".to_vec().into())
    }

    #[tokio::test]
    async fn f064_a_name_without_an_address_is_an_outage_that_says_so() {
        for answer in [Answer::NoSuchName, Answer::Nothing] {
            let mut config = config("http://vault.test:8200");
            config.connect = Duration::from_millis(200);
            let (client, asked) = client(config, answer);
            let began = tokio::time::Instant::now();
            let error = client.send(request()).await.unwrap_err();
            assert!(began.elapsed() < Duration::from_millis(2_500), "{answer:?}");
            let told = (error.kind(), error.reason());
            assert_eq!(told, (ErrorKind::Unavailable, Some(Reason::Dns)), "{answer:?}");
            assert!(error.to_string().contains("vault.test"), "{error}");
            assert!(!format!("{error:?}").contains("canary"), "{error:?}");
            assert_eq!(asked.load(Ordering::SeqCst), 1, "{answer:?}");
        }
    }

    #[tokio::test]
    async fn f064_a_proxy_without_an_address_is_named() {
        let proxy = Settings::from_pairs([("SECRETS_PROXY", "http://proxy.test:3128")]);
        let mut config = config("http://vault.test:8200");
        config.proxy = Proxy::read(&proxy).unwrap();
        let (client, _) = client(config, Answer::NoSuchName);
        let error = client.send(request()).await.unwrap_err();
        assert!(error.to_string().contains("proxy.test"), "{error}");
    }

    #[tokio::test]
    async fn f065_a_name_is_resolved_again_once_a_connection_was_idle_for_a_minute() {
        // The connection stays open, and a second request on it would get no answer.
        let kept = Exchange::new().send("HTTP/1.1 200 \r\ncontent-length: 0\r\n\r\n").hang();
        let server = RawServer::start([kept]).await;
        let url = format!("http://vault.test:{}", server.address().port());
        let (client, asked) = client(config(&url), Answer::Loopback);
        for count in 1..=2 {
            assert_eq!(client.send(request()).await.unwrap().status(), 200);
            assert_eq!((server.connections(), asked.load(Ordering::SeqCst)), (count, count));
            tokio::time::pause();
            tokio::time::advance(Duration::from_secs(61)).await;
            tokio::time::resume();
        }
    }
}

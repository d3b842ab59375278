//! `use_secret`.

use std::sync::Mutex;
use std::time::Duration;

use strongroom::{ErrorKind, Secret, Use};
use strongroom_testkit::Step;

use crate::{Service, down};

/// A database that accepts one password, and notes which it was shown.
#[derive(Default)]
struct Database {
    accepts: &'static str,
    shown: Mutex<Vec<String>>,
}

impl Database {
    fn accepting(accepts: &'static str) -> Self {
        Self { accepts, shown: Mutex::default() }
    }

    async fn connect(&self, secret: Secret) -> Use<&'static str, &'static str> {
        let shown = secret.value().expose_str().unwrap().to_owned();
        let accepted = shown == self.accepts;
        self.shown.lock().unwrap().push(shown);
        match accepted {
            true => Use::Ok("connected"),
            false => Use::Rejected("wrong password"),
        }
    }

    fn shown(&self) -> Vec<String> {
        std::mem::take(&mut self.shown.lock().unwrap())
    }
}

#[tokio::test]
async fn a_rejected_secret_is_read_again_and_the_new_one_is_used() {
    let service = Service::new().await;
    service.secrets.get("db").await.unwrap();
    service.put("db", "canary-2").await;
    let database = Database::accepting("canary-2");
    let used = service.secrets.use_secret("db", |secret| database.connect(secret)).await;
    assert_eq!(used.unwrap(), Use::Ok("connected"));
    assert_eq!(database.shown(), ["canary-1", "canary-2"]);
    let used = service.secrets.use_secret("db", |secret| database.connect(secret)).await;
    assert_eq!(used.unwrap(), Use::Ok("connected"));
    assert_eq!(database.shown(), ["canary-2"], "the cache knows it now");
}

#[tokio::test]
async fn a_database_that_is_behind_is_shown_the_previous_one() {
    let service = Service::new().await;
    service.put("db", "canary-2").await;
    let database = Database::accepting("canary-1");
    let used = service.secrets.use_secret("db", |secret| database.connect(secret)).await;
    assert_eq!(used.unwrap(), Use::Ok("connected"));
    assert_eq!(database.shown(), ["canary-2", "canary-1"], "reading it again brought nothing new");
}

#[tokio::test]
async fn rejections_cost_one_read_a_cooldown() {
    let service = Service::new().await;
    let database = Database::accepting("canary-other");
    for _ in 0..100 {
        let used = service.secrets.use_secret("db", |secret| database.connect(secret)).await;
        assert_eq!(used.unwrap(), Use::Rejected("wrong password"));
    }
    // The first read, one again, and one for a previous version, which is remembered not to be there.
    assert_eq!(service.chaos.calls(), 3);
    service.pass(Duration::from_secs(31)).await;
    service.put("db", "canary-other").await;
    let used = service.secrets.use_secret("db", |secret| database.connect(secret)).await;
    assert_eq!(used.unwrap().into_result(), Ok("connected"));
}

#[tokio::test]
async fn an_outage_leaves_the_rejection_and_a_cold_start_its_error() {
    let service = Service::new().await;
    service.secrets.get("db").await.unwrap();
    service.chaos.always(None, Step::fail(down()));
    let database = Database::accepting("canary-2");
    let used = service.secrets.use_secret("db", |secret| database.connect(secret)).await;
    assert_eq!(used.unwrap(), Use::Rejected("wrong password"));
    let cold = service.secrets.use_secret("other", |secret| database.connect(secret)).await;
    assert_eq!(cold.unwrap_err().kind(), ErrorKind::Unavailable);
}

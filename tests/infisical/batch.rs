//! Several secrets in one call.

use std::time::Duration;

use strongroom::{ErrorKind, Freshness};
use strongroom_testkit::{Fault, On};
use strongroom_tests::until;

use crate::scene::Scene;

#[tokio::test]
async fn several_secrets_of_a_folder_are_one_call_and_one_alone_is_one_of_its_own() {
    let Scene { fake, secrets, .. } = Scene::new().await;
    for name in ["B", "C"] {
        fake.put("/", name, &format!("canary-{name}"));
        fake.put("/app", name, &format!("canary-app-{name}"));
    }
    fake.put("/other", "D", "canary-other");
    let names = ["A", "NONE", "app/B", "C", "other/D", "app/C", "a:b"];
    let read = secrets.get_many(&names).await;
    let found: Vec<_> = read
        .iter()
        .map(|one| {
            one.as_ref().map(|one| one.value().expose_str().unwrap()).map_err(|error| error.kind())
        })
        .collect();
    assert_eq!(
        found,
        [
            Ok("canary-a"),
            Err(ErrorKind::NotFound),
            Ok("canary-app-B"),
            Ok("canary-C"),
            Ok("canary-other"),
            Ok("canary-app-C"),
            Err(ErrorKind::Misconfigured)
        ]
    );
    // What is not in a list is asked for by its name.
    assert_eq!((fake.count("list"), fake.count("get")), (2, 2));
}

#[tokio::test]
async fn where_a_list_is_denied_each_is_read_by_itself() {
    let scene = Scene::new().await;
    for name in ["B", "C"] {
        scene.fake.put("/", name, "canary");
    }
    scene.fake.fault(
        Fault::new(On::List).status(403).body(
            r#"{"reqId":"1","statusCode":403,"error":"PermissionDenied","message":"canary"}"#,
        ),
    );
    for _ in 0..3 {
        let secrets = &scene.secrets;
        assert!(secrets.get_many(&["A", "B", "C"]).await.iter().all(Result::is_ok));
        secrets.invalidate("A").await.unwrap();
    }
    assert_eq!(scene.fake.count("list"), 1, "it is remembered for a while");
}

#[tokio::test]
async fn what_a_list_leaves_out_is_asked_for_by_its_name() {
    let scene = Scene::new().await;
    scene.fake.put("/", "B", "canary-b");
    scene.fake.fault(Fault::new(On::List).status(200).body(r#"{"secrets":[],"imports":[]}"#));
    let read = scene.secrets.get_many(&["A", "B", "NONE"]).await;
    assert!(read[0].is_ok() && read[1].is_ok());
    assert_eq!(read[2].as_ref().unwrap_err().kind(), ErrorKind::NotFound);
    let nowhere = scene.another(&[("INFISICAL_ENVIRONMENT", "nowhere")]).await;
    let read = nowhere.get_many(&["A", "B"]).await;
    assert!(
        read.iter().all(|one| one.as_ref().is_err_and(|e| e.kind() == ErrorKind::Misconfigured))
    );
}

#[tokio::test]
async fn a_folder_that_is_too_long_for_a_list_is_read_one_by_one() {
    let Scene { fake, secrets, .. } = Scene::with(&[("INFISICAL_INCLUDE_IMPORTS", "true")]).await;
    fake.put("/", "B", "canary-b");
    fake.fault(Fault::new(On::List).status(200).body("x".repeat((1 << 20) + 1)));
    assert!(secrets.get("A").await.is_ok());
    assert!(secrets.get_many(&["A", "B"]).await.iter().all(Result::is_ok));
}

#[tokio::test]
async fn an_outage_is_waited_for_once() {
    let Scene { fake, secrets, .. } = Scene::new().await;
    secrets.get("A").await.unwrap();
    fake.fault(Fault::new(On::Any).status(503));
    let calls = fake.calls().len();
    let read = secrets.get_many(&["B", "C", "D", "x/E"]).await;
    assert!(read.iter().all(|one| one.as_ref().is_err_and(|e| e.kind() == ErrorKind::Unavailable)));
    assert_eq!(fake.calls().len() - calls, 1);
}

#[tokio::test]
async fn f045_twenty_secrets_in_use_are_few_requests_a_minute() {
    let Scene { fake, clock, secrets } = Scene::new().await;
    let names: Vec<String> = (0..20).map(|number| format!("S{number}")).collect();
    for name in &names {
        fake.put("/", name, "canary");
    }
    let read_all = async || {
        for name in &names {
            secrets.get(name).await.unwrap();
        }
    };
    read_all().await;
    read_all().await;
    let before = fake.calls().len();
    // Ten minutes, in steps in which they come due one by one.
    for _ in 0..120 {
        clock.advance(Duration::from_secs(5));
        strongroom_tests::settle().await;
        read_all().await;
    }
    let is_fresh = async || {
        let mut all = true;
        for name in &names {
            all &= secrets.get(name).await.unwrap().freshness() == Freshness::Fresh;
        }
        all
    };
    until("all are renewed", is_fresh).await;
    let calls = fake.calls().len() - before;
    assert!(calls <= 300, "{calls} in ten minutes");
}

//! Lists, page by page.

use strongroom::ErrorKind;
use strongroom_testkit::{FakeAzure, Fault, On, RawServer};

use crate::refused;
use crate::scene::Scene;

#[tokio::test]
async fn case_12_13_14_a_list_of_many_pages_has_each_name_once_and_no_value() {
    let scene = Scene::new().await;
    let secrets = scene.another(&[("SECRETS_PREFIX", "app")]).await;
    assert!(secrets.list(None).await.unwrap().is_empty(), "case 14");
    let mut names: Vec<String> = (0..60).map(|number| format!("many/{number:02}")).collect();
    for name in &names {
        scene.fake.put(&format!("app--{}", name.replace('/', "--")), "canary-value");
    }
    // Others have names that none of ours is, and names beside the prefix.
    for other in ["app", "application--x", "app---x", "-app--x"] {
        scene.fake.put(other, "canary-other");
    }
    let before = scene.fake.count("list");
    let listed = secrets.list(Some("many")).await.unwrap();
    assert!(listed.iter().map(|name| name.as_str()).eq(names.iter().map(String::as_str)));
    assert_eq!(scene.fake.count("list") - before, 3, "65 of 25 a page");
    scene.fake.put("app--few--1", "canary");
    names.insert(0, "few/1".to_owned());
    let listed = secrets.list(None).await.unwrap();
    assert!(listed.iter().map(|name| name.as_str()).eq(names.iter().map(String::as_str)));
    assert_eq!(scene.fake.count("get"), 0, "no value is read");
}

#[tokio::test]
async fn case_15_a_page_that_the_vault_does_not_know_is_an_error_and_no_end() {
    let Scene { fake, secrets, .. } = Scene::new().await;
    let link = format!("{}/secrets?api-version=7.6&$skiptoken=canary", fake.address());
    fake.set_next_link(Some(&link));
    let error = refused(secrets.list(None).await, ErrorKind::Internal);
    assert!(!error.to_string().contains("skiptoken"), "{error}");
}

#[tokio::test]
async fn f090_a_next_page_elsewhere_is_not_asked_for() {
    let Scene { fake, secrets, .. } = Scene::new().await;
    let elsewhere = RawServer::start([]).await;
    let other = FakeAzure::start().await;
    for link in [
        format!("{}/secrets?api-version=7.6", other.address()),
        format!("{}/secrets", elsewhere.url()),
        "https://canary.vault.azure.net.example/secrets".to_owned(),
        "//127.0.0.1:1/secrets".to_owned(),
    ] {
        fake.set_next_link(Some(&link));
        for error in [
            refused(secrets.list(None).await, ErrorKind::Malformed),
            refused(secrets.versions("a").await, ErrorKind::Malformed),
        ] {
            assert!(error.to_string().contains("it is not asked for"), "{link}: {error}");
        }
    }
    assert_eq!((elsewhere.connections(), other.connections()), (0, 0));
}

#[tokio::test]
async fn a_list_that_goes_round_in_circles_ends() {
    let Scene { fake, secrets, .. } = Scene::new().await;
    fake.set_next_link(Some(&format!("{}/secrets?api-version=7.6", fake.address())));
    let error = refused(secrets.list(None).await, ErrorKind::Malformed);
    assert!(error.to_string().contains("pages"), "{error}");
}

#[tokio::test]
async fn a_list_that_breaks_off_is_no_list() {
    let Scene { fake, secrets, .. } = Scene::new().await;
    for number in 0..30 {
        fake.put(&format!("many--{number}"), "canary");
    }
    for (fault, kind) in [
        (Fault::new(On::List).status(503), ErrorKind::Unavailable),
        (Fault::new(On::List).status(200).body("{\"value\":[{\"id\":7}]}"), ErrorKind::Malformed),
        (Fault::new(On::List).status(200).body("<html>"), ErrorKind::Malformed),
    ] {
        fake.fault(fault);
        refused(secrets.list(None).await, kind);
        fake.clear_faults();
    }
    assert_eq!(secrets.list(None).await.unwrap().len(), 31);
}

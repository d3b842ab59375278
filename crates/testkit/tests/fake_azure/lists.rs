//! Lists, page by page.

use serde_json::{Value, json};
use strongroom_testkit::FakeAzure;

use crate::client::{Caller, codes, names};

/// What comes after the origin of the link to the next page, without the version of the interface.
fn next(azure: &FakeAzure, page: &Value) -> Option<String> {
    let link = page["nextLink"].as_str()?;
    let target = link.strip_prefix(&azure.address()).expect("a link of the fake");
    Some(format!("GET {}", target.replace("api-version=2026-04-01&", "")))
}

/// The sizes of all pages, and what is in them.
async fn all(azure: &FakeAzure, owner: &Caller<'_>, line: &str) -> (Vec<usize>, Vec<String>) {
    let (mut sizes, mut found) = (Vec::new(), Vec::new());
    let mut line = Some(line.to_owned());
    while let Some(asked) = line {
        let page = owner.read(&asked).await;
        let names = names(&page);
        sizes.push(names.len());
        found.extend(names.into_iter().map(str::to_owned));
        line = next(azure, &page);
    }
    (sizes, found)
}

#[tokio::test]
async fn case_12_and_13_every_page_together_has_every_name_once_and_no_value() {
    let azure = FakeAzure::start().await;
    let mut expected: Vec<_> = (0..60).map(|number| format!("item-{number}")).collect();
    for name in &expected {
        azure.put(name, "canary-1");
        azure.put(name, "canary-2");
    }
    expected.sort();
    let owner = Caller::owner(&azure).await;
    let (sizes, found) = all(&azure, &owner, "GET /secrets").await;
    assert_eq!((sizes, &found), (vec![25, 25, 10], &expected));
    let (sizes, found) = all(&azure, &owner, "GET /secrets?maxresults=20").await;
    assert_eq!((sizes, &found), (vec![20, 20, 20], &expected));
    assert_eq!(azure.count("list"), 6);
    let page = owner.read("GET /secrets?maxresults=1").await;
    let item = page["value"][0].as_object().expect("an item");
    assert_eq!(item.keys().collect::<Vec<_>>(), ["attributes", "id"]);
}

#[tokio::test]
async fn case_14_an_empty_vault_has_an_empty_list() {
    let azure = FakeAzure::start().await;
    let owner = Caller::owner(&azure).await;
    for path in ["secrets", "deletedsecrets"] {
        let told = owner.read(&format!("GET /{path}")).await;
        assert_eq!(told, json!({ "value": [], "nextLink": null }));
    }
}

#[tokio::test]
async fn case_15_a_bad_token_of_a_page_is_refused() {
    let azure = FakeAzure::start().await;
    for name in ["a", "b"] {
        azure.put(name, "canary-1");
    }
    let owner = Caller::owner(&azure).await;
    let link = next(&azure, &owner.read("GET /secrets?maxresults=1").await).unwrap();
    let of_another_list = link.replace("/secrets?", "/deletedsecrets?");
    for line in ["GET /secrets?$skiptoken=canary", "GET /secrets?$skiptoken=", &of_another_list] {
        let refusal = owner.refusal(line, Value::Null).await;
        assert_eq!(refusal, codes(400, "BadParameter", ""), "{line}");
    }
}

#[tokio::test]
async fn a_list_goes_on_where_it_was_whatever_happens_meanwhile() {
    let azure = FakeAzure::start().await;
    for name in ["b", "c", "d"] {
        azure.put(name, "canary-1");
    }
    let owner = Caller::owner(&azure).await;
    let page = owner.read("GET /secrets?maxresults=2").await;
    assert_eq!(names(&page), ["b", "c"]);
    azure.delete("c");
    azure.put("a", "canary-1");
    azure.put("e", "canary-1");
    let page = owner.read(&next(&azure, &page).unwrap()).await;
    assert_eq!(names(&page), ["d", "e"]);
}

#[tokio::test]
async fn versions_are_in_the_order_of_their_ids() {
    let azure = FakeAzure::start().await;
    let mut made: Vec<_> = (0..30).map(|n| azure.put("app", &format!("canary-{n}"))).collect();
    let owner = Caller::owner(&azure).await;
    let (sizes, found) = all(&azure, &owner, "GET /secrets/app/versions").await;
    assert_ne!(found, made, "the order of time");
    made.sort();
    assert_eq!((sizes, found), (vec![25, 5], made));
    assert_eq!(azure.count("versions"), 2);
}

#[tokio::test]
async fn f090_every_page_can_be_made_to_go_on_elsewhere() {
    let azure = FakeAzure::start().await;
    azure.put("app", "canary-1");
    let owner = Caller::owner(&azure).await;
    azure.set_next_link(Some("https://canary.example/secrets"));
    for path in ["secrets", "secrets/app/versions", "deletedsecrets"] {
        let told = owner.read(&format!("GET /{path}")).await;
        assert_eq!(told["nextLink"], "https://canary.example/secrets", "{path}");
    }
    azure.set_next_link(None);
    assert_eq!(owner.read("GET /secrets").await["nextLink"], Value::Null);
}

//! Questions that have an entry of their own.

use strongroom::{GetOptions, PutOptions, Secrets, Select};

use crate::on_each;
use crate::place::{Place, value};

on_each!(
    case_83_versions_and_fields_of_one_name_are_separate,
    case_83_the_same_name_below_two_prefixes_is_two_secrets,
);

async fn case_83_versions_and_fields_of_one_name_are_separate(place: &Place) {
    let operator = place.operator(&[]).await;
    let write = async |name, value: &str| {
        operator.put(name, value, PutOptions::default()).await.unwrap().unwrap()
    };
    write("db#user", "canary-user-1").await;
    let first = write("db#password", "canary-password-1").await;
    write("db#user", "canary-user-2").await;
    write("db#password", "canary-password-2").await;
    write("db-user", "canary-other").await;
    let secrets = place.service(&[]).await;
    let old = || GetOptions::default().select(Select::Exact(first.clone()));
    for _ in 0..3 {
        let read = secrets.get_many(&["db#user", "db-user", "db#password"]).await;
        let values: Vec<_> = read.iter().map(|one| value(one.as_ref().unwrap())).collect();
        assert_eq!(values, ["canary-user-2", "canary-other", "canary-password-2"]);
        for (name, now, before) in [
            ("db#user", "canary-user-2", "canary-user-1"),
            ("db#password", "canary-password-2", "canary-password-1"),
        ] {
            assert_eq!(value(&secrets.get(name).await.unwrap()), now);
            assert_eq!(value(&secrets.get_with(name, old()).await.unwrap()), before);
            let field = strongroom::provider::Field::new(&name[3..]).unwrap();
            let in_options = old().field(Some(field.clone()));
            assert_eq!(value(&secrets.get_with("db", in_options).await.unwrap()), before);
            let in_options = GetOptions::default().field(Some(field));
            assert_eq!(value(&secrets.get_with("db", in_options).await.unwrap()), now);
            assert_eq!(value(&secrets.cached(name).unwrap()), now);
        }
        assert!(secrets.get("db#nothing").await.is_err());
        assert!(secrets.cached("db").is_none() && secrets.cached("user").is_none());
    }
    // One load each: two fields now, two before, one other secret, and one that is not there.
    let loads = (place.chaos.reads_for("db"), place.chaos.reads_for("db-user"));
    assert!(loads.0 <= 5 && loads.1 == 1, "{loads:?}");
}

async fn case_83_the_same_name_below_two_prefixes_is_two_secrets(place: &Place) {
    let below = async |prefix| place.service(&[("SECRETS_PREFIX", prefix)]).await;
    for prefix in ["blue", "green"] {
        place.put(&format!("{prefix}/db"), &format!("canary-{prefix}")).await;
    }
    let (blue, green) = (below("blue").await, below("green").await);
    let same = below("blue").await;
    let read = async |secrets: &Secrets| value(&secrets.get("db").await.unwrap()).to_owned();
    for _ in 0..3 {
        assert_eq!(read(&blue).await, "canary-blue");
        assert_eq!(read(&green).await, "canary-green");
        assert_eq!(read(&same).await, "canary-blue");
    }
    assert_eq!(value(&blue.cached("db").unwrap()), "canary-blue");
    assert_eq!(value(&green.cached("db").unwrap()), "canary-green");
    assert_eq!(place.chaos.reads_for("blue/db"), 2, "two services share nothing");
    assert_eq!(place.chaos.reads_for("green/db"), 1);
}

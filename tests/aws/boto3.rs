//! The official client believes the fake, and what it is believed of is so on moto as well.

use strongroom_testkit::{FakeAws, On};

use crate::place::Place;

const CORE: &str = include_str!("boto3_core.py");

#[tokio::test]
async fn case_112_boto3_passes_the_core_of_the_cases_on_the_fake() {
    let place = Place::fake().await;
    let Place::Fake(fake) = &place else { unreachable!("it is the fake") };
    let on = On::Path("/DescribeSecret");
    fake.fault(FakeAws::error(on, "ThrottlingException", "Rate exceeded").times(2));
    let printed = place.boto3_with(CORE, &[], &[("STRONGROOM_THROTTLED", "2")]).await;
    let passed: Vec<_> = printed.lines().collect();
    assert_eq!(passed, ["ok 1", "ok 7", "ok 13", "ok 19", "ok 20", "ok 31", "ok 32", "ok 62"]);
}

/// Moto's read without a label gives, after a promotion, the value from before: 31. Nothing throttles there, so
/// that 62 is without retries.
#[tokio::test]
async fn case_113_the_same_holds_on_moto_but_for_promotions() {
    let place = Place::moto().await;
    let printed = place.boto3(CORE, &["1", "7", "13", "19", "20", "62"]).await;
    assert_eq!(printed.lines().count(), 6, "{printed}");
}

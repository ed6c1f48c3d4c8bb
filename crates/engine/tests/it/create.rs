//! Creating orders: none is at its gateway and not in the store, whatever is lost or dies.

use std::time::Duration;

use duka_core::{Customer, ErrorKind, Money, NewOrder, OrderId, OrderStatus};
use duka_engine::store_suite::creations::open_creations;
use duka_engine::{CreateError, CreateTerms, Created};

use crate::fixture::{Fixture, account, key};
use crate::scripted::{Answer, Scripted, StatusReply};

const BOTH: [fn() -> Scripted; 2] = [Scripted::repeatable, Scripted::once_only];

fn new_order(reference: &str, amount: &str) -> NewOrder {
    NewOrder::new(
        OrderId::text(reference).unwrap(),
        Money::parse(amount, "INR").unwrap(),
        "Tea",
        Customer::default(),
        "https://shop.example/thanks".parse().unwrap(),
    )
}

async fn create(fixture: &Fixture, amount: &str) -> Result<Created, CreateError> {
    let order = new_order("A-1", amount);
    let terms = CreateTerms::default();
    fixture
        .canceller
        .create(&account("shop"), order, terms)
        .await
}

/// The ids of the tracked orders with this reference.
async fn tracked(fixture: &Fixture) -> Vec<String> {
    let found = fixture.store().find_orders("A-1").await.unwrap();
    let ids = found.iter().map(|order| order.key.order.to_string());
    ids.collect()
}

/// What the store says of order `A-1`: where it is tracked, and how many requests are open.
async fn stored(fixture: &Fixture) -> (Vec<String>, usize) {
    let open = open_creations(fixture.store().as_ref()).await;
    (tracked(fixture).await, open.len())
}

#[tokio::test(start_paused = true)]
async fn an_order_that_was_created_is_tracked_and_nothing_stays_open() {
    for (make, id) in BOTH.into_iter().zip(["A-1", "T-A-1"]) {
        let fixture = Fixture::new(make());
        let created = create(&fixture, "105.50").await.unwrap();
        assert_eq!(created.key, key("shop", id));
        assert_eq!(stored(&fixture).await, (vec![id.to_owned()], 0));
        let kept = fixture.store().order(&created.key).await.unwrap().unwrap();
        assert_eq!(kept.money, Some(Money::parse("105.50", "INR").unwrap()));
        assert_eq!(kept.reference.as_deref(), Some("A-1"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_created_nothing_leaves_nothing() {
    for make in BOTH {
        for answer in [Answer::NotSent, Answer::Unauthenticated] {
            let fixture = Fixture::new(make().will_create([answer]));
            let failed = create(&fixture, "105.50").await;
            assert!(matches!(failed, Err(CreateError::NotCreated(_))));
            assert_eq!(stored(&fixture).await, (vec![], 0), "{answer:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn where_the_id_is_the_merchants_an_order_whose_answer_was_lost_is_tracked_and_its_status_tells()
 {
    let scripted = Scripted::repeatable().will_create([Answer::AppliedButLost]);
    let fixture = Fixture::new(scripted);
    let failed = create(&fixture, "105.50").await;
    let Err(CreateError::Unknown { tracked, .. }) = failed else {
        panic!("{failed:?}");
    };
    assert_eq!(tracked, Some(key("shop", "A-1")));
    assert_eq!(stored(&fixture).await, (vec!["A-1".to_owned()], 1));
    // Again: the status shows the order, so nothing is sent.
    let again = create(&fixture, "105.50").await;
    assert!(
        matches!(again, Err(CreateError::CreatedBefore(_))),
        "{again:?}"
    );
    assert_eq!(stored(&fixture).await, (vec!["A-1".to_owned()], 0));
    assert_eq!(fixture.gateway.created(), 1);
}

#[tokio::test(start_paused = true)]
async fn where_the_id_is_the_merchants_a_request_that_got_lost_on_its_way_is_sent_again() {
    let scripted = Scripted::repeatable().will_create([Answer::Lost]);
    let fixture = Fixture::new(scripted);
    create(&fixture, "105.50").await.unwrap_err();
    assert_eq!(stored(&fixture).await, (vec!["A-1".to_owned()], 1));
    // While the status does not tell, nothing is sent.
    fixture.gateway.fail_next(ErrorKind::Unavailable);
    let again = create(&fixture, "105.50").await;
    assert!(
        matches!(again, Err(CreateError::Unknown { .. })),
        "{again:?}"
    );
    fixture.gateway.fail_next(ErrorKind::NotFound);
    create(&fixture, "105.50").await.unwrap();
    assert_eq!(stored(&fixture).await, (vec!["A-1".to_owned()], 0));
    assert_eq!(fixture.gateway.created(), 1);
}

#[tokio::test(start_paused = true)]
async fn where_the_gateway_issues_the_ids_a_lost_answer_stays_open_until_the_same_order_is_created_again()
 {
    for lost in [Answer::AppliedButLost, Answer::Lost, Answer::Unlisted] {
        let fixture = Fixture::new(Scripted::once_only().will_create([lost]));
        let failed = create(&fixture, "105.50").await;
        let Err(CreateError::Unknown { tracked: None, .. }) = failed else {
            panic!("{lost:?}: {failed:?}");
        };
        assert_eq!(stored(&fixture).await, (vec![], 1));
        // Other values would be answered with the first order.
        let other = create(&fixture, "200").await;
        assert!(matches!(
            other,
            Err(CreateError::IdUsed { order: None, .. })
        ));
        assert_eq!(stored(&fixture).await, (vec![], 1));
        create(&fixture, "105.50").await.unwrap();
        assert_eq!(stored(&fixture).await, (vec!["T-A-1".to_owned()], 0));
        assert_eq!(fixture.gateway.created(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn an_id_whose_order_costs_something_else_is_refused_before_anything_is_sent() {
    let fixture = Fixture::new(Scripted::once_only());
    create(&fixture, "105.50").await.unwrap();
    let other = create(&fixture, "200").await;
    let Err(CreateError::IdUsed { order, .. }) = other else {
        panic!("{other:?}");
    };
    assert_eq!(order, Some(key("shop", "T-A-1")));
    create(&fixture, "105.50").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_earlier_order_that_only_the_gateway_knows_is_tracked_with_its_own_amount() {
    let fixture = Fixture::new(Scripted::once_only());
    let earlier = Money::parse("7", "INR").unwrap();
    fixture.gateway.set("T-A-1", OrderStatus::Unpaid);
    fixture.gateway.set_money("T-A-1", earlier);
    let answered = create(&fixture, "105.50").await;
    let Err(CreateError::EarlierOrder { key, money, .. }) = answered else {
        panic!("{answered:?}");
    };
    assert_eq!(money, earlier);
    let kept = fixture.store().order(&key).await.unwrap().unwrap();
    assert_eq!(kept.money, Some(earlier));
    // What is paid may be shown in another currency, and a status may not be readable.
    let others = [
        StatusReply::Shows(OrderStatus::Paid),
        StatusReply::Fails(ErrorKind::Unavailable),
    ];
    for reply in others {
        let fixture = Fixture::new(Scripted::once_only().will_show([reply]));
        fixture.gateway.set("T-A-1", OrderStatus::Unpaid);
        fixture.gateway.set_money("T-A-1", earlier);
        create(&fixture, "105.50").await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn an_id_that_the_gateway_has_for_another_order_leaves_that_order_as_it_is_known() {
    let fixture = Fixture::new(Scripted::repeatable());
    create(&fixture, "105.50").await.unwrap();
    let taken = create(&fixture, "200").await;
    let Err(CreateError::NotCreated(error)) = taken else {
        panic!("{taken:?}");
    };
    assert_eq!(error.kind(), ErrorKind::Conflict);
    let kept = fixture.store().order(&key("shop", "A-1")).await.unwrap();
    let money = Money::parse("105.50", "INR").unwrap();
    assert_eq!(kept.unwrap().money, Some(money));
    assert_eq!(stored(&fixture).await, (vec!["A-1".to_owned()], 0));
}

#[tokio::test(start_paused = true)]
async fn the_answer_is_stored_although_the_caller_was_dropped() {
    for (make, id) in BOTH.into_iter().zip(["A-1", "T-A-1"]) {
        let fixture = Fixture::new(make().slow(Duration::from_secs(5)));
        let sent = async {
            while fixture.gateway.in_flight() == 0 {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            done = create(&fixture, "105.50") => panic!("it was not dropped: {done:?}"),
            () = sent => {}
        }
        assert_eq!(stored(&fixture).await.1, 1);
        // The store's writer is a thread that the paused clock does not wait for.
        let begun = std::time::Instant::now();
        while stored(&fixture).await.1 > 0 && begun.elapsed() < Duration::from_secs(30) {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        assert_eq!(stored(&fixture).await, (vec![id.to_owned()], 0));
    }
}

/// The store can be written until the request has left.
const FULL: &str = "CREATE TRIGGER full BEFORE UPDATE ON creations
                    BEGIN SELECT RAISE(FAIL, 'no room'); END";

#[tokio::test(start_paused = true)]
async fn what_came_of_a_request_is_told_although_it_cannot_be_stored() {
    for make in BOTH {
        for answer in [Answer::Lost, Answer::Unlisted, Answer::NotSent] {
            let fixture = Fixture::new(make().will_create([answer]));
            fixture.temp_store.sql().execute_batch(FULL).unwrap();
            let error = create(&fixture, "105.50").await.unwrap_err();
            let is_told = if answer == Answer::NotSent {
                matches!(error, CreateError::NotCreated(_))
            } else {
                matches!(error, CreateError::Unknown { .. })
            };
            assert!(is_told, "{answer:?}: {error:?}");
            assert_eq!(stored(&fixture).await.1, 1);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_order_that_cannot_be_stored_is_in_the_error_and_its_request_stays_open() {
    for (make, id) in BOTH.into_iter().zip(["A-1", "T-A-1"]) {
        let fixture = Fixture::new(make());
        fixture.temp_store.sql().execute_batch(FULL).unwrap();
        let failed = create(&fixture, "105.50").await;
        let Err(CreateError::NotStored { created, .. }) = failed else {
            panic!("{failed:?}");
        };
        assert_eq!(created.key, key("shop", id));
        assert_eq!(stored(&fixture).await.1, 1);
    }
}

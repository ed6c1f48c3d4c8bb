//! Stores that earlier versions of the program left: each opens, keeps all that it holds,
//! and is worked on from there.

use duka_cancellations::refunds::BeginRefund;
use duka_cancellations::store::ReportPage;
use duka_cancellations::{OrderKey, Record, RefundStore, SqliteStore, Store, Tracking};
use duka_core::cancel::{Outcome, State};
use duka_core::{AccountName, OrderId, OrderStatus};

use crate::fixture::TempStore;
use crate::suite_refunds::intent;

/// A dump of a store that the first version made: real orders at the emulator, one
/// confirmed, one seen paid, one that waits for a person after a lost reply, one skipped.
const VERSION_1: &str = include_str!("stores/version_1.sql");

/// A dump of a store that the second version made: real orders at the emulator, one that was
/// seen paid, one that waits for a person after a lost reply, one paid after it was confirmed,
/// one cancelled.
const VERSION_2: &str = include_str!("stores/version_2.sql");

fn temp_store(dump: &str) -> TempStore {
    let temp_store = TempStore::new();
    temp_store.sql().execute_batch(dump).unwrap();
    temp_store
}

fn key(account: &str, order: OrderId) -> OrderKey {
    OrderKey::new(AccountName::new(account).unwrap(), order)
}

fn words(record: &Record) -> (&str, &'static str) {
    let state = record.progress.state;
    let word = state.outcome().map_or(state.as_str(), Outcome::as_str);
    (record.key.account.as_str(), word)
}

#[tokio::test]
async fn a_store_of_the_first_version_opens_with_all_that_it_holds() {
    let temp_store = temp_store(VERSION_1);
    assert_eq!(temp_store.number("PRAGMA user_version"), 1);
    let invalid = "UPDATE orders SET status = 'unknown', raw_status = 'INVALID'
        WHERE reference = 'SHOP-1'";
    temp_store.sql().execute(invalid, []).unwrap();
    let logged = temp_store.number("SELECT count(*) FROM events");
    let store = temp_store.store();
    assert_eq!(temp_store.number("PRAGMA user_version"), 4);
    let page = ReportPage {
        limit: 100,
        ..ReportPage::default()
    };
    let records = store.report(page).await.unwrap();
    assert_eq!(
        records.iter().map(words).collect::<Vec<_>>(),
        [
            ("kwikpaisa", "confirmed"),
            ("kwikpaisa", "skipped"),
            ("pesapal", "needs_review"),
            ("pesapal", "confirmed"),
            ("pesapal", "skipped"),
        ]
    );
    let mut entries = 0;
    for record in &records {
        let log = store.log(record.id).await.unwrap();
        assert_eq!(log.last().unwrap().number, log.len() as u64);
        entries += log.len();
    }
    assert_eq!(i64::try_from(entries).unwrap(), logged);

    let paid = key("kwikpaisa", OrderId::text("KANGA-2").unwrap());
    let paid = store.order(&paid).await.unwrap().unwrap();
    assert_eq!(paid.seen.unwrap().status, OrderStatus::Paid);
    assert_eq!(paid.follow, Tracking::Closed);
    // What was unknown then is told in the gateway's own words.
    let unknown = store.order(&records[2].key).await.unwrap().unwrap();
    let seen = unknown.seen.unwrap();
    assert_eq!(seen.status, OrderStatus::Unknown("INVALID".to_owned()));
    assert!(matches!(records[2].progress.state, State::NeedsReview));
}

#[tokio::test]
async fn a_store_of_the_second_version_opens_with_all_that_it_holds_and_takes_refunds() {
    let temp_store = temp_store(VERSION_2);
    assert_eq!(temp_store.number("PRAGMA user_version"), 2);
    let tables = ["orders", "cancellations", "attempts", "events"];
    let rows = || tables.map(|table| temp_store.number(&format!("SELECT count(*) FROM {table}")));
    let before = rows();
    let store = SqliteStore::open(temp_store.path()).unwrap();
    assert_eq!(temp_store.number("PRAGMA user_version"), 4);
    assert_eq!(rows(), before);
    let page = ReportPage {
        limit: 100,
        ..ReportPage::default()
    };
    let records = store.report(page).await.unwrap();
    assert_eq!(
        records.iter().map(words).collect::<Vec<_>>(),
        [
            ("pesapal", "needs_review"),
            ("pesapal", "confirmed"),
            ("kwikpaisa", "confirmed"),
        ]
    );
    assert!(records[1].progress.finding.is_some());

    let found = store.find_orders("SHOP-1").await.unwrap();
    assert_eq!(found[0].seen.as_ref().unwrap().status, OrderStatus::Paid);
    let key = found[0].key.clone();
    let begin = |number| store.begin_refund(intent(number, key.clone()));
    assert!(matches!(begin(1).await.unwrap(), BeginRefund::New(_)));
    assert!(matches!(
        begin(2).await.unwrap(),
        BeginRefund::AlreadyRequested(_)
    ));
}

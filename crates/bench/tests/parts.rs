//! Every part that `cargo xtask bench` runs, with numbers too small to measure anything, so that a change of the store
//! or of a reply is noticed here and not weeks later.

#![expect(
    clippy::disallowed_methods,
    reason = "what is measured goes by this machine's clock"
)]

use std::time::Duration;

use duka_bench::calls::{self, Side, What};
use duka_bench::gateway::Gateway;
use duka_bench::{lists, store, tokens};
use duka_core::clock::SharedClock;
use jiff::Timestamp;
use tempfile::TempDir;

#[tokio::test]
async fn both_sides_get_the_answers_that_they_expect() {
    let gateway = Gateway::start(Duration::ZERO, None).await.unwrap();
    for side in [Side::Duka, Side::Bare] {
        for what in [What::Status, What::Cancel, What::Order] {
            let cost = calls::measure(side, &gateway.base_url, what, 6, 2).await;
            assert_eq!(cost.unwrap().calls, 6, "{side:?} {what:?}");
        }
    }
    assert!(gateway.connections() > 0);
}

#[tokio::test]
async fn both_sides_leave_the_same_rows() {
    let folder = TempDir::new().unwrap();
    let rows = async |side, name: &str| {
        let path = folder.path().join(name);
        store::measure(side, &path, 5, 2).await.unwrap();
        let connection = rusqlite::Connection::open(path).unwrap();
        let rows = "SELECT group_concat(row, '\n') FROM (
            SELECT 'c' || version || state || outcome || attempts || log_entries || coalesce(due_at, '-') AS row
                FROM cancellations
            UNION ALL SELECT 'a' || number || once_only || result || (ended_at IS NOT NULL) FROM attempts
            UNION ALL SELECT 'e' || number || event || coalesce(from_state, '-') || to_state FROM events
            UNION ALL SELECT 'o' || tracking || (last_action_at IS NOT NULL) FROM orders ORDER BY row)";
        let text: String = connection.query_row(rows, [], |row| row.get(0)).unwrap();
        text
    };
    let ours = rows(Side::Duka, "duka.db").await;
    assert_eq!(ours.lines().count(), 5 * 6, "{ours}");
    assert_eq!(ours, rows(Side::Bare, "bare.db").await);
}

#[tokio::test]
async fn a_filled_store_has_what_is_due_and_what_is_abandoned() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("filled.db");
    lists::fill(&path, 10_000, SharedClock::new(Timestamp::now)).unwrap();
    let latencies = store::latencies(&path).await.unwrap();
    assert!(latencies.claim > 0.0 && latencies.page > 0.0);
}

#[tokio::test]
async fn callers_that_meet_an_expired_token_ask_for_one() {
    let requests = tokens::measure(20).await.unwrap();
    assert_eq!([requests.by_clock, requests.by_refusal], [1, 1]);
}

#[test]
fn a_list_has_a_line_for_each_order_and_none_twice() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("list.csv");
    lists::write(&path, 100, Timestamp::now()).unwrap();
    let text = std::fs::read_to_string(path).unwrap();
    let lines: std::collections::BTreeSet<_> = text.lines().collect();
    assert_eq!(lines.len(), 101);
    assert!(text.starts_with("account,order,created_at,amount,currency\nshop,"));
}

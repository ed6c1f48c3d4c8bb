//! The emulator's time: given, moved, and shown in the `Date` of every reply.

use jiff::SignedDuration;

use crate::client::{START, get, kwikpaisa_order, kwikpaisa_signed, order_body, post, sign, start};

#[tokio::test]
async fn the_date_of_a_reply_is_the_emulators_own() {
    let emulator = start().await;
    let reply = get(&emulator, "/_emulator/orders").await;
    assert_eq!(reply.header("date"), Some("Wed, 13 May 2026 08:10:35 GMT"));
    emulator.advance_clock(SignedDuration::from_secs(-60));
    let reply = get(&emulator, "/_emulator/orders").await;
    assert_eq!(reply.header("date"), Some("Wed, 13 May 2026 08:09:35 GMT"));
}

#[tokio::test]
async fn a_moved_clock_makes_a_good_timestamp_stale() {
    let emulator = start().await;
    kwikpaisa_order(&emulator, "7").await;
    let body = order_body("7");
    let signature = sign("sk_test_emulator", &body, START);
    let text = START.to_string();
    let good = kwikpaisa_signed(&emulator, "status", &body, &text, &signature).await;
    assert_eq!(good.reply().status, 200);
    let moved = post(&emulator, "/_emulator/clock", r#"{"advance_seconds":301}"#).await;
    assert_eq!(moved.json()["now"], "2026-05-13T08:15:36Z");
    let stale = kwikpaisa_signed(&emulator, "status", &body, &text, &signature).await;
    assert_eq!(stale.reply().status, 401);
}

#[tokio::test]
async fn a_move_beyond_the_end_of_time_stops_there() {
    let emulator = start().await;
    for _ in 0..2 {
        emulator.advance_clock(SignedDuration::MAX);
    }
    assert_eq!(emulator.now(), jiff::Timestamp::MAX);
    assert_eq!(get(&emulator, "/_emulator/orders").await.status, 200);
}

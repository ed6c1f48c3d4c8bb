//! Faults whose replies are nearly right, never come, or are one too many.

use std::time::{Duration, Instant};

use duka_emulator::{Emulator, Fault, FaultKind, Operation};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::client::{
    Pesapal, Reply, kwikpaisa, kwikpaisa_order, order_body, post, sign, start, verdict,
};

fn cancel_fault(kind: FaultKind, form: u32) -> Fault {
    Fault::new(kind).on(Operation::Cancel).form(form)
}

/// A KwikPaisa order whose cancel meets the fault in this form.
async fn cancel_under(kind: FaultKind, form: u32) -> (Emulator, Reply) {
    let emulator = start().await;
    kwikpaisa_order(&emulator, "7").await;
    emulator.arm(cancel_fault(kind, form)).unwrap();
    let reply = kwikpaisa(&emulator, "cancel", &order_body("7")).await;
    assert_eq!(emulator.orders()[0].cancels_applied, 1);
    (emulator, reply)
}

#[tokio::test]
async fn an_odd_401_stands_around_the_reply_half_of_it_a_page_or_nothing() {
    let (emulator, whole) = cancel_under(FaultKind::Odd401, 0).await;
    assert_eq!(whole.status, 401);
    assert_eq!(whole.json()["return_data"]["order_status"], "CANCELLED");
    assert!(verdict(&emulator).contains("carried out"));
    let (_, half) = cancel_under(FaultKind::Odd401, 1).await;
    assert_eq!(half.status, 401);
    assert_eq!(half.body, whole.body[..whole.body.len() / 2]);
    let (_, page) = cancel_under(FaultKind::Odd401, 2).await;
    assert_eq!(page.status, 401);
    assert!(page.text().starts_with("<!DOCTYPE html>"));
    let (_, nothing) = cancel_under(FaultKind::Odd401, 3).await;
    assert_eq!((nothing.status, nothing.body.len()), (401, 0));
    let (_, again) = cancel_under(FaultKind::Odd401, 4).await;
    assert_eq!(again.body, whole.body);
}

#[tokio::test]
async fn a_fault_of_several_forms_takes_the_next_at_each_strike() {
    let emulator = start().await;
    kwikpaisa_order(&emulator, "7").await;
    let fault = json!({"kind": "odd_401", "operation": "status", "times": 3, "form": 2});
    let armed = post(&emulator, "/_emulator/faults", &fault.to_string()).await;
    assert_eq!((armed.status, &armed.json()["form"]), (200, &json!(2)));
    let mut lengths = Vec::new();
    for _ in 0..3 {
        let reply = kwikpaisa(&emulator, "status", &order_body("7")).await;
        assert_eq!(reply.status, 401);
        lengths.push(reply.body.len());
    }
    let whole = kwikpaisa(&emulator, "status", &order_body("7")).await;
    assert_eq!(lengths[1..], [0, whole.body.len()]);
    assert!(lengths[0] > 0);
    let bad = post(
        &emulator,
        "/_emulator/faults",
        r#"{"kind":"odd_401","form":-1}"#,
    )
    .await;
    assert_eq!(bad.status, 400);
}

#[tokio::test]
async fn an_odd_word_holds_a_character_that_does_not_show() {
    let words = [
        "CA\u{200b}NCELLED",
        "CANCELLED\u{1b}",
        "\u{202e}CANCELLED",
        "CANCELLED ",
    ];
    let successes = [
        "su\u{200b}ccess",
        "success\u{1b}",
        "\u{202e}success",
        "success ",
    ];
    for (form, (word, success)) in (0..).zip(words.into_iter().zip(successes)) {
        let (_, reply) = cancel_under(FaultKind::OddWord, form).await;
        assert_eq!(reply.status, 200);
        assert_eq!(reply.json()["return_data"]["order_status"], word);
        assert_eq!(reply.json()["status"], success);
    }
}

#[tokio::test]
async fn pesapals_numbers_in_words_are_odd_too() {
    let emulator = start().await;
    let merchant = Pesapal::sign_in(&emulator).await;
    let order = merchant.order("A1").await;
    emulator.arm(cancel_fault(FaultKind::OddWord, 3)).unwrap();
    assert_eq!(merchant.cancel(&order).await.json()["status"], "200 ");
    let fault = Fault::new(FaultKind::OddWord).on(Operation::Status).form(1);
    emulator.arm(fault).unwrap();
    let status = merchant.status(&order).await;
    assert_eq!(status["payment_status_description"], "INVALID\u{1b}");
}

/// A connection that stays open, for a status of KwikPaisa's order 7.
struct Kept(TcpStream);

impl Kept {
    async fn open(emulator: &Emulator) -> Self {
        Self(TcpStream::connect(emulator.addr()).await.unwrap())
    }

    async fn ask(&mut self, emulator: &Emulator, operation: &str) {
        let body = order_body("7");
        let now = emulator.now().as_second();
        let signature = sign("sk_test_emulator", &body, now);
        let request = format!(
            "POST /api/v3/pg/order/{operation} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
             accept: application/json\r\nx-api-key: pk_test_emulator\r\nx-timestamp: {now}\r\n\
             x-signature: {signature}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        self.0.write_all(request.as_bytes()).await.unwrap();
    }

    /// What comes until nothing has come for a while.
    async fn hear(&mut self) -> String {
        let mut heard = Vec::new();
        let mut buffer = [0; 65_536];
        while let Ok(read) = timeout(Duration::from_millis(200), self.0.read(&mut buffer)).await {
            match read.unwrap() {
                0 => break,
                more => heard.extend_from_slice(&buffer[..more]),
            }
        }
        String::from_utf8(heard).unwrap()
    }
}

async fn with_stray(fault: Fault) -> (Emulator, Kept) {
    let emulator = start().await;
    kwikpaisa_order(&emulator, "7").await;
    emulator.arm(fault.on(Operation::Status)).unwrap();
    let mut kept = Kept::open(&emulator).await;
    kept.ask(&emulator, "status").await;
    (emulator, kept)
}

#[tokio::test]
async fn a_stray_reply_is_the_whole_status_of_another_order_and_the_connection_goes_on() {
    for (form, word) in [(0, "\"PAID\""), (1, "\"UN_PAID\"")] {
        let (emulator, mut kept) = with_stray(Fault::new(FaultKind::StrayReply).form(form)).await;
        let heard = kept.hear().await;
        let replies: Vec<_> = heard.split("HTTP/1.1 200 OK\r\n").collect();
        assert_eq!((replies.len(), replies[0]), (3, ""), "{heard}");
        assert!(replies[1].contains(r#""order_id":7,"#), "{heard}");
        assert!(replies[2].contains(r#""order_id":"STRAY-1","#), "{heard}");
        assert!(replies[2].contains(word), "{heard}");
        assert!(verdict(&emulator).contains("stray"));
        kept.ask(&emulator, "status").await;
        let heard = kept.hear().await;
        assert_eq!(heard.matches("HTTP/1.1 200 OK").count(), 1, "{heard}");
        assert!(heard.contains(r#""order_id":7,"#), "{heard}");
        assert_eq!(emulator.orders().len(), 1);
    }
}

#[tokio::test]
async fn a_stray_reply_with_a_delay_comes_by_itself_and_only_while_nothing_else_is_asked() {
    let late = || Fault::new(FaultKind::StrayReply).delay(Duration::from_millis(50));
    let (_emulator, mut kept) = with_stray(late()).await;
    let mut buffer = [0; 65_536];
    let first = kept.0.read(&mut buffer).await.unwrap();
    assert!(!String::from_utf8_lossy(&buffer[..first]).contains("STRAY"));
    assert!(kept.hear().await.contains("STRAY"));

    let (emulator, mut kept) = with_stray(late().delay(Duration::from_secs(5))).await;
    let first = kept.0.read(&mut buffer).await.unwrap();
    assert!(first > 0);
    kept.ask(&emulator, "status").await;
    let heard = kept.hear().await;
    assert!(
        heard.contains("HTTP/1.1 200 OK") && !heard.contains("STRAY"),
        "{heard}"
    );
}

#[tokio::test]
async fn pesapals_stray_reply_is_in_its_own_form() {
    let emulator = start().await;
    let merchant = Pesapal::sign_in(&emulator).await;
    let order = merchant.order("A1").await;
    emulator
        .arm(Fault::new(FaultKind::StrayReply).on(Operation::Status))
        .unwrap();
    let mut stream = TcpStream::connect(emulator.addr()).await.unwrap();
    let request = format!(
        "GET /pesapalv3/api/Transactions/GetTransactionStatus?orderTrackingId={order} HTTP/1.1\r\n\
         host: x\r\nauthorization: Bearer {}\r\n\r\n",
        merchant.token
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let heard = Kept(stream).hear().await;
    let (own, stray) = heard.rsplit_once("\r\n\r\n").unwrap();
    assert!(own.contains(&order), "{heard}");
    let stray: serde_json::Value = serde_json::from_str(stray).unwrap();
    assert_eq!(stray["merchant_reference"], "STRAY-1");
    assert_eq!(stray["payment_status_description"], "Completed");
}

#[tokio::test]
async fn an_interim_flood_applies_and_goes_on_until_the_client_has_left() {
    let emulator = start().await;
    kwikpaisa_order(&emulator, "7").await;
    emulator
        .arm(cancel_fault(FaultKind::InterimFlood, 0))
        .unwrap();
    let mut kept = Kept::open(&emulator).await;
    kept.ask(&emulator, "cancel").await;
    let begun = Instant::now();
    let mut heard = Vec::new();
    let mut buffer = [0; 65_536];
    while begun.elapsed() < Duration::from_millis(200) {
        let read = kept.0.read(&mut buffer).await.unwrap();
        heard.extend_from_slice(&buffer[..read]);
    }
    let heard = String::from_utf8(heard).unwrap();
    let one = "HTTP/1.1 102 Processing\r\n\r\n";
    assert!(heard.matches(one).count() > 100, "{}", heard.len());
    assert!(
        heard.replace(one, "").len() < one.len(),
        "nothing else came"
    );
    assert_eq!(emulator.orders()[0].status, "CANCELLED");
    drop(kept);
    // It takes as long as it has to, which is not the minute of one that is listened to.
    sleep(Duration::from_millis(50)).await;
    let stopped = timeout(Duration::from_secs(5), emulator.shutdown()).await;
    assert!(stopped.is_ok());
}

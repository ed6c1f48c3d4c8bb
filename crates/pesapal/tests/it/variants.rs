//! The suite under every assumption about the real gateway (the emulator's variants): each by
//! itself, and every two of them together.

use std::time::Instant;

use duka_core::ErrorKind;
use duka_core::conformance::{Harness, check_all};
use duka_emulator::{Combination, Gateway, pairwise};
use duka_http::{HttpTransport, Intent, Request, Transport};

use crate::conformance::{TestServer, emulator, transport};

#[tokio::test]
async fn every_promise_is_kept_under_every_two_variants() {
    let started = Instant::now();
    let transport = transport();
    let combinations = pairwise(Gateway::Pesapal);
    for combination in &combinations {
        let (emulator, clock) = emulator().await;
        let url = format!("http://{}", emulator.addr());
        choose(combination, &url, &transport).await;
        let server = TestServer::at(emulator, clock, transport.clone()).await;
        // Shown if the suite fails.
        println!("under {combination}");
        check_all(&server).await;
    }
    let (count, seconds) = (combinations.len(), started.elapsed().as_secs());
    println!("the suite passed under {count} combinations of variants in {seconds} s");
}

#[tokio::test]
async fn a_404_of_the_server_in_front_says_nothing_of_an_order() {
    for (value, status) in [
        ("http_404", ErrorKind::NotFound),
        ("foreign_404", ErrorKind::UnlistedReply),
    ] {
        let (emulator, clock) = emulator().await;
        emulator
            .set_variant("pesapal.unknown_order", value)
            .unwrap();
        let server = TestServer::at(emulator, clock, transport()).await;
        let (gateway, order) = (server.gateway(), server.unknown_order());
        assert_eq!(gateway.status(&order).await.unwrap_err().kind(), status);
        let doubt = gateway.cancel(&order).await.unwrap_err();
        assert_eq!(doubt.kind(), ErrorKind::UnlistedReply, "{value}");
    }
}

#[tokio::test]
async fn an_error_that_is_text_is_an_error_with_these_words() {
    let (emulator, clock) = emulator().await;
    emulator.set_variant("pesapal.error_form", "text").unwrap();
    let server = TestServer::at(emulator, clock, transport()).await;
    let answered = server.gateway().status(&server.unknown_order()).await;
    let error = answered.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    assert!(
        error.to_string().contains("unknown orderTrackingId"),
        "{error}"
    );
}

/// Over HTTP, as a program in any language would.
async fn choose(combination: &Combination, emulator: &str, transport: &HttpTransport) {
    let url = format!("{emulator}/_emulator/variants").parse().unwrap();
    let body = serde_json::to_vec(combination).unwrap();
    let request = Request::post_json(url, body);
    let reply = transport.exchange(request, Intent::Mutation).await.unwrap();
    assert_eq!(reply.status, 200, "{}", reply.summary());
}

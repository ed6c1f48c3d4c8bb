//! The suite under every assumption about the real gateway (the emulator's variants): each by
//! itself, and every two of them together.

use std::time::Instant;

use duka_core::OrderId;
use duka_core::conformance::check_all;
use duka_emulator::{Combination, Gateway, pairwise};
use duka_http::{HttpTransport, Intent, Request, Transport};

use crate::conformance::{TestServer, emulator, transport};

#[tokio::test]
async fn every_promise_is_kept_under_every_two_variants() {
    let started = Instant::now();
    let transport = transport();
    let combinations = pairwise(Gateway::KwikPaisa);
    for combination in &combinations {
        let emulator = emulator().await;
        choose(combination, &emulator.kwikpaisa_url(), &transport).await;
        // Node reads numbers as floats: there an id of any size has to be text.
        let ids = match combination.get("kwikpaisa.signed_over") {
            Some("node") => OrderId::text,
            _ => OrderId::integer,
        };
        let server = TestServer::at(emulator, transport.clone())
            .await
            .with_ids(ids);
        // Shown if the suite fails.
        println!("under {combination}");
        check_all(&server).await;
    }
    let (count, seconds) = (combinations.len(), started.elapsed().as_secs());
    println!("the suite passed under {count} combinations of variants in {seconds} s");
}

/// Over HTTP, as a program in any language would.
async fn choose(combination: &Combination, emulator: &str, transport: &HttpTransport) {
    let url = format!("{emulator}/_emulator/variants").parse().unwrap();
    let body = serde_json::to_vec(combination).unwrap();
    let request = Request::post_json(url, body);
    let reply = transport.exchange(request, Intent::Mutation).await.unwrap();
    assert_eq!(reply.status, 200, "{}", reply.summary());
}

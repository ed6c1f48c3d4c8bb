//! How to add a gateway: an adapter for one that does not exist (`adapter.rs`), that gateway's server in memory
//! (`server.rs`), and the suite that every adapter must pass, run here.
//!
//! `cargo run -p duka-core --features conformance --example new_gateway`

#![expect(clippy::print_stdout, reason = "a program for people")]

mod adapter;
mod line;
mod server;

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use duka_core::conformance::check_all;

use server::KioskServer;

fn main() {
    block_on(check_all(&KioskServer::default()));
    println!("the adapter keeps every promise");
}

/// Nothing here waits, so one poll is enough; an adapter that waits needs its runtime.
fn block_on<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("a server in memory answers at once"),
    }
}

#[cfg(test)]
mod tests {
    use duka_core::conformance::Harness;
    use duka_core::conformance_tests;
    use duka_core::{ErrorKind, OrderStatus};

    use super::*;

    async fn server() -> KioskServer {
        KioskServer::default()
    }

    conformance_tests!(block_on = block_on, harness = server);

    #[test]
    fn a_status_that_no_page_explains_is_unknown_and_cannot_be_cancelled() {
        block_on(async {
            let server = KioskServer::default();
            let gateway = server.gateway();
            let order = gateway.create(&server.new_order().await).await;
            let order = order.unwrap().order;
            server.customer(&order, OrderStatus::Processing);
            let status = gateway.status(&order).await.unwrap().status;
            assert_eq!(status, OrderStatus::Unknown("STRANGE".to_owned()));
            assert!(!gateway.cancel_rules().is_eligible(&status));
            let error = gateway.cancel(&order).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::UnlistedReply);
        });
    }
}

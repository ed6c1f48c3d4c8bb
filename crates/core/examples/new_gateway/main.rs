//! How to add a gateway: an adapter for one that does not exist (`adapter.rs`), that gateway in memory (`counter.rs`), and
//! the suite that every adapter must pass, run here.
//!
//! `cargo run -p duka-core --features conformance --example new_gateway`

#![expect(clippy::print_stdout, reason = "a program for people")]

mod adapter;
mod counter;
mod line;

use std::pin::pin;
use std::process::ExitCode;
use std::task::{Context, Poll, Waker};

use duka_core::conformance::{Report, check_all};

use counter::Counter;

fn main() -> ExitCode {
    let report = checked();
    println!("{report}");
    if report.is_clean() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn checked() -> Report {
    // Nothing here waits, so one look is enough; an adapter that does brings its runtime.
    let counter = Counter::default();
    match pin!(check_all(&counter)).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(report) => report,
        Poll::Pending => unreachable!("a gateway in memory answers at once"),
    }
}

#[cfg(test)]
mod tests {
    use duka_core::conformance::Bench as _;
    use duka_core::{ErrorKind, OrderStatus};

    use super::*;

    #[test]
    fn the_adapter_passes_every_case() {
        let report = checked();
        assert!(report.is_clean(), "{report}");
        // Kiosk gives no money back; everything else is tried.
        let all_about_refunds = report.left_out.iter().all(|(case, reason)| {
            case.contains("refund") && reason == "there are no refunds there"
        });
        assert!(all_about_refunds, "{report}");
    }

    #[test]
    fn a_status_that_no_page_explains_is_unknown_and_cannot_be_cancelled() {
        let counter = Counter::default();
        let gateway = counter.gateway();
        let talk = async {
            let order = counter.new_order().await.unwrap();
            let order = gateway.create(&order).await.unwrap().order;
            counter.customer(&order, OrderStatus::Processing).unwrap();
            let status = gateway.status(&order).await.unwrap().status;
            assert_eq!(status, OrderStatus::Unknown("STRANGE".to_owned()));
            assert!(!gateway.cancel_rules().is_eligible(&status));
            let error = gateway.cancel(&order).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::UnlistedReply);
        };
        let looked = pin!(talk).poll(&mut Context::from_waker(Waker::noop()));
        assert_eq!(looked, Poll::Ready(()));
    }
}

//! The suite that every [`Gateway`](crate::Gateway) must pass, whoever wrote it.
//!
//! Each rule is a [`Case`], checked from outside: the suite calls the gateway, and asks a
//! [`Bench`] what really happened on the other side. It needs no runtime, no socket and no
//! clock; the bench brings whatever its gateway needs, usually an emulator.
//!
//! Implement [`Bench`] in a test and either look at the whole [`Report`]:
//!
//! ```
//! # use duka_core::conformance::{self, Bench};
//! # async fn demo(bench: impl Bench) {
//! let report = conformance::check_all(&bench).await;
//! assert!(report.is_clean(), "{report}");
//! # }
//! ```
//!
//! or have one test for each rule, with [`conformance_tests!`](crate::conformance_tests).
//! Every case makes orders of its own, so any number of them can share a bench, one after
//! the other; not at the same time, since a fault strikes whoever comes first.
//!
//! The crate's example `new_gateway` is an adapter with its bench, as short as they can be.

mod bench;
mod cancels;
mod case;
mod faults;
mod manners;
mod notifications;
mod orders;
mod refunds;
mod report;
mod trial;

pub use bench::{
    Armed, Bench, BenchError, Fault, FlawedOrder, Notified, RefundTruth, Sender, Truth,
};
pub use case::{Case, cases, check_all};
pub use report::{Report, Verdict, Violation};

/// One `#[test]` for every rule of the suite, in the module where it stands.
///
/// `block_on` is a function that runs a future to its end, `bench` an async function that
/// opens a new [`Bench`](crate::conformance::Bench). A rule that it cannot try passes.
///
/// ```text
/// duka_core::conformance_tests!(block_on = block_on, bench = Shop::open);
/// ```
#[macro_export]
macro_rules! conformance_tests {
    (block_on = $block_on:path, bench = $bench:path $(,)?) => {
        $crate::conformance_tests! { @each $block_on, $bench;
            create_gives_an_address_to_pay_at
            an_order_with_every_field_is_created
            a_new_order_can_be_cancelled
            an_order_has_one_form_of_its_id
            a_paid_order_reads_paid
            a_failed_payment_reads_failed
            reading_changes_nothing
            an_unknown_order_has_no_status
            an_open_order_is_cancelled_by_one_request
            a_cancelled_order_shows_it_where_the_rules_say_so
            a_paid_order_is_never_cancelled
            a_failed_order_is_cancelled_where_the_rules_say_so
            a_repeated_cancel_does_no_harm_where_the_rules_say_so
            an_unknown_order_is_never_cancelled
            a_paid_order_is_refunded_by_one_request
            an_unpaid_order_is_never_refunded
            a_refund_that_cannot_be_is_not_sent
            cancel_under_reset_before
            cancel_under_reply_lost
            cancel_under_html_body
            cancel_under_empty_body
            cancel_under_truncated_body
            cancel_under_garbage_body
            cancel_under_server_error
            cancel_under_unavailable
            cancel_under_too_many_requests
            cancel_under_turned_away
            cancel_under_pay_before_apply
            cancel_under_pay_after_apply
            status_under_reset_before
            status_under_reply_lost
            status_under_html_body
            status_under_empty_body
            status_under_truncated_body
            status_under_garbage_body
            status_under_server_error
            status_under_unavailable
            status_under_too_many_requests
            status_under_turned_away
            create_under_reset_before
            create_under_reply_lost
            create_under_html_body
            create_under_empty_body
            create_under_truncated_body
            create_under_garbage_body
            create_under_server_error
            create_under_unavailable
            create_under_too_many_requests
            create_under_turned_away
            refund_under_reset_before
            refund_under_reply_lost
            refund_under_html_body
            refund_under_empty_body
            refund_under_truncated_body
            refund_under_garbage_body
            refund_under_server_error
            refund_under_unavailable
            refund_under_too_many_requests
            refund_under_turned_away
            a_notification_names_its_order
            a_notification_claims_no_more_than_the_status_shows
            a_notification_from_a_stranger_claims_nothing
            nothing_is_sent_to_where_nobody_listens
            an_order_of_nothing_is_not_sent
            a_flawed_order_is_not_sent_and_its_field_is_named
            supports_agrees_with_what_happens
            debug_shows_no_secret
        }
    };
    (@each $block_on:path, $bench:path; $($name:ident)+) => {
        $(
            #[test]
            fn $name() {
                $block_on(async {
                    let bench = $bench().await;
                    $crate::conformance::Case::named(stringify!($name))
                        .expect("the macro and the suite list the same cases")
                        .run(&bench)
                        .await
                        .assert_not_violated();
                });
            }
        )+

        #[test]
        fn every_case_has_its_test() {
            let listed = [$(stringify!($name)),+];
            let cases = $crate::conformance::cases();
            let names: Vec<_> = cases.iter().map(|case| case.name()).collect();
            assert_eq!(names, listed);
        }
    };
}

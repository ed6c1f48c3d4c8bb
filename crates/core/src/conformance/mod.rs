//! The suite that every [`Gateway`](crate::Gateway) must pass, ours and yours.
//!
//! Each promise of the trait is a function that takes a [`Harness`], calls the gateway,
//! asks the harness what the server knows, and panics if the promise is broken. The suite
//! needs no runtime, no socket and no clock; the harness brings what its gateway needs,
//! usually an emulator.
//!
//! Implement [`Harness`] in a test, and either check every promise in one test:
//!
//! ```
//! # use duka_core::conformance::{self, Harness};
//! # async fn demo(harness: impl Harness) {
//! conformance::check_all(&harness).await;
//! # }
//! ```
//!
//! or have a test for each promise, with [`conformance_tests!`](crate::conformance_tests).
//! Every function creates orders of its own, so several can share a harness, one after the
//! other; not at the same time, since a fault happens to the next request.
//!
//! The crate's example `new_gateway` is a minimal adapter with its harness.

mod cancels;
mod check;
mod harness;
mod notifications;
mod orders;
mod refunds;
mod requests;

pub use cancels::*;
pub use harness::{Fault, Harness, Notification, RequestCounts, ServerState};
pub use notifications::*;
pub use orders::*;
pub use refunds::*;
pub use requests::*;

/// Calls a macro with its arguments and the names of all promises: the one list of them.
#[doc(hidden)]
#[macro_export]
macro_rules! for_each_promise {
    ([$($callback:tt)+] $($arguments:tt)*) => {
        $($callback)+! { $($arguments)*
            create_gives_an_address_to_pay_at
            create_accepts_every_known_field
            new_order_can_be_cancelled
            order_has_one_canonical_id
            paid_order_reads_paid
            failed_payment_reads_failed
            status_changes_nothing
            status_of_an_unknown_order_is_an_error
            status_with_a_connection_reset_is_not_guessed
            status_with_a_lost_reply_is_not_guessed
            status_with_an_html_reply_is_not_guessed
            status_with_an_empty_reply_is_not_guessed
            status_with_a_truncated_reply_is_not_guessed
            status_with_a_garbage_reply_is_not_guessed
            status_with_a_status_500_is_not_guessed
            status_with_a_status_503_is_not_guessed
            status_with_a_status_429_is_not_guessed
            status_with_a_success_in_status_401_is_not_guessed
            status_with_refused_credentials_is_not_guessed
            create_with_a_connection_reset_is_an_error
            create_with_a_lost_reply_is_an_error
            create_with_an_html_reply_is_an_error
            create_with_an_empty_reply_is_an_error
            create_with_a_truncated_reply_is_an_error
            create_with_a_garbage_reply_is_an_error
            create_with_a_status_500_is_an_error
            create_with_a_status_503_is_an_error
            create_with_a_status_429_is_an_error
            create_with_a_success_in_status_401_is_an_error
            create_with_refused_credentials_creates_at_most_one_order
            open_order_is_cancelled_by_one_request
            cancelled_order_shows_it_if_the_rules_say_so
            paid_order_is_never_cancelled
            failed_order_is_cancelled_if_the_rules_say_so
            repeated_cancel_is_harmless_if_the_rules_say_so
            unknown_order_is_never_cancelled
            cancel_with_a_connection_reset_is_in_doubt
            cancel_with_a_lost_reply_is_in_doubt
            cancel_with_an_html_reply_is_in_doubt
            cancel_with_an_empty_reply_is_in_doubt
            cancel_with_a_truncated_reply_is_in_doubt
            cancel_with_a_garbage_reply_is_in_doubt
            cancel_with_a_status_500_is_in_doubt
            cancel_with_a_status_503_is_in_doubt
            cancel_with_a_status_429_is_in_doubt
            cancel_with_a_success_in_status_401_is_in_doubt
            cancel_with_refused_credentials_takes_effect_at_most_once
            cancel_just_after_a_payment_leaves_the_order_paid
            cancel_just_before_a_payment_leaves_the_order_paid
            paid_order_is_refunded_by_one_request
            unpaid_order_is_never_refunded
            refund_of_an_impossible_amount_is_not_sent
            refund_with_a_connection_reset_is_in_doubt
            refund_with_a_lost_reply_is_in_doubt
            refund_with_an_html_reply_is_in_doubt
            refund_with_an_empty_reply_is_in_doubt
            refund_with_a_truncated_reply_is_in_doubt
            refund_with_a_garbage_reply_is_in_doubt
            refund_with_a_status_500_is_in_doubt
            refund_with_a_status_503_is_in_doubt
            refund_with_a_status_429_is_in_doubt
            refund_with_a_success_in_status_401_is_in_doubt
            refund_with_refused_credentials_takes_effect_at_most_once
            notification_names_its_order
            notification_claims_no_more_than_the_status
            forged_notification_claims_no_status
            request_without_a_connection_is_not_sent
            order_of_an_impossible_amount_is_not_sent
            invalid_order_is_not_sent_and_its_field_is_named
            supports_agrees_with_the_operations
            debug_shows_no_secret
        }
    };
}

macro_rules! check_each {
    ($harness:ident; $($name:ident)+) => { $( $name($harness).await; )+ };
}

/// Checks every promise, one after the other.
///
/// # Panics
/// At the first promise that is broken.
pub async fn check_all(harness: &dyn Harness) {
    for_each_promise! { [check_each] harness; }
}

/// One `#[test]` for each promise of the suite, in the module where it stands.
///
/// `block_on` is a function that runs a future to its end, `harness` an async function that
/// returns a new [`Harness`](crate::conformance::Harness).
///
/// ```text
/// duka_core::conformance_tests!(block_on = block_on, harness = TestServer::start);
/// ```
#[macro_export]
macro_rules! conformance_tests {
    (block_on = $block_on:path, harness = $harness:path $(,)?) => {
        $crate::for_each_promise! { [$crate::conformance_test_functions] $block_on, $harness; }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! conformance_test_functions {
    ($block_on:path, $harness:path; $($name:ident)+) => {
        $(
            #[test]
            fn $name() {
                $block_on(async {
                    let harness = $harness().await;
                    $crate::conformance::$name(&harness).await;
                });
            }
        )+
    };
}

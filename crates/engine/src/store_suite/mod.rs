//! The tests that every store must pass, whatever database is behind it.
//!
//! Each test is a function that gets a [`Suite`]: one empty store and its clock. The macro
//! [`store_suite!`](crate::store_suite!) makes a `#[tokio::test]` of each:
//!
//! `duka_engine::store_suite!(TempStore::new());`, where `TempStore::new()` makes an empty store
//! and `open(&self, clock: SharedClock)` opens a handle on it that goes by this clock, an
//! `Arc<dyn RefundStore>`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "the suite is tests: what cannot be set up, or breaks a promise, has failed"
)]

pub mod changes;
pub mod claims;
pub mod creations;
pub mod fences;
pub mod holds;
pub mod refunds;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use duka_core::clock::SharedClock;
use duka_core::{AccountName, GatewayName, OrderId};
use jiff::{SignedDuration, Timestamp};

use crate::{OrderKey, RefundStore, Request, TrackedOrder};

/// One store, and the clock that every handle on it goes by. It stands at [`noon`] until a
/// test sets it.
pub struct Suite<'a> {
    open: &'a (dyn Fn(SharedClock) -> Arc<dyn RefundStore> + Sync),
    seconds: Arc<AtomicI64>,
}

impl fmt::Debug for Suite<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Suite").finish_non_exhaustive()
    }
}

impl<'a> Suite<'a> {
    /// A suite on the store that `open` opens handles on.
    pub fn new(open: &'a (dyn Fn(SharedClock) -> Arc<dyn RefundStore> + Sync)) -> Self {
        let seconds = Arc::default();
        Self { open, seconds }
    }

    /// Opens a handle on the store.
    pub fn open(&self) -> Arc<dyn RefundStore> {
        let seconds = Arc::clone(&self.seconds);
        (self.open)(SharedClock::new(move || at(seconds.load(SeqCst))))
    }

    /// Sets the clock of all handles to so many seconds after [`noon`].
    pub fn set_clock(&self, seconds: i64) {
        self.seconds.store(seconds, SeqCst);
    }
}

/// One minute.
pub const MINUTE: Duration = Duration::from_secs(60);

/// When every test begins.
pub fn noon() -> Timestamp {
    "2026-05-13T08:34:00Z".parse().unwrap()
}

/// So many seconds after [`noon`].
pub fn at(seconds: i64) -> Timestamp {
    noon() + SignedDuration::from_secs(seconds)
}

/// An account of this name.
pub fn account(name: &str) -> AccountName {
    AccountName::new(name).unwrap()
}

/// The key of an order.
pub fn key(account_name: &str, order: &str) -> OrderKey {
    OrderKey::new(account(account_name), OrderId::guess(order).unwrap())
}

/// An order created an hour before the test begins.
pub fn order(account_name: &str, id: &str) -> TrackedOrder {
    let created = noon() - SignedDuration::from_hours(1);
    let gateway = GatewayName::from_static("kwikpaisa");
    TrackedOrder::new(key(account_name, id), gateway, created)
}

/// A request for a cancellation.
pub fn by(actor: &str) -> Request {
    Request {
        reason: Some("checkout abandoned".to_owned()),
        actor: actor.to_owned(),
    }
}

/// Runs every test of the suite against one kind of store. The expression makes an empty
/// store; its method `open(&self, clock: SharedClock)` opens a handle on it, an
/// [`Arc<dyn RefundStore>`](crate::RefundStore). The caller's crate needs tokio with the
/// features `macros` and `rt-multi-thread`.
#[macro_export]
macro_rules! store_suite {
    ($fixture:expr) => {
        $crate::store_suite! { @tests $fixture;
            changes {
                an_order_is_kept_with_all_that_is_known_of_it
                tracking_again_fills_in_what_is_not_known_and_changes_nothing_else
                a_correction_replaces_what_a_list_says_and_nothing_else
                orders_are_read_together_by_their_keys
                an_id_keeps_the_json_type_it_was_tracked_with
                an_order_is_found_by_its_id_reference_or_shop_order_in_any_account
                what_the_gateway_tells_is_kept_until_it_tells_something_else
                what_was_seen_of_an_order_never_goes_back
                an_unknown_status_keeps_the_words_it_was_seen_with
                what_was_seen_paid_is_not_offered_to_a_sweep_again
                an_untracked_order_cannot_be_cancelled
                a_second_cancellation_waits_until_the_first_is_over
                what_a_sweep_saw_a_while_ago_must_still_hold_when_it_begins
                a_caller_who_names_an_order_is_not_bound_by_what_binds_a_sweep
                what_a_caller_says_counts_although_the_worker_that_held_the_record_has_died
                what_a_caller_adds_to_a_cancellation_starts_no_other_one
                of_many_that_open_at_once_exactly_one_begins
                a_change_is_kept_with_everything_it_says
                a_change_made_from_an_old_version_writes_nothing
                a_second_request_at_a_once_only_gateway_cannot_be_written_down
                a_request_that_never_left_gives_the_orders_turn_back
                where_a_repeat_is_harmless_every_attempt_is_written_down
                the_log_tells_everything_in_order_and_without_holes
                a_report_gives_each_cancellation_once_page_by_page
                a_report_gives_only_what_its_filters_fit
            }
            claims {
                what_is_over_is_never_claimed
                what_waits_for_a_person_is_claimed_by_name
                a_claim_holds_until_it_lapses_and_then_goes_to_another
                an_unclaimed_record_can_be_claimed_by_id_before_it_is_due
                workers_that_claim_at_once_never_get_the_same_record
                abandoned_orders_come_by_age_page_by_page
                orders_that_expire_or_are_superseded_come_on_pages_of_their_own
                orders_that_are_too_old_for_a_sweep_are_counted_and_no_others
                an_order_with_a_recent_action_is_left_alone_for_a_while
                stats_count_what_is_there
                everything_survives_the_end_of_the_program
            }
            creations {
                a_request_to_create_is_open_until_its_order_is_tracked
                an_order_that_was_not_created_is_tracked_no_longer
                an_order_that_another_request_has_created_is_not_forgotten
                an_order_keeps_its_age_and_origin_when_creating_it_again_is_refused
                an_order_that_may_exist_or_was_known_before_stays_tracked
                an_order_that_is_seen_closes_the_requests_that_may_have_created_it
                an_order_that_was_just_created_begins_its_life_now_whatever_was_listed_of_its_id
                open_requests_come_oldest_first_page_by_page
                a_second_attempt_for_a_shop_order_is_not_begun_while_one_is_open
                of_many_attempts_that_begin_at_once_exactly_one_does
                a_shop_order_whose_attempt_is_paid_gets_no_other
                an_id_whose_order_is_cancelled_is_not_used_again
            }
            fences {
                one_orders_request_does_not_use_up_anothers
                an_account_under_a_new_name_has_the_same_orders
                a_payment_and_its_findings_are_written_together
                a_payment_of_another_amount_is_a_finding_of_the_newest
                a_payment_of_another_amount_is_a_finding_without_a_cancellation
                a_second_payment_for_a_shop_order_is_a_finding
                a_list_that_joins_two_paid_orders_tells_of_two_payments
                deciding_cancelled_of_a_paid_order_is_a_finding_at_once
                the_worker_that_stores_a_late_answer_holds_the_lease
                a_lease_that_a_wrong_clock_wrote_for_a_year_has_lapsed
            }
            holds {
                a_hold_is_kept_with_who_and_why_and_is_not_changed_by_a_second
                a_held_order_is_not_offered_to_a_sweep_until_it_is_released
                no_request_is_written_down_for_an_order_that_is_held
                held_orders_are_listed_page_by_page
            }
            refunds {
                an_intent_is_kept_with_all_that_it_says
                an_intent_needs_an_order_that_was_seen_paid
                a_second_request_of_a_payment_cannot_be_written_down
                a_request_that_never_left_makes_room_for_another
                a_late_answer_is_a_finding_where_another_request_has_the_payment
                a_change_is_made_by_the_rules_alone
                one_payments_request_is_not_in_anothers_way
                a_refund_made_from_an_old_version_writes_nothing
                a_refunds_log_tells_everything_in_order
                money_seen_to_go_back_ends_what_waits_for_it
                what_is_not_over_is_listed_page_by_page
                a_lease_on_a_refund_ends_by_the_clock_of_the_store
                a_claim_of_a_wrong_clock_is_lapsed
            }
        }
    };
    (@tests $fixture:expr; $($module:ident { $($test:ident)* })*) => {$($(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $test() {
            let fixture = $fixture;
            let open = |clock| fixture.open(clock);
            let suite = $crate::store_suite::Suite::new(&open);
            $crate::store_suite::$module::$test(&suite).await;
        }
    )*)*};
}

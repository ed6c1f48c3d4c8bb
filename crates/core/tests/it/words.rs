//! `Display` and `FromStr`: what is written as text reads back.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use duka_core::cancel::{Finding, SkipReason};
use duka_core::id::IdForm;
use duka_core::refund::{RefundFinding, RefundOutcome, RefundResolution, RefundState};
use duka_core::{AccountName, GatewayName, Money, OrderId, OrderStatus, Outcome, State};

#[track_caller]
fn reads_back<T>(text: &str)
where
    T: FromStr<Err: Debug> + Display,
{
    assert_eq!(text.parse::<T>().unwrap().to_string(), text);
}

#[track_caller]
fn refused<T>(text: &str) -> String
where
    T: FromStr<Err: Display> + Debug,
{
    text.parse::<T>().unwrap_err().to_string()
}

#[test]
fn what_is_written_as_text_reads_back() {
    reads_back::<AccountName>("shop-ke");
    reads_back::<GatewayName>("pesapal");
    reads_back::<OrderId>("A-17");
    reads_back::<Money>("105.50 KES");
    for finding in Finding::ALL {
        reads_back::<Finding>(finding.as_str());
    }
    for outcome in RefundOutcome::ALL {
        reads_back::<RefundOutcome>(outcome.as_str());
    }
    reads_back::<RefundFinding>("double_request");
    reads_back::<RefundResolution>("not_received");
    for reason in SkipReason::ALL {
        reads_back::<SkipReason>(reason.as_str());
    }
    for word in [
        "unpaid",
        "processing",
        "paid",
        "failed",
        "expired",
        "cancelled",
        "reversed",
    ] {
        reads_back::<OrderStatus>(word);
    }
}

#[test]
fn an_order_id_read_from_text_is_an_integer_where_it_can_be_one() {
    assert_eq!("17".parse::<OrderId>().unwrap().form(), IdForm::Integer);
    assert_eq!("017".parse::<OrderId>().unwrap().form(), IdForm::Text);
}

#[test]
fn states_and_outcomes_are_written_as_their_words() {
    assert_eq!(State::InDoubt.to_string(), "in_doubt");
    assert_eq!(RefundState::InDoubt.to_string(), "in_doubt");
    assert_eq!(
        RefundState::Done(RefundOutcome::Received).to_string(),
        "done"
    );
    let skipped = Outcome::Skipped(SkipReason::NotFound);
    assert_eq!(State::Done(skipped).to_string(), "done");
    assert_eq!(skipped.to_string(), "skipped");
    assert_eq!(skipped.skip_reason(), Some(SkipReason::NotFound));
    assert_eq!(Outcome::Confirmed.skip_reason(), None);
    // In columns.
    assert_eq!(format!("{:9}|", State::Sending), "sending  |");
}

#[test]
fn a_refused_text_is_named_with_the_words_that_are_allowed() {
    assert_eq!(
        refused::<Money>("105.50"),
        "\"105.50\" is not an amount and a currency such as 105.50 KES"
    );
    assert_eq!(refused::<AccountName>(""), "account name is empty");
    assert_eq!(
        refused::<SkipReason>("lazy"),
        "skip reason \"lazy\" is not one of not_eligible, not_found, already_submitted, \
         status_unreadable, could_not_send, amount_differs, held"
    );
    assert_eq!(
        refused::<OrderStatus>("PAID"),
        "order status \"PAID\" is not one of unpaid, processing, paid, failed, expired, \
         cancelled, reversed, unknown"
    );
}

//! Errors: their texts, which are read by people and pinned, and what a caller can ask.

use std::error::Error as _;
use std::time::Duration;

use duka_core::cancel::{self, CancelRules, Cancellation, Event, Patience};
use duka_core::{Delivery, Error, ErrorKind};
use jiff::Timestamp;

const KINDS: [ErrorKind; 11] = [
    ErrorKind::InvalidRequest,
    ErrorKind::Configuration,
    ErrorKind::Unsupported,
    ErrorKind::Authentication,
    ErrorKind::NotFound,
    ErrorKind::Conflict,
    ErrorKind::Rejected,
    ErrorKind::RateLimited,
    ErrorKind::Unavailable,
    ErrorKind::UnreadableReply,
    ErrorKind::UnlistedReply,
];

#[test]
fn every_kind_opens_with_its_words_and_says_whose_fault_it_is() {
    let lines: Vec<_> = KINDS
        .into_iter()
        .map(|kind| {
            let error = Error::new(kind, Delivery::Unknown, "because");
            let whose = if kind.is_callers_fault() {
                "caller"
            } else {
                "gateway"
            };
            format!("{error} [{whose}]")
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    invalid request: because [caller]
    wrong configuration: because [caller]
    not supported: because [caller]
    credentials refused: because [caller]
    order not found: because [caller]
    order id already taken: because [caller]
    refused by the gateway: because [caller]
    gateway asks to slow down: because [gateway]
    gateway out of reach: because [gateway]
    unreadable reply: because [gateway]
    reply of an undocumented form: because [gateway]
    ");
}

#[test]
fn texts_are_lowercase_fragments() {
    for kind in KINDS {
        let text = kind.as_str();
        assert!(text.starts_with(|c: char| c.is_ascii_lowercase()), "{text}");
        assert!(!text.ends_with('.'), "{text}");
    }
}

#[test]
fn the_http_status_and_the_gateways_code_stand_at_the_end() {
    let error = || Error::new(ErrorKind::Rejected, Delivery::Answered, "invalid amount");
    let shown = [
        error(),
        error().with_http_status(422),
        error().with_code("amount_exceeds_default_limit"),
        error().with_http_status(422).with_code("E7"),
    ]
    .map(|e| e.to_string());
    insta::assert_snapshot!(shown.join("\n"), @r"
    refused by the gateway: invalid amount
    refused by the gateway: invalid amount (HTTP 422)
    refused by the gateway: invalid amount (code amount_exceeds_default_limit)
    refused by the gateway: invalid amount (HTTP 422, code E7)
    ");
}

#[test]
fn what_was_put_in_comes_out() {
    let bare = Error::new(ErrorKind::RateLimited, Delivery::Answered, "later");
    assert_eq!(bare.kind(), ErrorKind::RateLimited);
    assert_eq!(bare.delivery(), Delivery::Answered);
    assert_eq!(
        (bare.code(), bare.http_status(), bare.retry_after()),
        (None, None, None)
    );
    assert!(bare.source().is_none());
    let full = bare
        .with_code("slow_down")
        .with_http_status(429)
        .with_retry_after(Duration::from_secs(3))
        .with_source(std::io::Error::other("the cause"));
    assert_eq!(full.code(), Some("slow_down"));
    assert_eq!(full.http_status(), Some(429));
    assert_eq!(full.retry_after(), Some(Duration::from_secs(3)));
}

#[test]
fn the_cause_is_the_source_and_not_part_of_the_text() {
    let inner = Error::new(ErrorKind::Unavailable, Delivery::Unknown, "reset")
        .with_source(std::io::Error::other("os says no"));
    let outer = Error::new(ErrorKind::Unavailable, Delivery::Unknown, "cancel").with_source(inner);
    let mut chain = vec![outer.to_string()];
    let mut next = outer.source();
    while let Some(error) = next {
        chain.push(error.to_string());
        next = error.source();
    }
    let wanted = [
        "gateway out of reach: cancel",
        "gateway out of reach: reset",
        "os says no",
    ];
    assert_eq!(chain, wanted);
}

#[test]
fn debug_shows_every_part() {
    let error = Error::new(ErrorKind::NotFound, Delivery::Answered, "no such order")
        .with_http_status(404)
        .with_source(std::fmt::Error);
    insta::assert_snapshot!(format!("{error:?}"), @r#"Error { kind: NotFound, delivery: Answered, message: "no such order", code: None, http_status: Some(404), retry_after: None, source: Some(Error) }"#);
}

#[test]
fn a_bad_field_is_named_and_nothing_was_sent() {
    let error = Error::invalid_field("reference", "is longer than 50 characters");
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!(
        error.to_string(),
        "invalid request: reference is longer than 50 characters"
    );
}

#[test]
fn an_error_can_cross_threads_and_costs_a_pointer() {
    fn check<T: Send + Sync + 'static>() {}
    check::<Error>();
    assert_eq!(size_of::<Error>(), size_of::<usize>());
}

#[test]
fn an_event_out_of_place_says_which_and_where() {
    let rules = CancelRules::once_only([]);
    let requested = Cancellation::requested();
    let patience = Patience::default();
    let now = Timestamp::UNIX_EPOCH;
    let error = cancel::step(&requested, &Event::AnsweredYes, &rules, &patience, now).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a cancellation that is requested takes no answered_yes"
    );
}

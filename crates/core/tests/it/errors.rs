//! Errors: their texts, which are read by people and pinned, and what a caller can ask.

use std::error::Error as _;
use std::time::Duration;

use duka_core::cancel::{self, CancelRules, Cancellation, Event, WaitPolicy};
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
fn an_error_returns_what_it_was_built_from() {
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
    insta::assert_snapshot!(format!("{error:?}"), @r#"Error { kind: NotFound, delivery: Answered, message: "no such order", field: None, code: None, http_status: Some(404), retry_after: None, source: Some(Error) }"#);
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
    let wait_policy = WaitPolicy::default();
    let now = Timestamp::UNIX_EPOCH;
    let error =
        cancel::step(&requested, &Event::AnsweredYes, &rules, &wait_policy, now).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a cancellation that is requested takes no answered_yes"
    );
}

/// A cause that another library has wrapped in words of its own.
#[derive(Debug)]
struct Wrapped(&'static str, Option<Box<Self>>);

impl Wrapped {
    fn around(texts: &[&'static str]) -> Self {
        let (first, rest) = texts.split_first().unwrap();
        let inner = (!rest.is_empty()).then(|| Box::new(Self::around(rest)));
        Self(first, inner)
    }
}

impl std::fmt::Display for Wrapped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Wrapped {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.1.as_deref().map(|it| it as _)
    }
}

fn unreachable_shop(message: &str) -> Error {
    Error::new(ErrorKind::Unavailable, Delivery::NotSent, message)
}

#[test]
fn in_full_an_error_ends_with_what_its_cause_adds() {
    let full = |error: &Error| error.in_full().to_string();
    let lines = [
        full(&unreachable_shop("no connection to pay.example")),
        // Of a library's own wrapping only the cause is worth a reader's time.
        full(
            &unreachable_shop("no connection to pay.example").with_source(Wrapped::around(&[
                "error sending request",
                "client error (Connect)",
                "invalid peer certificate: certificate expired",
            ])),
        ),
        // What has been said is not said again.
        full(
            &unreachable_shop("connection reset by peer").with_source(Wrapped::around(&[
                "lost",
                "Connection reset by peer (os error 104)",
            ])),
        ),
        full(
            &unreachable_shop("no answer from pay.example in time")
                .with_source(Wrapped::around(&["deadline has elapsed"])),
        ),
        // An abbreviation keeps its letters.
        full(&unreachable_shop("no connection").with_source(Wrapped::around(&["TLS is off"]))),
        full(&unreachable_shop("no connection").with_source(Wrapped::around(&["  "]))),
    ];
    insta::assert_snapshot!(lines.join("\n"), @r"
    gateway out of reach: no connection to pay.example
    gateway out of reach: no connection to pay.example: invalid peer certificate: certificate expired
    gateway out of reach: connection reset by peer
    gateway out of reach: no answer from pay.example in time
    gateway out of reach: no connection: TLS is off
    gateway out of reach: no connection
    ");
}

#[cfg(target_os = "linux")]
#[test]
fn in_full_an_error_of_the_system_is_shown_without_its_number() {
    let refused = std::io::Error::from_raw_os_error(111);
    let error = unreachable_shop("no connection to pay.example").with_source(refused);
    assert_eq!(
        error.in_full().to_string(),
        "gateway out of reach: no connection to pay.example: connection refused"
    );
}

#[test]
fn in_full_each_of_our_own_causes_is_shown_without_its_opening_words() {
    let token = || {
        unreachable_shop("no connection to pay.example")
            .with_source(Wrapped::around(&["error", "no such host"]))
    };
    // Kept behind an `Arc` where several callers wait for the same thing.
    for cause in [
        unreachable_shop("status: no access token").with_source(token()),
        unreachable_shop("status: no access token").with_source(std::sync::Arc::new(token())),
    ] {
        assert_eq!(
            cause.in_full().to_string(),
            "gateway out of reach: status: no access token: no connection to pay.example: no such host"
        );
    }
    let refused = || {
        Error::new(ErrorKind::Authentication, Delivery::Answered, "bad key")
            .with_http_status(400)
            .with_code("E7")
    };
    let same = Error::new(ErrorKind::Authentication, Delivery::NotSent, "no token")
        .with_http_status(400)
        .with_code("E7")
        .with_source(refused());
    let other = unreachable_shop("no token").with_source(refused());
    assert_eq!(
        [same, other].map(|it| it.in_full().to_string()),
        [
            "credentials refused: no token (HTTP 400, code E7): bad key",
            "gateway out of reach: no token: credentials refused: bad key (HTTP 400, code E7)"
        ]
    );
}

#[test]
fn in_full_a_cause_shows_no_query_no_password_and_no_control_character() {
    let long = Box::leak("x".repeat(1000).into_boxed_str());
    for (cause, shown) in [
        (
            "GET https://pay.example/status?orderTrackingId=17&key=sk_1 failed",
            "GET https://pay.example/status?… failed",
        ),
        (
            "(https://asha:secret@pay.example:8443/x#part)",
            "(https://…@pay.example:8443/x#…",
        ),
        ("reset\u{1b}[31m by\r\n  peer\u{202e}", "reset[31m by peer"),
        (&*long, &format!("{}…", "x".repeat(199))),
    ] {
        let error = unreachable_shop("lost").with_source(Wrapped::around(&[cause]));
        let expected = format!("gateway out of reach: lost: {shown}");
        assert_eq!(error.in_full().to_string(), expected);
    }
}

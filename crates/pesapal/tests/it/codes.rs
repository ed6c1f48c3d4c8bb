//! The tables themselves.

use std::collections::BTreeSet;

use duka_core::evidence::Evidence;
use duka_core::{ErrorKind, Gateway, OrderStatus};
use duka_pesapal::codes::{ERROR_CODES, PENDING, STATUS_CODES, error_code, status_code};

use crate::fake::{Fake, pesapal};

#[test]
fn status_numbers_run_from_0_to_3_and_none_means_cancelled() {
    let rows: Vec<_> = STATUS_CODES
        .iter()
        .map(|row| (row.number, row.text, row.status.as_str()))
        .collect();
    assert_eq!(
        rows,
        [
            (0, "INVALID", "unpaid"),
            (1, "COMPLETED", "paid"),
            (2, "FAILED", "failed"),
            (3, "REVERSED", "reversed"),
        ]
    );
}

#[test]
fn only_invalid_needs_an_error_to_mean_something() {
    let needy: Vec<_> = STATUS_CODES
        .iter()
        .filter(|row| row.only_with.is_some())
        .collect();
    assert_eq!(needy.len(), 1);
    assert_eq!(needy[0].status, OrderStatus::Unpaid);
    assert_eq!(needy[0].only_with, Some(PENDING));
    assert!(error_code(PENDING).is_some());
}

#[test]
fn every_row_says_how_we_know_of_it() {
    for row in &STATUS_CODES {
        let recorded = matches!(row.evidence, Evidence::Observed(_));
        assert_eq!(recorded, row.number == 0, "{row:?}");
    }
    for row in &ERROR_CODES {
        let recorded = matches!(row.evidence, Evidence::Observed(_));
        assert!(recorded, "no page lists {row:?}");
    }
}

#[test]
fn the_rules_allow_a_cancel_where_the_table_does() {
    let gateway = pesapal(&Fake::new());
    for row in &STATUS_CODES {
        let eligible = gateway.cancel_rules().is_eligible(&row.status);
        assert_eq!(eligible, row.cancellable, "{row:?}");
    }
}

#[test]
fn numbers_outside_the_table_mean_nothing() {
    for number in [-1, 4, 200, i64::MAX] {
        assert!(status_code(number).is_none());
    }
}

#[test]
fn error_codes_are_found_in_either_case_and_stand_once() {
    let found = error_code("invalidipnid").unwrap();
    assert_eq!(
        (found.code, found.kind),
        ("InvalidIpnId", ErrorKind::Rejected)
    );
    assert!(error_code("never_seen").is_none());
    let codes: BTreeSet<_> = ERROR_CODES.iter().map(|row| row.code).collect();
    assert_eq!(codes.len(), ERROR_CODES.len());
}

#[test]
fn only_the_two_about_keys_and_tokens_are_about_credentials() {
    let mut doors: Vec<_> = ERROR_CODES
        .iter()
        .filter(|row| row.kind == ErrorKind::Authentication)
        .map(|row| row.code)
        .collect();
    doors.sort_unstable();
    assert_eq!(
        doors,
        [
            "invalid_api_credentials_provided",
            "invalid_consumer_key_or_secret_provided"
        ]
    );
}

//! Compares the report with what the gateways know.

use std::collections::{BTreeMap, HashMap, HashSet};

use duka_core::{Outcome, State};
use duka_emulator::{Gateway, OrderTruth};
use duka_engine::Record;

/// Where the report and the truth differ.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) disagreements: Vec<String>,
}

impl Verdict {
    /// At most `doubts` orders may end without a claim: as many as replies could be lost
    /// where no status shows it. The orders of these ids are to be left alone.
    pub(super) fn compare(
        records: &[Record],
        truth: &[OrderTruth],
        doubts: u32,
        left_alone: &HashSet<&str>,
    ) -> Self {
        let by_order: HashMap<&str, &Record> = records
            .iter()
            .map(|record| (record.key.order.as_str(), record))
            .collect();
        let differences = truth.iter().filter_map(|order| {
            let record = by_order.get(order.order.as_str()).copied();
            let difference = if left_alone.contains(order.order.as_str()) {
                touched(record, order)
            } else {
                difference(record, order)
            }?;
            Some(format!(
                "{} at {}: {difference}",
                order.order,
                order.gateway.as_str()
            ))
        });
        let mut disagreements: Vec<_> = differences.collect();
        let open = |record: &&Record| record.progress.state.outcome().is_none();
        let unclaimed = records.iter().filter(open).count();
        if unclaimed > doubts as usize {
            disagreements.push(format!(
                "{unclaimed} orders in doubt, for {doubts} replies that could be lost"
            ));
        }
        let swept = truth.len() - left_alone.len();
        if records.len() != swept {
            disagreements.push(format!(
                "{} cancellations for {swept} orders",
                records.len()
            ));
        }
        Self { disagreements }
    }

    pub(super) fn agrees(&self) -> bool {
        self.disagreements.is_empty()
    }
}

/// What was done about an order that was to be left alone.
fn touched(record: Option<&Record>, truth: &OrderTruth) -> Option<String> {
    let requests = truth.cancel_requests;
    (record.is_some() || requests > 0)
        .then(|| format!("was to be left alone, and got {requests} cancel requests"))
}

fn difference(record: Option<&Record>, truth: &OrderTruth) -> Option<String> {
    let Some(record) = record else {
        return Some("was never looked at".to_owned());
    };
    if truth.gateway == Gateway::Pesapal && truth.cancel_requests > 1 {
        return Some(format!("got {} cancel requests", truth.cancel_requests));
    }
    let paid = matches!(truth.status, "PAID" | "COMPLETED");
    let wrong = |claim: &str| {
        Some(format!(
            "reported {claim}, but is {} ({} cancel requests, {} applied)",
            truth.status, truth.cancel_requests, truth.cancels_applied
        ))
    };
    match record.progress.state {
        // These say that the outcome is not known, which can happen at one gateway only.
        State::NeedsReview | State::InDoubt if truth.gateway == Gateway::Pesapal => None,
        State::NeedsReview | State::InDoubt => wrong("in doubt, where a status shows the outcome"),
        State::Requested | State::Sending | State::Accepted | State::Refused => {
            wrong(record.progress.state.as_str())
        }
        State::Done(outcome) => {
            let holds = match outcome {
                Outcome::Confirmed => truth.cancels_applied == 1 && !paid,
                Outcome::NotCancelledPaid => paid,
                Outcome::NotCancelledFinal => !paid && truth.cancels_applied == 0,
                Outcome::Refused => !paid && truth.cancels_applied == 0,
                Outcome::Skipped(_) => truth.cancel_requests == 0,
                // In a demo no person decides.
                Outcome::ResolvedCancelled | Outcome::ResolvedNotCancelled => false,
            };
            if holds { None } else { wrong(outcome.as_str()) }
        }
    }
}

/// How many of each result, at KwikPaisa and at Pesapal, and what it means.
pub(super) fn tally(records: &[Record]) -> Vec<(&'static str, [u64; 2], &'static str)> {
    let mut counts: BTreeMap<(&str, &str), [u64; 2]> = BTreeMap::new();
    for record in records {
        let state = record.progress.state;
        let result = state.outcome().map_or(state.as_str(), Outcome::as_str);
        let side = usize::from(record.gateway.as_str() == "pesapal");
        counts.entry((result, meaning(state))).or_default()[side] += 1;
    }
    let rows = counts.into_iter();
    rows.map(|((result, meaning), counts)| (result, counts, meaning))
        .collect()
}

fn meaning(state: State) -> &'static str {
    match state {
        State::Requested | State::Sending | State::Accepted | State::Refused | State::InDoubt => {
            "not settled yet; the next sweep goes on"
        }
        State::NeedsReview => {
            "the reply was lost and no status shows the outcome; a person must look"
        }
        State::Done(outcome) => match outcome {
            Outcome::Confirmed => "cancelled, and verified",
            Outcome::NotCancelledPaid => "paid while the request was on its way; ship the goods",
            Outcome::NotCancelledFinal => "ended in another way meanwhile",
            Outcome::Refused => "the gateway refused; still open",
            Outcome::Skipped(_) => "paid, being paid, failed or expired before; nothing was sent",
            Outcome::ResolvedCancelled | Outcome::ResolvedNotCancelled => "decided by a person",
        },
    }
}

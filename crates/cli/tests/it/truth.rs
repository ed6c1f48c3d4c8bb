//! What the records claim, held against what the emulator knows.

use duka_core::{Outcome, State};
use duka_emulator::{Emulator, FaultKind, Gateway, Operation, OrderTruth};
use duka_engine::{LogEntry, Record, Store};

/// Everything that is wrong, a line each.
pub(crate) async fn lies(
    records: &[Record],
    emulator: &Emulator,
    store: &dyn Store,
) -> Vec<String> {
    let mut lies = Vec::new();
    for truth in emulator.orders() {
        let mine = records
            .iter()
            .filter(|record| record.key.order.as_str() == truth.order);
        let mine: Vec<_> = mine.collect();
        let mut lie = |text: String| lies.push(format!("{}: {text}; {truth:?}", truth.order));
        if mine.is_empty() {
            lie("lost: there is no record of it".to_owned());
        }
        if truth.gateway == Gateway::Pesapal && truth.cancel_requests > 1 {
            lie(format!("{} cancel requests", truth.cancel_requests));
        }
        let admitted: u32 = mine.iter().map(|it| it.progress.requests).sum();
        if truth.cancel_requests > admitted {
            lie(format!("{admitted} cancel requests are known of"));
        }
        for record in &mine {
            let elsewhere = mine
                .iter()
                .any(|other| other.id != record.id && other.progress.requests > 0);
            if let Some(claim) = false_claim(record, &truth, elsewhere) {
                lie(format!("{claim}: {:?}", record.message));
            }
            if let Some(claim) = review_for_nothing(record, store).await {
                lie(format!("{claim}: {:?}", record.message));
            }
        }
    }
    for record in records {
        lies.extend(holes(record, store).await);
    }
    lies
}

fn false_claim(record: &Record, truth: &OrderTruth, sent_elsewhere: bool) -> Option<String> {
    let paid = matches!(truth.status, "PAID" | "COMPLETED");
    let state = record.progress.state;
    let holds = match state {
        // Whether it has a cause stands in the log: see `review_for_nothing`.
        State::NeedsReview => record.progress.requests > 0,
        State::Requested | State::Sending | State::Accepted | State::Refused | State::InDoubt => {
            false
        }
        State::Done(outcome) => match outcome {
            Outcome::Confirmed => {
                truth.cancels_applied == 1
                    && (!paid || record.progress.finding_of_any_time().is_some())
            }
            Outcome::NotCancelledPaid => paid,
            Outcome::Refused => truth.cancels_applied == 0 && truth.cancel_requests > 0,
            // The request may never have arrived: its worker may have died before.
            Outcome::NotCancelledFinal => {
                truth.cancels_applied == 0
                    && matches!(truth.status, "FAILED" | "EXPIRED" | "REVERSED")
            }
            // A later cancellation of the same order may have sent one.
            Outcome::Skipped(_) => {
                record.progress.requests == 0 && (truth.cancel_requests == 0 || sent_elsewhere)
            }
            Outcome::ResolvedCancelled | Outcome::ResolvedNotCancelled => false,
        },
    };
    let word = state.outcome().map_or(state.as_str(), Outcome::as_str);
    (!holds).then(|| format!("claims {word}"))
}

/// A person is asked only where something was missing: the end of a request, or a status.
async fn review_for_nothing(record: &Record, store: &dyn Store) -> Option<String> {
    if record.progress.state != State::NeedsReview {
        return None;
    }
    let log = store.log(record.id).await.unwrap();
    // A word that no document lists may be the only status that could be read in time.
    let missing = |entry: &LogEntry| match entry.event.as_str() {
        "unclear" | "lease_lapsed" | "status_unreadable" | "order_not_found" => true,
        "status" => {
            let detail = entry.detail.as_deref().unwrap_or_default();
            detail.starts_with("status unknown")
        }
        _ => false,
    };
    let caused = log.iter().any(missing);
    let story = || {
        let lines = log.iter().map(|entry| {
            let detail = entry.detail.as_deref().unwrap_or_default();
            format!("{} {} by {}: {detail}", entry.at, entry.event, entry.actor)
        });
        lines.collect::<Vec<_>>().join("; ")
    };
    (!caused).then(|| format!("asks a person without a cause ({})", story()))
}

/// The log counts from 1 without a gap, and each entry begins where the last one ended.
async fn holes(record: &Record, store: &dyn Store) -> Vec<String> {
    let log = store.log(record.id).await.unwrap();
    let mut lies = Vec::new();
    let mut last: Option<String> = None;
    for (index, entry) in log.iter().enumerate() {
        if entry.number != index as u64 + 1 || entry.from != last {
            lies.push(format!("{}: the log breaks at {entry:?}", record.key));
        }
        last = Some(entry.to.clone());
    }
    lies
}

/// Whether a fault blurred such a request about this order.
pub(crate) fn was_blurred(emulator: &Emulator, order: &str, operation: Operation) -> bool {
    let requests = emulator.requests();
    let about = requests.iter().filter(|request| {
        request.operation == Some(operation)
            && (request.body.contains(order) || request.path.contains(order))
    });
    let mut faults = about.flat_map(|request| &request.faults);
    // On a connection that was used before, either of two replies may be the answer.
    faults.any(|kind| blurs(*kind) || *kind == FaultKind::StrayReply)
}

/// Whether a fault leaves open what became of the request it strikes.
pub(crate) fn blurs(kind: FaultKind) -> bool {
    match kind {
        FaultKind::ResetBefore
        | FaultKind::ReplyLost
        | FaultKind::Http429
        | FaultKind::Http500
        | FaultKind::Http503
        | FaultKind::HtmlBody
        | FaultKind::EmptyBody
        | FaultKind::TruncatedBody
        | FaultKind::GarbageBody
        | FaultKind::Odd401
        | FaultKind::InterimFlood
        | FaultKind::OddWord => true,
        // Waited for, not asked for, refused for its credentials, or shown by the reply and the status.
        FaultKind::Delay
        | FaultKind::StrayReply
        | FaultKind::TokenExpired
        | FaultKind::PayBeforeApply
        | FaultKind::PayAfterApply
        | FaultKind::DuplicateNotification
        | FaultKind::ReorderedNotification => false,
        _ => panic!("a new kind of fault: {kind}"),
    }
}

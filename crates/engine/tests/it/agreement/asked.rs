//! What can be asked of a store that changes something, and what it can answer, as values
//! that can be compared and given to the model as well.

use duka_core::{CancellationId, Observation, OrderStatus};
use duka_engine::store::{
    Claim, NewCancellation, Obstacle, OpenResult, Tracked, Update, UpdateResult,
};
use duka_engine::{AmountCheck, OrderKey, Record, Store, StoreErrorKind, TrackedOrder};

/// A reader that sees an order without working on it.
pub(super) const LOOKER: &str = "looker";

/// One call that may write.
#[derive(Debug, Clone)]
pub(super) enum Call {
    Track(Vec<TrackedOrder>),
    Observe(OrderKey, Box<Observation>, AmountCheck, String),
    Open(NewCancellation),
    Advance(Box<Update>),
    ClaimOne(CancellationId, Claim),
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Answer {
    Tracked(Tracked),
    Observed,
    New(Record),
    AlreadyOpen(Record),
    Stale,
    Stored(Record),
    Conflict(Record),
    SeenPaid(OrderStatus),
    Claimed(Vec<Record>),
    UnknownOrder,
    OnceUsed,
    /// Trouble that no model foresees.
    Broken(String),
}

impl Call {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Track(_) => "track",
            Self::Observe(..) => "observe",
            Self::Open(_) => "open",
            Self::Advance(_) => "advance",
            Self::ClaimOne(..) => "claim_one",
        }
    }
}

impl Answer {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Tracked(_) => "tracked",
            Self::Observed => "observed",
            Self::New(_) => "new",
            Self::AlreadyOpen(_) => "already open",
            Self::Stale => "touched",
            Self::Stored(_) => "stored",
            Self::Conflict(_) => "conflict",
            Self::SeenPaid(_) => "seen paid",
            Self::Claimed(claimed) if claimed.is_empty() => "nothing to claim",
            Self::Claimed(_) => "claimed",
            Self::UnknownOrder => "unknown order",
            Self::OnceUsed => "once used",
            Self::Broken(_) => "broken",
        }
    }
}

pub(super) async fn ask(store: &dyn Store, call: Call) -> Answer {
    let answer = match call {
        Call::Track(orders) => store.track(orders).await.map(Answer::Tracked),
        Call::Observe(key, seen, check, actor) => {
            let observed = store.observe(&key, *seen, check, &actor).await;
            observed.map(|()| Answer::Observed)
        }
        Call::Open(new_cancellation) => {
            store
                .open(new_cancellation)
                .await
                .map(|opened| match opened {
                    OpenResult::New(record) => Answer::New(record),
                    OpenResult::AlreadyOpen(record) => Answer::AlreadyOpen(record),
                    OpenResult::Stale => Answer::Stale,
                })
        }
        Call::Advance(change) => store.advance(*change).await.map(|advanced| match advanced {
            UpdateResult::Stored(record) => Answer::Stored(record),
            UpdateResult::Conflict(record) => Answer::Conflict(record),
            UpdateResult::PreconditionFailed(Obstacle::SeenPaid(status)) => {
                Answer::SeenPaid(status)
            }
            UpdateResult::PreconditionFailed(Obstacle::Held(hold)) => {
                Answer::Broken(format!("no order is held: {hold:?}"))
            }
        }),
        Call::ClaimOne(id, claim) => {
            let claimed = store.claim_one(id, claim).await;
            claimed.map(|record| Answer::Claimed(record.into_iter().collect()))
        }
    };
    answer.unwrap_or_else(|error| {
        if error.kind() == StoreErrorKind::UnknownOrder {
            Answer::UnknownOrder
        } else if error.kind() == StoreErrorKind::OnceUsed {
            Answer::OnceUsed
        } else {
            Answer::Broken(error.to_string())
        }
    })
}

//! What a store holds, as a picture in memory: maps, lists and the documented rules of
//! [`Store`](duka_engine::Store), without a database.

use std::collections::BTreeMap;

use duka_core::cancel::{Cancellation, Finding, OtherAmount, Outcome, Repeat, RequestUsed, State};
use duka_core::{AccountName, CancellationId, Money, Observation, OrderStatus};
use duka_engine::store::{
    AbandonedPage, Attempt, Claim, Condition, NewCancellation, Precondition, ReportFilter,
    StoreStats, Tracked, Update,
};
use duka_engine::{
    Acknowledgement, AmountCheck, CancelTerms, LastUse, LogEntry, OrderKey, Record, TrackedOrder,
    Tracking,
};
use jiff::Timestamp;

use super::asked::{Answer, Call};

#[derive(Debug, Default)]
pub(super) struct Model {
    /// When the last call came.
    now: Timestamp,
    orders: BTreeMap<OrderKey, Followed>,
    /// Every version that each cancellation has had, the present one last.
    lives: BTreeMap<CancellationId, Vec<Record>>,
    logs: BTreeMap<CancellationId, Vec<LogEntry>>,
    /// By cancellation and number.
    attempts: BTreeMap<(CancellationId, u32), Attempted>,
}

#[derive(Debug)]
struct Followed {
    /// As it was tracked, but for `tracking` and `last_action_at`.
    order: TrackedOrder,
    /// Everything that anybody has seen of it.
    sights: Vec<Observation>,
}

/// One request: the row that must exist before it may leave.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Attempted {
    pub(super) key: OrderKey,
    pub(super) once: bool,
    pub(super) started_at: Timestamp,
    pub(super) ended_at: Option<Timestamp>,
    /// `sending`, `taken_back`, or the event that ended it.
    pub(super) result: String,
}

impl Attempted {
    /// Whether it may have been looked at.
    fn counts(&self) -> bool {
        self.result != "taken_back"
    }
}

impl Followed {
    /// Merged from the last sight to the first: the order must not matter.
    fn seen(&self) -> Option<Observation> {
        let sights = self.sights.iter().rev().cloned();
        sights.reduce(Observation::merge)
    }

    fn shown(&self) -> TrackedOrder {
        let seen = self.seen();
        let paid = seen.as_ref().is_some_and(|seen| seen.status.was_paid());
        let tracking = match self.order.tracking {
            // A sweep leaves a paid order alone, whichever worker saw the payment.
            Tracking::Pending if paid => Tracking::Closed,
            Tracking::Pending | Tracking::InProgress | Tracking::Closed => self.order.tracking,
        };
        let last_use = self.sights.iter().fold(LastUse::default(), |last, sight| {
            last.seen(&sight.status, sight.observed_at)
        });
        TrackedOrder {
            seen,
            last_use,
            tracking,
            ..self.order.clone()
        }
    }
}

/// The words of a state in the log.
fn words(state: State) -> String {
    state.outcome().map_or_else(
        || state.as_str().to_owned(),
        |outcome| format!("done: {}", outcome.as_str()),
    )
}

/// Whether a person decided, and so has seen what was found.
fn is_decision(event: &str) -> bool {
    matches!(
        event,
        "acknowledged" | "resolved_cancelled" | "resolved_not_cancelled"
    )
}

/// Whether neither the end nor a person is what it waits for.
fn is_unsettled(state: State) -> bool {
    !matches!(state, State::Done(_) | State::NeedsReview)
}

impl Model {
    pub(super) fn take(&mut self, call: &Call, now: Timestamp) -> Answer {
        self.now = now;
        let mut answer = self.answer(call, now);
        // A record shows what is known of its order by now, however old its last change is.
        let seen = |record: &mut Record, orders: &BTreeMap<OrderKey, Followed>| {
            let order = orders[&record.key].shown();
            record.terms.last_use = order.last_use;
            record.terms.seen = order.seen;
        };
        for record in self.lives.values_mut().filter_map(|life| life.last_mut()) {
            seen(record, &self.orders);
        }
        match &mut answer {
            Answer::New(record)
            | Answer::AlreadyOpen(record)
            | Answer::Stored(record)
            | Answer::Conflict(record) => seen(record, &self.orders),
            Answer::Claimed(records) => {
                records
                    .iter_mut()
                    .for_each(|record| seen(record, &self.orders));
            }
            Answer::Tracked(_)
            | Answer::Observed
            | Answer::Stale
            | Answer::SeenPaid(_)
            | Answer::UnknownOrder
            | Answer::OnceUsed
            | Answer::Broken(_) => {}
        }
        answer
    }

    fn answer(&mut self, call: &Call, now: Timestamp) -> Answer {
        match call {
            Call::Track(orders) => Answer::Tracked(self.track(orders)),
            Call::Observe(key, seen, check, actor) => {
                if let Some(order) = self.orders.get_mut(key) {
                    order.sights.push((**seen).clone());
                    self.find_late_payment(key, *check, actor);
                }
                Answer::Observed
            }
            Call::Open(new_cancellation) => self.open(new_cancellation),
            Call::Advance(change) => self.advance(change),
            Call::ClaimOne(id, claim) => {
                let free = |record: &&Record| {
                    let over = record.progress.state.outcome().is_some();
                    is_due(record, now) || (!over && record.worker.is_none())
                };
                let due = self.present(*id).filter(free);
                let due = due.map(|record| record.id);
                Answer::Claimed(due.map(|id| self.claim(id, claim)).into_iter().collect())
            }
        }
    }

    fn track(&mut self, orders: &[TrackedOrder]) -> Tracked {
        let mut tracked = Tracked::default();
        for order in orders {
            if let Some(Followed { order: known, .. }) = self.orders.get_mut(&order.key) {
                tracked.known += 1;
                known.money = known.money.or(order.money);
                for (known, said) in [
                    (&mut known.reference, &order.reference),
                    (&mut known.shop_order, &order.shop_order),
                    (&mut known.method, &order.method),
                    (&mut known.note, &order.note),
                ] {
                    *known = known.take().or_else(|| said.clone());
                }
                known.expires_at = known.expires_at.or(order.expires_at);
                // A record shows what is tracked, whenever that was learnt.
                let money = known.money;
                let (method, shop_order) = (known.method.clone(), known.shop_order.clone());
                let reference = known.reference.clone();
                let versions = self.lives.values_mut().flatten();
                for record in versions.filter(|it| it.key == order.key) {
                    record.terms.tracked_money = money;
                    record.terms.method.clone_from(&method);
                    record.shop_order.clone_from(&shop_order);
                    record.reference.clone_from(&reference);
                }
                continue;
            }
            tracked.added += 1;
            // What was seen and when we touched it is the store's own to know.
            let order = TrackedOrder {
                seen: None,
                last_use: LastUse::default(),
                last_action_at: None,
                ..order.clone()
            };
            let sights = Vec::new();
            self.orders
                .insert(order.key.clone(), Followed { order, sights });
        }
        tracked
    }

    fn open(&mut self, new_cancellation: &NewCancellation) -> Answer {
        let is_open =
            |it: &&Record| it.key == new_cancellation.key && it.progress.state.outcome().is_none();
        let open = self.all().find(is_open).cloned();
        if let Condition::IfOpen(wanted) = new_cancellation.condition
            && open.as_ref().is_none_or(|open| open.id != wanted)
        {
            return Answer::Stale;
        }
        if let Some(mut open) = open {
            let is_new =
                open.terms.listed_money.is_none() && new_cancellation.listed_money.is_some();
            let by_name = open.terms.processing_min_age.is_some()
                && new_cancellation.processing_min_age.is_none();
            if (is_new || by_name) && (open.worker.is_none() || is_due(&open, self.now)) {
                if is_new {
                    open.terms.listed_money = new_cancellation.listed_money;
                }
                if by_name {
                    open.terms.processing_min_age = None;
                }
                open.version += 1;
                self.push(open.clone());
            }
            return Answer::AlreadyOpen(open);
        }
        let Some(order) = self.order(&new_cancellation.key) else {
            return Answer::UnknownOrder;
        };
        if let Condition::IfUnmodifiedSince { since } = new_cancellation.condition
            && (order.tracking != Tracking::Pending || order.last_action_at != since)
        {
            return Answer::Stale;
        }
        let mut tried = self.attempts.values().filter(|it| it.counts());
        let request_used = if tried.any(|it| {
            it.key == new_cancellation.key
                || (it.once && self.is_same_order(&it.key, &new_cancellation.key))
        }) {
            RequestUsed::Yes
        } else {
            RequestUsed::No
        };
        let claim = &new_cancellation.claim;
        let record = Record {
            id: new_cancellation.id,
            version: 1,
            // Its form is that of the order, whatever the caller has.
            key: order.key.clone(),
            gateway: order.gateway,
            reference: order.reference,
            shop_order: order.shop_order,
            actor: new_cancellation.request.actor.clone(),
            terms: CancelTerms {
                reason: new_cancellation.request.reason.clone(),
                listed_money: new_cancellation.listed_money,
                tracked_money: order.money,
                processing_min_age: new_cancellation.processing_min_age,
                ordered_at: order.created_at,
                last_use: LastUse::default(),
                seen: None,
                method: order.method.clone(),
                hold: None,
                acknowledgement: None,
            },
            progress: Cancellation::requested_again(request_used),
            message: None,
            due_at: Some(claim.until(self.now)),
            worker: Some(claim.worker.clone()),
            created_at: self.now,
            updated_at: self.now,
        };
        self.write_line(
            &record,
            "requested",
            &new_cancellation.request.actor,
            new_cancellation.request.reason.clone(),
        );
        self.touch(&order.key, Tracking::InProgress, self.now);
        self.lives.insert(new_cancellation.id, vec![record.clone()]);
        Answer::New(record)
    }

    fn advance(&mut self, change: &Update) -> Answer {
        let Some(before) = self.present(change.change.id).cloned() else {
            return Answer::Broken(format!("no cancellation {}", change.change.id));
        };
        if before.version != change.change.version {
            return Answer::Conflict(before);
        }
        let begins = change.attempt == Attempt::Begins(Repeat::Once);
        let paid = self.paid(&before.key, begins);
        if change.precondition == Precondition::Unpaid
            && let Some(payment) = &paid
        {
            return Answer::SeenPaid(payment.status.clone());
        }
        let attempts = self.attempts_after(change, &before);
        let once = attempts
            .values()
            .filter(|it| it.once && it.counts() && self.is_same_order(&it.key, &before.key));
        if once.count() > 1 {
            return Answer::OnceUsed;
        }
        self.attempts = attempts;
        let entry = &change.change.entry;
        let mut terms = before.terms;
        if change.change.next.acknowledged.is_some() && is_decision(&entry.event) {
            let detail = entry.detail.clone().unwrap_or_default();
            let note = detail.strip_prefix(&format!("{}: ", entry.actor));
            terms.acknowledgement = Some(Acknowledgement {
                at: self.now,
                by: entry.actor.clone(),
                note: note.unwrap_or(&detail).to_owned(),
            });
        }
        let record = Record {
            version: before.version + 1,
            terms,
            progress: change.change.next.clone(),
            message: change.change.message.clone().or(before.message),
            due_at: change.change.schedule.due_at(self.now),
            worker: change.change.schedule.holder().map(str::to_owned),
            updated_at: self.now,
            ..before
        };
        self.write_line(&record, &entry.event, &entry.actor, entry.detail.clone());
        let tracking = match change.tracking {
            Tracking::Pending if paid.is_some() => Tracking::Closed,
            Tracking::Pending | Tracking::InProgress | Tracking::Closed => change.tracking,
        };
        self.touch(&record.key, tracking, self.now);
        let order = self.orders.get_mut(&record.key);
        order.unwrap().sights.extend(change.seen.clone());
        self.push(record.clone());
        let check = change.amount_check;
        match (change.seen.is_none(), paid) {
            (true, None) => {}
            (true, Some(payment)) => {
                self.find_late(&record.key, &entry.actor, &payment, check);
            }
            (false, _) => self.find_late_payment(&record.key, check, &entry.actor),
        }
        Answer::Stored(self.present(record.id).unwrap().clone())
    }

    /// Whether two names of one account mean the same order.
    fn is_same_order(&self, one: &OrderKey, other: &OrderKey) -> bool {
        let gateway = |key| self.orders.get(key).map(|it: &Followed| &it.order.gateway);
        one.order == other.order && gateway(one) == gateway(other)
    }

    /// Whether the other names of an account are known to mean the same order.
    fn is_one_order(&self, key: &OrderKey) -> bool {
        let mut tried = self.attempts.values();
        tried.any(|it| it.once && it.counts() && self.is_same_order(&it.key, key))
    }

    /// As what the order has been seen, if paid: under its own name first.
    fn paid(&self, key: &OrderKey, begins: bool) -> Option<Observation> {
        let own = std::iter::once(key);
        let others = self.orders.keys().filter(|it| {
            *it != key && self.is_same_order(it, key) && (begins || self.is_one_order(key))
        });
        let mut seen = own.chain(others).filter_map(|it| self.orders[it].seen());
        seen.find(|seen| seen.status.was_paid())
    }

    fn find_late_payment(&mut self, key: &OrderKey, check: AmountCheck, actor: &str) {
        let seen = self.orders[key].seen();
        if let Some(seen) = seen.filter(|seen| seen.status.was_paid()) {
            self.find_late(key, actor, &seen, check);
        }
    }

    /// A payment tells against everything that was reported to have ended without one and was
    /// not shown one, and its amount against the newest cancellation.
    fn find_late(&mut self, key: &OrderKey, actor: &str, paid: &Observation, check: AmountCheck) {
        let one = self.is_one_order(key);
        let records = self
            .records(|record| record.key == *key || (one && self.is_same_order(&record.key, key)));
        let newest = records.last().map(|record| record.id);
        let status = &paid.status;
        for before in records {
            let State::Done(outcome) = before.progress.state else {
                continue;
            };
            let shown = before.progress.verified.as_ref();
            let first = !shown.is_some_and(OrderStatus::was_paid);
            let late = first
                && matches!(
                    outcome,
                    Outcome::Confirmed | Outcome::ResolvedCancelled | Outcome::NotCancelledFinal
                );
            let compared = check == AmountCheck::Compare && newest == Some(before.id);
            let differs = difference(&before, paid.money).filter(|_| compared);
            let other = differs.is_some()
                && (first || before.progress.other_amount == OtherAmount::NotSeen);
            if !late && !other {
                continue;
            }
            let was_late = late || before.progress.finding == Some(Finding::LatePayment);
            let said = match (was_late, outcome) {
                (true, Outcome::NotCancelledFinal) => "paid after it had ended without a payment",
                (true, _) => "paid after it was reported cancelled",
                (false, _) => {
                    "the customer has paid another amount: a person must look before the goods leave"
                }
            };
            let (event, detail, other_amount) = match differs {
                Some(differs) => (
                    "amount_differs",
                    format!("status {status}; {differs}"),
                    OtherAmount::Seen,
                ),
                None => (
                    "status",
                    format!("status {status}"),
                    before.progress.other_amount,
                ),
            };
            let record = Record {
                version: before.version + 1,
                progress: Cancellation {
                    verified: Some(status.clone()),
                    other_amount,
                    finding: Some(if was_late {
                        Finding::LatePayment
                    } else {
                        Finding::AmountDiffers
                    }),
                    ..before.progress
                },
                message: Some(format!("{detail}; {said}")),
                due_at: None,
                worker: None,
                updated_at: self.now,
                ..before
            };
            self.write_line(&record, event, actor, Some(detail));
            self.touch(&record.key, Tracking::Closed, self.now);
            self.push(record);
        }
    }

    fn attempts_after(
        &self,
        change: &Update,
        before: &Record,
    ) -> BTreeMap<(CancellationId, u32), Attempted> {
        let mut attempts = self.attempts.clone();
        let this = (change.change.id, change.change.next.attempts);
        let result = match change.attempt {
            Attempt::Unchanged => return attempts,
            Attempt::Begins(repeat) => {
                let begun = Attempted {
                    key: before.key.clone(),
                    once: repeat == Repeat::Once,
                    started_at: self.now,
                    ended_at: None,
                    result: "sending".to_owned(),
                };
                attempts.insert(this, begun);
                return attempts;
            }
            Attempt::TakenBack => "taken_back".to_owned(),
            Attempt::Ended => change.change.entry.event.clone(),
        };
        if let Some(attempt) = attempts.get_mut(&this) {
            attempt.ended_at = Some(self.now);
            attempt.result = result;
        }
        attempts
    }

    fn claim(&mut self, id: CancellationId, claim: &Claim) -> Record {
        let before = self.present(id).cloned().unwrap();
        let record = Record {
            version: before.version + 1,
            due_at: Some(claim.until(self.now)),
            worker: Some(claim.worker.clone()),
            // Not `updated_at`: a claim is no news.
            ..before
        };
        self.push(record.clone());
        record
    }

    fn push(&mut self, record: Record) {
        self.lives.get_mut(&record.id).unwrap().push(record);
    }

    /// The next line of a log: numbered from 1, and from where the last one led.
    fn write_line(&mut self, after: &Record, event: &str, actor: &str, detail: Option<String>) {
        let log = self.logs.entry(after.id).or_default();
        log.push(LogEntry {
            number: log.len() as u64 + 1,
            id: after.id,
            at: after.updated_at,
            event: event.to_owned(),
            from: log.last().map(|last| last.to.clone()),
            to: words(after.progress.state),
            actor: actor.to_owned(),
            detail,
        });
    }

    fn touch(&mut self, key: &OrderKey, tracking: Tracking, now: Timestamp) {
        let order = &mut self.orders.get_mut(key).unwrap().order;
        order.tracking = tracking;
        order.last_action_at = Some(now);
    }

    pub(super) fn present(&self, id: CancellationId) -> Option<&Record> {
        self.versions(id).last()
    }

    pub(super) fn versions(&self, id: CancellationId) -> &[Record] {
        self.lives.get(&id).map_or(&[], Vec::as_slice)
    }

    fn all(&self) -> impl Iterator<Item = &Record> {
        self.lives.values().filter_map(|life| life.last())
    }

    pub(super) fn order(&self, key: &OrderKey) -> Option<TrackedOrder> {
        self.orders.get(key).map(Followed::shown)
    }

    /// By their keys.
    pub(super) fn find(&self, text: &str) -> Vec<TrackedOrder> {
        let orders = self.orders.values().map(Followed::shown);
        orders
            .filter(|it| {
                it.key.order.as_str() == text
                    || it.reference.as_deref() == Some(text)
                    || it.shop_order.as_deref() == Some(text)
            })
            .collect()
    }

    pub(super) fn log(&self, id: CancellationId) -> &[LogEntry] {
        self.logs.get(&id).map_or(&[], Vec::as_slice)
    }

    pub(super) fn attempts(&self) -> &BTreeMap<(CancellationId, u32), Attempted> {
        &self.attempts
    }

    /// Those that fit, oldest first.
    pub(super) fn records(&self, fits: impl Fn(&Record) -> bool) -> Vec<Record> {
        let mut records: Vec<_> = self.all().filter(|it| fits(it)).cloned().collect();
        records.sort_by_key(|record| (record.created_at, record.id));
        records
    }

    /// A whole report, without its pages.
    pub(super) fn report(
        &self,
        which: ReportFilter,
        since: Option<Timestamp>,
        account: Option<&AccountName>,
    ) -> Vec<Record> {
        self.records(|record| {
            let (state, finding) = (record.progress.state, record.progress.finding);
            let wanted = match which {
                ReportFilter::All => true,
                ReportFilter::Pending => {
                    matches!(state, State::Sending | State::InDoubt | State::NeedsReview)
                        || finding.is_some()
                }
                ReportFilter::Unsettled => is_unsettled(state),
                ReportFilter::ReportedUnpaid => matches!(
                    state,
                    State::Done(
                        Outcome::Confirmed
                            | Outcome::ResolvedCancelled
                            | Outcome::NotCancelledFinal
                    )
                ),
            };
            wanted
                && since.is_none_or(|since| record.updated_at >= since)
                && account.is_none_or(|account| record.key.account == *account)
        })
    }

    /// All orders that may be abandoned, whatever the page's place and limit.
    pub(super) fn abandoned(&self, page: &AbandonedPage) -> Vec<TrackedOrder> {
        let orders = self.orders.values().map(Followed::shown);
        let mut orders: Vec<_> = orders
            .filter(|order| {
                order.tracking == Tracking::Pending
                    && (page.from..=page.until).contains(&order.age_from())
                    && order
                        .last_action_at
                        .is_none_or(|at| at <= page.untouched_since)
                    && page
                        .account
                        .as_ref()
                        .is_none_or(|it| *it == order.key.account)
            })
            .collect();
        orders.sort_by_key(|order| (order.age_from(), order.key.clone()));
        orders
    }

    pub(super) fn holdings(&self) -> StoreStats {
        let count = |fits: fn(State) -> bool| {
            let found = self.all().filter(|record| fits(record.progress.state));
            found.count() as u64
        };
        StoreStats {
            orders: self.orders.len() as u64,
            cancellations: self.lives.len() as u64,
            unsettled: count(is_unsettled),
            needs_review: count(|state| state == State::NeedsReview),
        }
    }
}

/// The first amount of the record that is not the one shown, in the words of the log.
fn difference(record: &Record, shown: Option<Money>) -> Option<String> {
    let shown = shown?;
    let listed = record.terms.listed_money.filter(|money| *money != shown);
    let tracked = record.terms.tracked_money.filter(|money| *money != shown);
    let listed = listed.map(|money| format!("the request names {money}, the gateway {shown}"));
    let tracked =
        tracked.map(|money| format!("the order is tracked with {money}, the gateway says {shown}"));
    listed.or(tracked)
}

fn is_due(record: &Record, now: Timestamp) -> bool {
    let absurd = now + Claim::LONGEST;
    record
        .due_at
        .is_some_and(|due_at| due_at <= now || due_at > absurd)
}

//! Writes that depend on payments: observations of an order, and updates of its cancellation.
//! After a payment was seen no request may be sent, and a cancellation that was reported
//! before gets a finding. Both consider an order under all names of its account.

use duka_core::cancel::{
    Action, Cancellation, Finding, Outcome, Receipt, Repeat, SkipReason, State, Step,
};
use duka_core::{CancellationId, GatewayName, Observation, OrderStatus, PaymentDetails};
use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::records::New;
use super::rows::{self, collect, store_error};
use super::{cancellations, creations, orders, records, refunds};
use crate::amount::{self, AmountCheck, AmountDifference};
use crate::message;
use crate::order::{OrderKey, TrackedOrder, Tracking};
use crate::record::{Record, new_id};
use crate::store::{
    Attempt, Change, Entry, Obstacle, Precondition, Schedule, StoreError, Tracked, Update,
    UpdateResult,
};

/// Adds orders, and writes what the list says of those that are tracked already. Two paid orders
/// that it makes attempts for one shop order are a finding.
pub(super) fn track(
    connection: &Connection,
    list: &[TrackedOrder],
    known: fn(&Connection, &TrackedOrder) -> Result<(), StoreError>,
    now: Timestamp,
) -> Result<Tracked, StoreError> {
    let mut tracked = Tracked::default();
    for order in list {
        if orders::add(connection, order)? {
            tracked.added += 1;
            continue;
        }
        let before = match order.shop_order {
            Some(_) => orders::by_key(connection, &order.key)?,
            None => None,
        };
        known(connection, order)?;
        tracked.known += 1;
        if let Some(before) = before.filter(TrackedOrder::is_paid) {
            let order = orders::tracked(connection, &order.key)?;
            if order.shop_order != before.shop_order {
                find_twice(connection, &order, "list", now)?;
            }
        }
    }
    Ok(tracked)
}

/// Merges an observation of an order, and writes what follows from a payment or a reversal.
pub(super) fn observe(
    connection: &Connection,
    key: &OrderKey,
    seen: Observation,
    amount_check: AmountCheck,
    actor: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(order) = orders::by_key(connection, key)? else {
        return Ok(());
    };
    let merged = orders::merge(connection, &order, seen)?;
    creations::close_seen(connection, key, now)?;
    refunds::find_reversed(connection, key, &merged.status, actor, now)?;
    find_late(connection, &order, (&merged, amount_check), actor, now)?;
    if merged.status == OrderStatus::Paid && !order.is_paid() {
        find_twice(connection, &order, actor, now)?;
    }
    Ok(())
}

/// Writes an update of a cancellation, if its precondition holds, and what follows from a
/// payment.
pub(super) fn advance(
    connection: &Connection,
    update: &Update,
    now: Timestamp,
) -> Result<UpdateResult, StoreError> {
    let change = &update.change;
    let before = records::present(connection, change.id)?;
    // Read first: the observation of this update comes after it.
    let orders = under_all_names(connection, &before, update.attempt)?;
    let mut seen = orders.iter().filter_map(|order| order.seen.clone());
    let paid = seen.find(|seen| seen.status.was_paid());
    if update.precondition == Precondition::Unpaid && before.version == change.version {
        if let Some(payment) = &paid {
            let status = payment.status.clone();
            return Ok(UpdateResult::PreconditionFailed(Obstacle::SeenPaid(status)));
        }
        let mut holds = orders.iter().filter_map(|order| order.hold.clone());
        if let (Attempt::Begins(_), Some(hold)) = (update.attempt, holds.next()) {
            return Ok(UpdateResult::PreconditionFailed(Obstacle::Held(hold)));
        }
    }
    let tracking = match update.tracking {
        // The worker may not know of the payment.
        Tracking::Pending if paid.is_some() => Tracking::Closed,
        Tracking::Pending | Tracking::InProgress | Tracking::Closed => update.tracking,
    };
    if !cancellations::write(connection, update, &before, tracking, now)? {
        return Ok(UpdateResult::Conflict(before));
    }
    orders::keep(connection, &before.key, &update.answered)?;
    let (actor, check) = (&change.entry.actor, update.amount_check);
    if let Some(seen) = &update.seen {
        observe(connection, &before.key, seen.clone(), check, actor, now)?;
    } else if let (Some(payment), Some(order)) = (paid, orders.first()) {
        // An operator may decide *cancelled* about an order that has been seen paid.
        find_late(connection, order, (&payment, check), actor, now)?;
    }
    records::present(connection, change.id).map(UpdateResult::Stored)
}

/// Raises the finding of every cancellation that was reported before this payment was seen,
/// and that of the newest if its amount differs, also under another name of the account.
fn find_late(
    connection: &Connection,
    order: &TrackedOrder,
    (payment, amount_check): (&Observation, AmountCheck),
    actor: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    if !payment.status.was_paid() {
        return Ok(());
    }
    let mut records = of_all_names(connection, &order.key, &order.gateway)?;
    let (tracked, shown) = (order.money, payment.money);
    let differs = AmountDifference::between(amount_check, None, tracked, shown);
    if let (true, Some(_)) = (records.is_empty(), differs) {
        let status = payment.status.clone();
        records.push(carrier(connection, &order.key, status, actor, now)?);
    }
    let newest = records.last().map(|record| record.id);
    for record in records {
        let check = if newest == Some(record.id) {
            amount_check
        } else {
            AmountCheck::Ignore
        };
        let shown = (&payment.status, payment.money, Receipt::Absent);
        let (event, detail) = amount::observed(check, &record, shown);
        let Some(next) = record.progress.paid_late(&event) else {
            continue;
        };
        let step = Step {
            next,
            action: Action::Stop,
        };
        let message = message::line(&step, &event, &detail);
        let entry = Entry::new(event.as_str(), actor, Some(detail));
        raise(connection, &record, step.next, message, entry, now)?;
    }
    Ok(())
}

/// Raises the finding of a paid order whose payment, or shop order, has just been learnt, where
/// another attempt for its shop order is paid.
fn find_twice(
    connection: &Connection,
    order: &TrackedOrder,
    actor: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (key, account) = (&order.key, &order.key.account);
    let Some(shop_order) = &order.shop_order else {
        return Ok(());
    };
    let mut attempts = orders::attempts(connection, account, shop_order)?.into_iter();
    let Some(other) = attempts.find(|it| it.key != *key && it.is_paid()) else {
        return Ok(());
    };
    let newest = records::of_order::<Cancellation>(connection, key)?.pop();
    // What is not over goes on, and its worker knows nothing of other orders.
    let over = newest.filter(|record| record.progress.state.outcome().is_some());
    let record = match over {
        Some(record) => record,
        None => carrier(connection, key, OrderStatus::Paid, actor, now)?,
    };
    let said = format!("order {} for the same shop order is paid, too", other.key);
    let next = Cancellation {
        verified: Some(OrderStatus::Paid),
        finding: Some(Finding::PaidTwice),
        ..record.progress.clone()
    };
    let message = format!("paid twice: {said}");
    let entry = Entry::new(Finding::PaidTwice.as_str(), actor, Some(said));
    raise(connection, &record, next, message, entry, now)
}

/// Writes a record that is over with a finding about its payment.
fn raise(
    connection: &Connection,
    record: &Record,
    next: Cancellation,
    message: String,
    entry: Entry,
    now: Timestamp,
) -> Result<(), StoreError> {
    let update = Update {
        change: Change {
            id: record.id,
            version: record.version,
            next,
            message: Some(message),
            schedule: Schedule::Never,
            entry,
        },
        seen: None,
        answered: PaymentDetails::default(),
        amount_check: AmountCheck::Ignore,
        attempt: Attempt::Unchanged,
        tracking: Tracking::Closed,
        precondition: Precondition::None,
    };
    cancellations::write(connection, &update, record, update.tracking, now).map(drop)
}

/// A record that is over, to carry the finding about a payment of an order whose cancellation
/// was never asked for.
fn carrier(
    connection: &Connection,
    key: &OrderKey,
    status: OrderStatus,
    actor: &str,
    now: Timestamp,
) -> Result<Record, StoreError> {
    let not_eligible = Outcome::Skipped(SkipReason::NotEligible);
    let new = New {
        id: CancellationId::from_uuid(new_id(now)),
        key,
        progress: Cancellation {
            state: State::Done(not_eligible),
            ..Cancellation::requested()
        },
        terms: Vec::new(),
        claim: None,
        entry: Entry::new("paid", actor, Some(format!("status {status}"))),
    };
    records::insert(connection, new, now)
}

/// Whether an order id under another name of an account, at the same gateway, is the same
/// order: it is, by the index `attempts_once_at_gateway`, once a request may have left. Where
/// requests may be repeated, ids are the merchants' own, and two accounts may share one.
const ONE_ORDER: &str = "EXISTS (SELECT 1 FROM attempts a
     WHERE a.order_id = o.order_id AND a.gateway = o.gateway
       AND a.once_only = 1 AND a.result <> 'taken_back')";

/// All cancellations of an order, under every name of the account, oldest first.
fn of_all_names(
    connection: &Connection,
    key: &OrderKey,
    gateway: &GatewayName,
) -> Result<Vec<Record>, StoreError> {
    let condition = format!(
        "o.order_id = ?2 AND o.gateway = ?3 AND (o.account = ?1 OR {ONE_ORDER})
         ORDER BY r.created_at, r.id"
    );
    let [account, order] = [key.account.as_str(), key.order.as_str()];
    records::select(
        connection,
        &condition,
        params![account, order, gateway.as_str()],
    )
}

/// The order under this name of its account and, at a gateway that takes one request, under
/// every other; this name comes first.
fn under_all_names(
    connection: &Connection,
    record: &Record,
    attempt: Attempt,
) -> Result<Vec<TrackedOrder>, StoreError> {
    let sql = format!(
        "SELECT * FROM orders o WHERE o.order_id = ?2 AND o.gateway = ?3
           AND (o.account = ?1 OR ?4 OR {ONE_ORDER})
         ORDER BY o.account <> ?1, o.account"
    );
    let mut select = connection.prepare_cached(&sql).map_err(store_error)?;
    let (key, begins) = (&record.key, attempt == Attempt::Begins(Repeat::Once));
    let [account, order] = [key.account.as_str(), key.order.as_str()];
    collect(
        select.query(params![account, order, record.gateway.as_str(), begins]),
        rows::order,
    )
}

//! What a sweep reports while it runs and at its end.

use std::time::Duration;

use duka_core::{AccountName, GatewayName, Money, StatusReading};

use super::disposition::Disposition;
use crate::error::EngineError;
use crate::order::{Hold, OrderKey, TrackedOrder};
use crate::record::Record;

/// What a sweep reports while it runs.
#[derive(Debug)]
#[non_exhaustive]
pub enum SweepEvent<'a> {
    /// An order was looked at; one for each.
    Considered,
    /// A cancellation has ended, or the sweep leaves it as it is; one for each.
    Cancellation(&'a Record),
    /// What a dry run would do.
    Plan(&'a Plan),
    /// An order was considered and left as it is. Its gateway was asked only where its payment had
    /// [failed](super::LeaveReason::Failed).
    LeftAlone(&'a Plan),
    /// A sweep that [reconciles](super::Mode::Reconcile) has seen an order paid that was not
    /// known as paid before; one for each.
    NewlyPaid(&'a TrackedOrder),
    /// An order could not be worked on.
    Failed(&'a OrderKey, &'a EngineError),
    /// The rest of an account's orders is left for another time.
    AccountStopped(&'a AccountName, String),
}

/// What a sweep does, or would do, about an order.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The order.
    pub key: OrderKey,
    /// Its gateway.
    pub gateway: GatewayName,
    /// The merchant's reference, as the order is tracked.
    pub reference: Option<String>,
    /// The shop's own order number.
    pub shop_order: Option<String>,
    /// Its amount, by the list or as it is tracked.
    pub money: Option<Money>,
    /// What its status is; `None` where the gateway was not asked, or knows no such order.
    pub reading: Option<StatusReading>,
    /// The newer attempt for its shop order that is paid, if there is one.
    pub superseded_by: Option<OrderKey>,
    /// What becomes of it, and why.
    pub disposition: Disposition,
    /// Who holds it, if a person does.
    pub hold: Option<Hold>,
}

/// What a sweep did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Orders and open cancellations looked at.
    pub considered: u64,
    /// Of these, eligible by their status.
    pub eligible: u64,
    /// Cancellations whose request may have left.
    pub sent: u64,
    /// Cancelled, and not paid as far as is known.
    pub confirmed: u64,
    /// Not cancelled, or paid all the same: paid, ended in another way, or refused.
    pub not_cancelled: u64,
    /// Nothing was sent: not eligible, too young, too old, settled before.
    pub skipped: u64,
    /// Still being settled.
    pub in_doubt: u64,
    /// Waiting for a person.
    pub needs_review: u64,
    /// Could not be worked on; a later sweep tries again.
    pub errors: u64,
    /// Of these, the errors that end only when the user corrects the credentials or the
    /// settings of an account.
    pub misconfigured: u64,
    /// Of all these, paid after they had been reported to have ended without a payment.
    pub late_payments: u64,
    /// Of all these, paid with another amount, and not counted as late payments.
    pub amount_differs: u64,
    /// Of all these, paid although another attempt for the same shop order is paid.
    pub paid_twice: u64,
    /// Of all these, those seen paid by a sweep that [reconciles](super::Mode::Reconcile) and not
    /// known as paid before.
    pub newly_paid: u64,
    /// Of all these, those whose status was read and whose amount was not compared: the
    /// merchant's or the gateway's is not known, or the comparison is turned off.
    pub unchecked: u64,
    /// Orders older than [`Bounds::look_back`](super::Bounds::look_back), which are left alone: those
    /// of the list, or those tracked, which are not looked at.
    pub too_old: u64,
    /// Of all these, orders that their gateway does not know.
    pub unknown: u64,
    /// The accounts whose gateways have answered about orders, and known none of them: it may be
    /// another merchant's account, or another environment.
    pub all_unknown: Vec<AccountName>,
    /// How long it took.
    pub elapsed: Duration,
    /// Why the list could not be read to its end, if so.
    pub list_error: Option<String>,
}

//! What a store of cancellations must do, whatever database is behind it.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use duka_core::cancel::{Cancellation, Repeat};
use duka_core::{
    AccountName, CancellationId, CreationId, Money, Observation, OrderStatus, PaymentDetails,
};
use jiff::Timestamp;

use crate::amount::AmountCheck;
use crate::creation::{BeginCreation, Creation, CreationEnd, Duplicates, OpenCreations};
pub use crate::lease::{Claim, Schedule};
use crate::order::{Hold, OrderEvent, OrderKey, TrackedOrder, Tracking};
use crate::record::{LogEntry, Record, Request};

/// Keeps orders, cancellations and their log.
///
/// **If you call it:** when a write returns, it is on disk. A change names the version it
/// was made from; if another worker has written first, nothing is written and the present record
/// comes back. What is written is dated, and leases end, by the store's own clock: callers hand
/// over how long something lasts, and not until when.
///
/// **If you implement it:** the database itself must refuse a second open cancellation of
/// one order, a second request at a once-only gateway, and any change to a log entry.
#[async_trait]
pub trait Store: fmt::Debug + Send + Sync {
    /// Tracks these orders. Of one that is tracked already, the amount, reference, method and
    /// note are taken where the store has none, and all else stays as it is. What was seen of an
    /// order and when we touched it is the store's own to know, and not taken from here.
    ///
    /// # Errors
    /// When the store cannot be written.
    async fn track(&self, orders: Vec<TrackedOrder>) -> Result<Tracked, StoreError>;

    /// Stores a request to create an order that is about to leave, and tracks its order where
    /// the id is known. An order that is tracked already is as young as this request from then
    /// on, and otherwise stays as it is.
    ///
    /// What forbids the creation ([`Obstacle`](crate::creation::Obstacle)) is looked for in the same
    /// transaction. Attempts for one shop order are orders of the same account with that number.
    /// One is open until it is seen ended or a cancellation of it is confirmed, by a gateway or a
    /// person; an open creation of another reference counts, too.
    ///
    /// # Errors
    /// When the store cannot be written.
    async fn begin_creation(
        &self,
        creation: Creation,
        order: Option<TrackedOrder>,
        duplicates: Duplicates,
    ) -> Result<BeginCreation, StoreError>;

    /// Stores what came of a request to create an order, and returns it as it then stands;
    /// `None` if none of this id was open.
    ///
    /// A [created](CreationEnd::Created) order is tracked in any case. What was known of its id
    /// before, from a list say, gives way: its amount, reference, shop order, expiry, method and
    /// note are those given, where they are given, and it is as young as the later of the two
    /// moments says.
    ///
    /// # Errors
    /// When the store cannot be written.
    async fn end_creation(
        &self,
        id: CreationId,
        end: CreationEnd,
    ) -> Result<Option<Creation>, StoreError>;

    /// A page of requests to create an order whose outcome is not known, oldest first. An
    /// observation of an order with that id or reference, in that account, closes them.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn open_creations(&self, page: OpenCreations) -> Result<Vec<Creation>, StoreError>;

    /// Tracks these orders. What is known of one that is tracked already gives way: its age and
    /// [origin](crate::Origin), and its amount, reference, method and note where they are given.
    /// Where an order is named twice, the last counts. One that a caller has created or named keeps
    /// its age and origin: a list may know when the cart was made, and not when the customer got
    /// the link.
    ///
    /// # Errors
    /// When the store cannot be written.
    async fn correct(&self, orders: Vec<TrackedOrder>) -> Result<Tracked, StoreError>;

    /// Those of these orders that are tracked, in any sequence.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn orders(&self, keys: Vec<OrderKey>) -> Result<Vec<TrackedOrder>, StoreError>;

    /// The order of this key.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn order(&self, key: &OrderKey) -> Result<Option<TrackedOrder>, StoreError>;

    /// The orders with this id, this merchant reference or this shop order, in any account; at
    /// most 10.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn find_orders(&self, text: &str) -> Result<Vec<TrackedOrder>, StoreError>;

    /// Merges an observation of an order into what is known of it. An order that was ever seen paid
    /// is not [`Tracking::Pending`] from then on, whatever a change says. Observations of
    /// untracked orders are ignored.
    ///
    /// A payment raises, in the same transaction, the finding of every cancellation of the
    /// order that was reported ([`Cancellation::paid_late`]), with a log entry by `actor`;
    /// once a request at a [`Repeat::Once`] gateway may have left for the order, also of
    /// those under another name of the account. With [`AmountCheck::Compare`] its amount is
    /// compared with those of the newest cancellation, as [`Event::AmountDiffers`](duka_core::cancel::Event); it is one
    /// payment, so the older ones are not shown the amount.
    ///
    /// # Errors
    /// When the store cannot be written.
    async fn observe(
        &self,
        key: &OrderKey,
        seen: Observation,
        amount_check: AmountCheck,
        actor: &str,
    ) -> Result<(), StoreError>;

    /// Holds an order or releases it, with a line in the [log](Store::order_events), and returns
    /// the hold that there was. A held order is not held again, nor one that is not held released:
    /// nothing is written then.
    ///
    /// # Errors
    /// When the store cannot be written, or the order is not tracked.
    async fn change_hold(
        &self,
        key: &OrderKey,
        change: HoldChange,
    ) -> Result<Option<Hold>, StoreError>;

    /// A page of held orders, those first that have been held for longest.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn held(&self, page: HeldPage) -> Result<Vec<TrackedOrder>, StoreError>;

    /// What people have decided about an order, oldest first. The log is append-only.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn order_events(&self, key: &OrderKey) -> Result<Vec<OrderEvent>, StoreError>;

    /// Starts a cancellation and claims it for `claim.worker`, unless one is open or the
    /// condition does not hold. To an open one, unless a worker holds it, what is asked for is
    /// added ([`CancelTerms::with`](crate::CancelTerms::with)).
    ///
    /// # Errors
    /// When the store cannot be written, or the order is not tracked.
    async fn open(&self, new_cancellation: NewCancellation) -> Result<OpenResult, StoreError>;

    /// Writes the next state of a claimed cancellation, with its log entry and, when a
    /// request is about to leave, its attempt: all of it or nothing. What was seen of the
    /// order is merged as by [`Store::observe`], findings included; so is a payment seen
    /// earlier, when a person decides *cancelled* all the same. Under [`Precondition::Unpaid`]
    /// no request is written down for an order that is held.
    ///
    /// # Errors
    /// When the store cannot be written, or a once-only request would leave twice.
    async fn advance(&self, update: Update) -> Result<UpdateResult, StoreError>;

    /// Claims one cancellation if it is due or no worker holds it, also one that waits for a
    /// person. What [has lapsed](Claim::has_lapsed) because it is due too far in the future
    /// counts as due. One that is over is not claimed.
    ///
    /// # Errors
    /// When the store cannot be written.
    async fn claim_one(
        &self,
        id: CancellationId,
        claim: Claim,
    ) -> Result<Option<Record>, StoreError>;

    /// One cancellation.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn cancellation(&self, id: CancellationId) -> Result<Option<Record>, StoreError>;

    /// All cancellations of an order, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn cancellations_of(&self, key: &OrderKey) -> Result<Vec<Record>, StoreError>;

    /// The attempts for a shop order in this account that are open or paid, newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn attempts(
        &self,
        account: &AccountName,
        shop_order: &str,
    ) -> Result<Vec<TrackedOrder>, StoreError>;

    /// A page of orders that may be abandoned and are not held, by age or by the moment at which
    /// they expire.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn abandoned(&self, page: AbandonedPage) -> Result<Vec<TrackedOrder>, StoreError>;

    /// A page of cancellations changed since a moment, in the order of their creation.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn report(&self, page: ReportPage) -> Result<Vec<Record>, StoreError>;

    /// The log of one cancellation, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn log(&self, id: CancellationId) -> Result<Vec<LogEntry>, StoreError>;

    /// Checks that the store can be read and written, and how much it holds.
    ///
    /// # Errors
    /// When it cannot.
    async fn check(&self) -> Result<StoreStats, StoreError>;

    /// How many cancellations, refunds and requests to create an order are in doubt, wait for a
    /// person or have a finding.
    async fn waiting(&self) -> Result<u64, StoreError>;

    /// How many orders, of one account or of all, no sweep that looks back as far as `from` looks
    /// at any more: pending, not held, and [counted](TrackedOrder::counted_from) from before then.
    ///
    /// # Errors
    /// When the store fails.
    async fn too_old(
        &self,
        from: Timestamp,
        account: Option<AccountName>,
    ) -> Result<u64, StoreError>;
}

/// How many orders were new.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tracked {
    /// Not tracked before.
    pub added: u64,
    /// Tracked already.
    pub known: u64,
}

/// A cancellation to be started.
#[derive(Debug, Clone)]
pub struct NewCancellation {
    /// Its id.
    pub id: CancellationId,
    /// The order.
    pub key: OrderKey,
    /// Who asks for it, and why.
    pub request: Request,
    /// What the order costs, by the list or the caller that asks for it.
    pub listed_money: Option<Money>,
    /// While the order shows that a payment is under way, no request is sent before it has this
    /// [age](TrackedOrder::age_from). A caller who asks for the order by its name has none, and
    /// takes it off a cancellation that is open already, unless a worker
    /// [holds](Claim::has_lapsed) it.
    pub processing_min_age: Option<Duration>,
    /// The worker that starts it.
    pub claim: Claim,
    /// On what condition it is started.
    pub condition: Condition,
}

/// On what condition a cancellation is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// On none: the caller has asked for this order.
    Always,
    /// Only if the order is [`Tracking::Pending`] and its last action was then, as a sweep has
    /// read it before: several sweeps must not begin an order one after the other.
    IfUnmodifiedSince {
        /// The order's `last_action_at`.
        since: Option<Timestamp>,
    },
    /// None is started: what is asked for is only added to this one, if it is still open.
    IfOpen(CancellationId),
}

/// What came of starting one.
#[derive(Debug, Clone)]
pub enum OpenResult {
    /// Started, and claimed.
    New(Record),
    /// There is one already, and it is not over.
    AlreadyOpen(Record),
    /// Nothing was started or added: another worker has dealt with the order meanwhile.
    Stale,
}

/// The next state of a record, stored under the condition that its version is still the one
/// that the change was made from.
#[derive(Debug, Clone)]
pub struct Change<I, P> {
    /// Which record.
    pub id: I,
    /// The version it was made from.
    pub version: u64,
    /// The state to store.
    pub next: P,
    /// What was learnt; `None` keeps the last.
    pub message: Option<String>,
    /// Whether a worker keeps the lease, and otherwise when the record is due.
    pub schedule: Schedule,
    /// What the log will say.
    pub entry: Entry,
}

/// The next state of a cancellation, and what becomes of its order.
#[derive(Debug, Clone)]
pub struct Update {
    /// What becomes of the record.
    pub change: Change<CancellationId, Cancellation>,
    /// What was seen of the order; merged into what is known of it.
    pub seen: Option<Observation>,
    /// Whether the amount of a payment is compared.
    pub amount_check: AmountCheck,
    /// What the gateway's answer to a request tells about the order. It takes the place of what
    /// was known, as far as it goes.
    pub answered: PaymentDetails,
    /// What happens to the attempt under way.
    pub attempt: Attempt,
    /// What becomes of the order.
    pub tracking: Tracking,
    /// What must hold for it to be written.
    pub precondition: Precondition,
}

/// A log entry to be written; number and states are the store's to fill in.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The name of the event.
    pub event: String,
    /// Who.
    pub actor: String,
    /// What was sent or came back, in words.
    pub detail: Option<String>,
}

impl Entry {
    /// An entry about this event.
    pub fn new(event: &str, actor: &str, detail: Option<String>) -> Self {
        let (event, actor) = (event.to_owned(), actor.to_owned());
        Self {
            event,
            actor,
            detail,
        }
    }
}

/// What happens to the attempt of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// No attempt changes.
    Unchanged,
    /// A request is about to leave. At a [`Repeat::Once`] gateway the store refuses a
    /// second one for the same order, under whatever name of the account.
    Begins(Repeat),
    /// The request is proved not to have been looked at: it does not count.
    TakenBack,
    /// It ended in some other way, by the name of the event.
    Ended,
}

/// What came of an update of a versioned record.
#[derive(Debug, Clone)]
pub enum UpdateResult<R = Record, F = Obstacle> {
    /// It is written; this is the record now.
    Stored(R),
    /// Nothing was written, because another worker has written first; this is the record now.
    Conflict(R),
    /// Nothing was written, because the [`Precondition`] did not hold. No other worker has
    /// written.
    PreconditionFailed(F),
}

/// Why the [`Precondition`] of an update of a cancellation did not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// The order has been seen in this status before: paid or reversed.
    SeenPaid(OrderStatus),
    /// A request was about to leave for an order that is held.
    Held(Hold),
}

/// A change of the hold of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HoldChange {
    /// Holds it.
    Place {
        /// Who decides.
        by: String,
        /// Why.
        note: String,
    },
    /// Ends the hold.
    Release {
        /// Who decides.
        by: String,
    },
}

/// A page of held orders.
#[derive(Debug, Clone, Default)]
pub struct HeldPage {
    /// Held at this moment or later.
    pub since: Option<Timestamp>,
    /// Held at this moment or earlier.
    pub until: Option<Timestamp>,
    /// Only this account.
    pub account: Option<AccountName>,
    /// After this order, which was held then.
    pub after: Option<(Timestamp, OrderKey)>,
    /// At most so many.
    pub limit: u32,
}

impl HeldPage {
    /// Moves on past the orders that this page held; `false` when it held none, which was the
    /// end.
    pub fn advance(&mut self, orders: &[TrackedOrder]) -> bool {
        let last = orders.last();
        let last = last.and_then(|last| Some((last.hold.as_ref()?.at, last.key.clone())));
        let moved = last.is_some();
        self.after = last.or(self.after.take());
        moved
    }
}

/// Whether a change is written whatever is known of the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precondition {
    /// It is.
    None,
    /// Only while the order has never been seen paid: a status that lags behind, or one
    /// read before another worker saw the payment, must not win over it. Where a
    /// [`Repeat::Once`] request is about to leave, or may have left before, this is so under
    /// every name of the account. Where a request is about to leave, the order must not be held
    /// either, under the same names.
    Unpaid,
}

/// Why an order may be abandoned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Abandoned {
    /// It does not expire, and is old: the moments of its page are those of the creation.
    ByAge,
    /// It expires: the moments are those at which orders do.
    Expired,
    /// A newer attempt for its shop order, in the same account, is seen paid: the moments are
    /// those of the creation, whether it expires or not.
    Superseded,
}

/// A page of orders that may be abandoned.
#[derive(Debug, Clone)]
pub struct AbandonedPage {
    /// Which of them.
    pub which: Abandoned,
    /// Created, or expired, at this moment or later.
    pub from: Timestamp,
    /// Created, or expired, at this moment or earlier.
    pub until: Timestamp,
    /// Not touched by us since this moment.
    pub untouched_since: Timestamp,
    /// Only this account.
    pub account: Option<AccountName>,
    /// After this order.
    pub after: Option<(Timestamp, OrderKey)>,
    /// At most so many.
    pub limit: u32,
}

/// Which cancellations a report is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ReportFilter {
    /// All of them.
    #[default]
    All,
    /// What a person may have to look at: being sent (its worker may have died), in doubt,
    /// waiting for review, or with a finding.
    Pending,
    /// What is neither over nor waiting for a person, who waits on while a worker reads the
    /// status again. A worker may hold it, or may have died
    /// holding it: until the lease ends this is not known.
    Unsettled,
    /// What was reported to have ended without a payment: cancelled, by the gateway or by a
    /// person, failed or expired. A payment that comes after that must not go unnoticed.
    ReportedUnpaid,
}

/// A page of cancellations.
#[derive(Debug, Clone, Default)]
pub struct ReportPage {
    /// Which of them.
    pub which: ReportFilter,
    /// Changed at this moment or later.
    pub since: Option<Timestamp>,
    /// Changed at this moment or earlier.
    pub until: Option<Timestamp>,
    /// Only this account.
    pub account: Option<AccountName>,
    /// Only of orders with this id, this merchant reference or this shop order.
    pub order: Option<String>,
    /// Only in this state, as [`State::as_str`](duka_core::State::as_str) names it.
    pub state: Option<String>,
    /// Only with this outcome, as [`Outcome::as_str`](duka_core::Outcome::as_str) names it.
    pub outcome: Option<String>,
    /// Only with this finding, as [`Finding::as_str`](duka_core::cancel::Finding::as_str) names it.
    pub finding: Option<String>,
    /// After this one.
    pub after: Option<(Timestamp, CancellationId)>,
    /// At most so many.
    pub limit: u32,
}

/// How much a store holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StoreStats {
    /// Tracked orders.
    pub orders: u64,
    /// Cancellations.
    pub cancellations: u64,
    /// Of these, not over and not waiting for a person.
    pub unsettled: u64,
    /// Waiting for a person.
    pub needs_review: u64,
}

/// How a store failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// It cannot be opened: no such folder, no permission, not a store's address.
    CannotOpen,
    /// Another program locks it for too long.
    Busy,
    /// The disk is full.
    Full,
    /// It may not be written.
    ReadOnly,
    /// Its content is damaged, or it is not a database.
    Corrupt,
    /// It was written by a newer program.
    TooNew,
    /// A request that would have been the second at a once-only gateway.
    OnceUsed,
    /// The order is not tracked.
    UnknownOrder,
    /// Anything else.
    Internal,
}

/// A failure of a store. Nothing of the failed call was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct StoreError {
    kind: StoreErrorKind,
    message: String,
}

impl StoreError {
    /// A failure of this kind; the message says what to do, as a lowercase fragment.
    pub fn new(kind: StoreErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }

    /// How it failed.
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }
}

impl ReportPage {
    /// Moves on past the records that this page held; `false` when it held none, which was
    /// the end.
    pub fn advance(&mut self, records: &[Record]) -> bool {
        let last = records.last().map(|last| (last.created_at, last.id));
        self.after = last.or(self.after);
        last.is_some()
    }
}

//! Creates orders so that none is at its gateway and not in the store: the request is stored
//! before it is sent, and closed by what comes of it.
//!
//! A lost answer cannot be repaired here. Where the id is the merchant's own, the order is tracked
//! from before the request, and its status tells whether it was created. Where the gateway issues
//! the id, the stored request is all that is known: it stays open, for an operator to see, until
//! the same order is created again, which the gateway answers with the first one.

use std::sync::Arc;
use std::time::Duration;

use duka_core::{
    AccountName, CreatedOrder, CreationId, Delivery, Error, ErrorKind, Gateway, Money, NewOrder,
    OrderId, OrderIds, OrderStatus,
};
use jiff::Timestamp;
use tracing::{info, trace, warn};

use crate::call::call;
pub use crate::creation::{
    BeginCreation, Creation, CreationEnd, Duplicates, Obstacle, OpenCreations,
};
use crate::deadline::Deadline;
use crate::driver::Canceller;
use crate::error::EngineError;
use crate::order::{OrderKey, TrackedOrder};
use crate::store::StoreError;
use crate::task::detached;

/// How long to wait for the status that shows whether an earlier order was returned.
const STATUS_WAIT: Duration = Duration::from_secs(10);

/// What is asked for beside the order itself. It stays here: no gateway is told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CreateTerms {
    /// The shop's own order number. Orders of one account with the same number are attempts to
    /// pay for the same goods.
    pub shop_order: Option<String>,
    /// When the offer to pay ends. A sweep cancels the order from then on, and not before.
    pub expires_at: Option<Timestamp>,
    /// Whether there may be another attempt already.
    pub duplicates: Duplicates,
}

/// An order that was created, and is tracked.
#[derive(Debug, Clone)]
pub struct Created {
    /// How it is tracked.
    pub key: OrderKey,
    /// The gateway's answer, with the address to pay at.
    pub answer: CreatedOrder,
}

/// Why there is no new order.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CreateError {
    /// The account or the store; nothing was sent.
    #[error(transparent)]
    NothingSent(#[from] EngineError),
    /// The gateway has not created the order, or the request was not sent.
    #[error(transparent)]
    NotCreated(Error),
    /// Whether the order was created is not known. The request stays open in the store.
    #[error("whether order {reference} was created is not known: {error}")]
    Unknown {
        /// The merchant's id of the order.
        reference: OrderId,
        /// Where the order is tracked all the same; elsewhere, creating it again with the same
        /// values returns it.
        tracked: Option<OrderKey>,
        /// What went wrong.
        #[source]
        error: Error,
    },
    /// An order of the same id is cancelled, or there is another attempt for the shop order;
    /// nothing was sent.
    #[error("{0}")]
    Obstacle(Obstacle),
    /// The id was used before, for another amount; nothing was sent.
    #[error("id {reference} was used before, for {money}; use another id, or the same values")]
    IdUsed {
        /// The merchant's id of the order.
        reference: OrderId,
        /// What was asked for then.
        money: Money,
        /// The order of that id; absent where it is not known whether it was created.
        order: Option<OrderKey>,
    },
    /// An earlier request, whose answer was lost, has created this order; nothing was sent. The
    /// address to pay at was in the lost answer.
    #[error(
        "an earlier request, whose answer was lost, created order {0}; where it is paid is not known: cancel it, and use another id"
    )]
    CreatedBefore(OrderKey),
    /// The gateway answered with an earlier order of this id, for another amount. That order is
    /// tracked.
    #[error(
        "the gateway answers with an earlier order of this id, for {money} and not for {asked}; it is tracked as {}; use another id",
        key.order
    )]
    EarlierOrder {
        /// The earlier order.
        key: OrderKey,
        /// What it costs.
        money: Money,
        /// What was asked for.
        asked: Money,
    },
    /// The order was created, and the store could not be written. The request stays open there.
    #[error("order {} was created, and could not be stored: {error}", created.key)]
    NotStored {
        /// The order.
        created: Box<Created>,
        /// Why it could not be stored.
        #[source]
        error: StoreError,
    },
    /// The runtime was shut down meanwhile. If the request was stored, it stays open.
    #[error("the runtime was shut down while order {0} was being created")]
    ShutDown(OrderId),
}

/// The failure of the store before the request.
fn nothing_sent(error: StoreError) -> CreateError {
    CreateError::NothingSent(error.into())
}

impl Canceller {
    /// Creates an order and tracks it: stores the request, sends it once, and stores what came of
    /// it. A crash or a lost answer leaves an open [`Creation`] in the store, and where the id is
    /// the merchant's own ([`OrderIds::Merchant`]) a tracked order.
    ///
    /// To repeat it with the same id and the same values is safe. Where the gateway issues the
    /// ids, that returns the order of the first request; otherwise the status of the order is
    /// read first, and nothing is sent if it exists.
    ///
    /// An id whose order is cancelled is refused, and so is an order whose shop order has another
    /// attempt that is open or paid, unless [`Duplicates`] allows it. That is looked at in the
    /// transaction that stores the request: of two workers, one is refused.
    ///
    /// Dropping the future only stops the wait: the answer is stored by a task of the runtime.
    ///
    /// # Errors
    /// See [`CreateError`]; what may exist at the gateway is in the store in every case.
    pub async fn create(
        &self,
        account: &AccountName,
        order: NewOrder,
        terms: CreateTerms,
    ) -> Result<Created, CreateError> {
        let gateway = Arc::clone(self.gateway(account)?);
        let (worker, account) = (self.clone(), account.clone());
        let reference = order.reference.clone();
        let done =
            detached(async move { worker.create_once(&*gateway, account, &order, terms).await });
        done.await.unwrap_or(Err(CreateError::ShutDown(reference)))
    }

    async fn create_once(
        &self,
        gateway: &dyn Gateway,
        account: AccountName,
        order: &NewOrder,
        terms: CreateTerms,
    ) -> Result<Created, CreateError> {
        let creation = Creation {
            id: CreationId::from_uuid(self.new_id()),
            account,
            gateway: gateway.name(),
            reference: order.reference.to_string(),
            shop_order: terms.shop_order,
            expires_at: terms.expires_at,
            money: order.money,
            message: None,
            started_at: self.clock.now(),
        };
        let tracked = match gateway.order_ids() {
            OrderIds::Merchant => {
                Some(creation.tracked_as(gateway.canonical_order(&order.reference)))
            }
            OrderIds::Gateway => None,
        };
        let reference = &order.reference;
        self.refuse_reuse(&creation, reference, tracked.as_ref())
            .await?;
        passes(&creation, "before_creation");
        let (intent, duplicates) = (creation.clone(), terms.duplicates);
        let intent = self
            .store
            .begin_creation(intent, tracked.clone(), duplicates);
        match intent.await.map_err(nothing_sent)? {
            BeginCreation::Begun => {}
            BeginCreation::Refused(Obstacle::OtherAmount { order, money }) => {
                return Err(CreateError::IdUsed {
                    reference: reference.clone(),
                    money,
                    order: Some(order),
                });
            }
            BeginCreation::Refused(obstacle) => return Err(CreateError::Obstacle(obstacle)),
        }
        passes(&creation, "creation_intent");
        let answer = gateway.create(order).await;
        passes(&creation, "creation_reply");
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => return Err(self.failed(&creation, reference, tracked, error).await),
        };
        let id = gateway.canonical_order(&answer.order);
        let key = OrderKey::new(creation.account.clone(), id);
        info!(id = %creation.id, order = %key.order, "created");
        let created = Created { key, answer };
        self.keep(&creation, &created, creation.money).await?;
        passes(&creation, "creation_end");
        match gateway.order_ids() {
            OrderIds::Merchant => Ok(created),
            OrderIds::Gateway => self.unless_earlier(gateway, &creation, created).await,
        }
    }

    /// Refuses an id that an order of another amount may have, and one whose order exists by an
    /// earlier request.
    async fn refuse_reuse(
        &self,
        creation: &Creation,
        reference: &OrderId,
        tracked: Option<&TrackedOrder>,
    ) -> Result<(), CreateError> {
        let page = OpenCreations {
            account: Some(creation.account.clone()),
            reference: Some(creation.reference.clone()),
            after: None,
            limit: 10,
        };
        let open = self
            .store
            .open_creations(page)
            .await
            .map_err(nothing_sent)?;
        if let Some(other) = open.iter().find(|it| it.money != creation.money) {
            return Err(CreateError::IdUsed {
                reference: reference.clone(),
                money: other.money,
                order: None,
            });
        }
        let Some(tracked) = tracked.filter(|_| !open.is_empty()) else {
            return Ok(());
        };
        // The status tells what came of the earlier request.
        match self.status(&tracked.key).await {
            Ok(_) => Err(CreateError::CreatedBefore(tracked.key.clone())),
            Err(EngineError::Gateway(error)) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(EngineError::Gateway(error)) => Err(CreateError::Unknown {
                reference: reference.clone(),
                tracked: Some(tracked.key.clone()),
                error,
            }),
            Err(error) => Err(error.into()),
        }
    }

    /// Stores why there is no order, or that there may be one.
    async fn failed(
        &self,
        creation: &Creation,
        reference: &OrderId,
        tracked: Option<TrackedOrder>,
        error: Error,
    ) -> CreateError {
        let why = error.in_full().to_string();
        // A failure that is the caller's is a documented refusal.
        let proved = error.delivery() == Delivery::NotSent || error.kind().is_callers_fault();
        let end = if proved {
            CreationEnd::NotCreated(why)
        } else {
            CreationEnd::Unknown(why)
        };
        // Without it the creation stays open. What the gateway said is what the caller must hear.
        if let Err(problem) = self.store.end_creation(creation.id, end).await {
            warn!(id = %creation.id, %problem, "not stored");
        }
        if proved {
            return CreateError::NotCreated(error);
        }
        CreateError::Unknown {
            reference: reference.clone(),
            tracked: tracked.map(|order| order.key),
            error,
        }
    }

    /// Tracks the order that was created, and closes the creation.
    async fn keep(
        &self,
        creation: &Creation,
        created: &Created,
        money: Money,
    ) -> Result<(), CreateError> {
        let mut order = creation.tracked_as(created.key.order.clone());
        order.money = Some(money);
        let end = CreationEnd::Created {
            order: Box::new(order),
            payment_link: created.answer.payment_link.clone(),
        };
        let ended = self.store.end_creation(creation.id, end).await;
        ended.map_err(|error| CreateError::NotStored {
            created: Box::new(created.clone()),
            error,
        })?;
        Ok(())
    }

    /// Refuses an order that was returned for another amount than the one asked for. A status
    /// that cannot be read says nothing; what is paid may be shown in another currency.
    async fn unless_earlier(
        &self,
        gateway: &dyn Gateway,
        creation: &Creation,
        created: Created,
    ) -> Result<Created, CreateError> {
        let deadline = Deadline::after(&self.clock, STATUS_WAIT);
        let Ok(reading) = call(&deadline, gateway.status(&created.key.order)).await else {
            return Ok(created);
        };
        let asked = creation.money;
        match reading.money {
            Some(money) if money != asked && reading.status == OrderStatus::Unpaid => {
                self.keep(creation, &created, money).await?;
                let key = created.key;
                Err(CreateError::EarlierOrder { key, money, asked })
            }
            Some(_) | None => Ok(created),
        }
    }
}

/// Tells the trace where a creation stands, as the driver does for a cancellation.
fn passes(creation: &Creation, point: &'static str) {
    trace!(id = %creation.id, point, "passes");
}

//! Makes one refund request per payment: reads the status, writes the intent down, sends
//! once, and believes nothing but a readable answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use duka_core::clock::SharedClock;
use duka_core::gateway::Operation;
use duka_core::money::Decimal;
use duka_core::refund::{RefundEvent, RefundResolution, RefundState};
use duka_core::{
    AccountName, Delivery, Error, ErrorKind, Gateway, OrderStatus, RefundAnswer, RefundId,
    RefundRequest, StatusReading,
};
use tracing::{info, trace};

use super::{BeginRefund, Refund, RefundIntent, RefundStore, RefundTerms, RefundUpdate};
use crate::call::{FailedRequest, call};
use crate::deadline::Deadline;
use crate::driver::Canceller;
use crate::error::{EngineError, RequestKind};
use crate::order::{OrderKey, TrackedOrder};
use crate::record::Acknowledgement;
use crate::settings::Settings;
use crate::store::Store;
use crate::task::detached;
use crate::write::{Decision, Reason, Swapped, compare_and_swap, retry_until_lease_ends};

/// Who asks for a refund, why, and how much.
#[derive(Debug, Clone)]
pub struct RefundParams {
    /// How much, in the currency that the status shows; all of it if nothing is said.
    pub amount: Option<Decimal>,
    /// Who asks, as the gateway is told.
    pub username: String,
    /// Why, as the gateway is told.
    pub remarks: String,
    /// Who asks for it here, for the record.
    pub actor: String,
}

/// What came of asking for a refund.
#[derive(Debug)]
pub enum Refunding {
    /// Nothing was sent or written: the order is not paid, or its money has gone back.
    NotEligible(StatusReading),
    /// Nothing was sent: this request was made before, and a payment has one.
    AlreadyRequested {
        /// The earlier request, as it stands now.
        refund: Refund,
        /// The status, if it could be read.
        reading: Option<StatusReading>,
    },
    /// A request was written down and sent, or proved not to have been.
    Made {
        /// As it stands in the store.
        refund: Refund,
        /// The status it was made from.
        reading: StatusReading,
        /// What the gateway's failure was, if there was one.
        error: Option<Error>,
    },
}

/// Carries out refund requests. Cheap to clone; all clones are one worker.
#[derive(Debug, Clone)]
pub struct Refunder {
    store: Arc<dyn RefundStore>,
    orders: Canceller,
}

impl Refunder {
    /// A worker on this store, for these accounts.
    pub fn new(
        store: Arc<dyn RefundStore>,
        gateways: BTreeMap<AccountName, Arc<dyn Gateway>>,
        clock: SharedClock,
        settings: Settings,
    ) -> Self {
        let orders: Arc<dyn Store> = Arc::<dyn RefundStore>::clone(&store);
        Self {
            store,
            orders: Canceller::new(orders, gateways, clock, settings),
        }
    }

    /// The store it works on.
    pub fn store(&self) -> &Arc<dyn RefundStore> {
        &self.store
    }

    /// Asks for one refund: reads the order's status, and if it is paid and no request was
    /// made for it before, stores the intent and sends one request. Tracks the order if it
    /// was not tracked before and is paid.
    ///
    /// # Errors
    /// When the gateway has no refunds, the status cannot be read, the amount will not do,
    /// the account is not configured or the store fails. What the gateway says to the
    /// request, or does not say, is in the record.
    ///
    /// Dropping the future before the intent is written ends it; after that, only the wait.
    pub async fn refund(
        &self,
        order: TrackedOrder,
        terms: RefundParams,
    ) -> Result<Refunding, EngineError> {
        let orders = &self.orders;
        let key = orders.canonical(&order.key)?;
        orders.check_gateway(&key, &order.gateway)?;
        let gateway = Arc::clone(orders.gateway(&key.account)?);
        if !gateway.supports(Operation::Refund) {
            let problem = format!(
                "refund: {} documents no refunds, so nothing was sent",
                gateway.name()
            );
            let error = Error::new(ErrorKind::Unsupported, Delivery::NotSent, problem);
            return Err(error.into());
        }
        let earlier = self.store.earlier_refund(&order.gateway, &key.order);
        if let Some(refund) = earlier.await? {
            return self.already_requested(refund, &key).await;
        }
        passes("before_check");
        let (reading, seen) = orders.status(&key).await?;
        passes("after_check");
        if reading.status != OrderStatus::Paid {
            return Ok(Refunding::NotEligible(reading));
        }
        let mut request =
            RefundRequest::new(key.order.clone(), reading, terms.username, terms.remarks);
        request.amount = terms.amount;
        gateway.check_refund(&request)?;
        let money = request.money()?;
        let order = TrackedOrder {
            key: key.clone(),
            ..order
        };
        self.store.track(vec![order]).await?;
        orders.observe(&key, seen).await?;

        // The lease runs from the write of the intent, and the deadline from before it.
        let deadline = orders.settings.lease.deadline(&orders.clock);
        let intent = RefundIntent {
            id: RefundId::from_uuid(orders.new_id()),
            key: key.clone(),
            actor: terms.actor,
            terms: RefundTerms {
                acknowledgement: None,
                money,
                confirmation_code: request.paid.details.receipt.clone(),
                username: request.username.clone(),
                remarks: request.remarks.clone(),
            },
            claim: orders.claim(),
        };
        let worker = self.clone();
        let made = detached(async move { worker.make(intent, gateway, request, deadline).await });
        made.await
            .unwrap_or_else(|| Err(EngineError::ShutDown(key)))
    }

    /// Writes the intent down and sends the one request, on a task of its own: a caller that
    /// is dropped must not leave it half made, nor its answer unread.
    async fn make(
        &self,
        intent: RefundIntent,
        gateway: Arc<dyn Gateway>,
        request: RefundRequest,
        deadline: Deadline,
    ) -> Result<Refunding, EngineError> {
        let key = intent.key.clone();
        passes("before_intent");
        match self.store.begin_refund(intent).await? {
            BeginRefund::New(refund) => {
                let (refund, error) = self.send(refund, &*gateway, &request, &deadline).await?;
                Ok(Refunding::Made {
                    refund,
                    reading: request.paid,
                    error,
                })
            }
            BeginRefund::AlreadyRequested(refund) => self.already_requested(refund, &key).await,
            // Seen reversed before, by a status that this one lags behind.
            BeginRefund::NotPaid(status) => {
                let mut reading = request.paid;
                reading.status = status.unwrap_or(reading.status);
                Ok(Refunding::NotEligible(reading))
            }
        }
    }

    /// Sends the one request. The intent is on disk by now.
    async fn send(
        &self,
        refund: Refund,
        gateway: &dyn Gateway,
        request: &RefundRequest,
        deadline: &Deadline,
    ) -> Result<(Refund, Option<Error>), EngineError> {
        passes("after_intent");
        let answer = call(deadline, gateway.refund(request)).await;
        passes("after_reply");
        let (event, detail, error) = match answer {
            Ok(RefundAnswer::Received { message }) => {
                let detail = format!("answered received: {message}");
                (RefundEvent::Received, detail, None)
            }
            Ok(RefundAnswer::Refused { message }) => {
                let detail = format!("answered refused: {message}");
                (RefundEvent::Refused, detail, None)
            }
            Err(error) => {
                let event = RefundEvent::from(FailedRequest::of(&error));
                let detail = format!("refund request: {}", error.in_full());
                (event, detail, Some(error))
            }
        };
        let refund = match self.write_in_time(refund, event, &detail).await? {
            Written::Now(refund) | Written::NothingFollows(refund) => refund,
            Written::Beside(refund) => return Err(EngineError::DoubleRequest(Box::new(refund))),
        };
        info!(id = %refund.id, state = refund.progress.state.words(), "refund request ended");
        Ok((refund, error))
    }

    /// Writes what came of a request. While the store is in trouble that may pass, tries
    /// again until the lease ends: what the gateway said is known nowhere else.
    async fn write_in_time(
        &self,
        refund: Refund,
        event: RefundEvent,
        detail: &str,
    ) -> Result<Written, EngineError> {
        let (clock, request) = (&self.orders.clock, RequestKind::Refund);
        let worker = &self.orders.settings.worker;
        let write = || self.write(refund.clone(), event, detail, worker);
        retry_until_lease_ends(clock, &refund, request, detail, write).await
    }

    /// An earlier request, with what can be learnt of it now.
    async fn already_requested(
        &self,
        refund: Refund,
        key: &OrderKey,
    ) -> Result<Refunding, EngineError> {
        let (refund, reading) = self.look(refund, key).await?;
        Ok(Refunding::AlreadyRequested { refund, reading })
    }

    /// Takes a request whose worker is gone for doubtful, and reads the order once more: the
    /// store ends the doubt if the money has gone back. It is read with the account that
    /// made the request and, where that does not serve, with `key`'s. Whether it can be read
    /// does not matter here.
    async fn look(
        &self,
        refund: Refund,
        key: &OrderKey,
    ) -> Result<(Refund, Option<StatusReading>), EngineError> {
        let mut refund = refund;
        let worker = &self.orders.settings.worker;
        if refund.progress.state == RefundState::Sending {
            // Whether its lease has ended is for the store to say.
            let detail = "the worker that was sending the request stopped without a word";
            let event = RefundEvent::LeaseLapsed;
            refund = self.write(refund, event, detail, worker).await?.refund();
        }
        let own = refund.key.clone();
        let asker = (own != *key).then_some(key);
        let mut reading = None;
        for key in [Some(&own), asker].into_iter().flatten() {
            match self.orders.status(key).await {
                Ok((read, _)) => {
                    reading = Some(read);
                    break;
                }
                Err(trouble) if trouble.is_of_the_gateway() => {}
                Err(trouble) => return Err(trouble),
            }
        }
        let now = self.store.refund(refund.id).await?;
        Ok((now.unwrap_or(refund), reading))
    }

    /// Records what a person has found at the gateway about a request that is in doubt or
    /// was refused. `by` and `note` stay in the log for ever.
    ///
    /// # Errors
    /// [`EngineError::NothingToDecide`] when there is nothing to decide,
    /// [`EngineError::UnknownRefund`] when there is no such refund, or when the store fails.
    pub async fn resolve(
        &self,
        id: RefundId,
        resolution: RefundResolution,
        by: &str,
        note: &str,
    ) -> Result<Refund, EngineError> {
        let found = self.store.refund(id).await?;
        let found = found.ok_or(EngineError::UnknownRefund(id))?;
        let key = found.key.clone();
        let (found, _) = self.look(found, &key).await?;
        let event = RefundEvent::Resolved(resolution);
        // What another worker has learnt meanwhile may leave nothing to decide.
        match self
            .write(found, event, &Acknowledgement::detail(by, note), by)
            .await?
        {
            Written::Now(refund) => Ok(refund),
            Written::NothingFollows(refund) | Written::Beside(refund) => {
                Err(EngineError::NothingToDecide(Box::new(refund)))
            }
        }
    }

    /// Closes the finding of a refund that a person has seen to. `by` and `note` stay in the
    /// log for ever.
    ///
    /// # Errors
    /// [`EngineError::NothingToDecide`] when it has none, [`EngineError::UnknownRefund`] when there
    /// is no such refund, or when the store fails.
    pub async fn acknowledge(
        &self,
        id: RefundId,
        by: &str,
        note: &str,
    ) -> Result<Refund, EngineError> {
        let found = self.store.refund(id).await?;
        let found = found.ok_or(EngineError::UnknownRefund(id))?;
        let decide = |refund: &Refund, reason: Reason<()>| {
            if let Reason::OnceUsed(error) = reason {
                return Err(error.into());
            }
            let update = RefundUpdate::acknowledged(refund, by, note);
            Ok(update.map_or(Decision::Leave, |update| Decision::Write(update, ())))
        };
        let swapped = compare_and_swap(found, decide, |update| self.store.advance_refund(update));
        match swapped.await? {
            Swapped::Stored(refund, ()) => Ok(refund),
            Swapped::Left(refund) => Err(EngineError::NothingToDecide(Box::new(refund))),
        }
    }

    /// Writes what follows from `event`, if anything does; also over what another worker has
    /// written meanwhile, as far as the rules allow it.
    async fn write(
        &self,
        refund: Refund,
        event: RefundEvent,
        detail: &str,
        actor: &str,
    ) -> Result<Written, EngineError> {
        let decide = |refund: &Refund, reason: Reason<()>| {
            if let Reason::PreconditionFailed(()) = reason {
                return Ok(Decision::Leave);
            }
            if let Reason::OnceUsed(error) = reason {
                let update = RefundUpdate::double_request(refund, event, detail, actor);
                let update = update.ok_or(error)?;
                return Ok(Decision::Write(update, Written::Beside as fn(_) -> _));
            }
            if let Some(update) = RefundUpdate::after(refund, event, detail, actor) {
                return Ok(Decision::Write(update, Written::Now as fn(_) -> _));
            }
            let late = RefundUpdate::late_answer(refund, event, detail, actor);
            Ok(late.map_or(Decision::Leave, |update| {
                Decision::Write(update, Written::NothingFollows as fn(_) -> _)
            }))
        };
        let swapped = compare_and_swap(refund, decide, |update| self.store.advance_refund(update));
        Ok(match swapped.await? {
            Swapped::Stored(refund, written) => written(refund),
            Swapped::Left(refund) => Written::NothingFollows(refund),
        })
    }
}

/// What came of an event.
enum Written {
    Now(Refund),
    /// As it stands; the event says nothing to that.
    NothingFollows(Refund),
    /// Kept beside a state that could not follow: another request has taken the payment.
    Beside(Refund),
}

impl Written {
    fn refund(self) -> Refund {
        match self {
            Self::Now(refund) | Self::NothingFollows(refund) | Self::Beside(refund) => refund,
        }
    }
}

/// Tells the trace where a refund stands, by the names that a cancellation's points have.
fn passes(point: &'static str) {
    trace!(point, refund = true, "passes");
}

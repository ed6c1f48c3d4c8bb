//! The account as a [`Gateway`]: which request each operation sends, and how often.

use std::sync::Arc;

use async_trait::async_trait;
use duka_core::evidence::{self, OperationInfo};
use duka_core::gateway::{Operation, OrderIds};
use duka_core::{
    AccountName, CancelAnswer, CancelRules, Cancellable, CreatedOrder, Error, Gateway, GatewayName,
    NewOrder, OrderId, StatusReading,
};
use duka_http::adapter::{Answer, ApiUrls, Connection};

use crate::auth::Signer;
use crate::notify::WebhookVerifier;
use crate::operations::{self, OPERATIONS};
use crate::payload::{Json, Members, Unicode};
use crate::reply;
use crate::wire;

/// The gateway's name in configuration and JSON.
pub(crate) const NAME: GatewayName = GatewayName::from_static("kwikpaisa");

/// One account at KwikPaisa. Cheap to clone.
#[derive(Debug, Clone)]
pub struct KwikPaisa {
    connection: Connection,
    signer: Arc<Signer>,
    orders: Orders,
    rules: CancelRules,
}

/// How orders are written.
#[derive(Debug, Clone, Default)]
pub(crate) struct Orders {
    pub(crate) unicode: Unicode,
    /// The `service_type` of orders that name none.
    pub(crate) service_type: Option<String>,
}

impl KwikPaisa {
    /// Where its API is (page *create-order*).
    pub const API: ApiUrls = operations::API;

    /// An account from what its builder has checked.
    pub(crate) fn new(connection: Connection, signer: Signer, orders: Orders) -> Self {
        Self {
            connection,
            signer: Arc::new(signer),
            orders,
            // assumed: that a repeated cancel does no harm. The page *cancel-order* makes
            // CANCELLED a state that is not eligible and names no limit on requests.
            rules: CancelRules::repeatable([Cancellable::Unpaid, Cancellable::Processing]),
        }
    }

    /// The name of the account, if it was given one.
    pub fn account(&self) -> Option<&AccountName> {
        self.connection.account.as_ref()
    }

    /// Checks webhooks with this account's secret key and clock.
    pub fn webhooks(&self) -> WebhookVerifier {
        WebhookVerifier::new(
            self.signer.secret_key().clone(),
            self.connection.clock.clone(),
        )
    }

    async fn call(&self, operation: &OperationInfo, payload: &Json) -> Result<Answer, Error> {
        let clock = &self.connection.clock;
        let body = payload.write(Members::Sorted, self.orders.unicode);
        // Every try is dated and signed anew; what is signed is what is sent.
        let build = |url| self.signer.sign(url, body.clone(), clock.now());
        let keys = self.signer.keys().to_vec();
        let answer = self.connection.call(operation, keys, build).await?;
        reply::check_auth(&answer, clock.now())?;
        Ok(answer)
    }
}

#[async_trait]
impl Gateway for KwikPaisa {
    fn name(&self) -> GatewayName {
        NAME
    }

    fn cancel_rules(&self) -> &CancelRules {
        &self.rules
    }

    fn order_ids(&self) -> OrderIds {
        OrderIds::Merchant
    }

    /// Everything but refunds, which version 3 of the API does not document, and the
    /// registration of webhooks, which is done in the gateway's dashboard.
    fn supports(&self, operation: Operation) -> bool {
        evidence::supports(&OPERATIONS, operation)
    }

    /// Page *create-order*. One `POST`, repeated only if it was not sent.
    async fn create(&self, order: &NewOrder) -> Result<CreatedOrder, Error> {
        let payload = wire::create_payload(order, self.orders.service_type.as_deref())?;
        let answer = self.call(&operations::CREATE, &payload).await?;
        reply::read_created(&answer, &order.reference, &self.connection.details)
    }

    /// Page *check-status*. A `POST` that changes nothing, so it is repeated as a read.
    async fn status(&self, order: &OrderId) -> Result<StatusReading, Error> {
        let payload = wire::status_payload(order);
        let answer = self.call(&operations::STATUS, &payload).await?;
        reply::read_status(&answer, order, &self.connection.details)
    }

    /// Page *cancel-order*. One `POST`, repeated only if it was not sent.
    async fn cancel(&self, order: &OrderId) -> Result<CancelAnswer, Error> {
        let payload = wire::cancel_payload(order);
        let answer = self.call(&operations::CANCEL, &payload).await?;
        reply::read_cancel(&answer, order, &self.connection.details)
    }
}

//! The account as a [`Gateway`]: which request each operation sends, and how often.

use std::sync::Arc;

use async_trait::async_trait;
use duka_core::clock::SharedClock;
use duka_core::evidence::{self, Intent, OperationInfo};
use duka_core::gateway::Operation;
use duka_core::{
    AccountName, CancelAnswer, CancelRules, Cancellable, CreatedOrder, Error, Gateway, GatewayName,
    NewOrder, OrderId, StatusReading,
};
use duka_http::Reply;
use duka_http::adapter::Connection;
use jiff::Timestamp;
use secrecy::SecretString;

use crate::auth::Signer;
use crate::notify::WebhookVerifier;
use crate::operations::{self, OPERATIONS};
use crate::payload::{Json, Members, Unicode};
use crate::reply::{self, Answer};
use crate::wire;

/// The gateway's name in configuration and JSON.
pub(crate) const NAME: GatewayName = GatewayName::from_static("kwikpaisa");

/// One account at KwikPaisa. Cheap to clone.
#[derive(Debug, Clone)]
pub struct KwikPaisa {
    connection: Connection,
    signer: Arc<Signer>,
    clock: SharedClock,
    orders: Orders,
    rules: CancelRules,
}

/// How orders are written.
#[derive(Debug, Clone)]
pub(crate) struct Orders {
    pub(crate) unicode: Unicode,
    /// The `service_type` of orders that name none.
    pub(crate) service_type: Option<String>,
}

impl KwikPaisa {
    /// An account from what its builder has checked.
    pub(crate) fn new(
        connection: Connection,
        signer: Signer,
        clock: SharedClock,
        orders: Orders,
    ) -> Self {
        Self {
            connection,
            signer: Arc::new(signer),
            clock,
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
        WebhookVerifier::new(self.signer.secret_key().clone(), self.clock.clone())
    }

    async fn call(&self, operation: &OperationInfo, payload: &Json) -> Result<Asked, Error> {
        let Connection { client, base, .. } = &self.connection;
        let Self { signer, clock, .. } = self;
        let url = base.join(operation.path);
        let body = payload.write(Members::Sorted, self.orders.unicode);
        // Every try is dated and signed anew; what is signed is what is sent.
        let mut secrets = signer.keys().to_vec();
        let build = || {
            let request = signer.sign(url.clone(), body.clone(), clock.now());
            let secret = request.headers().filter(|header| header.secret);
            secrets.extend(secret.map(|header| SecretString::from(header.value)));
            Ok(request)
        };
        let reply = client.call(operation.name, operation.intent, build).await?;
        Ok(Asked {
            reply,
            intent: operation.intent,
            now: clock.now(),
            secrets,
        })
    }
}

/// A reply, and what must not be repeated from it.
struct Asked {
    reply: Reply,
    intent: Intent,
    now: Timestamp,
    /// Both keys, and the signature of every try.
    secrets: Vec<SecretString>,
}

impl Asked {
    fn about<'a>(&'a self, order: &'a OrderId) -> Answer<'a> {
        Answer {
            reply: &self.reply,
            intent: self.intent,
            order,
            now: self.now,
            secrets: &self.secrets,
        }
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

    /// Everything but refunds, which version 3 of the API does not document, and the
    /// registration of webhooks, which is done in the gateway's dashboard.
    fn supports(&self, operation: Operation) -> bool {
        evidence::supports(&OPERATIONS, operation)
    }

    /// Page *create-order*. One `POST`, repeated only if it was not sent.
    async fn create(&self, order: &NewOrder) -> Result<CreatedOrder, Error> {
        let payload = wire::create_payload(order, self.orders.service_type.as_deref())?;
        let asked = self.call(&operations::CREATE, &payload).await?;
        reply::read_created(&asked.about(&order.reference))
    }

    /// Page *check-status*. A `POST` that changes nothing, so it is repeated as a read.
    async fn status(&self, order: &OrderId) -> Result<StatusReading, Error> {
        let payload = wire::status_payload(order);
        let asked = self.call(&operations::STATUS, &payload).await?;
        reply::read_status(&asked.about(order))
    }

    /// Page *cancel-order*. One `POST`, repeated only if it was not sent.
    async fn cancel(&self, order: &OrderId) -> Result<CancelAnswer, Error> {
        let payload = wire::cancel_payload(order);
        let asked = self.call(&operations::CANCEL, &payload).await?;
        reply::read_cancel(&asked.about(order))
    }
}

//! The account as a [`Gateway`]: which request each operation sends, and how often.

use std::sync::Arc;

use async_trait::async_trait;
use duka_core::evidence::{self, Intent, OperationInfo};
use duka_core::gateway::{Operation, OrderIds};
use duka_core::{
    AccountName, CancelAnswer, CancelRules, Cancellable, CreatedOrder, Delivery, Error, ErrorKind,
    Gateway, GatewayName, NewOrder, OrderId, RefundAnswer, RefundRequest, StatusReading,
};
use duka_http::Request;
use duka_http::adapter::{Answer, ApiUrls, Connection};
use url::Url;

use crate::auth::{self, Auth, Token};
use crate::ipn::{IpnMethod, RegisteredIpn};
use crate::limits;
use crate::operations::{self, OPERATIONS};
use crate::wire::auth::{self as wire_auth, AuthCheck};
use crate::wire::{self, ACCEPT, JSON};

/// The gateway's name in configuration and JSON.
pub(crate) const NAME: GatewayName = GatewayName::from_static("pesapal");

/// One account at Pesapal. Cheap to clone; clones share the access token.
#[derive(Debug, Clone)]
pub struct Pesapal {
    connection: Connection,
    auth: Arc<Auth>,
    notification_id: Option<String>,
    rules: CancelRules,
}

impl Pesapal {
    /// Where its API is (page *API Reference*).
    pub const API: ApiUrls = operations::API;

    pub(crate) fn new(connection: Connection, auth: Auth, notification_id: Option<String>) -> Self {
        Self {
            connection,
            auth: Arc::new(auth),
            notification_id,
            // assumed: code 0 without *pending* is what a cancelled order may show, for
            // no other code is left for it.
            rules: CancelRules::once_only([
                Cancellable::Unpaid,
                Cancellable::Processing,
                Cancellable::Failed,
            ])
            .ambiguous_statuses(["INVALID"]),
        }
    }

    /// The name of the account, if it was given one.
    pub fn account(&self) -> Option<&AccountName> {
        self.connection.account.as_ref()
    }

    /// Registers an address for notifications (page *Register IPN URL*). Orders name it by
    /// the [`id`](RegisteredIpn::id) that comes back. It must be reachable from outside.
    ///
    /// assumed: registering an address twice may make two entries, so a registration is
    /// never repeated by itself; look at [`list_ipns`](Pesapal::list_ipns) first.
    ///
    /// # Errors
    /// When the gateway refuses the address, or the outcome is unknown.
    pub async fn register_ipn(&self, url: &Url, method: IpnMethod) -> Result<RegisteredIpn, Error> {
        limits::web_page("url", url)?;
        let body = wire::ipn::request_body(url, method);
        let answer = self.post(&operations::REGISTER_IPN, body).await?;
        wire::ipn::read_registered(&answer)
    }

    /// Reads the registered addresses (page *Get IPN List*).
    ///
    /// # Errors
    /// When there is no readable answer.
    pub async fn list_ipns(&self) -> Result<Vec<RegisteredIpn>, Error> {
        wire::ipn::read_list(&self.call(&operations::LIST_IPNS, get).await?)
    }

    async fn post(&self, operation: &OperationInfo, body: Vec<u8>) -> Result<Answer, Error> {
        let build = |url| Request::post_json(url, body.clone());
        self.call(operation, build).await
    }

    /// Sends a request with a token, and once more with a new one if the token was
    /// refused. That is safe for a mutation too: the first was not looked at.
    ///
    /// After a 401 in no known form a mutation is left as it is, for it may have been looked
    /// at, and a read is made once more. Either way the token is not used again.
    async fn call(
        &self,
        operation: &OperationInfo,
        build: impl Fn(Url) -> Request + Send + Sync,
    ) -> Result<Answer, Error> {
        let name = operation.name;
        let no_token = |cause| auth::no_token(name, cause);
        let token = self.auth.token().await.map_err(no_token)?;
        let first = self.send(operation, &build, &token).await?;
        let goes_on = match (wire_auth::check(&first), operation.intent) {
            (AuthCheck::Passed, _) => return Ok(first),
            (AuthCheck::Refused(_), _) | (AuthCheck::Doubtful, Intent::Read) => true,
            (AuthCheck::Doubtful, Intent::Mutation) => false,
        };
        self.auth.refused(&token).await;
        if !goes_on {
            return Ok(first);
        }
        tracing::debug!(operation = name, "access token refused, fetching a new one");
        let no_token = |cause| auth::no_second_token(name, cause);
        let token = self.auth.token().await.map_err(no_token)?;
        let second = self.send(operation, &build, &token).await?;
        let checked = wire_auth::check(&second);
        if !matches!(checked, AuthCheck::Passed) {
            // Or every later call would begin with a token known to be bad.
            self.auth.refused(&token).await;
        }
        match checked {
            AuthCheck::Refused(error) => Err(error),
            AuthCheck::Passed | AuthCheck::Doubtful => Ok(second),
        }
    }

    async fn send(
        &self,
        operation: &OperationInfo,
        build: &(impl Fn(Url) -> Request + Send + Sync),
        token: &Token,
    ) -> Result<Answer, Error> {
        let with_token = |url| {
            let request = build(url).header(ACCEPT, JSON);
            request.secret_header("Authorization", token.header())
        };
        let secrets = self.auth.secrets();
        self.connection.call(operation, secrets, with_token).await
    }
}

#[async_trait]
impl Gateway for Pesapal {
    fn name(&self) -> GatewayName {
        NAME
    }

    fn cancel_rules(&self) -> &CancelRules {
        &self.rules
    }

    fn order_ids(&self) -> OrderIds {
        OrderIds::Gateway
    }

    fn supports(&self, operation: Operation) -> bool {
        evidence::supports(&OPERATIONS, operation)
    }

    /// A GUID in small letters: its case means nothing to Pesapal.
    fn canonical_order(&self, order: &OrderId) -> OrderId {
        wire::canonical_id(order.as_str()).unwrap_or_else(|| order.clone())
    }

    async fn create(&self, order: &NewOrder) -> Result<CreatedOrder, Error> {
        let body = wire::submit::request_body(order, self.notification_id.as_deref())?;
        let answer = self.post(&operations::CREATE, body).await;
        let created = answer.and_then(|it| wire::submit::read(&it, &order.reference));
        created.map_err(|error| recoverable(error, &order.reference))
    }

    async fn status(&self, order: &OrderId) -> Result<StatusReading, Error> {
        let tracking_id = wire::tracking_id(order)?;
        let build = |mut url: Url| {
            let id = tracking_id.as_str();
            url.query_pairs_mut().append_pair("orderTrackingId", id);
            get(url)
        };
        let answer = self.call(&operations::STATUS, build).await?;
        wire::status::read(&answer, &tracking_id, &self.connection.details)
    }

    async fn cancel(&self, order: &OrderId) -> Result<CancelAnswer, Error> {
        let tracking_id = wire::tracking_id(order)?;
        let body = wire::cancel::request_body(tracking_id.as_str());
        let answer = self.post(&operations::CANCEL, body).await?;
        wire::cancel::read(&answer, &tracking_id)
    }

    fn check_refund(&self, request: &RefundRequest) -> Result<(), Error> {
        wire::tracking_id(&request.order)?;
        wire::refund::request_body(request).map(drop)
    }

    async fn refund(&self, request: &RefundRequest) -> Result<RefundAnswer, Error> {
        let tracking_id = wire::tracking_id(&request.order)?;
        let body = wire::refund::request_body(request)?;
        let answer = self.post(&operations::REFUND, body).await?;
        wire::refund::read(&answer, &tracking_id, request)
    }
}

/// The documentation asks for a content type on every call, even without content.
fn get(url: Url) -> Request {
    Request::get(url).header("Content-Type", JSON)
}

/// Tells, where an order may have been made, how to get hold of it.
///
/// assumed: that production, like the sandbox, answers an id it knows with the first order.
fn recoverable(error: Error, reference: &OrderId) -> Error {
    let lost = error.delivery() == Delivery::Unknown
        || error.delivery() == Delivery::Answered
            && matches!(
                error.kind(),
                ErrorKind::Unavailable | ErrorKind::UnreadableReply
            )
        || error.kind() == ErrorKind::UnlistedReply && error.http_status() == Some(401);
    if !lost {
        return error;
    }
    let text = format!(
        "create: the order may exist; repeating the call with the same id {:?} and the same values recovers it",
        reference.as_str()
    );
    let mut lost_answer = Error::new(error.kind(), error.delivery(), text);
    if let Some(code) = error.code() {
        lost_answer = lost_answer.with_code(code);
    }
    if let Some(status) = error.http_status() {
        lost_answer = lost_answer.with_http_status(status);
    }
    if let Some(wait) = error.retry_after() {
        lost_answer = lost_answer.with_retry_after(wait);
    }
    lost_answer.with_source(error)
}

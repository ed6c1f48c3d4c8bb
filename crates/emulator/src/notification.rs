//! The notifications of a change to an order: KwikPaisa's webhooks and Pesapal's IPNs.

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::gateway::Gateway;
use crate::json::amount_text;
use crate::order::{KwikPaisaOrder, Order, Payment, PesapalOrder};
use crate::variants::{Behaviour, kwikpaisa as variants};

/// How one notification is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Form {
    /// POST, with an HMAC over these bytes and a time.
    Signed { over: Bytes },
    /// POST without a signature.
    Post,
    /// GET: everything is in the query.
    Get,
}

/// How often and in which order a notification is delivered; only faults change it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeliveryMode {
    Once,
    Twice,
    /// After the next one at the same gateway.
    Overtaken,
}

/// A notification ready to be sent.
#[derive(Debug, Clone)]
pub(crate) struct Notification {
    /// Its number in the log of deliveries; 0 until it has one.
    pub(crate) delivery: u64,
    pub(crate) gateway: Gateway,
    /// The id by which the merchant addresses the order.
    pub(crate) order: String,
    pub(crate) url: Url,
    pub(crate) form: Form,
    pub(crate) body: Bytes,
    /// When the order changed.
    pub(crate) at: Timestamp,
    pub(crate) mode: DeliveryMode,
}

#[derive(Serialize)]
struct Webhook<'a> {
    event: &'static str,
    data: WebhookOrder<'a>,
}

#[derive(Serialize)]
struct WebhookOrder<'a> {
    // Always text in webhooks, unlike in replies.
    order_id: &'a str,
    amount: String,
    currency: &'a str,
    status: &'static str,
}

/// KwikPaisa's webhook about a payment; None for a change that has no event.
pub(crate) fn webhook(
    order: &Order,
    own: &KwikPaisaOrder,
    url: &Url,
    behaviour: &Behaviour,
    at: Timestamp,
) -> Option<Notification> {
    let (event, event_word, order_word) = match order.payment {
        Payment::Paid => ("payment.success", "SUCCESS", "PAID"),
        Payment::Failed => ("payment.failed", "FAILED", "FAILED"),
        Payment::Processing => ("payment.processing", "PROCESSING", "PROCESSING"),
        Payment::Expired => ("payment.expired", "EXPIRED", "EXPIRED"),
        Payment::Open | Payment::Reversed => return None,
    };
    let status = if behaviour.value(&variants::WEBHOOK_STATUS_IS_THE_EVENTS) {
        event_word
    } else {
        order_word
    };
    let body = Webhook {
        event,
        data: WebhookOrder {
            order_id: own.order_id.text(),
            amount: amount_text(order.amount),
            currency: &order.currency,
            status,
        },
    };
    let shortest = Bytes::from(serde_json::to_vec(&body).ok()?);
    Some(Notification {
        delivery: 0,
        gateway: Gateway::KwikPaisa,
        order: own.order_id.text().to_owned(),
        url: url.clone(),
        body: if behaviour.value(&variants::WEBHOOK_IS_SENT_AS_SIGNED) {
            shortest.clone()
        } else {
            serde_json::to_vec_pretty(&body).ok()?.into()
        },
        form: Form::Signed { over: shortest },
        at,
        mode: DeliveryMode::Once,
    })
}

/// The HTTP method with which a registered address receives IPNs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum IpnMethod {
    Get,
    Post,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Ipn<'a> {
    order_tracking_id: &'a str,
    order_merchant_reference: &'a str,
    order_notification_type: &'static str,
}

/// Pesapal's IPN, which says that an order changed and not how.
pub(crate) fn ipn(
    own: &PesapalOrder,
    url: &Url,
    method: IpnMethod,
    names: [&'static str; 3],
    at: Timestamp,
) -> Option<Notification> {
    let body = Ipn {
        order_tracking_id: &own.tracking_id,
        order_merchant_reference: &own.reference,
        order_notification_type: "IPNCHANGE",
    };
    let (url, form, body) = match method {
        IpnMethod::Get => (
            with_order(url, own, names, Some("IPNCHANGE")),
            Form::Get,
            Bytes::new(),
        ),
        IpnMethod::Post => (
            url.clone(),
            Form::Post,
            serde_json::to_vec(&body).ok()?.into(),
        ),
    };
    Some(Notification {
        delivery: 0,
        gateway: Gateway::Pesapal,
        order: own.tracking_id.clone(),
        url,
        form,
        body,
        at,
        mode: DeliveryMode::Once,
    })
}

/// An address with the members Pesapal appends to its query: two, and a third that says of what kind the call is.
pub(crate) fn with_order(
    url: &Url,
    own: &PesapalOrder,
    names: [&'static str; 3],
    kind: Option<&str>,
) -> Url {
    let [tracking_id, reference, kind_of] = names;
    let mut url = url.clone();
    url.query_pairs_mut()
        .append_pair(tracking_id, &own.tracking_id)
        .append_pair(reference, &own.reference)
        .extend_pairs(kind.map(|kind| (kind_of, kind)));
    url
}

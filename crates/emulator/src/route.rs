//! Which address means what: the paths of both gateways, the checkout pages and the control calls.

use hyper::Method;
use percent_encoding::percent_decode_str;

use crate::gateway::{Gateway, Operation};

/// What a method and a path ask for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Api(Gateway, Operation),
    /// A path of a gateway that it does not have, or not with this method.
    NotInApi(Gateway, NotInApi),
    /// Everything behind `/_emulator/`, still encoded.
    Control(String),
    /// A checkout page: the token in its address, decoded.
    Checkout(String),
    /// A button of a checkout page: the token and the button's name.
    CheckoutButton(String, String),
    /// Pesapal's own address of a checkout page, with the tracking id in the query.
    PesapalCheckout,
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotInApi {
    Path,
    Method,
}

pub(crate) const PESAPAL_CHECKOUT: &str = "/pesapaliframe/PesapalIframe3/Index";

pub(crate) fn route(method: &Method, path: &str) -> Route {
    if let Some(rest) = path.strip_prefix("/_emulator/") {
        return Route::Control(rest.to_owned());
    }
    if let Some(rest) = path.strip_prefix("/checkout/") {
        return match rest.split_once('/') {
            None => Route::Checkout(decoded(rest)),
            Some((token, button)) => Route::CheckoutButton(decoded(token), button.to_owned()),
        };
    }
    if path == PESAPAL_CHECKOUT {
        return Route::PesapalCheckout;
    }
    if let Some(rest) = path.strip_prefix("/api/v3/") {
        return in_api(Gateway::KwikPaisa, method, kwikpaisa(rest));
    }
    for prefix in ["/pesapalv3/", "/v3/"] {
        if let Some(rest) = path.strip_prefix(prefix) {
            return in_api(Gateway::Pesapal, method, pesapal(rest));
        }
    }
    Route::Unknown
}

fn in_api(gateway: Gateway, method: &Method, found: Option<(Method, Operation)>) -> Route {
    match found {
        Some((wanted, operation)) if wanted == *method => Route::Api(gateway, operation),
        Some(_) => Route::NotInApi(gateway, NotInApi::Method),
        None => Route::NotInApi(gateway, NotInApi::Path),
    }
}

fn kwikpaisa(path: &str) -> Option<(Method, Operation)> {
    match path {
        "pg/order/create" => Some((Method::POST, Operation::Create)),
        "pg/order/status" => Some((Method::POST, Operation::Status)),
        "pg/order/cancel" => Some((Method::POST, Operation::Cancel)),
        _ => None,
    }
}

fn pesapal(path: &str) -> Option<(Method, Operation)> {
    match path {
        "api/Auth/RequestToken" => Some((Method::POST, Operation::Token)),
        "api/URLSetup/RegisterIPN" => Some((Method::POST, Operation::RegisterIpn)),
        "api/URLSetup/GetIpnList" => Some((Method::GET, Operation::ListIpns)),
        "api/Transactions/SubmitOrderRequest" => Some((Method::POST, Operation::Create)),
        "api/Transactions/GetTransactionStatus" => Some((Method::GET, Operation::Status)),
        "api/Transactions/CancelOrder" => Some((Method::POST, Operation::Cancel)),
        "api/Transactions/RefundRequest" => Some((Method::POST, Operation::Refund)),
        _ => None,
    }
}

pub(crate) fn decoded(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

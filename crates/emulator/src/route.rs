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

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NotInApi {
    Path,
    /// The path exists, with this method only.
    Method(Method),
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
        Some((wanted, _)) => Route::NotInApi(gateway, NotInApi::Method(wanted)),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_has_one_address_at_each_prefix_of_its_gateway() {
        let kwikpaisa = [
            ("create", Operation::Create),
            ("status", Operation::Status),
            ("cancel", Operation::Cancel),
        ];
        for (name, operation) in kwikpaisa {
            let found = route(&Method::POST, &format!("/api/v3/pg/order/{name}"));
            assert_eq!(found, Route::Api(Gateway::KwikPaisa, operation));
        }
        let pesapal = [
            (Method::POST, "Auth/RequestToken", Operation::Token),
            (Method::POST, "URLSetup/RegisterIPN", Operation::RegisterIpn),
            (Method::GET, "URLSetup/GetIpnList", Operation::ListIpns),
            (
                Method::POST,
                "Transactions/SubmitOrderRequest",
                Operation::Create,
            ),
            (
                Method::GET,
                "Transactions/GetTransactionStatus",
                Operation::Status,
            ),
            (Method::POST, "Transactions/CancelOrder", Operation::Cancel),
            (
                Method::POST,
                "Transactions/RefundRequest",
                Operation::Refund,
            ),
        ];
        for (method, path, operation) in pesapal {
            for prefix in ["/pesapalv3", "/v3"] {
                let found = route(&method, &format!("{prefix}/api/{path}"));
                assert_eq!(found, Route::Api(Gateway::Pesapal, operation));
            }
        }
    }

    #[test]
    fn a_path_in_the_wrong_case_or_with_a_slash_too_many_is_none_of_the_gateways() {
        for path in [
            "/api/v3/pg/order/Cancel",
            "/api/v3/pg/order/cancel/",
            "/api/v3//pg/order/cancel",
        ] {
            let found = route(&Method::POST, path);
            assert_eq!(found, Route::NotInApi(Gateway::KwikPaisa, NotInApi::Path));
        }
        assert_eq!(route(&Method::POST, "/order/cancel"), Route::Unknown);
    }

    #[test]
    fn a_checkout_token_is_decoded_and_a_control_path_is_not() {
        let found = route(&Method::GET, "/checkout/a%2Db");
        assert_eq!(found, Route::Checkout("a-b".to_owned()));
        let found = route(&Method::POST, "/checkout/a%2Db/pay");
        assert_eq!(
            found,
            Route::CheckoutButton("a-b".to_owned(), "pay".to_owned())
        );
        // An id with a slash in it must stay one segment.
        let found = route(&Method::POST, "/_emulator/orders/a%2Fb/pay");
        assert_eq!(found, Route::Control("orders/a%2Fb/pay".to_owned()));
    }
}

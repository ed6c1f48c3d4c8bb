//! The one table of addresses: both gateways' operations, the checkout pages and the control calls.

use hyper::Method;
use percent_encoding::percent_decode_str;

use crate::customer::CustomerAct;
use crate::gateway::{Gateway, Operation};

/// What a method and a path ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint {
    Api(Gateway, Operation),
    Page(Page),
    Control(Control),
}

/// A checkout page, or a button of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Page {
    /// What happened so far.
    Overview,
    /// By the token in the path.
    Checkout,
    /// Pesapal's own address of a checkout page, with the tracking id in the query.
    PesapalCheckout,
    Button(CustomerAct),
}

/// A control call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Control {
    Orders,
    Order,
    Act,
    Faults,
    ArmFault,
    ClearFaults,
    Requests,
    Deliveries,
    Resend,
    Variants,
    SetVariants,
    Clock,
    Webhook,
    State,
    SetState,
    Reset,
}

/// Whose form an error about the address has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Area {
    Api(Gateway),
    Page,
    Control,
    Elsewhere,
}

/// What the table has for a method and a path.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// The endpoint, and the segments of the path that vary, decoded.
    Endpoint(Endpoint, Vec<String>),
    /// The path exists, with these methods only.
    WrongMethod(Area, Vec<Method>),
    NoPath(Area),
}

impl Found {
    /// Whether it is under the address of a gateway's API.
    pub(crate) const fn is_api(&self) -> bool {
        matches!(
            self,
            Self::Endpoint(Endpoint::Api(..), _)
                | Self::WrongMethod(Area::Api(_), _)
                | Self::NoPath(Area::Api(_))
        )
    }
}

/// Where a snapshot is put, which may be long.
pub(crate) const STATE: &str = "/_emulator/state";

pub(crate) const PESAPAL_CHECKOUT: &str = "/pesapaliframe/PesapalIframe3/Index";

/// Where Pesapal's sandbox has its API, and where production has it.
const PESAPAL_SANDBOX: &str = "/pesapalv3/";
const PESAPAL_PRODUCTION: &str = "/v3/";

/// A segment in braces stands for any one segment. Pesapal's paths are those of its sandbox.
#[rustfmt::skip]
static ROUTES: &[(Method, &str, Endpoint)] = &[
    (Method::POST, "/api/v3/pg/order/create", Endpoint::Api(Gateway::KwikPaisa, Operation::Create)),
    (Method::POST, "/api/v3/pg/order/status", Endpoint::Api(Gateway::KwikPaisa, Operation::Status)),
    (Method::POST, "/api/v3/pg/order/cancel", Endpoint::Api(Gateway::KwikPaisa, Operation::Cancel)),
    (Method::POST, "/pesapalv3/api/Auth/RequestToken", Endpoint::Api(Gateway::Pesapal, Operation::Token)),
    (Method::POST, "/pesapalv3/api/URLSetup/RegisterIPN", Endpoint::Api(Gateway::Pesapal, Operation::RegisterIpn)),
    (Method::GET, "/pesapalv3/api/URLSetup/GetIpnList", Endpoint::Api(Gateway::Pesapal, Operation::ListIpns)),
    (Method::POST, "/pesapalv3/api/Transactions/SubmitOrderRequest", Endpoint::Api(Gateway::Pesapal, Operation::Create)),
    (Method::GET, "/pesapalv3/api/Transactions/GetTransactionStatus", Endpoint::Api(Gateway::Pesapal, Operation::Status)),
    (Method::POST, "/pesapalv3/api/Transactions/CancelOrder", Endpoint::Api(Gateway::Pesapal, Operation::Cancel)),
    (Method::POST, "/pesapalv3/api/Transactions/RefundRequest", Endpoint::Api(Gateway::Pesapal, Operation::Refund)),
    (Method::GET, "/", Endpoint::Page(Page::Overview)),
    (Method::HEAD, "/", Endpoint::Page(Page::Overview)),
    (Method::GET, "/checkout/{token}", Endpoint::Page(Page::Checkout)),
    (Method::HEAD, "/checkout/{token}", Endpoint::Page(Page::Checkout)),
    (Method::POST, "/checkout/{token}/pay", Endpoint::Page(Page::Button(CustomerAct::Pay))),
    (Method::POST, "/checkout/{token}/fail", Endpoint::Page(Page::Button(CustomerAct::Fail))),
    (Method::GET, PESAPAL_CHECKOUT, Endpoint::Page(Page::PesapalCheckout)),
    (Method::HEAD, PESAPAL_CHECKOUT, Endpoint::Page(Page::PesapalCheckout)),
    (Method::GET, "/_emulator/orders", Endpoint::Control(Control::Orders)),
    (Method::GET, "/_emulator/orders/{id}", Endpoint::Control(Control::Order)),
    (Method::POST, "/_emulator/orders/{id}/{pay|fail|expire|process|reverse|pay_late}", Endpoint::Control(Control::Act)),
    (Method::GET, "/_emulator/faults", Endpoint::Control(Control::Faults)),
    (Method::POST, "/_emulator/faults", Endpoint::Control(Control::ArmFault)),
    (Method::DELETE, "/_emulator/faults", Endpoint::Control(Control::ClearFaults)),
    (Method::GET, "/_emulator/requests", Endpoint::Control(Control::Requests)),
    (Method::GET, "/_emulator/deliveries", Endpoint::Control(Control::Deliveries)),
    (Method::POST, "/_emulator/deliveries/{id}/resend", Endpoint::Control(Control::Resend)),
    (Method::GET, "/_emulator/variants", Endpoint::Control(Control::Variants)),
    (Method::POST, "/_emulator/variants", Endpoint::Control(Control::SetVariants)),
    (Method::POST, "/_emulator/clock", Endpoint::Control(Control::Clock)),
    (Method::POST, "/_emulator/webhook", Endpoint::Control(Control::Webhook)),
    (Method::GET, STATE, Endpoint::Control(Control::State)),
    (Method::PUT, STATE, Endpoint::Control(Control::SetState)),
    (Method::POST, "/_emulator/reset", Endpoint::Control(Control::Reset)),
];

/// Under what the addresses of each area are.
static AREAS: &[(&str, Area)] = &[
    ("/api/v3/", Area::Api(Gateway::KwikPaisa)),
    (PESAPAL_SANDBOX, Area::Api(Gateway::Pesapal)),
    (PESAPAL_PRODUCTION, Area::Api(Gateway::Pesapal)),
    ("/checkout/", Area::Page),
    ("/_emulator/", Area::Control),
];

pub(crate) fn find(method: &Method, path: &str) -> Found {
    let sandbox_path = path
        .strip_prefix(PESAPAL_PRODUCTION)
        .map(|rest| format!("{PESAPAL_SANDBOX}{rest}"));
    let known_path = sandbox_path.as_deref().unwrap_or(path);
    let mut other_methods = Vec::new();
    for (wanted, pattern, endpoint) in ROUTES {
        let Some(varying) = matched(pattern, known_path) else {
            continue;
        };
        if wanted == method {
            return Found::Endpoint(*endpoint, varying);
        }
        other_methods.push((endpoint.area(), wanted.clone()));
    }
    match other_methods.first() {
        Some((area, _)) => {
            let allowed = other_methods.iter().map(|it| it.1.clone()).collect();
            Found::WrongMethod(*area, allowed)
        }
        None => {
            let area = AREAS.iter().find(|(prefix, _)| path.starts_with(prefix));
            Found::NoPath(area.map_or(Area::Elsewhere, |it| it.1))
        }
    }
}

impl Endpoint {
    const fn area(self) -> Area {
        match self {
            Self::Api(gateway, _) => Area::Api(gateway),
            Self::Page(_) => Area::Page,
            Self::Control(_) => Area::Control,
        }
    }
}

/// The varying segments of a path that fits the pattern.
fn matched(pattern: &str, path: &str) -> Option<Vec<String>> {
    let mut varying = Vec::new();
    let mut segments = path.split('/');
    for expected in pattern.split('/') {
        let segment = segments.next()?;
        if expected.starts_with('{') {
            // Decoded only now: an id with an encoded slash stays one segment.
            varying.push(percent_decode_str(segment).decode_utf8_lossy().into_owned());
        } else if expected != segment {
            return None;
        }
    }
    segments.next().is_none().then_some(varying)
}

/// Every control call with its methods, as people are told of them.
pub(crate) fn control_calls() -> Vec<String> {
    let mut calls: Vec<(String, &str)> = Vec::new();
    for (method, pattern, endpoint) in ROUTES {
        if endpoint.area() != Area::Control {
            continue;
        }
        match calls.last_mut().filter(|it| it.1 == *pattern) {
            Some((methods, _)) => methods.push_str(&format!(", {method}")),
            None => calls.push((method.to_string(), pattern)),
        }
    }
    calls
        .into_iter()
        .map(|(methods, pattern)| format!("{methods} {pattern}"))
        .collect()
}

/// Where the addresses of each area begin.
pub(crate) fn prefixes() -> impl Iterator<Item = &'static str> {
    AREAS.iter().map(|it| it.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn api(gateway: Gateway, operation: Operation) -> Found {
        Found::Endpoint(Endpoint::Api(gateway, operation), Vec::new())
    }

    #[test]
    fn every_operation_has_one_address_at_each_prefix_of_its_gateway() {
        let kwikpaisa = [
            ("create", Operation::Create),
            ("status", Operation::Status),
            ("cancel", Operation::Cancel),
        ];
        for (name, operation) in kwikpaisa {
            let found = find(&Method::POST, &format!("/api/v3/pg/order/{name}"));
            assert_eq!(found, api(Gateway::KwikPaisa, operation));
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
                let found = find(&method, &format!("{prefix}/api/{path}"));
                assert_eq!(found, api(Gateway::Pesapal, operation));
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
            let found = find(&Method::POST, path);
            assert_eq!(found, Found::NoPath(Area::Api(Gateway::KwikPaisa)));
        }
        assert_eq!(
            find(&Method::POST, "/order/cancel"),
            Found::NoPath(Area::Elsewhere)
        );
    }

    #[test]
    fn a_segment_that_varies_is_decoded_after_the_path_was_split() {
        let found = |method, path, endpoint, varying: &[&str]| {
            let varying = varying.iter().map(|it| (*it).to_owned()).collect();
            assert_eq!(find(&method, path), Found::Endpoint(endpoint, varying));
        };
        let page = Endpoint::Page(Page::Checkout);
        found(Method::GET, "/checkout/a%2Db", page, &["a-b"]);
        let pay = Endpoint::Page(Page::Button(CustomerAct::Pay));
        found(Method::POST, "/checkout/a%2Db/pay", pay, &["a-b"]);
        // An id with a slash in it must stay one segment.
        let act = Endpoint::Control(Control::Act);
        let path = "/_emulator/orders/a%2Fb/pay";
        found(Method::POST, path, act, &["a/b", "pay"]);
    }

    #[test]
    fn a_wrong_method_is_told_with_those_that_the_path_has() {
        let wrong = |method, path| match find(&method, path) {
            Found::WrongMethod(area, allowed) => (area, allowed),
            other @ (Found::Endpoint(..) | Found::NoPath(_)) => panic!("{path}: {other:?}"),
        };
        assert_eq!(
            wrong(Method::GET, "/v3/api/Transactions/CancelOrder"),
            (Area::Api(Gateway::Pesapal), vec![Method::POST])
        );
        assert_eq!(
            wrong(Method::PUT, "/_emulator/variants"),
            (Area::Control, vec![Method::GET, Method::POST])
        );
        assert_eq!(
            wrong(Method::GET, "/checkout/a/pay"),
            (Area::Page, vec![Method::POST])
        );
    }

    #[test]
    fn every_address_belongs_to_the_area_that_its_beginning_says() {
        for (_, pattern, endpoint) in ROUTES {
            let path = format!("{pattern}/x/x/x");
            let area = match endpoint {
                Endpoint::Page(Page::PesapalCheckout | Page::Overview) => Area::Elsewhere,
                Endpoint::Api(..) | Endpoint::Page(_) | Endpoint::Control(_) => endpoint.area(),
            };
            assert_eq!(find(&Method::GET, &path), Found::NoPath(area), "{path}");
        }
    }

    #[test]
    fn the_control_calls_are_listed_with_their_methods() {
        insta::assert_snapshot!(control_calls().join("\n"), @r"
        GET /_emulator/orders
        GET /_emulator/orders/{id}
        POST /_emulator/orders/{id}/{pay|fail|expire|process|reverse|pay_late}
        GET, POST, DELETE /_emulator/faults
        GET /_emulator/requests
        GET /_emulator/deliveries
        POST /_emulator/deliveries/{id}/resend
        GET, POST /_emulator/variants
        POST /_emulator/clock
        POST /_emulator/webhook
        GET, PUT /_emulator/state
        POST /_emulator/reset
        ");
    }
}

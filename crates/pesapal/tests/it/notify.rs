//! Notifications by `GET` and by `POST`, and the answer to them.

use duka_pesapal::{Ipn, IpnError, IpnKind, IpnVerdict, MAX_IPN_LEN};

const QUERY: &str = "OrderTrackingId=d0fa69d6-f3cd-433b-858e-df86555b86c8&OrderMerchantReference=1515111111&OrderNotificationType=IPNCHANGE";
const BODY: &str = r#"{"OrderNotificationType":"IPNCHANGE","OrderTrackingId":"d0fa69d6-f3cd-433b-858e-df86555b86c8","OrderMerchantReference":"1515111111"}"#;
const ID: &str = "d0fa69d6-f3cd-433b-858e-df86555b86c8";

#[test]
fn a_query_and_a_body_say_the_same() {
    let ipn = Ipn::from_query(QUERY).unwrap();
    assert_eq!(ipn.kind, IpnKind::Change);
    assert_eq!(ipn.order.as_str(), ID);
    assert_eq!(ipn.reference, "1515111111");
    assert_eq!(Ipn::from_json(BODY.as_bytes()).unwrap(), ipn);
    assert_eq!(Ipn::from_query(&format!("?{QUERY}")).unwrap(), ipn);
}

#[test]
fn an_id_in_capitals_is_the_same_order() {
    let ipn = Ipn::from_query(&QUERY.replace(ID, &ID.to_uppercase())).unwrap();
    assert_eq!(ipn, Ipn::from_query(QUERY).unwrap());
    let ipn = Ipn::from_json(BODY.replace(ID, &ID.to_uppercase()).as_bytes()).unwrap();
    assert_eq!(ipn.order.as_str(), ID);
}

#[test]
fn the_answer_is_in_camel_case_with_a_number() {
    let ipn = Ipn::from_query(QUERY).unwrap();
    let text = |verdict| String::from_utf8(ipn.reply(verdict)).unwrap();
    assert_eq!(
        text(IpnVerdict::Served),
        r#"{"orderNotificationType":"IPNCHANGE","orderTrackingId":"d0fa69d6-f3cd-433b-858e-df86555b86c8","orderMerchantReference":"1515111111","status":200}"#
    );
    assert!(text(IpnVerdict::NotServed).ends_with(r#""status":500}"#));
}

#[test]
fn every_kind_is_told_apart_and_answered_with_its_own_word() {
    for (word, kind) in [
        ("IPNCHANGE", IpnKind::Change),
        ("RECURRING", IpnKind::Recurring),
        ("CALLBACKURL", IpnKind::Callback),
        ("SOMETHING", IpnKind::Unknown("SOMETHING".to_owned())),
    ] {
        let ipn = Ipn::from_query(&QUERY.replace("IPNCHANGE", word)).unwrap();
        assert_eq!(ipn.kind, kind);
        assert_eq!(ipn.kind.as_str(), word);
    }
    let small = Ipn::from_query(&QUERY.replace("IPNCHANGE", "ipnchange")).unwrap();
    assert_eq!(small.kind, IpnKind::Change);
}

#[test]
fn a_browser_that_comes_back_names_no_type() {
    let query = format!("OrderTrackingId={ID}&OrderMerchantReference=1515111111");
    let ipn = Ipn::from_query(&query).unwrap();
    assert_eq!(ipn.kind, IpnKind::Callback);
    assert_eq!(ipn.order.as_str(), ID);
    assert_eq!(ipn.reference, "1515111111");
    // A browser sends no body, so one without a type is no notification.
    let body = BODY.replace(r#""OrderNotificationType":"IPNCHANGE","#, "");
    assert_eq!(
        Ipn::from_json(body.as_bytes()).unwrap_err(),
        IpnError::Missing("OrderNotificationType")
    );
}

#[test]
fn a_recurring_charge_carries_the_account_number_in_place_of_the_reference() {
    let query = QUERY
        .replace("IPNCHANGE", "RECURRING")
        .replace("1515111111", "555-678");
    let ipn = Ipn::from_query(&query).unwrap();
    assert_eq!(ipn.kind, IpnKind::Recurring);
    assert_eq!(ipn.order.as_str(), ID);
    assert_eq!(ipn.reference, "555-678");
    let body = BODY
        .replace("IPNCHANGE", "RECURRING")
        .replace("1515111111", "555-678");
    assert_eq!(Ipn::from_json(body.as_bytes()).unwrap(), ipn);
    assert_eq!(
        String::from_utf8(ipn.reply(IpnVerdict::Served)).unwrap(),
        r#"{"orderNotificationType":"RECURRING","orderTrackingId":"d0fa69d6-f3cd-433b-858e-df86555b86c8","orderMerchantReference":"555-678","status":200}"#
    );
}

#[test]
fn percent_encoding_is_undone_and_other_parameters_are_ignored() {
    let query = format!(
        "shop=7&OrderTrackingId={ID}&OrderMerchantReference=A%3A17+b&OrderNotificationType=RECURRING&x"
    );
    assert_eq!(Ipn::from_query(&query).unwrap().reference, "A:17 b");
    let body = BODY.replace('{', r#"{"Extra":[1],"#);
    assert!(Ipn::from_json(body.as_bytes()).is_ok());
}

#[test]
fn an_escaped_text_in_a_body_is_read() {
    let body = BODY.replace("1515111111", r"A\u003a17");
    assert_eq!(Ipn::from_json(body.as_bytes()).unwrap().reference, "A:17");
}

#[test]
fn a_missing_reference_is_empty_since_nothing_hangs_on_it() {
    let query = format!("OrderTrackingId={ID}&OrderNotificationType=IPNCHANGE");
    assert_eq!(Ipn::from_query(&query).unwrap().reference, "");
}

#[test]
fn what_is_no_notification_is_refused() {
    let query = |text: &str| Ipn::from_query(text).unwrap_err();
    let json = |text: &str| Ipn::from_json(text.as_bytes()).unwrap_err();
    let long = "x".repeat(MAX_IPN_LEN + 1);
    let twice = format!("{QUERY}&OrderTrackingId={ID}");
    let table = [
        (query(""), IpnError::Missing("OrderTrackingId")),
        (
            query("OrderTrackingId="),
            IpnError::Missing("OrderTrackingId"),
        ),
        (
            query(&QUERY.replace("IPNCHANGE", "")),
            IpnError::Missing("OrderNotificationType"),
        ),
        (query(&QUERY.replace(ID, "17")), IpnError::NotAGuid),
        (query(&twice), IpnError::Twice("OrderTrackingId")),
        (query(&long), IpnError::TooLong),
        (json(&long), IpnError::TooLong),
        (json(""), IpnError::NotJson),
        (json("[]"), IpnError::NotJson),
        (json("{"), IpnError::NotJson),
        (
            json(&format!(r#"["{ID}","a","IPNCHANGE"]"#)),
            IpnError::NotJson,
        ),
        (
            json(&BODY.replace(r#""1515111111""#, "7")),
            IpnError::NotJson,
        ),
        (json("{}"), IpnError::Missing("OrderTrackingId")),
        (json(&BODY.replace(ID, "17")), IpnError::NotAGuid),
        (
            json(&BODY.replace("IPNCHANGE", "")),
            IpnError::Missing("OrderNotificationType"),
        ),
        (
            json(&BODY.replace("OrderTrackingId", "orderTrackingId")),
            IpnError::Missing("OrderTrackingId"),
        ),
    ];
    for (got, expected) in table {
        assert_eq!(got, expected);
    }
}

#[test]
fn the_text_of_an_error_is_a_fragment_and_quotes_nothing() {
    let error = Ipn::from_query(&QUERY.replace(ID, "<script>")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "notification has an OrderTrackingId that is not a GUID"
    );
}

//! The feature `serde`: each type in the words of the program's JSON, checked when read.

use std::fmt::Debug;

use duka_core::cancel::{Finding, SkipReason};
use duka_core::id::IdForm;
use duka_core::refund::{RefundFinding, RefundOutcome, RefundResolution, RefundState};
use duka_core::{
    AccountName, CancellationId, Delivery, ErrorKind, GatewayName, GatewayTime, Money, Observation,
    OrderId, OrderStatus, Outcome, PaymentDetails, PersonalText, RefundAnswer, RefundId,
    RefundRequest, State, StatusReading,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{from_str, to_string};

/// Written as this, and read back as it was.
#[track_caller]
fn reads_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T, json: &str) {
    assert_eq!(to_string(value).unwrap(), json);
    assert_eq!(&from_str::<T>(json).unwrap(), value);
}

#[track_caller]
fn refused<T: DeserializeOwned + Debug>(json: &str) -> String {
    from_str::<T>(json).unwrap_err().to_string()
}

const UUID: &str = "b945e4af-80a5-4ec1-8706-e03f8332fb04";

#[test]
fn names_and_ids_are_strings_and_are_checked_when_read() {
    reads_back(&AccountName::new("shop-ke").unwrap(), r#""shop-ke""#);
    reads_back(&GatewayName::new("pesapal").unwrap(), r#""pesapal""#);
    let json = format!("\"{UUID}\"");
    reads_back(&UUID.parse::<CancellationId>().unwrap(), &json);
    reads_back(&UUID.parse::<RefundId>().unwrap(), &json);

    let error = refused::<AccountName>(r#""""#);
    assert!(error.contains("account name is empty"), "{error}");
    let error = refused::<GatewayName>("\"\\u202e\"");
    assert!(error.contains("gateway name holds"), "{error}");
    let error = refused::<CancellationId>(r#""17""#);
    assert!(error.contains("cancellation id is not a UUID"), "{error}");
}

#[test]
fn an_order_id_keeps_its_form() {
    let cases = [
        (OrderId::integer("6116229263036"), "6116229263036"),
        (OrderId::text("6116229263036"), "\"6116229263036\""),
        (OrderId::integer("-7"), "-7"),
        (
            OrderId::integer(u64::MAX.to_string()),
            "18446744073709551615",
        ),
        (OrderId::text("A-17"), "\"A-17\""),
    ];
    for (order, json) in cases {
        let order = order.unwrap();
        reads_back(&order, json);
        // Ids of either form are equal, so this has to be asked by itself.
        let form = from_str::<OrderId>(json).unwrap().form();
        assert_eq!(form, order.form(), "{json}");
    }
}

#[test]
fn an_order_id_that_a_reader_could_round_is_neither_written_nor_read() {
    let long = "18446744073709551616";
    let error = to_string(&OrderId::integer(long).unwrap()).unwrap_err();
    assert!(error.to_string().contains("64 bits"), "{error}");
    for json in [long, "1.5", "1e3", "true", "\" A\""] {
        refused::<OrderId>(json);
    }
}

#[test]
fn an_amount_is_text_beside_its_currency() {
    let money = Money::parse("105.50", "KES").unwrap();
    reads_back(&money, r#"{"amount":"105.50","currency":"KES"}"#);
    for json in [
        r#"{"amount":105.5,"currency":"KES"}"#,
        r#"{"amount":"1_0","currency":"KES"}"#,
        r#"{"amount":"1","currency":"XXL"}"#,
        r#"{"amount":"1"}"#,
    ] {
        refused::<Money>(json);
    }
}

#[test]
fn a_status_is_its_word() {
    reads_back(&OrderStatus::Paid, r#""paid""#);
    // The gateway's own words have a key of their own, `raw_status`.
    let unknown = OrderStatus::Unknown("INVALID".to_owned());
    assert_eq!(to_string(&unknown).unwrap(), r#""unknown""#);
    let read: OrderStatus = from_str(r#""unknown""#).unwrap();
    assert_eq!(read, OrderStatus::Unknown(String::new()));
    let error = refused::<OrderStatus>(r#""done""#);
    assert!(error.contains("unpaid, processing, paid"), "{error}");
    assert!(error.contains("unknown"), "{error}");
}

#[test]
fn a_state_has_the_keys_of_a_record() {
    let null = r#""outcome":null,"skip_reason":null}"#;
    reads_back(&State::InDoubt, &format!(r#"{{"state":"in_doubt",{null}"#));
    reads_back(
        &State::Done(Outcome::Confirmed),
        r#"{"state":"done","outcome":"confirmed","skip_reason":null}"#,
    );
    for reason in SkipReason::ALL {
        let json = format!(r#"{{"state":"done","outcome":"skipped","skip_reason":"{reason}"}}"#);
        reads_back(&State::Done(Outcome::Skipped(reason)), &json);
        reads_back(&reason, &format!("\"{reason}\""));
    }
    // As in a whole record, whose other keys do not matter.
    let record = r#"{"id":null,"state":"sending","outcome":null,"attempts":1}"#;
    assert_eq!(from_str::<State>(record).unwrap(), State::Sending);
    for json in [
        r#"{"state":"done"}"#,
        r#"{"state":"sending","outcome":"confirmed"}"#,
        r#"{"state":"done","outcome":"skipped"}"#,
        r#"{"state":"done","outcome":"refused","skip_reason":"not_found"}"#,
        r#"{"state":"cancelled"}"#,
    ] {
        refused::<State>(json);
    }
}

#[test]
fn an_outcome_stands_with_its_reason() {
    let refused_json = r#"{"outcome":"refused","skip_reason":null}"#;
    reads_back(&Outcome::Refused, refused_json);
    let skipped = Outcome::Skipped(SkipReason::NotFound);
    reads_back(
        &skipped,
        r#"{"outcome":"skipped","skip_reason":"not_found"}"#,
    );
    refused::<Outcome>(r#"{"outcome":"skipped"}"#);
}

#[test]
fn findings_are_words() {
    reads_back(&Finding::AmountDiffers, r#""amount_differs""#);
    reads_back(&Finding::LatePayment, r#""late_payment""#);
    reads_back(&RefundFinding::DoubleRequest, r#""double_request""#);
    let error = refused::<Finding>(r#""early_payment""#);
    assert!(
        error.contains(
            "finding \"early_payment\" is not one of amount_differs, late_payment, paid_twice"
        ),
        "{error}"
    );
}

#[test]
fn refunds_have_states_and_outcomes_too() {
    for outcome in RefundOutcome::ALL {
        let word = outcome.as_str();
        reads_back(&outcome, &format!("\"{word}\""));
        let json = format!(r#"{{"state":"done","outcome":"{word}"}}"#);
        reads_back(&RefundState::Done(outcome), &json);
    }
    reads_back(
        &RefundState::InDoubt,
        r#"{"state":"in_doubt","outcome":null}"#,
    );
    refused::<RefundState>(r#"{"state":"done"}"#);
    refused::<RefundOutcome>(r#""confirmed""#);
    reads_back(&RefundResolution::NotReceived, r#""not_received""#);
    let answer = RefundAnswer::Received {
        message: "Refund request successfully".to_owned(),
    };
    let json = r#"{"answer":"received","message":"Refund request successfully"}"#;
    reads_back(&answer, json);
}

fn reading() -> StatusReading {
    StatusReading {
        money: Some(Money::parse("1500", "KES").unwrap()),
        details: PaymentDetails {
            receipt: Some("QK7".to_owned()),
            payer: Some(PersonalText::new("Asha")),
            paid_at: Some(GatewayTime {
                text: "13-05-2026 08:37 AM".to_owned(),
                moment: Some("2026-05-13T03:07:00Z".parse().unwrap()),
            }),
            ..PaymentDetails::default()
        },
        ..StatusReading::new(OrderStatus::Paid, "Completed")
    }
}

#[test]
fn an_observation_has_the_keys_of_a_status() {
    let seen = Observation {
        status: OrderStatus::Paid,
        raw_status: "PAID".to_owned(),
        money: Some(Money::parse("105.50", "INR").unwrap()),
        details: PaymentDetails::default(),
        observed_at: "2026-05-13T08:34:00Z".parse().unwrap(),
    };
    let json = r#"{"status":"paid","raw_status":"PAID","unknown_status":null,"amount":"105.50","currency":"INR","observed_at":"2026-05-13T08:34:00Z"}"#;
    reads_back(&seen, json);
    // As `duka status` prints it, whose other keys do not matter.
    let printed = r#"{"account":"shop","gateway":"kwikpaisa","order":"A-1","status":"unpaid","raw_status":"UN_PAID","amount":null,"currency":null,"observed_at":"2026-05-13T08:34:00Z"}"#;
    let read: Observation = from_str(printed).unwrap();
    assert_eq!((read.status, read.money), (OrderStatus::Unpaid, None));
    for json in [
        r#"{"status":"paid","raw_status":"PAID"}"#,
        r#"{"status":"done","raw_status":"","observed_at":"2026-05-13T08:34:00Z"}"#,
        r#"{"status":"paid","raw_status":"","observed_at":"noon"}"#,
        r#"{"status":"paid","raw_status":"","amount":"1","observed_at":"2026-05-13T08:34:00Z"}"#,
    ] {
        refused::<Observation>(json);
    }
}

#[test]
fn a_reading_keeps_everything_also_the_words_of_an_unknown_status() {
    let json = r#"{"status":"paid","raw_status":"Completed","unknown_status":null,"amount":"1500","currency":"KES","details":{"receipt":"QK7","payer":"Asha","paid_at":{"text":"13-05-2026 08:37 AM","moment":"2026-05-13T03:07:00Z"}}}"#;
    reads_back(&reading(), json);
    for words in ["HELD", "7: HELD"] {
        let unknown = StatusReading::new(OrderStatus::Unknown(words.to_owned()), "HELD");
        let json = to_string(&unknown).unwrap();
        assert_eq!(from_str::<StatusReading>(&json).unwrap(), unknown);
    }
}

#[test]
fn a_refund_request_keeps_the_status_that_it_is_for() {
    let order = OrderId::text("T-1").unwrap();
    let all = RefundRequest::new(order, reading(), "amina", "torn");
    for request in [all.clone(), all.amount("100.5".parse().unwrap())] {
        let json = to_string(&request).unwrap();
        assert_eq!(from_str::<RefundRequest>(&json).unwrap(), request);
    }
}

#[test]
fn an_error_is_told_by_its_kind_and_its_delivery() {
    reads_back(&ErrorKind::UnlistedReply, r#""unlisted_reply""#);
    reads_back(&Delivery::NotSent, r#""not_sent""#);
    refused::<Delivery>(r#""sent""#);
}

#[test]
fn a_reader_without_borrowed_text_reads_the_same() {
    let state = State::Done(Outcome::Confirmed);
    let value = serde_json::to_value(state).unwrap();
    assert_eq!(serde_json::from_value::<State>(value).unwrap(), state);
    let order = OrderId::integer("17").unwrap();
    let value = serde_json::to_value(&order).unwrap();
    let read: OrderId = serde_json::from_value(value).unwrap();
    assert_eq!(read.form(), IdForm::Integer);
    let money = Money::parse("1", "INR").unwrap();
    let reader = serde_json::to_vec(&money).unwrap();
    assert_eq!(
        serde_json::from_reader::<_, Money>(&*reader).unwrap(),
        money
    );
}

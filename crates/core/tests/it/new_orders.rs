//! Orders to be created: what they are built from, and what cannot be built.

use duka_core::{
    BillingAddress, Customer, Delivery, Error, ErrorKind, Frequency, Money, NewOrder, OrderId,
    Recurring, RedirectMode, Subscription,
};
use jiff::civil::{Date, date};

fn order() -> NewOrder {
    NewOrder::new(
        OrderId::text("KANGA-17").unwrap(),
        Money::parse("1500", "KES").unwrap(),
        "Two kangas",
        Customer::default(),
        "https://shop.example/thanks".parse().unwrap(),
    )
}

fn monthly(start: Date, end: Date) -> Result<Subscription, Error> {
    Subscription::new(start, end, Frequency::Monthly)
}

#[test]
fn an_order_has_only_what_it_was_given() {
    let order = order();
    assert_eq!(order.reference.as_str(), "KANGA-17");
    assert_eq!(order.description, "Two kangas");
    assert!(order.cancellation_url.is_none() && order.notification_id.is_none());
    assert!(order.redirect_mode.is_none() && order.branch.is_none());
    assert!(order.recurring.is_none() && order.service_type.is_none());
    assert!(order.order_note.is_none());
    let empty = format!("{:?}", BillingAddress::new());
    assert_eq!(format!("{:?}", order.billing_address), empty);
    assert!(!empty.contains("Some"), "{empty}");
}

#[test]
fn every_setter_sets_its_own_field() {
    let subscription = monthly(date(2026, 6, 1), date(2027, 6, 1)).unwrap();
    let order = order()
        .cancellation_url("https://shop.example/gave-up".parse().unwrap())
        .notification_id("notification_id")
        .redirect_mode(RedirectMode::TopWindow)
        .branch("branch")
        .service_type("service_type")
        .order_note("order_note")
        .recurring(Recurring::new("account").subscription(subscription.clone()))
        .billing_address(
            BillingAddress::new()
                .first_name("first_name")
                .middle_name("middle_name")
                .last_name("last_name")
                .line_1("line_1")
                .line_2("line_2")
                .city("city")
                .state("state")
                .postal_code("postal_code")
                .zip_code("zip_code")
                .country_code("country_code"),
        );
    assert!(order.cancellation_url.unwrap().path().contains("gave-up"));
    assert_eq!(order.redirect_mode, Some(RedirectMode::TopWindow));
    let recurring = order.recurring.unwrap();
    assert_eq!(recurring.account_number(), "account");
    assert_eq!(recurring.schedule(), Some(&subscription));
    let address = order.billing_address;
    for (value, name) in [
        (order.notification_id, "notification_id"),
        (order.branch, "branch"),
        (order.service_type, "service_type"),
        (order.order_note, "order_note"),
        (address.first_name, "first_name"),
        (address.middle_name, "middle_name"),
        (address.last_name, "last_name"),
        (address.line_1, "line_1"),
        (address.line_2, "line_2"),
        (address.city, "city"),
        (address.state, "state"),
        (address.postal_code, "postal_code"),
        (address.zip_code, "zip_code"),
        (address.country_code, "country_code"),
    ] {
        assert_eq!(value.as_deref(), Some(name));
    }
}

#[test]
fn a_subscription_ends_after_it_starts() {
    let (start, next) = (date(2026, 6, 1), date(2026, 6, 2));
    let subscription = monthly(start, next).unwrap();
    assert_eq!((subscription.start(), subscription.end()), (start, next));
    assert_eq!(subscription.frequency(), Frequency::Monthly);
    assert!(monthly(date(1, 1, 1), date(9999, 12, 31)).is_ok());
    for (start, end, field, problem) in [
        (
            start,
            start,
            "subscription.end",
            "2026-06-01 is not after its start, 2026-06-01",
        ),
        (
            next,
            start,
            "subscription.end",
            "2026-06-01 is not after its start, 2026-06-02",
        ),
        (
            date(0, 12, 31),
            next,
            "subscription.start",
            "is before the year 1",
        ),
    ] {
        let error = monthly(start, end).unwrap_err();
        assert_eq!(error.field(), Some(field));
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert_eq!(
            error.to_string(),
            format!("invalid request: {field} {problem}")
        );
    }
}

#[test]
fn an_error_names_its_field_only_where_it_is_about_one() {
    let error = Error::unsupported_field("recurring", "is not known here");
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!(error.field(), Some("recurring"));
    assert_eq!(
        error.to_string(),
        "not supported: recurring is not known here"
    );
    assert_eq!(
        Error::invalid_field("money", "is none").field(),
        Some("money")
    );
    let other = Error::new(ErrorKind::Rejected, Delivery::Answered, "money is none");
    assert_eq!(other.field(), None);
}

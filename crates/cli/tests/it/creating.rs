//! `duka create`: every field that a gateway knows, and the options that are refused before
//! anything is sent.

use duka_emulator::{Fault, FaultKind, Gateway, Operation};
use serde_json::{Value, json};

use crate::shop::{CliFixture, HEADER, INDIAN, row};

/// What was sent to create the last order.
fn sent(shop: &CliFixture) -> Value {
    let requests = shop.emulator.requests();
    let create = requests
        .iter()
        .rfind(|it| it.operation == Some(Operation::Create));
    serde_json::from_str(&create.expect("something was sent").body).unwrap()
}

/// Fails unless the program says this, sends nothing and keeps nothing.
#[track_caller]
fn refused(account: &str, more: &[&str], said: &str) {
    let shop = CliFixture::open();
    let args = [&CliFixture::create_args(account, "KANGA-1"), more].concat();
    shop.duka(&args).exits(2).complains(said);
    assert_eq!(shop.emulator.requests().len(), 0, "{more:?}");
    assert!(!shop.terminal.store().exists(), "{more:?}");
}

#[test]
fn every_field_that_pesapal_knows_is_sent() {
    let shop = CliFixture::open();
    let ipn = shop.ipn();
    let mut args = CliFixture::create_args("pesapal", "KANGA-1");
    // The name comes in parts instead.
    let name = args.iter().position(|it| *it == "--name").unwrap();
    args.drain(name..name + 2);
    args.extend(["--notification-id", &ipn]);
    args.extend(["--cancellation-url", "https://merchant.example/gave-up"]);
    args.extend(["--redirect-mode", "parent-window", "--branch", "Kisumu"]);
    args.extend(["--first-name", "Asha", "--middle-name", "Grace"]);
    args.extend(["--last-name", "Mwangi", "--country", "KE"]);
    args.extend(["--line1", "Odinga Street 12", "--line2", "2nd floor"]);
    args.extend(["--city", "Kisumu", "--state", "KSM"]);
    args.extend(["--postal-code", "40100", "--zip-code", "40101"]);
    args.extend(["--account-number", "555-678"]);
    args.extend(["--subscription-start", "2026-06-01"]);
    args.extend(["--subscription-end", "2027-05-31"]);
    args.extend(["--subscription-frequency", "monthly"]);
    shop.duka(&args).exits(0);
    assert_eq!(
        sent(&shop),
        json!({
            "id": "KANGA-1",
            "currency": "KES",
            "amount": 1500,
            "description": "Two kangas",
            "redirect_mode": "PARENT_WINDOW",
            "callback_url": "https://merchant.example/return",
            "cancellation_url": "https://merchant.example/gave-up",
            "notification_id": ipn,
            "branch": "Kisumu",
            "billing_address": {
                "email_address": "asha@example.com",
                "phone_number": "9999999999",
                "country_code": "KE",
                "first_name": "Asha",
                "middle_name": "Grace",
                "last_name": "Mwangi",
                "line_1": "Odinga Street 12",
                "line_2": "2nd floor",
                "city": "Kisumu",
                "state": "KSM",
                "postal_code": "40100",
                "zip_code": "40101",
            },
            "account_number": "555-678",
            "subscription_details": {
                "start_date": "01-06-2026",
                "end_date": "31-05-2027",
                "frequency": "MONTHLY",
            },
        })
    );
    shop.duka(&["show", "KANGA-1"]).exits(0);
}

#[test]
fn every_window_and_frequency_has_its_word() {
    let shop = CliFixture::open();
    let ipn = shop.ipn();
    for (n, (mode, often)) in [
        ("top-window", "daily"),
        ("parent-window", "weekly"),
        ("top-window", "yearly"),
    ]
    .into_iter()
    .enumerate()
    {
        let id = format!("KANGA-{n}");
        let mut args = CliFixture::create_args("pesapal", &id);
        args.extend(["--notification-id", &ipn, "--redirect-mode", mode]);
        args.extend(["--account-number", "7", "--subscription-frequency", often]);
        args.extend(["--subscription-start", "2026-06-01"]);
        args.extend(["--subscription-end", "2026-06-02"]);
        shop.duka(&args).exits(0);
        let sent = sent(&shop);
        let word = |text: &str| json!(text.to_uppercase().replace('-', "_"));
        assert_eq!(sent["redirect_mode"], word(mode));
        assert_eq!(sent["subscription_details"]["frequency"], word(often));
    }
}

#[test]
fn a_note_and_a_kind_of_goods_are_sent_to_kwikpaisa() {
    let shop = CliFixture::open();
    let mut args = CliFixture::create_args("kwikpaisa", INDIAN);
    args.extend(["--order-note", "Gift", "--service-type", "PHYSICAL_GOODS"]);
    shop.duka(&args).exits(0);
    let sent = sent(&shop);
    assert_eq!(sent["order_note"], "Gift");
    assert_eq!(sent["service_type"], "PHYSICAL_GOODS");
    shop.duka(&CliFixture::create_args("kwikpaisa", "A-2"))
        .exits(0);
    let requests = shop.emulator.requests();
    let note = r#""order_note":"Two kangas""#;
    assert!(requests.last().unwrap().body.contains(note));
}

#[test]
fn an_option_that_the_gateway_does_not_know_is_named_and_nothing_is_sent() {
    for [option, value] in [
        ["--redirect-mode", "top-window"],
        ["--branch", "Kisumu"],
        ["--country", "KE"],
        ["--line1", "Odinga Street 12"],
        ["--line2", "2nd floor"],
        ["--city", "Kisumu"],
        ["--state", "KSM"],
        ["--postal-code", "40100"],
        ["--zip-code", "40100"],
        ["--account-number", "555-678"],
    ] {
        let said = format!("{option} is not an option of kwikpaisa; leave it out");
        refused("kwikpaisa", &[option, value], &said);
    }
    refused(
        "pesapal",
        &["--order-note", "Gift"],
        "--order-note is not an option of pesapal; leave it out",
    );
    refused(
        "kwikpaisa",
        &["--city", "Kisumu", "--branch", "Kisumu"],
        "--branch, --city are not options of kwikpaisa; leave them out",
    );
}

#[test]
fn options_that_were_always_ignored_at_the_other_gateway_still_are_and_that_is_said() {
    let shop = CliFixture::open();
    let mut args = CliFixture::create_args("kwikpaisa", INDIAN);
    args.extend(["--notification-id", "fe078e53-78da-4a83-aa89-e7ded5c456e6"]);
    args.extend(["--cancellation-url", "https://merchant.example/gave-up"]);
    let run = shop.duka(&args).exits(0);
    run.complains("--notification-id is not an option of kwikpaisa, and is ignored")
        .complains("--cancellation-url is not an option of kwikpaisa, and is ignored");
    let ipn = shop.ipn();
    let mut args = CliFixture::create_args("pesapal", "KANGA-1");
    args.extend(["--notification-id", &ipn, "--service-type", "DIGITAL"]);
    let run = shop.duka(&args).exits(0);
    run.complains("--service-type is not an option of pesapal, and is ignored");
}

#[test]
fn options_that_do_not_go_together_are_usage() {
    let start = ["--subscription-start", "2026-06-01"];
    let end = ["--subscription-end", "2027-06-01"];
    let often = ["--subscription-frequency", "monthly"];
    let number = ["--account-number", "555-678"];
    for more in [
        // The whole name is there already.
        &["--first-name", "Asha"][..],
        &["--middle-name", "Grace"],
        &["--last-name", "Mwangi"],
        &start,
        &[number, start].concat(),
        &[number, start, end].concat(),
        &[number, end, often].concat(),
        &[number, start, often].concat(),
        &[start, end, often].concat(),
    ] {
        refused("pesapal", more, "--help");
    }
}

#[test]
fn a_value_of_the_wrong_form_is_usage() {
    for (more, said) in [
        (
            ["--subscription-start", "01-06-2026"],
            "not a day, such as 2026-06-01",
        ),
        (["--subscription-end", "2026-06-31"], "not a day"),
        (["--subscription-end", "2026-06-30T10:00"], "not a day"),
        (["--subscription-frequency", "hourly"], "possible values"),
        (["--redirect-mode", "TOP_WINDOW"], "possible values"),
        (["--cancellation-url", "gave-up"], "relative URL"),
    ] {
        refused("pesapal", &more, said);
    }
    let subscription = [
        "--account-number",
        "7",
        "--subscription-frequency",
        "daily",
        "--subscription-start",
        "2026-06-01",
        "--subscription-end",
        "2026-06-01",
    ];
    let said = "failed to create the order: invalid request: subscription.end 2026-06-01 is not after its start, 2026-06-01; see --subscription-end";
    refused("pesapal", &subscription, said);
}

#[test]
fn a_broken_limit_is_told_with_its_option() {
    let shop = CliFixture::open();
    let ipn = shop.ipn();
    let long = "x".repeat(101);
    let requests = shop.emulator.requests().len();
    for (account, option, value, said) in [
        (
            "pesapal",
            "--id",
            "A/17",
            "letters, digits and - _ . :; see --id",
        ),
        (
            "pesapal",
            "--id",
            &long[..51],
            "longer than the 50 characters allowed; see --id",
        ),
        (
            "pesapal",
            "--description",
            &long,
            "at most 100 are allowed; see --description",
        ),
        (
            "pesapal",
            "--state",
            "KSMU",
            "at most 3 are allowed; see --state",
        ),
        ("pesapal", "--country", "KEN", "see --country"),
        ("pesapal", "--account-number", " ", "see --account-number"),
        ("pesapal", "--notification-id", " ", "see --notification-id"),
        ("kwikpaisa", "--name", " ", "see --name"),
        ("kwikpaisa", "--email", " ", "see --email"),
        ("kwikpaisa", "--phone", " ", "see --phone"),
        ("kwikpaisa", "--return-url", "app://x", "see --return-url"),
        ("pesapal", "--return-url", "app://x", "see --return-url"),
        (
            "pesapal",
            "--cancellation-url",
            "app://x",
            "see --cancellation-url",
        ),
    ] {
        let mut args = CliFixture::create_args(account, "KANGA-1");
        if account == "pesapal" {
            args.extend(["--notification-id", &ipn]);
        }
        match args.iter().position(|it| *it == option) {
            Some(at) => args[at + 1] = value,
            None => args.extend([option, value]),
        }
        shop.duka(&args).exits(2).complains(said);
    }
    let mut args = CliFixture::create_args("pesapal", "KANGA-1");
    args.retain(|it| !["--email", "asha@example.com", "--phone", "9999999999"].contains(it));
    args.extend(["--notification-id", &ipn]);
    shop.duka(&args)
        .exits(2)
        .complains("neither an email address nor a phone number; see --email or --phone");
    assert_eq!(shop.emulator.requests().len(), requests);
    let none: [Value; 0] = [];
    assert_eq!(shop.duka(&["pending", "--json"]).exits(0).lines(), none);
    shop.duka(&["show", "KANGA-1"]).exits(2);
}

#[test]
fn the_help_says_which_gateway_knows_which_option() {
    let shop = CliFixture::open();
    let help = shop.duka(&["create", "--help"]).exits(0).stdout;
    let at = |text: &str| {
        let found = help.find(text);
        found.unwrap_or_else(|| panic!("{text:?} is not in {help}"))
    };
    let order = [
        "\nOrder:",
        "--id",
        "--return-url",
        "\nKwikPaisa:",
        "--service-type",
        "--order-note",
        "\nPesapal:",
        "--notification-id",
        "--branch",
        "\nPesapal, who pays:",
        "--first-name",
        "--zip-code",
        "\nPesapal, recurring payments:",
        "--account-number",
        "--subscription-frequency",
    ];
    // The usage line names some of them before.
    let body = at("\nOrder:");
    let places: Vec<_> = order
        .iter()
        .map(|text| help[body..].find(text).unwrap_or_else(|| at(text)))
        .collect();
    assert!(places.is_sorted(), "{help}");
}

#[test]
fn an_id_that_was_used_for_another_amount_is_refused_before_anything_is_sent() {
    let shop = CliFixture::open();
    shop.create("pesapal", "KANGA-1");
    let ipn = shop.ipn();
    let mut args = CliFixture::create_args("pesapal", "KANGA-1");
    args.extend(["--notification-id", &ipn]);
    let amount = args.iter().position(|it| *it == "1500").unwrap();
    args[amount] = "1600";
    let requests = shop.emulator.requests().len();
    shop.duka(&args)
        .exits(2)
        .complains("id KANGA-1 was used before, for 1500.00 KES");
    assert_eq!(shop.emulator.requests().len(), requests);
    // The same values recover the order.
    args[amount] = "1500";
    shop.duka(&args).exits(0);
    assert_eq!(shop.emulator.orders().len(), 1);
}

#[test]
fn an_earlier_order_that_only_the_gateway_knows_is_not_taken_for_the_one_asked_for() {
    let mut shop = CliFixture::open();
    let guid = shop.create("pesapal", "KANGA-1");
    // Another machine, with a store of its own.
    shop.terminal.set("DUKA_STORE", "sqlite:other.db");
    let ipn = shop.ipn();
    let mut args = CliFixture::create_args("pesapal", "KANGA-1");
    args.extend(["--notification-id", &ipn]);
    let amount = args.iter().position(|it| *it == "1500").unwrap();
    args[amount] = "1600";
    let run = shop.duka(&args).exits(3);
    run.complains("an earlier order of this id, for 1500.00 KES and not for 1600.00 KES")
        .complains(&guid);
    let shown = shop.duka(&["show", &guid, "--json"]).exits(0).json();
    assert_eq!(shown["order"]["amount"], "1500.00", "{shown:#}");
}

#[test]
fn a_kwikpaisa_order_whose_reply_is_lost_is_said_to_be_tracked() {
    let shop = CliFixture::open();
    let lost = Fault::new(FaultKind::ReplyLost)
        .at(Gateway::KwikPaisa)
        .on(Operation::Create);
    shop.emulator.arm(lost).unwrap();
    shop.duka(&CliFixture::create_args("kwikpaisa", INDIAN))
        .exits(4)
        .complains(&format!("see `duka status {INDIAN}`"));
    shop.duka(&["status", INDIAN]).exits(0);
}

/// A shop with one Pesapal order whose creation was not answered; returns the command's
/// arguments.
fn lost_at_pesapal(kind: FaultKind) -> (CliFixture, Vec<String>) {
    let shop = CliFixture::open();
    let ipn = shop.ipn();
    let mut args = CliFixture::create_args("pesapal", "KANGA-1");
    args.extend(["--notification-id", &ipn]);
    let lost = Fault::new(kind).at(Gateway::Pesapal).on(Operation::Create);
    shop.emulator.arm(lost).unwrap();
    shop.duka(&args)
        .exits(4)
        .complains("the same values recovers it")
        .complains("see `duka pending`");
    let args = args.iter().map(|arg| (*arg).to_owned()).collect();
    (shop, args)
}

#[test]
fn a_pesapal_order_whose_reply_is_lost_is_pending_until_it_is_created_again_or_tracked() {
    for recover in ["create", "track"] {
        let (shop, args) = lost_at_pesapal(FaultKind::ReplyLost);
        let pending = shop.duka(&["pending", "--json"]).exits(4).lines();
        let [open] = &pending[..] else {
            panic!("{pending:#?}");
        };
        for (key, value) in [
            ("kind", "creation"),
            ("account", "pesapal"),
            ("gateway", "pesapal"),
            ("order", "KANGA-1"),
            ("state", "in_doubt"),
            ("amount", "1500.00"),
            ("currency", "KES"),
        ] {
            assert_eq!(open[key], value, "{open:#}");
        }
        let text = shop.duka(&["pending", "--long"]).exits(4).stdout;
        for part in [
            "creation in_doubt",
            "KANGA-1 at pesapal",
            "repeat `duka create`",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        shop.duka(&["show", "KANGA-1"]).exits(2);
        if recover == "create" {
            let args: Vec<_> = args.iter().map(String::as_str).collect();
            shop.duka(&args).exits(0);
        } else {
            // An operator has found it in the dashboard.
            let guid = shop.emulator.orders()[0].tracking_id.clone().unwrap();
            let list = format!("{HEADER},reference\n{},KANGA-1\n", row("pesapal", &guid));
            shop.terminal.write("found.csv", &list);
            shop.duka(&["track", "found.csv"]).exits(0);
            shop.duka(&["status", "KANGA-1"]).exits(0);
        }
        shop.duka(&["show", "KANGA-1"]).exits(0);
        assert_eq!(shop.duka(&["pending", "--json"]).exits(0).stdout, "");
        assert_eq!(shop.emulator.orders().len(), 1);
    }
}

#[test]
fn an_id_whose_creation_is_open_is_refused_for_another_amount_before_anything_is_sent() {
    let (shop, args) = lost_at_pesapal(FaultKind::ReplyLost);
    let requests = shop.emulator.requests().len();
    let other: Vec<_> = args
        .iter()
        .map(|arg| if arg == "1500" { "1600" } else { arg })
        .collect();
    let run = shop.duka(&other).exits(2);
    run.complains("id KANGA-1 was used before, for 1500.00 KES");
    assert_eq!(shop.emulator.requests().len(), requests);
}

#[test]
fn a_person_closes_the_creation_of_an_order_that_is_not_at_the_gateway() {
    let (shop, _) = lost_at_pesapal(FaultKind::ResetBefore);
    assert_eq!(shop.emulator.orders().len(), 0);
    let pending = shop.duka(&["pending", "--json"]).exits(4).lines();
    let id = pending[0]["id"].as_str().unwrap();
    let decide = |word| {
        let note = ["--by", "amina", "--note", "not in the dashboard", "--json"];
        shop.duka(&[&["resolve", id, "--as", word], &note[..]].concat())
    };
    decide("cancelled").exits(2);
    let closed = decide("acknowledged").exits(0).json();
    assert_eq!(
        (&closed["state"], &closed["outcome"]),
        (&json!("done"), &json!("acknowledged"))
    );
    assert_eq!(closed["message"], "amina: not in the dashboard");
    assert_eq!(shop.duka(&["pending", "--json"]).exits(0).stdout, "");
    decide("acknowledged").exits(2);
}

#[test]
fn a_kwikpaisa_order_whose_reply_is_lost_is_found_by_its_status_and_not_created_again() {
    let shop = CliFixture::open();
    let lost = Fault::new(FaultKind::ReplyLost)
        .at(Gateway::KwikPaisa)
        .on(Operation::Create);
    shop.emulator.arm(lost).unwrap();
    let args = CliFixture::create_args("kwikpaisa", INDIAN);
    shop.duka(&args).exits(4);
    assert_eq!(shop.duka(&["pending", "--json"]).exits(4).lines().len(), 1);
    let said = format!("an earlier request, whose answer was lost, created order {INDIAN}");
    shop.duka(&args).exits(3).complains(&said);
    assert_eq!(shop.received(Operation::Create), 1);
    assert_eq!(shop.duka(&["pending", "--json"]).exits(0).stdout, "");
}

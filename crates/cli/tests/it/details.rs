//! What a gateway tells of a payment beside its status, as the program keeps and prints it.

use serde_json::Value;

use crate::shop::{CliFixture, HEADER, INDIAN, store_bytes};

/// What the emulator tells about persons.
const PERSONAL: [&str; 4] = ["476173XXXXXX0010", "Achieng", "Odhiambo", "KONTO-555"];

/// An account at each gateway, with these lines of settings in each.
fn settings(shop: &CliFixture, lines: &str) {
    let url = (shop.emulator.kwikpaisa_url(), shop.emulator.pesapal_url());
    let file = format!(
        r#"
            [accounts.kwikpaisa]
            gateway = "kwikpaisa"
            api_key_env = "DUKA_KWIKPAISA_API_KEY"
            secret_key_env = "DUKA_KWIKPAISA_SECRET_KEY"
            base_url = "{}"
            {lines}
            [accounts.pesapal]
            gateway = "pesapal"
            consumer_key_env = "DUKA_PESAPAL_CONSUMER_KEY"
            consumer_secret_env = "DUKA_PESAPAL_CONSUMER_SECRET"
            base_url = "{}"
            {lines}
        "#,
        url.0, url.1
    );
    shop.terminal.write("duka.toml", file);
}

fn is_gateway_text(time: &Value) -> bool {
    let text = time.as_str().unwrap();
    text.ends_with(" AM") || text.ends_with(" PM")
}

fn moment(time: &Value) -> jiff::Timestamp {
    time.as_str().unwrap().parse().unwrap()
}

#[test]
fn status_show_and_report_tell_receipt_method_and_time_of_a_payment() {
    let shop = CliFixture::open();
    for account in ["kwikpaisa", "pesapal"] {
        let id = shop.create(account, &format!("A-{account}"));
        let before = shop.duka(&["status", &id, "--json"]).exits(0).json();
        assert_eq!(before["receipt"], Value::Null);
        assert_eq!(before["method"], Value::Null);
        assert!(before["gateway_time"].is_string(), "when it was created");

        shop.emulator.pay(&id).unwrap();
        let receipt = shop.emulator.order(&id).unwrap().receipt.unwrap();
        let status = shop.duka(&["status", &id, "--json"]).exits(0).json();
        shop.duka(&["cancel", &id]).exits(3);
        let shown = shop.duka(&["show", &id, "--json"]).exits(0).json();
        let report = shop.duka(&["report", "--json"]).exits(0).lines();
        let reported = report.iter().find(|it| it["order"] == *id).unwrap();
        let views = [
            &status,
            &shown["order"],
            &shown["cancellations"][0]["cancellation"],
            reported,
        ];
        let method = if account == "pesapal" { "Visa" } else { "UPI" };
        for view in views {
            assert_eq!(view["receipt"], *receipt, "{view}");
            assert_eq!(view["method"], method, "{view}");
            assert_eq!(view["gateway_time"], status["gateway_time"], "{view}");
        }
        let csv = shop.duka(&["report", "--format", "csv", "--raw"]);
        let csv = csv.exits(0).stdout;
        let time = status["gateway_time"].as_str().unwrap();
        let cells = format!(",{receipt},{method},{time},");
        assert!(csv.lines().any(|line| line.contains(&cells)), "{csv}");
        for command in ["status", "show"] {
            let text = shop.duka(&[command, &id]).exits(0).stdout;
            assert!(text.contains(&receipt) && text.contains(time), "{text}");
        }
        // Observed: East Africa Time. KwikPaisa's zone is not known.
        if account == "pesapal" {
            let age = jiff::Timestamp::now().duration_since(moment(&status["gateway_time"]));
            assert!(age.abs() < jiff::SignedDuration::from_mins(5), "{time}");
        } else {
            assert!(is_gateway_text(&status["gateway_time"]), "{time}");
        }
    }
}

#[test]
fn the_time_of_a_cancellation_by_the_gateway_is_in_the_report_and_in_the_log() {
    let shop = CliFixture::open();
    shop.create("kwikpaisa", INDIAN);
    let view = shop.duka(&["cancel", INDIAN, "--json"]).exits(0).json();
    let time = view["gateway_time"].as_str().unwrap();
    assert!(is_gateway_text(&view["gateway_time"]));
    let shown = shop.duka(&["show", INDIAN, "--json"]).exits(0).json();
    let log = shown["cancellations"][0]["log"].as_array().unwrap();
    let answer = log.iter().find(|it| it["event"] == "answered_yes").unwrap();
    let told = format!("answered yes: Order cancelled successfully. (cancelled_at {time})");
    assert_eq!(answer["detail"], told);
}

#[test]
fn a_time_zone_in_the_settings_makes_moments_of_kwikpaisas_times() {
    let shop = CliFixture::open();
    let variant = "kwikpaisa.date_zone";
    shop.emulator.set_variant(variant, "india").unwrap();
    settings(&shop, "time_zone = \"Asia/Kolkata\"");
    shop.create("kwikpaisa", INDIAN);
    let view = shop.duka(&["status", INDIAN, "--json"]).exits(0).json();
    let age = jiff::Timestamp::now().duration_since(moment(&view["gateway_time"]));
    assert!(age.abs() < jiff::SignedDuration::from_mins(5), "{view}");
}

#[test]
fn a_time_zone_that_does_not_exist_is_refused_before_anything_is_sent() {
    let shop = CliFixture::open();
    for name in ["Asia/Calcuta", "", "+05:30", "13-05-2026"] {
        settings(&shop, &format!("time_zone = \"{name}\""));
        let run = shop.duka(&["status", INDIAN]).exits(2);
        run.complains(&format!(
            "duka.toml: account kwikpaisa: time_zone \"{name}\" is not the name of a time zone such as Asia/Kolkata"
        ));
    }
    assert_eq!(shop.emulator.requests().len(), 0);
}

#[test]
fn the_gateways_method_goes_before_the_one_that_the_customer_meant_to_use() {
    let shop = CliFixture::open();
    let id = shop.create("kwikpaisa", "B-1");
    let mut other = CliFixture::open();
    let url = shop.emulator.kwikpaisa_url();
    other.terminal.set("DUKA_KWIKPAISA_BASE_URL", &url);
    let list = format!("{HEADER},method\nkwikpaisa,{id},2026-05-13T08:34:00Z,105.50,INR,cod\n");
    other.terminal.duka_reading(&list, &["track", "-"]).exits(0);
    let method = || {
        let shown = other.duka(&["show", &id, "--json"]).exits(0).json();
        let status = other.duka(&["status", &id, "--json"]).exits(0).json();
        (shown["order"]["method"].clone(), status["method"].clone())
    };
    assert_eq!(method(), ("cod".into(), "cod".into()));
    shop.emulator.pay(&id).unwrap();
    other.duka(&["status", &id]).exits(0);
    assert_eq!(method(), ("UPI".into(), "UPI".into()));
}

#[test]
fn personal_data_are_heard_nowhere_unless_the_account_keeps_them() {
    for (lines, kept) in [("", false), ("keep_personal_data = true", true)] {
        let shop = CliFixture::open();
        shop.emulator
            .set_variant("pesapal.payer_info", "present")
            .unwrap();
        settings(&shop, lines);
        let ipn = shop.ipn();
        let mut create = CliFixture::create_args("pesapal", "KANGA-1");
        create.extend(["--notification-id", &ipn, "--account-number", "KONTO-555"]);
        create.push("--json");
        let created = shop.duka(&create).exits(0).json();
        let id = created["order"].as_str().unwrap().to_owned();
        shop.emulator.pay(&id).unwrap();
        let mut heard = Vec::new();
        for args in [
            &["status", &id][..],
            &["cancel", &id],
            &["refund", &id, "--remarks", "torn"],
            &["show", &id],
            &["report"],
            &["pending"],
            &["sweep", "--min-age", "0s", "--dry-run"],
        ] {
            for loud in [&["-vvv"][..], &["-vvv", "--json"]] {
                let run = shop.duka(&[args, loud].concat());
                let is_view = matches!(args[0], "status" | "show");
                for text in PERSONAL {
                    let (out, log) = (run.stdout.contains(text), run.stderr.contains(text));
                    assert_eq!(out, kept && is_view, "{text} on stdout of {args:?}");
                    assert!(!log, "{text} on stderr of {args:?}: {}", run.stderr);
                }
                heard.push(run.code);
            }
        }
        assert!(heard.contains(&0));
        let store = store_bytes(shop.terminal.folder.path());
        let store = String::from_utf8_lossy(&store);
        for text in PERSONAL {
            assert_eq!(store.contains(text), kept, "{text} in the store");
        }
        // What was kept is not shown once the setting is gone.
        settings(&shop, "");
        let shown = shop.duka(&["show", &id, "--json"]).exits(0);
        assert!(PERSONAL.iter().all(|it| !shown.stdout.contains(it)));
    }
}

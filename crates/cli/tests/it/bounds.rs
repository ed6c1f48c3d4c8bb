//! No command that asks a gateway for one thing takes longer than it may as a whole.

use std::time::{Duration, Instant};

use duka_emulator::{Fault, FaultKind, Gateway, Operation};

use crate::shop::{CliFixture, INDIAN, Run, wait_until};

/// What a command may take beyond its second: for an answer that is on its way, for a look into
/// the store, and for a machine that is busy.
const MORE: Duration = Duration::from_secs(8);

/// Far longer than any bound here.
fn slow(shop: &mut CliFixture, operations: &[Operation]) {
    shop.terminal.set("DUKA_TIMEOUT", "50s");
    for operation in operations {
        let fault = Fault::new(FaultKind::Delay).on(*operation).times(u32::MAX);
        shop.emulator
            .arm(fault.delay(Duration::from_secs(40)))
            .unwrap();
    }
}

#[track_caller]
fn in_time(shop: &CliFixture, args: &[&str], code: i32) -> Run {
    let started = Instant::now();
    let run = shop.duka(&[args, &["--give-up-after", "1s"]].concat());
    let took = started.elapsed();
    assert!(
        took >= Duration::from_secs(1),
        "{args:?}: {took:?}, {run:?}"
    );
    assert!(took < Duration::from_secs(1) + MORE, "{args:?}: {took:?}");
    run.exits(code)
}

#[test]
fn a_read_that_does_not_come_to_its_answer_is_given_up() {
    let mut shop = CliFixture::open();
    shop.create("kwikpaisa", INDIAN);
    let guid = shop.create("pesapal", "KANGA-1");
    slow(
        &mut shop,
        &[Operation::Status, Operation::ListIpns, Operation::Token],
    );
    let gave_up = "gave up after 1s (--give-up-after); nothing was changed";
    for args in [
        &["status", INDIAN][..],
        &["status", &guid],
        &["ipn", "list"],
    ] {
        in_time(&shop, args, 1).complains(gave_up);
    }
    // Without a store as well.
    let args = [
        "status",
        INDIAN,
        "--store",
        "sqlite:none.db",
        "--account",
        "kwikpaisa",
    ];
    in_time(&shop, &args, 1).complains(gave_up);
    let run = in_time(&shop, &["doctor"], 1);
    assert!(
        run.stdout
            .contains("not checked to the end: gave up after 1s"),
        "{run:?}"
    );
}

#[test]
fn a_cancel_that_was_not_sent_in_time_fails_and_its_record_stays_open() {
    for gateway in [Gateway::KwikPaisa, Gateway::Pesapal] {
        let mut shop = CliFixture::only(gateway);
        let id = shop.create(gateway.as_str(), "KANGA-1");
        slow(&mut shop, &[Operation::Status]);
        let run = in_time(&shop, &["cancel", &id, "--wait", "0s", "--json"], 1);
        let view = run.json();
        assert_eq!(view["state"], "requested");
        run.complains("gave up after 1s (--give-up-after) before a request to cancel");
        run.complains(view["id"].as_str().unwrap());
        assert_eq!(shop.cancels_received(), 0);
    }
}

#[test]
fn a_cancel_that_was_sent_and_not_answered_in_time_is_unknown_and_named() {
    for gateway in [Gateway::KwikPaisa, Gateway::Pesapal] {
        let mut shop = CliFixture::only(gateway);
        let id = shop.create(gateway.as_str(), "KANGA-1");
        slow(&mut shop, &[Operation::Cancel]);
        let run = in_time(&shop, &["cancel", &id, "--wait", "0s", "--json"], 4);
        let view = run.json();
        assert_eq!(view["state"], "sending");
        run.complains("while a request to cancel");
        run.complains(view["id"].as_str().unwrap());
        assert_eq!(shop.cancels_received(), 1);
        // Nothing more is sent while the lease holds.
        shop.emulator.clear_faults();
        shop.duka(&["cancel", &id, "--wait", "0s"]).exits(4);
        assert_eq!(shop.cancels_received(), 1);
    }
}

#[test]
fn an_answer_to_a_cancel_that_comes_a_moment_after_the_end_is_kept() {
    for gateway in [Gateway::KwikPaisa, Gateway::Pesapal] {
        let shop = CliFixture::only(gateway);
        let id = shop.create(gateway.as_str(), "KANGA-1");
        let fault = Fault::new(FaultKind::Delay).on(Operation::Cancel);
        shop.emulator
            .arm(fault.delay(Duration::from_secs(2)))
            .unwrap();
        let args = ["cancel", &id, "--wait", "0s", "--give-up-after", "1s"];
        let run = shop.duka(&args);
        assert!(matches!(run.code, 0 | 4), "{run:?}");
        let log = shop.duka(&["show", &id, "--json"]).exits(0).json();
        let log = log["cancellations"][0]["log"].as_array().unwrap().clone();
        assert!(
            log.iter().any(|it| it["event"] == "answered_yes"),
            "{log:?}"
        );
    }
}

#[test]
fn an_answer_to_a_create_that_comes_a_moment_after_the_end_is_kept() {
    for gateway in [Gateway::KwikPaisa, Gateway::Pesapal] {
        let shop = CliFixture::only(gateway);
        let ipn = (gateway == Gateway::Pesapal).then(|| shop.ipn());
        let fault = Fault::new(FaultKind::Delay).on(Operation::Create);
        shop.emulator
            .arm(fault.delay(Duration::from_secs(2)))
            .unwrap();
        let mut args = CliFixture::create_args(gateway.as_str(), "KANGA-1");
        args.extend(["--give-up-after", "1s", "--json"]);
        args.extend(ipn.iter().flat_map(|ipn| ["--notification-id", ipn]));
        let view = shop.duka(&args).exits(0).json();
        let link = view["payment_link"].as_str().unwrap();
        assert!(link.starts_with("http"), "{view}");
        shop.duka(&["pending"]).exits(0);
    }
}

#[test]
fn a_create_that_ends_before_its_request_is_stored_has_sent_nothing() {
    let mut shop = CliFixture::only(Gateway::KwikPaisa);
    let args = CliFixture::create_args("kwikpaisa", INDIAN);
    let lost = Fault::new(FaultKind::ReplyLost).on(Operation::Create);
    shop.emulator.arm(lost).unwrap();
    shop.duka(&args).exits(4);
    let sent = shop.emulator.requests().len();
    // What came of the first request is looked at before a second one.
    slow(&mut shop, &[Operation::Status]);
    in_time(&shop, &args, 1).complains("gave up after 1s (--give-up-after); nothing was sent");
    let requests = shop.emulator.requests();
    let later = requests.iter().skip(sent).map(|it| it.operation);
    assert!(later.into_iter().all(|it| it == Some(Operation::Status)));
}

#[test]
fn an_order_that_was_not_created_in_time_may_exist_and_is_tracked_where_it_can_be() {
    let mut shop = CliFixture::open();
    let ipn = shop.ipn();
    slow(&mut shop, &[Operation::Create]);
    let run = in_time(&shop, &CliFixture::create_args("kwikpaisa", INDIAN), 4);
    run.complains("whether it was created is not known; the order may exist, and is tracked");
    shop.duka(&["show", INDIAN]).exits(0);
    let args = CliFixture::create_args("pesapal", "KANGA-1");
    let args = [&args[..], &["--notification-id", &ipn]].concat();
    in_time(&shop, &args, 4).complains("the same id and the same values recovers it");
}

#[test]
fn an_address_that_was_not_registered_in_time_may_be() {
    let mut shop = CliFixture::only(Gateway::Pesapal);
    slow(&mut shop, &[Operation::RegisterIpn]);
    let args = ["ipn", "register", "https://merchant.example/ipn"];
    in_time(&shop, &args, 4).complains("see `duka ipn list`");
}

#[test]
fn a_refund_that_was_sent_and_not_answered_in_time_is_unknown_and_named() {
    let mut shop = CliFixture::only(Gateway::Pesapal);
    let id = shop.create("pesapal", "KANGA-1");
    shop.emulator.pay(&id).unwrap();
    slow(&mut shop, &[Operation::Refund]);
    let args = ["refund", &id, "--remarks", "torn", "--json"];
    let run = in_time(&shop, &args, 4);
    let view = run.json();
    assert_eq!(view["state"], "sending");
    run.complains(view["id"].as_str().unwrap());
    assert_eq!(shop.received(Operation::Refund), 1);
    // Before the intent: nothing is known to be wrong, and nothing was sent.
    let other = shop.create("pesapal", "KANGA-2");
    shop.emulator.pay(&other).unwrap();
    slow(&mut shop, &[Operation::Status]);
    let args = ["refund", &other, "--remarks", "torn", "--json"];
    in_time(&shop, &args, 1).complains("nothing was sent");
    assert_eq!(shop.received(Operation::Refund), 1);
}

#[test]
fn the_bound_comes_from_the_option_the_environment_or_the_file_in_this_order() {
    let mut shop = CliFixture::only(Gateway::KwikPaisa);
    shop.create("kwikpaisa", INDIAN);
    slow(&mut shop, &[Operation::Status]);
    let gives_up = |shop: &CliFixture, more: &[&str], said: &str| {
        let run = shop.duka(&[&["status", INDIAN], more].concat()).exits(1);
        run.complains(&format!("gave up after {said} (--give-up-after)"));
    };
    shop.terminal
        .write("duka.toml", "[http]\ngive_up_after = \"200ms\"\n");
    gives_up(&shop, &[], "200ms");
    shop.terminal.set("DUKA_GIVE_UP_AFTER", "300ms");
    gives_up(&shop, &[], "300ms");
    gives_up(&shop, &["--give-up-after", "400ms"], "400ms");
    for bad in ["0s", "soon", "2years"] {
        shop.duka(&["status", INDIAN, "--give-up-after", bad])
            .exits(2);
    }
    shop.terminal.set("DUKA_GIVE_UP_AFTER", "0s");
    shop.duka(&["status", INDIAN])
        .exits(2)
        .complains("give_up_after is 0s");
}

#[test]
fn help_names_the_bound_of_every_command_that_asks_a_gateway_for_one_thing() {
    let shop = CliFixture::open();
    for command in [
        &["status"][..],
        &["create"],
        &["cancel"],
        &["refund"],
        &["doctor"],
        &["ipn", "list"],
        &["ipn", "register"],
    ] {
        let run = shop.duka(&[command, &["--help"]].concat()).exits(0);
        assert!(
            run.stdout.contains("--give-up-after <DURATION>"),
            "{command:?}"
        );
        assert!(run.stdout.contains("default: 3m"), "{command:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_store_that_another_process_keeps_does_not_hold_a_command_up_for_longer() {
    let shop = CliFixture::only(Gateway::KwikPaisa);
    shop.create("kwikpaisa", INDIAN);
    let locked = crate::stopping::lock(&shop.terminal.store());
    for args in [&["status", INDIAN][..], &["cancel", INDIAN, "--wait", "0s"]] {
        in_time(&shop, args, 1).complains("gave up after 1s");
    }
    drop(locked);
    // As it was before: nothing was written.
    wait_until("the store", || shop.duka(&["report", "--json"]).code == 0);
    assert_eq!(shop.duka(&["report", "--json"]).exits(0).stdout, "");
}

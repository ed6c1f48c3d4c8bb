//! Variables of the environment that cannot be read, and such that have no effect.

use crate::shop::{CliFixture, INDIAN, finish};

/// No text, and its readable part must not be shown.
#[cfg(unix)]
fn not_text() -> std::ffi::OsString {
    std::os::unix::ffi::OsStringExt::from_vec(b"hunter2\xff".to_vec())
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_not_text_is_refused_and_never_counts_as_not_set() {
    for (name, args) in [
        ("DUKA_STORE", &["status", INDIAN][..]),
        ("DUKA_SETTLE", &["status", INDIAN]),
        ("DUKA_REVIEW_AFTER", &["status", INDIAN]),
        ("DUKA_LEASE", &["status", INDIAN]),
        ("DUKA_TIMEOUT", &["status", INDIAN]),
        ("DUKA_KWIKPAISA_API_KEY", &["status", INDIAN]),
        ("DUKA_KWIKPAISA_SECRET_KEY", &["status", INDIAN]),
        ("DUKA_KWIKPAISA_ENVIRONMENT", &["status", INDIAN]),
        ("DUKA_KWIKPAISA_BASE_URL", &["cancel", INDIAN]),
        ("DUKA_PESAPAL_CONSUMER_KEY", &["ipn", "list"]),
        ("DUKA_PESAPAL_CONSUMER_SECRET", &["ipn", "list"]),
        ("DUKA_PESAPAL_ENVIRONMENT", &["doctor"]),
        ("DUKA_PESAPAL_BASE_URL", &["sweep"]),
        ("DUKA_PESAPAL_IPN_ID", &["ipn", "list"]),
        ("USER", &["cancel", INDIAN]),
        ("USERNAME", &["refund", INDIAN, "--remarks", "torn"]),
    ] {
        let shop = CliFixture::open();
        let mut command = shop.terminal.command(args);
        command.env(name, not_text());
        let run = finish(command, args).exits(2);
        let said = format!("{}{}", run.stdout, run.stderr);
        let expected = format!("environment variable {name} is not UTF-8 text; set it anew");
        assert!(said.contains(&expected), "{name}: {said}");
        assert!(!said.contains("hunter2"), "{name}: {said}");
        assert_eq!(shop.emulator.requests(), [], "{name}");
        assert!(!shop.terminal.store().exists(), "{name}");
    }
}

#[cfg(unix)]
#[test]
fn a_variable_that_a_file_names_for_a_secret_must_be_text() {
    let shop = CliFixture::open();
    let file = format!(
        "[accounts.shop-in]\ngateway = \"kwikpaisa\"\napi_key_env = \"SHOP_IN_KEY\"\nsecret_key_env = \"SHOP_IN_SECRET\"\nbase_url = {:?}\n",
        shop.emulator.kwikpaisa_url()
    );
    shop.terminal.write("duka.toml", file);
    let args = ["status", INDIAN];
    let mut command = shop.terminal.command(&args);
    command
        .env("SHOP_IN_KEY", "pk_test_emulator")
        .env("SHOP_IN_SECRET", not_text());
    let run = finish(command, &args).exits(2);
    run.complains("account shop-in: environment variable SHOP_IN_SECRET is not UTF-8 text");
    assert!(!run.stderr.contains("hunter2"), "{run:?}");
    assert_eq!(shop.emulator.requests(), []);
}

#[cfg(unix)]
#[test]
fn no_color_counts_whatever_it_holds() {
    let shop = CliFixture::open();
    shop.create("kwikpaisa", INDIAN);
    let args = ["status", INDIAN, "--color", "auto"];
    let mut command = shop.terminal.command(&args);
    command
        .env("NO_COLOR", not_text())
        .env("CLICOLOR_FORCE", "1");
    let run = finish(command, &args).exits(0);
    assert!(!run.stdout.contains('\u{1b}'), "{run:?}");
}

#[test]
fn a_name_with_a_slip_is_told_on_stderr_without_its_value() {
    let mut shop = CliFixture::open();
    shop.create("kwikpaisa", INDIAN);
    shop.terminal.set("DUKA_KWIKPAISA_APIKEY", "hunter2");
    let run = shop.duka(&["status", INDIAN, "--json"]).exits(0);
    assert_eq!(
        run.stderr,
        "warning: environment variable DUKA_KWIKPAISA_APIKEY is not known and has no effect; did you mean DUKA_KWIKPAISA_API_KEY?\n"
    );
    run.json();
    let run = shop.duka(&["status", INDIAN, "--quiet"]).exits(0);
    assert_eq!(run.stderr, "");
    // With settings that cannot be read, it may be what is wrong.
    shop.terminal
        .unset("DUKA_KWIKPAISA_APIKEY")
        .set("DUKA_KWIKPAISA_SECRETKEY", "hunter2")
        .unset("DUKA_KWIKPAISA_SECRET_KEY");
    let run = shop.duka(&["status", INDIAN]).exits(2);
    run.complains("did you mean DUKA_KWIKPAISA_SECRET_KEY?")
        .complains("DUKA_KWIKPAISA_SECRET_KEY is not set");
    assert!(!run.stderr.contains("hunter2"), "{run:?}");
}

#[test]
fn names_of_the_projects_tests_are_not_told() {
    let mut shop = CliFixture::open();
    shop.create("kwikpaisa", INDIAN);
    shop.terminal
        .set("DUKA_CRASH_AT", "no_such_point")
        .set("DUKA_SOAK_SEED", "17");
    let run = shop.duka(&["status", INDIAN]).exits(0);
    assert_eq!(run.stderr, "");
}

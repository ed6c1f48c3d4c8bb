//! Settings as users get them wrong, and accounts as they choose among them.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::mpsc;
use std::thread;

use crate::shop::{CliFixture, HEADER, INDIAN, Terminal};

#[test]
fn no_account_at_all_says_what_to_set() {
    let terminal = Terminal::open();
    for args in [
        &["status", "A-17"][..],
        &["cancel", "A-17"],
        &["sweep"],
        &["ipn", "list"],
    ] {
        terminal
            .duka(args)
            .exits(2)
            .complains("DUKA_KWIKPAISA_API_KEY")
            .complains("DUKA_PESAPAL_CONSUMER_KEY")
            .complains("duka.toml");
    }
    let run = terminal.duka(&["doctor"]);
    assert!(run.stdout.contains("DUKA_KWIKPAISA_API_KEY"), "{run:?}");
    run.exits(2);
}

#[test]
fn settings_that_cannot_be_are_named_by_their_variable() {
    let pair = [
        ("DUKA_KWIKPAISA_API_KEY", "pk_test_emulator"),
        ("DUKA_KWIKPAISA_SECRET_KEY", "sk_test_emulator"),
    ];
    for (name, value, said) in [
        (
            "DUKA_KWIKPAISA_SECRET_KEY",
            "",
            "DUKA_KWIKPAISA_SECRET_KEY is not set",
        ),
        (
            "DUKA_KWIKPAISA_API_KEY",
            "",
            "DUKA_KWIKPAISA_API_KEY is not set",
        ),
        (
            "DUKA_PESAPAL_CONSUMER_KEY",
            "k",
            "DUKA_PESAPAL_CONSUMER_SECRET is not set",
        ),
        (
            "DUKA_KWIKPAISA_BASE_URL",
            "pay.example",
            "DUKA_KWIKPAISA_BASE_URL: ",
        ),
        (
            "DUKA_KWIKPAISA_BASE_URL",
            "http://pay.example",
            "plain http",
        ),
        (
            "DUKA_KWIKPAISA_BASE_URL",
            "http://192.168.1.7:4010",
            "plain http",
        ),
        (
            "DUKA_KWIKPAISA_BASE_URL",
            "https://a:b@pay.example",
            "password",
        ),
        (
            "DUKA_KWIKPAISA_ENVIRONMENT",
            "live",
            "DUKA_KWIKPAISA_ENVIRONMENT must be sandbox or production",
        ),
        ("DUKA_SETTLE", "soon", "DUKA_SETTLE: \"soon\""),
        (
            "DUKA_SETTLE",
            "0s",
            "settle (0s) is shorter than 100ms; a gateway would be asked again",
        ),
        ("DUKA_REVIEW_AFTER", "1", "DUKA_REVIEW_AFTER: \"1\""),
        ("DUKA_REVIEW_AFTER", "1ms", "review_after (1ms) is shorter"),
        ("DUKA_STORE", "postgres://u:hunter2@h/d", "\"postgres:…\""),
        ("DUKA_STORE", "duka.db", "sqlite:PATH"),
        (
            "DUKA_STORE",
            "sqlite:no/such/folder/duka.db",
            "no/such/folder",
        ),
        ("DUKA_KWIKPAISA_API_KEY", "sk_test_emulator", "swapped"),
    ] {
        let mut terminal = Terminal::open();
        for (name, value) in pair {
            terminal.set(name, value);
        }
        terminal.set(name, value);
        let run = terminal.duka(&["status", "A-17"]).exits(2);
        run.complains(said);
        assert!(!run.stderr.contains("hunter2"), "{}", run.stderr);
    }
}

#[test]
fn with_a_proxy_a_gateway_is_asked_for_through_it_and_its_password_is_never_shown() {
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = proxy.local_addr().unwrap().port();
    let (heads, seen) = mpsc::channel();
    thread::spawn(move || {
        for stream in proxy.incoming() {
            let mut stream = stream.unwrap();
            let lines = BufReader::new(&mut stream).lines().map_while(Result::ok);
            let head: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
            heads.send(head).unwrap();
            stream
                .write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
                .unwrap();
        }
    });
    let mut terminal = Terminal::open();
    terminal
        .set("DUKA_KWIKPAISA_API_KEY", "pk_test_1")
        .set("DUKA_KWIKPAISA_SECRET_KEY", "sk_test_1")
        .set("DUKA_KWIKPAISA_BASE_URL", "https://gateway.invalid")
        .set(
            "DUKA_PROXY",
            &format!("http://shop:hunter2@127.0.0.1:{port}"),
        );
    let run = terminal.duka(&["status", "A-17"]).exits(1);
    run.complains("no connection to gateway.invalid");
    assert_eq!(
        seen.recv().unwrap()[0],
        "CONNECT gateway.invalid:443 HTTP/1.1"
    );
    let doctor = terminal.duka(&["doctor"]);
    let through = format!("https://gateway.invalid through http://127.0.0.1:{port}");
    assert!(doctor.stdout.contains(&through), "{doctor:?}");
    for run in [run, doctor] {
        assert!(!format!("{run:?}").contains("hunter2"), "{run:?}");
    }
}

const BOTH: &str = "
store = \"sqlite:orders.db\"

[accounts.shop-in]
gateway = \"kwikpaisa\"
api_key_env = \"SHOP_IN_KEY\"
secret_key_file = \"shop-in.secret\"
base_url = \"KWIKPAISA\"

[accounts.shop-ke]
gateway = \"pesapal\"
consumer_key_env = \"SHOP_KE_KEY\"
consumer_secret_env = \"SHOP_KE_SECRET\"
base_url = \"PESAPAL\"
ipn_id = \"IPN\"

[cancel]
settle = \"300ms\"
review_after = \"1s\"
";

/// A shop whose accounts stand in a file, and not in the environment.
fn configured() -> CliFixture {
    let mut shop = CliFixture::open();
    let text = BOTH
        .replace("KWIKPAISA", &shop.emulator.kwikpaisa_url())
        .replace("PESAPAL", &shop.emulator.pesapal_url())
        .replace("\"IPN\"", &format!("{:?}", shop.ipn()));
    shop.terminal.write("shops.toml", text);
    // The line break at its end is an editor's.
    shop.terminal.write("shop-in.secret", "sk_test_emulator\n");
    for name in [
        "KWIKPAISA_API_KEY",
        "KWIKPAISA_SECRET_KEY",
        "PESAPAL_CONSUMER_KEY",
        "PESAPAL_CONSUMER_SECRET",
    ] {
        shop.terminal.unset(&format!("DUKA_{name}"));
    }
    shop.terminal
        .set("SHOP_IN_KEY", "pk_test_emulator")
        .set("SHOP_KE_KEY", "emulator-key")
        .set("SHOP_KE_SECRET", "emulator-secret");
    shop
}

#[test]
fn a_file_with_both_gateways_serves_both_and_its_own_store() {
    let shop = configured();
    let file = ["--config", "shops.toml"];
    let run = |args: &[&str]| shop.duka(&[&file[..], args].concat());
    run(&CliFixture::create_args("shop-in", INDIAN)).exits(0);
    let mut args = CliFixture::create_args("shop-ke", "KANGA-6");
    let at = args.iter().position(|it| *it == "INR").unwrap();
    args[at] = "KES";
    run(&args).exits(0);
    run(&["sweep", "--min-age", "0s"]).exits(0);
    let applied: u32 = shop
        .emulator
        .orders()
        .iter()
        .map(|it| it.cancels_applied)
        .sum();
    assert_eq!(applied, 2);
    assert!(shop.terminal.path("orders.db").exists());
    assert!(!shop.terminal.store().exists());
    run(&["doctor"]).exits(0);
    // Found without being named.
    std::fs::rename(
        shop.terminal.path("shops.toml"),
        shop.terminal.path("duka.toml"),
    )
    .unwrap();
    let report = shop.duka(&["report", "--json"]).exits(0);
    assert_eq!(report.lines().len(), 2);
}

#[test]
fn the_account_must_be_clear_and_configured() {
    let shop = configured();
    let file = ["--config", "shops.toml"];
    let run = |args: &[&str]| shop.duka(&[&file[..], args].concat());
    run(&["status", "A-17"])
        .exits(2)
        .complains("more than one account (shop-in, shop-ke); say which with --account");
    run(&["status", "A-17", "--account", "shop-tz"])
        .exits(2)
        .complains("account shop-tz is not configured in shops.toml; there shop-in, shop-ke");
    for args in [
        &["report"][..],
        &["sweep"],
        &["doctor"],
        &["show", "A-17"],
        &["track", "none.csv"],
    ] {
        let args = [args, &["--account", "shop-tz"]].concat();
        run(&args)
            .exits(2)
            .complains("account shop-tz is not configured");
    }
    run(&["ipn", "list", "--account", "shop-in"])
        .exits(2)
        .complains("account shop-in is at kwikpaisa");
    // There is only one that these could mean.
    run(&["ipn", "list"]).exits(0);
}

#[test]
fn a_missing_secret_is_named_and_only_where_its_account_is_used() {
    let mut shop = configured();
    shop.terminal.unset("SHOP_KE_SECRET");
    let file = ["--config", "shops.toml"];
    shop.terminal.write("none.csv", format!("{HEADER}\n"));
    shop.duka(&[&file[..], &["track", "none.csv"]].concat())
        .exits(0);
    shop.duka(&[&file[..], &["sweep"]].concat())
        .exits(2)
        .complains("account shop-ke: environment variable SHOP_KE_SECRET is not set");
    shop.duka(&[&file[..], &["sweep", "--account", "shop-in"]].concat())
        .exits(0);
    std::fs::remove_file(shop.terminal.path("shop-in.secret")).unwrap();
    shop.duka(&[&file[..], &["sweep", "--account", "shop-in"]].concat())
        .exits(2)
        .complains("account shop-in")
        .complains("No such file");
    shop.duka(&["--config", "none.toml", "report"])
        .exits(2)
        .complains("none.toml");
}

#[test]
fn a_store_that_is_not_there_is_named_and_not_made_by_commands_that_only_read() {
    let shop = CliFixture::open();
    shop.create("kwikpaisa", INDIAN);
    let unknown = "01a20128-5bd5-7219-a4c2-b4aa018712f1";
    let decide = [
        "resolve",
        unknown,
        "--as",
        "cancelled",
        "--by",
        "amina",
        "--note",
        "n",
    ];
    for args in [
        &["report"][..],
        &["report", "--json"],
        &["pending"],
        &["show", INDIAN],
        &decide,
        &["status", "KANGA-1", "--account", "pesapal"],
    ] {
        let args = [args, &["--store", "sqlite:duka-typo.db"]].concat();
        let run = shop.duka(&args).exits(2);
        run.complains("there is no store at duka-typo.db; fix --store, DUKA_STORE");
        assert!(
            run.stdout.is_empty() || run.json()["error"].is_object(),
            "{args:?}"
        );
        assert!(!shop.terminal.path("duka-typo.db").exists(), "{args:?}");
    }
}

#[test]
fn without_a_store_the_status_is_asked_for_all_the_same_and_nothing_is_left_behind() {
    let shop = CliFixture::open();
    let orders = [
        ("kwikpaisa", shop.create("kwikpaisa", INDIAN)),
        ("pesapal", shop.create("pesapal", "KANGA-1")),
    ];
    for (account, id) in orders {
        let args = ["status", &id, "--account", account, "--json"];
        let known = shop.duka(&args).exits(0).json();
        let args = [&args[..], &["--store", "sqlite:none.db"]].concat();
        let unknown = shop.duka(&args).exits(0).json();
        for key in [
            "account",
            "gateway",
            "order",
            "status",
            "raw_status",
            "amount",
        ] {
            assert_eq!(known[key], unknown[key], "{key}");
        }
        assert!(unknown["observed_at"].is_string());
        assert!(!shop.terminal.path("none.db").exists());
    }
}

#[test]
fn doctor_says_that_a_store_will_be_made_and_makes_none() {
    let shop = CliFixture::open();
    let run = shop.duka(&["doctor"]).exits(0);
    let line =
        "    ok  store: there is none at duka.db yet; the first command that needs it makes it";
    assert!(run.stdout.lines().any(|it| it == line), "{}", run.stdout);
    assert!(!shop.terminal.store().exists());
    let run = shop
        .duka(&["doctor", "--store", "sqlite:no/such/folder/duka.db"])
        .exits(1);
    let line = "   fix  store: none can be made at no/such/folder/duka.db: ";
    assert!(run.stdout.contains(line), "{}", run.stdout);
    // Where a folder does not help either.
    #[cfg(target_os = "linux")]
    {
        let run = shop.duka(&["doctor", "--store", "sqlite:/proc/duka.db"]);
        let run = run.exits(1);
        let line = "   fix  store: none can be made at /proc/duka.db: ";
        assert!(run.stdout.contains(line), "{}", run.stdout);
    }
    shop.create("kwikpaisa", INDIAN);
    let run = shop.duka(&["doctor"]).exits(0);
    let line = "    ok  store: sqlite:duka.db can be read and written: 1 orders, 0 cancellations, 0 unsettled, 0 waiting for review";
    assert!(run.stdout.lines().any(|it| it == line), "{}", run.stdout);
}

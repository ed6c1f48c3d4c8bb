//! Every credential is a canary, and it is heard nowhere: not on stdout, not on stderr at
//! its loudest, not in the store.

use crate::shop::{CliFixture, HEADER, INDIAN, Run, row, store_bytes};

const CANARY: &str = "KANARIENVOGEL";
const KEYS: [(&str, &str); 4] = [
    ("DUKA_KWIKPAISA_API_KEY", "pk_test_KANARIENVOGEL"),
    ("DUKA_KWIKPAISA_SECRET_KEY", "sk_test_KANARIENVOGEL"),
    ("DUKA_PESAPAL_CONSUMER_KEY", "KANARIENVOGEL_key"),
    ("DUKA_PESAPAL_CONSUMER_SECRET", "KANARIENVOGEL_secret"),
];

/// Whether there is a run of 64 hexadecimal digits: a signature.
fn holds_signature(bytes: &[u8]) -> bool {
    let mut run = 0;
    bytes.iter().any(|byte| {
        run = if byte.is_ascii_hexdigit() { run + 1 } else { 0 };
        run == 64
    })
}

#[track_caller]
fn is_silent(bytes: &[u8], place: &str) {
    let text = String::from_utf8_lossy(bytes);
    for secret in [
        CANARY,
        "Bearer ",
        "bearer ",
        "X-SIGNATURE",
        "Authorization",
        "eyJ",
    ] {
        assert!(!text.contains(secret), "{secret} in {place}: {text}");
    }
    assert!(!holds_signature(bytes), "a signature in {place}: {text}");
}

fn check(run: Run, args: &[&str]) {
    is_silent(run.stdout.as_bytes(), &format!("stdout of {args:?}"));
    is_silent(run.stderr.as_bytes(), &format!("stderr of {args:?}"));
}

#[test]
fn no_command_lets_a_secret_out_however_it_ends() {
    let mut shop = CliFixture::with_keys(KEYS);
    shop.create("kwikpaisa", INDIAN);
    let guid = shop.create("pesapal", "KANGA-1");
    let list = format!(
        "{HEADER}\n{}\n{}\n",
        row("kwikpaisa", "A-2"),
        row("pesapal", &guid)
    );
    shop.terminal.write("list.csv", list);
    let ipn = ["ipn", "register", "https://merchant.example/hook"];
    let create = CliFixture::create_args("kwikpaisa", "A-3");
    let (status, cancel) = (["status", &guid], ["cancel", &guid, "--wait", "200ms"]);
    let paid = shop.create("pesapal", "KANGA-2");
    shop.emulator.pay(&paid).unwrap();
    let refund = ["refund", &paid, "--remarks", "came back torn"];
    let commands: Vec<&[&str]> = vec![
        &ipn,
        &["ipn", "list"],
        &create,
        &["track", "list.csv"],
        &["status", INDIAN],
        &status,
        &["doctor"],
        &["doctor", "--probe"],
        &["sweep", "--dry-run", "--min-age", "0s"],
        &["cancel", INDIAN, "--wait", "200ms"],
        &cancel,
        &refund,
        &["sweep", "--min-age", "0s", "--wait", "200ms"],
        &["report"],
        &["show", INDIAN],
        &["demo", "--orders", "4", "--seed", "1"],
    ];
    let mut codes = Vec::new();
    // With good keys, with bad ones, with bad addresses, and with keys that cannot be.
    for round in 0..4 {
        for (name, key) in KEYS {
            match round {
                1 => shop.terminal.set(name, &format!("{key}_mistyped")),
                3 => shop.terminal.set(name, &format!("{key} two words")),
                _ => shop.terminal.set(name, key),
            };
        }
        if round == 2 {
            let url = "http://127.0.0.1:1";
            shop.terminal.set("DUKA_KWIKPAISA_BASE_URL", url);
            shop.terminal.set("DUKA_PESAPAL_BASE_URL", url);
        }
        for args in &commands {
            for loud in [&["-vvv"][..], &["-vvv", "--json"]] {
                let args = [args, loud].concat();
                let run = shop.duka(&args);
                codes.push(run.code);
                check(run, &args);
            }
        }
    }
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes, [0, 1, 2, 3], "the commands ended in too few ways");
    is_silent(&store_bytes(shop.terminal.folder.path()), "the store");
    // The emulator really asked for them.
    let refused = shop.emulator.requests();
    assert!(
        refused
            .iter()
            .any(|it| it.headers.contains_key("x-signature"))
    );
    assert!(
        refused
            .iter()
            .any(|it| it.headers.contains_key("authorization"))
    );
}

//! Clocks that disagree.

use duka_emulator::Gateway;
use jiff::SignedDuration;

use crate::shop::{CliFixture, INDIAN};

#[test]
fn doctor_says_by_how_much_and_in_which_direction_this_clock_is_off() {
    for (ahead, direction) in [(1000, "behind"), (-1000, "ahead of")] {
        let shop = CliFixture::open();
        shop.emulator
            .advance_clock(SignedDuration::from_secs(ahead));
        let run = shop.duka(&["doctor"]).exits(1);
        for account in ["kwikpaisa", "pesapal"] {
            let start = format!("   fix  {account}: clock: this machine's clock is ");
            let line = run.stdout.lines().find_map(|it| it.strip_prefix(&start));
            let line = line.unwrap_or_else(|| panic!("{}", run.stdout));
            let (seconds, rest) = line.split_once(" s ").unwrap();
            // A header's date has no fractions of a second.
            let seconds: i64 = seconds.parse().unwrap();
            assert!((998..=1002).contains(&seconds), "{line}");
            assert!(
                rest.starts_with(&format!("{direction} the gateway's")),
                "{line}"
            );
        }
    }
}

#[test]
fn a_signature_too_old_or_too_new_is_explained_by_the_clock() {
    let shop = CliFixture::only(Gateway::KwikPaisa);
    shop.create("kwikpaisa", INDIAN);
    shop.emulator.advance_clock(SignedDuration::from_secs(1000));
    let run = shop.duka(&["status", INDIAN]).exits(2);
    run.complains("credentials refused")
        .complains("clock")
        .complains("behind");
    let run = shop.duka(&["cancel", INDIAN, "--wait", "0s"]).exits(2);
    assert!(run.stdout.contains("clock"), "{}", run.stdout);
    assert_eq!(shop.emulator.order(INDIAN).unwrap().cancel_requests, 0);
    // With the right clock, the same record goes on.
    shop.emulator
        .advance_clock(SignedDuration::from_secs(-1000));
    shop.duka(&["cancel", INDIAN]).exits(0);
    assert_eq!(shop.duka(&["report", "--json"]).lines().len(), 1);
}

#[test]
fn pesapals_token_outlives_a_clock_that_is_off() {
    let shop = CliFixture::only(Gateway::Pesapal);
    let id = shop.create("pesapal", "KANGA-1");
    for by in [1000, -2000, 7200] {
        shop.emulator.advance_clock(SignedDuration::from_secs(by));
        shop.duka(&["status", &id]).exits(0);
    }
    shop.duka(&["cancel", &id]).exits(0);
}

//! Colours: for people at a terminal, or when asked for.

use crate::shop::{CliFixture, Run};

fn is_coloured(run: &Run) -> (bool, bool) {
    (run.stdout.contains('\u{1b}'), run.stderr.contains('\u{1b}'))
}

#[test]
fn colours_go_to_terminals_or_where_asked_for_and_never_where_refused() {
    let mut shop = CliFixture::open();
    let failing = ["track", "missing.csv"];
    for (when, coloured) in [("auto", false), ("never", false), ("always", true)] {
        let args = ["doctor", "-vvv", "--color", when];
        assert_eq!(
            is_coloured(&shop.duka(&args)),
            (coloured, coloured),
            "{when}"
        );
        let run = shop.duka(&[&failing[..], &["--color", when]].concat());
        assert_eq!(is_coloured(&run), (false, coloured), "{when}");
    }
    shop.terminal.set("NO_COLOR", "1");
    let run = shop.duka(&["doctor", "-vvv"]);
    assert_eq!(is_coloured(&run), (false, false));
    shop.duka(&["doctor", "--color", "sometimes"]).exits(2);
}

#[test]
fn a_coloured_table_says_what_a_plain_one_says_in_the_same_columns() {
    let shop = CliFixture::open();
    for id in ["A-1", "A-2"] {
        shop.create("kwikpaisa", id);
    }
    shop.emulator.pay("A-2").unwrap();
    shop.duka(&["sweep", "--min-age", "0s"]).exits(0);
    for command in ["report", "doctor"] {
        let plain = shop.duka(&[command]).exits(0);
        let coloured = shop.duka(&[command, "--color", "always"]).exits(0);
        assert_eq!(
            anstream::adapter::strip_str(&coloured.stdout).to_string(),
            plain.stdout
        );
    }
}

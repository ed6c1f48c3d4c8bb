//! Ids that a spreadsheet has changed: refused wherever they come in, before anything is sent.

use crate::shop::{CliFixture, HEADER, INDIAN};

const TIME: &str = "2026-05-13T08:34:00Z";
const GUID: &str = "d0fa69d6-f3cd-433b-858e-df86555b86c8";
const ADVICE: &str =
    "in the spreadsheet, make that column text before the ids come into it, then export it again";

/// What a spreadsheet may leave of an id, and what is said of it.
const CHANGED: [(&str, &str); 31] = [
    ("6.11623E+12", ROUNDED),
    ("6.11623e+12", ROUNDED),
    ("6,11623E+12", ROUNDED),
    ("6E+12", ROUNDED),
    ("1.2e3", ROUNDED),
    ("-6.11623E+12", ROUNDED),
    ("6116229263036.0", FRACTION),
    ("6116229263036.00", FRACTION),
    ("6116229263036.", FRACTION),
    ("6116229263036,0", FRACTION),
    ("6,116,229,263,036", GROUPED),
    ("6,11,62,29,26,30,36", GROUPED),
    ("6.116.229.263.036", GROUPED),
    ("6'116'229'263'036", GROUPED),
    ("6’116’229’263’036", GROUPED),
    ("6 116 229 263 036", GROUPED),
    ("6\u{a0}116\u{a0}229\u{a0}263\u{a0}036", GROUPED),
    ("6\u{202f}116\u{202f}229\u{202f}263\u{202f}036", GROUPED),
    ("6,116,229,263,036.00", GROUPED),
    ("'6116229263036", APOSTROPHE),
    ("’6116229263036", APOSTROPHE),
    ("‘ORDER-12", APOSTROPHE),
    ("＇6116229263036", APOSTROPHE),
    ("=\"6116229263036\"", FORMULA),
    ("=6116229263036", FORMULA),
    ("\"6116229263036\"", QUOTED),
    ("“6116229263036”", QUOTED),
    ("+6116229263036", SIGN),
    ("６１１６２２９２６３０３６", DIGITS),
    ("#REF!", ERROR),
    ("#############", ERROR),
];

const ROUNDED: &str = "is an id that became a number with an exponent, whose last digits are lost";
const FRACTION: &str = "is an id that became a number with decimal places";
const GROUPED: &str = "is an id that became a number whose digits are in groups";
const APOSTROPHE: &str = "begins with the apostrophe that makes a cell text";
const FORMULA: &str = "is a formula and not its value";
const QUOTED: &str = "stands in quotes that are part of it";
const SIGN: &str = "is an id that became a number with a sign";
const DIGITS: &str = "is written in other digits than 0 to 9";
const ERROR: &str = "is what a cell shows where its value cannot be shown";

fn cell(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

#[test]
fn an_id_that_a_spreadsheet_changed_is_refused_with_line_and_column() {
    let shop = CliFixture::open();
    for (id, said) in CHANGED {
        let csv = format!(
            "{HEADER}\nkwikpaisa,A-1,{TIME},1,INR\nkwikpaisa,{},{TIME},1,INR\n",
            cell(id)
        );
        let json = |order: &str| {
            format!(
                "{{\"account\":\"kwikpaisa\",\"order\":{order},\"created_at\":\"{TIME}\",\"amount\":\"1\",\"currency\":\"INR\"}}\n"
            )
        };
        let ndjson = format!("{}{}", json("1"), json(&serde_json::to_string(id).unwrap()));
        for (name, list, line) in [("orders.csv", csv, 3), ("orders.ndjson", ndjson, 2)] {
            shop.terminal.write(name, list);
            let expected = format!("{name}: line {line}, column order: {id:?} {said}; {ADVICE}");
            for args in [
                &["track", name][..],
                &["sweep", "--orders", name, "--min-age", "0s"],
            ] {
                let run = shop.duka(args).exits(2);
                assert_eq!(run.stderr.lines().next(), Some(&*expected), "{args:?}");
            }
        }
    }
    assert_eq!(shop.emulator.requests(), []);
}

#[test]
fn a_json_number_that_is_no_integer_any_more_is_refused_as_well() {
    let shop = CliFixture::open();
    for (number, said) in [
        ("6.11623E+12", ROUNDED),
        ("6.11623e12", ROUNDED),
        ("6E+12", ROUNDED),
        ("6116229263036.0", FRACTION),
    ] {
        let list = format!(
            "{{\"account\":\"kwikpaisa\",\"order\":{number},\"created_at\":\"{TIME}\",\"amount\":\"1\",\"currency\":\"INR\"}}\n"
        );
        shop.terminal.write("orders.ndjson", list);
        let run = shop.duka(&["sweep", "--orders", "orders.ndjson"]).exits(2);
        run.complains(&format!(
            "line 1, column order: {number:?} {said}; {ADVICE}"
        ));
    }
    assert_eq!(shop.emulator.requests(), []);
}

#[test]
fn a_reference_that_a_spreadsheet_changed_is_refused_and_words_are_not() {
    let shop = CliFixture::open();
    let list = |reference: &str| {
        let row = format!("pesapal,{GUID},{TIME},1,KES,{}", cell(reference));
        shop.terminal
            .write("orders.csv", format!("{HEADER},reference\n{row}\n"));
        shop.duka(&["track", "orders.csv", "--update"])
    };
    for (reference, said) in [("6.11623E+12", ROUNDED), ("'KANGA-1", APOSTROPHE)] {
        list(reference).exits(2).complains(&format!(
            "orders.csv: line 2, column reference: {reference:?} {said}; {ADVICE}"
        ));
    }
    for reference in ["two kangas, one red", "6116229263036", "#17"] {
        list(reference).exits(0);
    }
}

#[test]
fn an_id_that_a_spreadsheet_changed_is_refused_on_the_command_line() {
    let shop = CliFixture::open();
    for (id, said) in CHANGED {
        for account in ["kwikpaisa", "pesapal"] {
            let mut create = CliFixture::create_args(account, INDIAN);
            let at = create.iter().position(|it| *it == INDIAN).unwrap();
            create[at] = id;
            // A minus would be taken for an option.
            if id.starts_with('-') {
                continue;
            }
            for args in [
                &["status", id, "--account", account][..],
                &["cancel", id, "--account", account],
                &["refund", id, "--account", account, "--remarks", "torn"],
                &create,
            ] {
                let run = shop.duka(args).exits(2);
                run.complains(&format!("{id:?} {said}; "));
            }
        }
    }
    assert_eq!(shop.emulator.requests(), []);
}

#[test]
fn what_is_no_tracking_id_and_no_known_reference_is_not_asked_for_at_pesapal() {
    let shop = CliFixture::open();
    for id in ["12", "ORDER-12", "d0fa69d6f3cd433b858edf86555b86c8"] {
        for args in [
            &["status", id, "--account", "pesapal"][..],
            &["cancel", id, "--account", "pesapal"],
            &["refund", id, "--account", "pesapal", "--remarks", "torn"],
        ] {
            let run = shop.duka(args).exits(2);
            // Before anything is sent, and before there is a record of it.
            assert!(run.stdout.is_empty(), "{args:?}: {run:?}");
        }
    }
    assert_eq!(shop.emulator.requests(), []);
}

#[test]
fn an_id_that_only_looks_like_a_number_is_taken() {
    let shop = CliFixture::open();
    let ids = [
        "ORDER-12",
        "4E12",
        "12E5",
        "12e-5",
        "1.5",
        "2026.05.13",
        "10.0.0.1",
        "0017",
        "order 17 / a",
        "17'",
        "O'NEIL-1",
        "#17",
        "a=b",
        "A+1",
        "आदेश-१७",
        "-17",
        "1-2",
        "E+12",
    ];
    let rows: String = ids
        .iter()
        .map(|id| format!("kwikpaisa,{},{TIME},1,INR\n", cell(id)))
        .collect();
    shop.terminal
        .write("orders.csv", format!("{HEADER}\n{rows}"));
    let view = shop
        .duka(&["track", "orders.csv", "--json"])
        .exits(0)
        .json();
    assert_eq!(view["added"], ids.len());
    for id in ids.iter().filter(|id| !id.starts_with('-')) {
        // Not known at the gateway; only that it is asked for matters.
        shop.duka(&["status", id, "--account", "kwikpaisa"])
            .exits(3);
    }
}

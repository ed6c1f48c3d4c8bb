//! Lists with mistakes in them: each is named by line and column, and nothing is imported.

use jiff::{SignedDuration, Timestamp};

use crate::shop::{CliFixture, HEADER, Run, row};

const GUID: &str = "d0fa69d6-f3cd-433b-858e-df86555b86c8";
const TIME: &str = "2026-05-13T08:34:00Z";
const HOLD: &str = "must hold account,order,created_at,amount,currency and may hold reference,shop_order,expires_at,method,note; --map names columns that are called otherwise";

/// The complaints about a list, without the name of the file.
#[track_caller]
fn complaints(run: &Run, name: &str) -> Vec<String> {
    let lines = run.stderr.lines();
    lines
        .map(|line| line.replace(&format!("{name}: "), ""))
        .collect()
}

fn json(account: &str, order: &str, amount: &str) -> String {
    format!(
        "{{\"account\":\"{account}\",\"order\":{order},\"created_at\":\"{TIME}\",\"amount\":{amount},\"currency\":\"INR\"}}"
    )
}

#[test]
fn a_bad_row_of_csv_is_named_by_line_and_column() {
    let shop = CliFixture::open();
    let good = row("kwikpaisa", "A-1");
    let not_a_time = "is not an RFC 3339 time such as 2026-05-13T08:34:00Z";
    for (bad, said) in [
        (
            "kwikpaisa,A-2,yesterday,1,INR".to_owned(),
            format!("created_at: \"yesterday\" {not_a_time}"),
        ),
        (
            "kwikpaisa,A-2,2026-05-13,1,INR".to_owned(),
            format!("created_at: \"2026-05-13\" {not_a_time}"),
        ),
        (
            "kwikpaisa,A-2,2026-05-13T08:34:00,1,INR".to_owned(),
            "created_at: \"2026-05-13T08:34:00\" names no time zone; say which with --time-zone, such as --time-zone Asia/Kolkata".to_owned(),
        ),
        (
            format!("kwikpaisa,A-2,{TIME},lots,INR"),
            "amount: amount \"lots\" is not a decimal number such as 105.50".to_owned(),
        ),
        (
            format!("kwikpaisa,A-2,{TIME},\"1,050\",INR"),
            "amount: \"1,050\" has a comma; --decimal-comma reads it as 1.050, --thousands-comma as 1050".to_owned(),
        ),
        (
            format!("kwikpaisa,A-2,{TIME},-5,INR"),
            "amount: amount -5 is not above zero".to_owned(),
        ),
        (
            format!("kwikpaisa,A-2,{TIME},1.005,INR"),
            "amount: amount 1.005 has more than the 2 decimal places of INR".to_owned(),
        ),
        (
            format!("kwikpaisa,A-2,{TIME},1,RUPEE"),
            "currency: currency \"RUPEE\" is not an ISO 4217 code such as INR or KES".to_owned(),
        ),
        (
            format!("shop-tz,A-2,{TIME},1,INR"),
            "account: account shop-tz is not configured; configured: kwikpaisa, pesapal".to_owned(),
        ),
        (format!(",A-2,{TIME},1,INR"), "account: is empty".to_owned()),
        (
            format!("kwikpaisa,  ,{TIME},1,INR"),
            "order: is empty".to_owned(),
        ),
        (
            format!("kwikpaisa,A-2,{TIME},1"),
            "currency: is missing, for the row ends before it".to_owned(),
        ),
        (
            "kwikpaisa".to_owned(),
            "order: is missing, for the row ends before it".to_owned(),
        ),
        (
            format!("kwikpaisa,{},{TIME},1,INR", "9".repeat(201)),
            "order: order id is longer than 200 bytes".to_owned(),
        ),
        (
            format!("pesapal,KANGA-1,{TIME},1,KES"),
            "order: \"KANGA-1\" is not a tracking id (a GUID), by which Pesapal knows orders"
                .to_owned(),
        ),
    ] {
        for (ending, blank, line) in [
            ("\n", "", 3),
            ("\r\n", "", 3),
            ("\n", "\n", 4),
            ("\r\n", "\r\n\r\n", 5),
        ] {
            let list = format!("{HEADER}{ending}{good}{ending}{blank}{bad}{ending}{good}{ending}");
            let name = shop.terminal.write("bad.csv", &list);
            let run = shop.duka(&["track", &name]).exits(2);
            let expected = [
                format!("line {line}, column {said}"),
                "error: bad.csv has 1 bad row; nothing was imported; fix them, or use --skip-bad"
                    .to_owned(),
            ];
            assert_eq!(complaints(&run, &name), expected, "{list:?}");
        }
    }
    shop.duka(&["show", "A-1"]).exits(2);
}

#[test]
fn a_date_that_cannot_be_a_creation_is_refused_wherever_a_list_is_read() {
    let shop = CliFixture::open();
    let later = Timestamp::now() + SignedDuration::from_hours(5);
    let soon = Timestamp::now() + SignedDuration::from_mins(4);
    for (date, said) in [
        (format!("{later:.0}"), "in the future; wrong time zone?"),
        (
            "2126-05-13T08:34:00Z".to_owned(),
            "in the future; wrong time zone?",
        ),
        ("0026-05-13T08:34:00Z".to_owned(), "is before the year 2000"),
        ("1999-12-31T23:59:59Z".to_owned(), "wrong time zone?"),
    ] {
        let csv = format!("{HEADER}\nkwikpaisa,A-1,{date},1,INR\n");
        let ndjson = json("kwikpaisa", "\"A-1\"", "1").replace(TIME, &date);
        for (name, list) in [("bad.csv", csv), ("bad.ndjson", ndjson)] {
            let name = shop.terminal.write(name, list);
            for command in [&["track", &name][..], &["sweep", "--orders", &name]] {
                let run = shop.duka(command).exits(2);
                run.complains(&format!("column created_at: \"{date}\" is "));
                run.complains(said);
            }
        }
    }
    // Two clocks may differ a little.
    let name = format!("{HEADER}\nkwikpaisa,A-1,{soon:.0},1,INR\n");
    let name = shop.terminal.write("good.csv", name);
    shop.duka(&["track", &name]).exits(0);
    assert!(shop.emulator.requests().is_empty());
}

#[test]
fn a_bad_row_of_ndjson_is_named_by_line_and_key() {
    let shop = CliFixture::open();
    let good = json("kwikpaisa", "1", "1");
    for (bad, said) in [
        (
            json("kwikpaisa", "1.5", "1"),
            "line 3, column order: order id is not an integer",
        ),
        (
            json("kwikpaisa", "1e3", "1"),
            "line 3, column order: order id is not an integer",
        ),
        (
            json("kwikpaisa", "true", "1"),
            "line 3, column order: true is neither a number nor a string",
        ),
        (
            json("kwikpaisa", "null", "1"),
            "line 3, column order: is empty",
        ),
        (
            json("kwikpaisa", "\"\"", "1"),
            "line 3, column order: is empty",
        ),
        (
            json("pesapal", "17", "1"),
            "line 3, column order: \"17\" is not a tracking id (a GUID), by which Pesapal knows orders",
        ),
        (
            json("kwikpaisa", "2", "\"lots\""),
            "line 3, column amount: amount \"lots\" is not a decimal number such as 105.50",
        ),
        (
            json("kwikpaisa", "2", "{}"),
            "line 3, column amount: {} is neither a number nor a string",
        ),
        (
            json("shop-tz", "2", "1"),
            "line 3, column account: account shop-tz is not configured; configured: kwikpaisa, pesapal",
        ),
        (
            "{\"account\":\"kwikpaisa\"}".to_owned(),
            "line 3, column order: is missing",
        ),
        (
            "{\"acount\":\"kwikpaisa\"}".to_owned(),
            "line 3, column account: is missing",
        ),
        (
            good.replace("\"currency\":\"INR\"", "\"currency\":7"),
            "line 3, column currency: currency \"7\" is not an ISO 4217 code such as INR or KES",
        ),
        (
            good[..40].to_owned(),
            "line 3, column 40: EOF while parsing a string; a row is one JSON object",
        ),
        (
            "nonsense".to_owned(),
            "line 3, column 2: expected ident; a row is one JSON object",
        ),
        (
            format!("\"{}\"", "x".repeat(3 * 1024 * 1024)),
            "line 3: is longer than 1 MiB",
        ),
    ] {
        let list = format!("{good}\n\n{bad}\n{good}\n");
        let name = shop.terminal.write("bad.ndjson", &list);
        let run = shop.duka(&["track", &name]).exits(2);
        assert_eq!(complaints(&run, &name)[0], said);
        let notes = run
            .stderr
            .matches("columns that are not read: acount")
            .count();
        assert_eq!(run.stderr.lines().count(), 2 + notes, "{}", run.stderr);
    }
    shop.duka(&["show", "1"]).exits(2);
}

#[test]
fn a_list_that_is_none_is_refused_as_a_whole() {
    let shop = CliFixture::open();
    for (content, said) in [
        ("", "it is empty".to_owned()),
        ("\n \r\n", "it is empty".to_owned()),
        (
            "account,order,amount\n",
            format!("line 1: the header lacks created_at, currency; it {HOLD}"),
        ),
        (
            "\n\nkwikpaisa,1,2,3,INR\n",
            format!(
                "line 3: the header lacks account, order, created_at, amount, currency; it {HOLD}"
            ),
        ),
        (
            "account,order,created_at,amount,currency,order\n",
            "line 1: column order stands there twice".to_owned(),
        ),
    ] {
        let name = shop.terminal.write("none.csv", content);
        let expected = format!("error: failed to read orders from none.csv: {said}\n");
        for args in [&["track", &name][..], &["sweep", "--orders", &name]] {
            let run = shop.duka(args).exits(2);
            assert_eq!(run.stderr, expected, "{content:?}");
        }
        let run = shop
            .terminal
            .duka_reading(content, &["track", "-"])
            .exits(2);
        assert_eq!(run.stderr, expected.replace("none.csv", "standard input"));
    }
    // As spreadsheets of another country and another century save it.
    let utf16: Vec<u8> = HEADER.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let name = shop
        .terminal
        .write("utf16.csv", [&[0xff, 0xfe][..], &utf16].concat());
    let run = shop.duka(&["track", &name]).exits(2);
    run.complains("it is UTF-16 text; save it as UTF-8");
    shop.duka(&["track", "missing.csv"])
        .exits(2)
        .complains("missing.csv: No such file");
    shop.duka(&["track", "."])
        .exits(2)
        .complains("that is a folder; name a file in it");
}

#[test]
fn bytes_that_are_no_text_are_named_with_their_column() {
    let shop = CliFixture::open();
    let bad = [
        format!("{HEADER},note\n{},\n", row("kwikpaisa", "A-1")).into_bytes(),
        format!("{},caf", row("kwikpaisa", "A-2")).into_bytes(),
        b"\xe9\n".to_vec(),
    ];
    let name = shop.terminal.write("latin1.csv", bad.concat());
    let run = shop.duka(&["track", &name]).exits(2);
    assert_eq!(
        complaints(&run, &name)[0],
        "line 3, column note: is not UTF-8 text but Latin-1 or Windows-1252; save the list as UTF-8"
    );
    let bad = [
        json("kwikpaisa", "1", "1").into_bytes(),
        b"\n{\"account\":\"\xe9\"}\n".to_vec(),
    ];
    let name = shop.terminal.write("latin1.ndjson", bad.concat());
    let run = shop.duka(&["track", &name]).exits(2);
    run.complains("latin1.ndjson: line 2, column ");
}

#[test]
fn lines_are_counted_through_quoted_line_breaks_and_unclosed_quotes() {
    let shop = CliFixture::open();
    let good = row("kwikpaisa", "A-1");
    let bad = "kwikpaisa,A-2,noon,1,INR";
    for (ending, head) in [("\n", ""), ("\r\n", "\u{feff}"), ("\n", "\n\n")] {
        let skipped = head.matches('\n').count();
        let rows = [
            format!("{head}{HEADER},note"),
            format!("{good},\"one{ending}two{ending}{ending}four\""),
            format!("{bad},\"{ending}{ending}\""),
            format!("{bad},"),
            format!("{good},\"never closed"),
            "and on".to_owned(),
        ];
        let name = shop.terminal.write("quotes.csv", rows.join(ending));
        let run = shop.duka(&["track", &name]).exits(2);
        let said = complaints(&run, &name);
        for (index, (line, what)) in [
            (6, "column created_at: "),
            (9, "column created_at: "),
            (10, "column note: a quote opens here and is never closed"),
            (11, "column order: is missing"),
        ]
        .into_iter()
        .enumerate()
        {
            let start = format!("line {}, {what}", line + skipped);
            assert!(said[index].starts_with(&start), "{start}: {said:?}");
        }
        assert_eq!(said.len(), 5, "{said:?}");
    }
}

#[test]
fn skip_bad_imports_the_rest_and_counts_the_others() {
    let shop = CliFixture::open();
    let mut list = format!("{HEADER}\n");
    for number in 0..30 {
        list += &format!(
            "{}\nkwikpaisa,B-{number},noon,1,INR\n",
            row("kwikpaisa", &format!("A-{number}"))
        );
    }
    list += &format!("{}\n", row("pesapal", GUID));
    let name = shop.terminal.write("mixed.csv", &list);
    let run = shop.duka(&["track", &name]).exits(2);
    run.complains("and 10 more")
        .complains("has 30 bad rows; nothing was imported");
    assert_eq!(run.stderr.lines().count(), 22);
    let run = shop.duka(&["sweep", "--orders", &name]).exits(2);
    run.complains("has 30 bad rows; nothing was sent");
    assert!(shop.emulator.requests().is_empty());

    let run = shop
        .duka(&["track", &name, "--skip-bad", "--json"])
        .exits(0);
    assert_eq!(run.stdout, "{\"added\":31,\"known\":0,\"bad\":30}\n");
    shop.duka(&["show", GUID]).exits(0);
    shop.duka(&["show", "B-1"]).exits(2);
    let run = shop.duka(&["track", &name, "--skip-bad", "-q"]).exits(0);
    assert_eq!(run.stderr, "");
}

#[test]
fn a_comma_too_many_is_not_a_smaller_amount() {
    let shop = CliFixture::open();
    let header = "account,order,created_at,currency,amount";
    let list = format!("{header}\nkwikpaisa,A-1,{TIME},INR,1,000.50\n");
    let name = shop.terminal.write("bad.csv", &list);
    let run = shop.duka(&["track", &name]).exits(2);
    let said = complaints(&run, &name);
    assert_eq!(
        said[0],
        "line 2: has 6 cells, and the header 5; is a delimiter not quoted?"
    );
    shop.duka(&["show", "A-1"]).exits(2);
}

#[test]
fn a_control_character_in_a_note_is_named_and_not_printed() {
    let shop = CliFixture::open();
    let list = format!("{HEADER},note\nkwikpaisa,A-1,{TIME},1,INR,\u{1b}[31mred\n");
    let name = shop.terminal.write("bad.csv", &list);
    let run = shop.duka(&["track", &name]).exits(2);
    let said = complaints(&run, &name);
    assert_eq!(
        said[0],
        "line 2, column note: holds a control character (U+001B)"
    );
}

/// It is looked for, as an id is; a note is only read.
#[test]
fn a_reference_that_would_not_print_as_it_is_is_refused() {
    let shop = CliFixture::open();
    let list = format!("{HEADER},reference\nkwikpaisa,A-1,{TIME},1,INR,K\u{200b}ANGA\n");
    let name = shop.terminal.write("bad.csv", &list);
    let run = shop.duka(&["track", &name]).exits(2);
    assert_eq!(
        complaints(&run, &name)[0],
        "line 2, column reference: holds an invisible character (U+200B)"
    );
}

#[test]
fn a_quote_that_is_not_closed_is_named_where_it_opens_and_swallows_no_row() {
    let never = "a quote opens here and is never closed";
    let later =
        "a quote opens here and closes on line 4 with text behind it; is one missing before that?";
    let id = |number: u32| row("kwikpaisa", &format!("A-{number}"));
    for (open, next, said) in [
        (
            format!("{},\"left open", id(2)),
            format!("{},", id(3)),
            format!("note: {never}"),
        ),
        (
            format!("{},\"left open", id(2)),
            format!("{},\"a note\"", id(3)),
            format!("note: {later}"),
        ),
        (
            format!("{},\"left \"\"open", id(2)),
            format!("{},\"\"", id(3)),
            format!("note: {never}"),
        ),
        (
            format!("\"{},", id(2)),
            format!("{},", id(3)),
            format!("account: {never}"),
        ),
        (
            format!("\"{},", id(2)),
            format!("{},\"a note\"", id(3)),
            format!("account: {later}"),
        ),
        (
            format!("{},\"left\" open", id(2)),
            format!("{},\"a note\"", id(3)),
            "note: text follows the closing quote; a quote inside a cell is written twice"
                .to_owned(),
        ),
    ] {
        let shop = CliFixture::open();
        let list = format!("{HEADER},note\n{},\n{open}\n{next}\n{},\n", id(1), id(4));
        let name = shop.terminal.write("quote.csv", &list);
        let run = shop.duka(&["track", &name]).exits(2);
        let expected = [
            format!("line 3, column {said}"),
            "error: quote.csv has 1 bad row; nothing was imported; fix them, or use --skip-bad"
                .to_owned(),
        ];
        assert_eq!(complaints(&run, &name), expected, "{list}");
        assert!(!shop.terminal.store().exists());
        shop.duka(&["sweep", "--orders", &name])
            .exits(2)
            .complains("nothing was sent");
        assert!(shop.emulator.requests().is_empty());

        let run = shop
            .duka(&["track", &name, "--skip-bad", "--json"])
            .exits(0);
        assert_eq!(
            run.stdout, "{\"added\":3,\"known\":0,\"bad\":1}\n",
            "{list}"
        );
        for (id, code) in [("A-1", 0), ("A-2", 2), ("A-3", 0), ("A-4", 0)] {
            shop.duka(&["show", id]).exits(code);
        }
    }
}

#[test]
fn a_quote_that_is_not_closed_is_named_in_the_header_and_in_a_row_of_several_lines() {
    let shop = CliFixture::open();
    let name = shop.terminal.write(
        "quote.csv",
        "account,order,\"created_at,amount,currency\nA-1\n",
    );
    let run = shop.duka(&["track", &name]).exits(2);
    run.complains("quote.csv: line 1, column 3: a quote opens here and is never closed");

    let good = row("kwikpaisa", "A-1");
    let list = format!("{HEADER},method,note\n{good},\"one\ntwo\",\"three\n{good},,\n");
    let name = shop.terminal.write("quote.csv", list);
    let run = shop.duka(&["track", &name]).exits(2);
    let said = complaints(&run, &name);
    assert_eq!(
        said[0],
        "line 3, column note: a quote opens here and is never closed"
    );
    assert_eq!(said.len(), 2, "{said:?}");

    // Longer than any row: not read on to the end of a list of any length.
    let list = format!(
        "{HEADER},note\n{good},\"open\n{}",
        format!("{good},\n").repeat(40_000)
    );
    let name = shop.terminal.write("long.csv", list);
    let run = shop.duka(&["track", &name]).exits(2);
    let said = complaints(&run, &name);
    assert_eq!(
        said[0],
        "line 2, column note: a quote opens here and is not closed within 1 MiB"
    );
    assert_eq!(said.len(), 2, "{said:?}");
}

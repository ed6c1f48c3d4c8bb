//! Lists as shops and spreadsheets export them: they go in without editing, or are refused with
//! the word that helps.

use duka_emulator::Gateway;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::shop::{CliFixture, HEADER, row};

const SEMICOLONS: &str = "account;order;created_at;amount;currency
kwikpaisa;302;2026-06-24T10:00:00Z;105,50;INR
";
const SHOPIFY: &str = "Name,Email,Financial Status,Paid at,Currency,Subtotal,Total,Created at,Lineitem quantity,Lineitem name,Notes,Cancelled at,Payment Method,Payment Reference,Outstanding Balance,Id
#2001,a@example.com,pending,,INR,15999.00,15999.00,2026-06-24 22:58:33 +0530,1,\"Fan, white\",\"line one
line \"\"two\"\"\",,KwikPaisa,rAAA,15999.00,6791841087000
#2001,a@example.com,,,,,,2026-06-24 22:58:33 +0530,2,Cable,,,,,,
#2002,b@example.com,paid,2026-06-24 23:00:00 +0530,INR,1.00,1.00,2026-06-24 22:59:33 +0530,1,Plug,,,KwikPaisa,rBBB,0.00,6791841087001
#2002,b@example.com,,,,,,2026-06-24 22:59:33 +0530,2,Cable,,,,,,
";
const WOOCOMMERCE: &str = "order_id,order_number,order_date,status,order_total,order_currency,payment_method,payment_method_title,customer_note,billing_phone
9001,9001,2026-11-30 09:00:00,completed,55.00,INR,kwikpaisa,\"Cards & UPI\",,9899999999
9003,9003,2026-11-30 09:10:00,pending,,,,,,
";

/// What `track` says of this, in JSON, and on stderr.
#[track_caller]
fn track(shop: &CliFixture, list: impl AsRef<[u8]>, options: &[&str]) -> serde_json::Value {
    let name = shop.terminal.write("list.csv", list);
    let args = [&["track", &name, "--json"], options].concat();
    let mut view = shop.duka(&args).exits(0).json();
    // The lists are of one day, which lies ever further back; what is said of that has its tests.
    view.as_object_mut().unwrap().remove("too_old");
    view
}

/// The complaint about this.
#[track_caller]
fn refused(shop: &CliFixture, list: impl AsRef<[u8]>, options: &[&str]) -> String {
    let name = shop.terminal.write("list.csv", list);
    let args = [&["track", &name], options].concat();
    shop.duka(&args).exits(2).stderr
}

#[track_caller]
fn shown(shop: &CliFixture, order: &str) -> serde_json::Value {
    shop.duka(&["show", order, "--json"]).exits(0).json()["order"].clone()
}

fn added(count: u64) -> serde_json::Value {
    json!({"added": count, "known": 0, "bad": 0})
}

#[test]
fn a_list_with_semicolons_is_read_and_a_decimal_comma_only_if_asked() {
    let shop = CliFixture::open();
    let said = refused(&shop, SEMICOLONS, &[]);
    assert!(
        said.starts_with(
            "list.csv: line 2, column amount: \"105,50\" has a decimal comma; --decimal-comma reads it as 105.50\n"
        ),
        "{said}"
    );
    assert_eq!(track(&shop, SEMICOLONS, &["--decimal-comma"]), added(1));
    assert_eq!(shown(&shop, "302")["amount"], "105.50");
    shop.duka(&["track", "list.csv", "--decimal-comma", "--thousands-comma"])
        .exits(2);
}

#[test]
fn the_delimiter_is_found_or_said() {
    let list = |delimiter: &str, id: &str| {
        format!("{HEADER}\n{}\n", row("kwikpaisa", id)).replace(',', delimiter)
    };
    let shop = CliFixture::open();
    for (content, options) in [
        (list(";", "1"), &[][..]),
        (list("\t", "2"), &[]),
        (format!("sep=;\r\n{}", list(";", "3")), &[]),
        (format!("\u{feff}\"sep=|\"\r\n{}", list("|", "4")), &[]),
        (list("|", "5"), &["--delimiter", "|"]),
        (list("\t", "6"), &["--delimiter", "tab"]),
        (list("\t", "7"), &["--delimiter", "\\t"]),
        (list(",", "8"), &["--delimiter", ","]),
    ] {
        assert_eq!(track(&shop, &content, options), added(1), "{content}");
    }
    let said = refused(&shop, list("|", "9"), &[]);
    assert!(said.contains("--delimiter says what does"), "{said}");
    assert!(
        refused(&shop, list(";", "9"), &["--delimiter", ","])
            .contains("where ',' separates the cells")
    );
    for bad in ["", ";;", "a", "\"", "é"] {
        assert!(refused(&shop, list(";", "9"), &["--delimiter", bad]).contains("--delimiter is"));
    }
    // The line before the header counts.
    let said = refused(
        &shop,
        "sep=;\naccount;order;created_at;amount;currency\nkwikpaisa;1;noon;1;INR\n",
        &[],
    );
    assert!(said.contains("line 3, column created_at"), "{said}");
}

#[test]
fn rows_and_columns_that_are_empty_do_no_harm() {
    let shop = CliFixture::open();
    let first = "kwikpaisa,310,2026-06-24T10:00:00Z,105.50,INR";
    let second = "kwikpaisa,311,2026-06-24T10:00:00Z,105.50,INR";
    for (list, many) in [
        (format!("{HEADER}\n{first}\n,,,,\n"), 1),
        (format!("{HEADER},\n{first},\n{second},\n"), 2),
        (format!("{HEADER}\n{first},\n{second},,\n , ,,,\n"), 2),
        (format!("{HEADER}\r{first}\r\r{second}\r"), 2),
        (format!("{HEADER}\r{first}\r{second}"), 2),
        (
            format!("{HEADER},note\r\n{first},\"a\r\nb\"\r\n{second},\"c,\nd\"\r\n"),
            2,
        ),
        (
            format!("{HEADER},note\r{first},\"a\nb\"\r{second},\"c\rd\"\r"),
            2,
        ),
    ] {
        let shop = CliFixture::open();
        assert_eq!(track(&shop, &list, &[]), added(many), "{list:?}");
    }
    let said = refused(
        &shop,
        format!("{HEADER}\r{first}\rkwikpaisa,1,noon,1,INR\r"),
        &[],
    );
    assert!(said.contains("line 3, column created_at"), "{said}");
}

#[test]
fn text_that_is_not_utf_8_is_named_as_what_it_is() {
    let shop = CliFixture::open();
    let text = format!("{HEADER}\n{}\n", row("kwikpaisa", "A-1"));
    let units = || text.encode_utf16();
    let little: Vec<u8> = units().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = units().flat_map(u16::to_be_bytes).collect();
    for list in [
        [&b"\xff\xfe"[..], &little].concat(),
        [&b"\xfe\xff"[..], &big].concat(),
        little,
        big,
    ] {
        let said = refused(&shop, list, &[]);
        assert_eq!(
            said,
            "error: failed to read orders from list.csv: it is UTF-16 text; save it as UTF-8 (in a spreadsheet: as CSV UTF-8)\n"
        );
    }
    let latin = "is not UTF-8 text but Latin-1 or Windows-1252; save the list as UTF-8";
    let row = row("kwikpaisa", "A-1");
    let list = [format!("{HEADER},note\n{row},caf").as_bytes(), b"\xe9\n"].concat();
    assert!(refused(&shop, list, &[]).contains(&format!("line 2, column note: {latin}")));
    let list = [format!("{HEADER},caf").as_bytes(), b"\xe9\n"].concat();
    assert!(refused(&shop, list, &[]).contains(&format!("line 1: {latin}")));
    let list = b"{\"account\":\"kwikpaisa\",\n\"caf\xe9\":1}";
    assert!(
        refused(&shop, [b"[", &list[..], b"]"].concat(), &[])
            .contains(&format!("line 2, column 29: {latin}"))
    );
    assert!(refused(&shop, b"PK\x03\x04rest", &[]).contains("a spreadsheet's own file"));
}

#[test]
fn an_export_of_shopify_goes_in_without_editing() {
    let shop = CliFixture::open();
    let options = ["--format", "shopify", "--account", "kwikpaisa"];
    let name = shop.terminal.write("list.csv", SHOPIFY);
    let run = shop
        .duka(&[&["track", &name, "--json"], &options[..]].concat())
        .exits(0);
    assert_eq!(
        run.json(),
        json!({"added": 1, "known": 0, "bad": 0, "left_out": 1, "too_old": 1})
    );
    run.complains("list.csv: columns that are not read: Cancelled at, Email,");
    run.complains("list.csv: 1 order is left out, for the shop does not show them as open: 1 paid");
    let order = shown(&shop, "6791841087000");
    assert_eq!(order["created_at"], "2026-06-24T17:28:33Z");
    assert_eq!(
        (&order["amount"], &order["currency"]),
        (&json!("15999.00"), &json!("INR"))
    );
    assert_eq!(order["shop_order"], "#2001");
    assert_eq!(order["reference"], "rAAA");
    assert_eq!(order["note"], "line one\nline \"two\"");
    // Shops differ in what they hand to the gateway.
    for (map, id) in [
        ("order=Name", "#2001"),
        ("order=\"Payment Reference\"", "rAAA"),
    ] {
        let shop = CliFixture::open();
        let options = [&options[..], &["--map", map]].concat();
        assert_eq!(track(&shop, SHOPIFY, &options)["added"], 1);
        assert_eq!(shown(&shop, id)["order"], id);
    }
    // Without saying whose orders these are, with two accounts.
    let said = refused(&shop, SHOPIFY, &["--format", "shopify"]);
    assert!(
        said.contains("say with --account whose orders these are"),
        "{said}"
    );
}

#[test]
fn an_export_of_woocommerce_goes_in_with_its_time_zone() {
    let shop = CliFixture::open();
    let options = ["--format", "woocommerce", "--account", "kwikpaisa"];
    let said = refused(&shop, WOOCOMMERCE, &options);
    assert!(
        said.contains("line 3, column created_at: \"2026-11-30 09:10:00\" names no time zone; say which with --time-zone"),
        "{said}"
    );
    let options = [&options[..], &["--time-zone", "Asia/Kolkata"]].concat();
    assert_eq!(
        track(&shop, WOOCOMMERCE, &options),
        json!({"added": 1, "known": 0, "bad": 0, "without_amount": 1, "left_out": 1})
    );
    let order = shown(&shop, "9003");
    assert_eq!(order["created_at"], "2026-11-30T03:40:00Z");
    assert_eq!(order["amount"], json!(null));
    assert!(
        refused(
            &shop,
            WOOCOMMERCE,
            &["--format", "woocommerce", "--time-zone", "India"]
        )
        .contains("\"India\" is not the name of a time zone")
    );
    let name = shop.terminal.write("list.csv", WOOCOMMERCE);
    let sweep = [
        &["sweep", "--orders", &name, "--dry-run", "--json"],
        &options[..],
    ]
    .concat();
    let (_, summary) = shop.duka(&sweep).exits(1).swept();
    assert_eq!(summary["considered"], 1);
}

#[test]
fn several_rows_of_one_order_are_one_order() {
    let shop = CliFixture::open();
    let list = format!(
        "{HEADER},note\nkwikpaisa,17,2026-06-24T10:00:00Z,105.50,INR,a\nkwikpaisa,17,,,,\nkwikpaisa,17,2026-06-24T10:00:00Z,,,\nkwikpaisa,18,2026-06-24T10:00:00Z,,INR,\n"
    );
    assert_eq!(
        track(&shop, list, &[]),
        json!({"added": 2, "known": 1, "bad": 0, "without_amount": 2})
    );
    // A date that is missing where the order begins is a mistake; so is one beside an amount.
    let list = format!("{HEADER}\nkwikpaisa,19,,1,INR\nkwikpaisa,19,,2,INR\n");
    let said = refused(&shop, list, &[]);
    assert!(
        said.contains("line 2, column created_at: is empty"),
        "{said}"
    );
    assert!(
        said.contains("line 3, column created_at: is empty"),
        "{said}"
    );
}

#[test]
fn what_stands_beside_a_blank_amount_or_currency_has_to_be_readable() {
    let shop = CliFixture::open();
    for (money, said) in [
        (
            "lots,",
            "column amount: amount \"lots\" is not a decimal number",
        ),
        (
            ",RUPEE",
            "column currency: currency \"RUPEE\" is not an ISO 4217 code",
        ),
    ] {
        let list = format!("{HEADER}\nkwikpaisa,17,2026-06-24T10:00:00Z,{money}\n");
        let complaint = refused(&shop, list, &[]);
        assert!(complaint.contains(said), "{complaint}");
    }
}

#[test]
fn an_amount_with_thousands_commas_is_read_only_if_asked() {
    let shop = CliFixture::open();
    let list = format!("{HEADER}\nkwikpaisa,17,2026-06-24T10:00:00Z,\"1,599.00\",INR\n");
    let said = refused(&shop, &list, &[]);
    assert!(
        said.contains(
            "\"1,599.00\" has commas between thousands; --thousands-comma reads it as 1599.00"
        ),
        "{said}"
    );
    let said = refused(&shop, list.replace("1,599.00", "1,599"), &[]);
    assert!(
        said.contains("--decimal-comma reads it as 1.599, --thousands-comma as 1599"),
        "{said}"
    );
    assert_eq!(track(&shop, &list, &["--thousands-comma"]), added(1));
    assert_eq!(shown(&shop, "17")["amount"], "1599.00");
}

#[test]
fn a_map_names_the_columns_of_any_list_and_further_ones_are_named_once() {
    let shop = CliFixture::open();
    let list = "Order Number,Date,Sum,Cur,Colour,Size
A-1,2026-06-24T10:00:00Z,1.50,INR,red,L
A-2,2026-06-24T10:00:00Z,1.50,INR,red,L
";
    let map = "order=\"Order Number\",created_at=\"Date\",amount=Sum,currency=cur";
    let options = ["--map", map, "--account", "kwikpaisa"];
    let name = shop.terminal.write("list.csv", list);
    let run = shop
        .duka(&[&["track", &name], &options[..]].concat())
        .exits(0);
    let named = "list.csv: columns that are not read: Colour, Size\n";
    assert_eq!(run.stderr.matches("Colour").count(), 1);
    assert!(run.stderr.starts_with(named), "{}", run.stderr);
    assert_eq!(shown(&shop, "A-1")["amount"], "1.50");
    // A list without amounts is one that says so.
    let said = refused(&shop, list.replace("Sum", "Total"), &options);
    assert!(
        said.contains("lacks \"Sum\" (the column of amount)"),
        "{said}"
    );
    let without = "order=Order Number,created_at=Date,amount=,currency=";
    let other = list.replace("A-", "B-");
    assert_eq!(
        track(&shop, other, &["--map", without, "--account", "kwikpaisa"])["without_amount"],
        2
    );
    for (map, said) in [
        (
            "colour=Colour",
            "--map: \"colour\" is not a field of an order; a field is one of account, order,",
        ),
        ("order", "--map: \"order\" is not of the form FIELD=COLUMN"),
        ("order=", "--map: a list cannot do without order"),
        (
            "status=Colour",
            "--map: \"status\" is not a field of an order",
        ),
        ("note=Remark", "the header lacks"),
    ] {
        let complaint = refused(&shop, list, &["--map", map]);
        assert!(complaint.contains(said), "{complaint}");
    }
}

#[test]
fn a_layout_in_the_configuration_is_chosen_by_its_name() {
    let shop = CliFixture::open();
    let layout = "[import.till]
map = { order = \"Bon\", created_at = \"Wann\", amount = \"Summe, brutto\", currency = \"\" }
delimiter = \"|\"
time_zone = \"Africa/Nairobi\"
decimal_comma = true
[import.woo]
format = \"woocommerce\"
map = { order = \"order_number\" }
time_zone = \"Asia/Kolkata\"
";
    shop.terminal.write("duka.toml", layout);
    let list = "Bon|Wann|Summe, brutto\n17|2026-06-24 10:00:00|105,50\n";
    let account = ["--account", "kwikpaisa"];
    let till = [&["--format", "till"], &account[..]].concat();
    assert_eq!(track(&shop, list, &till)["added"], 1);
    assert_eq!(shown(&shop, "17")["created_at"], "2026-06-24T07:00:00Z");
    let woo = [&["--format", "woo"], &account[..]].concat();
    assert_eq!(track(&shop, WOOCOMMERCE, &woo)["added"], 1);
    // The command line counts before it.
    let zone = [&till[..], &["--time-zone", "UTC"]].concat();
    assert_eq!(track(&shop, list.replace("17", "18"), &zone)["added"], 1);
    assert_eq!(shown(&shop, "18")["created_at"], "2026-06-24T10:00:00Z");
    let said = refused(&shop, list, &["--format", "tills"]);
    assert!(
        said.contains(
            "--format \"tills\" is not known; it can be duka, woocommerce, shopify, till, woo,"
        ),
        "{said}"
    );
    for (table, said) in [
        (
            "[import.shopify]\n",
            "import.shopify: duka, woocommerce, shopify are formats that exist already",
        ),
        (
            "[import.a]\nformat = \"b\"\n",
            "import.a.format is \"b\"; it can be one of duka",
        ),
        (
            "[import.a]\nmap = { size = \"b\" }\n",
            "import.a.map: \"size\" is not a field of an order",
        ),
        (
            "[import.a]\ndelimiter = \"ab\"\n",
            "import.a.delimiter is \"ab\"",
        ),
        (
            "[import.a]\ntime_zone = \"India\"\n",
            "import.a: time_zone \"India\" is not the name",
        ),
        (
            "[import.a]\ndecimal_comma = true\nthousands_comma = true\n",
            "exclude each other",
        ),
        ("[import.a]\ncolour = 1\n", "unknown field `colour`"),
    ] {
        shop.terminal.write("duka.toml", table);
        let complaint = refused(&shop, list, &[]);
        assert!(complaint.contains(said), "{complaint}");
    }
}

#[test]
fn the_account_of_the_command_line_fills_a_missing_column_and_refuses_rows_of_another() {
    let shop = CliFixture::open();
    let list = "order,created_at,amount,currency\n17,2026-06-24T10:00:00Z,1,INR\n";
    assert!(
        refused(&shop, list, &[])
            .contains("line 1: the header lacks account; add that column, or say with --account")
    );
    assert_eq!(track(&shop, list, &["--account", "kwikpaisa"]), added(1));
    let list = format!("{HEADER}\n{}\n", row("kwikpaisa", "18"));
    let said = "line 2, column account: is kwikpaisa, and --account says pesapal";
    assert!(refused(&shop, &list, &["--account", "pesapal"]).contains(said));
    shop.duka(&["sweep", "--orders", "list.csv", "--account", "pesapal"])
        .exits(2)
        .complains(said);
    // The only account needs no name.
    let shop = CliFixture::only(Gateway::KwikPaisa);
    assert_eq!(
        track(
            &shop,
            list.replace("kwikpaisa,", "").replace("account,", ""),
            &[]
        ),
        added(1)
    );
}

#[test]
fn a_json_array_is_read_also_where_it_stands_on_many_lines() {
    let shop = CliFixture::open();
    let order = |id: &str| json!({"account": "kwikpaisa", "order": id, "created_at": "2026-06-24T10:00:00Z", "amount": 1.5, "currency": "INR", "items": [{"a": "]}"}, 2]});
    let orders = json!([order("A-1"), order("A-2")]);
    for text in [
        serde_json::to_string_pretty(&orders).unwrap(),
        orders.to_string(),
        format!(
            "\u{feff}\r\n {} \n",
            serde_json::to_string_pretty(&orders).unwrap()
        ),
    ] {
        let view = track(&shop, &text, &[]);
        let many = view["added"].as_u64().unwrap() + view["known"].as_u64().unwrap();
        assert_eq!(many, 2, "{text}");
    }
    assert_eq!(track(&shop, "[]", &[]), added(0));
    let good = order("A-3").to_string();
    for (text, said) in [
        (
            format!("[{good},\n{good}"),
            "line 2: the array is not closed; was the list cut off?",
        ),
        (format!("[{good},\n{{\"account\""), "line 2"),
        (format!("[{good}\n{good}]"), "line 2: a comma is missing"),
        (
            format!("[{good}]\n{good}"),
            "line 2: text follows the end of the array",
        ),
        (
            format!("[{good},\n[1,2]]"),
            "line 2, column 0: invalid type: sequence, expected an object such as",
        ),
        (format!("[{good},\n\n  17 ]"), "line 3, column "),
        (
            "[\n {\n \"account\": \"kwikpaisa\",\n \"order\": trx\n}]".to_owned(),
            "line 4, column ",
        ),
        (format!("[{}", " ".repeat(100)), "the array is not closed"),
    ] {
        let complaint = refused(&shop, &text, &[]);
        assert!(complaint.contains(said), "{text}: {complaint}");
    }
    let bad = format!(
        "[{good},\n{},\n{}]",
        order("A-4").to_string().replace("1.5", "\"x\""),
        order("A-5")
    );
    assert_eq!(
        track(&shop, bad, &["--skip-bad"]),
        json!({"added": 2, "known": 0, "bad": 1})
    );
}

#[test]
fn a_row_of_json_is_an_object_and_nothing_that_is_read_by_position() {
    let shop = CliFixture::open();
    let arrays =
        "[\"kwikpaisa\",\"A-1\",\"2026-06-24T10:00:00Z\",\"1\",\"INR\",null,null,null,null,null]";
    let first = json!({"account": "kwikpaisa", "order": "A-0", "created_at": "2026-06-24T10:00:00Z", "amount": 1, "currency": "INR"});
    for text in [
        format!("{first}\n{arrays}\n"),
        format!("[{first},\n{arrays}]"),
    ] {
        let said = refused(&shop, text, &[]);
        assert!(said.contains("line 2, column "), "{said}");
        assert!(said.contains("a row is one JSON object"), "{said}");
        assert!(
            !said.contains("struct") && !said.contains("JsonRow"),
            "{said}"
        );
    }
}

#[test]
fn skip_bad_leaves_out_each_bad_row_of_a_list_that_is_swept_too() {
    let shop = CliFixture::open();
    shop.create("kwikpaisa", "A-1");
    let old = Timestamp::now() - SignedDuration::from_hours(2);
    let line = |id: &str, money: &str| format!("kwikpaisa,{id},{old:.0},{money}\n");
    let first = format!("{HEADER}\n{}{}", line("A-2", "1,INR"), line("A-3", "1,INR"));
    track(&shop, first, &[]);
    let list = format!(
        "{HEADER}\n{}{}{}{}{}",
        line("A-2", "2,INR"),
        line("A-3", "1,INR"),
        line("A-4", "lots,INR"),
        line("A-5", "1,INR"),
        line("A-5", "2,INR"),
    );
    let name = shop.terminal.write("list.csv", list);
    let args = ["sweep", "--orders", &name, "--json"];
    shop.duka(&args)
        .exits(2)
        .complains("has 3 bad rows; nothing was sent; fix them, or use --skip-bad");
    let run = shop.duka(&[&args[..], &["--skip-bad"]].concat()).exits(1);
    run.complains("line 2, column amount: order A-2 is tracked with ")
        .complains("line 4, column amount")
        .complains("line 6, column amount: order A-5 stands on line 5 with ");
    let (_, summary) = run.swept();
    assert_eq!(summary["considered"], 2);
    shop.duka(&["show", "A-4"]).exits(2);
    assert_eq!(shown(&shop, "A-5")["amount"], "1.00");
}

/// What such a row says beside its amount was stored before.
#[test]
fn a_row_that_is_left_out_fills_in_no_words() {
    let shop = CliFixture::open();
    let line = |money: &str, method: &str| {
        format!("{HEADER},method\nkwikpaisa,17,2026-06-24T10:00:00Z,{money},INR,{method}\n")
    };
    track(&shop, line("1", ""), &[]);
    let view = track(&shop, line("2", "card"), &["--skip-bad"]);
    assert_eq!(view, json!({"added": 0, "known": 0, "bad": 1}));
    assert_eq!(shown(&shop, "17")["method"], json!(null));
}

#[test]
fn an_order_that_was_created_here_with_another_amount_does_not_stop_the_sweep_of_a_list() {
    let shop = CliFixture::open();
    let created = shop.create("kwikpaisa", "17");
    let old = Timestamp::now() - SignedDuration::from_hours(2);
    let list =
        format!("{HEADER}\nkwikpaisa,{created},{old:.0},99,INR\nkwikpaisa,18,{old:.0},99,INR\n");
    let name = shop.terminal.write("list.csv", list);
    let args = ["sweep", "--orders", &name, "--json"];
    let run = shop.duka(&args).exits(1);
    run.complains("line 2, column amount: order 17 is tracked with ")
        .complains("error: 1 row was left out for saying otherwise than `duka create`");
    assert_eq!(run.swept().1["considered"], 1);
    assert_eq!(shop.cancels_received(), 0);
    let run = shop.duka(&[&args[..], &["--skip-bad"]].concat()).exits(0);
    assert_eq!(run.swept().1["considered"], 1);
    // An import stays all or nothing.
    shop.duka(&["track", &name]).exits(2);
}

#[test]
fn a_method_in_other_letters_is_the_same_method() {
    let shop = CliFixture::open();
    let line = |method: &str| {
        format!("{HEADER},method\nkwikpaisa,17,2026-06-24T10:00:00Z,1,INR,{method}\n")
    };
    track(&shop, line("COD"), &[]);
    assert_eq!(
        track(&shop, line("cod"), &[]),
        json!({"added": 0, "known": 1, "bad": 0})
    );
    let twice =
        line("cod").replacen("17", "18", 1) + "kwikpaisa,18,2026-06-24T10:00:00Z,1,INR,Cod\n";
    assert_eq!(
        track(&shop, twice, &[]),
        json!({"added": 1, "known": 1, "bad": 0})
    );
}

#[test]
fn a_dry_run_of_a_list_needs_no_store_and_makes_none() {
    let shop = CliFixture::open();
    let list = format!("{HEADER}\n{}\n", row("kwikpaisa", "17"));
    let name = shop.terminal.write("list.csv", list);
    let run = shop
        .duka(&[
            "sweep",
            "--orders",
            &name,
            "--dry-run",
            "--json",
            "--look-back",
            "1000d",
        ])
        .exits(1);
    assert_eq!(run.swept().1["considered"], 1);
    run.complains("there is no store at duka.db, and none is made");
    assert!(!shop.terminal.store().exists());
    // Without a list there is nothing to look at.
    shop.duka(&["sweep", "--dry-run"]).exits(2);
}

#[test]
fn what_says_how_a_list_is_read_needs_a_list() {
    let shop = CliFixture::open();
    for option in [
        &["--skip-bad"][..],
        &["--format", "duka"],
        &["--map", "order=Id"],
        &["--delimiter", ";"],
        &["--time-zone", "UTC"],
        &["--decimal-comma"],
        &["--thousands-comma"],
    ] {
        let run = shop.duka(&[&["sweep"], option].concat()).exits(2);
        run.complains("--orders");
    }
}

/// As JavaScript writes an array: without a line break.
#[test]
fn of_an_array_on_one_line_only_the_row_that_differs_is_left_out() {
    let shop = CliFixture::only(Gateway::KwikPaisa);
    let row = |id: &str, amount: &str| {
        format!(
            r#"{{"account":"kwikpaisa","order":"{id}","created_at":"2026-06-24T10:00:00Z","amount":"{amount}","currency":"INR"}}"#
        )
    };
    let rows = [row("A-1", "1.00"), row("A-2", "1.00"), row("A-1", "2.00")];
    shop.terminal
        .write("list.json", format!("[{}]", rows.join(",")));
    shop.duka(&["track", "list.json"]).exits(2);
    let args = ["track", "list.json", "--skip-bad", "--json"];
    let tracked = shop.duka(&args).exits(0).json();
    assert_eq!((&tracked["added"], &tracked["bad"]), (&2.into(), &1.into()));
}

#[test]
fn a_list_that_cannot_be_read_to_its_end_is_refused_whatever_may_be_left_out() {
    let shop = CliFixture::only(Gateway::KwikPaisa);
    let row = r#"{"account":"kwikpaisa","order":"A-1","created_at":"2026-06-24T10:00:00Z","amount":"1.00","currency":"INR"}"#;
    for text in [format!("[{row} {row}]"), format!("[{row},")] {
        shop.terminal.write("list.json", text);
        for args in [
            &["track", "list.json", "--skip-bad"][..],
            &["sweep", "--orders", "list.json", "--skip-bad"],
        ] {
            shop.duka(args)
                .exits(2)
                .complains("cannot be read to its end");
        }
    }
    shop.duka(&["show", "A-1"]).exits(2);
}

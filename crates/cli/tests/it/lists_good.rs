//! Lists of orders that are read as they are meant, in whatever dress editors save them.

use duka_emulator::{Gateway, Operation};

use crate::shop::{CliFixture, HEADER, INDIAN, row};

const GUID: &str = "d0fa69d6-f3cd-433b-858e-df86555b86c8";
const OTHER_GUID: &str = "96a5e1d9-5b0c-4b8e-9d3a-0c1f6f1f2a11";

/// How many orders `track` reads from this.
#[track_caller]
fn tracked(shop: &CliFixture, content: &[u8]) -> u64 {
    let list = shop.terminal.write("list", content);
    let view = shop.duka(&["track", &list, "--json"]).exits(0).json();
    assert_eq!(view["bad"], 0);
    view["added"].as_u64().unwrap() + view["known"].as_u64().unwrap()
}

#[test]
fn a_list_is_read_in_every_dress_that_programs_save_it_in() {
    let shop = CliFixture::open();
    let (first, second) = (row("kwikpaisa", "A-1"), row("pesapal", GUID));
    for (dress, content) in [
        ("plain", format!("{HEADER}\n{first}\n{second}\n")),
        ("no last line break", format!("{HEADER}\n{first}\n{second}")),
        ("CR LF", format!("{HEADER}\r\n{first}\r\n{second}\r\n")),
        ("byte order mark", format!("\u{feff}{HEADER}\r\n{first}\r\n{second}\r\n")),
        ("blank lines", format!("\n\r\n{HEADER}\n\n{first}\n \n\r\n{second}\n\n\n")),
        (
            "other order, case and spaces",
            "Currency, AMOUNT ,created_at,account,order\nINR, 105.50 ,2026-05-13T08:34:00Z, kwikpaisa ,A-2\nKES,1500,2026-05-13T11:34:00+03:00,kwikpaisa,A-3\n"
                .to_owned(),
        ),
        (
            "optional columns, quotes, and line breaks in them",
            format!(
                "{HEADER},reference,method,note\n{first},,UPI,\"two kangas,\none \"\"red\"\"\"\n{second},KANGA-1,,\n"
            ),
        ),
        (
            "NDJSON",
            format!(
                "{{\"account\":\"kwikpaisa\",\"order\":{INDIAN},\"created_at\":\"2026-05-13T08:34:00Z\",\"amount\":105.50,\"currency\":\"INR\"}}\n\n{{\"account\":\"pesapal\",\"order\":\"{OTHER_GUID}\",\"created_at\":\"2026-05-13T08:34:00Z\",\"amount\":\"1500\",\"currency\":\"KES\",\"reference\":\"KANGA-1\",\"note\":null}}"
            ),
        ),
        (
            "NDJSON after blank lines and a mark, with CR LF",
            "\u{feff}\r\n\r\n{\"account\":\"kwikpaisa\",\"order\":\"A-4\",\"created_at\":\"2026-05-13T08:34:00Z\",\"amount\":1,\"currency\":\"INR\"}\r\n{\"account\":\"kwikpaisa\",\"order\":\"A-5\",\"created_at\":\"2026-05-13T08:34:00Z\",\"amount\":1,\"currency\":\"INR\"}\r\n".to_owned(),
        ),
    ] {
        assert_eq!(tracked(&shop, content.as_bytes()), 2, "{dress}");
    }
}

#[test]
fn a_note_keeps_its_line_break_and_a_reference_finds_its_order() {
    let shop = CliFixture::open();
    let list = format!(
        "{HEADER},reference,note\r\n{},KANGA-1,\"two kangas,\r\none red\"\r\n",
        row("pesapal", GUID)
    );
    assert_eq!(tracked(&shop, list.as_bytes()), 1);
    let shown = shop.duka(&["show", "KANGA-1", "--json"]).exits(0).json();
    assert_eq!(shown["order"]["order"], GUID);
    assert_eq!(shown["order"]["note"], "two kangas,\r\none red");
    assert_eq!(shown["order"]["amount"], "1500.00");
}

#[test]
fn ids_go_over_the_wire_in_the_type_and_with_the_digits_they_were_given() {
    let shop = CliFixture::only(Gateway::KwikPaisa);
    let long = "900719925474099312345";
    let json = |order: &str| {
        format!(
            "{{\"account\":\"kwikpaisa\",\"order\":{order},\"created_at\":\"2026-05-13T08:34:00Z\",\"amount\":\"1\",\"currency\":\"INR\"}}\n"
        )
    };
    let csv = |order: &str| format!("{HEADER}\n{}\n", row("kwikpaisa", order));
    for (list, id, wire) in [
        (csv(INDIAN), INDIAN, format!("{{\"order_id\":{INDIAN}}}")),
        (csv(long), long, format!("{{\"order_id\":{long}}}")),
        (csv("0017"), "0017", "{\"order_id\":\"0017\"}".to_owned()),
        (csv("A-17"), "A-17", "{\"order_id\":\"A-17\"}".to_owned()),
        (
            json("900719925474099312346"),
            "900719925474099312346",
            "{\"order_id\":900719925474099312346}".to_owned(),
        ),
        (json("\"18\""), "18", "{\"order_id\":\"18\"}".to_owned()),
        (json("19"), "19", "{\"order_id\":19}".to_owned()),
    ] {
        assert_eq!(tracked(&shop, list.as_bytes()), 1);
        // Not known at the gateway; only the question matters.
        shop.duka(&["status", id]).exits(3);
        let last = shop.emulator.requests().pop().unwrap();
        assert_eq!(last.operation, Some(Operation::Status));
        assert_eq!(last.body, wire);
    }
}

#[test]
fn a_list_is_swept_without_being_tracked_first_and_followed_from_then_on() {
    let shop = CliFixture::open();
    let (open, guid) = (
        shop.create("kwikpaisa", INDIAN),
        shop.create("pesapal", "KANGA-9"),
    );
    let mut other = CliFixture::open();
    for (name, url) in [
        ("DUKA_KWIKPAISA_BASE_URL", shop.emulator.kwikpaisa_url()),
        ("DUKA_PESAPAL_BASE_URL", shop.emulator.pesapal_url()),
    ] {
        other.terminal.set(name, &url);
    }
    let rows = [
        row("kwikpaisa", &open),
        row("pesapal", &guid),
        row("kwikpaisa", &open),
    ];
    // The same order twice, too.
    let list = format!("{HEADER}\n{}\n", rows.join("\n"));
    let swept = other
        .terminal
        .duka_reading(&list, &["sweep", "--orders", "-", "--json"]);
    let (records, summary) = swept.exits(0).swept();
    assert_eq!(records.len(), 2);
    assert_eq!(
        (&summary["considered"], &summary["confirmed"]),
        (&3.into(), &2.into())
    );
    for order in shop.emulator.orders() {
        assert_eq!((order.cancel_requests, order.cancels_applied), (1, 1));
    }
    other.duka(&["show", &guid]).exits(0);
    // Only one account's rows.
    let args = [
        "sweep",
        "--orders",
        "-",
        "--json",
        "--account",
        "pesapal",
        "--skip-bad",
    ];
    let (_, summary) = other.terminal.duka_reading(&list, &args).exits(0).swept();
    assert_eq!(
        (&summary["considered"], &summary["skipped"]),
        (&1.into(), &1.into())
    );
}

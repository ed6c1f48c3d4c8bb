//! Gateways that mean harm, or are not there: another host's, endless and wrong replies.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use duka_emulator::{Fault, FaultKind, Gateway, Operation};
use serde_json::Value;

use crate::shop::{CliFixture, HEADER, INDIAN, row};

type Answer = fn(&mut TcpStream, &str);

/// A server that answers everything in one way, and counts.
struct Server {
    url: String,
    asked: Arc<AtomicUsize>,
}

impl Server {
    fn start(elsewhere: &str, answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(AtomicUsize::new(0));
        let (counter, elsewhere) = (Arc::clone(&asked), elsewhere.to_owned());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (counter, elsewhere) = (Arc::clone(&counter), elsewhere.clone());
                std::thread::spawn(move || {
                    counter.fetch_add(1, Ordering::SeqCst);
                    let mut stream = stream.unwrap();
                    read_request(&mut stream);
                    answer(&mut stream, &elsewhere);
                });
            }
        });
        Self { url, asked }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn read_request(stream: &mut TcpStream) {
    let mut text = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(length @ 1..) = stream.read(&mut buffer) {
        text.extend(&buffer[..length]);
        let received = String::from_utf8_lossy(&text).to_ascii_lowercase();
        if let Some((head, body)) = received.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|it| it.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |it| it.parse().unwrap()) {
                return;
            }
        }
    }
}

fn reply(stream: &mut TcpStream, head: &str, body: &str) {
    let length = body.len();
    let text =
        format!("HTTP/1.1 {head}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
    let _ = stream.write_all(text.as_bytes());
}

fn elsewhere(stream: &mut TcpStream, url: &str) {
    reply(
        stream,
        &format!("307 Temporary Redirect\r\nlocation: {url}/trap"),
        "",
    );
}

fn html(stream: &mut TcpStream, _: &str) {
    reply(
        stream,
        "200 OK\r\ncontent-type: text/html",
        "<html><h1>Checking your browser</h1></html>",
    );
}

fn ten_megabytes(stream: &mut TcpStream, _: &str) {
    let body = format!("{{\"message\":\"{}\"}}", "x".repeat(10 * 1024 * 1024));
    reply(stream, "200 OK\r\ncontent-type: application/json", &body);
}

fn endless(stream: &mut TcpStream, _: &str) {
    let head =
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
    let mut sent = stream.write_all(head.as_bytes());
    while sent.is_ok() {
        sent = stream.write_all(chunk.as_bytes());
    }
}

fn another_orders(stream: &mut TcpStream, _: &str) {
    let body = "{\"code\":\"200\",\"status\":\"success\",\"return_data\":{\"order_id\":1,\"order_status\":\"PAID\"},\"order_tracking_id\":\"00000000-0000-0000-0000-000000000000\",\"status_code\":1}";
    reply(stream, "200 OK\r\ncontent-type: application/json", body);
}

fn not_http(stream: &mut TcpStream, _: &str) {
    let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n");
}

const ANSWERS: [(&str, Answer); 6] = [
    ("a redirect to another host", elsewhere),
    ("HTML with 200", html),
    ("ten megabytes", ten_megabytes),
    ("a reply that never ends", endless),
    ("another order's status", another_orders),
    ("no HTTP", not_http),
];

/// What a command says of an order, on either stream, after the credentials were sought in it.
fn said(shop: &CliFixture, args: &[&str], code: i32, what: &str) -> String {
    let run = shop.duka(args);
    assert_eq!(run.code, code, "{what}: {run:?}");
    let said = format!("{}{}", run.stdout, run.stderr);
    assert!(said.len() < 2000, "{what}: {} bytes", said.len());
    said
}

#[test]
fn a_gateway_that_answers_nonsense_is_a_failure_and_the_order_is_kept() {
    let guid = "d0fa69d6-f3cd-433b-858e-df86555b86c8";
    for (account, id) in [("kwikpaisa", INDIAN), ("pesapal", guid)] {
        for (what, answer) in ANSWERS {
            let trap = Server::start("", html);
            let server = Server::start(&trap.url, answer);
            let mut shop = if account == "pesapal" {
                CliFixture::only(Gateway::Pesapal)
            } else {
                CliFixture::only(Gateway::KwikPaisa)
            };
            let variable = format!("DUKA_{}_BASE_URL", account.to_uppercase());
            shop.terminal.set(&variable, &server.url);
            // Or a busy machine could run out of patience.
            shop.terminal.set("DUKA_REVIEW_AFTER", "1h");
            let list = format!("{HEADER}\n{}\n", row(account, id));
            shop.terminal.write("list.csv", list);
            shop.duka(&["track", "list.csv"]).exits(0);

            said(&shop, &["status", id], 1, what);
            let message = said(&shop, &["cancel", id, "--wait", "0s"], 1, what);
            assert!(
                message.contains("it will be tried again"),
                "{what}: {message}"
            );
            said(&shop, &["doctor"], 1, what);
            assert!(server.asked() > 0);
            assert_eq!(trap.asked(), 0, "{what}: followed");

            let shown = shop.duka(&["show", id, "--json"]).exits(0).json();
            let record = &shown["cancellations"][0]["cancellation"];
            assert_eq!(record["state"], "requested", "{what}");
            assert_eq!(record["sent_at"], Value::Null, "{what}");
        }
    }
}

#[test]
fn an_order_created_at_a_gateway_that_answers_nonsense_may_exist_and_is_tracked() {
    for (what, answer) in ANSWERS {
        let trap = Server::start("", html);
        let server = Server::start(&trap.url, answer);
        let mut shop = CliFixture::only(Gateway::KwikPaisa);
        shop.terminal.set("DUKA_KWIKPAISA_BASE_URL", &server.url);
        let run = shop.duka(&CliFixture::create_args("kwikpaisa", INDIAN));
        assert_eq!(run.code, 4, "{what}: {run:?}");
        assert_eq!(server.asked(), 1, "{what}: sent again");
        assert_eq!(trap.asked(), 0, "{what}: followed");
        shop.duka(&["show", INDIAN]).exits(0);
        let pending = shop.duka(&["pending", "--long"]).exits(4).stdout;
        assert!(pending.contains("creation in_doubt"), "{pending}");
    }
}

#[test]
fn no_text_from_outside_can_move_the_cursor_or_turn_the_line() {
    const EVIL: &str = "x\u{1b}]0;evil\u{7}\u{1b}[2J\u{9b}1A\u{202e}\r\nlast";
    const SHOWN: &str = "x\\u001b]0;evil\\u0007\\u001b[2J\\u009b1A\\u202e\\r\\nlast";
    let shop = CliFixture::only(Gateway::Pesapal);
    let order = shop.create("pesapal", "KANGA-1");
    let fault = Fault::new(FaultKind::ReplyLost).on(Operation::Cancel);
    shop.emulator.arm(fault).unwrap();
    let harmless = |args: &[&str]| {
        // Where colours are wanted, the program must distinguish its own from others.
        let run = shop.duka(&[args, &["--color", "always"]].concat());
        let said = format!("{}{}", run.stdout, run.stderr);
        for part in ["\u{1b}]", "\u{1b}[2J", "\u{7}", "\u{9b}", "\u{202e}", "\r"] {
            assert!(!said.contains(part), "{part:?} in {args:?}: {said:?}");
        }
        said
    };
    harmless(&["cancel", &order, "--reason", EVIL, "--actor", EVIL]);
    let records = shop.duka(&["pending", "--json"]).exits(4).lines();
    assert_eq!(records[0]["actor"], EVIL);
    let id = records[0]["id"].as_str().unwrap();
    assert!(harmless(&["pending", "--long"]).contains(SHOWN));
    let decide = [
        "resolve",
        id,
        "--as",
        "cancelled",
        "--by",
        EVIL,
        "--note",
        EVIL,
    ];
    assert!(harmless(&decide).contains(SHOWN));
    let shown = harmless(&["show", &order]);
    // Who asked and why; who decided, once more with the note.
    assert_eq!(shown.matches(SHOWN).count(), 5, "{shown}");
    assert!(harmless(&["report"]).contains(SHOWN));
    assert!(harmless(&["report", "--format", "csv"]).contains("\\u001b]0;evil"));
    for args in [
        &["track", EVIL][..],
        &["show", EVIL],
        &["--config", EVIL, "report"],
    ] {
        assert!(harmless(args).contains("\\u001b]0;evil"), "{args:?}");
    }
}

/// Ids that would show as others, or as something else than text.
const EVIL_IDS: [(&str, &str); 3] = [
    (
        "A\u{202e}B",
        "order id holds a character that turns the direction of reading (U+202E)",
    ),
    (
        "A\u{200b}B",
        "order id holds an invisible character (U+200B)",
    ),
    ("A\u{1b}[2JB", "order id holds a control character (U+001B)"),
];

#[test]
fn an_id_that_would_not_print_as_it_is_gets_in_nowhere() {
    let shop = CliFixture::only(Gateway::KwikPaisa);
    let good = row("kwikpaisa", "A-1");
    shop.duka(&[
        "track",
        &shop
            .terminal
            .write("good.csv", format!("{HEADER}\n{good}\n")),
    ])
    .exits(0);
    for (id, problem) in EVIL_IDS {
        let list = format!("{HEADER}\n{good}\n{}\n", row("kwikpaisa", id));
        shop.terminal.write("list.csv", list);
        for (args, code, said) in [
            (&["track", "list.csv"][..], 2, problem),
            (&["track", "list.csv", "--skip-bad"], 0, problem),
            (&["sweep", "--orders", "list.csv", "--dry-run"], 2, problem),
            (&["sweep", "--orders", "list.csv"], 2, problem),
            (&["cancel", id], 2, problem),
            (&["status", id], 2, problem),
            (&["show", id], 2, ""),
            (&["report"], 0, ""),
            (&["report", "--format", "csv"], 0, ""),
            (&["pending"], 0, ""),
        ] {
            let run = shop.duka(args);
            assert_eq!(run.code, code, "{args:?}: {run:?}");
            run.complains(said);
            let printed = format!("{}{}", run.stdout, run.stderr);
            for c in ['\u{202e}', '\u{200b}', '\u{1b}'] {
                assert!(!printed.contains(c), "{args:?}: {printed:?}");
            }
        }
    }
}

/// What people write stays as they wrote it, but for what would turn or hide it.
#[test]
fn a_note_in_any_script_is_printed_and_what_would_turn_it_is_escaped() {
    let shop = CliFixture::only(Gateway::KwikPaisa);
    let joined = "ചില്ല\u{200d} 👩\u{200d}🔧";
    let note = format!("{joined} \u{202e}x\u{2066}\u{200b}\u{feff}");
    let list = format!("{HEADER},note\n{},{note}\n", row("kwikpaisa", "A-1"));
    shop.terminal.write("list.csv", list);
    shop.duka(&["track", "list.csv"]).exits(0);
    let shown = shop.duka(&["show", "A-1"]).exits(0).stdout;
    let escaped = format!("{joined} \\u202ex\\u2066\\u200b\\ufeff");
    assert!(shown.contains(&escaped), "{shown:?}");
}

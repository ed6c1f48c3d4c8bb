//! The real program, killed or stopped at every named point of a cancellation, at both
//! gateways; what it leaves behind, and what the next runs make of it.

use std::thread;
use std::time::{Duration, Instant};

use duka_core::clock::SharedClock;
use duka_emulator::Gateway;
use duka_engine::{Record, SqliteStore};
use jiff::Timestamp;

use crate::bench::everything;
use crate::shop::CliFixture;
use crate::truth::lies;

/// The page for merchants, whose table is what is tested here.
const PAGE: &str = include_str!("../../../../docs/cancelling.md");
const HEADING: &str = "| killed when |";
/// How many runs at a time: they mostly wait, for leases to end.
const AT_A_TIME: usize = 16;

/// A row of the page's table.
#[derive(Debug, Clone, Copy)]
struct Row<'a> {
    /// The name of the point in the traces, and how often it is passed before.
    point: &'a str,
    /// What stands in the store.
    left: &'a str,
    /// What comes of it where the customer walks away.
    kwikpaisa: &'a str,
    pesapal: &'a str,
    /// What comes of it where the customer pays before the next run.
    paid: &'a str,
}

fn matrix() -> Vec<Row<'static>> {
    let lines = PAGE.lines().skip_while(|line| !line.starts_with(HEADING));
    let rows = lines.skip(2).take_while(|line| line.starts_with('|'));
    rows.map(|line| {
        let cells: Vec<_> = line.split('|').map(|cell| cell.trim()).collect();
        let [_, when, left, kwikpaisa, pesapal, paid, _] = cells[..] else {
            panic!("a row of another table: {line}");
        };
        let point = when.split('`').nth(1).unwrap();
        Row {
            point,
            left,
            kwikpaisa,
            pesapal,
            paid,
        }
    })
    .collect()
}

#[derive(Debug, Clone, Copy)]
enum Customer {
    WalksAway,
    Pays,
}

/// A shop at one gateway, whose workers' leases are short, but not too short for a program
/// on a busy machine: what slow processes lose is not what is tested here.
pub(crate) fn shop(gateway: Gateway) -> (CliFixture, String) {
    let mut shop = CliFixture::only(gateway);
    let review_after = match gateway {
        // Waits for a person soon where waiting settles nothing, and for longer than a
        // busy machine takes over one status.
        Gateway::Pesapal => "3s",
        _ => "30s",
    };
    for (name, value) in [
        ("DUKA_LEASE", "4s"),
        ("DUKA_TIMEOUT", "1500ms"),
        ("DUKA_REVIEW_AFTER", review_after),
    ] {
        shop.terminal.set(name, value);
    }
    let order = shop.create(gateway.as_str(), "KANGA-1");
    (shop, order)
}

pub(crate) fn records(shop: &CliFixture) -> (SqliteStore, Vec<Record>) {
    let clock = SharedClock::new(Timestamp::now);
    let store = SqliteStore::open(shop.terminal.store(), clock).unwrap();
    let records = shop.runtime.block_on(everything(&store));
    (store, records)
}

pub(crate) fn words(records: &[Record]) -> String {
    let words = |record: &Record| {
        let state = record.progress.state;
        let mut words = state
            .outcome()
            .map_or(state.as_str(), |outcome| outcome.as_str())
            .to_owned();
        if let Some(finding) = record.progress.finding {
            words += ", ";
            words += finding.as_str();
        }
        words
    };
    let all: Vec<_> = records.iter().map(words).collect();
    if all.is_empty() {
        "nothing".to_owned()
    } else {
        all.join("; ")
    }
}

/// Sweeps as a merchant's timer does until nothing changes any more.
pub(crate) fn sweep_on(shop: &CliFixture) {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        // The last sweep looks once more at what has been confirmed.
        let over = is_over(&records(shop).1);
        let args = [
            "sweep",
            "--min-age",
            "0s",
            "--wait",
            "3s",
            "--recheck",
            "1h",
        ];
        shop.duka(&args);
        if over {
            return;
        }
        assert!(
            Instant::now() < deadline,
            "not over: {:#?}",
            records(shop).1
        );
    }
}

fn is_over(records: &[Record]) -> bool {
    let over = |record: &Record| {
        matches!(
            words(std::slice::from_ref(record)).as_str(),
            "requested" | "sending" | "accepted" | "refused" | "in_doubt"
        )
    };
    !records.is_empty() && !records.iter().any(over)
}

/// Kills the program there, lets the next ones finish, and returns all that is wrong.
fn play(row: &Row<'_>, gateway: Gateway, customer: Customer) -> Vec<String> {
    let point = row.point;
    let (mut shop, order) = shop(gateway);
    shop.terminal.set("DUKA_CRASH_AT", point);
    let run = shop.duka(&["cancel", &order]);
    shop.terminal.unset("DUKA_CRASH_AT");
    let mut wrong = Vec::new();
    if run.code != -1 {
        wrong.push(format!("was not killed: {run:?}"));
    }
    let found = words(&records(&shop).1);
    if found != row.left {
        wrong.push(format!("left {found}, not {}", row.left));
    }
    let expected = match customer {
        Customer::WalksAway => match gateway {
            Gateway::Pesapal => row.pesapal,
            _ => row.kwikpaisa,
        },
        Customer::Pays => {
            shop.emulator
                .pay(&order)
                .or_else(|_| shop.emulator.pay_late(&order))
                .unwrap();
            row.paid
        }
    };
    sweep_on(&shop);
    let (store, records) = records(&shop);
    let found = words(&records);
    if found != expected {
        wrong.push(format!("ended {found}, not {expected}"));
    }
    wrong.extend(
        shop.runtime
            .block_on(lies(&records, &shop.emulator, &store)),
    );
    let place = format!("{point} at {gateway}, customer {customer:?}");
    wrong.iter().map(|it| format!("{place}: {it}")).collect()
}

#[test]
fn a_program_killed_at_any_point_loses_no_order_and_cancels_none_twice() {
    let mut cases = Vec::new();
    let matrix = matrix();
    // All of them, also at the points that are passed once for each of four transactions.
    assert_eq!(matrix.len(), 17, "{matrix:#?}");
    for row in &matrix {
        for gateway in Gateway::ALL {
            for customer in [Customer::WalksAway, Customer::Pays] {
                cases.push((row, gateway, customer));
            }
        }
    }
    let begun = Instant::now();
    let queue = std::sync::Mutex::new(cases.iter());
    let wrong: Vec<String> = thread::scope(|scope| {
        let players: Vec<_> = (0..AT_A_TIME)
            .map(|_| {
                scope.spawn(|| {
                    let mut wrong = Vec::new();
                    loop {
                        let next = queue.lock().unwrap().next();
                        let Some((row, gateway, customer)) = next else {
                            return wrong;
                        };
                        wrong.extend(play(row, *gateway, *customer));
                    }
                })
            })
            .collect();
        players
            .into_iter()
            .flat_map(|it| it.join().unwrap())
            .collect()
    });
    println!("{} crashes in {:?}", cases.len(), begun.elapsed());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

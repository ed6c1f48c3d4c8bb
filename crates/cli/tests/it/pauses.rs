//! A real program that is stopped for longer than its lease at the moment it is about to
//! send, and then goes on: what it was about to send must not leave any more.

use std::thread;
use std::time::Duration;

use duka_emulator::Gateway;
use rustix::process::{Pid, WaitOptions, waitpid};

use crate::crashes::{records, shop, sweep_on, words};
use crate::shop::{CliFixture, Running, wait_until};
use crate::truth::lies;

/// Longer than the leases of [`shop`].
pub(crate) const LONG: Duration = Duration::from_millis(4_500);
/// Shorter than the part of a lease in which something may be sent.
const SHORT: Duration = Duration::from_millis(200);

/// Starts a cancellation that stops itself there, and waits until it has.
fn stopped_at(shop: &mut CliFixture, point: &str, order: &str) -> Running {
    stopped(shop, point, &["cancel", order])
}

/// Starts a command that stops itself there, and waits until it has.
pub(crate) fn stopped(shop: &mut CliFixture, point: &str, args: &[&str]) -> Running {
    shop.terminal.set("DUKA_STOP_AT", point);
    let running = shop.terminal.start(args);
    shop.terminal.unset("DUKA_STOP_AT");
    let pid = Pid::from_raw(i32::try_from(running.id()).unwrap());
    wait_until("the program to stop", || {
        let options = WaitOptions::UNTRACED | WaitOptions::NOHANG;
        let change = waitpid(pid, options).unwrap();
        change.is_some_and(|(_, status)| status.stopped())
    });
    running
}

/// The points between the intent and the first byte.
const ABOUT_TO_SEND: [&str; 3] = ["committed:2", "after_intent", "before_send"];

/// Plays every point at both gateways, all at once: they mostly sleep.
fn at_every_point(play: impl Fn(Gateway, &str) + Sync) {
    let play = &play;
    thread::scope(|scope| {
        for gateway in Gateway::ALL {
            for point in ABOUT_TO_SEND {
                scope.spawn(move || play(gateway, point));
            }
        }
    });
}

#[test]
fn a_program_that_slept_beyond_its_lease_sends_nothing_when_it_wakes() {
    at_every_point(|gateway, point| {
        let (mut shop, order) = shop(gateway);
        let asleep = stopped_at(&mut shop, point, &order);
        assert_eq!(shop.cancels_received(), 0);
        thread::sleep(LONG);
        // Another worker takes the record over and goes as far as it can.
        sweep_on(&shop);
        let sent = shop.cancels_received();
        asleep.signal("-CONT");
        asleep.end();
        assert_eq!(shop.cancels_received(), sent, "{point} at {gateway}");

        let (store, records) = records(&shop);
        let (expected, requests) = match gateway {
            Gateway::Pesapal => ("needs_review", 0),
            _ => ("confirmed", 1),
        };
        assert_eq!((words(&records).as_str(), sent), (expected, requests));
        let lies = lies(&records, &shop.emulator, &store);
        assert_eq!(shop.runtime.block_on(lies), Vec::<String>::new());
    });
}

#[test]
fn a_program_that_was_stopped_beyond_its_lease_sends_nothing_also_without_another_worker() {
    at_every_point(|gateway, point| {
        let (mut shop, order) = shop(gateway);
        let asleep = stopped_at(&mut shop, point, &order);
        thread::sleep(LONG);
        asleep.signal("-CONT");
        // No other worker has changed the record, so it goes on.
        asleep.end();
        sweep_on(&shop);
        let (store, records) = records(&shop);
        let (expected, requests) = match gateway {
            Gateway::Pesapal => ("needs_review", 0),
            _ => ("confirmed", 1),
        };
        let sent = shop.cancels_received();
        assert_eq!((words(&records).as_str(), sent), (expected, requests));
        let lies = lies(&records, &shop.emulator, &store);
        assert_eq!(shop.runtime.block_on(lies), Vec::<String>::new());
    });
}

#[test]
fn a_program_that_slept_for_a_moment_goes_on() {
    at_every_point(|gateway, point| {
        let (mut shop, order) = shop(gateway);
        let asleep = stopped_at(&mut shop, point, &order);
        thread::sleep(SHORT);
        asleep.signal("-CONT");
        asleep.end().exits(0);
        assert_eq!(words(&records(&shop).1), "confirmed");
        assert_eq!(shop.cancels_received(), 1);
    });
}

//! The state machine and the store agree: any sequence of events is played on a store and,
//! beside it, on a model that shares nothing with it, and after every move all that can be
//! read of the store is what the model says.
//!
//! What the model knows are the rules in `duka_core::cancel::step` and what the trait
//! [`Store`](duka_engine::Store) promises. Moments are whole microseconds here, as
//! the store's file has them.

mod asked;
mod between;
mod drive;
mod driven;
mod model;
mod moves;
mod stage;
mod view;

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use duka_core::clock::SharedClock;
use duka_engine::{SqliteStore, Store};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use tokio::runtime::{Builder, Runtime};

use between::{Between, Mistake};
use moves::{Life, lives};
use stage::{Opener, Played, Subject, play};

/// Nothing is written beside the sources; a failure prints the shortest life that shows it.
fn config(cases: u32) -> Config {
    Config {
        failure_persistence: None,
        max_shrink_iters: 300,
        ..Config::with_cases(cases)
    }
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().build().unwrap()
}

fn whole(path: &Path, clock: SharedClock) -> Arc<dyn Store> {
    Arc::new(SqliteStore::open(path, clock).unwrap())
}

/// The same lives each time.
fn known_lives(number: usize) -> impl Iterator<Item = Life> {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config(1), rng);
    let lives = lives();
    (0..number).map(move |_| lives.new_tree(&mut runner).unwrap().current())
}

#[test]
fn the_state_machine_and_the_store_agree_after_any_sequence_of_events() {
    let (runtime, started) = (runtime(), Instant::now());
    let sum = RefCell::new(Played::default());
    let agreed = TestRunner::new(config(50)).run(&lives(), |life| {
        let played = runtime.block_on(play(&life, Some(Subject::new(&whole))));
        sum.borrow_mut().add(&played);
        match played.difference {
            None => Ok(()),
            Some((difference, at)) => Err(TestCaseError::fail(format!("{at}: {difference}"))),
        }
    });
    let Played { moves, tally, .. } = sum.into_inner();
    println!("{moves} moves in {:?}: {tally:#?}", started.elapsed());
    if let Err(error) = agreed {
        panic!("{error}");
    }
}

/// How a mistake came to light: where it showed, after how many moves, and in which one.
type Caught = (&'static str, u64, String);

/// Plays lives on a store that may be broken, up to the first difference.
fn first_difference<'a>(
    runtime: &Runtime,
    mistake: Option<Mistake>,
    lives: impl Iterator<Item = &'a Life>,
) -> Option<Caught> {
    let opener: Opener<'_> = &|path, clock| Arc::new(Between::open(path, clock, mistake));
    let mut moves = 0;
    for life in lives {
        let played = runtime.block_on(play(life, Some(Subject::new(opener))));
        moves += played.moves;
        if let Some((difference, at)) = played.difference {
            return Some((difference.place, moves, format!("{at}: {difference}")));
        }
    }
    None
}

/// The same lives for every mistake, so that this finds each time what it has found once.
#[test]
fn every_mistake_that_is_put_into_a_store_is_caught_and_none_where_there_is_none() {
    let runtime = runtime();
    let alone = |life: &Life| runtime.block_on(play(life, None)).tally;
    let lives: Vec<_> = known_lives(300).map(|life| (alone(&life), life)).collect();
    let first = lives.iter().take(5).map(|(_, life)| life);
    assert_eq!(first_difference(&runtime, None, first), None);
    for (mistake, needs, place) in Mistake::ALL {
        // Where nothing tempts the store, a life would be played in vain.
        let tempting = lives.iter().filter(|(tally, _)| tally.contains_key(needs));
        let tempting = tempting.map(|(_, life)| life).take(12);
        let caught = first_difference(&runtime, Some(mistake), tempting);
        let (shown, moves, how) = caught.unwrap_or_else(|| panic!("{mistake:?} is not noticed"));
        println!("{mistake:?}: caught in move {moves}, by {shown}");
        assert_eq!(shown, place, "{mistake:?}, {how}");
    }
}

/// What the lives are made for: every state, every end, every answer. Without this the
/// others could agree about next to nothing.
#[test]
fn the_lives_that_are_made_up_lead_everywhere() {
    let runtime = runtime();
    let mut sum = Played::default();
    for life in known_lives(1000) {
        sum.add(&runtime.block_on(play(&life, None)));
    }
    let Played { moves, tally, .. } = sum;
    println!("{moves} moves: {tally:#?}");
    let everywhere = [
        "Requested",
        "Sending",
        "Accepted",
        "Refused",
        "InDoubt",
        "NeedsReview",
        "Done(Confirmed)",
        "Done(NotCancelledPaid)",
        "Done(NotCancelledFinal)",
        "Done(Refused)",
        "Done(ResolvedCancelled)",
        "Done(ResolvedNotCancelled)",
        "Done(Skipped(NotEligible))",
        "Done(Skipped(NotFound))",
        "Done(Skipped(AlreadySubmitted))",
        "Done(Skipped(StatusUnreadable))",
        "Done(Skipped(CouldNotSend))",
        "LatePayment",
        "AmountDiffers",
        "not allowed",
        "advance: stored",
        "advance: conflict",
        "advance: seen paid",
        "advance: once used",
        "open: new",
        "open: already open",
        "open: touched",
        "open: unknown order",
        "claim_one: claimed",
        "claim_one: nothing to claim",
    ];
    let events = moves::events();
    let written = events
        .iter()
        .map(|event| format!("written: {}", event.as_str()));
    for what in everywhere.map(str::to_owned).into_iter().chain(written) {
        assert!(tally.contains_key(&what), "never: {what}");
    }
}

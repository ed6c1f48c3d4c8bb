//! Everything that can happen next, and its description in a trace.

use duka_core::cancel::{Event, Receipt, Resolution};

use super::actors;
use super::gateway;
use super::system::System;
use super::workers;
use super::world::{Order, World};

/// One thing that happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Move {
    Tick,
    ClockSetBack,
    /// A worker takes the record: when it is due, or from a worker that is still at it.
    Takes {
        worker: usize,
        from_another: bool,
    },
    /// A worker takes a record that waits for a person, to read its status once more.
    Rechecks {
        worker: usize,
    },
    Reads {
        worker: usize,
        gives: Event,
    },
    CouldNotSend {
        worker: usize,
    },
    ChecksDeadline {
        worker: usize,
    },
    Sends {
        worker: usize,
    },
    /// The deadline has passed, or no reply came in time.
    GivesUp {
        worker: usize,
    },
    Stores {
        worker: usize,
        event: Event,
    },
    Crashes {
        worker: usize,
    },
    Doubled,
    Lost,
    Arrives {
        answer: Answer,
        heard: bool,
    },
    Pays,
    PaysLess,
    Expires,
    Fails,
    FailsInPart,
    Asks {
        worker: usize,
    },
    Resolves(Resolution),
    Observes(Event),
    Shows(Event),
    LooksAtFirst,
    BeginsSecond,
    CreatesSecond,
    PaysSecond,
    SeesSecondPaid,
}

/// What the gateway makes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Unauthenticated,
    Yes,
    No,
    /// An undocumented reply; the cancellation may be done all the same.
    UnclearAfter(Order),
}

/// How a run depends on a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Duty {
    /// The program or the clock will do it if nothing else happens.
    Certain,
    /// It may happen or not, and at most so often.
    Free,
    /// What may come back without end: a crash, a worker paused beyond its lease, a look at
    /// what waits for a person. A run with endlessly many of them need not end.
    Disturbance,
}

impl Move {
    pub(super) fn duty(&self) -> Duty {
        match self {
            Self::Tick
            | Self::Reads { .. }
            | Self::ChecksDeadline { .. }
            | Self::Sends { .. }
            | Self::GivesUp { .. }
            | Self::Stores { .. }
            | Self::Takes {
                from_another: false,
                ..
            } => Duty::Certain,
            Self::CouldNotSend { .. }
            | Self::Doubled
            | Self::Lost
            | Self::Arrives { .. }
            | Self::Pays
            | Self::PaysLess
            | Self::Expires
            | Self::Fails
            | Self::FailsInPart
            | Self::Asks { .. }
            | Self::Resolves(_)
            | Self::LooksAtFirst
            | Self::BeginsSecond
            | Self::CreatesSecond
            | Self::PaysSecond
            | Self::SeesSecondPaid => Duty::Free,
            Self::ClockSetBack
            | Self::Rechecks { .. }
            | Self::Crashes { .. }
            | Self::Takes {
                from_another: true, ..
            }
            | Self::Observes(_)
            | Self::Shows(_) => Duty::Disturbance,
        }
    }
}

/// Everything that can happen next.
pub(super) fn successors(system: &System, world: &World) -> Vec<Next> {
    let mut next = Vec::new();
    let mut after = |it: Move, mut world: World| {
        let swapped = world.normalise(system);
        next.push(Next { it, world, swapped });
    };
    workers::moves(system, world, &mut after);
    gateway::moves(system, world, &mut after);
    actors::moves(system, world, &mut after);
    let mut later = world.clone();
    later.tick();
    after(Move::Tick, later);
    if world.steps_back > 0 {
        let mut earlier = world.clone();
        earlier.tick_back();
        after(Move::ClockSetBack, earlier);
    }
    next
}

/// One thing that can happen, and the world after it.
pub(super) struct Next {
    pub(super) it: Move,
    pub(super) world: World,
    /// Whether the two workers have changed their places.
    pub(super) swapped: bool,
}

/// Takes what can happen, and the world after it.
pub(super) type After<'a> = &'a mut dyn FnMut(Move, World);

impl Move {
    /// In words, with these names for the workers.
    pub(super) fn describe(&self, names: [char; 2]) -> String {
        let name = |worker: &usize| names[*worker];
        match self {
            Self::Tick => "time passes".to_owned(),
            Self::ClockSetBack => "the clock is set back".to_owned(),
            Self::Takes {
                worker,
                from_another,
            } => {
                let how = if *from_another {
                    "takes the record over, while the other is paused"
                } else {
                    "takes the record"
                };
                format!("worker {} {how}", name(worker))
            }
            Self::Rechecks { worker } => {
                format!("worker {} takes up what waits for a person", name(worker))
            }
            Self::Reads { worker, gives } => {
                format!("worker {} reads: {}", name(worker), describe(gives))
            }
            Self::CouldNotSend { worker } => format!("worker {} cannot connect", name(worker)),
            Self::ChecksDeadline { worker } => {
                format!("worker {} checks that its lease runs", name(worker))
            }
            Self::Sends { worker } => format!("worker {} sends the request", name(worker)),
            Self::GivesUp { worker } => format!("worker {} gives up waiting", name(worker)),
            Self::Stores { worker, event } => {
                format!("worker {} stores: {}", name(worker), describe(event))
            }
            Self::Crashes { worker } => format!("worker {} crashes", name(worker)),
            Self::Doubled => "the network doubles the request".to_owned(),
            Self::Lost => "the network loses the request".to_owned(),
            Self::Arrives { answer, heard } => {
                let answer = match answer {
                    Answer::Unauthenticated => "refuses its credentials",
                    Answer::Yes => "cancels and says yes",
                    Answer::No => "says no",
                    Answer::UnclearAfter(Order::Cancelled) => "cancels and says nothing clear",
                    Answer::UnclearAfter(_) => "says nothing clear",
                };
                let heard = if *heard {
                    ""
                } else {
                    ", and its reply is lost"
                };
                format!("a request arrives; the gateway {answer}{heard}")
            }
            Self::Pays => "the customer pays".to_owned(),
            Self::PaysLess => "the customer pays another amount".to_owned(),
            Self::Expires => "the order expires".to_owned(),
            Self::Fails => "the payment fails".to_owned(),
            Self::FailsInPart => "the payment fails, with a receipt of another amount".to_owned(),
            Self::Asks { worker } => {
                format!("worker {} is asked to cancel again", name(worker))
            }
            Self::Resolves(resolution) => match resolution {
                Resolution::Cancelled => "a person says: cancelled".to_owned(),
                Resolution::NotCancelled => "a person says: not cancelled".to_owned(),
                Resolution::Acknowledged => "a person closes the finding".to_owned(),
            },
            Self::LooksAtFirst => "the shop looks at the first attempt".to_owned(),
            Self::BeginsSecond => "the shop begins a second attempt".to_owned(),
            Self::CreatesSecond => "the gateway creates the second attempt".to_owned(),
            Self::PaysSecond => "the customer pays the second attempt".to_owned(),
            Self::SeesSecondPaid => "a reader sees the second attempt paid".to_owned(),
            Self::Observes(event) => format!("another caller reads: {}", describe(event)),
            Self::Shows(event) => format!(
                "another caller's reading reaches the records: {}",
                describe(event)
            ),
        }
    }
}

fn describe(event: &Event) -> String {
    match event {
        Event::Observed(status) => format!("status {status}"),
        Event::AmountDiffers(status, Receipt::Absent) => {
            format!("status {status}, with another amount")
        }
        Event::AmountDiffers(status, Receipt::Shown) => {
            format!("status {status}, with a receipt of another amount")
        }
        Event::OrderNotFound
        | Event::StatusUnreadable
        | Event::NotSent
        | Event::Unauthenticated
        | Event::AnsweredYes
        | Event::AnsweredNo
        | Event::Unclear
        | Event::LeaseLapsed
        | Event::Resolved(_) => event.as_str().replace('_', " "),
    }
}

//! What can happen to a store, made up at random: few orders, few texts and few moments, so
//! that everything meets everything.

use duka_core::OrderStatus;
use duka_core::cancel::{Event, Receipt, Resolution};
use proptest::prelude::*;
use proptest::sample::select;

/// The orders that may be tracked, and what happens to them.
#[derive(Debug, Clone)]
pub(super) struct Life {
    pub(super) orders: Vec<Order>,
    pub(super) moves: Vec<Move>,
}

/// An order. Two of them may be one and the same, told in different ways.
#[derive(Debug, Clone)]
pub(super) struct Order {
    /// Whether it is at the gateway that takes one request per order.
    pub(super) once: bool,
    pub(super) id: &'static str,
    pub(super) reference: Option<&'static str>,
    /// How long before the start it was created, in minutes.
    pub(super) age: i64,
    /// Whether it is followed from the start.
    pub(super) followed: bool,
}

/// One thing that happens. Numbers choose among what is there by then; 0 is the first
/// order, and the cancellation that was begun last.
#[derive(Debug, Clone)]
pub(super) enum Move {
    Track {
        orders: Vec<usize>,
        /// With everything about them told otherwise.
        altered: bool,
    },
    Observe {
        order: usize,
        sight: StatusReply,
    },
    Open {
        worker: usize,
        order: usize,
        on: On,
    },
    /// A worker writes what follows from an event.
    Happen {
        worker: usize,
        which: usize,
        /// How many versions ago it read the record.
        behind: usize,
        event: Pick,
        /// Steps by the rules of a gateway where a repeat is harmless, whatever the
        /// gateway: what the fence in the database is for.
        reckless: bool,
        /// Learns nothing that is worth a message.
        silent: bool,
    },
    /// As `Happen`, but another reader sees a payment after the worker read and before it writes.
    PaidMeanwhile {
        worker: usize,
        which: usize,
        event: Pick,
    },
    ClaimOne {
        worker: usize,
        /// `None`: one that no worker has begun.
        which: Option<usize>,
    },
    /// In milliseconds; the clock may be set back.
    Wait(i64),
    /// Every handle on the file is dropped, and it is opened again.
    Reopen,
}

/// A sight of an order, some seconds old.
#[derive(Debug, Clone)]
pub(super) struct StatusReply {
    pub(super) status: OrderStatus,
    pub(super) lag: i64,
}

/// On what condition a cancellation is started.
#[derive(Debug, Clone, Copy)]
pub(super) enum On {
    Always,
    /// The order has not been touched since it was last touched.
    AsItIs,
    /// No worker has ever acted on it.
    Never,
    /// It was last touched at the very start.
    Stale,
}

/// Which event.
#[derive(Debug, Clone)]
pub(super) enum Pick {
    /// One of those that the record takes and that do not end it, if there are any. What is
    /// over is asked for again.
    Onward(usize),
    /// One of those that the record takes.
    Fitting(usize),
    /// Any, allowed or not.
    Any(Event),
}

/// Ids and references come from one pool, so that one order's reference is another's id.
pub(super) const TEXTS: [&str; 3] = ["6116229263036", "A-1", "A-2"];
pub(super) const ACCOUNTS: [&str; 3] = ["shop-in", "shop-ke", "shop-ug"];

/// Every event, as often as it should be chosen.
pub(super) fn events() -> Vec<Event> {
    let weighted = [
        (8, Event::Observed(OrderStatus::Unpaid)),
        (1, Event::Observed(OrderStatus::Processing)),
        (1, Event::Observed(OrderStatus::Paid)),
        (1, Event::Observed(OrderStatus::Failed)),
        (1, Event::Observed(OrderStatus::Expired)),
        (1, Event::Observed(OrderStatus::Cancelled)),
        (1, Event::Observed(OrderStatus::Reversed)),
        (1, unknown("ON_HOLD")),
        // Pesapal's adapter says more than the gateway's own words do.
        (1, unknown("COMPLETED with status code 2")),
        (1, differs(OrderStatus::Unpaid, Receipt::Absent)),
        (1, differs(OrderStatus::Paid, Receipt::Absent)),
        (1, differs(OrderStatus::Failed, Receipt::Shown)),
        (1, Event::OrderNotFound),
        (3, Event::StatusUnreadable),
        (2, Event::NotSent),
        (1, Event::Unauthenticated),
        (1, Event::AnsweredYes),
        (1, Event::AnsweredNo),
        (1, Event::Unclear),
        (1, Event::LeaseLapsed),
        (1, Event::Resolved(Resolution::Cancelled)),
        (1, Event::Resolved(Resolution::NotCancelled)),
        // Rarely allowed.
        (6, Event::Resolved(Resolution::Acknowledged)),
    ];
    let times = |(times, event)| std::iter::repeat_n(event, times);
    weighted.into_iter().flat_map(times).collect()
}

fn differs(status: OrderStatus, receipt: Receipt) -> Event {
    Event::AmountDiffers(status, receipt)
}

fn unknown(words: &str) -> Event {
    Event::Observed(OrderStatus::Unknown(words.to_owned()))
}

fn orders() -> impl Strategy<Value = Order> {
    let reference = prop::option::of(select(TEXTS.to_vec()));
    let followed = prop::bool::weighted(0.9);
    let parts = (
        any::<bool>(),
        select(TEXTS.to_vec()),
        reference,
        0_i64..3,
        followed,
    );
    parts.prop_map(|(once, id, reference, age, followed)| Order {
        once,
        id,
        reference,
        age,
        followed,
    })
}

fn sights() -> impl Strategy<Value = StatusReply> {
    let statuses = events().into_iter().filter_map(|event| match event {
        Event::Observed(status) => Some(status),
        Event::AmountDiffers(..)
        | Event::OrderNotFound
        | Event::StatusUnreadable
        | Event::NotSent
        | Event::Unauthenticated
        | Event::AnsweredYes
        | Event::AnsweredNo
        | Event::Unclear
        | Event::LeaseLapsed
        | Event::Resolved(_) => None,
    });
    let lag = select(vec![0, 5, 3_600]);
    (select(statuses.collect::<Vec<_>>()), lag)
        .prop_map(|(status, lag)| StatusReply { status, lag })
}

fn picks() -> impl Strategy<Value = Pick> {
    prop_oneof![
        7 => (0_usize..1_000).prop_map(Pick::Onward),
        3 => (0_usize..1_000).prop_map(Pick::Fitting),
        1 => select(events()).prop_map(Pick::Any),
    ]
}

/// Often the latest cancellation, at times an earlier one.
fn which() -> impl Strategy<Value = usize> {
    prop_oneof![3 => Just(0_usize), 2 => 0_usize..6]
}

fn happen() -> impl Strategy<Value = Move> {
    let behind = prop_oneof![6 => Just(0_usize), 1 => 1_usize..4];
    let (reckless, silent) = (prop::bool::weighted(0.25), prop::bool::weighted(0.2));
    (0_usize..3, which(), behind, picks(), reckless, silent).prop_map(
        |(worker, which, behind, event, reckless, silent)| Move::Happen {
            worker,
            which,
            behind,
            event,
            reckless,
            silent,
        },
    )
}

fn moves() -> impl Strategy<Value = Move> {
    let on = select(vec![On::Always, On::AsItIs, On::Never, On::Stale]);
    // A claim lasts 120 s, a gateway settles in 10 s, and a person is asked after 1 h.
    let waits = prop_oneof![
        2 => select(vec![0, 250, 10_000, 119_999]),
        3 => select(vec![120_000, 121_000, 600_000, 3_601_000]),
        1 => select(vec![-1_000, -30_000]),
    ];
    prop_oneof![
        40 => happen(),
        10 => (0_usize..3, 0_usize..3, on)
            .prop_map(|(worker, order, on)| Move::Open { worker, order, on }),
        1 => (0_usize..3, which(), picks())
            .prop_map(|(worker, which, event)| Move::PaidMeanwhile { worker, which, event }),
        4 => (0_usize..3, sights()).prop_map(|(order, sight)| Move::Observe { order, sight }),
        12 => (0_usize..3, prop::option::weighted(0.9, which()))
            .prop_map(|(worker, which)| Move::ClaimOne { worker, which }),
        16 => waits.prop_map(Move::Wait),
        2 => (prop::collection::vec(0_usize..3, 0..4), any::<bool>())
            .prop_map(|(orders, altered)| Move::Track { orders, altered }),
        2 => Just(Move::Reopen),
    ]
}

pub(super) fn lives() -> impl Strategy<Value = Life> {
    let orders = prop::collection::vec(orders(), 1..=3);
    let moves = prop::collection::vec(moves(), 1..=60);
    (orders, moves).prop_map(|(orders, moves)| Life { orders, moves })
}

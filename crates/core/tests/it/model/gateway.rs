//! The gateway, and the network before it: what becomes of a request on its way.

use duka_core::OrderStatus;
use duka_core::cancel::{Event, Repeat};

use super::moves::{After, Answer, Move};
use super::system::{Authentication, System};
use super::world::{Doing, Order, Request, World};

pub(super) fn moves(system: &System, world: &World, after: After<'_>) {
    for at in 0..world.requests.len() {
        let mut lost = world.clone();
        lost.requests.remove(at);
        after(Move::Lost, lost);
        if world.duplicates > 0 {
            let mut doubled = world.clone();
            doubled.duplicates -= 1;
            doubled.requests.push(Request {
                to: None,
                ..world.requests[at]
            });
            after(Move::Doubled, doubled);
        }
        arrives(system, world, at, after);
    }
}

fn arrives(system: &System, world: &World, at: usize, after: After<'_>) {
    let request = world.requests[at];
    let copies = |it: &&Request| it.number == request.number;
    let alone = world.requests.iter().filter(copies).count() == 1;
    let doubled = world.duplicates < system.duplicates;
    // Credentials refused: for all copies, or for this one if each copy is checked by itself.
    if system.authentication == Authentication::PerCopy || (alone && !doubled) {
        unauthenticated(world, at, after);
    }
    for answer in answers(system, world) {
        let mut looked = world.clone();
        looked.requests.remove(at);
        let once = system.gateway.repeat() == Repeat::Once;
        if once && !looked.examined.contains(&request.number) {
            looked.examined.push(request.number);
        }
        let cancels = matches!(answer, Answer::Yes | Answer::UnclearAfter(Order::Cancelled));
        if cancels && world.order != Order::Cancelled {
            looked.becomes(Order::Cancelled, system);
        }
        reply(&looked, &request, answer, after);
    }
}

fn unauthenticated(world: &World, at: usize, after: After<'_>) {
    let mut refused = world.clone();
    let request = refused.requests.remove(at);
    refused.left = refused.left.saturating_sub(1);
    reply(&refused, &request, Answer::Unauthenticated, after);
}

/// What the gateway may make of a request that it looks at.
fn answers(system: &System, world: &World) -> Vec<Answer> {
    let used = system.gateway.repeat() == Repeat::Once && !world.examined.is_empty();
    let failed = system.gateway.is_eligible(&OrderStatus::Failed);
    match world.order {
        Order::Failed | Order::FailedInPart if !used && failed => vec![
            Answer::Yes,
            Answer::No,
            Answer::UnclearAfter(Order::Cancelled),
            Answer::UnclearAfter(Order::Unpaid),
        ],
        Order::Unpaid if !used => vec![
            Answer::Yes,
            Answer::No,
            Answer::UnclearAfter(Order::Cancelled),
            Answer::UnclearAfter(Order::Unpaid),
        ],
        // Cancelled already: either word is an honest one.
        Order::Cancelled if !used => {
            vec![Answer::Yes, Answer::No, Answer::UnclearAfter(Order::Unpaid)]
        }
        Order::Unpaid
        | Order::Cancelled
        | Order::Paid
        | Order::PaidOther
        | Order::Expired
        | Order::Failed
        | Order::FailedInPart => {
            vec![Answer::No, Answer::UnclearAfter(Order::Unpaid)]
        }
    }
}

/// The reply reaches the worker that waits for it, or is lost. A late reply is modelled as
/// one that its receiver is slow to store.
fn reply(world: &World, request: &Request, answer: Answer, after: After<'_>) {
    // If no worker receives the answer, its content makes no difference.
    if matches!(answer, Answer::UnclearAfter(_) | Answer::Unauthenticated) {
        let heard = false;
        after(Move::Arrives { answer, heard }, world.clone());
    }
    let Some(to) = request.to.map(usize::from) else {
        return;
    };
    let mut next = world.clone();
    next.workers[to].doing = Doing::Store(match answer {
        Answer::Unauthenticated => Event::Unauthenticated,
        Answer::Yes => Event::AnsweredYes,
        Answer::No => Event::AnsweredNo,
        Answer::UnclearAfter(_) => Event::Unclear,
    });
    let heard = true;
    after(Move::Arrives { answer, heard }, next);
}

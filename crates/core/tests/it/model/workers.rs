//! The driver and the store, as far as they make a difference: leases that end, writes
//! that compare the version, the attempts table that takes one request, late answers.

use duka_core::OrderStatus;
use duka_core::cancel::{Action, Event, Receipt, Repeat, State, Step};

use super::actors;
use super::moves::{After, Move};
use super::system::{AMBIGUOUS, Amount, Deadline, ExpiredLease, Reporting, System};
use super::world::{
    DEADLINE, Doing, LEASE, NOW, Order, REVIEW_AFTER, Record, Request, TICK, Worker, World,
};

pub(super) fn moves(system: &System, world: &World, after: After<'_>) {
    for worker in 0..world.workers.len() {
        if world.workers[worker].is_idle() {
            take(system, world, worker, after);
            continue;
        }
        match &world.workers[worker].doing {
            Doing::Nothing => {}
            Doing::Read => read(system, world, worker, after),
            Doing::Send => send(system, world, worker, after),
            Doing::Write => after(Move::Sends { worker }, leaves(system, world, worker)),
            Doing::WaitForReply => {
                let unclear = hears(world, worker, Event::Unclear);
                after(
                    Move::GivesUp { worker },
                    store_at_once(system, &unclear, worker),
                );
            }
            Doing::Store(event) => {
                let event = event.clone();
                let next = store(system, world, worker, &event);
                after(Move::Stores { worker, event }, next);
            }
        }
        let mut crashed = world.clone();
        crashed.workers[worker] = Worker::IDLE;
        drop_reply_receiver(&mut crashed, worker);
        after(Move::Crashes { worker }, crashed);
    }
}

/// Whether a worker may ever claim this record, once it is due.
pub(super) fn can_be_taken(system: &System, record: &Record) -> bool {
    record.due_in.is_some() && (system.expired_lease == ExpiredLease::Reclaimed || !record.held)
}

fn take(system: &System, world: &World, worker: usize, after: After<'_>) {
    for on in 0..world.records.len() {
        let record = &world.records[on];
        let waits = waits_for_a_person(record);
        if !waits && (record.due_in != Some(0) || !can_be_taken(system, record)) {
            continue;
        }
        let mut next = world.clone();
        overtake(&mut next, on);
        let record = &mut next.records[on];
        record.due_in = Some(LEASE);
        record.held = true;
        let doing = match record.progress.state {
            State::Sending => Doing::Store(Event::LeaseLapsed),
            State::Requested
            | State::Accepted
            | State::Refused
            | State::InDoubt
            | State::NeedsReview
            | State::Done(_) => Doing::Read,
        };
        next.workers[worker] = Worker {
            doing,
            on: u8::try_from(on).unwrap(),
            outdated: false,
            overtaken: false,
            may_send: DEADLINE,
        };
        let from_another = world.workers[1 - worker].holds(on);
        let taken = Move::Takes {
            worker,
            from_another,
        };
        let looks = Move::Rechecks { worker };
        after(if waits { looks } else { taken }, next);
    }
}

/// No worker holds it; any may take it to read its status once more.
fn waits_for_a_person(record: &Record) -> bool {
    record.progress.state == State::NeedsReview && record.due_in.is_none()
}

/// The record is written: every worker that read it before has an old version.
pub(super) fn overtake(world: &mut World, record: usize) {
    for worker in &mut world.workers {
        if !worker.is_idle() && usize::from(worker.on) == record {
            worker.overtaken = true;
        }
    }
}

fn drop_reply_receiver(world: &mut World, worker: usize) {
    for request in &mut world.requests {
        if request.to.map(usize::from) == Some(worker) {
            request.to = None;
        }
    }
}

fn hears(world: &World, worker: usize, event: Event) -> World {
    let mut next = world.clone();
    drop_reply_receiver(&mut next, worker);
    next.workers[worker].doing = Doing::Store(event);
    next
}

/// What a status read can give: what is, what was a moment ago, or nothing.
pub(super) fn visible(system: &System, world: &World) -> Vec<Event> {
    let hidden = system.gateway.repeat() == Repeat::Once;
    let mut events: Vec<_> = [Some(world.order), world.order_before]
        .into_iter()
        .flatten()
        .map(|order| match order {
            Order::Cancelled if hidden => Event::Observed(OrderStatus::Unpaid),
            Order::Unpaid => Event::Observed(OrderStatus::Unpaid),
            Order::Cancelled => Event::Observed(OrderStatus::Cancelled),
            Order::Paid => Event::Observed(OrderStatus::Paid),
            Order::PaidOther => Event::AmountDiffers(OrderStatus::Paid, Receipt::Absent),
            Order::Expired => Event::Observed(OrderStatus::Expired),
            Order::Failed => Event::Observed(OrderStatus::Failed),
            Order::FailedInPart => Event::AmountDiffers(OrderStatus::Failed, Receipt::Shown),
        })
        .collect();
    events.dedup();
    events
}

fn read(system: &System, world: &World, worker: usize, after: After<'_>) {
    for gives in visible(system, world) {
        let status = gives.status().cloned();
        let open = status.filter(|status| system.believed.is_eligible(status));
        if let Some(status) = &open
            && system.amount != Amount::AsExpected
        {
            let gives = Event::AmountDiffers(status.clone(), Receipt::Absent);
            let next = hears(world, worker, gives.clone());
            after(Move::Reads { worker, gives }, next);
        }
        if open.is_some() && system.amount == Amount::Another {
            continue;
        }
        let next = hears(world, worker, gives.clone());
        after(Move::Reads { worker, gives }, next);
    }
    let nothing = [
        Event::Observed(OrderStatus::Unknown("ON_HOLD".to_owned())),
        Event::Observed(OrderStatus::Unknown(AMBIGUOUS.to_owned())),
        Event::StatusUnreadable,
        Event::OrderNotFound,
    ];
    for gives in nothing {
        let next = hears(world, worker, gives.clone());
        let next = store_at_once(system, &next, worker);
        after(Move::Reads { worker, gives }, next);
    }
}

fn send(system: &System, world: &World, worker: usize, after: After<'_>) {
    if system.deadline != Deadline::None && world.workers[worker].may_send == 0 {
        let unclear = hears(world, worker, Event::Unclear);
        after(
            Move::GivesUp { worker },
            store_at_once(system, &unclear, worker),
        );
        return;
    }
    let unsent = hears(world, worker, Event::NotSent);
    after(
        Move::CouldNotSend { worker },
        store_at_once(system, &unsent, worker),
    );
    match system.deadline {
        Deadline::None | Deadline::Exact => {
            after(Move::Sends { worker }, leaves(system, world, worker));
        }
        Deadline::CheckThenWrite => {
            let mut next = world.clone();
            next.workers[worker].doing = Doing::Write;
            after(Move::ChecksDeadline { worker }, next);
        }
    }
}

fn leaves(system: &System, world: &World, worker: usize) -> World {
    let mut next = world.clone();
    let sender = &mut next.workers[worker];
    sender.doing = Doing::WaitForReply;
    let used = |number: &u8| {
        world.examined.contains(number) || world.requests.iter().any(|it| it.number == *number)
    };
    let number = (0..=u8::MAX).find(|number| !used(number)).unwrap();
    next.requests.push(Request {
        number,
        to: Some(u8::try_from(worker).unwrap()),
    });
    next.left += u8::from(system.gateway.repeat() == Repeat::Once);
    next
}

/// No other actor can change how this is stored: a worker that was overtaken gives way,
/// which is the same as a crash.
fn store_at_once(system: &System, world: &World, worker: usize) -> World {
    match &world.workers[worker].doing {
        Doing::Store(event) => store(system, world, worker, event),
        Doing::Nothing | Doing::Read | Doing::Send | Doing::Write | Doing::WaitForReply => {
            world.clone()
        }
    }
}

/// Whether a late answer belongs to the attempt that the record is still about.
fn answers(event: &Event, worker: &Worker, record: &Record) -> bool {
    matches!(event, Event::AnsweredYes | Event::AnsweredNo)
        && !worker.outdated
        && matches!(
            record.progress.state,
            State::Sending | State::InDoubt | State::NeedsReview | State::Done(_)
        )
}

/// The worker stores what follows, if it is still its to store.
fn store(system: &System, world: &World, worker: usize, event: &Event) -> World {
    let mut next = world.clone();
    let me = world.workers[worker].clone();
    let on = usize::from(me.on);
    next.workers[worker] = Worker::IDLE;
    let mine = !me.overtaken || answers(event, &me, &world.records[on]);
    let written = mine.then(|| write(system, &mut next, on, event)).flatten();
    if let Some(action) = written {
        next.workers[worker] = goes_on(&me, action);
    }
    if event.status().is_some_and(OrderStatus::was_paid) {
        next.records[on].past.known_paid = true;
        let all = system.reporting == Reporting::AllReadings;
        if all {
            next.stores_payment(event, system);
        }
        for other in (0..next.records.len()).filter(|other| all || *other != on) {
            let event = next.of_record(event, other);
            actors::show(system, &mut next, other, &event);
        }
    }
    next
}

fn goes_on(me: &Worker, action: Action) -> Worker {
    let doing = match action {
        Action::SendRequest => Doing::Send,
        Action::ReadStatus { not_before } if not_before <= NOW => Doing::Read,
        Action::ReadStatus { .. } | Action::AskPerson | Action::Stop => return Worker::IDLE,
    };
    Worker {
        doing,
        on: me.on,
        outdated: false,
        overtaken: false,
        may_send: DEADLINE,
    }
}

/// One transaction: the record, its attempt, what is known of the order. `None` when the
/// rules or the database do not allow it; then nothing is written.
pub(super) fn write(
    system: &System,
    world: &mut World,
    on: usize,
    event: &Event,
) -> Option<Action> {
    let before = &world.records[on].progress;
    let step = (system.rules)(before, event, &system.believed, &REVIEW_AFTER, NOW).ok()?;
    let from = before.state;
    let begins = step.action == Action::SendRequest;
    let once = system.believed.repeat() == Repeat::Once;
    if begins && once && system.attempts_constraint && world.attempts > 0 {
        return None;
    }
    let taken_back =
        from == State::Sending && matches!(event, Event::NotSent | Event::Unauthenticated);
    if once {
        world.attempts = world.attempts + u8::from(begins) - u8::from(taken_back);
    }
    overtake(world, on);
    for worker in &mut world.workers {
        worker.outdated |= begins && usize::from(worker.on) == on;
    }
    let Step { next, action } = step;
    let record = &mut world.records[on];
    record.progress = next;
    (record.due_in, record.held) = match action {
        Action::ReadStatus { not_before } if not_before > NOW => (Some(ticks(not_before)), false),
        Action::ReadStatus { .. } | Action::SendRequest => (Some(LEASE), true),
        Action::AskPerson | Action::Stop => (None, false),
    };
    let past = &mut record.past;
    past.said_yes |= *event == Event::AnsweredYes;
    past.said_no |= *event == Event::AnsweredNo;
    past.shown_cancelled |= *event == Event::Observed(OrderStatus::Cancelled);
    past.known_other |= event.shows_other_payment();
    world.stores_payment(event, system);
    // The store shows it what is known of the order, in the same transaction.
    let over = world.records[on].outcome().is_some() && from.outcome().is_none();
    if over
        && system.reporting == Reporting::AllReadings
        && let Some(payment) = world.stored_payment()
    {
        let payment = world.of_record(&payment, on);
        actors::show(system, world, on, &payment);
    }
    Some(action)
}

fn ticks(then: jiff::Timestamp) -> u8 {
    let seconds = then.as_second() - NOW.as_second();
    let tick = TICK.as_secs().cast_signed();
    u8::try_from((seconds + tick - 1) / tick).unwrap()
}

//! What every store must do, whatever database is behind it: orders, changes and the log.

use crate::store::{
    Attempt, Change, Claim, Condition, Entry, NewCancellation, OpenResult, Precondition,
    ReportFilter, ReportPage, Schedule, Update, UpdateResult,
};
use crate::{AmountCheck, Origin, Record, Store, StoreErrorKind, TrackedOrder, Tracking};
use duka_core::cancel::{Cancellation, Finding, Outcome, Repeat, RequestUsed, SkipReason, State};
use duka_core::id::IdForm;
use duka_core::{
    CancellationId, GatewayTime, Money, Observation, OrderId, OrderStatus, PaymentDetails,
    PersonalText,
};

use super::{MINUTE, Suite, account, at, by, key, noon, order};

/// The id of a cancellation.
pub fn id(number: u128) -> CancellationId {
    CancellationId::from_uuid(uuid::Uuid::from_u128(number))
}

/// A cancellation to be started, by the worker `w1`.
pub fn new_cancellation(number: u128, account: &str, order: &str) -> NewCancellation {
    NewCancellation {
        id: id(number),
        key: key(account, order),
        request: by("amina"),
        listed_money: None,
        processing_min_age: None,
        claim: Claim::new("w1", 2 * MINUTE),
        condition: Condition::Always,
    }
}

/// Tracks the order and starts a cancellation of it.
pub async fn opened(store: &dyn Store, number: u128, account: &str, id: &str) -> Record {
    store.track(vec![order(account, id)]).await.unwrap();
    let opened = store.open(new_cancellation(number, account, id)).await;
    let opened = opened.unwrap();
    let OpenResult::New(record) = opened else {
        panic!("{id} has an open cancellation already: {opened:?}");
    };
    record
}

/// A change of `record` to `state`, to be looked at two minutes later.
pub fn change(record: &Record, state: State, attempt: Attempt) -> Update {
    let mut next = Cancellation {
        state,
        ..record.progress.clone()
    };
    if matches!(attempt, Attempt::Begins(_)) {
        next.attempts += 1;
        next.requests += 1;
        next.sent_at = Some(at(60));
        next.doubt_since = Some(at(60));
    }
    let over = matches!(state, State::Done(_) | State::NeedsReview);
    Update {
        change: Change {
            id: record.id,
            version: record.version,
            next,
            message: Some("so it went".to_owned()),
            schedule: if over {
                Schedule::Never
            } else {
                Schedule::Due(2 * MINUTE)
            },
            entry: Entry::new(
                "unclear",
                "w1",
                Some("cancel request: timed out".to_owned()),
            ),
        },
        precondition: Precondition::None,
        seen: None,
        amount_check: AmountCheck::Compare,
        answered: PaymentDetails::default(),
        attempt,
        tracking: if over {
            Tracking::Closed
        } else {
            Tracking::InProgress
        },
    }
}

/// This worker goes on for two minutes.
pub fn hold(worker: &str) -> Schedule {
    Schedule::Hold {
        worker: worker.to_owned(),
        lease: 2 * MINUTE,
    }
}

/// Writes an update, which has to be stored.
pub async fn stored(store: &dyn Store, change: Update) -> Record {
    match store.advance(change).await.unwrap() {
        UpdateResult::Stored(record) => record,
        UpdateResult::Conflict(record) => panic!("another worker has written first: {record:?}"),
        UpdateResult::PreconditionFailed(obstacle) => panic!("{obstacle:?}"),
    }
}

/// An observation, so many seconds after [`noon`].
pub fn seen(status: OrderStatus, seconds: i64) -> Observation {
    Observation {
        raw_status: if let OrderStatus::Unknown(raw) = &status {
            raw.clone()
        } else {
            status.to_string()
        },
        status,
        money: Some(Money::parse("105.50", "INR").unwrap()),
        details: PaymentDetails::default(),
        observed_at: at(seconds),
    }
}

/// An order is kept with all that is known of it.
pub async fn an_order_is_kept_with_all_that_is_known_of_it(suite: &Suite<'_>) {
    let mut whole = order("shop", "6116229263036");
    whole.reference = Some("INV-2026/118 à Nairobi".to_owned());
    whole.shop_order = Some("118".to_owned());
    whole.expires_at = Some(at(2_700));
    whole.money = Some(Money::parse("1500.00", "KES").unwrap());
    whole.method = Some("mpesa".to_owned());
    whole.note = Some("said she would call back; don't ring".to_owned());
    suite.open().track(vec![whole.clone()]).await.unwrap();
    let kept = suite.open().order(&whole.key).await.unwrap().unwrap();
    assert_eq!(kept, whole);
    assert!(
        suite
            .open()
            .order(&key("other", "6116229263036"))
            .await
            .unwrap()
            .is_none()
    );
}

/// Tracking again fills in what is not known, and changes nothing that is.
pub async fn tracking_again_fills_in_what_is_not_known_and_changes_nothing_else(suite: &Suite<'_>) {
    let store = suite.open();
    let first = store
        .track(vec![order("shop", "A-1"), order("shop", "A-2")])
        .await
        .unwrap();
    assert_eq!((first.added, first.known), (2, 0));
    let said = |amount: &str, words: &str| TrackedOrder {
        money: Some(Money::parse(amount, "KES").unwrap()),
        reference: Some(format!("{words} reference")),
        method: Some(format!("{words} method")),
        note: Some(format!("{words} note")),
        ..order("shop", "A-1")
    };
    let older = TrackedOrder {
        created_at: noon() - 90 * MINUTE,
        origin: Origin::List,
        ..said("10.00", "second")
    };
    let second = store
        .track(vec![older, order("shop", "A-3"), order("other", "A-1")])
        .await;
    let second = second.unwrap();
    assert_eq!((second.added, second.known), (2, 1));
    store.track(vec![said("11.00", "third")]).await.unwrap();
    let kept = store.order(&key("shop", "A-1")).await.unwrap();
    assert_eq!(kept, Some(said("10.00", "second")));
}

/// A correction replaces what a list says and nothing else.
pub async fn a_correction_replaces_what_a_list_says_and_nothing_else(suite: &Suite<'_>) {
    let store = suite.open();
    let mut before = order("shop", "A-1");
    before.origin = Origin::List;
    before.money = Some(Money::parse("10.00", "KES").unwrap());
    before.method = Some("card".to_owned());
    before.note = Some("from the first list".to_owned());
    store.track(vec![before.clone()]).await.unwrap();
    let seen = Observation {
        status: OrderStatus::Processing,
        raw_status: "PROCESSING".to_owned(),
        money: None,
        details: PaymentDetails::default(),
        observed_at: noon(),
    };
    store
        .observe(&before.key, seen.clone(), AmountCheck::Compare, "w1")
        .await
        .unwrap();
    let list = |amount: &str| TrackedOrder {
        created_at: noon() - 3 * MINUTE,
        money: Some(Money::parse(amount, "KES").unwrap()),
        method: None,
        note: Some("from the second list".to_owned()),
        origin: Origin::List,
        ..order("shop", "A-1")
    };
    let orders = vec![list("11.00"), order("shop", "A-2"), list("12.00")];
    let corrected = store.correct(orders).await.unwrap();
    assert_eq!((corrected.added, corrected.known), (1, 2));
    // The last row of an order counts. What the list does not say stays, and so does what is
    // ours to know.
    let expected = TrackedOrder {
        method: Some("card".to_owned()),
        seen: Some(seen),
        ..list("12.00")
    };
    assert_eq!(store.order(&before.key).await.unwrap(), Some(expected));
    // An order that was created here is as old as that.
    let created = order("shop", "A-3");
    store.track(vec![created.clone()]).await.unwrap();
    let older = TrackedOrder {
        key: created.key.clone(),
        ..list("13.00")
    };
    store.correct(vec![older.clone()]).await.unwrap();
    let expected = TrackedOrder {
        created_at: created.created_at,
        origin: Origin::Caller,
        ..older
    };
    assert_eq!(store.order(&created.key).await.unwrap(), Some(expected));
}

/// Orders are read together by their keys.
pub async fn orders_are_read_together_by_their_keys(suite: &Suite<'_>) {
    let store = suite.open();
    let tracked = vec![
        order("shop", "A-1"),
        order("shop", "A-2"),
        order("other", "A-1"),
    ];
    store.track(tracked.clone()).await.unwrap();
    let keys = vec![key("other", "A-1"), key("shop", "A-9"), key("shop", "A-1")];
    let mut found = store.orders(keys).await.unwrap();
    found.sort_by(|a, b| b.key.cmp(&a.key));
    assert_eq!(found, [tracked[0].clone(), tracked[2].clone()]);
    assert!(store.orders(Vec::new()).await.unwrap().is_empty());
}

/// An id keeps the json type it was tracked with.
pub async fn an_id_keeps_the_json_type_it_was_tracked_with(suite: &Suite<'_>) {
    let store = suite.open();
    let mut text = order("shop", "17");
    text.key.order = OrderId::text("17").unwrap();
    store.track(vec![text, order("other", "17")]).await.unwrap();
    let form = |account| {
        let store = store.clone();
        async move {
            let by_either = key(account, "17");
            store
                .order(&by_either)
                .await
                .unwrap()
                .unwrap()
                .key
                .order
                .form()
        }
    };
    assert_eq!(form("shop").await, IdForm::Text);
    assert_eq!(form("other").await, IdForm::Integer);
    // A cancellation goes out in the form of its order, whatever the caller has.
    let record = opened(&*store, 1, "shop", "17").await;
    assert_eq!(record.key.order.form(), IdForm::Text);
}

/// An order is found by its id or its reference in any account.
pub async fn an_order_is_found_by_its_id_reference_or_shop_order_in_any_account(suite: &Suite<'_>) {
    let store = suite.open();
    let mut referred = order("shop-ke", "b945e4af-80a5-4ec1-8706-e03f8332fb04");
    referred.reference = Some("A-1".to_owned());
    let mut both = order("shop-ug", "A-1");
    both.reference = Some("A-1".to_owned());
    let mut attempt = order("shop-zm", "A-7");
    attempt.shop_order = Some("A-1".to_owned());
    let all = vec![
        order("shop-in", "A-1"),
        referred,
        both,
        attempt,
        order("shop-in", "A-10"),
    ];
    store.track(all).await.unwrap();
    let mut found = store.find_orders("A-1").await.unwrap();
    found.sort_by_key(|order| order.key.account.clone());
    let found: Vec<_> = found
        .iter()
        .map(|order| order.key.account.as_str())
        .collect();
    assert_eq!(found, ["shop-in", "shop-ke", "shop-ug", "shop-zm"]);
    assert!(store.find_orders("A-2").await.unwrap().is_empty());

    let many = (0..30)
        .map(|n| order(&format!("shop-{n}"), "B-1"))
        .collect();
    store.track(many).await.unwrap();
    assert_eq!(store.find_orders("B-1").await.unwrap().len(), 10);
}

/// What was seen of an order never goes back.
pub async fn what_was_seen_of_an_order_never_goes_back(suite: &Suite<'_>) {
    let store = suite.open();
    let key = key("shop", "A-1");
    store.track(vec![order("shop", "A-1")]).await.unwrap();
    let paid = seen(OrderStatus::Paid, 10);
    let late = seen(OrderStatus::Unpaid, 20);
    let odd = seen(OrderStatus::Unknown("ON_HOLD".to_owned()), 5);
    let mut now = Vec::new();
    for sight in [odd.clone(), paid.clone(), late] {
        store
            .observe(&key, sight, AmountCheck::Compare, "w9")
            .await
            .unwrap();
        now.push(store.order(&key).await.unwrap().unwrap().seen.unwrap());
    }
    assert_eq!(now, [odd, paid.clone(), paid]);
    // Observations of untracked orders are ignored.
    let stranger = seen(OrderStatus::Paid, 10);
    store
        .observe(
            &super::key("shop", "X"),
            stranger,
            AmountCheck::Compare,
            "w9",
        )
        .await
        .unwrap();
}

/// What the gateway tells is kept until it tells something else.
pub async fn what_the_gateway_tells_is_kept_until_it_tells_something_else(suite: &Suite<'_>) {
    let store = suite.open();
    let record = opened(&*store, 1, "shop", "A-1").await;
    let time = |text: &str, moment| {
        Some(GatewayTime {
            text: text.to_owned(),
            moment,
        })
    };
    let whole = PaymentDetails {
        gateway_id: Some("kp_40dec464".to_owned()),
        receipt: Some("TXN938482920".to_owned()),
        method: Some("UPI".to_owned()),
        payment_account: Some(PersonalText::new("476173XXXXXX0010")),
        payer: Some(PersonalText::new("Asha")),
        customer_account: Some(PersonalText::new("555-678")),
        status_code: Some("7".to_owned()),
        description: Some("Transaction successfully processed.".to_owned()),
        created_at: time("13-05-2026 08:34 AM", None),
        paid_at: time("2026-05-13T11:37:00", Some(at(5))),
        cancelled_at: None,
    };
    let kept = async || {
        let order = suite.open().order(&record.key).await.unwrap().unwrap();
        let present = suite.open().cancellation(record.id).await.unwrap();
        let details = order.seen.unwrap().details;
        let shown = present.unwrap().terms.seen.unwrap().details;
        assert_eq!(shown, details);
        details
    };
    let told = |details, seconds| Observation {
        details,
        ..seen(OrderStatus::Paid, seconds)
    };
    let check = AmountCheck::Compare;
    let observe = async |seen| store.observe(&record.key, seen, check, "w9").await.unwrap();
    observe(told(whole.clone(), 10)).await;
    assert_eq!(kept().await, whole);
    observe(told(PaymentDetails::default(), 20)).await;
    assert_eq!(kept().await, whole);

    // What an answer tells goes first, and what it does not tell stays.
    let answered = PaymentDetails {
        created_at: time("13-05-2026 08:35 AM", None),
        cancelled_at: time("13-05-2026 09:14 AM", Some(at(30))),
        ..PaymentDetails::default()
    };
    let answer = Update {
        answered: answered.clone(),
        ..change(&record, State::Requested, Attempt::Unchanged)
    };
    stored(&*store, answer).await;
    assert_eq!(kept().await, answered.or(whole));
}

/// An unknown status keeps the words it was seen with.
pub async fn an_unknown_status_keeps_the_words_it_was_seen_with(suite: &Suite<'_>) {
    let store = suite.open();
    let key = key("shop", "A-1");
    store.track(vec![order("shop", "A-1")]).await.unwrap();
    // Pesapal's adapter: what the gateway calls it, and what contradicts that.
    let words = "COMPLETED with status code 2".to_owned();
    let sight = Observation {
        raw_status: "COMPLETED".to_owned(),
        ..seen(OrderStatus::Unknown(words), 10)
    };
    store
        .observe(&key, sight.clone(), AmountCheck::Compare, "w9")
        .await
        .unwrap();
    let kept = suite.open().order(&key).await.unwrap().unwrap().seen;
    assert_eq!(kept, Some(sight));
    // Nothing of it is left once the status is known.
    let known = seen(OrderStatus::Unpaid, 20);
    store
        .observe(&key, known.clone(), AmountCheck::Compare, "w9")
        .await
        .unwrap();
    let kept = suite.open().order(&key).await.unwrap().unwrap().seen;
    assert_eq!(kept, Some(known));
}

/// What was seen paid is not offered to a sweep again.
pub async fn what_was_seen_paid_is_not_offered_to_a_sweep_again(suite: &Suite<'_>) {
    let store = suite.open();
    let record = opened(&*store, 1, "shop", "A-1").await;
    let paid = seen(OrderStatus::Paid, 10);
    suite
        .open()
        .observe(&record.key, paid, AmountCheck::Compare, "w9")
        .await
        .unwrap();
    // A worker that has read nothing gives up, and leaves the order to the next sweep.
    let unreadable = Outcome::Skipped(SkipReason::StatusUnreadable);
    let mut skipped = change(&record, State::Done(unreadable), Attempt::Unchanged);
    skipped.tracking = Tracking::Pending;
    stored(&*store, skipped).await;
    let order = store.order(&record.key).await.unwrap().unwrap();
    assert_eq!(order.tracking, Tracking::Closed);
}

/// An untracked order cannot be cancelled.
pub async fn an_untracked_order_cannot_be_cancelled(suite: &Suite<'_>) {
    let error = suite
        .open()
        .open(new_cancellation(1, "shop", "A-1"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::UnknownOrder);
    let text = "order A-1 at shop is not tracked; track it first";
    assert_eq!(error.to_string(), text);
}

/// A second cancellation waits until the first is over.
pub async fn a_second_cancellation_waits_until_the_first_is_over(suite: &Suite<'_>) {
    let store = suite.open();
    let first = opened(&*store, 1, "shop", "A-1").await;
    assert_eq!(first.progress, Cancellation::requested());
    assert_eq!((first.version, first.worker.as_deref()), (1, Some("w1")));
    assert_eq!((first.due_at, first.created_at), (Some(at(120)), noon()));
    assert_eq!(
        store.order(&first.key).await.unwrap().unwrap().tracking,
        Tracking::InProgress
    );

    let again = suite.open().open(new_cancellation(2, "shop", "A-1")).await;
    let again = again.unwrap();
    assert!(matches!(again, OpenResult::AlreadyOpen(open) if open == first));
    let review = stored(
        &*store,
        change(&first, State::NeedsReview, Attempt::Unchanged),
    )
    .await;
    let again = suite.open().open(new_cancellation(3, "shop", "A-1")).await;
    let again = again.unwrap();
    assert!(matches!(again, OpenResult::AlreadyOpen(open) if open == review));

    let over = State::Done(Outcome::ResolvedNotCancelled);
    stored(&*store, change(&review, over, Attempt::Unchanged)).await;
    let again = store.open(new_cancellation(4, "shop", "A-1")).await;
    let again = again.unwrap();
    assert!(matches!(again, OpenResult::New(open) if open.id == id(4)));
    let all = store.cancellations_of(&first.key).await.unwrap();
    assert_eq!(all.iter().map(|r| r.id).collect::<Vec<_>>(), [id(1), id(4)]);
}

/// What a sweep saw a while ago must still hold when it begins.
pub async fn what_a_sweep_saw_a_while_ago_must_still_hold_when_it_begins(suite: &Suite<'_>) {
    let store = suite.open();
    let untouched = |number, since| NewCancellation {
        condition: Condition::IfUnmodifiedSince { since },
        ..new_cancellation(number, "shop", "A-1")
    };
    store.track(vec![order("shop", "A-1")]).await.unwrap();
    let opened = store.open(untouched(1, None)).await.unwrap();
    let OpenResult::New(record) = opened else {
        panic!("no worker has touched it: {opened:?}");
    };
    let mut refused = change(&record, State::Done(Outcome::Refused), Attempt::Unchanged);
    refused.tracking = Tracking::Pending;
    suite.set_clock(60);
    stored(&*store, refused).await;
    suite.set_clock(100);
    // Open again, but another worker has dealt with it since the sweep read its page.
    let opened = suite.open().open(untouched(2, None)).await.unwrap();
    assert!(matches!(opened, OpenResult::Stale), "{opened:?}");
    let opened = store.open(untouched(3, Some(at(60)))).await.unwrap();
    let OpenResult::New(record) = opened else {
        panic!("not touched since then: {opened:?}");
    };
    let over = change(&record, State::Done(Outcome::Confirmed), Attempt::Unchanged);
    stored(&*store, over).await;
    let opened = store.open(untouched(4, Some(at(60)))).await.unwrap();
    assert!(matches!(opened, OpenResult::Stale), "{opened:?}");
    assert_eq!(store.cancellations_of(&record.key).await.unwrap().len(), 2);
}

/// A caller who names an order is not bound by what binds a sweep.
pub async fn a_caller_who_names_an_order_is_not_bound_by_what_binds_a_sweep(suite: &Suite<'_>) {
    let store = suite.open();
    store.track(vec![order("shop", "A-1")]).await.unwrap();
    let new = |number, processing_min_age| NewCancellation {
        processing_min_age,
        ..new_cancellation(number, "shop", "A-1")
    };
    let OpenResult::New(held) = store.open(new(1, Some(60 * MINUTE))).await.unwrap() else {
        panic!("A-1 has an open cancellation already");
    };
    assert_eq!(held.terms.processing_min_age, Some(60 * MINUTE));
    let again = async |number, until| {
        let opened = store.open(new(number, until)).await.unwrap();
        let OpenResult::AlreadyOpen(record) = opened else {
            panic!("A-1 has two open cancellations: {opened:?}");
        };
        record.terms.processing_min_age
    };
    // A worker holds it.
    assert_eq!(again(2, None).await, Some(60 * MINUTE));
    stored(&*store, change(&held, State::Requested, Attempt::Unchanged)).await;
    assert_eq!(again(3, Some(120 * MINUTE)).await, Some(60 * MINUTE));
    assert_eq!(again(4, None).await, None);
    assert_eq!(again(5, Some(120 * MINUTE)).await, None);
}

/// What a caller says counts although the worker that held the record has died.
pub async fn what_a_caller_says_counts_although_the_worker_that_held_the_record_has_died(
    suite: &Suite<'_>,
) {
    let store = suite.open();
    store.track(vec![order("shop", "A-1")]).await.unwrap();
    let swept = NewCancellation {
        processing_min_age: Some(60 * MINUTE),
        ..new_cancellation(1, "shop", "A-1")
    };
    store.open(swept).await.unwrap();
    let money = Money::parse("50.00", "INR").unwrap();
    let asked = async |number, after| {
        suite.set_clock(after);
        let named = NewCancellation {
            listed_money: Some(money),
            ..new_cancellation(number, "shop", "A-1")
        };
        let OpenResult::AlreadyOpen(record) = store.open(named).await.unwrap() else {
            panic!("the first cancellation of A-1 is open");
        };
        let terms = record.terms;
        (record.version, terms.listed_money, terms.processing_min_age)
    };
    assert_eq!(asked(2, 119).await, (1, None, Some(60 * MINUTE)));
    assert_eq!(asked(3, 120).await, (2, Some(money), None));
}

/// What a caller adds to a cancellation starts no other one.
pub async fn what_a_caller_adds_to_a_cancellation_starts_no_other_one(suite: &Suite<'_>) {
    let store = suite.open();
    let record = opened(&*store, 1, "shop", "A-1").await;
    let record = stored(
        &*store,
        change(&record, State::Requested, Attempt::Unchanged),
    )
    .await;
    let money = Money::parse("50.00", "INR").unwrap();
    let add = async |of| {
        let added = NewCancellation {
            listed_money: Some(money),
            condition: Condition::IfOpen(of),
            ..new_cancellation(2, "shop", "A-1")
        };
        store.open(added).await.unwrap()
    };
    assert!(matches!(add(id(7)).await, OpenResult::Stale));
    let OpenResult::AlreadyOpen(record) = add(record.id).await else {
        panic!("{} is open", record.id);
    };
    assert_eq!(record.terms.listed_money, Some(money));
    let done = State::Done(Outcome::Confirmed);
    let over = stored(&*store, change(&record, done, Attempt::Unchanged)).await;
    assert!(matches!(add(over.id).await, OpenResult::Stale));
    assert_eq!(store.cancellations_of(&over.key).await.unwrap().len(), 1);
}

/// Of many that open at once exactly one begins.
pub async fn of_many_that_open_at_once_exactly_one_begins(suite: &Suite<'_>) {
    let stores = [suite.open(), suite.open()];
    stores[0].track(vec![order("shop", "A-1")]).await.unwrap();
    let tasks = (0..32_u128).map(|n| {
        let store = stores[usize::from(n % 2 == 0)].clone();
        tokio::spawn(async move { store.open(new_cancellation(n, "shop", "A-1")).await })
    });
    let (mut new, mut present) = (Vec::new(), Vec::new());
    for task in futures::future::join_all(tasks).await {
        match task.unwrap().unwrap() {
            OpenResult::New(record) => new.push(record.id),
            OpenResult::AlreadyOpen(record) => present.push(record.id),
            OpenResult::Stale => panic!("without a condition"),
        }
    }
    assert_eq!((new.len(), present.len()), (1, 31));
    assert!(present.iter().all(|id| *id == new[0]));
}

/// A change is kept with everything it says.
pub async fn a_change_is_kept_with_everything_it_says(suite: &Suite<'_>) {
    let store = suite.open();
    let record = opened(&*store, 1, "shop", "A-1").await;
    let mut all = change(&record, State::InDoubt, Attempt::Begins(Repeat::Harmless));
    all.change.next.failed_polls = 3;
    all.change.next.blocked_since = Some(at(7));
    all.change.next.verified = Some(OrderStatus::Unknown("ON_HOLD".to_owned()));
    all.change.next.finding = Some(Finding::LatePayment);
    all.seen = Some(seen(OrderStatus::Processing, 60));
    let wanted = all.change.next.clone();
    suite.set_clock(60);
    let now = stored(&*store, all).await;
    assert_eq!(
        now,
        suite.open().cancellation(record.id).await.unwrap().unwrap()
    );
    assert_eq!(now.progress, wanted);
    assert_eq!(
        (now.version, now.worker.as_deref(), now.due_at),
        (2, None, Some(at(180)))
    );
    assert_eq!((now.created_at, now.updated_at), (noon(), at(60)));
    assert_eq!(now.message.as_deref(), Some("so it went"));
    let order = store.order(&record.key).await.unwrap().unwrap();
    assert_eq!(order.seen.unwrap().status, OrderStatus::Processing);
    assert_eq!(order.last_action_at, Some(at(60)));

    let mut silent = change(&now, State::Accepted, Attempt::Ended);
    (silent.change.message, silent.change.schedule) = (None, hold("w1"));
    let now = stored(&*store, silent).await;
    assert_eq!(
        now.message.as_deref(),
        Some("so it went"),
        "no news keeps the last"
    );
}

/// A change made from an old version writes nothing.
pub async fn a_change_made_from_an_old_version_writes_nothing(suite: &Suite<'_>) {
    let (mine, theirs) = (suite.open(), suite.open());
    let record = opened(&*mine, 1, "shop", "A-1").await;
    let now = stored(
        &*theirs,
        change(&record, State::InDoubt, Attempt::Unchanged),
    )
    .await;
    let log = mine.log(record.id).await.unwrap();

    let mut late = change(&record, State::Sending, Attempt::Begins(Repeat::Once));
    late.seen = Some(seen(OrderStatus::Paid, 60));
    let came_of_it = mine.advance(late).await.unwrap();
    assert!(matches!(came_of_it, UpdateResult::Conflict(current) if current == now));
    assert_eq!(mine.cancellation(record.id).await.unwrap().unwrap(), now);
    assert_eq!(mine.log(record.id).await.unwrap(), log);
    assert_eq!(mine.order(&record.key).await.unwrap().unwrap().seen, None);
    // Nor is the order's one request used up.
    stored(
        &*mine,
        change(&now, State::Sending, Attempt::Begins(Repeat::Once)),
    )
    .await;
}

/// A second request at a once only gateway cannot be written down.
pub async fn a_second_request_at_a_once_only_gateway_cannot_be_written_down(suite: &Suite<'_>) {
    let store = suite.open();
    let first = opened(&*store, 1, "shop", "A-1").await;
    let begins = Attempt::Begins(Repeat::Once);
    let first = stored(&*store, change(&first, State::Sending, begins)).await;
    let over = State::Done(Outcome::Refused);
    stored(&*store, change(&first, over, Attempt::Ended)).await;

    let second = opened(&*store, 2, "shop", "A-1").await;
    assert_eq!(second.progress.request_used, RequestUsed::Yes);
    let mut again = change(&second, State::Sending, begins);
    again.seen = Some(seen(OrderStatus::Paid, 60));
    let error = suite.open().advance(again).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::OnceUsed);
    assert_eq!(
        error.to_string(),
        "a cancel request for order A-1 at shop has been sent before, and this gateway takes one per order"
    );
    assert_eq!(
        store.cancellation(second.id).await.unwrap().unwrap(),
        second
    );
    assert_eq!(store.log(second.id).await.unwrap().len(), 1);
    assert_eq!(store.order(&second.key).await.unwrap().unwrap().seen, None);
}

/// A request that never left gives the orders turn back.
pub async fn a_request_that_never_left_gives_the_orders_turn_back(suite: &Suite<'_>) {
    let store = suite.open();
    let begins = Attempt::Begins(Repeat::Once);
    let first = opened(&*store, 1, "shop", "A-1").await;
    let first = stored(&*store, change(&first, State::Sending, begins)).await;
    let first = stored(
        &*store,
        change(&first, State::Requested, Attempt::TakenBack),
    )
    .await;
    // By the same cancellation, and by a later one.
    let first = stored(&*store, change(&first, State::Sending, begins)).await;
    let over = State::Done(Outcome::ResolvedNotCancelled);
    stored(&*store, change(&first, over, Attempt::TakenBack)).await;
    let second = opened(&*store, 2, "shop", "A-1").await;
    assert_eq!(second.progress.request_used, RequestUsed::No);
    stored(&*store, change(&second, State::Sending, begins)).await;
}

/// Where a repeat is harmless every attempt is written down.
pub async fn where_a_repeat_is_harmless_every_attempt_is_written_down(suite: &Suite<'_>) {
    let store = suite.open();
    let mut record = opened(&*store, 1, "shop", "A-1").await;
    for attempts in 1..=3 {
        let begins = Attempt::Begins(Repeat::Harmless);
        record = stored(&*store, change(&record, State::Sending, begins)).await;
        assert_eq!(record.progress.attempts, attempts);
        record = stored(&*store, change(&record, State::InDoubt, Attempt::Ended)).await;
    }
}

/// The log tells everything in order and without holes.
pub async fn the_log_tells_everything_in_order_and_without_holes(suite: &Suite<'_>) {
    let store = suite.open();
    let record = opened(&*store, 1, "shop", "A-1").await;
    opened(&*store, 2, "shop", "A-2").await;
    let stale = change(&record, State::InDoubt, Attempt::Unchanged);
    suite.set_clock(60);
    let doubt = stored(&*store, stale.clone()).await;
    store.advance(stale).await.unwrap();
    let over = State::Done(Outcome::Confirmed);
    stored(&*store, change(&doubt, over, Attempt::Unchanged)).await;

    let log = suite.open().log(record.id).await.unwrap();
    let numbers: Vec<_> = log.iter().map(|entry| entry.number).collect();
    assert_eq!(numbers, [1, 2, 3]);
    let states: Vec<_> = log
        .iter()
        .map(|e| (e.from.as_deref(), e.to.as_str()))
        .collect();
    assert_eq!(
        states,
        [
            (None, "requested"),
            (Some("requested"), "in_doubt"),
            (Some("in_doubt"), "done: confirmed"),
        ]
    );
    assert_eq!(
        (log[0].event.as_str(), log[0].actor.as_str()),
        ("requested", "amina")
    );
    assert_eq!(log[0].detail.as_deref(), Some("checkout abandoned"));
    assert_eq!(
        (log[1].event.as_str(), log[1].actor.as_str()),
        ("unclear", "w1")
    );
    assert_eq!((log[0].at, log[1].at), (noon(), at(60)));
}

/// A report gives each cancellation once page by page.
pub async fn a_report_gives_each_cancellation_once_page_by_page(suite: &Suite<'_>) {
    let store = suite.open();
    // Several of one instant, so that the page's edge falls between equals.
    for number in 1..=7 {
        let order = format!("A-{number}");
        suite.set_clock(i64::from(number > 4));
        opened(&*store, number, "shop", &order).await;
    }
    suite.set_clock(2);
    opened(&*store, 8, "other", "A-1").await;
    let mut page = ReportPage {
        account: Some(account("shop")),
        limit: 3,
        ..ReportPage::default()
    };
    let (mut found, mut sizes) = (Vec::new(), Vec::new());
    loop {
        let records = suite.open().report(page.clone()).await.unwrap();
        sizes.push(records.len());
        let Some(last) = records.last() else { break };
        page.after = Some((last.created_at, last.id));
        found.extend(records.iter().map(|record| record.id));
    }
    assert_eq!(sizes, [3, 3, 1, 0]);
    assert_eq!(found, (1..=7).map(id).collect::<Vec<_>>());

    let all = ReportPage {
        limit: 100,
        ..ReportPage::default()
    };
    assert_eq!(store.report(all.clone()).await.unwrap().len(), 8);
    let record = store.cancellation(id(2)).await.unwrap().unwrap();
    suite.set_clock(60);
    stored(&*store, change(&record, State::InDoubt, Attempt::Unchanged)).await;
    let changed = store
        .report(ReportPage {
            which: ReportFilter::All,
            since: Some(at(60)),
            ..all
        })
        .await
        .unwrap();
    assert_eq!(changed.iter().map(|r| r.id).collect::<Vec<_>>(), [id(2)]);
}

/// A report can be limited to a time, an order, a state, an outcome or a finding.
pub async fn a_report_gives_only_what_its_filters_fit(suite: &Suite<'_>) {
    let store = suite.open();
    let mut named = order("shop", "A-1");
    named.reference = Some("REF-1".to_owned());
    named.shop_order = Some("17".to_owned());
    store.track(vec![named]).await.unwrap();
    for number in 1..=3 {
        suite.set_clock(1);
        opened(&*store, number, "shop", &format!("A-{number}")).await;
    }
    let record = store.cancellation(id(2)).await.unwrap().unwrap();
    suite.set_clock(60);
    stored(&*store, change(&record, State::InDoubt, Attempt::Unchanged)).await;
    let record = store.cancellation(id(3)).await.unwrap().unwrap();
    let done = State::Done(Outcome::Confirmed);
    let mut late = change(&record, done, Attempt::Unchanged);
    late.change.next.finding = Some(Finding::LatePayment);
    stored(&*store, late).await;

    let all = ReportPage {
        limit: 100,
        ..ReportPage::default()
    };
    let text = |text: &str| Some(text.to_owned());
    let with = |edit: &dyn Fn(&mut ReportPage)| {
        let mut page = all.clone();
        edit(&mut page);
        page
    };
    for (page, expected) in [
        (with(&|it| it.until = Some(at(30))), &[1_u128][..]),
        (with(&|it| it.since = Some(at(30))), &[2, 3]),
        (with(&|it| it.order = text("A-2")), &[2]),
        (with(&|it| it.order = text("REF-1")), &[1]),
        (with(&|it| it.order = text("17")), &[1]),
        (with(&|it| it.order = text("A")), &[]),
        (with(&|it| it.state = text("in_doubt")), &[2]),
        (with(&|it| it.state = text("done")), &[3]),
        (with(&|it| it.outcome = text("confirmed")), &[3]),
        (with(&|it| it.outcome = text("refused")), &[]),
        (with(&|it| it.finding = text("late_payment")), &[3]),
        (with(&|it| it.finding = text("paid_twice")), &[]),
        (
            with(&|it| {
                it.which = ReportFilter::Pending;
                it.state = text("in_doubt");
            }),
            &[2],
        ),
    ] {
        let found = store.report(page.clone()).await.unwrap();
        let found: Vec<_> = found.iter().map(|record| record.id).collect();
        let expected: Vec<_> = expected.iter().copied().map(id).collect();
        assert_eq!(found, expected, "{page:?}");
    }
}

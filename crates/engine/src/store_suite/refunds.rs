//! What every store must do about refunds, whatever database is behind it.

use crate::AmountCheck;
use crate::refunds::{
    BeginRefund, PendingRefunds, RefundEvent, RefundFinding, RefundIntent, RefundOutcome,
    RefundProgress, RefundResolution, RefundState, RefundTerms, RefundUpdate, RefundUpdateResult,
};
use crate::store::Claim;
use crate::{OrderKey, Refund, RefundStore, StoreErrorKind};
use duka_core::{Money, OrderStatus, RefundId};

use super::changes::seen;
use super::{MINUTE, Suite, account, at, key, order};

/// The id of a refund.
pub fn refund_id(number: u128) -> RefundId {
    RefundId::from_uuid(uuid::Uuid::from_u128(number))
}

/// A refund request about to be sent, by the worker `w1`.
pub fn intent(number: u128, key: OrderKey) -> RefundIntent {
    RefundIntent {
        id: refund_id(number),
        key,
        actor: "amina".to_owned(),
        terms: RefundTerms {
            acknowledgement: None,
            money: Money::parse("1500.00", "KES").unwrap(),
            confirmation_code: Some("R-17".to_owned()),
            username: "amina@shop.example".to_owned(),
            remarks: "came back torn; à demi".to_owned(),
        },
        claim: Claim::new("w1", 2 * MINUTE),
    }
}

/// Follows an order that has been seen paid.
pub async fn paid(store: &dyn RefundStore, account: &str, id: &str) -> OrderKey {
    store.track(vec![order(account, id)]).await.unwrap();
    let key = key(account, id);
    let paid = seen(OrderStatus::Paid, 0);
    store
        .observe(&key, paid, AmountCheck::Compare, "w1")
        .await
        .unwrap();
    key
}

/// A refund of a paid order whose request is on its way.
pub async fn begun(store: &dyn RefundStore, number: u128, id: &str) -> Refund {
    let key = paid(store, "shop", id).await;
    let begun = store.begin_refund(intent(number, key)).await.unwrap();
    let BeginRefund::New(refund) = begun else {
        panic!("{id}: {begun:?}");
    };
    refund
}

/// EVENTS.
pub const EVENTS: [RefundEvent; 9] = [
    RefundEvent::Received,
    RefundEvent::Refused,
    RefundEvent::NotSent,
    RefundEvent::Unauthenticated,
    RefundEvent::Unclear,
    RefundEvent::LeaseLapsed,
    RefundEvent::SeenReversed,
    RefundEvent::Resolved(RefundResolution::Received),
    RefundEvent::Resolved(RefundResolution::NotReceived),
];

/// What follows from an event, as a worker would write it.
pub fn by(worker: &str, refund: &Refund, event: RefundEvent) -> RefundUpdate {
    let change = RefundUpdate::after(refund, event, "so it went", worker);
    change.unwrap_or_else(|| panic!("{event:?} says nothing to {:?}", refund.progress.state))
}

/// Brings a refund to a state, by whatever leads there.
pub async fn led(store: &dyn RefundStore, refund: &Refund, to: RefundState) -> Refund {
    if refund.progress.state == to {
        return refund.clone();
    }
    let leads =
        |event: &RefundEvent| duka_core::refund::step(refund.progress.state, *event) == Some(to);
    // A person decides about doubt alone.
    let event = EVENTS.into_iter().find(leads);
    let doubted = advanced(
        store,
        by("w1", refund, event.unwrap_or(RefundEvent::Unclear)),
    )
    .await;
    if event.is_some() {
        return doubted;
    }
    let leads =
        |event: &RefundEvent| duka_core::refund::step(doubted.progress.state, *event) == Some(to);
    let event = EVENTS.into_iter().find(leads).unwrap();
    advanced(store, by("amina", &doubted, event)).await
}

/// Writes an update, which has to be stored.
pub async fn advanced(store: &dyn RefundStore, change: RefundUpdate) -> Refund {
    match store.advance_refund(change).await.unwrap() {
        RefundUpdateResult::Stored(refund) => refund,
        RefundUpdateResult::Conflict(refund) => {
            panic!("another worker has written first: {refund:?}")
        }
        RefundUpdateResult::PreconditionFailed(()) => panic!("its worker holds the lease"),
    }
}

const fn done(outcome: RefundOutcome) -> RefundState {
    RefundState::Done(outcome)
}

/// An intent is kept with all that it says.
pub async fn an_intent_is_kept_with_all_that_it_says(suite: &Suite<'_>) {
    let refund = begun(&*suite.open(), 1, "A-1").await;
    assert_eq!(refund.progress.state, RefundState::Sending);
    assert_eq!(refund.version, 1);
    assert_eq!(refund.worker.as_deref(), Some("w1"));
    assert_eq!(refund.due_at, Some(at(120)));
    assert_eq!(refund.terms.remarks, "came back torn; à demi");
    assert_eq!(refund.terms.money, Money::parse("1500.00", "KES").unwrap());
    let kept = suite.open().refund(refund.id).await.unwrap();
    assert_eq!(kept.as_ref(), Some(&refund));
    assert_eq!(
        suite.open().refunds_of(&refund.key).await.unwrap(),
        [refund]
    );
    assert_eq!(suite.open().refund(refund_id(7)).await.unwrap(), None);
}

/// An intent needs an order that was seen paid.
pub async fn an_intent_needs_an_order_that_was_seen_paid(suite: &Suite<'_>) {
    let store = suite.open();
    let of = key("shop", "A-1");
    let begin = || store.begin_refund(intent(1, of.clone()));
    let error = begin().await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::UnknownOrder);
    store.track(vec![order("shop", "A-1")]).await.unwrap();
    assert!(matches!(begin().await.unwrap(), BeginRefund::NotPaid(None)));
    for status in [
        OrderStatus::Unpaid,
        OrderStatus::Cancelled,
        OrderStatus::Paid,
        OrderStatus::Reversed,
    ] {
        let sight = seen(status.clone(), 0);
        store
            .observe(&of, sight, AmountCheck::Compare, "w1")
            .await
            .unwrap();
        if status != OrderStatus::Paid {
            let begun = begin().await.unwrap();
            let BeginRefund::NotPaid(Some(found)) = begun else {
                panic!("{status}: {begun:?}");
            };
            assert_eq!(found, status);
        }
    }
    assert_eq!(store.refunds_of(&of).await.unwrap(), []);
}

/// A second request of a payment cannot be written down.
pub async fn a_second_request_of_a_payment_cannot_be_written_down(suite: &Suite<'_>) {
    for (number, state) in [
        RefundState::Sending,
        RefundState::InDoubt,
        done(RefundOutcome::Received),
        done(RefundOutcome::Refused),
        done(RefundOutcome::Reversed),
        done(RefundOutcome::ResolvedReceived),
    ]
    .into_iter()
    .enumerate()
    {
        let (store, id) = (suite.open(), format!("A-{number}"));
        let number = 10 * u128::try_from(number).unwrap();
        let mut first = begun(&*store, number, &id).await;
        if state != RefundState::Sending {
            first = led(&*store, &first, state).await;
        }
        // Whatever the account is called.
        for (n, account) in ["shop", "shop-new"].into_iter().enumerate() {
            let key = paid(&*store, account, &id).await;
            let n = u128::try_from(n).unwrap();
            let again = store
                .begin_refund(intent(number + 1 + n, key))
                .await
                .unwrap();
            let BeginRefund::AlreadyRequested(refund) = again else {
                panic!("{state:?}: {again:?}");
            };
            assert_eq!(refund, first);
        }
        let found = store.earlier_refund(&first.gateway, &first.key.order);
        assert_eq!(found.await.unwrap(), Some(first));
    }
}

/// A request that never left makes room for another.
pub async fn a_request_that_never_left_makes_room_for_another(suite: &Suite<'_>) {
    let store = suite.open();
    for (number, outcome) in [RefundOutcome::NotSent, RefundOutcome::ResolvedNotReceived]
        .into_iter()
        .enumerate()
    {
        let id = format!("A-{number}");
        let number = 10 * u128::try_from(number).unwrap();
        let first = begun(&*store, number, &id).await;
        let first = led(&*store, &first, done(outcome)).await;
        assert!(first.progress.state.allows_another_request());
        let found = store.earlier_refund(&first.gateway, &first.key.order);
        assert_eq!(found.await.unwrap(), None);
        let second = begun(&*store, number + 1, &id).await;
        let both = store.refunds_of(&first.key).await.unwrap();
        assert_eq!(both, [first.clone(), second]);
        // The first one cannot take the payment back from the second.
        if outcome == RefundOutcome::ResolvedNotReceived {
            let back = store.advance_refund(by("w1", &first, RefundEvent::Received));
            assert_eq!(back.await.unwrap_err().kind(), StoreErrorKind::OnceUsed);
        }
        assert_eq!(store.refund(first.id).await.unwrap(), Some(first));
    }
}

/// A late answer is a finding where another request has the payment.
pub async fn a_late_answer_is_a_finding_where_another_request_has_the_payment(suite: &Suite<'_>) {
    let store = suite.open();
    let late = |refund: &Refund| {
        let event = RefundEvent::Received;
        RefundUpdate::double_request(refund, event, "answered received: so", "w1")
    };
    let first = begun(&*store, 1, "A-1").await;
    assert!(late(&first).is_none(), "no other request can be there");
    let resolved = done(RefundOutcome::ResolvedNotReceived);
    let first = led(&*store, &first, resolved).await;
    let second = begun(&*store, 2, "A-1").await;
    let found = advanced(&*store, late(&first).unwrap()).await;
    assert_eq!(
        (found.progress.state, found.version),
        (resolved, first.version + 1)
    );
    assert_eq!(found.progress.finding, Some(RefundFinding::DoubleRequest));
    let last = store.refund_log(first.id).await.unwrap().pop().unwrap();
    assert_eq!(last.event, "answered_received");
    let same = "done: resolved_not_received";
    assert_eq!((last.from.as_deref(), &*last.to), (Some(same), same));
    let detail = last.detail.unwrap();
    assert!(detail.starts_with("answered received: so; "), "{detail}");
    assert!(detail.contains("another refund request"), "{detail}");
    // It is listed, beside the one that is on its way, which stands in the way first.
    let page = PendingRefunds {
        limit: 10,
        ..PendingRefunds::default()
    };
    let listed = store.pending_refunds(page.clone()).await.unwrap();
    assert_eq!(listed, [found.clone(), second.clone()]);
    let already_requested = || store.earlier_refund(&first.gateway, &first.key.order);
    assert_eq!(already_requested().await.unwrap(), Some(second.clone()));

    // If the second was never sent, the gateway still has the first: no third is sent.
    led(&*store, &second, done(RefundOutcome::NotSent)).await;
    assert_eq!(already_requested().await.unwrap(), Some(found.clone()));
    let third = || store.begin_refund(intent(3, first.key.clone()));
    let begun = third().await.unwrap();
    assert!(
        matches!(&begun, BeginRefund::AlreadyRequested(it) if *it == found),
        "{begun:?}"
    );

    let closing = |refund: &Refund| RefundUpdate::acknowledged(refund, "amina", "seen");
    assert!(closing(&first).is_none(), "there is no finding yet");
    let closed = advanced(&*store, closing(&found).unwrap()).await;
    assert_eq!(
        (closed.progress.state, closed.progress.finding),
        (resolved, None)
    );
    assert_eq!(store.pending_refunds(page).await.unwrap(), []);
    assert!(matches!(third().await.unwrap(), BeginRefund::New(_)));
}

/// A change is made by the rules alone.
pub async fn a_change_is_made_by_the_rules_alone(suite: &Suite<'_>) {
    let store = suite.open();
    let refund = begun(&*store, 1, "A-1").await;
    let received = led(&*store, &refund, done(RefundOutcome::Received)).await;
    for refund in [refund, received] {
        for event in EVENTS {
            let update = RefundUpdate::after(&refund, event, "so it went", "w1");
            let next = update.map(|it| it.change().next);
            let state = duka_core::refund::step(refund.progress.state, event);
            let finding = None;
            let wanted = state.map(|state| RefundProgress {
                state,
                finding,
                acknowledged: None,
            });
            assert_eq!(next, wanted, "{event:?}");
        }
    }
}

/// One payments request is not in anothers way.
pub async fn one_payments_request_is_not_in_anothers_way(suite: &Suite<'_>) {
    let store = suite.open();
    let first = begun(&*store, 1, "A-1").await;
    let second = begun(&*store, 2, "A-2").await;
    assert_ne!(first.key, second.key);
}

/// A refund made from an old version writes nothing.
pub async fn a_refund_made_from_an_old_version_writes_nothing(suite: &Suite<'_>) {
    let store = suite.open();
    let first = begun(&*store, 1, "A-1").await;
    suite.set_clock(60);
    let second = led(&*store, &first, RefundState::InDoubt).await;
    assert_eq!(second.version, 2);
    assert_eq!((second.due_at, second.worker.as_deref()), (None, None));
    assert_eq!(second.updated_at, at(60));
    let late = by("w1", &first, RefundEvent::Received);
    match store.advance_refund(late).await.unwrap() {
        RefundUpdateResult::Conflict(now) => assert_eq!(now, second),
        RefundUpdateResult::Stored(refund) => panic!("{refund:?}"),
        RefundUpdateResult::PreconditionFailed(()) => panic!("the lease does not matter"),
    }
    assert_eq!(store.refund_log(first.id).await.unwrap().len(), 2);
    let mut unknown = second;
    unknown.id = refund_id(7);
    let received = by("w1", &unknown, RefundEvent::Received);
    let error = store.advance_refund(received).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Internal);
}

/// A refunds log tells everything in order.
pub async fn a_refunds_log_tells_everything_in_order(suite: &Suite<'_>) {
    let store = suite.open();
    let refund = begun(&*store, 1, "A-1").await;
    let refund = led(&*store, &refund, RefundState::InDoubt).await;
    led(&*store, &refund, done(RefundOutcome::Received)).await;
    let log = suite.open().refund_log(refund.id).await.unwrap();
    let lines: Vec<_> = log
        .iter()
        .map(|it| (it.number, it.from.as_deref(), it.to.as_str()))
        .collect();
    assert_eq!(
        lines,
        [
            (1, None, "sending"),
            (2, Some("sending"), "in_doubt"),
            (3, Some("in_doubt"), "done: received")
        ]
    );
    assert_eq!(log[0].actor, "amina");
    assert_eq!(
        log[0].detail.as_deref(),
        Some("1500.00 KES: came back torn; à demi")
    );
}

/// Money seen to go back ends what waits for it.
pub async fn money_seen_to_go_back_ends_what_waits_for_it(suite: &Suite<'_>) {
    let store = suite.open();
    for (number, state, ends) in [
        (1, RefundState::InDoubt, true),
        (2, done(RefundOutcome::Received), true),
        (3, done(RefundOutcome::Refused), false),
        (4, done(RefundOutcome::NotSent), false),
    ] {
        let refund = begun(&*store, number, &format!("A-{number}")).await;
        let refund = led(&*store, &refund, state).await;
        let back = seen(OrderStatus::Reversed, 90);
        store
            .observe(&refund.key, back, AmountCheck::Compare, "w2")
            .await
            .unwrap();
        let now = store.refund(refund.id).await.unwrap().unwrap();
        let reversed = done(RefundOutcome::Reversed);
        assert_eq!(now.progress.state, if ends { reversed } else { state });
        let last = store.refund_log(refund.id).await.unwrap().pop().unwrap();
        assert_eq!(last.actor == "w2", ends);
    }
    // What is on its way is its worker's to tell of, until its claim has lapsed by the clock
    // of the store, whatever the clock of the worker that saw it says.
    let sending = begun(&*store, 5, "A-5").await;
    for (seconds, outcome) in [(119, None), (120, Some(RefundOutcome::Reversed))] {
        suite.set_clock(seconds);
        let back = seen(OrderStatus::Reversed, 500);
        store
            .observe(&sending.key, back, AmountCheck::Compare, "w2")
            .await
            .unwrap();
        let now = store.refund(sending.id).await.unwrap().unwrap();
        assert_eq!(now.progress.state.outcome(), outcome, "after {seconds} s");
    }
}

/// What is not over is listed page by page.
pub async fn what_is_not_over_is_listed_page_by_page(suite: &Suite<'_>) {
    let store = suite.open();
    for number in 0..6 {
        let account = if number < 5 { "shop" } else { "other" };
        let key = paid(&*store, account, &format!("A-{number}")).await;
        suite.set_clock(i64::try_from(number).unwrap());
        let begun = store.begin_refund(intent(number, key)).await.unwrap();
        let BeginRefund::New(refund) = begun else {
            panic!("{number}");
        };
        match number {
            1 => led(&*store, &refund, RefundState::InDoubt).await,
            2 => led(&*store, &refund, done(RefundOutcome::Received)).await,
            _ => refund,
        };
    }
    let mut page = PendingRefunds {
        account: Some(account("shop")),
        after: None,
        limit: 2,
    };
    let mut found = Vec::new();
    loop {
        let refunds = store.pending_refunds(page.clone()).await.unwrap();
        let Some(last) = refunds.last() else { break };
        page.after = Some((last.created_at, last.id));
        found.extend(refunds.iter().map(|it| it.key.order.to_string()));
    }
    assert_eq!(found, ["A-0", "A-1", "A-3", "A-4"]);
    page = PendingRefunds {
        limit: 10,
        ..PendingRefunds::default()
    };
    assert_eq!(store.pending_refunds(page).await.unwrap().len(), 5);
}

/// A lease ends by the clock of the store alone.
pub async fn a_lease_on_a_refund_ends_by_the_clock_of_the_store(suite: &Suite<'_>) {
    let store = suite.open();
    let sending = begun(&*store, 1, "A-1").await;
    let lapsed = || by("w2", &sending, RefundEvent::LeaseLapsed);
    suite.set_clock(119);
    let early = store.advance_refund(lapsed()).await.unwrap();
    let held = matches!(early, RefundUpdateResult::PreconditionFailed(()));
    assert!(held, "{early:?}");
    assert_eq!(store.refund(sending.id).await.unwrap().unwrap(), sending);
    suite.set_clock(120);
    let doubted = advanced(&*store, lapsed()).await;
    assert_eq!(doubted.progress.state, RefundState::InDoubt);
}

/// A claim of a wrong clock is lapsed.
pub async fn a_claim_of_a_wrong_clock_is_lapsed(suite: &Suite<'_>) {
    let mut refund = begun(&*suite.open(), 1, "A-1").await;
    assert!(!refund.is_lapsed(at(119)));
    assert!(refund.is_lapsed(at(120)));
    refund.due_at = Some(at(3600 * 24 * 300));
    assert!(refund.is_lapsed(at(0)));
    refund.progress.state = RefundState::InDoubt;
    assert!(!refund.is_lapsed(at(0)));
}

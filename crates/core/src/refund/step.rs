//! The rules of a refund request that is sent once: one pure, exhaustive function.

use super::state::{RefundEvent, RefundOutcome, RefundResolution, RefundState};

/// The state after `event`; `None` if the event changes nothing in this state.
///
/// A readable answer, or the proof that nothing was sent, is evidence: it replaces doubt, and
/// also what an operator has decided meanwhile. Only *sending* becomes *in doubt*, and no
/// state leads back to *sending*.
#[must_use]
pub const fn step(state: RefundState, event: RefundEvent) -> Option<RefundState> {
    use RefundOutcome as To;
    let unanswered = match state {
        RefundState::Sending | RefundState::InDoubt => true,
        RefundState::Done(outcome) => match outcome {
            To::ResolvedReceived | To::ResolvedNotReceived => true,
            To::Received | To::Refused | To::NotSent | To::Reversed => false,
        },
    };
    let outcome = match event {
        RefundEvent::Unclear | RefundEvent::LeaseLapsed => {
            return match state {
                RefundState::Sending => Some(RefundState::InDoubt),
                RefundState::InDoubt | RefundState::Done(_) => None,
            };
        }
        RefundEvent::Received if unanswered => To::Received,
        RefundEvent::Refused if unanswered => To::Refused,
        // The request that an operator has found may come from elsewhere: it keeps the
        // payment although ours was never sent.
        RefundEvent::NotSent | RefundEvent::Unauthenticated
            if unanswered && !matches!(state, RefundState::Done(To::ResolvedReceived)) =>
        {
            To::NotSent
        }
        RefundEvent::Received
        | RefundEvent::Refused
        | RefundEvent::NotSent
        | RefundEvent::Unauthenticated => return None,
        RefundEvent::SeenReversed => match state {
            RefundState::Sending | RefundState::InDoubt => To::Reversed,
            RefundState::Done(To::Received | To::ResolvedReceived) => To::Reversed,
            // The money went back in another way; the outcome of this request stays.
            RefundState::Done(
                To::Refused | To::NotSent | To::ResolvedNotReceived | To::Reversed,
            ) => {
                return None;
            }
        },
        RefundEvent::Resolved(resolution) => match (state, resolution) {
            // The gateway may have refused a second request, and may have the first.
            (RefundState::InDoubt | RefundState::Done(To::Refused), RefundResolution::Received) => {
                To::ResolvedReceived
            }
            (
                RefundState::InDoubt | RefundState::Done(To::Refused),
                RefundResolution::NotReceived,
            ) => To::ResolvedNotReceived,
            (
                RefundState::Sending
                | RefundState::Done(
                    To::Received
                    | To::NotSent
                    | To::Reversed
                    | To::ResolvedReceived
                    | To::ResolvedNotReceived,
                ),
                _,
            ) => return None,
        },
    };
    Some(RefundState::Done(outcome))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATES: [RefundState; 8] = [
        RefundState::Sending,
        RefundState::InDoubt,
        RefundState::Done(RefundOutcome::ALL[0]),
        RefundState::Done(RefundOutcome::ALL[1]),
        RefundState::Done(RefundOutcome::ALL[2]),
        RefundState::Done(RefundOutcome::ALL[3]),
        RefundState::Done(RefundOutcome::ALL[4]),
        RefundState::Done(RefundOutcome::ALL[5]),
    ];

    const EVENTS: [RefundEvent; 9] = [
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

    #[test]
    fn the_whole_table() {
        let mut lines = Vec::new();
        for state in STATES {
            for event in EVENTS {
                if let Some(next) = step(state, event) {
                    let (from, to) = (state.words(), next.words());
                    lines.push(format!("{from} + {} -> {to}", event.as_str()));
                }
            }
        }
        insta::assert_snapshot!(lines.join("\n"), @r"
        sending + answered_received -> done: received
        sending + answered_refused -> done: refused
        sending + not_sent -> done: not_sent
        sending + turned_away -> done: not_sent
        sending + unclear -> in_doubt
        sending + lease_lapsed -> in_doubt
        sending + seen_reversed -> done: reversed
        in_doubt + answered_received -> done: received
        in_doubt + answered_refused -> done: refused
        in_doubt + not_sent -> done: not_sent
        in_doubt + turned_away -> done: not_sent
        in_doubt + seen_reversed -> done: reversed
        in_doubt + resolved_received -> done: resolved_received
        in_doubt + resolved_not_received -> done: resolved_not_received
        done: received + seen_reversed -> done: reversed
        done: refused + resolved_received -> done: resolved_received
        done: refused + resolved_not_received -> done: resolved_not_received
        done: resolved_received + answered_received -> done: received
        done: resolved_received + answered_refused -> done: refused
        done: resolved_received + seen_reversed -> done: reversed
        done: resolved_not_received + answered_received -> done: received
        done: resolved_not_received + answered_refused -> done: refused
        done: resolved_not_received + not_sent -> done: not_sent
        done: resolved_not_received + turned_away -> done: not_sent
        ");
    }

    #[test]
    fn nothing_leads_back_to_sending() {
        for state in STATES {
            for event in EVENTS {
                assert_ne!(step(state, event), Some(RefundState::Sending));
            }
        }
    }

    #[test]
    fn only_proof_or_a_person_makes_room_for_another_request() {
        for state in STATES {
            for event in EVENTS {
                let freed = step(state, event).is_some_and(RefundState::allows_another_request);
                let proof = matches!(event, RefundEvent::NotSent | RefundEvent::Unauthenticated);
                let person = event == RefundEvent::Resolved(RefundResolution::NotReceived);
                assert!(!freed || proof || person, "{state:?} {event:?}");
            }
        }
    }

    #[test]
    fn every_state_is_read_as_it_is_written() {
        for state in STATES {
            let outcome = state.outcome().map(RefundOutcome::as_str);
            assert_eq!(
                RefundState::from_words(state.as_str(), outcome),
                Some(state)
            );
        }
        assert_eq!(RefundState::from_words("done", None), None);
        assert_eq!(RefundState::from_words("sending", Some("received")), None);
        assert_eq!(RefundState::from_words("done", Some("paid")), None);
    }
}

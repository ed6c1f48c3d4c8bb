//! Where a refund request stands, and what may follow: one pure table.

/// Where a refund request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefundState {
    /// Written down; from here on it may have left.
    Sending,
    /// It may have arrived and it may not.
    InDoubt,
    /// Nothing is left to do here.
    Done(RefundOutcome),
}

/// How a refund request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefundOutcome {
    /// The gateway has the request. The merchant approves it elsewhere; the money has not
    /// gone back yet.
    Received,
    /// The gateway did not take it. Whether that used up the one request is not known.
    Refused,
    /// Proved not to have been looked at.
    NotSent,
    /// The status of the order shows that the money went back.
    Reversed,
    /// A person has found the request at the gateway.
    ResolvedReceived,
    /// A person has found that there is none.
    ResolvedNotReceived,
}

/// What happens to a refund request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefundEvent {
    /// The gateway answered that it has the request.
    Received,
    /// The gateway answered that it has not.
    Refused,
    /// It is proved that the request did not leave.
    NotSent,
    /// The gateway refused the credentials and looked no further.
    Unauthenticated,
    /// No readable, listed answer came.
    Unclear,
    /// The worker that was sending it stopped without a word.
    LeaseLapsed,
    /// The status of the order shows that the money went back.
    SeenReversed,
    /// A person has decided.
    Resolved(RefundResolution),
}

/// What a person has found at the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefundResolution {
    /// The request is there.
    Received,
    /// It is not; another one may be made.
    NotReceived,
}

/// What a person has to see to, though nothing is left to do here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefundFinding {
    /// The gateway answered this request after another one of the same payment was made.
    DoubleRequest,
}

impl RefundFinding {
    /// The word used in JSON and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DoubleRequest => "double_request",
        }
    }

    /// Reads what [`RefundFinding::as_str`] writes.
    pub fn from_word(word: &str) -> Option<Self> {
        (word == Self::DoubleRequest.as_str()).then_some(Self::DoubleRequest)
    }
}

impl RefundState {
    /// What follows from `event`; `None` if nothing does.
    ///
    /// A readable answer, or the proof that nothing left, is evidence: it is written over
    /// doubt, and over what a person has decided meanwhile. Doubt is written over nothing
    /// but *sending*, and no state leads back to that.
    #[must_use]
    pub const fn after(self, event: RefundEvent) -> Option<Self> {
        use RefundOutcome as To;
        let unanswered = match self {
            Self::Sending | Self::InDoubt => true,
            Self::Done(outcome) => match outcome {
                To::ResolvedReceived | To::ResolvedNotReceived => true,
                To::Received | To::Refused | To::NotSent | To::Reversed => false,
            },
        };
        let outcome = match event {
            RefundEvent::Unclear | RefundEvent::LeaseLapsed => {
                return match self {
                    Self::Sending => Some(Self::InDoubt),
                    Self::InDoubt | Self::Done(_) => None,
                };
            }
            RefundEvent::Received if unanswered => To::Received,
            RefundEvent::Refused if unanswered => To::Refused,
            // What a person has found at the gateway may be a request from elsewhere: that
            // ours never left makes no room for it.
            RefundEvent::NotSent | RefundEvent::Unauthenticated
                if unanswered && !matches!(self, Self::Done(To::ResolvedReceived)) =>
            {
                To::NotSent
            }
            RefundEvent::Received
            | RefundEvent::Refused
            | RefundEvent::NotSent
            | RefundEvent::Unauthenticated => return None,
            RefundEvent::SeenReversed => match self {
                Self::Sending | Self::InDoubt => To::Reversed,
                Self::Done(To::Received | To::ResolvedReceived) => To::Reversed,
                // Another hand gave the money back; what became of this request stands.
                Self::Done(To::Refused | To::NotSent | To::ResolvedNotReceived | To::Reversed) => {
                    return None;
                }
            },
            RefundEvent::Resolved(resolution) => match (self, resolution) {
                // A refusal may be of a second request, with the first one at the gateway.
                (Self::InDoubt | Self::Done(To::Refused), RefundResolution::Received) => {
                    To::ResolvedReceived
                }
                (Self::InDoubt | Self::Done(To::Refused), RefundResolution::NotReceived) => {
                    To::ResolvedNotReceived
                }
                (
                    Self::Sending
                    | Self::Done(
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
        Some(Self::Done(outcome))
    }

    /// Whether another request may be made for the same payment. The words of these states
    /// stand in the index that refuses one otherwise.
    pub const fn allows_another_request(self) -> bool {
        match self {
            Self::Sending | Self::InDoubt => false,
            Self::Done(outcome) => match outcome {
                RefundOutcome::NotSent | RefundOutcome::ResolvedNotReceived => true,
                RefundOutcome::Received
                | RefundOutcome::Refused
                | RefundOutcome::Reversed
                | RefundOutcome::ResolvedReceived => false,
            },
        }
    }

    /// The word used in JSON and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sending => "sending",
            Self::InDoubt => "in_doubt",
            Self::Done(_) => "done",
        }
    }

    /// How it ended, if it did.
    pub const fn outcome(self) -> Option<RefundOutcome> {
        match self {
            Self::Sending | Self::InDoubt => None,
            Self::Done(outcome) => Some(outcome),
        }
    }

    /// Reads what [`RefundState::as_str`] and [`RefundOutcome::as_str`] write.
    pub fn from_words(state: &str, outcome: Option<&str>) -> Option<Self> {
        match (state, outcome) {
            ("sending", None) => Some(Self::Sending),
            ("in_doubt", None) => Some(Self::InDoubt),
            ("done", Some(word)) => {
                let outcome = RefundOutcome::ALL
                    .into_iter()
                    .find(|it| it.as_str() == word);
                outcome.map(Self::Done)
            }
            _ => None,
        }
    }

    /// Its words in the log: `in_doubt`, or `done: received`.
    pub(crate) fn words(self) -> String {
        match self.outcome() {
            None => self.as_str().to_owned(),
            Some(outcome) => format!("done: {}", outcome.as_str()),
        }
    }

    /// What it means, to follow what was learnt.
    pub(crate) const fn meaning(self) -> &'static str {
        match self {
            Self::Sending => "a refund request is being sent",
            Self::InDoubt => {
                "whether the gateway has the request is not known, and it is not sent again by itself"
            }
            Self::Done(outcome) => match outcome {
                RefundOutcome::Received => {
                    "received, not refunded yet: the merchant approves it in the dashboard"
                }
                RefundOutcome::Refused => {
                    "not taken by the gateway; whether this used up the one request of the payment is not known"
                }
                RefundOutcome::NotSent => "nothing has been asked of the gateway",
                RefundOutcome::Reversed => "the money has gone back",
                RefundOutcome::ResolvedReceived => {
                    "decided by a person: the gateway has the request"
                }
                RefundOutcome::ResolvedNotReceived => {
                    "decided by a person: the gateway has no request, and another may be made"
                }
            },
        }
    }
}

impl RefundOutcome {
    /// Every outcome.
    pub const ALL: [Self; 6] = [
        Self::Received,
        Self::Refused,
        Self::NotSent,
        Self::Reversed,
        Self::ResolvedReceived,
        Self::ResolvedNotReceived,
    ];

    /// The word used in JSON and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Refused => "refused",
            Self::NotSent => "not_sent",
            Self::Reversed => "reversed",
            Self::ResolvedReceived => "resolved_received",
            Self::ResolvedNotReceived => "resolved_not_received",
        }
    }
}

impl RefundEvent {
    /// Its name in the log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "answered_received",
            Self::Refused => "answered_refused",
            Self::NotSent => "not_sent",
            Self::Unauthenticated => "turned_away",
            Self::Unclear => "unclear",
            Self::LeaseLapsed => "lease_lapsed",
            Self::SeenReversed => "seen_reversed",
            Self::Resolved(RefundResolution::Received) => "resolved_received",
            Self::Resolved(RefundResolution::NotReceived) => "resolved_not_received",
        }
    }
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
                if let Some(next) = state.after(event) {
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
                assert_ne!(state.after(event), Some(RefundState::Sending));
            }
        }
    }

    #[test]
    fn only_proof_or_a_person_makes_room_for_another_request() {
        for state in STATES {
            for event in EVENTS {
                let freed = state
                    .after(event)
                    .is_some_and(RefundState::allows_another_request);
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

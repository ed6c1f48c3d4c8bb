//! Phone numbers that decide what a customer does, for test suites that cannot use the control calls.

use crate::customer::{CustomerAct, Race};

/// What a customer does by itself: something at once, or something in the middle of a cancel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// The last digits of the phone number.
    pub(crate) digits: &'static str,
    pub(crate) act: Option<CustomerAct>,
    pub(crate) race: Race,
}

/// The table of docs/emulator.md.
pub(crate) const OUTCOMES: [Outcome; 6] = [
    at_once("990001", CustomerAct::Pay),
    at_once("990002", CustomerAct::Fail),
    at_once("990003", CustomerAct::Process),
    at_once("990004", CustomerAct::Expire),
    in_a_cancel("990005", Race::PaidBefore),
    in_a_cancel("990006", Race::PaidAfter),
];

const fn at_once(digits: &'static str, act: CustomerAct) -> Outcome {
    Outcome {
        digits,
        act: Some(act),
        race: Race::None,
    }
}

const fn in_a_cancel(digits: &'static str, race: Race) -> Outcome {
    Outcome {
        digits,
        act: None,
        race,
    }
}

/// What the customer with this phone number does; None for every other number.
pub(crate) fn by_phone(phone: &str) -> Option<Outcome> {
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    OUTCOMES.into_iter().find(|it| digits.ends_with(it.digits))
}

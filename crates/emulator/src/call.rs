//! What a gateway's operation is given: the request, the state it may change, and the time.

use jiff::Timestamp;

use crate::customer::Race;
use crate::exchange::Received;
use crate::outcomes;
use crate::state::orders::OrderKey;
use crate::state::{Shared, State};
use crate::variants::Behaviour;

/// An authenticated call, with everything it may read and change.
pub(crate) struct Call<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) state: &'a mut State,
    /// As it was when the call was authenticated.
    pub(crate) behaviour: &'a Behaviour,
    pub(crate) received: &'a Received,
    pub(crate) now: Timestamp,
    pub(crate) race: Race,
}

impl Call<'_> {
    /// What the customer of a new order does by itself, just after the reply that tells of the order was made.
    pub(crate) fn begin(&mut self, key: OrderKey, phone: Option<&str>) {
        let Some(outcome) = phone.and_then(outcomes::by_phone) else {
            return;
        };
        self.state.orders.get_mut(key).race = outcome.race;
        if let Some(act) = outcome.act {
            // An act that the order's gateway does not have is left out.
            let _ = self.state.act(key, act, self.now);
        }
    }

    /// The payment in the middle of this cancel: a fault's, or else the customer's own.
    pub(crate) fn race(&self, key: OrderKey) -> Race {
        match self.race {
            Race::None => self.state.orders.get(key).race,
            armed @ (Race::PaidBefore | Race::PaidAfter) => armed,
        }
    }
}

//! What a gateway's operation is given: the request, the state it may change, and the time.

use jiff::Timestamp;

use crate::exchange::Received;
use crate::state::{Shared, State};
use crate::variants::Behaviour;

/// A payment that lands in the middle of a cancel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Race {
    None,
    PaidBefore,
    PaidAfter,
}

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

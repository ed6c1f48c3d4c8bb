//! The mistakes that adapters make, one by one.

/// A mistake that an adapter makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    TakesServerErrorForYes,
    TakesEveryAnswerForYes,
    TakesEveryAnswerForNo,
    TakesSilenceForYes,
    ClaimsNotSent,
    ClaimsTurnedAway,
    BlamesTheCaller,
    SendsTwice,
    SendsTwiceWhenAllIsWell,
    CancelsAsItReads,
    ReadsUnknownAsCancelled,
    ReadsPaidAsUnpaid,
    ReadsFailedAsUnpaid,
    ReadsErrorsAsUnpaid,
    TellsThePaidToBeEligible,
    GivesNoLink,
    WritesIdsAnew,
    SendsOrdersOfNothing,
    SupportsNothing,
    ShowsItsKey,
    ShowsItsKeyInErrors,
    NeverCreates,
    NeverReads,
    SaysRequestsLeftThatDidNot,
}

impl Flaw {
    pub(super) const ALL: [Self; 24] = [
        Self::TakesServerErrorForYes,
        Self::TakesEveryAnswerForYes,
        Self::TakesEveryAnswerForNo,
        Self::TakesSilenceForYes,
        Self::ClaimsNotSent,
        Self::ClaimsTurnedAway,
        Self::BlamesTheCaller,
        Self::SendsTwice,
        Self::SendsTwiceWhenAllIsWell,
        Self::CancelsAsItReads,
        Self::ReadsUnknownAsCancelled,
        Self::ReadsPaidAsUnpaid,
        Self::ReadsFailedAsUnpaid,
        Self::ReadsErrorsAsUnpaid,
        Self::TellsThePaidToBeEligible,
        Self::GivesNoLink,
        Self::WritesIdsAnew,
        Self::SendsOrdersOfNothing,
        Self::SupportsNothing,
        Self::ShowsItsKey,
        Self::ShowsItsKeyInErrors,
        Self::NeverCreates,
        Self::NeverReads,
        Self::SaysRequestsLeftThatDidNot,
    ];
}

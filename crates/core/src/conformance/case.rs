//! The list of cases: each a rule with a name, checked against a bench.

use super::bench::{Bench, Fault};
use super::report::{Report, Verdict};
use super::trial::{Flow, Trial};
use super::{cancels, faults, manners, notifications, orders, refunds};

/// One rule of the suite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    name: String,
    rule: Rule,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    Payable,
    FullIsCreated,
    NewIsEligible,
    OneForm,
    PaidReadsPaid,
    FailedReadsFailed,
    ReadingIsHarmless,
    UnknownHasNoStatus,
    CancelledByOneRequest,
    ShowsCancelled,
    PaidIsNeverCancelled,
    FailedIsCancelled,
    RepeatIsHarmless,
    UnknownIsNeverCancelled,
    RefundedByOneRequest,
    UnpaidIsNeverRefunded,
    RefundThatCannotBe,
    CancelUnder(Fault),
    StatusUnder(Fault),
    CreateUnder(Fault),
    NotificationNamesItsOrder,
    NotificationClaimsNoMore,
    StrangerClaimsNothing,
    RefundUnder(Fault),
    NobodyListens,
    OrderOfNothing,
    FlawedIsNotSent,
    Supports,
    NoSecrets,
}

/// Every rule, in the order in which a reader would ask.
pub fn cases() -> Vec<Case> {
    let case = |name: &str, rule| Case {
        name: name.to_owned(),
        rule,
    };
    let mut cases = vec![
        case("create_gives_an_address_to_pay_at", Rule::Payable),
        case("an_order_with_every_field_is_created", Rule::FullIsCreated),
        case("a_new_order_can_be_cancelled", Rule::NewIsEligible),
        case("an_order_has_one_form_of_its_id", Rule::OneForm),
        case("a_paid_order_reads_paid", Rule::PaidReadsPaid),
        case("a_failed_payment_reads_failed", Rule::FailedReadsFailed),
        case("reading_changes_nothing", Rule::ReadingIsHarmless),
        case("an_unknown_order_has_no_status", Rule::UnknownHasNoStatus),
        case(
            "an_open_order_is_cancelled_by_one_request",
            Rule::CancelledByOneRequest,
        ),
        case(
            "a_cancelled_order_shows_it_where_the_rules_say_so",
            Rule::ShowsCancelled,
        ),
        case(
            "a_paid_order_is_never_cancelled",
            Rule::PaidIsNeverCancelled,
        ),
        case(
            "a_failed_order_is_cancelled_where_the_rules_say_so",
            Rule::FailedIsCancelled,
        ),
        case(
            "a_repeated_cancel_does_no_harm_where_the_rules_say_so",
            Rule::RepeatIsHarmless,
        ),
        case(
            "an_unknown_order_is_never_cancelled",
            Rule::UnknownIsNeverCancelled,
        ),
        case(
            "a_paid_order_is_refunded_by_one_request",
            Rule::RefundedByOneRequest,
        ),
        case(
            "an_unpaid_order_is_never_refunded",
            Rule::UnpaidIsNeverRefunded,
        ),
        case(
            "a_refund_that_cannot_be_is_not_sent",
            Rule::RefundThatCannotBe,
        ),
    ];
    let under = |operation: &str, fault: Fault, rule| Case {
        name: format!("{operation}_under_{}", fault.as_str()),
        rule,
    };
    let anywhere = || Fault::ALL.into_iter().filter(|fault| fault.is_anywhere());
    cases.extend(Fault::ALL.map(|fault| under("cancel", fault, Rule::CancelUnder(fault))));
    cases.extend(anywhere().map(|fault| under("status", fault, Rule::StatusUnder(fault))));
    cases.extend(anywhere().map(|fault| under("create", fault, Rule::CreateUnder(fault))));
    cases.extend(anywhere().map(|fault| under("refund", fault, Rule::RefundUnder(fault))));
    cases.extend([
        case(
            "a_notification_names_its_order",
            Rule::NotificationNamesItsOrder,
        ),
        case(
            "a_notification_claims_no_more_than_the_status_shows",
            Rule::NotificationClaimsNoMore,
        ),
        case(
            "a_notification_from_a_stranger_claims_nothing",
            Rule::StrangerClaimsNothing,
        ),
        case(
            "nothing_is_sent_to_where_nobody_listens",
            Rule::NobodyListens,
        ),
        case("an_order_of_nothing_is_not_sent", Rule::OrderOfNothing),
        case(
            "a_flawed_order_is_not_sent_and_its_field_is_named",
            Rule::FlawedIsNotSent,
        ),
        case("supports_agrees_with_what_happens", Rule::Supports),
        case("debug_shows_no_secret", Rule::NoSecrets),
    ]);
    cases
}

/// Checks every rule, one after the other, and goes on after a violation.
pub async fn check_all(bench: &dyn Bench) -> Report {
    let mut report = Report::default();
    for case in cases() {
        let verdict = case.run(bench).await;
        report.add(case.name(), verdict);
    }
    report
}

impl Case {
    /// The case of this name, if there is one.
    pub fn named(name: &str) -> Option<Self> {
        cases().into_iter().find(|case| case.name == name)
    }

    /// Its name: a sentence with underscores.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Checks this rule.
    pub async fn run(&self, bench: &dyn Bench) -> Verdict {
        let mut trial = Trial::new(&self.name, bench);
        let flow = self.rule.check(&mut trial).await;
        let calm = bench.disarm().await.map_err(Into::into);
        trial.verdict(flow.and(calm))
    }
}

impl Rule {
    async fn check(self, trial: &mut Trial<'_>) -> Flow {
        match self {
            Self::Payable => orders::payable(trial).await,
            Self::FullIsCreated => orders::full_is_created(trial).await,
            Self::NewIsEligible => orders::new_is_eligible(trial).await,
            Self::OneForm => orders::one_form(trial).await,
            Self::PaidReadsPaid => orders::paid_reads_paid(trial).await,
            Self::FailedReadsFailed => orders::failed_reads_failed(trial).await,
            Self::ReadingIsHarmless => orders::reading_is_harmless(trial).await,
            Self::UnknownHasNoStatus => orders::unknown_has_no_status(trial).await,
            Self::CancelledByOneRequest => cancels::by_one_request(trial).await,
            Self::ShowsCancelled => cancels::shows_cancelled(trial).await,
            Self::PaidIsNeverCancelled => cancels::paid_is_never_cancelled(trial).await,
            Self::FailedIsCancelled => cancels::failed_is_cancelled(trial).await,
            Self::RepeatIsHarmless => cancels::repeat_is_harmless(trial).await,
            Self::UnknownIsNeverCancelled => cancels::unknown_is_never_cancelled(trial).await,
            Self::CancelUnder(fault) => faults::cancel_under(trial, fault).await,
            Self::StatusUnder(fault) => faults::status_under(trial, fault).await,
            Self::CreateUnder(fault) => faults::create_under(trial, fault).await,
            Self::NotificationNamesItsOrder => notifications::names_its_order(trial).await,
            Self::NotificationClaimsNoMore => notifications::claims_no_more(trial).await,
            Self::StrangerClaimsNothing => notifications::stranger_claims_nothing(trial).await,
            Self::RefundedByOneRequest => refunds::by_one_request(trial).await,
            Self::UnpaidIsNeverRefunded => refunds::unpaid_is_never_refunded(trial).await,
            Self::RefundThatCannotBe => refunds::that_cannot_be(trial).await,
            Self::RefundUnder(fault) => refunds::under(trial, fault).await,
            Self::NobodyListens => manners::nobody_listens(trial).await,
            Self::OrderOfNothing => manners::order_of_nothing(trial).await,
            Self::FlawedIsNotSent => manners::flawed_is_not_sent(trial).await,
            Self::Supports => manners::supports(trial).await,
            Self::NoSecrets => manners::no_secrets(trial).await,
        }
    }
}

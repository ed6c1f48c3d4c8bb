//! Which records a list has: filters of the command line, for the store and for what it cannot
//! filter itself.

use duka_core::AccountName;
use duka_engine::store::{HeldPage, ReportFilter, ReportPage};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::args::FilterArgs;
use crate::context::Context;
use crate::failure::Failure;
use crate::times::Edge;

/// How many records are read at a time.
const PAGE: u32 = 500;

/// What a list is limited to.
#[derive(Debug)]
pub(crate) struct Filters<'a> {
    args: &'a FilterArgs,
    pub(crate) account: Option<AccountName>,
    /// An id, a reference or a shop order.
    pub(crate) order: Option<String>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    left: u64,
}

/// What is known of a record by which a list is filtered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Traits<'a> {
    pub(crate) changed_at: Timestamp,
    pub(crate) names: [Option<&'a str>; 3],
    pub(crate) state: &'a str,
    pub(crate) outcome: Option<&'a str>,
    pub(crate) finding: Option<&'a str>,
}

/// The zone of times that are shown to, or come from, a person.
pub(crate) fn zone(utc: bool) -> TimeZone {
    if utc {
        TimeZone::UTC
    } else {
        TimeZone::system()
    }
}

impl<'a> Filters<'a> {
    pub(crate) fn new(
        args: &'a FilterArgs,
        account: Option<AccountName>,
        order: Option<String>,
        (zone, context): (&TimeZone, &Context),
    ) -> Result<Self, Failure> {
        let now = context.clock.now();
        let moment = |edge: Edge, text: &Option<String>| {
            let text = text.as_deref();
            text.map(|text| edge.read(text, zone, now)).transpose()
        };
        let since = moment(Edge::Since, &args.since)?;
        let until = moment(Edge::Until, &args.until)?;
        if since > until && until.is_some() {
            return Err(Failure::usage(
                "--since is later than --until; nothing lies between",
            ));
        }
        Ok(Self {
            args,
            account,
            order,
            since,
            until,
            left: args.limit.unwrap_or(u64::MAX),
        })
    }

    /// The first page of cancellations.
    pub(crate) fn page(&self, which: ReportFilter) -> ReportPage {
        ReportPage {
            which,
            since: self.since,
            until: self.until,
            account: self.account.clone(),
            order: self.order.clone(),
            state: self.args.state.clone(),
            outcome: self.args.outcome.clone(),
            finding: self.args.finding.clone(),
            after: None,
            limit: self.page_size(),
        }
    }

    /// The first page of held orders.
    pub(crate) fn held(&self) -> HeldPage {
        HeldPage {
            since: self.since,
            until: self.until,
            account: self.account.clone(),
            after: None,
            limit: self.page_size(),
        }
    }

    /// How many to read at a time.
    pub(crate) fn page_size(&self) -> u32 {
        u32::try_from(self.left).map_or(PAGE, |left| left.min(PAGE))
    }

    /// Takes as many of a page as the limit allows.
    pub(crate) fn take<T>(&mut self, mut page: Vec<T>) -> Vec<T> {
        page.truncate(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.left -= u64::try_from(page.len()).unwrap_or(self.left);
        page
    }

    /// Whether the limit is reached.
    pub(crate) fn is_done(&self) -> bool {
        self.left == 0
    }

    /// Whether a record fits that the store has not filtered.
    pub(crate) fn fits(&self, record: &Traits<'_>) -> bool {
        let is = |wanted: &Option<String>, word: Option<&str>| {
            wanted.is_none() || wanted.as_deref() == word
        };
        self.since.is_none_or(|since| record.changed_at >= since)
            && self.until.is_none_or(|until| record.changed_at <= until)
            && (self.order.is_none() || record.names.contains(&self.order.as_deref()))
            && is(&self.args.state, Some(record.state))
            && is(&self.args.outcome, record.outcome)
            && is(&self.args.finding, record.finding)
    }
}

//! Which records are listed, and how.

use clap::ValueEnum;
use clap::builder::PossibleValuesParser;
use duka_core::cancel::{Finding, Outcome, SkipReason};
use duka_core::refund::RefundFinding;

use crate::ranges::number;

/// Which records a list has; --account is one of the filters.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Filters")]
pub(crate) struct FilterArgs {
    /// Only what changed since: a date (2026-05-13, in local time), a time (RFC 3339) or an age,
    /// such as 24h
    #[arg(long, value_name = "T")]
    pub(crate) since: Option<String>,
    /// Only what changed until then; a date is meant to its end
    #[arg(long, value_name = "T")]
    pub(crate) until: Option<String>,
    /// Only in this state
    #[arg(long, value_name = "STATE", value_parser = PossibleValuesParser::new(STATES))]
    pub(crate) state: Option<String>,
    /// Only with this outcome, such as confirmed
    #[arg(long, value_name = "OUTCOME", value_parser = outcome)]
    pub(crate) outcome: Option<String>,
    /// Only with this finding
    #[arg(long, value_name = "FINDING", value_parser = findings())]
    pub(crate) finding: Option<String>,
    /// At most so many, from 1 to 1000000000
    #[arg(long, value_name = "N", value_parser = number::<u64>(1, 1_000_000_000),
        allow_negative_numbers = true)]
    pub(crate) limit: Option<u64>,
}

/// How a list is printed.
#[derive(Debug, clap::Args)]
pub(crate) struct FormatArgs {
    /// How to print it; --json means json
    #[arg(long, default_value = "table")]
    pub(crate) format: ListFormat,
    /// In CSV, leave cells as they are: without this, one that begins with = + - @ or a tab gets an
    /// apostrophe before it, so that no spreadsheet takes it for a formula, and so does an id that
    /// it would take for a number or a date, such as 6116229263036
    #[arg(long)]
    pub(crate) raw: bool,
    /// Show times, and take dates, in UTC; JSON and CSV always have UTC
    #[arg(long)]
    pub(crate) utc: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    Table,
    Csv,
    Json,
}

/// Whether the cells of CSV are made safe for spreadsheets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cells {
    Safe,
    Raw,
}

impl FormatArgs {
    pub(crate) fn cells(&self) -> Cells {
        if self.raw { Cells::Raw } else { Cells::Safe }
    }
}

const STATES: [&str; 7] = [
    "requested",
    "sending",
    "accepted",
    "refused",
    "in_doubt",
    "needs_review",
    "done",
];

fn findings() -> PossibleValuesParser {
    let words = Finding::ALL.map(Finding::as_str).into_iter();
    let words = words.chain(RefundFinding::ALL.map(RefundFinding::as_str));
    PossibleValuesParser::new(words.collect::<Vec<_>>())
}

fn outcome(text: &str) -> Result<String, String> {
    let skip = SkipReason::NotEligible.as_str();
    let known = [None, Some(skip)];
    if known
        .iter()
        .any(|skip| Outcome::from_words(text, *skip).is_some())
    {
        return Ok(text.to_owned());
    }
    Err("not an outcome such as confirmed, not_cancelled_paid, not_cancelled_final, refused, skipped, resolved_cancelled or resolved_not_cancelled".to_owned())
}

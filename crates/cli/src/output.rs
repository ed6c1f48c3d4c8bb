//! Printing: results on stdout, everything else on stderr.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};

use anstream::println;
use anstyle::{AnsiColor, Style};
use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};
use duka_core::text::{Harm, harm};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::args::Args;
use crate::failure::Failure;

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Text,
    Json,
}

/// Where results and notes go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    style: Format,
    notes: Notes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Notes {
    /// Asked for with `-v`: all there is to say.
    All,
    Wanted,
    Quiet,
}

impl Output {
    pub(crate) fn of(args: &Args) -> Self {
        Self {
            style: if args.json {
                Format::Json
            } else {
                Format::Text
            },
            notes: match (args.quiet, args.verbose) {
                (true, _) => Notes::Quiet,
                (false, 0) => Notes::Wanted,
                (false, _) => Notes::All,
            },
        }
    }

    pub(crate) fn is_json(self) -> bool {
        self.style == Format::Json
    }

    /// Whether `-v` asks for all there is to say.
    pub(crate) fn is_verbose(self) -> bool {
        self.notes == Notes::All
    }

    /// One JSON document, or one line of NDJSON.
    pub(crate) fn json(self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string(value)
            .map_err(|error| Failure::failed(format!("failed to print JSON: {error}")))?;
        self.line(&text)
    }

    /// A line of the result. If the reader of stdout has closed it (`duka report | head`), the
    /// command ends without an error message.
    pub(crate) fn line(self, text: &str) -> Result<(), Failure> {
        writeln!(anstream::stdout().lock(), "{text}").map_err(|error| {
            Failure::failed(if error.kind() == io::ErrorKind::BrokenPipe {
                String::new()
            } else {
                format!("failed to print: {error}")
            })
        })
    }

    /// Something worth knowing that is not the result.
    pub(crate) fn print_note(self, text: &str) {
        if self.notes != Notes::Quiet {
            to_stderr(&plain_lines(text));
        }
    }

    /// A bar for work of unknown length; drawn only on a terminal.
    pub(crate) fn progress(self, what: &'static str) -> ProgressBar {
        if self.notes == Notes::Quiet || !io::stderr().is_terminal() {
            return ProgressBar::hidden();
        }
        let style = ProgressStyle::with_template("{spinner} {msg}: {human_pos} orders, {per_sec}")
            .unwrap_or_else(|_| ProgressStyle::default_spinner());
        let bar = ProgressBar::new_spinner()
            .with_style(style)
            .with_message(what);
        bar.enable_steady_tick(std::time::Duration::from_millis(200));
        bar
    }

    pub(crate) fn table(self, header: &[&str], rows: Vec<Vec<String>>) -> Result<(), Failure> {
        let mut table = Table::new();
        table
            .load_style(NOTHING)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_header(header);
        table.add_rows(rows);
        for line in table.lines() {
            self.line(line.trim_end())?;
        }
        Ok(())
    }
}

/// A failure, on stderr; printed even when quiet.
pub(crate) fn print_error(text: &str) {
    let red = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
    to_stderr(&format!("{red}error{red:#}: {}", plain_lines(text)));
}

/// Unlike `eprintln!` this does not panic when stderr is closed, because requests of a sweep may
/// be in flight.
fn to_stderr(text: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

/// Words of a person, a list or a gateway as they may be printed on one line: what would move
/// the cursor, set a colour, turn the direction of reading or hide is shown as JSON writes it.
pub(crate) fn plain(text: &str) -> String {
    escape(text, &[])
}

/// The same for words that may go over several lines.
pub(crate) fn plain_lines(text: &str) -> String {
    escape(text, &['\n', '\t'])
}

fn escape(text: &str, kept: &[char]) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        let shown = match harm(c) {
            None | Some(Harm::Joiner) => true,
            Some(Harm::Control | Harm::Line | Harm::Direction | Harm::Invisible) => {
                kept.contains(&c)
            }
        };
        match c {
            c if shown => plain.push(c),
            '\n' => plain.push_str("\\n"),
            '\r' => plain.push_str("\\r"),
            '\t' => plain.push_str("\\t"),
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(plain, "\\u{unit:04x}");
                }
            }
        }
    }
    plain
}

/// Colours a status word: green is good, yellow needs attention.
pub(crate) fn colorize(word: &str) -> String {
    let colour = match word {
        "confirmed" | "paid" | "ok" => AnsiColor::Green,
        "in_doubt" | "needs_review" | "refused" | "late_payment" | "amount_differs"
        | "paid_twice" | "double_request" | "fix" => AnsiColor::Yellow,
        _ => return word.to_owned(),
    };
    let style = Style::new().fg_color(Some(colour.into()));
    format!("{style}{word}{style:#}")
}

/// `println!` for the few lines that scripts wait for; flushed at once.
pub(crate) fn announce(text: &str) {
    println!("{text}");
    let _ = io::stdout().flush();
}

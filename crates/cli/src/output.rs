//! Printing: results on stdout, everything else on stderr.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use anstyle::{AnsiColor, Style};
use comfy_table::presets::NOTHING;
use comfy_table::{ColumnConstraint, ContentArrangement, Table};
use console::measure_text_width;
use duka_core::text::{Harm, harm};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::args::{Args, Effect};
use crate::failure::{Exit, Failure};

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
    effect: Effect,
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
            effect: args.command.effect(),
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
    /// command ends without an error message. If stdout takes no more, a command that changes
    /// something goes on, and the line goes to stderr: it may be the only copy of a payment link.
    pub(crate) fn line(self, text: &str) -> Result<(), Failure> {
        PRINTED.store(true, Ordering::Relaxed);
        let mut unprinted = UNPRINTED.lock().unwrap_or_else(PoisonError::into_inner);
        if *unprinted == 0 {
            let Err(error) = write_line(text) else {
                return Ok(());
            };
            if error.kind() == io::ErrorKind::BrokenPipe {
                return Err(Failure::failed(""));
            }
            let problem = format!("failed to print: {error}");
            match self.effect {
                Effect::Reads => return Err(Failure::failed(problem)),
                Effect::Changes => print_error(&format!(
                    "{problem}; the command is carried out all the same, and up to {MOST_UNPRINTED} lines of its result follow here"
                )),
            }
        }
        if *unprinted < MOST_UNPRINTED {
            to_stderr(text);
        }
        *unprinted += 1;
        Ok(())
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

    /// A table for the terminal's width, if there is a terminal: columns give way in the sequence of
    /// `give_way`, and only the last column, which has words, goes over several lines.
    pub(crate) fn list(
        self,
        header: &[&str],
        give_way: &[&str],
        rows: &[Vec<String>],
    ) -> Result<(), Failure> {
        let terminal = terminal_size::terminal_size_of(io::stdout());
        let Some((terminal_size::Width(width), _)) = terminal else {
            return self.table(header, rows.to_vec());
        };
        for line in in_width(header, give_way, rows, usize::from(width)) {
            self.line(&line)?;
        }
        Ok(())
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

/// The lines of a table that is no wider than this, unless its words or ids are.
fn in_width(header: &[&str], give_way: &[&str], rows: &[Vec<String>], width: usize) -> Vec<String> {
    let cell_width = |text: &str| measure_text_width(text);
    let widths: Vec<usize> = (0..header.len())
        .map(|column| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            let widest = cells.map(|cell| cell_width(cell)).max().unwrap_or(0);
            widest.max(cell_width(header[column]))
        })
        .collect();
    let words = rows.iter().filter_map(|row| row.get(header.len() - 1));
    let words = words.flat_map(|cell| cell.split_whitespace());
    let longest_word = words.map(cell_width).max().unwrap_or(0);
    let give_way: Vec<usize> = give_way
        .iter()
        .filter_map(|name| header.iter().position(|it| it == name))
        .collect();
    let shown = fit(&widths, longest_word, &give_way, width);
    let pick = |cells: &[String]| -> Vec<String> {
        let cells = shown.iter().filter_map(|index| cells.get(*index));
        cells.cloned().collect()
    };
    let mut table = Table::new();
    table
        .load_style(NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(shown.iter().map(|index| header[*index]));
    table.add_rows(rows.iter().map(|row| pick(row)));
    let mut fixed = 0;
    for (place, index) in shown.iter().enumerate() {
        let words = *index + 1 == header.len();
        if !words {
            fixed += widths[*index] + 2;
            if let Some(column) = table.column_mut(place) {
                column.set_constraint(ColumnConstraint::ContentWidth);
            }
        }
    }
    let width = width.max(fixed + longest_word + 2);
    table.set_width(u16::try_from(width).unwrap_or(u16::MAX));
    table
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect()
}

/// How wide a table may be, and which of its columns are shown: those that give way go first, until
/// the rest fits with the longest word of the last column.
fn fit(widths: &[usize], longest_word: usize, give_way: &[usize], width: usize) -> Vec<usize> {
    let mut shown: Vec<usize> = (0..widths.len()).collect();
    let mut giving_way = give_way.iter();
    loop {
        let last = shown.last().copied();
        let needed: usize = shown
            .iter()
            .map(|index| {
                2 + if Some(*index) == last && *index + 1 == widths.len() {
                    longest_word.max(widths[*index].min(MIN_WORDS))
                } else {
                    widths[*index]
                }
            })
            .sum();
        if needed <= width {
            return shown;
        }
        match giving_way.next() {
            Some(index) => shown.retain(|it| it != index),
            None => return shown,
        }
    }
}

/// The width that a column of words keeps, if other columns can give way for it.
const MIN_WORDS: usize = 24;

/// Whether a line of the result is on stdout: no other document may come after the one there.
static PRINTED: AtomicBool = AtomicBool::new(false);

/// How many lines of the result stdout did not take.
static UNPRINTED: Mutex<u64> = Mutex::new(0);

/// So many of those lines go to stderr.
const MOST_UNPRINTED: u64 = 20;

/// How a command ends that would end so if stdout had taken its result.
pub(crate) fn exit_of_printing(exit: Exit) -> Exit {
    let unprinted = *UNPRINTED.lock().unwrap_or_else(PoisonError::into_inner);
    if unprinted > MOST_UNPRINTED {
        let more = unprinted - MOST_UNPRINTED;
        to_stderr(&format!("and {more} more, see `duka report`"));
    }
    match exit {
        Exit::Done if unprinted > 0 => {
            print_error("the command was carried out; only its result could not be printed");
            Exit::Failed
        }
        // They say more than that stdout was full.
        Exit::Done | Exit::Failed | Exit::Usage | Exit::Refused | Exit::Unknown => exit,
    }
}

fn write_line(text: &str) -> io::Result<()> {
    let mut stdout = anstream::stdout().lock();
    writeln!(stdout, "{text}")?;
    stdout.flush()
}

/// A failure as JSON, on stdout, unless a result is there.
pub(crate) fn print_json_error(kind: &str, message: &str, hint: Option<&str>) {
    if !PRINTED.load(Ordering::Relaxed) {
        let message = plain_lines(message);
        let hint = hint.map(plain_lines);
        let error = serde_json::json!({"error": {"kind": kind, "message": message, "hint": hint}});
        let _ = writeln!(anstream::stdout().lock(), "{error}");
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

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: [&str; 6] = ["ORDER", "REFERENCE", "ACCOUNT", "STATE", "AMOUNT", "WHAT"];
    const GIVE_WAY: [&str; 3] = ["REFERENCE", "ACCOUNT", "AMOUNT"];
    const ORDER: &str = "d0fa69d6-f3cd-433b-858e-df86555b86c8";
    const WORDS: &str = "the request was answered by a page of HTML from a proxy";

    fn lines(width: usize) -> Vec<String> {
        let row = |order: &str, state: &str| {
            [
                order,
                "KANGA-2026-17",
                "shop-ke",
                state,
                "1500.00 KES",
                WORDS,
            ]
            .map(str::to_owned)
        };
        let rows = [
            row(ORDER, &colorize("in_doubt")).to_vec(),
            row("6116229263036", "confirmed").to_vec(),
        ];
        in_width(&HEADER, &GIVE_WAY, &rows, width)
    }

    #[test]
    fn columns_of_a_table_give_way_in_their_sequence() {
        let shown = |width| {
            let header = lines(width).remove(0);
            header
                .split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(shown(200), HEADER);
        assert_eq!(shown(110), ["ORDER", "ACCOUNT", "STATE", "AMOUNT", "WHAT"]);
        assert_eq!(shown(90), ["ORDER", "STATE", "AMOUNT", "WHAT"]);
        assert_eq!(shown(80), ["ORDER", "STATE", "WHAT"]);
        // What may not give way stays, even where that is too wide.
        assert_eq!(shown(60), ["ORDER", "STATE", "WHAT"]);
        assert_eq!(shown(40), ["ORDER", "STATE", "WHAT"]);
    }

    #[test]
    fn a_table_never_breaks_inside_an_id_or_a_word() {
        for width in [200, 100, 80, 60, 40] {
            let lines = lines(width);
            let text = lines.join("\n");
            let mut seen = text.split_whitespace().map(console::strip_ansi_codes);
            let allowed = HEADER.into_iter().chain(WORDS.split_whitespace()).chain([
                ORDER,
                "6116229263036",
                "KANGA-2026-17",
                "shop-ke",
                "in_doubt",
                "confirmed",
                "1500.00",
                "KES",
            ]);
            let allowed: Vec<&str> = allowed.collect();
            let broken = seen.find(|word| !allowed.contains(&&**word));
            assert_eq!(broken, None, "{width}: {text}");
            assert!(text.contains(ORDER), "{width}: {text}");
            // Every word of the last column is there, in each of the two rows.
            for word in WORDS.split_whitespace() {
                let times = text.split_whitespace().filter(|it| *it == word).count();
                let expected = 2 * WORDS.split_whitespace().filter(|it| *it == word).count();
                assert_eq!(times, expected, "{width}: {word}: {text}");
            }
            let widest = lines.iter().map(|it| measure_text_width(it)).max();
            if width >= 80 {
                assert!(widest.unwrap() <= width, "{width}: {text}");
            }
        }
    }

    #[test]
    fn a_table_of_pending_fits_into_eighty_sixty_and_forty_columns() {
        let header = [
            "ORDER",
            "REFERENCE",
            "ACCOUNT",
            "WAITS",
            "AMOUNT",
            "SINCE",
            "ID",
        ];
        let give_way = ["REFERENCE", "ACCOUNT", "SINCE", "ID", "AMOUNT"];
        let row = [
            "6116229263036",
            "KANGA-2026-17",
            "shop-in",
            "in_doubt",
            "105.50 INR",
            "2026-05-13 11:34:00 EAT",
            "019ad3e0-7b9a-7c33-9b7e-0d1f6a0c8f11",
        ];
        let rows = [row.map(str::to_owned).to_vec()];
        for (width, shown) in [
            (200, &header[..]),
            (80, &["ORDER", "WAITS", "AMOUNT", "ID"]),
            (60, &["ORDER", "WAITS", "AMOUNT"]),
            (40, &["ORDER", "WAITS", "AMOUNT"]),
        ] {
            let lines = in_width(&header, &give_way, &rows, width);
            assert_eq!(lines[0].split_whitespace().collect::<Vec<_>>(), shown);
            assert_eq!(lines.len(), 2, "{lines:?}");
            assert!(lines.iter().all(|line| line.len() <= width), "{lines:?}");
        }
    }
}

//! Lists of open orders: CSV, NDJSON or a JSON array, read row by row, so that they may be of any
//! length. A bad row is named by line and column.

mod amount;
mod cells;
mod columns;
mod created_at;
#[cfg(test)]
mod fuzzed;
mod json;
mod reading;
mod repeats;
mod row;
mod stream;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use duka_engine::TrackedOrder;
use jiff::Timestamp;

use crate::config::import::Field;
use crate::failure::Failure;
use crate::small_file::{self, Source as FileSource};
use cells::{CellReader, NoRow};
use columns::Columns;
use json::Elements;
use row::Row;

pub(crate) use reading::Reading;
pub(crate) use repeats::{Repeats, differs_from_tracked};

const REQUIRED: [&str; 5] = ["account", "order", "created_at", "amount", "currency"];
const OPTIONAL: [&str; 5] = ["reference", "shop_order", "expires_at", "method", "note"];
/// Longer lines than this are not rows of orders; reading on would only eat memory.
const MAX_LINE: usize = 1024 * 1024;
/// So much of a list is looked at to find out how it is written.
const LOOKED_AT: usize = 64 * 1024;
/// So many columns that are not read, and so many words for orders that are not open, are kept.
const KEPT: usize = 100;
/// Any bytes can be read as Latin-1, so nothing else is left where they are not UTF-8.
const NOT_TEXT: &str = "is not UTF-8 text but Latin-1 or Windows-1252; save the list as UTF-8";

/// A list that can be read more than once.
pub(crate) struct OrdersFile {
    name: String,
    file: File,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Csv { line_end: u8 },
    Ndjson,
    JsonArray,
}

/// A row that is not an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BadRow {
    /// Line in the file, from 1.
    line: u64,
    /// The column or key, where the problem is in one.
    column: Option<String>,
    problem: String,
}

impl std::error::Error for BadRow {}

impl fmt::Display for BadRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if let Some(column) = &self.column {
            write!(f, ", column {column}")?;
        }
        write!(f, ": {}", self.problem)
    }
}

impl OrdersFile {
    /// Opens a list; `-` is standard input, which is first put aside in a file that has
    /// no name, so that it can be checked before it is used.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let standard_input = path == Path::new("-");
        let name = if standard_input {
            "standard input".to_owned()
        } else {
            path.display().to_string()
        };
        let opened = || -> Result<(File, Kind), String> {
            if standard_input {
                return stream::put_aside(io::stdin().lock());
            }
            let open = || File::open(path).map_err(|error| error.to_string());
            match small_file::source(path)? {
                // It cannot be read twice.
                FileSource::OpenPipe => stream::put_aside(open()?),
                FileSource::Regular => {
                    let file = open()?;
                    let mut start = Vec::new();
                    let read = (&file).take(LOOKED_AT as u64).read_to_end(&mut start);
                    read.map_err(|error| error.to_string())?;
                    Ok((file, Kind::of(&start)?))
                }
                FileSource::Other => Err(
                    "that is a pipe or a device; name a regular file, or - for standard input"
                        .to_owned(),
                ),
            }
        };
        let (file, kind) = opened().map_err(|problem| {
            Failure::usage(format!("failed to read orders from {name}: {problem}"))
        })?;
        Ok(Self { name, file, kind })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// How many bytes it has, as far as that is known.
    pub(crate) fn len(&self) -> u64 {
        self.file.metadata().map_or(0, |it| it.len())
    }

    /// The rows from the first on. A header that cannot be used is a failure of the whole.
    /// No order can have been created after `now`.
    pub(crate) fn rows(&self, reading: &Reading, now: Timestamp) -> Result<Rows, Failure> {
        let unreadable = |error: &dyn fmt::Display| {
            Failure::usage(format!("failed to read orders from {}: {error}", self.name))
        };
        let mut file = self.file.try_clone().map_err(|error| unreadable(&error))?;
        file.seek(SeekFrom::Start(0))
            .map_err(|error| unreadable(&error))?;
        let mut reader = BufReader::new(file);
        skip_byte_order_mark(&mut reader).map_err(|error| unreadable(&error))?;
        let mut ignored = Ignored::default();
        let source = match self.kind {
            Kind::Ndjson => Source::Ndjson { reader, line: 0 },
            Kind::JsonArray => Source::JsonArray(Elements::new(reader)),
            Kind::Csv { line_end } => {
                let delimiter = reading.layout().delimiter;
                let mut reader = CellReader::new(reader, line_end, delimiter)
                    .map_err(|error| unreadable(&error))?;
                let columns = match reader.next_row() {
                    None => return Err(unreadable(&"it is empty")),
                    Some(Err(problem)) => return Err(unreadable(&BadRow::cut(problem, None))),
                    Some(Ok(header)) => {
                        let line = header.line;
                        let names = csv::StringRecord::from_byte_record(header.cells)
                            .map_err(|_| unreadable(&format!("line {line}: {NOT_TEXT}")))?;
                        Columns::find(&names, reader.delimiter(), reading)
                            .map_err(|problem| unreadable(&format!("line {line}: {problem}")))?
                    }
                };
                columns.ignored().for_each(|name| ignored.note(name));
                Source::Csv {
                    reader: Box::new(reader),
                    columns,
                }
            }
        };
        Ok(Rows {
            source,
            reading: reading.clone(),
            now,
            line: 0,
            number: 0,
            over: false,
            last: None,
            ignored,
            left_out: LeftOut::default(),
        })
    }
}

impl Kind {
    /// How a list is written that begins so, or why it cannot be read.
    fn of(start: &[u8]) -> Result<Self, String> {
        const UTF_16: &str = "it is UTF-16 text; save it as UTF-8 (in a spreadsheet: as CSV UTF-8)";
        // Without a mark, every other byte of digits and Latin letters is zero.
        let is_utf16 = [&b"\xff\xfe"[..], b"\xfe\xff"].contains(&&start[..start.len().min(2)]);
        if is_utf16 || matches!(start, [one, other, ..] if (*one == 0) != (*other == 0)) {
            return Err(UTF_16.to_owned());
        }
        let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
        let text = start.trim_ascii_start();
        Ok(match text.first() {
            None => return Err("it is empty".to_owned()),
            Some(b'[') => Self::JsonArray,
            Some(b'{') => Self::Ndjson,
            Some(_) if text.starts_with(b"PK\x03\x04") || text.starts_with(b"\xd0\xcf\x11\xe0") => {
                return Err(
                    "it is a spreadsheet's own file; save it as CSV UTF-8 in the spreadsheet"
                        .to_owned(),
                );
            }
            Some(_) => Self::Csv {
                line_end: line_end(text),
            },
        })
    }
}

/// What ends the first line: a line feed, unless there are carriage returns alone.
fn line_end(text: &[u8]) -> u8 {
    let mut quoted = false;
    let mut after = text.iter().skip_while(|byte| {
        quoted ^= **byte == b'"';
        quoted || !matches!(**byte, b'\r' | b'\n')
    });
    let mut ends = after
        .by_ref()
        .take_while(|byte| matches!(**byte, b'\r' | b'\n'));
    if ends.next() == Some(&b'\r') && !ends.any(|byte| *byte == b'\n') {
        b'\r'
    } else {
        b'\n'
    }
}

fn skip_byte_order_mark(reader: &mut impl BufRead) -> io::Result<()> {
    if reader.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
        reader.consume(3);
    }
    Ok(())
}

/// A line of a list.
enum TextLine {
    /// With its end, if it has one.
    Text(Vec<u8>),
    /// Left out: it is longer than any row can be.
    TooLong,
    /// There is none any more.
    End,
}

fn read_line(reader: &mut impl BufRead, end: u8) -> io::Result<TextLine> {
    let mut text = Vec::new();
    let limit = MAX_LINE as u64;
    let read = reader.by_ref().take(limit).read_until(end, &mut text)?;
    if read == 0 {
        return Ok(TextLine::End);
    }
    if read == MAX_LINE && text.last() != Some(&end) {
        skip_line(reader, end)?;
        return Ok(TextLine::TooLong);
    }
    Ok(TextLine::Text(text))
}

/// Columns that are not read, the first ones of them.
#[derive(Debug, Default)]
struct Ignored(BTreeSet<String>);

impl Ignored {
    fn note(&mut self, name: &str) {
        if self.0.len() < KEPT && !self.0.contains(name) {
            self.0.insert(name.to_owned());
        }
    }
}

/// The orders of a shop that are not open.
#[derive(Debug, Default, Clone)]
pub(crate) struct LeftOut {
    pub(crate) count: u64,
    /// By what the shop says of them, as far as there are few such words.
    words: BTreeMap<String, u64>,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self
            .words
            .iter()
            .map(|(word, count)| format!("{count} {word}"))
            .collect();
        let orders = if self.count == 1 {
            "order is"
        } else {
            "orders are"
        };
        write!(
            f,
            "{} {orders} left out, for the shop does not show them as open: {}",
            self.count,
            words.join(", ")
        )
    }
}

/// The rows of a list, in order.
pub(crate) struct Rows {
    source: Source,
    reading: Reading,
    now: Timestamp,
    /// Where the last row begins.
    line: u64,
    /// Orders and bad rows so far.
    number: u64,
    /// What cannot be read once is not tried again.
    over: bool,
    /// What the last row has in common with further rows of its order.
    last: Option<String>,
    ignored: Ignored,
    left_out: LeftOut,
}

enum Source {
    Csv {
        reader: Box<CellReader<BufReader<File>>>,
        columns: Columns,
    },
    Ndjson {
        reader: BufReader<File>,
        line: u64,
    },
    JsonArray(Elements<BufReader<File>>),
}

impl Iterator for Rows {
    type Item = Result<TrackedOrder, BadRow>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if self.over {
                return None;
            }
            if let Some(order) = self.next_row()? {
                self.number += 1;
                return Some(order);
            }
        }
    }
}

impl Rows {
    /// The next row, if it is an order of its own.
    fn next_row(&mut self) -> Option<Option<Result<TrackedOrder, BadRow>>> {
        let broken = match &mut self.source {
            Source::Csv { reader, columns } => match reader.next_row()? {
                Ok(row) => {
                    let line = row.line;
                    self.line = line;
                    let record = csv::StringRecord::from_byte_record(row.cells)
                        .map_err(|error| columns.not_text(error.utf8_error().field(), line));
                    let mut record = match record {
                        Ok(record) => record,
                        Err(bad) => return Some(Some(Err(bad))),
                    };
                    record.trim();
                    let row = columns.row(&record, line);
                    let (last, left_out) = (&mut self.last, &mut self.left_out);
                    return Some(order(row, &self.reading, self.now, last, left_out));
                }
                Err(problem) => {
                    self.over = matches!(problem, NoRow::Unreadable { .. });
                    BadRow::cut(problem, Some(columns))
                }
            },
            Source::Ndjson { reader, line } => {
                *line += 1;
                let line = *line;
                match read_line(reader, b'\n') {
                    Ok(TextLine::End) => return None,
                    Ok(TextLine::Text(text)) if text.trim_ascii().is_empty() => return Some(None),
                    Ok(TextLine::TooLong) => BadRow::cut(NoRow::TooLong { line }, None),
                    Ok(TextLine::Text(text)) => {
                        self.line = line;
                        // Without its end, behind which an error would count from 0 again.
                        let text = text.trim_ascii_end();
                        let row = json::row(text, line, &self.reading, &mut self.ignored);
                        let (last, left_out) = (&mut self.last, &mut self.left_out);
                        return Some(order(row, &self.reading, self.now, last, left_out));
                    }
                    Err(error) => {
                        self.over = true;
                        BadRow::cut(NoRow::Unreadable { line, error }, None)
                    }
                }
            }
            Source::JsonArray(elements) => match elements.next() {
                Ok(None) => return None,
                Ok(Some((line, text))) => {
                    self.line = line;
                    let row = json::row(&text, line, &self.reading, &mut self.ignored);
                    let (last, left_out) = (&mut self.last, &mut self.left_out);
                    return Some(order(row, &self.reading, self.now, last, left_out));
                }
                Err(problem) => {
                    self.over = true;
                    BadRow {
                        line: problem.line,
                        column: None,
                        problem: problem.problem,
                    }
                }
            },
        };
        Some(Some(Err(broken)))
    }

    /// The line on which the last row begins, from 1.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// Which order or bad row the last one is, from 1. Several may stand on one line.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Whether the last bad row is one behind which nothing can be read.
    pub(crate) fn is_cut_off(&self) -> bool {
        self.over
    }

    /// Columns that say nothing of an order here, so far.
    pub(crate) fn ignored(&self) -> impl Iterator<Item = &str> {
        self.ignored.0.iter().map(String::as_str)
    }

    /// The orders so far that are not open, by what the shop says.
    pub(crate) fn left_out(&self) -> &LeftOut {
        &self.left_out
    }
}

/// The order of a row; none, if it belongs to the order before it or is not open.
fn order(
    row: Result<Row<'_>, BadRow>,
    reading: &Reading,
    now: Timestamp,
    last: &mut Option<String>,
    left_out: &mut LeftOut,
) -> Option<Result<TrackedOrder, BadRow>> {
    let row = match row {
        Ok(row) => row,
        Err(bad) => return Some(Err(bad)),
    };
    let same = row.group.is_some() && row.group.as_deref() == last.as_deref();
    if same && row.is_line_item(reading) {
        return None;
    }
    *last = row.group.as_deref().map(str::to_owned);
    match row.is_open(reading) {
        Ok(true) => Some(row.order(reading, now)),
        Ok(false) => {
            if !same {
                left_out.count += 1;
                let word = row.text(Field::Status).unwrap_or_default().to_lowercase();
                if left_out.words.len() < KEPT || left_out.words.contains_key(&word) {
                    *left_out.words.entry(word).or_default() += 1;
                }
            }
            None
        }
        Err(bad) => Some(Err(bad)),
    }
}

impl BadRow {
    fn at(line: u64, column: &str, problem: String) -> Self {
        Self {
            line,
            column: Some(column.to_owned()),
            problem,
        }
    }

    /// A row that could not be separated from its neighbours. Without columns, or beyond them, a
    /// cell has a number.
    fn cut(problem: NoRow, columns: Option<&Columns>) -> Self {
        match problem {
            NoRow::Quote {
                line,
                cell,
                problem,
            } => {
                let name = columns.and_then(|columns| columns.name(cell));
                let number = || (cell + 1).to_string();
                Self {
                    line,
                    column: Some(name.map_or_else(number, str::to_owned)),
                    problem,
                }
            }
            NoRow::TooLong { line } => Self {
                line,
                column: None,
                problem: "is longer than 1 MiB".to_owned(),
            },
            NoRow::Unreadable { line, error } => Self {
                line,
                column: None,
                problem: error.to_string(),
            },
        }
    }
}

/// Leaves out the rest of a line that is too long to be kept.
fn skip_line(reader: &mut impl BufRead, end: u8) -> io::Result<()> {
    loop {
        let ready = reader.fill_buf()?;
        let (length, ended) = match ready.iter().position(|it| *it == end) {
            Some(at) => (at + 1, true),
            None => (ready.len(), ready.is_empty()),
        };
        reader.consume(length);
        if ended {
            return Ok(());
        }
    }
}

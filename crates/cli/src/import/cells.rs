//! The rows of a CSV list, as cells. Read line by line, because a quote that is never
//! closed must cost its own row and none of the rows after it.

use std::collections::VecDeque;
use std::io::{self, BufRead};

use super::{MAX_LINE, TextLine, read_line};
use crate::config::import::is_delimiter;

const NEVER_CLOSED: &str = "a quote opens here and is never closed";
const NOT_CLOSED_SOON: &str = "a quote opens here and is not closed within 1 MiB";
const TEXT_BEHIND: &str = "text follows the closing quote; a quote inside a cell is written twice";

/// Reads rows of cells: delimiters between them, quotes around what holds a delimiter, a quote or
/// a line break. Only one byte ends a row: a line feed, or a carriage return where the whole list
/// has no other line ends. What is left of CR LF is white space.
pub(super) struct CellReader<R> {
    reader: R,
    line_end: u8,
    delimiter: u8,
    /// Lines that were taken for a part of a row that turned out to be broken.
    again: VecDeque<TextLine>,
    /// The number of the last line read, from 1.
    line: u64,
}

/// A row, and the line on which it begins.
pub(super) struct CellRow {
    pub(super) line: u64,
    pub(super) cells: csv::ByteRecord,
}

/// Why there is no row.
pub(super) enum NoRow {
    /// Because of a quote, in this cell of this line. Reading goes on at the next line.
    Quote {
        line: u64,
        cell: usize,
        problem: String,
    },
    TooLong {
        line: u64,
    },
    /// Reading goes no further.
    Unreadable {
        line: u64,
        error: io::Error,
    },
}

impl<R: BufRead> CellReader<R> {
    /// Without a delimiter, it is found in the first line: as a line `sep=;` says, or as the
    /// header shows.
    pub(super) fn new(mut reader: R, line_end: u8, delimiter: Option<u8>) -> io::Result<Self> {
        let mut again = VecDeque::new();
        let (mut line, mut found) = (0, None);
        loop {
            let first = read_line(&mut reader, line_end)?;
            match &first {
                TextLine::Text(text) if text.trim_ascii().is_empty() => line += 1,
                TextLine::Text(text) => {
                    if let Some(said) = said_delimiter(text) {
                        line += 1;
                        found = Some(said);
                    } else {
                        found = Some(shown_delimiter(text));
                        again.push_back(first);
                    }
                    break;
                }
                TextLine::TooLong | TextLine::End => {
                    again.push_back(first);
                    break;
                }
            }
        }
        // What such a line says is what a spreadsheet asks for, and the user may say otherwise.
        let delimiter = delimiter.or(found).unwrap_or(b',');
        Ok(Self {
            reader,
            line_end,
            delimiter,
            again,
            line,
        })
    }

    pub(super) fn delimiter(&self) -> u8 {
        self.delimiter
    }

    /// The next row that has anything in it.
    pub(super) fn next_row(&mut self) -> Option<Result<CellRow, NoRow>> {
        loop {
            match self.any_row()? {
                Ok(row) if row.cells.iter().all(|cell| cell.trim_ascii().is_empty()) => {}
                row => return Some(row),
            }
        }
    }

    fn any_row(&mut self) -> Option<Result<CellRow, NoRow>> {
        let first = self.line + 1;
        let mut splitter = Splitter::new(self.delimiter, self.line_end);
        // The lines since the last quote was opened, without that quote's own.
        let mut inside: VecDeque<TextLine> = VecDeque::new();
        let mut length = 0;
        loop {
            let text = match self.next_line() {
                Ok(TextLine::Text(text)) => text,
                Ok(TextLine::End) if self.line < first => return None,
                Ok(TextLine::End) => {
                    return Some(Err(self.give_up(&splitter, inside, NEVER_CLOSED)));
                }
                Ok(TextLine::TooLong) if self.line == first => {
                    return Some(Err(NoRow::TooLong { line: first }));
                }
                Ok(TextLine::TooLong) => {
                    inside.push_back(TextLine::TooLong);
                    return Some(Err(self.give_up(&splitter, inside, NOT_CLOSED_SOON)));
                }
                Err(error) => {
                    let line = self.line + 1;
                    return Some(Err(NoRow::Unreadable { line, error }));
                }
            };
            length += text.len();
            let opened = splitter.opened;
            match splitter.take(&text, self.line) {
                Took::Row => {
                    let cells = splitter.cells;
                    return Some(Ok(CellRow { line: first, cells }));
                }
                Took::Part => {
                    if splitter.opened == opened {
                        inside.push_back(TextLine::Text(text));
                    } else {
                        inside.clear();
                    }
                    if length > MAX_LINE {
                        return Some(Err(self.give_up(&splitter, inside, NOT_CLOSED_SOON)));
                    }
                }
                Took::TextAfterQuote if splitter.opened.0 == self.line => {
                    return Some(Err(self.give_up(&splitter, VecDeque::new(), TEXT_BEHIND)));
                }
                Took::TextAfterQuote => {
                    let problem = format!(
                        "a quote opens here and closes on line {} with text behind it; is one missing before that?",
                        self.line
                    );
                    inside.push_back(TextLine::Text(text));
                    return Some(Err(self.give_up(&splitter, inside, problem)));
                }
            }
        }
    }

    /// Goes on after the line on which the quote was opened.
    fn give_up(
        &mut self,
        splitter: &Splitter,
        inside: VecDeque<TextLine>,
        problem: impl Into<String>,
    ) -> NoRow {
        let (line, cell) = splitter.opened;
        self.line = line;
        for line in inside.into_iter().rev() {
            self.again.push_front(line);
        }
        NoRow::Quote {
            line,
            cell,
            problem: problem.into(),
        }
    }

    fn next_line(&mut self) -> io::Result<TextLine> {
        let line = match self.again.pop_front() {
            Some(line) => line,
            None => read_line(&mut self.reader, self.line_end)?,
        };
        match line {
            TextLine::Text(_) | TextLine::TooLong => self.line += 1,
            TextLine::End => {}
        }
        Ok(line)
    }
}

/// What a line `sep=;` says, which spreadsheets read and write before the header.
fn said_delimiter(line: &[u8]) -> Option<u8> {
    let line = line.trim_ascii_start();
    let line = line.strip_prefix(b"\"").unwrap_or(line);
    let (start, rest) = line.split_at_checked(4)?;
    let (delimiter, rest) = rest.split_first()?;
    let rest = rest.strip_prefix(b"\"").unwrap_or(rest);
    let only = start.eq_ignore_ascii_case(b"sep=") && rest.trim_ascii().is_empty();
    (only && is_delimiter(*delimiter)).then_some(*delimiter)
}

/// The delimiter that a header has most of, outside of quotes.
fn shown_delimiter(header: &[u8]) -> u8 {
    let mut quoted = false;
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    for byte in header {
        quoted ^= *byte == b'"';
        for (delimiter, count) in &mut counts {
            *count += u64::from(!quoted && byte == delimiter);
        }
    }
    let [mut most, others @ ..] = counts;
    for other in others {
        if other.1 > most.1 {
            most = other;
        }
    }
    most.0
}

/// Splits the lines of one row into its cells.
struct Splitter {
    delimiter: u8,
    line_end: u8,
    cells: csv::ByteRecord,
    cell: Vec<u8>,
    at: At,
    /// The line and the cell of the last quote that was opened.
    opened: (u64, usize),
}

#[derive(Clone, Copy)]
enum At {
    /// Where a cell begins, and a quote means something.
    Start,
    Bare,
    Quoted,
    /// Behind a quote: the end of the cell, or the first half of a quote in it.
    Quote,
    /// In the white space behind a quoted cell.
    Behind,
}

enum Took {
    /// The row is complete.
    Row,
    /// The line ended inside of quotes.
    Part,
    TextAfterQuote,
}

impl Splitter {
    fn new(delimiter: u8, line_end: u8) -> Self {
        Self {
            delimiter,
            line_end,
            cells: csv::ByteRecord::new(),
            cell: Vec::new(),
            at: At::Start,
            opened: (0, 0),
        }
    }

    fn take(&mut self, text: &[u8], line: u64) -> Took {
        // The last line of a file may lack its end.
        let ended = text.last() == Some(&self.line_end);
        let end = (!ended).then_some(&self.line_end).copied();
        for byte in text.iter().copied().chain(end) {
            let byte = &byte;
            self.at = match (self.at, byte) {
                (At::Start, b'"') => {
                    self.opened = (line, self.cells.len());
                    At::Quoted
                }
                (At::Quoted, b'"') => At::Quote,
                (At::Quote, b'"') => self.keep(b'"', At::Quoted),
                (At::Quoted, byte) => self.keep(*byte, At::Quoted),
                (At::Start | At::Bare | At::Quote | At::Behind, byte)
                    if *byte == self.delimiter =>
                {
                    self.end_cell();
                    At::Start
                }
                (At::Start | At::Bare | At::Quote | At::Behind, byte) if *byte == self.line_end => {
                    self.end_cell();
                    return Took::Row;
                }
                (At::Start | At::Bare, byte) => self.keep(*byte, At::Bare),
                (At::Quote | At::Behind, b' ' | b'\t' | b'\r' | b'\n') => At::Behind,
                (At::Quote | At::Behind, _) => return Took::TextAfterQuote,
            };
        }
        Took::Part
    }

    fn keep(&mut self, byte: u8, at: At) -> At {
        self.cell.push(byte);
        at
    }

    fn end_cell(&mut self) {
        self.cells.push_field(&self.cell);
        self.cell.clear();
    }
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    use super::*;

    fn read(text: &[u8]) -> Vec<(u64, Vec<Vec<u8>>)> {
        let mut reader = CellReader::new(text, b'\n', Some(b',')).unwrap();
        let mut rows = Vec::new();
        while let Some(row) = reader.next_row() {
            let Ok(row) = row else {
                panic!("{:?}", String::from_utf8_lossy(text));
            };
            rows.push((row.line, row.cells.iter().map(<[u8]>::to_vec).collect()));
        }
        rows
    }

    #[test]
    fn what_another_program_writes_is_read_back() {
        let mut dice = StdRng::seed_from_u64(17);
        for _ in 0..2000 {
            let mut writer = csv::Writer::from_writer(Vec::new());
            let mut rows = Vec::new();
            let mut line = 1;
            for _ in 0..dice.random_range(1..5) {
                let cell = |dice: &mut StdRng| -> Vec<u8> {
                    let length = dice.random_range(0..6);
                    let letter = |_| b"ab,\"\n\r \xe9"[dice.random_range(0..8)];
                    (0..length).map(letter).collect()
                };
                let cells: Vec<_> = (0..3).map(|_| cell(&mut dice)).collect();
                writer.write_record(&cells).unwrap();
                let breaks = cells.concat().iter().filter(|it| **it == b'\n').count();
                // A row without a word is none.
                if cells.iter().any(|cell| !cell.trim_ascii().is_empty()) {
                    rows.push((line, cells));
                }
                line += 1 + u64::try_from(breaks).unwrap();
            }
            let text = writer.into_inner().unwrap();
            assert_eq!(read(&text), rows, "{:?}", String::from_utf8_lossy(&text));
        }
    }

    #[test]
    fn quotes_mean_something_at_the_beginning_of_a_cell_only() {
        let cells = |text: &str| -> Vec<String> {
            let (_, cells) = read(text.as_bytes()).remove(0);
            let text = |cell| String::from_utf8(cell).unwrap();
            cells.into_iter().map(text).collect()
        };
        assert_eq!(cells("5\" pipe, \"a\",b"), ["5\" pipe", " \"a\"", "b"]);
        assert_eq!(cells("\"a\" \t,\"b\"\r\n"), ["a", "b"]);
        assert_eq!(cells("\"\",\"\"\"\"\n"), ["", "\""]);
    }
}

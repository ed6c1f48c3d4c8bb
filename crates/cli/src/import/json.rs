//! The objects of a JSON list: one on each line (NDJSON), or the elements of an array, which may
//! stand on many lines. Numbers stay text: an order id can be longer than a float is exact.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, BufRead};

use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

use super::reading::Reading;
use super::row::{Cell, Row};
use super::{BadRow, Ignored, MAX_LINE};
use crate::config::import::Field;

/// An object, its keys in the sequence of the text.
struct Object<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Only an object: an array would be read by position.
        deserializer.deserialize_map(ObjectVisitor)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Object<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object such as {\"order\": 17}")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Object(members))
    }
}

/// Reads an object that begins on this line.
pub(super) fn row(
    text: &[u8],
    line: u64,
    reading: &Reading,
    ignored: &mut Ignored,
) -> Result<Row<'static>, BadRow> {
    let text = std::str::from_utf8(text).map_err(|error| BadRow {
        line: line + count(&text[..error.valid_up_to()], b'\n'),
        column: Some((error.valid_up_to() + 1).to_string()),
        problem: super::NOT_TEXT.to_owned(),
    })?;
    let Object(members) = serde_json::from_str(text).map_err(|error| {
        let message = error.to_string();
        let problem = message.split(" at line ").next().unwrap_or_default();
        BadRow {
            // The error's own first line is 1.
            line: line + (error.line() as u64).saturating_sub(1),
            column: Some(error.column().to_string()),
            problem: format!("{problem}; a row is one JSON object"),
        }
    })?;
    let layout = reading.layout();
    let same = |key: &str, name: Option<&str>| name.is_some_and(|it| it.eq_ignore_ascii_case(key));
    let mut cells = [const { None }; Field::ALL.len()];
    let mut given = [false; Field::ALL.len()];
    let mut group = None;
    for (key, value) in members {
        let mut is_read = false;
        if same(&key, layout.format.group()) {
            is_read = true;
            group = cell(&key, value, line)?.map(Cell::into_text);
        }
        for field in Field::ALL {
            if !same(&key, layout.column(field)) {
                continue;
            }
            is_read = true;
            if given[field as usize] {
                let problem = "stands there twice".to_owned();
                return Err(BadRow::at(line, field.name(), problem));
            }
            given[field as usize] = true;
            cells[field as usize] = cell(field.name(), value, line)?;
        }
        if !is_read {
            ignored.note(&key);
        }
    }
    let missing = Field::ALL.into_iter().find(|field| {
        let filled = *field == Field::Account && reading.account_of_all().is_some();
        let wanted = layout.column(*field).is_some() && field.is_required() && !filled;
        wanted && !given[*field as usize]
    });
    if group.is_none() {
        let order: &Option<Cell<'_>> = &cells[Field::Order as usize];
        group = order.as_ref().map(|it| Cow::Owned(it.text().to_owned()));
    }
    Ok(Row {
        line,
        cells,
        group,
        cut: missing.map(|field| (field, "is missing")),
    })
}

/// A value as a cell: nothing where it is empty, as in CSV.
fn cell(key: &str, value: &RawValue, line: u64) -> Result<Option<Cell<'static>>, BadRow> {
    let bad = |problem: String| BadRow::at(line, key, problem);
    match value.get() {
        "null" => Ok(None),
        text if text.starts_with('"') => {
            let text: String = serde_json::from_str(text).map_err(|it| bad(it.to_string()))?;
            let text = text.trim();
            Ok((!text.is_empty()).then(|| Cell::JsonString(text.to_owned())))
        }
        text if text.starts_with(|c: char| c == '-' || c.is_ascii_digit()) => {
            Ok(Some(Cell::JsonNumber(text.to_owned())))
        }
        other => {
            let shown: String = other.chars().take(40).collect();
            Err(bad(format!("{shown} is neither a number nor a string")))
        }
    }
}

fn count(text: &[u8], byte: u8) -> u64 {
    text.iter().filter(|it| **it == byte).count() as u64
}

/// The elements of an array, each with the line on which it begins, without reading the whole.
pub(super) struct Elements<R> {
    reader: R,
    line: u64,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    BeforeArray,
    /// An element, or the end.
    BeforeElement,
    /// A comma, or the end.
    BehindElement,
    BehindArray,
}

/// Why there is no element, and reading goes no further.
pub(super) struct NoElement {
    pub(super) line: u64,
    pub(super) problem: String,
    pub(super) trouble: Trouble,
}

/// What is wrong where there is no element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The text.
    Syntax,
    /// It cannot be read, or has no end.
    Stream,
}

impl<R: BufRead> Elements<R> {
    pub(super) fn new(reader: R) -> Self {
        Self {
            reader,
            line: 1,
            state: State::BeforeArray,
        }
    }

    pub(super) fn next(&mut self) -> Result<Option<(u64, Vec<u8>)>, NoElement> {
        let (first, mut blanks) = (self.line, 0);
        loop {
            let byte = self.peek()?;
            if let Some(byte) = byte
                && byte.is_ascii_whitespace()
            {
                self.step(byte);
                blanks += 1;
                if blanks > MAX_LINE {
                    return Err(NoElement {
                        line: first,
                        problem: "more than 1 MiB of blanks come after this".to_owned(),
                        trouble: Trouble::Stream,
                    });
                }
                continue;
            }
            match (self.state, byte) {
                (State::BehindArray, None) => return Ok(None),
                (State::BehindArray, Some(_)) => {
                    return Err(self.problem("text follows the end of the array"));
                }
                (_, None) => {
                    return Err(self.problem("the array is not closed; was the list cut off?"));
                }
                (State::BeforeArray, Some(byte)) => {
                    self.step(byte);
                    self.state = State::BeforeElement;
                }
                (State::BeforeElement | State::BehindElement, Some(b']')) => {
                    self.step(b']');
                    self.state = State::BehindArray;
                }
                (State::BehindElement, Some(b',')) => {
                    self.step(b',');
                    self.state = State::BeforeElement;
                }
                (State::BehindElement, Some(_)) => {
                    return Err(self.problem("a comma is missing before this element"));
                }
                (State::BeforeElement, Some(_)) => {
                    self.state = State::BehindElement;
                    let line = self.line;
                    return Ok(Some((line, self.element()?)));
                }
            }
        }
    }

    /// All up to a comma or a bracket that is the array's own.
    fn element(&mut self) -> Result<Vec<u8>, NoElement> {
        let first = self.line;
        let (mut text, mut depth) = (Vec::new(), 0_u32);
        let (mut in_string, mut escaped) = (false, false);
        while let Some(byte) = self.peek()? {
            match byte {
                _ if escaped => escaped = false,
                b'\\' if in_string => escaped = true,
                b'"' => in_string = !in_string,
                _ if in_string => {}
                b'{' | b'[' => depth += 1,
                b',' | b']' if depth == 0 => break,
                b'}' | b']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            text.push(byte);
            self.step(byte);
            // What follows an object without a comma is no part of it.
            if byte == b'}' && depth == 0 && !in_string {
                break;
            }
            if text.len() > MAX_LINE {
                return Err(NoElement {
                    line: first,
                    problem: "an element begins here and is longer than 1 MiB".to_owned(),
                    trouble: Trouble::Stream,
                });
            }
        }
        text.truncate(text.trim_ascii_end().len());
        Ok(text)
    }

    fn peek(&mut self) -> Result<Option<u8>, NoElement> {
        loop {
            match self.reader.fill_buf() {
                Ok(ready) => return Ok(ready.first().copied()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    return Err(NoElement {
                        line: self.line,
                        problem: error.to_string(),
                        trouble: Trouble::Stream,
                    });
                }
            }
        }
    }

    fn step(&mut self, byte: u8) {
        self.reader.consume(1);
        self.line += u64::from(byte == b'\n');
    }

    fn problem(&self, problem: &str) -> NoElement {
        NoElement {
            line: self.line,
            problem: problem.to_owned(),
            trouble: Trouble::Syntax,
        }
    }
}

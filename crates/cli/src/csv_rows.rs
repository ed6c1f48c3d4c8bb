//! Views as rows of CSV, which are safe to open in a spreadsheet.

use serde::Serialize;
use serde_json::Value;

use crate::args::{Cells, FormatArgs, ListFormat};
use crate::failure::Failure;
use crate::output::{Output, plain_lines};

/// The columns of reports: keys of the views, in JSON's names.
pub(crate) const COLUMNS: [&str; 26] = [
    "id",
    "account",
    "gateway",
    "order",
    "state",
    "outcome",
    "reason",
    "actor",
    "attempts",
    "sent_at",
    "verified_status",
    "finding",
    "message",
    "updated_at",
    "receipt",
    "method",
    "gateway_time",
    "shop_order",
    "reference",
    "amount",
    "currency",
    "paid_amount",
    "skip_reason",
    "held_by",
    "held_at",
    "hold_note",
];

/// The columns of ids, which are text, whatever they look like.
const IDS: [&str; 5] = ["id", "order", "reference", "shop_order", "receipt"];

/// How the records of a list are printed.
pub(crate) enum Listing {
    /// Together, for the widths of all must be known.
    Table,
    Json,
    Csv(CsvRows),
}

impl Listing {
    /// Begins a list in the form that is asked for; --json means JSON.
    pub(crate) fn begin(output: Output, args: &FormatArgs) -> Result<Self, Failure> {
        if output.is_json() {
            return Ok(Self::Json);
        }
        Ok(match args.format {
            ListFormat::Table => Self::Table,
            ListFormat::Json => Self::Json,
            ListFormat::Csv => Self::Csv(CsvRows::begin(output, args.cells())?),
        })
    }
}

/// Prints rows, and the header before them.
pub(crate) struct CsvRows {
    output: Output,
    cells: Cells,
}

impl CsvRows {
    /// Begins with the header.
    pub(crate) fn begin(output: Output, cells: Cells) -> Result<Self, Failure> {
        let rows = Self { output, cells };
        rows.write(COLUMNS.map(str::to_owned))?;
        Ok(rows)
    }

    /// Prints the row of a view.
    pub(crate) fn row(&self, view: &impl Serialize) -> Result<(), Failure> {
        let view = serde_json::to_value(view)
            .map_err(|error| Failure::failed(format!("failed to print CSV: {error}")))?;
        self.write(COLUMNS.map(|column| {
            let text = match &view[column] {
                Value::Null => String::new(),
                Value::String(text) => plain_lines(text),
                value
                @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                    value.to_string()
                }
            };
            match self.cells {
                Cells::Safe if is_formula(&text) => format!("'{text}"),
                Cells::Safe if IDS.contains(&column) && is_number_or_date(&text) => {
                    format!("'{text}")
                }
                Cells::Safe | Cells::Raw => text,
            }
        }))
    }

    fn write(&self, cells: [String; COLUMNS.len()]) -> Result<(), Failure> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let row = writer
            .write_record(cells)
            .map_err(|error| error.to_string())
            .and_then(|()| writer.into_inner().map_err(|error| error.to_string()))
            .map_err(|error| Failure::failed(format!("failed to print CSV: {error}")))?;
        self.output
            .line(String::from_utf8_lossy(&row).trim_end_matches('\n'))
    }
}

/// Whether a spreadsheet may take the text for a formula.
fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// Whether a spreadsheet may take an id for a number or a date, and show and save another text: it
/// rounds long numbers, cuts zeros in front, and takes `4E12` for a power and `1-2` for a day. Names
/// of months are not looked for: they differ by language.
fn is_number_or_date(text: &str) -> bool {
    let part = |c: char| c.is_numeric() || matches!(c, '.' | ',' | '-' | '+' | '/' | ':' | ' ');
    text.contains(char::is_numeric) && text.chars().all(|c| part(c) || matches!(c, 'e' | 'E'))
}

//! Lists of open orders: CSV or NDJSON, read row by row, so that they may be of any
//! length. A bad row is named by line and column.

mod cells;
mod columns;
mod created_at;
mod repeats;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use duka_core::id::MAX_ID_LEN;
use duka_core::money::MoneyError;
use duka_core::text::{Harm, harm};
use duka_core::{AccountName, Money, OrderId, OrderIds};
use duka_engine::{OrderKey, Origin, TrackedOrder};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::config::Config;
use crate::failure::Failure;
use crate::gateways::{GatewayKind, tracking_id};
use crate::spreadsheet;
use cells::{CellReader, NoRow};
use columns::Columns;

pub(crate) use repeats::{Repeats, differs_from_tracked};

const REQUIRED: [&str; 5] = ["account", "order", "created_at", "amount", "currency"];
const OPTIONAL: [&str; 5] = ["reference", "shop_order", "expires_at", "method", "note"];
/// Longer lines than this are not rows of orders; reading on would only eat memory.
const MAX_LINE: usize = 1024 * 1024;

/// A list that can be read more than once.
pub(crate) struct OrdersFile {
    name: String,
    file: File,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Csv,
    Ndjson,
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
        let opened = || -> io::Result<(File, [u8; 64], usize)> {
            let mut file = if standard_input {
                spool(io::stdin().lock())?
            } else {
                let file = File::open(path)?;
                // A pipe, such as a shell's <(…), cannot be read twice.
                if file.metadata()?.is_file() {
                    file
                } else {
                    spool(file)?
                }
            };
            let mut start = [0; 64];
            let read = file.read(&mut start)?;
            Ok((file, start, read))
        };
        let (file, start, read) = opened().map_err(|error| {
            Failure::usage(format!("failed to read orders from {name}: {error}"))
        })?;
        let first = start[..read]
            .iter()
            .find(|byte| !byte.is_ascii_whitespace() && !b"\xef\xbb\xbf".contains(byte));
        let unusable =
            |problem: &str| Failure::usage(format!("failed to read orders from {name}: {problem}"));
        let kind = match first {
            None => return Err(unusable("it is empty")),
            Some(b'[') => {
                return Err(unusable(
                    "it is a JSON array; give one object on each line (NDJSON), or CSV",
                ));
            }
            Some(b'{') => Kind::Ndjson,
            Some(_) => Kind::Csv,
        };
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
    pub(crate) fn rows(&self, accounts: &Accounts, now: Timestamp) -> Result<Rows, Failure> {
        let unreadable = |error: &dyn fmt::Display| {
            Failure::usage(format!("failed to read orders from {}: {error}", self.name))
        };
        let mut file = self.file.try_clone().map_err(|error| unreadable(&error))?;
        file.seek(SeekFrom::Start(0))
            .map_err(|error| unreadable(&error))?;
        let mut reader = BufReader::new(file);
        skip_byte_order_mark(&mut reader).map_err(|error| unreadable(&error))?;
        let source = match self.kind {
            Kind::Ndjson => Source::Ndjson { reader, line: 0 },
            Kind::Csv => {
                let mut reader = CellReader::new(reader);
                let columns = match reader.next_row() {
                    None => return Err(unreadable(&"it is empty")),
                    Some(Err(problem)) => return Err(unreadable(&BadRow::cut(problem, None))),
                    Some(Ok(header)) => {
                        let line = header.line;
                        let names = csv::StringRecord::from_byte_record(header.cells)
                            .map_err(|_| unreadable(&format!("line {line}: is not UTF-8 text")))?;
                        Columns::find(&names)
                            .map_err(|problem| unreadable(&format!("line {line}: {problem}")))?
                    }
                };
                Source::Csv {
                    reader: Box::new(reader),
                    columns,
                }
            }
        };
        Ok(Rows {
            source,
            accounts: accounts.clone(),
            now,
            line: 0,
            over: false,
        })
    }
}

fn spool(mut input: impl Read) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    io::copy(&mut input, &mut file)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(file)
}

fn skip_byte_order_mark(reader: &mut impl BufRead) -> io::Result<()> {
    if reader.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
        reader.consume(3);
    }
    Ok(())
}

/// A line of a list.
enum TextLine {
    /// With its line feed, if it has one.
    Text(Vec<u8>),
    /// Left out: it is longer than any row can be.
    TooLong,
    /// There is none any more.
    End,
}

fn read_line(reader: &mut impl BufRead) -> io::Result<TextLine> {
    let mut text = Vec::new();
    let limit = MAX_LINE as u64;
    let read = reader.by_ref().take(limit).read_until(b'\n', &mut text)?;
    if read == 0 {
        return Ok(TextLine::End);
    }
    if read == MAX_LINE && !text.ends_with(b"\n") {
        skip_line(reader)?;
        return Ok(TextLine::TooLong);
    }
    Ok(TextLine::Text(text))
}

/// The gateways of the configured accounts: all that is needed to read a list.
#[derive(Clone)]
pub(crate) struct Accounts(Arc<BTreeMap<AccountName, GatewayKind>>);

impl Accounts {
    pub(crate) fn of(config: &Config) -> Self {
        let accounts = config.accounts.iter();
        let pairs = accounts.map(|(name, account)| (name.clone(), account.gateway));
        Self(Arc::new(pairs.collect()))
    }
}

/// The rows of a list, in order.
pub(crate) struct Rows {
    source: Source,
    accounts: Accounts,
    now: Timestamp,
    /// Where the last row begins.
    line: u64,
    /// What cannot be read once is not tried again.
    over: bool,
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
}

impl Iterator for Rows {
    type Item = Result<TrackedOrder, BadRow>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        match &mut self.source {
            Source::Csv { reader, columns } => {
                let row = match reader.next_row()? {
                    Ok(row) => row,
                    Err(problem) => {
                        self.over = matches!(problem, NoRow::Unreadable { .. });
                        return Some(Err(BadRow::cut(problem, Some(columns))));
                    }
                };
                let line = row.line;
                self.line = line;
                let row = csv::StringRecord::from_byte_record(row.cells)
                    .map_err(|error| columns.not_text(error.utf8_error().field(), line));
                Some(row.and_then(|mut record| {
                    record.trim();
                    columns.row(&record, line)?.order(&self.accounts, self.now)
                }))
            }
            Source::Ndjson { reader, line } => loop {
                *line += 1;
                match read_line(reader) {
                    Ok(TextLine::End) => return None,
                    Ok(TextLine::Text(text)) if text.trim_ascii().is_empty() => {}
                    Ok(TextLine::TooLong) => {
                        return Some(Err(BadRow::cut(NoRow::TooLong { line: *line }, None)));
                    }
                    Ok(TextLine::Text(text)) => {
                        self.line = *line;
                        // Without its end, behind which an error would count from 0 again.
                        let row = json_row(text.trim_ascii_end(), *line);
                        return Some(row.and_then(|row| row.order(&self.accounts, self.now)));
                    }
                    Err(error) => {
                        self.over = true;
                        let line = *line;
                        return Some(Err(BadRow::cut(NoRow::Unreadable { line, error }, None)));
                    }
                }
            },
        }
    }
}

impl Rows {
    /// The line on which the last row begins, from 1.
    pub(crate) fn line(&self) -> u64 {
        self.line
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
fn skip_line(reader: &mut impl BufRead) -> io::Result<()> {
    loop {
        let ready = reader.fill_buf()?;
        let (length, ended) = match ready.iter().position(|it| *it == b'\n') {
            Some(at) => (at + 1, true),
            None => (ready.len(), ready.is_empty()),
        };
        reader.consume(length);
        if ended {
            return Ok(());
        }
    }
}

/// A row of either kind, as text.
struct Row<'a> {
    line: u64,
    account: Cow<'a, str>,
    order: OrderText<'a>,
    created_at: Cow<'a, str>,
    amount: Cow<'a, str>,
    currency: Cow<'a, str>,
    reference: Option<Cow<'a, str>>,
    shop_order: Option<Cow<'a, str>>,
    expires_at: Option<Cow<'a, str>>,
    method: Option<Cow<'a, str>>,
    note: Option<Cow<'a, str>>,
}

enum OrderText<'a> {
    /// A CSV cell, which has no type.
    Cell(Cow<'a, str>),
    JsonString(String),
    JsonInteger(String),
}

impl OrderText<'_> {
    fn as_text(&self) -> &str {
        match self {
            Self::Cell(text) => text,
            Self::JsonString(text) | Self::JsonInteger(text) => text,
        }
    }

    fn into_text(self) -> String {
        match self {
            Self::Cell(text) => text.into_owned(),
            Self::JsonString(text) | Self::JsonInteger(text) => text,
        }
    }
}

/// Whether this column cannot take such a character. References and shop orders are looked for, as ids are;
/// the other words are only read, and printing takes care of them.
fn bars(column: &str, c: char, harm: Harm) -> bool {
    match harm {
        Harm::Control => !matches!(c, '\n' | '\r' | '\t'),
        Harm::Line | Harm::Direction | Harm::Invisible | Harm::Joiner => {
            matches!(column, "reference" | "shop_order")
        }
    }
}

impl Row<'_> {
    fn order(self, accounts: &Accounts, now: Timestamp) -> Result<TrackedOrder, BadRow> {
        let line = self.line;
        let bad = |column: &str, problem: String| BadRow::at(line, column, problem);
        for (column, cell) in [
            ("reference", &self.reference),
            ("shop_order", &self.shop_order),
            ("method", &self.method),
            ("note", &self.note),
        ] {
            let harmful = |c: char| Some((c, harm(c)?)).filter(|(c, harm)| bars(column, *c, *harm));
            if let Some((c, harm)) = cell.iter().flat_map(|it| it.chars()).find_map(harmful) {
                let problem = format!("holds {harm} (U+{:04X})", u32::from(c));
                return Err(bad(column, problem));
            }
        }
        for (column, cell) in [
            ("order", Some(self.order.as_text())),
            ("reference", self.reference.as_deref()),
            ("shop_order", self.shop_order.as_deref()),
        ] {
            // What is longer is refused as such, and not repeated.
            let id = cell.filter(|it| it.len() <= MAX_ID_LEN);
            if let Some((id, change)) = id.and_then(|id| Some((id, spreadsheet::change(id)?))) {
                let advice = spreadsheet::EXPORT_AS_TEXT;
                return Err(bad(column, format!("{id:?} {change}; {advice}")));
            }
        }
        let account =
            AccountName::new(self.account).map_err(|error| bad("account", error.to_string()))?;
        let gateway = *accounts.0.get(&account).ok_or_else(|| {
            let names: Vec<_> = accounts.0.keys().map(AccountName::as_str).collect();
            let known = if names.is_empty() {
                "none is".to_owned()
            } else {
                names.join(", ")
            };
            bad(
                "account",
                format!("account {account} is not configured; configured: {known}"),
            )
        })?;
        let order = match gateway.order_ids() {
            OrderIds::Merchant => match self.order {
                OrderText::Cell(text) => OrderId::guess(text),
                OrderText::JsonInteger(text) => OrderId::integer(text),
                OrderText::JsonString(text) => OrderId::text(text),
            },
            OrderIds::Gateway => {
                let text = self.order.into_text();
                let Some(tracking_id) = tracking_id(&text) else {
                    let problem = "is not a tracking id (a GUID), by which Pesapal knows orders";
                    return Err(bad("order", format!("{text:?} {problem}")));
                };
                OrderId::text(tracking_id)
            }
        }
        .map_err(|error| bad("order", error.to_string()))?;
        let created_at = created_at::read(&self.created_at, now)
            .map_err(|problem| bad("created_at", problem))?;
        let expires_at = self.expires_at.as_deref();
        let expires_at = expires_at
            .map(|text| created_at::read_expiry(text, created_at))
            .transpose()
            .map_err(|problem| bad("expires_at", problem))?;
        let money = Money::parse(&self.amount, &self.currency)
            .and_then(Money::chargeable)
            .map_err(|error| {
                let column = if matches!(error, MoneyError::UnknownCurrency(_)) {
                    "currency"
                } else {
                    "amount"
                };
                bad(column, error.to_string())
            })?;
        let key = OrderKey::new(account, order);
        let mut tracked = TrackedOrder::new(key, gateway.name(), created_at);
        tracked.origin = Origin::List;
        tracked.money = Some(money);
        tracked.reference = self.reference.map(Cow::into_owned);
        tracked.shop_order = self.shop_order.map(Cow::into_owned);
        tracked.expires_at = expires_at;
        tracked.method = self.method.map(Cow::into_owned);
        tracked.note = self.note.map(Cow::into_owned);
        Ok(tracked)
    }
}

/// One line of NDJSON. Numbers stay text: an order id can be longer than a float is exact.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonRow<'a> {
    account: String,
    #[serde(borrow)]
    order: &'a RawValue,
    created_at: String,
    #[serde(borrow)]
    amount: &'a RawValue,
    currency: String,
    reference: Option<String>,
    shop_order: Option<String>,
    expires_at: Option<String>,
    method: Option<String>,
    note: Option<String>,
}

fn json_row(text: &[u8], line: u64) -> Result<Row<'static>, BadRow> {
    let bad = |column: Option<&str>, problem: String| BadRow {
        line,
        column: column.map(str::to_owned),
        problem,
    };
    let row: JsonRow<'_> = serde_json::from_slice(text).map_err(|error| {
        let column = error.column();
        // The error's own line is always 1.
        let message = error.to_string();
        let problem = message.split(" at line ").next().unwrap_or_default();
        bad(Some(&column.to_string()), problem.to_owned())
    })?;
    let order = match row.order.get() {
        text if text.starts_with('"') => {
            let text = serde_json::from_str(text)
                .map_err(|error| bad(Some("order"), error.to_string()))?;
            OrderText::JsonString(text)
        }
        text if text.starts_with(|c: char| c == '-' || c.is_ascii_digit()) => {
            OrderText::JsonInteger(text.to_owned())
        }
        other => {
            let problem = format!("{other} is neither an integer nor a string");
            return Err(bad(Some("order"), problem));
        }
    };
    let amount = match row.amount.get() {
        text if text.starts_with('"') => {
            serde_json::from_str(text).map_err(|error| bad(Some("amount"), error.to_string()))?
        }
        text => text.to_owned(),
    };
    // As a cell of CSV, which is nothing where it is empty.
    let word = |text: Option<String>| {
        let text = text?.trim().to_owned();
        (!text.is_empty()).then_some(Cow::Owned(text))
    };
    Ok(Row {
        line,
        account: Cow::Owned(row.account),
        order,
        created_at: Cow::Owned(row.created_at),
        amount: Cow::Owned(amount),
        currency: Cow::Owned(row.currency),
        reference: word(row.reference),
        shop_order: word(row.shop_order),
        expires_at: word(row.expires_at),
        method: word(row.method),
        note: word(row.note),
    })
}

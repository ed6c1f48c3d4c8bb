//! A row of a list of any kind, as text, and the order that it describes.

use std::borrow::Cow;

use duka_core::id::MAX_ID_LEN;
use duka_core::money::{Currency, MoneyError};
use duka_core::text::{Harm, harm};
use duka_core::{Money, OrderId, OrderIds};
use duka_engine::{OrderKey, Origin, TrackedOrder};
use jiff::Timestamp;

use super::reading::Reading;
use super::{BadRow, amount, created_at};
use crate::config::import::Field;
use crate::gateways::tracking_id;
use crate::spreadsheet;

/// What a list says of an order.
pub(super) struct Row<'a> {
    pub(super) line: u64,
    /// In the sequence of [`Field::ALL`]; nothing where a cell is blank.
    pub(super) cells: [Option<Cell<'a>>; Field::ALL.len()],
    /// What the rows of one order have in common.
    pub(super) group: Option<Cow<'a, str>>,
    /// A field that has to be there and is not, not even blank, and why.
    pub(super) cut: Option<(Field, &'static str)>,
}

#[derive(Debug, Clone)]
pub(super) enum Cell<'a> {
    /// A CSV cell, which has no type.
    Csv(Cow<'a, str>),
    JsonString(String),
    JsonNumber(String),
}

impl<'a> Cell<'a> {
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Csv(text) => text,
            Self::JsonString(text) | Self::JsonNumber(text) => text,
        }
    }

    pub(super) fn into_text(self) -> Cow<'a, str> {
        match self {
            Self::Csv(text) => text,
            Self::JsonString(text) | Self::JsonNumber(text) => Cow::Owned(text),
        }
    }
}

/// Whether this column cannot take such a character. References and shop orders are looked for, as ids are;
/// the other words are only read, and printing takes care of them.
fn bars(field: Field, c: char, harm: Harm) -> bool {
    match harm {
        Harm::Control => !matches!(c, '\n' | '\r' | '\t'),
        Harm::Line | Harm::Direction | Harm::Invisible | Harm::Joiner => {
            matches!(field, Field::Reference | Field::ShopOrder)
        }
    }
}

impl<'a> Row<'a> {
    pub(super) fn text(&self, field: Field) -> Option<&str> {
        self.cells[field as usize].as_ref().map(Cell::text)
    }

    fn take(&mut self, field: Field) -> Option<Cell<'a>> {
        self.cells[field as usize].take()
    }

    fn word(&mut self, field: Field) -> Option<String> {
        self.take(field).map(|it| it.into_text().into_owned())
    }

    fn bad(&self, field: Field, problem: impl Into<String>) -> BadRow {
        BadRow::at(self.line, field.name(), problem.into())
    }

    /// A cell that must not be blank.
    fn required(&self, field: Field) -> Result<&str, BadRow> {
        self.text(field).ok_or_else(|| self.bad(field, "is empty"))
    }

    /// Whether the shop says that the customer has not paid yet; always, where the list has no
    /// such column.
    pub(super) fn is_open(&self, reading: &Reading) -> Result<bool, BadRow> {
        let layout = reading.layout();
        if layout.column(Field::Status).is_none() {
            return Ok(true);
        }
        let status = self.required(Field::Status)?;
        let mut open = layout.format.open_words().iter();
        Ok(open.any(|word| word.eq_ignore_ascii_case(status)))
    }

    /// Whether this is one more line of an order that has been read: a shop says only once when
    /// an order was made, or where it stands, and what it costs.
    pub(super) fn is_line_item(&self, reading: &Reading) -> bool {
        let has_status = reading.layout().column(Field::Status).is_some();
        self.text(Field::Amount).is_none()
            && (self.text(Field::CreatedAt).is_none()
                || has_status && self.text(Field::Status).is_none())
    }

    pub(super) fn order(
        mut self,
        reading: &Reading,
        now: Timestamp,
    ) -> Result<TrackedOrder, BadRow> {
        if let Some((field, problem)) = self.cut {
            return Err(self.bad(field, problem));
        }
        for field in [
            Field::Reference,
            Field::ShopOrder,
            Field::Method,
            Field::Note,
        ] {
            let harmful = |c: char| Some((c, harm(c)?)).filter(|(c, harm)| bars(field, *c, *harm));
            let found = self.text(field).into_iter().flat_map(str::chars);
            if let Some((c, harm)) = found.into_iter().find_map(harmful) {
                let problem = format!("holds {harm} (U+{:04X})", u32::from(c));
                return Err(self.bad(field, problem));
            }
        }
        for field in [Field::Order, Field::Reference, Field::ShopOrder] {
            // What is longer is refused as such, and not repeated.
            let id = self.text(field).filter(|it| it.len() <= MAX_ID_LEN);
            if let Some((id, change)) = id.and_then(|id| Some((id, spreadsheet::change(id)?))) {
                let advice = spreadsheet::EXPORT_AS_TEXT;
                return Err(self.bad(field, format!("{id:?} {change}; {advice}")));
            }
        }
        let account = match (self.text(Field::Account), reading.account_of_all()) {
            (Some(name), _) => name,
            (None, Some(only)) => only.as_str(),
            (None, None) => return Err(self.bad(Field::Account, "is empty")),
        };
        let (account, gateway) = reading
            .account(account)
            .map_err(|problem| self.bad(Field::Account, problem))?;
        self.required(Field::Order)?;
        let line = self.line;
        let bad = |field: Field, problem: String| BadRow::at(line, field.name(), problem);
        let order = match (gateway.order_ids(), self.take(Field::Order)) {
            (_, None) => return Err(self.bad(Field::Order, "is empty")),
            (OrderIds::Merchant, Some(cell)) => match cell {
                Cell::Csv(text) => OrderId::guess(text),
                Cell::JsonNumber(text) => OrderId::integer(text),
                Cell::JsonString(text) => OrderId::text(text),
            },
            (OrderIds::Gateway, Some(cell)) => {
                let text = cell.into_text();
                let Some(tracking_id) = tracking_id(&text) else {
                    let problem = "is not a tracking id (a GUID), by which Pesapal knows orders";
                    return Err(self.bad(Field::Order, format!("{text:?} {problem}")));
                };
                OrderId::text(tracking_id)
            }
        }
        .map_err(|error| bad(Field::Order, error.to_string()))?;
        let zone = reading.layout().time_zone.as_ref();
        let created_at = created_at::read(self.required(Field::CreatedAt)?, zone, now)
            .map_err(|problem| bad(Field::CreatedAt, problem))?;
        let expires_at = self.text(Field::ExpiresAt);
        let expires_at = expires_at
            .map(|text| created_at::read_expiry(text, zone, created_at))
            .transpose()
            .map_err(|problem| bad(Field::ExpiresAt, problem))?;
        let money = self.money(reading)?;
        let mut tracked =
            TrackedOrder::new(OrderKey::new(account, order), gateway.name(), created_at);
        tracked.origin = Origin::List;
        tracked.money = money;
        tracked.reference = self.word(Field::Reference);
        tracked.shop_order = self.word(Field::ShopOrder);
        tracked.expires_at = expires_at;
        tracked.method = self.word(Field::Method);
        tracked.note = self.word(Field::Note);
        Ok(tracked)
    }

    /// What the order costs; none, where its amount or its currency is blank. What is there has to
    /// be readable all the same.
    fn money(&self, reading: &Reading) -> Result<Option<Money>, BadRow> {
        let amount = match &self.cells[Field::Amount as usize] {
            None => None,
            Some(Cell::JsonNumber(text)) => Some(Cow::Borrowed(text.as_str())),
            Some(cell) => {
                let read = amount::read(cell.text(), reading.layout().numbers);
                Some(read.map_err(|problem| self.bad(Field::Amount, problem))?)
            }
        };
        let currency = self.text(Field::Currency);
        let bad = |error: MoneyError| {
            let field = if matches!(error, MoneyError::UnknownCurrency(_)) {
                Field::Currency
            } else {
                Field::Amount
            };
            self.bad(field, error.to_string())
        };
        match (amount, currency) {
            (Some(amount), Some(currency)) => Money::parse(&amount, currency)
                .and_then(Money::chargeable)
                .map(Some)
                .map_err(bad),
            (Some(amount), None) => {
                // Any currency: only the number is looked at.
                Money::parse(&amount, "INR").map_err(bad)?;
                Ok(None)
            }
            (None, Some(currency)) => {
                let known = Currency::from_code(&currency.to_ascii_uppercase());
                known.ok_or_else(|| bad(MoneyError::UnknownCurrency(currency.to_owned())))?;
                Ok(None)
            }
            (None, None) => Ok(None),
        }
    }
}

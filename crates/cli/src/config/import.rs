//! How a list of orders is written: what its columns are called, and how it writes times and
//! numbers. `[import.NAME]` in the file keeps that for the lists of one shop.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use serde::Deserialize;

use super::time_zone;
use crate::failure::Failure;

/// What a list may say of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Field {
    Account,
    Order,
    CreatedAt,
    Amount,
    Currency,
    Reference,
    ShopOrder,
    ExpiresAt,
    Method,
    Note,
    /// Where the shop says whether the order is open; only the formats of shops have it.
    Status,
}

impl Field {
    pub(crate) const ALL: [Self; 11] = [
        Self::Account,
        Self::Order,
        Self::CreatedAt,
        Self::Amount,
        Self::Currency,
        Self::Reference,
        Self::ShopOrder,
        Self::ExpiresAt,
        Self::Method,
        Self::Note,
        Self::Status,
    ];

    /// What it is called in a list of duka's own, in `--map` and in messages.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Order => "order",
            Self::CreatedAt => "created_at",
            Self::Amount => "amount",
            Self::Currency => "currency",
            Self::Reference => "reference",
            Self::ShopOrder => "shop_order",
            Self::ExpiresAt => "expires_at",
            Self::Method => "method",
            Self::Note => "note",
            Self::Status => "status",
        }
    }

    /// Whether a list has to have it, unless its layout says that it has none.
    pub(crate) fn is_required(self) -> bool {
        match self {
            Self::Account
            | Self::Order
            | Self::CreatedAt
            | Self::Amount
            | Self::Currency
            | Self::Status => true,
            Self::Reference | Self::ShopOrder | Self::ExpiresAt | Self::Method | Self::Note => {
                false
            }
        }
    }
}

/// Which program writes such lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Duka,
    WooCommerce,
    Shopify,
}

impl Format {
    pub(crate) const ALL: [Self; 3] = [Self::Duka, Self::WooCommerce, Self::Shopify];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Duka => "duka",
            Self::WooCommerce => "woocommerce",
            Self::Shopify => "shopify",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }

    /// What the column of a field is called; none, where such lists have no such column.
    fn column(self, field: Field) -> Option<&'static str> {
        match self {
            Self::Duka => (field != Field::Status).then(|| field.name()),
            Self::WooCommerce => match field {
                Field::Order => Some("order_id"),
                Field::ShopOrder => Some("order_number"),
                Field::CreatedAt => Some("order_date"),
                Field::Status => Some("status"),
                Field::Amount => Some("order_total"),
                Field::Currency => Some("order_currency"),
                Field::Method => Some("payment_method"),
                Field::Note => Some("customer_note"),
                Field::Account => Some("account"),
                Field::Reference | Field::ExpiresAt => None,
            },
            Self::Shopify => match field {
                Field::Order => Some("Id"),
                Field::ShopOrder => Some("Name"),
                Field::CreatedAt => Some("Created at"),
                Field::Status => Some("Financial Status"),
                Field::Amount => Some("Total"),
                Field::Currency => Some("Currency"),
                Field::Reference => Some("Payment Reference"),
                Field::Method => Some("Payment Method"),
                Field::Note => Some("Notes"),
                Field::Account => Some("account"),
                Field::ExpiresAt => None,
            },
        }
    }

    /// The column by which the rows of one order are known, where it is not that of the order.
    pub(crate) fn group(self) -> Option<&'static str> {
        match self {
            Self::Duka => None,
            Self::WooCommerce => Some("order_id"),
            Self::Shopify => Some("Name"),
        }
    }

    /// The words for an order whose customer has not paid yet.
    pub(crate) fn open_words(self) -> &'static [&'static str] {
        match self {
            Self::Duka => &[],
            Self::WooCommerce => &["pending", "wc-pending", "pending payment"],
            Self::Shopify => &["pending"],
        }
    }
}

/// How amounts are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Numbers {
    /// `1599.00`.
    Plain,
    /// `1599,00`.
    DecimalComma,
    /// `1,599.00`.
    ThousandsComma,
}

/// How a list is written.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub(crate) format: Format,
    /// Columns that are called otherwise than the format calls them; none, where the list has none.
    map: BTreeMap<Field, Option<String>>,
    /// None: it is found.
    pub(crate) delimiter: Option<u8>,
    /// The zone of times that name none.
    pub(crate) time_zone: Option<TimeZone>,
    pub(crate) numbers: Numbers,
}

impl Layout {
    pub(crate) fn of(format: Format) -> Self {
        Self {
            format,
            map: BTreeMap::new(),
            delimiter: None,
            time_zone: None,
            numbers: Numbers::Plain,
        }
    }

    /// What the column of a field is called; none, where the list has no such column.
    pub(crate) fn column(&self, field: Field) -> Option<&str> {
        match self.map.get(&field) {
            Some(column) => column.as_deref(),
            None => self.format.column(field),
        }
    }

    /// Whether the list has to have this column.
    pub(crate) fn requires(&self, field: Field) -> bool {
        field.is_required() || self.map.contains_key(&field)
    }

    /// Takes the name of a column. `place` says where it stands, for messages.
    pub(crate) fn map(&mut self, place: &str, field: &str, column: &str) -> Result<(), Failure> {
        let known = Field::ALL
            .into_iter()
            .filter(|it| *it != Field::Status || self.format != Format::Duka);
        let Some(field) = known.clone().find(|it| it.name() == field) else {
            let names: Vec<_> = known.map(Field::name).collect();
            return Err(Failure::usage(format!(
                "{place}: {field:?} is not a field of an order; a field is one of {}",
                names.join(", ")
            )));
        };
        let column = column.trim();
        let column = (!column.is_empty()).then(|| column.to_owned());
        if column.is_none() && matches!(field, Field::Order | Field::CreatedAt | Field::Status) {
            return Err(Failure::usage(format!(
                "{place}: a list cannot do without {}; give the name of its column",
                field.name()
            )));
        }
        self.map.insert(field, column);
        Ok(())
    }

    /// Takes a delimiter as a user writes it.
    pub(crate) fn set_delimiter(&mut self, place: &str, text: &str) -> Result<(), Failure> {
        let byte = match text {
            "tab" | "\\t" => b'\t',
            _ => match text.as_bytes() {
                [byte] if is_delimiter(*byte) => *byte,
                _ => {
                    return Err(Failure::usage(format!(
                        "{place} is {text:?}; it can be one character such as , ; or |, or the word tab"
                    )));
                }
            },
        };
        self.delimiter = Some(byte);
        Ok(())
    }

    pub(crate) fn set_time_zone(&mut self, place: &str, name: &str) -> Result<(), Failure> {
        self.time_zone = Some(time_zone(place, name)?);
        Ok(())
    }
}

/// Whether cells can be separated by this: what is part of a cell or ends a line cannot.
pub(crate) fn is_delimiter(byte: u8) -> bool {
    byte == b'\t' || byte.is_ascii_graphic() && !byte.is_ascii_alphanumeric() && byte != b'"'
}

/// `[import.NAME]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ImportTable {
    format: Option<String>,
    #[serde(default)]
    map: BTreeMap<String, String>,
    delimiter: Option<String>,
    time_zone: Option<String>,
    #[serde(default)]
    decimal_comma: bool,
    #[serde(default)]
    thousands_comma: bool,
}

impl ImportTable {
    /// The layout that the file calls `name`; `shown` is the file's name, for messages.
    pub(super) fn check(self, shown: &str, name: &str) -> Result<Layout, Failure> {
        let place = format!("{shown}: import.{name}");
        let formats = Format::ALL.map(Format::name).join(", ");
        if Format::named(name).is_some() {
            return Err(Failure::usage(format!(
                "{place}: {formats} are formats that exist already; choose another name"
            )));
        }
        let format = match self.format.as_deref() {
            None => Format::Duka,
            Some(text) => Format::named(text).ok_or_else(|| {
                Failure::usage(format!(
                    "{place}.format is {text:?}; it can be one of {formats}"
                ))
            })?,
        };
        let mut layout = Layout::of(format);
        for (field, column) in &self.map {
            layout.map(&format!("{place}.map"), field, column)?;
        }
        if let Some(text) = &self.delimiter {
            layout.set_delimiter(&format!("{place}.delimiter"), text)?;
        }
        if let Some(name) = &self.time_zone {
            layout.set_time_zone(&place, name)?;
        }
        layout.numbers = match (self.decimal_comma, self.thousands_comma) {
            (false, false) => Numbers::Plain,
            (true, false) => Numbers::DecimalComma,
            (false, true) => Numbers::ThousandsComma,
            (true, true) => {
                return Err(Failure::usage(format!(
                    "{place}: decimal_comma and thousands_comma exclude each other; keep one"
                )));
            }
        };
        Ok(layout)
    }
}

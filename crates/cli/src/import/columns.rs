//! The columns of a CSV list: where each stands, and the cells of a row by name.

use std::borrow::Cow;

use super::{BadRow, OPTIONAL, OrderText, REQUIRED, Row};

/// Where each column stands.
pub(super) struct Columns {
    /// How many there are, known or not.
    width: usize,
    required: [usize; REQUIRED.len()],
    optional: [Option<usize>; OPTIONAL.len()],
}

impl Columns {
    pub(super) fn find(header: &csv::StringRecord) -> Result<Self, String> {
        let find = |name: &str| {
            header
                .iter()
                .position(|column| column.trim().eq_ignore_ascii_case(name))
        };
        let known = |name: &str| {
            REQUIRED
                .iter()
                .chain(&OPTIONAL)
                .any(|known| known.eq_ignore_ascii_case(name.trim()))
        };
        let missing: Vec<_> = REQUIRED
            .into_iter()
            .filter(|name| find(name).is_none())
            .collect();
        if !missing.is_empty() {
            return Err(format!(
                "the header lacks {}; it must hold {} and may hold {}",
                missing.join(", "),
                REQUIRED.join(","),
                OPTIONAL.join(",")
            ));
        }
        if let Some(unknown) = header.iter().find(|name| !known(name)) {
            return Err(format!(
                "column {unknown:?} is not known; the header must hold {} and may hold {}",
                REQUIRED.join(","),
                OPTIONAL.join(",")
            ));
        }
        let columns = REQUIRED.iter().chain(&OPTIONAL);
        let twice = columns.into_iter().find(|name| {
            let same = header
                .iter()
                .filter(|it| it.trim().eq_ignore_ascii_case(name));
            same.count() > 1
        });
        if let Some(name) = twice {
            return Err(format!("column {name} stands there twice"));
        }
        Ok(Self {
            width: header.len(),
            required: REQUIRED.map(|name| find(name).unwrap_or(usize::MAX)),
            optional: OPTIONAL.map(find),
        })
    }

    /// What the column of a cell is called.
    pub(super) fn name(&self, cell: usize) -> Option<&'static str> {
        let required = self.required.iter().zip(REQUIRED);
        let optional = self.optional.iter().zip(OPTIONAL);
        let mut columns = required
            .map(|(at, name)| (Some(*at), name))
            .chain(optional.map(|(at, name)| (*at, name)));
        let column = columns.find(|(at, _)| *at == Some(cell));
        column.map(|(_, name)| name)
    }

    /// A cell that is not text, by the name of its column.
    pub(super) fn not_text(&self, cell: usize, line: u64) -> BadRow {
        BadRow {
            line,
            column: self.name(cell).map(str::to_owned),
            problem: "is not UTF-8 text".to_owned(),
        }
    }

    pub(super) fn row<'a>(
        &self,
        record: &'a csv::StringRecord,
        line: u64,
    ) -> Result<Row<'a>, BadRow> {
        // A comma too many moves every cell after it: 1,000.50 would be one rupee.
        if record.len() > self.width {
            return Err(BadRow {
                line,
                column: None,
                problem: format!(
                    "has {} cells, and the header {}; is a comma not quoted?",
                    record.len(),
                    self.width
                ),
            });
        }
        let mut required = [""; REQUIRED.len()];
        for ((cell, column), name) in required.iter_mut().zip(self.required).zip(REQUIRED) {
            *cell = record
                .get(column)
                .filter(|text| !text.is_empty())
                .ok_or_else(|| BadRow {
                    line,
                    column: Some(name.to_owned()),
                    problem: "is empty".to_owned(),
                })?;
        }
        let optional = self.optional.map(|column| {
            record
                .get(column?)
                .filter(|text| !text.is_empty())
                .map(Cow::Borrowed)
        });
        let [account, order, created_at, amount, currency] = required.map(Cow::Borrowed);
        let [reference, shop_order, expires_at, method, note] = optional;
        Ok(Row {
            line,
            account,
            order: OrderText::Cell(order),
            created_at,
            amount,
            currency,
            reference,
            shop_order,
            expires_at,
            method,
            note,
        })
    }
}

//! The columns of a CSV list: where each stands, and the cells of a row by field.

use std::borrow::Cow;

use super::reading::Reading;
use super::row::{Cell, Row};
use super::{BadRow, OPTIONAL, REQUIRED};
use crate::config::import::Field;

/// Where each column stands.
pub(super) struct Columns {
    /// What they are called, known or not.
    header: Vec<String>,
    /// In the sequence of [`Field::ALL`].
    places: [Option<usize>; Field::ALL.len()],
    /// The column by which the rows of one order are known.
    group: Option<usize>,
}

impl Columns {
    pub(super) fn find(
        header: &csv::StringRecord,
        delimiter: u8,
        reading: &Reading,
    ) -> Result<Self, String> {
        let layout = reading.layout();
        let header: Vec<_> = header.iter().map(|it| it.trim().to_owned()).collect();
        let same = |one: &str, other: &str| one.eq_ignore_ascii_case(other);
        let find = |name: &str| header.iter().position(|column| same(column, name));
        let mut missing = Vec::new();
        let mut places = [None; Field::ALL.len()];
        for (field, place) in Field::ALL.into_iter().zip(&mut places) {
            let Some(column) = layout.column(field) else {
                continue;
            };
            *place = find(column);
            let filled = field == Field::Account && reading.account_of_all().is_some();
            if place.is_none() && layout.requires(field) && !filled {
                missing.push(if column == field.name() {
                    column.to_owned()
                } else {
                    format!("{column:?} (the column of {})", field.name())
                });
            }
            if header.iter().filter(|it| same(it, column)).count() > 1 {
                return Err(format!("column {column} stands there twice"));
            }
        }
        if missing.is_empty() {
            let group = layout.format.group().and_then(find);
            return Ok(Self {
                group: group.or(places[Field::Order as usize]),
                header,
                places,
            });
        }
        let advice = match header.as_slice() {
            [one] => format!(
                "it has one column, {one:?}, where {:?} separates the cells; --delimiter says what does",
                char::from(delimiter)
            ),
            _ if missing == [Field::Account.name()] => {
                "add that column, or say with --account whose orders these are".to_owned()
            }
            _ if layout.format.group().is_some() => {
                "--map names columns that are called otherwise".to_owned()
            }
            _ => format!(
                "it must hold {} and may hold {}; --map names columns that are called otherwise",
                REQUIRED.join(","),
                OPTIONAL.join(",")
            ),
        };
        Err(format!("the header lacks {}; {advice}", missing.join(", ")))
    }

    /// What the column of a cell is called.
    pub(super) fn name(&self, cell: usize) -> Option<&str> {
        let name = self.header.get(cell)?;
        let fields = Field::ALL.into_iter().zip(self.places);
        let mut of_it = fields.filter(|(_, place)| *place == Some(cell));
        Some(
            of_it
                .next()
                .map_or(name.as_str(), |(field, _)| field.name()),
        )
    }

    /// The columns that say nothing of an order here.
    pub(super) fn ignored(&self) -> impl Iterator<Item = &str> {
        let is_read = |at| self.places.contains(&Some(at)) || self.group == Some(at);
        let columns = self.header.iter().enumerate();
        columns
            .filter(move |(at, name)| !name.is_empty() && !is_read(*at))
            .map(|(_, name)| name.as_str())
    }

    /// A cell that is not text, by the name of its column.
    pub(super) fn not_text(&self, cell: usize, line: u64) -> BadRow {
        BadRow {
            line,
            column: self.name(cell).map(str::to_owned),
            problem: super::NOT_TEXT.to_owned(),
        }
    }

    /// The cells of a row, by field.
    pub(super) fn row<'a>(
        &self,
        record: &'a csv::StringRecord,
        line: u64,
    ) -> Result<Row<'a>, BadRow> {
        let width = self.header.len();
        // A comma too many moves every cell after it: 1,000.50 would be one rupee. At the end of
        // a row it moves none.
        if record.iter().skip(width).any(|cell| !cell.is_empty()) {
            let (cells, problem) = (record.len(), "is a delimiter not quoted?");
            return Err(BadRow {
                line,
                column: None,
                problem: format!("has {cells} cells, and the header {width}; {problem}"),
            });
        }
        let cell = |at: usize| {
            let text = record.get(at).filter(|text| !text.is_empty())?;
            Some(Cell::Csv(Cow::Borrowed(text)))
        };
        // What was cut off is not blank.
        let cut = Field::ALL
            .into_iter()
            .zip(self.places)
            .find(|(field, at)| field.is_required() && at.is_some_and(|at| at >= record.len()));
        Ok(Row {
            line,
            cells: self.places.map(|at| cell(at?)),
            group: self.group.and_then(cell).map(Cell::into_text),
            cut: cut.map(|(field, _)| (field, "is missing, for the row ends before it")),
        })
    }
}

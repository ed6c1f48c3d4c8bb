//! What was measured, as rows of a table: ratios with their spread, and whether they meet the goal.

use serde::Serialize;

/// What a figure must be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Goal {
    /// At least so much, in this unit.
    AtLeast(f64, &'static str),
    /// At most so much, in this unit.
    AtMost(f64, &'static str),
}

/// The unit of a comparison.
pub(crate) const TIMES: &str = "×";

/// A row.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    /// By which the reason for a miss is found.
    id: &'static str,
    what: String,
    beside: String,
    /// Middle, lowest and highest; or why it was left out.
    figure: String,
    goal: String,
    met: Option<bool>,
}

/// All rows so far.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Table(Vec<Row>);

impl Table {
    /// Adds a row, and prints it.
    pub(crate) fn add(
        &mut self,
        id: &'static str,
        what: impl Into<String>,
        beside: impl Into<String>,
        goal: Goal,
        measured: Result<Vec<f64>, String>,
    ) {
        let (unit, limit) = match goal {
            Goal::AtLeast(limit, unit) => (unit, format!("≥ {limit} {unit}")),
            Goal::AtMost(limit, unit) => (unit, format!("≤ {limit} {unit}")),
        };
        let middle = measured.as_ref().ok().and_then(|all| median(all));
        let figure = match (&measured, middle) {
            (Ok(all), Some(middle)) => shown(all, middle, unit),
            (Ok(_), None) => "left out: nothing was measured".to_owned(),
            (Err(reason), _) => format!("left out: {reason}"),
        };
        let row = Row {
            id,
            what: what.into(),
            beside: beside.into(),
            figure,
            goal: limit,
            met: middle.map(|middle| match goal {
                Goal::AtLeast(limit, _) => middle >= limit,
                Goal::AtMost(limit, _) => middle <= limit,
            }),
        };
        let word = match row.met {
            Some(true) => "met",
            Some(false) => "missed",
            None => "",
        };
        println!(
            "{:<3} {:<62} {:<26} {:<10} {word}",
            row.id, row.what, row.figure, row.goal
        );
        self.0.push(row);
    }
}

/// The middle one.
fn median(all: &[f64]) -> Option<f64> {
    let mut sorted = all.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}

fn shown(all: &[f64], middle: f64, unit: &str) -> String {
    let digits = if middle >= 20.0 { 0 } else { 2 };
    let least = all.iter().copied().fold(f64::INFINITY, f64::min);
    let most = all.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if all.len() == 1 {
        format!("{middle:.digits$} {unit}")
    } else {
        format!("{middle:.digits$} {unit} ({least:.digits$}–{most:.digits$})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_the_middle_with_its_spread_and_is_judged_by_the_middle() {
        let mut table = Table::default();
        let goal = Goal::AtLeast(0.5, TIMES);
        table.add("1", "calls", "bare", goal, Ok(vec![0.4, 0.9, 0.55]));
        table.add("2", "memory", "–", Goal::AtMost(16.0, "MB"), Ok(vec![17.0]));
        table.add(
            "3",
            "instructions",
            "–",
            goal,
            Err("no valgrind".to_owned()),
        );
        let rows: Vec<_> = table
            .0
            .iter()
            .map(|it| (it.figure.as_str(), it.met))
            .collect();
        let expected = [
            ("0.55 × (0.40–0.90)", Some(true)),
            ("17.00 MB", Some(false)),
            ("left out: no valgrind", None),
        ];
        assert_eq!(rows, expected);
    }
}

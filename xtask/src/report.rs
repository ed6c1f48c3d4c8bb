//! What came of each step of a run, how long it took, and the table at the end.

use std::time::Instant;

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It holds.
    Passed,
    /// It does not hold, and why, in a few words.
    Failed(String),
    /// It was not run, or not all of it, and why.
    LeftOut(String),
}

impl From<Result<(), String>> for Outcome {
    fn from(result: Result<(), String>) -> Self {
        result.map_or_else(Self::Failed, |()| Self::Passed)
    }
}

/// The steps of a run, in order.
#[derive(Debug, Default)]
pub(crate) struct Report {
    table: String,
    failed: Vec<&'static str>,
}

impl Report {
    /// Prints the heading of a step, runs it and keeps what came of it.
    pub(crate) fn step(&mut self, name: &'static str, run: impl FnOnce() -> Outcome) {
        println!("\n==> {name}");
        let start = Instant::now();
        let outcome = run();
        self.add(name, &outcome, start.elapsed().as_secs_f64());
    }

    fn add(&mut self, name: &'static str, outcome: &Outcome, seconds: f64) {
        let (word, reason) = match outcome {
            Outcome::Passed => ("ok", ""),
            Outcome::Failed(reason) => ("failed", reason.as_str()),
            Outcome::LeftOut(reason) => ("left out", reason.as_str()),
        };
        if word == "failed" {
            self.failed.push(name);
        }
        let line = format!("{name:<10} {word:<9} {seconds:>7.1} s  {reason}");
        println!("<== {}", line.trim_end());
        self.table += line.trim_end();
        self.table.push('\n');
    }

    /// Prints the table, and says which steps failed.
    pub(crate) fn finish(self) -> Result<(), String> {
        println!("\n{}", self.table);
        match self.failed.as_slice() {
            [] => Ok(()),
            failed => Err(format!("failed: {}", failed.join(", "))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_a_line_per_step_and_what_is_left_out_did_not_fail() {
        let mut report = Report::default();
        report.add("fmt", &Outcome::Passed, 1.25);
        report.add("typos", &Outcome::LeftOut("no typos".to_owned()), 0.0);
        let expected = "fmt        ok            1.2 s\ntypos      left out      0.0 s  no typos\n";
        assert_eq!(report.table, expected);
        assert_eq!(report.failed, [""; 0]);
        report.add("tests", &Outcome::Failed("2 of them".to_owned()), 60.0);
        assert_eq!(report.finish(), Err("failed: tests".to_owned()));
    }
}

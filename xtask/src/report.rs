//! What came of each step of a run, how long it took, and the table at the end.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It holds.
    Passed,
    /// It does not hold, and why, in a few words.
    Failed(String),
    /// It was not run, and why.
    LeftOut(String),
}

/// The steps of a run, in order.
#[derive(Debug, Default)]
pub(crate) struct Report {
    steps: Vec<(&'static str, Outcome, Duration)>,
}

impl Report {
    /// Prints the heading of a step, runs it and keeps what came of it.
    pub(crate) fn step(&mut self, name: &'static str, run: impl FnOnce() -> Outcome) {
        println!("\n==> {name}");
        let start = Instant::now();
        let outcome = run();
        let took = start.elapsed();
        println!(
            "<== {name}: {} ({:.1} s)",
            outcome.word(),
            took.as_secs_f64()
        );
        self.steps.push((name, outcome, took));
    }

    /// What came of the step `name`, if it has run.
    pub(crate) fn outcome(&self, name: &str) -> Option<&Outcome> {
        self.steps
            .iter()
            .find(|(step, ..)| *step == name)
            .map(|(_, outcome, _)| outcome)
    }

    /// The names of the steps that failed.
    pub(crate) fn failed(&self) -> Vec<&'static str> {
        let failed = |outcome: &Outcome| matches!(outcome, Outcome::Failed(_));
        self.steps
            .iter()
            .filter(|(_, outcome, _)| failed(outcome))
            .map(|(name, ..)| *name)
            .collect()
    }

    /// One line per step.
    pub(crate) fn table(&self) -> String {
        let mut table = String::new();
        for (name, outcome, took) in &self.steps {
            let line = format!(
                "{name:<10} {:<9} {:>7.1} s  {}",
                outcome.word(),
                took.as_secs_f64(),
                outcome.reason()
            );
            writeln!(table, "{}", line.trim_end()).expect("writing to a string never fails");
        }
        table
    }
}

impl Outcome {
    /// Passed if nothing is wrong; otherwise failed with the number of findings.
    pub(crate) fn from_findings(count: usize) -> Self {
        match count {
            0 => Self::Passed,
            1 => Self::Failed("1 finding".to_owned()),
            count => Self::Failed(format!("{count} findings")),
        }
    }

    fn word(&self) -> &'static str {
        match self {
            Self::Passed => "ok",
            Self::Failed(_) => "failed",
            Self::LeftOut(_) => "left out",
        }
    }

    fn reason(&self) -> &str {
        match self {
            Self::Passed => "",
            Self::Failed(reason) | Self::LeftOut(reason) => reason,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let steps = vec![
            ("fmt", Outcome::Passed, Duration::from_millis(1200)),
            (
                "tests",
                Outcome::Failed("2 crates".to_owned()),
                Duration::from_secs(60),
            ),
            (
                "snapshots",
                Outcome::LeftOut("the tests failed".to_owned()),
                Duration::ZERO,
            ),
        ];
        Report { steps }
    }

    #[test]
    fn the_table_has_a_line_per_step_with_its_reason() {
        let expected = "\
fmt        ok            1.2 s
tests      failed       60.0 s  2 crates
snapshots  left out      0.0 s  the tests failed
";
        assert_eq!(report().table(), expected);
    }

    #[test]
    fn steps_run_in_order_and_can_be_asked_for() {
        let mut report = Report::default();
        report.step("first", || Outcome::Passed);
        report.step("second", || Outcome::from_findings(1));
        assert_eq!(report.outcome("first"), Some(&Outcome::Passed));
        assert_eq!(
            report.outcome("second"),
            Some(&Outcome::Failed("1 finding".to_owned()))
        );
        assert_eq!(report.outcome("third"), None);
    }

    #[test]
    fn what_was_left_out_did_not_fail() {
        assert_eq!(report().failed(), ["tests"]);
    }

    #[test]
    fn findings_are_counted() {
        assert_eq!(Outcome::from_findings(0), Outcome::Passed);
        assert_eq!(
            Outcome::from_findings(2),
            Outcome::Failed("2 findings".to_owned())
        );
    }
}

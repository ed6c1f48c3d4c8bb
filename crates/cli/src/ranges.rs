//! The ranges of durations and numbers, on the command line and in settings. `--help` names each
//! as `from X to Y`, and so does the message that refuses a value outside of it.

use std::fmt;
use std::time::Duration;

/// A year as it is read and written here: `1year`.
pub(crate) const YEAR: Duration = Duration::from_secs(31_557_600);
/// The shortest time in which anything can be done.
const MOMENT: Duration = Duration::from_millis(1);

/// How long a command waits for something.
pub(crate) const WAIT: Durations = Durations(Duration::ZERO, YEAR);
/// How long something may take; nothing is done in no time.
pub(crate) const TOTAL: Durations = Durations(MOMENT, YEAR);
/// The pause between two rounds.
pub(crate) const PAUSE: Durations = Durations(Duration::from_millis(100), YEAR);
/// How old something is.
pub(crate) const AGE: Durations = Durations(Duration::ZERO, Duration::from_secs(315_576_000));

/// The shortest and the longest duration that is accepted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Durations(pub(crate) Duration, pub(crate) Duration);

impl fmt::Display for Durations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = humantime::format_duration;
        write!(f, "from {} to {}", shown(self.0), shown(self.1))
    }
}

impl Durations {
    /// A duration in this range.
    ///
    /// # Errors
    /// What it is not, fit to follow the value.
    pub(crate) fn read(self, text: &str) -> Result<Duration, String> {
        let duration = humantime::parse_duration(text)
            .map_err(|error| format!("not a duration such as 10s or 1h: {error}"))?;
        if (self.0..=self.1).contains(&duration) {
            Ok(duration)
        } else {
            Err(format!("not {self} (1M is a month, 1m a minute)"))
        }
    }
}

/// Reads a duration of a command line.
pub(crate) fn duration(
    range: Durations,
) -> impl Fn(&str) -> Result<Duration, String> + Clone + Send + Sync + 'static {
    move |text| range.read(text)
}

/// Reads a whole number of a command line, from `least` to `most`.
pub(crate) fn number<T: TryFrom<u64>>(
    least: u64,
    most: u64,
) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync + 'static {
    move |text| {
        let number = text.parse().ok();
        let number = number.filter(|number| (least..=most).contains(number));
        let number = number.and_then(|number| T::try_from(number).ok());
        number.ok_or_else(|| format!("not a whole number from {least} to {most}"))
    }
}

/// Reads a share of a command line.
pub(crate) fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok();
    let share = share.filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "not a number from 0 to 1".to_owned())
}

#[cfg(test)]
mod tests {
    use std::any::TypeId;

    use clap::error::ErrorKind;
    use clap::{Arg, ArgAction, Command, CommandFactory};

    use super::*;
    use crate::args::Args;

    /// Every option of every command that takes one of these types.
    fn options(command: &Command, path: &[String], of: &[TypeId]) -> Vec<(Vec<String>, Arg)> {
        let takes = |arg: &&Arg| {
            let id = arg.get_value_parser().type_id();
            !matches!(arg.get_action(), ArgAction::Count) && of.iter().any(|it| id == *it)
        };
        let own = command.get_arguments().filter(takes);
        let mut all: Vec<_> = own.map(|arg| (path.to_vec(), arg.clone())).collect();
        for below in command.get_subcommands() {
            let path = [path, &[below.get_name().to_owned()]].concat();
            all.extend(options(below, &path, of));
        }
        all
    }

    /// The range that the help of an option names.
    fn named_range(path: &[String], arg: &Arg) -> (String, String) {
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        let words: Vec<_> = help
            .split_whitespace()
            .map(|word| word.trim_matches(&['.', ',', ';', ':', '(', ')', '[', ']'][..]))
            .collect();
        let named = words.windows(4).find_map(|words| match words {
            ["from", least, "to", most] if least.starts_with(|c: char| c.is_ascii_digit()) => {
                Some(((*least).to_owned(), (*most).to_owned()))
            }
            _ => None,
        });
        named.unwrap_or_else(|| panic!("{path:?} --{}: no range in {help:?}", arg.get_id()))
    }

    /// What is said of a value that is not accepted.
    fn refusal(path: &[String], arg: &Arg, value: &str) -> Option<String> {
        let option = format!("--{}={value}", arg.get_long().unwrap());
        let words = path.iter().cloned().chain([option]);
        let read =
            Args::command().try_get_matches_from(["duka".to_owned()].into_iter().chain(words));
        let error = read.err()?;
        // Others lack what else the command needs.
        (error.kind() == ErrorKind::ValueValidation).then(|| error.to_string())
    }

    #[track_caller]
    fn keeps(path: &[String], arg: &Arg, (least, most): &(String, String), outside: &[String]) {
        for value in [least, most] {
            assert_eq!(refusal(path, arg, value), None, "{path:?}");
        }
        let range = format!("from {least} to {most}");
        for value in outside {
            let said = refusal(path, arg, value);
            let said = said.unwrap_or_else(|| panic!("{path:?} {}: {value}", arg.get_id()));
            assert!(said.contains(&range), "{said}");
        }
    }

    #[test]
    fn the_help_of_every_option_that_takes_a_duration_names_the_range_that_it_keeps_to() {
        let found = options(&Args::command(), &[], &[TypeId::of::<Duration>()]);
        assert!(found.len() > 10);
        for (path, arg) in found {
            let range = named_range(&path, &arg);
            let ends = [&range.0, &range.1].map(|it| humantime::parse_duration(it).unwrap());
            let mut outside = vec![format!("{}s", ends[1].as_secs() + 1)];
            if !ends[0].is_zero() {
                outside.push(format!("{}ns", ends[0].as_nanos() - 1));
            }
            keeps(&path, &arg, &range, &outside);
        }
    }

    #[test]
    fn the_help_of_every_option_that_takes_a_number_names_the_range_that_it_keeps_to() {
        let whole = [
            TypeId::of::<u8>(),
            TypeId::of::<u16>(),
            TypeId::of::<u32>(),
            TypeId::of::<u64>(),
            TypeId::of::<usize>(),
            TypeId::of::<i32>(),
            TypeId::of::<i64>(),
            TypeId::of::<std::num::NonZeroU32>(),
            TypeId::of::<std::num::NonZeroU64>(),
            TypeId::of::<std::num::NonZeroUsize>(),
        ];
        let found = options(&Args::command(), &[], &whole);
        assert!(found.len() > 5);
        for (path, arg) in found {
            let range = named_range(&path, &arg);
            let ends = [&range.0, &range.1].map(|it| it.parse::<i128>().unwrap());
            let outside = [ends[0] - 1, ends[1] + 1].map(|it| it.to_string());
            keeps(&path, &arg, &range, &outside);
        }
        for (path, arg) in options(&Args::command(), &[], &[TypeId::of::<f64>()]) {
            let range = named_range(&path, &arg);
            let outside = ["-0.1", "1.1", "NaN", "inf"].map(str::to_owned);
            keeps(&path, &arg, &range, &outside);
        }
    }
}

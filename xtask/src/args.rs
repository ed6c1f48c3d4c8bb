//! The command line of `cargo xtask`: what may be asked, and the text that says so.

/// What `cargo xtask` prints when asked for help.
pub(crate) const HELP: &str = "\
The project's own chores. Needs nothing but Rust (with rustfmt and clippy) and a C compiler.

Usage: cargo xtask COMMAND [OPTIONS]

Commands:
  test [--results-last]   every check: format, house rules, generated text, lints, features, docs, tests, snapshots;
                          goes on after a failure and ends with a table of what failed or was left out
                            --results-last   print what `cargo test` said after the table, for a log read from its end
  ci                      test, then pack every published crate without uploading anything
  tidy                    only the house rules, with the lines of test per line of code
  codegen [--check]       make what is generated: from crates/*/openapi.yaml the adapters' wire types and tables and the
                          pages about the gateways; the crates' READMEs; the pictures in the docs
                            --check          write nothing, and fail where something would change
  snapshots [--accept]    run the tests and list the snapshots that differ, or that no test refers to
                            --accept         take what the tests produced as the new snapshots
  descriptions [--examples N]
                          have other people's tools judge the descriptions of the gateways, and the emulator by them;
                          needs Python or Node, and says what it needs; a short run is part of `test`
                            --examples N     requests to make up for each operation (default 500)
  soak [--minutes N] [--seed S]
                          cancel 2,000 orders a minute with three workers that are killed and stopped, among faults of every
                          kind, and compare the store with the truth; one round of it is part of `test`
                            --minutes N      play rounds for so long (default 10), each with the next seed
                            --seed S         begin with this seed
  docs [--open]           build the API documentation
                            --open           and open it in a browser
  help                    print this

Exit status: 0 if everything holds, 1 if something failed, 2 if the command line makes no sense.
";

/// One thing to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    /// Run every check.
    Test {
        /// Where the output of `cargo test` goes.
        results: Results,
    },
    /// Run every check and pack the crates.
    Ci,
    /// Check the house rules.
    Tidy,
    /// Write generated text, or compare it.
    Codegen(Codegen),
    /// Show or accept differing snapshots.
    Snapshots(Snapshots),
    /// Have other people's tools judge the descriptions of the gateways.
    Descriptions {
        /// How many requests are made up for each operation.
        examples: u32,
    },
    /// Disturb cancellations for a while.
    Soak(Soak),
    /// Build the documentation.
    Docs {
        /// Whether to show it.
        open: bool,
    },
    /// Print the help text.
    Help,
}

/// Where the output of `cargo test` goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Results {
    /// To the terminal, as it comes.
    AsTheyCome,
    /// After the table, as the last thing printed.
    Last,
}

/// What to do with generated text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Codegen {
    /// Write it.
    Write,
    /// Only compare it.
    Check,
}

/// What to do with snapshots that differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Snapshots {
    /// List them.
    List,
    /// Accept them.
    Accept,
}

/// How long to disturb cancellations, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Soak {
    /// The round that is under way after so many minutes is the last one.
    pub(crate) minutes: u64,
    /// The seed of the first round; the test has one of its own.
    pub(crate) seed: Option<u64>,
}

impl Soak {
    fn parse(mut options: &[&str]) -> Result<Self, String> {
        let mut soak = Self {
            minutes: 10,
            seed: None,
        };
        while let [name, rest @ ..] = options {
            let [value, rest @ ..] = rest else {
                return Err(format!("`{name}` is not an option with a value"));
            };
            let number = || {
                let read = value.parse::<u64>();
                read.map_err(|_| format!("{name}: `{value}` is not a whole number"))
            };
            match *name {
                "--minutes" => soak.minutes = number()?,
                "--seed" => soak.seed = Some(number()?),
                _ => return Err(format!("unexpected argument `{name}`")),
            }
            options = rest;
        }
        Ok(soak)
    }
}

/// Reads the arguments that follow `cargo xtask`.
pub(crate) fn parse(arguments: &[&str]) -> Result<Command, String> {
    match arguments {
        [] | ["help" | "--help" | "-h", ..] | [_, "--help" | "-h"] => Ok(Command::Help),
        ["test"] => Ok(Command::Test {
            results: Results::AsTheyCome,
        }),
        ["test", "--results-last"] => Ok(Command::Test {
            results: Results::Last,
        }),
        ["ci"] => Ok(Command::Ci),
        ["tidy"] => Ok(Command::Tidy),
        ["codegen"] => Ok(Command::Codegen(Codegen::Write)),
        ["codegen", "--check"] => Ok(Command::Codegen(Codegen::Check)),
        ["snapshots"] => Ok(Command::Snapshots(Snapshots::List)),
        ["snapshots", "--accept"] => Ok(Command::Snapshots(Snapshots::Accept)),
        ["descriptions"] => Ok(Command::Descriptions { examples: 500 }),
        ["descriptions", "--examples", count] => match count.parse() {
            Ok(examples) if examples > 0 => Ok(Command::Descriptions { examples }),
            Ok(_) | Err(_) => Err(format!("--examples: `{count}` is not a number above zero")),
        },
        ["soak", options @ ..] => Soak::parse(options).map(Command::Soak),
        ["docs"] => Ok(Command::Docs { open: false }),
        ["docs", "--open"] => Ok(Command::Docs { open: true }),
        [
            "test" | "ci" | "tidy" | "codegen" | "snapshots" | "descriptions" | "docs",
            option,
            ..,
        ] => Err(format!("unexpected argument `{option}`")),
        [unknown, ..] => Err(format!("unknown command `{unknown}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_asked_prints_the_help() {
        assert_eq!(parse(&[]), Ok(Command::Help));
        assert_eq!(parse(&["test", "--help"]), Ok(Command::Help));
    }

    #[test]
    fn options_belong_to_their_command() {
        assert_eq!(
            parse(&["codegen", "--check"]),
            Ok(Command::Codegen(Codegen::Check))
        );
        assert_eq!(
            parse(&["tidy", "--check"]),
            Err("unexpected argument `--check`".to_owned())
        );
    }

    #[test]
    fn without_options_a_command_does_its_plain_work() {
        let plain = [
            (
                "test",
                Command::Test {
                    results: Results::AsTheyCome,
                },
            ),
            ("ci", Command::Ci),
            ("tidy", Command::Tidy),
            ("codegen", Command::Codegen(Codegen::Write)),
            ("snapshots", Command::Snapshots(Snapshots::List)),
            ("docs", Command::Docs { open: false }),
        ];
        for (word, command) in plain {
            assert_eq!(parse(&[word]), Ok(command));
        }
    }

    #[test]
    fn a_soak_has_a_length_and_a_seed() {
        let soak = |minutes, seed| Ok(Command::Soak(Soak { minutes, seed }));
        assert_eq!(parse(&["soak"]), soak(10, None));
        assert_eq!(
            parse(&["soak", "--seed", "7", "--minutes", "60"]),
            soak(60, Some(7))
        );
        for (arguments, refusal) in [
            (
                &["soak", "--minutes"][..],
                "`--minutes` is not an option with a value",
            ),
            (
                &["soak", "--seed", "today"],
                "--seed: `today` is not a whole number",
            ),
            (&["soak", "--hours", "2"], "unexpected argument `--hours`"),
        ] {
            assert_eq!(parse(arguments), Err(refusal.to_owned()));
        }
    }

    #[test]
    fn descriptions_are_judged_by_so_many_examples() {
        let judged = |examples| Ok(Command::Descriptions { examples });
        assert_eq!(parse(&["descriptions"]), judged(500));
        assert_eq!(parse(&["descriptions", "--examples", "7"]), judged(7));
        for wrong in ["0", "-1", "many"] {
            let refusal = format!("--examples: `{wrong}` is not a number above zero");
            assert_eq!(parse(&["descriptions", "--examples", wrong]), Err(refusal));
        }
        let unexpected = Err("unexpected argument `--seed`".to_owned());
        assert_eq!(parse(&["descriptions", "--seed"]), unexpected);
    }

    #[test]
    fn a_second_option_is_one_too_many() {
        let refused = Err("unexpected argument `--open`".to_owned());
        assert_eq!(parse(&["docs", "--open", "--open"]), refused);
    }

    #[test]
    fn an_unknown_command_is_named() {
        assert_eq!(parse(&["tset"]), Err("unknown command `tset`".to_owned()));
    }

    #[test]
    fn every_command_stands_in_the_help() {
        for command in [
            "test",
            "ci",
            "tidy",
            "codegen",
            "snapshots",
            "descriptions",
            "soak",
            "docs",
            "help",
        ] {
            assert!(parse(&[command]).is_ok(), "{command}");
            assert!(HELP.contains(&format!("\n  {command} ")), "{command}");
        }
    }
}

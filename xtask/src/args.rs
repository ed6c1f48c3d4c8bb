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
  codegen [--check]       write the generated parts of the docs
                            --check          write nothing, and fail where something would change
  snapshots [--accept]    run the tests and list the snapshots that differ, or that no test refers to
                            --accept         take what the tests produced as the new snapshots
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
        ["docs"] => Ok(Command::Docs { open: false }),
        ["docs", "--open"] => Ok(Command::Docs { open: true }),
        [
            "test" | "ci" | "tidy" | "codegen" | "snapshots" | "docs",
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
        for command in ["test", "ci", "tidy", "codegen", "snapshots", "docs", "help"] {
            assert!(parse(&[command]).is_ok(), "{command}");
            assert!(HELP.contains(&format!("\n  {command} ")), "{command}");
        }
    }
}

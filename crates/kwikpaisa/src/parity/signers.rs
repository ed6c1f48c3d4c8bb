//! Node and PHP as signers: run once for many payloads, and left out, loudly, where they are not installed.

#![expect(
    clippy::disallowed_methods,
    reason = "a test is told by the environment which programs must be there"
)]

use std::env;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::process::{Command, Stdio};

/// Signs as another language does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signer {
    Node,
    /// `json_encode` with `JSON_UNESCAPED_UNICODE`.
    Php,
    /// `json_encode` as it comes, with `\uXXXX`.
    PhpEscaped,
}

/// A payload to be signed, in another spelling.
#[derive(Debug)]
pub(super) struct Task {
    pub(super) timestamp: String,
    pub(super) json: String,
}

/// What came of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Signed {
    pub(super) signature: String,
    /// The JSON that was signed.
    pub(super) payload: String,
}

impl Signer {
    pub(super) const ALL: [Self; 3] = [Self::Node, Self::Php, Self::PhpEscaped];

    fn program(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Php | Self::PhpEscaped => "php",
        }
    }

    fn command(self, key: &str) -> Command {
        let mut command = Command::new(self.program());
        let scripts = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/parity");
        match self {
            Self::Node => command.args([&format!("{scripts}/sign.mjs"), key]),
            Self::Php => command.args(["-n", &format!("{scripts}/sign.php"), key, "raw"]),
            Self::PhpEscaped => {
                command.args(["-n", &format!("{scripts}/sign.php"), key, "escaped"])
            }
        };
        command
    }

    /// Signs all of these in one process; `None` where the language is not installed.
    pub(super) fn sign(self, key: &str, tasks: &[Task]) -> Option<Vec<Signed>> {
        let program = self.program();
        if !is_installed(program) {
            leave_out(program);
            return None;
        }
        let mut child = self
            .command(key)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines: String = tasks
            .iter()
            .map(|task| format!("{} {}\n", task.timestamp, task.json))
            .collect();
        // The scripts read everything before they write anything, so neither waits for the other.
        child
            .stdin
            .take()
            .unwrap()
            .write_all(lines.as_bytes())
            .unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{program}: {}", output.status);
        let text = String::from_utf8(output.stdout).unwrap();
        let signed: Vec<_> = text
            .split_terminator('\n')
            .map(|line| {
                let (signature, payload) = line.split_once(' ').unwrap();
                Signed {
                    signature: signature.to_owned(),
                    payload: payload.to_owned(),
                }
            })
            .collect();
        assert_eq!(signed.len(), tasks.len(), "{program} answers every line");
        Some(signed)
    }
}

fn is_installed(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Reports what is not compared: on stderr, and to `cargo xtask test` for its table.
/// Where `DUKA_REQUIRE` names the program, as in CI, it is a failure.
fn leave_out(program: &str) {
    let required = env::var("DUKA_REQUIRE").unwrap_or_default();
    assert!(
        !required.split(',').any(|it| it.trim() == program),
        "{program} is not installed, and DUKA_REQUIRE asks for it"
    );
    let what = format!("signatures compared with {program}: it is not installed\n");
    // Not a macro: what those print is hidden for a test that passes.
    write!(io::stderr(), "left out: {what}").unwrap();
    if let Some(list) = env::var_os("DUKA_LEFT_OUT") {
        let mut list = OpenOptions::new().append(true).open(list).unwrap();
        list.write_all(what.as_bytes()).unwrap();
    }
}

//! Somebody else's reading of `openapi.yaml`: a validator, a linter, and schemathesis, which holds the emulator against
//! each description. They need Python or Node; where one is missing the step is left out and says so, unless the
//! variable `DUKA_REQUIRE` names it, as CI has it.

use std::env;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::cargo::{self, cargo};
use crate::report::Outcome;

/// Where `.ci/run` and whoever likes it so puts the tools, from the root.
const TOOLS: &str = "target/tools";

/// The gateways: where each is below the emulator's address, and what schemathesis is not to look at. Pesapal says no
/// under HTTP 200; the hooks look into the body instead.
const GATEWAYS: [(&str, &str, &[&str]); 2] = [
    ("kwikpaisa", "", &[]),
    (
        "pesapal",
        "/pesapalv3",
        &["--exclude-checks", "negative_data_rejection"],
    ),
];

/// How each tool is had.
const VALIDATOR: Tool = Tool {
    name: "openapi-spec-validator",
    install: "pip install --requirement xtask/outside/requirements.txt",
};
const SCHEMATHESIS: Tool = Tool {
    name: "schemathesis",
    install: VALIDATOR.install,
};
const REDOCLY: Tool = Tool {
    name: "redocly",
    install: "npm install --prefix target/tools $(cat xtask/outside/npm.txt)",
};

struct Tool {
    name: &'static str,
    install: &'static str,
}

/// Checks both descriptions with every tool that is there; `examples` is how many requests schemathesis makes up for
/// each operation.
pub(crate) fn check(root: &Path, examples: u32) -> Outcome {
    let mut missing = Vec::new();
    let mut failed = Vec::new();
    for tool in [VALIDATOR, REDOCLY, SCHEMATHESIS] {
        let Some(program) = tool.find(root) else {
            println!(
                "{} is not there; it comes with: {}",
                tool.name, tool.install
            );
            missing.push(tool.name);
            continue;
        };
        let result = match tool.name {
            "schemathesis" => conforms(root, &program, examples),
            _ => valid(root, &tool, &program),
        };
        if let Err(reason) = result {
            println!("{reason}");
            failed.push(tool.name);
        }
    }
    verdict(&missing, &failed, &required())
}

/// What the step comes to.
fn verdict(missing: &[&str], failed: &[&str], required: &[String]) -> Outcome {
    let needed = |name: &&&str| required.iter().any(|required| required == **name);
    let lacking: Vec<&str> = missing.iter().filter(needed).copied().collect();
    if !failed.is_empty() {
        Outcome::Failed(format!("{} found something", failed.join(", ")))
    } else if !lacking.is_empty() {
        Outcome::Failed(format!("{} missing, and required here", lacking.join(", ")))
    } else if missing.is_empty() {
        Outcome::Passed
    } else {
        Outcome::LeftOut(format!("without {}", missing.join(", ")))
    }
}

/// The tools that must be there, by the variable `DUKA_REQUIRE`.
fn required() -> Vec<String> {
    let names = env::var("DUKA_REQUIRE").unwrap_or_default();
    names
        .split(',')
        .map(|name| name.trim().to_owned())
        .collect()
}

impl Tool {
    /// The program: among the project's tools, or on the path.
    fn find(&self, root: &Path) -> Option<PathBuf> {
        let own = ["bin", "node_modules/.bin"]
            .map(|folder| root.join(TOOLS).join(folder).join(self.name));
        let path = env::var_os("PATH").unwrap_or_default();
        let others = env::split_paths(&path).map(|folder| folder.join(self.name));
        own.into_iter()
            .chain(others)
            .filter(|program| program.is_file())
            // A shim of a version manager is a file, and may stand for nothing.
            .find(|program| answers(program))
    }
}

fn answers(program: &Path) -> bool {
    let asked = quiet(Command::new(program).arg("--version")).status();
    asked.is_ok_and(|status| status.success())
}

fn quiet(command: &mut Command) -> &mut Command {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
}

/// Whether both descriptions are what OpenAPI calls valid.
fn valid(root: &Path, tool: &Tool, program: &Path) -> Result<(), String> {
    for (gateway, ..) in GATEWAYS {
        let mut command = Command::new(program);
        if tool.name == REDOCLY.name {
            command.arg("lint").env("REDOCLY_TELEMETRY", "off");
        }
        command
            .arg(format!("crates/{gateway}/openapi.yaml"))
            .current_dir(root);
        cargo::run(&mut command)?;
    }
    Ok(())
}

/// Whether the emulator answers as both descriptions say.
fn conforms(root: &Path, schemathesis: &Path, examples: u32) -> Result<(), String> {
    let program = duka(root)?;
    let notes = root.join("target/xtask");
    fs::create_dir_all(&notes)
        .map_err(|error| format!("cannot make {}: {error}", notes.display()))?;
    for (gateway, path, left_out) in GATEWAYS {
        // A fresh one for each, so that a run depends on nothing but its seed.
        let emulator = Emulator::start(&program)?;
        let folder = root.join("xtask/outside");
        let mut command = Command::new(schemathesis);
        command
            .arg("--config-file")
            .arg(folder.join("schemathesis.toml"))
            .arg("run")
            .arg(root.join(format!("crates/{gateway}/openapi.yaml")))
            .args(["--url", &format!("{}{path}", emulator.address)])
            .args(["--max-examples", &examples.to_string()])
            .args(["--phases", "examples,coverage,fuzzing"])
            .args(["--seed", "4", "--request-timeout", "10"])
            .args(["--continue-on-failure", "--no-color"])
            .args(left_out)
            .env("DUKA_EMULATOR", &emulator.address)
            .env("DUKA_GATEWAY", gateway)
            .env("SCHEMATHESIS_HOOKS", "emulator_hooks")
            .env("PYTHONPATH", &folder)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            // It keeps notes where it runs.
            .current_dir(&notes);
        cargo::run(&mut command)?;
    }
    Ok(())
}

/// The program as the tests have built it; built now where they have not.
fn duka(root: &Path) -> Result<PathBuf, String> {
    let arguments = [
        "test",
        "--workspace",
        "--all-features",
        "--all-targets",
        "--locked",
        "--no-run",
    ];
    cargo::run(&mut cargo(root, &arguments))?;
    let name = format!("duka{}", env::consts::EXE_SUFFIX);
    // Cargo puts the programs of one profile beside each other, this one included.
    let own = env::current_exe().map_err(|error| format!("cannot tell where I am: {error}"))?;
    Ok(own.with_file_name(name))
}

/// The emulator as a program of its own, until this is dropped.
struct Emulator {
    child: Child,
    address: String,
}

impl Emulator {
    fn start(program: &Path) -> Result<Self, String> {
        let failed = |error| format!("cannot start {}: {error}", program.display());
        let mut child = Command::new(program)
            .args(["emulate", "--listen", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(failed)?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout)
                .read_line(&mut line)
                .map_err(failed)?;
        }
        let mut emulator = Self {
            child,
            address: String::new(),
        };
        let address = line.trim().strip_prefix("listening on ");
        emulator.address = address
            .ok_or_else(|| format!("the emulator said {line:?} in place of its address"))?
            .to_owned();
        Ok(emulator)
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // It may have ended already; then there is nobody to stop.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_tool_is_left_out_unless_it_is_required() {
        let none = Vec::new();
        assert_eq!(verdict(&[], &[], &none), Outcome::Passed);
        assert_eq!(
            verdict(&["redocly"], &[], &none),
            Outcome::LeftOut("without redocly".to_owned())
        );
        let required = ["node".to_owned(), "redocly".to_owned()];
        assert_eq!(
            verdict(&["redocly", "schemathesis"], &[], &required),
            Outcome::Failed("redocly missing, and required here".to_owned())
        );
    }

    #[test]
    fn what_a_tool_finds_fails_the_step_whatever_is_missing() {
        assert_eq!(
            verdict(&["redocly"], &["schemathesis"], &[]),
            Outcome::Failed("schemathesis found something".to_owned())
        );
    }

    #[test]
    fn a_tool_is_found_among_the_projects_own_and_only_if_it_answers() {
        let root = tempfile::tempdir().unwrap();
        let tool = Tool {
            name: "a-tool-that-nobody-has",
            install: "",
        };
        assert_eq!(tool.find(root.path()), None);
        let folder = root.path().join(TOOLS).join("bin");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(tool.name), "not a program").unwrap();
        assert_eq!(tool.find(root.path()), None);
        fs::remove_file(folder.join(tool.name)).unwrap();
        let cargo = env::var_os("CARGO").unwrap();
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(cargo, folder.join(tool.name)).unwrap();
            assert_eq!(tool.find(root.path()), Some(folder.join(tool.name)));
        }
    }

    #[test]
    fn a_program_that_is_no_emulator_is_said_to_be_none() {
        let cargo = PathBuf::from(env::var_os("CARGO").unwrap());
        let error = Emulator::start(&cargo).err().unwrap();
        assert_eq!(error, "the emulator said \"\" in place of its address");
    }
}

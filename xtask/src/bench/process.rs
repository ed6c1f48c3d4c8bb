//! The programs that are measured, each a process of its own, and what one costs.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// How often a process is asked for its memory, and whether it has ended.
const LOOK: Duration = Duration::from_millis(2);

/// Where the programs are and what they use, a folder that only the measurements use.
#[derive(Debug)]
pub(crate) struct Place {
    /// The folder.
    pub(crate) folder: PathBuf,
    /// Where the built programs are.
    pub(crate) programs: PathBuf,
    /// Set for every program.
    pub(crate) environment: Vec<(String, String)>,
}

/// What a process has cost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    /// From its start to its end.
    pub(crate) seconds: f64,
    /// The most memory that was resident; known on Linux only.
    pub(crate) peak_kib: Option<f64>,
}

impl Place {
    /// A file in the folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// A program that was built.
    pub(crate) fn command(&self, program: &str) -> Command {
        self.outside(self.programs.join(program))
    }

    /// Another program.
    pub(crate) fn outside(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(&self.folder)
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::null());
        command
    }

    /// Removes a store, and makes its name anew.
    pub(crate) fn new_store(&self, name: &str) -> PathBuf {
        for end in ["", "-wal", "-shm", "-journal"] {
            // Most of them are not there.
            let _ = fs::remove_file(self.file(&format!("{name}{end}")));
        }
        self.file(name)
    }

    /// Runs a part of the bench crate, and reads the line of JSON that it prints.
    pub(crate) fn part(&self, line: &str) -> Result<Value, String> {
        let mut command = self.command("duka-bench");
        let output = command.args(line.split_whitespace()).output();
        let output = output.map_err(|error| format!("cannot start duka-bench: {error}"))?;
        if !output.status.success() {
            let reason = String::from_utf8_lossy(&output.stderr);
            return Err(format!("duka-bench {line}: {}", reason.trim()));
        }
        serde_json::from_slice(&output.stdout)
            .map_err(|error| format!("duka-bench {line}: {error}"))
    }

    /// Runs a program to its end; what it prints is in the file `out`.
    pub(crate) fn run(&self, command: &mut Command) -> Result<Cost, String> {
        let shown = format!("{command:?}");
        let failed = |reason: &dyn std::fmt::Display| format!("{shown}: {reason}");
        let file = |name| File::create(self.file(name)).map_err(|error| failed(&error));
        command.stdout(file("out")?).stderr(file("err")?);
        let started = Instant::now();
        let mut child = command.spawn().map_err(|error| failed(&error))?;
        let mut peak_kib = None;
        let status = loop {
            if let Some(status) = child.try_wait().map_err(|error| failed(&error))? {
                break status;
            }
            peak_kib = peak_of(child.id()).or(peak_kib);
            thread::sleep(LOOK);
        };
        let seconds = started.elapsed().as_secs_f64();
        if !status.success() {
            let said = fs::read_to_string(self.file("err")).unwrap_or_default();
            return Err(failed(&format_args!("{status}: {}", said.trim())));
        }
        Ok(Cost { seconds, peak_kib })
    }
}

/// The canned gateway, until it is dropped.
#[derive(Debug)]
pub(crate) struct Gateway {
    /// The address of its API.
    pub(crate) url: String,
    child: Child,
    asks: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Gateway {
    /// Starts it with these options.
    pub(crate) fn start(place: &Place, options: &str) -> Result<Self, String> {
        let mut command = place.command("duka-bench");
        let mut child = command
            .arg("gateway")
            .args(options.split_whitespace())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot start the gateway: {error}"))?;
        let asks = child.stdin.take().ok_or("the gateway takes no input")?;
        let answers = child.stdout.take().ok_or("the gateway has no output")?;
        let mut gateway = Self {
            url: String::new(),
            child,
            asks,
            answers: BufReader::new(answers),
        };
        let first = gateway.line()?;
        gateway.url = first["url"].as_str().unwrap_or_default().to_owned();
        Ok(gateway)
    }

    /// How many connections were made so far.
    pub(crate) fn connections(&mut self) -> Result<f64, String> {
        writeln!(self.asks).map_err(|error| format!("the gateway: {error}"))?;
        number(&self.line()?, "connections")
    }

    fn line(&mut self) -> Result<Value, String> {
        let mut line = String::new();
        let read = self.answers.read_line(&mut line);
        read.map_err(|error| format!("the gateway: {error}"))?;
        serde_json::from_str(&line).map_err(|error| format!("the gateway: {error}"))
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A number of an answer.
pub(crate) fn number(answer: &Value, name: &str) -> Result<f64, String> {
    let number = answer[name].as_f64();
    number.ok_or_else(|| format!("no {name} in {answer}"))
}

fn peak_of(process: u32) -> Option<f64> {
    let status = fs::read_to_string(Path::new("/proc").join(process.to_string()).join("status"));
    let status = status.ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

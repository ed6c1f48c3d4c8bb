//! A shop with an emulator and a terminal: spawns the real program in a folder and with an
//! environment of its own.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use duka_emulator::{
    Emulator, EmulatorConfig, Gateway, KwikPaisaCredentials, PesapalCredentials, Redelivery,
};
use jiff::Timestamp;
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// The header of every list of orders.
pub(crate) const HEADER: &str = "account,order,created_at,amount,currency";
/// An id of the length that KwikPaisa's pages show.
pub(crate) const INDIAN: &str = "6116229263036";

/// What a run of the program left behind.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Fails the test with all that was printed, unless the exit code is this.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "\n--- stdout\n{}\n--- stderr\n{}",
            self.stdout, self.stderr
        );
        self
    }

    /// The one JSON document on stdout.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| {
            panic!(
                "stdout is not one JSON document ({error}): {:?}",
                self.stdout
            )
        })
    }

    /// The lines of NDJSON on stdout.
    #[track_caller]
    pub(crate) fn lines(&self) -> Vec<Value> {
        let lines = self.stdout.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line:?}")))
            .collect()
    }

    /// The cancellations of a sweep, and its summary.
    #[track_caller]
    pub(crate) fn swept(&self) -> (Vec<Value>, Value) {
        let mut lines = self.lines();
        let last = lines.pop().expect("a sweep ends with a summary");
        (lines, last["summary"].clone())
    }

    #[track_caller]
    pub(crate) fn complains(&self, text: &str) -> &Self {
        assert!(
            self.stderr.contains(text),
            "{text:?} is not in {:?}",
            self.stderr
        );
        self
    }
}

/// A folder, an environment, and the program; no gateway.
#[derive(Debug)]
pub(crate) struct Terminal {
    pub(crate) folder: TempDir,
    environment: Vec<(String, String)>,
}

impl Terminal {
    /// With short waits, and no account.
    pub(crate) fn open() -> Self {
        let mut terminal = Self {
            folder: tempfile::tempdir().unwrap(),
            environment: Vec::new(),
        };
        terminal.set("DUKA_SETTLE", "300ms");
        terminal.set("DUKA_REVIEW_AFTER", "1s");
        terminal
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) -> &mut Self {
        self.unset(name);
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sends both accounts there.
    pub(crate) fn reach(&mut self, emulator: &Emulator) -> &mut Self {
        self.set("DUKA_KWIKPAISA_BASE_URL", &emulator.kwikpaisa_url())
            .set("DUKA_PESAPAL_BASE_URL", &emulator.pesapal_url())
    }

    /// Gives it an account at either gateway of this emulator, which has the default keys.
    pub(crate) fn serve(&mut self, emulator: &Emulator) -> &mut Self {
        for (name, value) in KEYS {
            self.set(name, value);
        }
        self.reach(emulator)
    }

    pub(crate) fn unset(&mut self, name: &str) -> &mut Self {
        self.environment.retain(|(known, _)| known != name);
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.path("duka.db")
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        std::fs::write(self.path(name), content).unwrap();
        name.to_owned()
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_duka"));
        command
            .args(args)
            .current_dir(self.folder.path())
            .env_clear()
            .envs(self.environment.iter().map(|(k, v)| (k, v)))
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn duka(&self, args: &[&str]) -> Run {
        finish(self.command(args), args)
    }

    /// With this on standard input.
    pub(crate) fn duka_reading(&self, input: &str, args: &[&str]) -> Run {
        let file = self.path("stdin");
        std::fs::write(&file, input).unwrap();
        let input = std::fs::File::open(&file).unwrap();
        let mut command = self.command(args);
        command.stdin(input);
        finish(command, args)
    }

    /// In the background; killed when dropped.
    pub(crate) fn start(&self, args: &[&str]) -> Running {
        let child = self
            .command(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        Running(Some(child.unwrap()))
    }
}

/// Runs a program to its end; one that does not end within a minute fails the test.
pub(crate) fn finish(mut command: Command, args: &[&str]) -> Run {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    let (mut stdout, mut stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let stdout = std::thread::spawn(move || read_all(&mut stdout));
    let stderr = std::thread::spawn(move || read_all(&mut stderr));
    let status = loop {
        match child.try_wait().unwrap() {
            Some(status) => break Some(status),
            None if Instant::now() > deadline => break None,
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    };
    if status.is_none() {
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let (stdout, stderr) = (stdout.join().unwrap(), stderr.join().unwrap());
    let Some(status) = status else {
        let [out, err] = [&stdout, &stderr].map(|it| String::from_utf8_lossy(it));
        panic!("{args:?} does not end:\n{out}\n{err}");
    };
    Run::of(Output {
        status,
        stdout,
        stderr,
    })
}

fn read_all(stream: &mut impl std::io::Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    bytes
}

/// A program in the background.
#[derive(Debug)]
pub(crate) struct Running(Option<Child>);

impl Running {
    pub(crate) fn id(&self) -> u32 {
        self.0.as_ref().unwrap().id()
    }

    pub(crate) fn child(&mut self) -> &mut Child {
        self.0.as_mut().unwrap()
    }

    pub(crate) fn end(mut self) -> Run {
        Run::of(self.0.take().unwrap().wait_with_output().unwrap())
    }

    /// Ctrl-C, or what a service manager sends.
    #[cfg(unix)]
    pub(crate) fn signal(&self, name: &str) {
        let id = self.id().to_string();
        let sent = Command::new("kill").args([name, &id]).status().unwrap();
        assert!(sent.success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A terminal whose environment has an account at either gateway, both on one emulator.
#[derive(Debug)]
pub(crate) struct CliFixture {
    pub(crate) terminal: Terminal,
    pub(crate) emulator: Emulator,
    // Dropped last: the emulator runs on it.
    pub(crate) runtime: Runtime,
}

/// The emulator's default credentials, by the variables they belong in.
const KEYS: [(&str, &str); 4] = [
    ("DUKA_KWIKPAISA_API_KEY", "pk_test_emulator"),
    ("DUKA_KWIKPAISA_SECRET_KEY", "sk_test_emulator"),
    ("DUKA_PESAPAL_CONSUMER_KEY", "emulator-key"),
    ("DUKA_PESAPAL_CONSUMER_SECRET", "emulator-secret"),
];

impl CliFixture {
    pub(crate) fn open() -> Self {
        Self::with_keys(KEYS)
    }

    pub(crate) fn with_keys(keys: [(&str, &str); 4]) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let config = EmulatorConfig::new(Timestamp::now)
            .kwikpaisa_credentials(KwikPaisaCredentials::new(keys[0].1, keys[1].1))
            .pesapal_credentials(PesapalCredentials::new(keys[2].1, keys[3].1))
            .redelivery(Redelivery::new(0, Duration::ZERO));
        let emulator = runtime.block_on(Emulator::start(config)).unwrap();
        let mut terminal = Terminal::open();
        for (name, value) in keys {
            terminal.set(name, value);
        }
        terminal.reach(&emulator);
        Self {
            terminal,
            emulator,
            runtime,
        }
    }

    /// With an account at this gateway only.
    pub(crate) fn only(gateway: Gateway) -> Self {
        let mut shop = Self::open();
        let other = match gateway {
            Gateway::KwikPaisa => "PESAPAL",
            Gateway::Pesapal => "KWIKPAISA",
            _ => unreachable!("there are two gateways"),
        };
        for (name, _) in KEYS.iter().filter(|(name, _)| name.contains(other)) {
            shop.terminal.unset(name);
        }
        shop
    }

    pub(crate) fn duka(&self, args: &[&str]) -> Run {
        self.terminal.duka(args)
    }

    /// The arguments of `duka create` for an order of this id.
    pub(crate) fn create_args<'a>(account: &'a str, id: &'a str) -> Vec<&'a str> {
        let (amount, currency) = if account == "pesapal" {
            ("1500", "KES")
        } else {
            ("105.50", "INR")
        };
        vec![
            "create",
            "--account",
            account,
            "--id",
            id,
            "--amount",
            amount,
            "--currency",
            currency,
            "--description",
            "Two kangas",
            "--email",
            "asha@example.com",
            "--phone",
            "9999999999",
            "--name",
            "Asha Mwangi",
            "--return-url",
            "https://merchant.example/return",
        ]
    }

    /// A registered notification address.
    pub(crate) fn ipn(&self) -> String {
        let run = self.duka(&["ipn", "register", "https://merchant.example/ipn"]);
        run.exits(0).stdout.trim().to_owned()
    }

    /// Creates an order with the program; returns the id that its gateway knows it by.
    pub(crate) fn create(&self, account: &str, id: &str) -> String {
        let ipn = (account == "pesapal").then(|| self.ipn());
        let mut args = Self::create_args(account, id);
        if let Some(ipn) = &ipn {
            args.extend(["--notification-id", ipn]);
        }
        args.push("--json");
        let made = self.duka(&args).exits(0).json();
        made["order"].as_str().unwrap().to_owned()
    }

    /// The number of cancel requests received, by the emulator's log.
    pub(crate) fn cancels_received(&self) -> usize {
        self.received(duka_emulator::Operation::Cancel)
    }

    /// The number of requests received of an operation, by the emulator's log.
    pub(crate) fn received(&self, operation: duka_emulator::Operation) -> usize {
        let requests = self.emulator.requests();
        let asked = requests.iter().filter(|r| r.operation == Some(operation));
        asked.count()
    }
}

/// A row of a list, of an order created two hours ago.
pub(crate) fn row(account: &str, order: &str) -> String {
    let created = Timestamp::now() - jiff::SignedDuration::from_hours(2);
    let (amount, currency) = if account == "pesapal" {
        ("1500", "KES")
    } else {
        ("105.50", "INR")
    };
    format!("{account},{order},{created:.0},{amount},{currency}")
}

/// Waits until `ready`, at most half a minute.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut ready: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !ready() {
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The bytes of the store and of the files beside it.
pub(crate) fn store_bytes(folder: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.to_string_lossy().contains(".db") {
            bytes.extend(std::fs::read(path).unwrap());
        }
    }
    assert!(!bytes.is_empty(), "there is no store in the folder");
    bytes
}

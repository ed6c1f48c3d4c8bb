//! `cargo xtask bench`: how fast duka is beside what a program without its guarantees costs. Both sides run in turn, so
//! that whatever else the machine does meets both; only ratios are shown, with their spread.

mod process;
mod table;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use clap::ValueEnum;
use minijinja::context;
use minijinja::value::Serde;

use self::process::{Cost, Gateway, Place, number};
use self::table::{Goal, TIMES, Table};
use crate::{codegen, tools};

const PAGE: &str = "docs/performance.md";
/// The accounts of the measured programs; the address of the gateway is filled in.
const CONFIGURATION: &str = "[accounts.shop]\ngateway = \"pesapal\"\nenvironment = \"sandbox\"\nconsumer_key_env = \"BENCH_KEY\"\nconsumer_secret_env = \"BENCH_SECRET\"\nbase_url = ";
/// How many orders a sweep works on at once.
const AT_ONCE: usize = 64;

/// How much is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Size {
    /// Small figures that mean nothing, in less than a minute, to see whether everything can be measured.
    Quick,
    /// What takes less than ten minutes.
    Short,
    /// The same, with 10,000,000 orders on record and a sweep of 1,000,000.
    Scale,
}

/// How often, and how many.
#[derive(Debug)]
struct Counts {
    rounds: usize,
    calls: usize,
    sweep: usize,
    callgrind: [usize; 2],
    /// In flight, and in all.
    store: [(usize, usize); 3],
    track: usize,
    on_record: [usize; 2],
    memory: [usize; 2],
}

impl Size {
    fn counts(self) -> Counts {
        match self {
            Self::Quick => Counts {
                rounds: 2,
                calls: 640,
                sweep: 300,
                callgrind: [20, 60],
                store: [(1, 50), (16, 320), (256, 1024)],
                track: 5_000,
                on_record: [10_000, 20_000],
                memory: [500, 2_000],
            },
            Self::Short => Counts {
                rounds: 5,
                calls: 9_600,
                sweep: 3_000,
                callgrind: [100, 400],
                store: [(1, 1_000), (16, 4_800), (256, 10_240)],
                track: 1_000_000,
                on_record: [10_000, 1_000_000],
                memory: [10_000, 200_000],
            },
            Self::Scale => Counts {
                on_record: [10_000, 10_000_000],
                memory: [10_000, 1_000_000],
                ..Self::Short.counts()
            },
        }
    }
}

/// What the disk is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Disk {
    /// As it is.
    Own,
    /// Slowed: rows 4 and 7 alone.
    Slowed,
}

/// Measures, prints the table and writes it into the page.
pub(crate) fn run(root: &Path, size: Size, disk: Disk) -> Result<(), String> {
    let mut bench = Bench::new(root, size)?;
    let started = Instant::now();
    let section = match disk {
        Disk::Own => {
            bench.all();
            "figures"
        }
        Disk::Slowed => {
            bench.slowed(root)?;
            "slow disk"
        }
    };
    println!("{:.0} s", started.elapsed().as_secs_f64());
    if size == Size::Quick {
        return Ok(());
    }
    let full = root.join(PAGE);
    let text = fs::read_to_string(&full).map_err(|error| format!("{PAGE}: {error}"))?;
    let table = codegen::render("performance", context! { rows => Serde(&bench.table) })?;
    let begin = format!("<!-- measured: {section} -->\n");
    let text = codegen::replaced(&text, &begin, "<!-- end measured -->", &table)?;
    fs::write(&full, text).map_err(|error| format!("{PAGE}: {error}"))
}

/// The two sides of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Duka,
    Bare,
}

impl Side {
    fn word(self) -> &'static str {
        match self {
            Self::Duka => "duka",
            Self::Bare => "bare",
        }
    }
}

struct Bench<'a> {
    root: &'a Path,
    place: Place,
    counts: Counts,
    table: Table,
}

impl<'a> Bench<'a> {
    fn new(root: &'a Path, size: Size) -> Result<Self, String> {
        tools::run(&mut tools::command(
            root,
            "cargo build --release --locked --package duka-bench --package duka-cli",
        ))?;
        let target = target(root)?;
        let folder = target.join("bench");
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let certificate = folder.join("certificate.pem");
        let environment = [
            ("BENCH_KEY", "bench-key"),
            ("BENCH_SECRET", "bench-secret"),
            ("SSL_CERT_FILE", &certificate.to_string_lossy()),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Ok(Self {
            root,
            place: Place {
                folder,
                programs: target.join("release"),
                environment: environment.into(),
            },
            counts: size.counts(),
            table: Table::default(),
        })
    }

    fn all(&mut self) {
        self.calls();
        self.sweeps();
        self.instructions();
        self.store("7", "");
        self.import();
        self.on_record();
        self.memory();
        self.connections();
        self.tokens();
        self.sizes();
    }

    fn calls(&mut self) {
        let tls = "--certificate certificate.pem";
        for (id, what, operation, options, speed, cpu) in [
            ("1", "cancel, TLS", "cancel", tls, 0.9, 1.5),
            ("1a", "status, cancel, status; TLS", "order", tls, 0.9, 1.5),
            ("2", "cancel", "cancel", "", 0.85, 1.5),
            ("2a", "status, cancel, status", "order", "", 0.85, 1.5),
            ("3", "status", "status", "", 0.9, 1.25),
        ] {
            for at_once in [1, 16] {
                let (rates, cpus) = unzip(self.call_ratios(operation, options, at_once));
                let what = format!("{what}, {at_once} at once");
                let calls = format!("{what}: calls/s");
                self.table
                    .add(id, calls, "bare", Goal::AtLeast(speed, TIMES), rates);
                let time = format!("{what}: CPU");
                self.table
                    .add(id, time, "bare", Goal::AtMost(cpu, TIMES), cpus);
            }
        }
    }

    /// Calls in a second, and CPU time, of ours by theirs.
    fn call_ratios(
        &self,
        operation: &str,
        options: &str,
        at_once: usize,
    ) -> Result<Vec<(f64, f64)>, String> {
        let gateway = Gateway::start(&self.place, options)?;
        self.in_turn(|side| {
            // A handshake for each call takes its time.
            let calls = self.counts.calls / if options.is_empty() { 1 } else { 3 };
            let side = side.word();
            let url = &gateway.url;
            let line =
                format!("calls {side} {operation} --url {url} --calls {calls} --at-once {at_once}");
            let cost = self.place.part(&line)?;
            Ok((number(&cost, "seconds")?, number(&cost, "cpu_seconds")?))
        })
        .map(|rounds| {
            let ratios = rounds.into_iter();
            ratios
                .map(|[(ours, cpu), (theirs, their_cpu)]| (theirs / ours, cpu / their_cpu))
                .collect()
        })
    }

    /// Both sides in turn, in the order of ours and theirs; the first changes with the round.
    fn in_turn<T>(
        &self,
        measure: impl Fn(Side) -> Result<T, String>,
    ) -> Result<Vec<[T; 2]>, String> {
        let round = |number: usize| {
            if number.is_multiple_of(2) {
                let ours = measure(Side::Duka)?;
                Ok([ours, measure(Side::Bare)?])
            } else {
                let theirs = measure(Side::Bare)?;
                Ok([measure(Side::Duka)?, theirs])
            }
        };
        (0..self.counts.rounds).map(round).collect()
    }

    fn sweeps(&mut self) {
        for (id, what, options, goal) in [
            ("4", "sweep of a list, 64 at once, gateway of 0 ms", "", 0.6),
            ("5", "the same, gateway of 20 ms", "--delay 20", 0.95),
            ("5", "the same, TLS", "--certificate certificate.pem", 0.95),
        ] {
            let ratios = self.sweep_ratios(options);
            self.table
                .add(id, what, "plain loop", Goal::AtLeast(goal, TIMES), ratios);
        }
    }

    /// Orders in a second, of a sweep by a loop that makes the same calls.
    fn sweep_ratios(&self, options: &str) -> Result<Vec<f64>, String> {
        let gateway = Gateway::start(&self.place, options)?;
        let orders = self.counts.sweep;
        let rounds = self.in_turn(|side| match side {
            Side::Duka => Ok(self.sweep(&gateway, orders)?.seconds),
            Side::Bare => {
                let url = &gateway.url;
                let mut command = self.place.command("duka-bench");
                let line =
                    format!("calls bare order --url {url} --calls {orders} --at-once {AT_ONCE}");
                Ok(self
                    .place
                    .run(command.args(line.split_whitespace()))?
                    .seconds)
            }
        })?;
        Ok(rounds
            .into_iter()
            .map(|[ours, theirs]| theirs / ours)
            .collect())
    }

    /// Sweeps a list of so many orders into a new store.
    fn sweep(&self, gateway: &Gateway, orders: usize) -> Result<Cost, String> {
        let mut command = self.sweep_command("duka", gateway, orders)?;
        let cost = self.place.run(&mut command)?;
        self.check_sweep(orders)?;
        Ok(cost)
    }

    fn sweep_command(
        &self,
        program: &str,
        gateway: &Gateway,
        orders: usize,
    ) -> Result<Command, String> {
        let configuration = format!("{CONFIGURATION}\"{}\"\n", gateway.url);
        fs::write(self.place.file("duka.toml"), configuration)
            .map_err(|error| format!("duka.toml: {error}"))?;
        self.place.part(&format!("list list.csv {orders}"))?;
        self.place.new_store("sweep.db");
        let mut command = match program {
            "duka" => self.place.command("duka"),
            other => {
                let mut command = self.place.outside(other);
                command.args(["--tool=callgrind", "--callgrind-out-file=callgrind.out"]);
                command.arg(self.place.programs.join("duka"));
                command
            }
        };
        let concurrency = AT_ONCE.to_string();
        command.args([
            "--config",
            "duka.toml",
            "--store",
            "sqlite:sweep.db",
            "--json",
        ]);
        command.args([
            "sweep",
            "--orders",
            "list.csv",
            "--concurrency",
            &concurrency,
        ]);
        Ok(command)
    }

    /// A sweep that did less than it should says nothing of its speed.
    fn check_sweep(&self, orders: usize) -> Result<(), String> {
        let out = fs::read_to_string(self.place.file("out")).unwrap_or_default();
        let last = out.lines().next_back().unwrap_or_default();
        let confirmed = format!("\"confirmed\":{orders},");
        if last.contains(&confirmed) {
            Ok(())
        } else {
            Err(format!("the sweep did not cancel every order: {last}"))
        }
    }

    fn instructions(&mut self) {
        let measured = self.callgrind().map(|it| vec![it]);
        let what = "instructions per order of a sweep, in millions";
        self.table
            .add("6", what, "–", Goal::AtMost(0.8, "million"), measured);
    }

    /// What one order more costs.
    fn callgrind(&self) -> Result<f64, String> {
        let asked = self.place.outside("valgrind").arg("--version").output();
        if !asked.is_ok_and(|it| it.status.success()) {
            return Err("no valgrind".to_owned());
        }
        let gateway = Gateway::start(&self.place, "")?;
        let [few, more] = self.counts.callgrind;
        let count = |orders: usize| {
            let mut command = self.sweep_command("valgrind", &gateway, orders)?;
            self.place.run(&mut command)?;
            self.check_sweep(orders)?;
            let said = fs::read_to_string(self.place.file("err")).unwrap_or_default();
            let line = said
                .lines()
                .find_map(|line| line.split_once("Collected : "));
            let count = line.and_then(|(_, count)| count.trim().parse::<f64>().ok());
            count.ok_or_else(|| "valgrind does not say how many instructions".to_owned())
        };
        let first = count(few)?;
        Ok((count(more)? - first) / float(more - few) / 1e6)
    }

    fn store(&mut self, id: &'static str, disk: &str) {
        for (in_flight, count) in self.counts.store {
            let goal = if in_flight == 1 { 0.95 } else { 0.8 };
            let rounds = self.in_turn(|side| {
                self.place.new_store("store.db");
                let side = side.word();
                let line = format!("store {side} store.db --count {count} --in-flight {in_flight}");
                number(&self.place.part(&line)?, "seconds")
            });
            let ratios = rounds.map(|all| {
                all.into_iter()
                    .map(|[ours, theirs]| theirs / ours)
                    .collect()
            });
            let what = format!("durable intent and outcome, {in_flight} in flight{disk}");
            self.table
                .add(id, what, "raw SQLite", Goal::AtLeast(goal, TIMES), ratios);
        }
    }

    fn import(&mut self) {
        let rows = self.counts.track;
        let measured = self.import_ratio(rows).map(|it| vec![it]);
        let what = format!("track of {} rows with random GUIDs", thousands(rows));
        self.table.add(
            "8",
            what,
            "Python: csv + sqlite3",
            Goal::AtLeast(1.2, TIMES),
            measured,
        );
    }

    fn import_ratio(&self, rows: usize) -> Result<f64, String> {
        self.place.part(&format!("list list.csv {rows}"))?;
        self.place.new_store("python.db");
        self.place.new_store("track.db");
        let script = self.root.join("crates/bench/import.py");
        let mut python = self.place.outside("python3");
        let theirs = self
            .place
            .run(python.arg(script).args(["list.csv", "python.db"]))?;
        let mut ours = self.place.command("duka");
        ours.args([
            "--config",
            "duka.toml",
            "--store",
            "sqlite:track.db",
            "track",
            "list.csv",
        ]);
        Ok(theirs.seconds / self.place.run(&mut ours)?.seconds)
    }

    fn on_record(&mut self) {
        let [few, many] = self.counts.on_record;
        let latencies = |orders: usize| {
            self.place.new_store("record.db");
            self.place.part(&format!("fill record.db {orders}"))?;
            let rounds = (0..3).map(|_| {
                let answer = self.place.part("latencies record.db")?;
                Ok((number(&answer, "claim")?, number(&answer, "page")?))
            });
            rounds.collect::<Result<Vec<_>, String>>()
        };
        let both = latencies(few).and_then(|few| Ok((few, latencies(many)?)));
        let pairs = both.map(|(few, many)| {
            let pairs = few.into_iter().zip(many);
            pairs
                .map(|(few, many)| (many.0 / few.0, many.1 / few.1))
                .collect()
        });
        self.place.new_store("record.db");
        let (claims, pages) = unzip(pairs);
        for (what, ratios) in [("claim", claims), ("page of abandoned orders", pages)] {
            let what = format!("{what}, {} orders on record", thousands(many));
            self.table
                .add("9", what, thousands(few), Goal::AtMost(1.5, TIMES), ratios);
        }
    }

    fn memory(&mut self) {
        let [few, many] = self.counts.memory;
        let measured = Gateway::start(&self.place, "").and_then(|gateway| {
            let peak = |orders| {
                let cost = self.sweep(&gateway, orders)?;
                cost.peak_kib
                    .ok_or_else(|| "memory is measured on Linux only".to_owned())
            };
            let least = peak(few)?;
            Ok(vec![peak(many)? / least])
        });
        let what = format!("peak memory, sweep of {} orders", thousands(many));
        self.table.add(
            "10",
            what,
            thousands(few),
            Goal::AtMost(1.2, TIMES),
            measured,
        );
    }

    fn connections(&mut self) {
        let orders = self.counts.sweep;
        let measured = Gateway::start(&self.place, "").and_then(|mut gateway| {
            self.sweep(&gateway, orders)?;
            Ok(vec![gateway.connections()?])
        });
        let what = format!(
            "connections of a sweep of {} orders, 64 at once",
            thousands(orders)
        );
        self.table
            .add("11", what, "–", Goal::AtMost(200.0, ""), measured);
    }

    fn tokens(&mut self) {
        for (what, name) in [("is too old", "by_clock"), ("is refused", "by_refusal")] {
            let answer = self.place.part("tokens 1000");
            let measured = answer.and_then(|it| Ok(vec![number(&it, name)?]));
            let what = format!("token requests where 1,000 callers meet a token that {what}");
            self.table
                .add("12", what, "–", Goal::AtMost(1.0, ""), measured);
        }
    }

    fn sizes(&mut self) {
        let crates = self.crates("duka-pesapal").and_then(|ours| {
            let theirs = self.crates("reqwest --package serde --package tokio")?;
            Ok(vec![ours / theirs])
        });
        let beside = "reqwest + serde + tokio";
        self.table.add(
            "13",
            "crates of duka-pesapal",
            beside,
            Goal::AtMost(1.25, TIMES),
            crates,
        );
        let starts = (0..20).map(|_| {
            let mut help = self.place.command("duka");
            Ok(self.place.run(help.arg("--help"))?.seconds * 1e3)
        });
        let starts: Result<Vec<_>, String> = starts.collect();
        self.table.add(
            "13",
            "start of duka --help",
            "–",
            Goal::AtMost(5.0, "ms"),
            starts,
        );
        let size = self.stripped().map(|it| vec![it]);
        self.table.add(
            "13",
            "the stripped binary",
            "–",
            Goal::AtMost(16.0, "MB"),
            size,
        );
    }

    fn crates(&self, packages: &str) -> Result<f64, String> {
        let line =
            format!("cargo tree --locked --edges normal,build --prefix none --package {packages}");
        let output = tools::command(self.root, &line).output();
        let output = output.map_err(|error| format!("{line}: {error}"))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let words = |line: &str| line.split(' ').take(2).collect::<Vec<_>>().join(" ");
        let all: std::collections::BTreeSet<_> = text.lines().map(words).collect();
        Ok(float(all.len()))
    }

    fn stripped(&self) -> Result<f64, String> {
        let small = self.place.file("stripped");
        let mut strip = self.place.outside("strip");
        self.place.run(
            strip
                .arg(self.place.programs.join("duka"))
                .arg("-o")
                .arg(&small),
        )?;
        let size = fs::metadata(small)
            .map_err(|error| error.to_string())?
            .len();
        Ok(float(usize::try_from(size).unwrap_or(usize::MAX)) / 1e6)
    }

    /// Rows 4 and 7 with a disk that takes longer for each flush.
    fn slowed(&mut self, root: &Path) -> Result<(), String> {
        if !cfg!(target_os = "linux") {
            return Err("a flush can be slowed on Linux only".to_owned());
        }
        let library = self.place.file("slow_flush.so");
        let mut compile = tools::command(root, "cc -shared -fPIC -O2 -o");
        tools::run(
            compile
                .arg(&library)
                .args(["crates/bench/slow_flush.c", "-ldl"]),
        )?;
        let library = library.to_string_lossy().into_owned();
        self.place
            .environment
            .push(("LD_PRELOAD".to_owned(), library));
        for (microseconds, disk) in [
            ("500", ", 0.5 ms more per flush"),
            ("2000", ", 2 ms more per flush"),
        ] {
            let slow = ("SLOW_FLUSH_US".to_owned(), microseconds.to_owned());
            self.place.environment.push(slow);
            let ratios = self.sweep_ratios("");
            let what = format!("sweep of a list, 64 at once{disk}");
            self.table
                .add("4", what, "plain loop", Goal::AtLeast(0.6, TIMES), ratios);
            self.store("7", disk);
        }
        Ok(())
    }
}

/// Where cargo puts what it builds.
fn target(root: &Path) -> Result<std::path::PathBuf, String> {
    let mut command = tools::command(root, "cargo metadata --no-deps --locked --format-version 1");
    let output = command
        .output()
        .map_err(|error| format!("cargo metadata: {error}"))?;
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("cargo metadata: {error}"))?;
    let folder = metadata["target_directory"].as_str();
    folder
        .map(Into::into)
        .ok_or_else(|| "cargo metadata names no target folder".to_owned())
}

type Figures = Result<Vec<f64>, String>;

fn unzip(pairs: Result<Vec<(f64, f64)>, String>) -> (Figures, Figures) {
    match pairs {
        Ok(pairs) => {
            let (left, right) = pairs.into_iter().unzip();
            (Ok(left), Ok(right))
        }
        Err(reason) => (Err(reason.clone()), Err(reason)),
    }
}

/// Counts here are far below the integers that a float cannot hold.
#[expect(clippy::cast_precision_loss, reason = "see above")]
fn float(count: usize) -> f64 {
    count as f64
}

fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

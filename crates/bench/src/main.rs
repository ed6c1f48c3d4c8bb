//! The processes of `cargo xtask bench`. Each prints one line of JSON.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a program, started by `cargo xtask bench`"
)]

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use duka_bench::calls::{self, Side, What};
use duka_bench::gateway::Gateway;
use duka_bench::{Failure, lists, store, tokens};
use duka_core::clock::SharedClock;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, BufReader};

/// The parts of `cargo xtask bench`; each prints one line of JSON.
#[derive(Debug, Parser)]
enum Command {
    /// Run the canned gateway until standard input ends; each line there is answered with the counts so far
    Gateway {
        /// Wait so many milliseconds before each reply
        #[arg(long, default_value_t = 0)]
        delay: u64,
        /// Speak TLS, and write the certificate to trust here
        #[arg(long, value_name = "FILE")]
        certificate: Option<PathBuf>,
    },
    /// Call a gateway
    Calls {
        side: Side,
        what: What,
        #[arg(long)]
        url: String,
        #[arg(long)]
        calls: usize,
        #[arg(long)]
        at_once: usize,
    },
    /// Store intents and outcomes in a new store
    Store {
        side: Side,
        path: PathBuf,
        #[arg(long)]
        count: usize,
        #[arg(long)]
        in_flight: usize,
    },
    /// Write a list of orders
    List { path: PathBuf, orders: u64 },
    /// Fill a new store with orders
    Fill { path: PathBuf, orders: i64 },
    /// Claim from a filled store, and read its pages
    Latencies { path: PathBuf },
    /// Have many callers meet an expired token
    Tokens { callers: u64 },
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    match Command::parse() {
        Command::Gateway { delay, certificate } => gateway(delay, certificate).await,
        Command::Calls {
            side,
            what,
            url,
            calls,
            at_once,
        } => print(&calls::measure(side, &url, what, calls, at_once).await?),
        Command::Store {
            side,
            path,
            count,
            in_flight,
        } => print(&store::measure(side, &path, count, in_flight).await?),
        Command::List { path, orders } => {
            lists::write(&path, orders, Timestamp::now())?;
            print(&json!({ "orders": orders }))
        }
        Command::Fill { path, orders } => {
            lists::fill(&path, orders, SharedClock::new(Timestamp::now))?;
            print(&json!({ "orders": orders }))
        }
        Command::Latencies { path } => print(&store::latencies(&path).await?),
        Command::Tokens { callers } => print(&tokens::measure(callers).await?),
    }
}

async fn gateway(delay: u64, certificate: Option<PathBuf>) -> Result<(), Failure> {
    let delay = Duration::from_millis(delay);
    let gateway = Gateway::start(delay, certificate.as_deref()).await?;
    print(&json!({ "url": gateway.base_url }))?;
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while lines.next_line().await?.is_some() {
        print(&json!({ "connections": gateway.connections(), "tokens": gateway.tokens() }))?;
    }
    Ok(())
}

fn print(value: &impl Serialize) -> Result<(), Failure> {
    println!("{}", serde_json::to_string(value)?);
    Ok(())
}

//! Long lists are read as they are worked on: memory does not grow with them.

#![cfg(target_os = "linux")]

use std::fmt::Write;

use crate::shop::{CliFixture, HEADER, finish};

/// A list of so many orders that are too young to be swept.
fn list(shop: &CliFixture, orders: u64) -> String {
    let now = jiff::Timestamp::now();
    let mut text = format!("{HEADER}\n");
    for number in 0..orders {
        let id = 6_116_229_000_000 + number;
        writeln!(text, "kwikpaisa,{id},{now:.0},105.50,INR").unwrap();
    }
    shop.terminal.write(&format!("{orders}.csv"), text)
}

/// The most memory that the program held while it ran, in KiB.
fn peak(shop: &CliFixture, args: &[&str]) -> u64 {
    // The shell prints the child's high-water mark, which outlives it nowhere else.
    let mut command = std::process::Command::new("/bin/sh");
    let program = shop.terminal.command(args);
    let script = "\"$@\" >/dev/null & child=$!; peak=0; while kill -0 $child 2>/dev/null; do now=$(sed -n 's/^VmHWM:[^0-9]*\\([0-9]*\\).*/\\1/p' /proc/$child/status 2>/dev/null); [ -n \"$now\" ] && peak=$now; sleep 0.02; done; wait $child && echo $peak";
    command
        .args(["-c", script, "sh", env!("CARGO_BIN_EXE_duka")])
        .args(args)
        .current_dir(shop.terminal.folder.path())
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .envs(program.get_envs().filter_map(|(k, v)| Some((k, v?))));
    let run = finish(command, args).exits(0);
    run.stdout.trim().parse().unwrap()
}

#[track_caller]
fn is_flat(small: u64, large: u64, what: &str) {
    println!("{what}: {small} KiB, {large} KiB");
    assert!(
        large * 2 < small * 3,
        "{what}: {small} KiB, then {large} KiB"
    );
}

#[test]
fn a_sweep_of_ten_times_as_many_orders_takes_no_more_memory() {
    let shop = CliFixture::open();
    let [few, many] = [4_000, 40_000].map(|orders| list(&shop, orders));
    let small = peak(&shop, &["sweep", "--orders", &few]);
    let large = peak(&shop, &["sweep", "--orders", &many]);
    is_flat(small, large, "sweep");
    assert!(shop.emulator.requests().is_empty());
}

#[test]
fn tracking_ten_times_as_many_orders_takes_no_more_memory() {
    let shop = CliFixture::open();
    let [few, many] = [10_000, 100_000].map(|orders| list(&shop, orders));
    let small = peak(&shop, &["track", &few]);
    let large = peak(&shop, &["track", &many]);
    is_flat(small, large, "track");
}

#[test]
fn tracking_ten_times_as_many_orders_of_a_json_array_takes_no_more_memory() {
    let shop = CliFixture::open();
    let [few, many] = [5_000, 50_000].map(|orders: u64| {
        let now = jiff::Timestamp::now();
        let row = |id: u64| {
            format!(
                "{{\n\"account\":\"kwikpaisa\",\"order\":{id},\"created_at\":\"{now:.0}\",\n\"amount\":1.5,\"currency\":\"INR\"}}"
            )
        };
        let rows: Vec<_> = (1..=orders).map(row).collect();
        let list = format!("[{}]", rows.join(",\n"));
        shop.terminal.write(&format!("{orders}.json"), list)
    });
    let small = peak(&shop, &["track", &few]);
    let large = peak(&shop, &["track", &many]);
    is_flat(small, large, "track of an array");
}

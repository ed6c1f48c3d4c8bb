//! Readers that leave early, and lists that come through a pipe.

use std::process::Stdio;

use crate::shop::{CliFixture, HEADER, Run, row};

#[cfg(unix)]
#[test]
fn a_list_may_come_through_a_pipe_with_a_name() {
    let shop = CliFixture::open();
    let pipe = shop.terminal.path("orders.fifo");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let list = format!("{HEADER}\n{}\n", row("kwikpaisa", "A-1"));
    let writer = std::thread::spawn(move || std::fs::write(pipe, list));
    let run = shop.duka(&["track", "orders.fifo"]).exits(0);
    assert!(run.stdout.starts_with("1 orders tracked"), "{}", run.stdout);
    writer.join().unwrap().unwrap();
}

#[test]
fn a_reader_that_has_gone_ends_a_command_without_a_fuss() {
    let shop = CliFixture::open();
    for id in ["A-1", "A-2"] {
        shop.create("kwikpaisa", id);
    }
    for args in [
        &["completions", "bash"][..],
        &["show", "A-1"],
        &["doctor", "--json"],
    ] {
        let mut command = shop.terminal.command(args);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        let run = Run::of(child.wait_with_output().unwrap());
        assert_eq!(run.stderr, "", "{args:?}");
        assert_eq!(run.code, 1, "{args:?}");
    }
    // A closed pipe is no reason to leave orders uncancelled.
    let mut command = shop.terminal.command(&["sweep", "--min-age", "0s"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    child.wait().unwrap();
    for order in shop.emulator.orders() {
        assert_eq!(order.cancels_applied, 1, "{order:?}");
    }
}

/// Runs a command whose stdout takes nothing.
#[cfg(target_os = "linux")]
fn duka_to_full(shop: &CliFixture, args: &[&str]) -> Run {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
    let mut command = shop.terminal.command(args);
    command.stdout(full.unwrap()).stderr(Stdio::piped());
    Run::of(command.spawn().unwrap().wait_with_output().unwrap())
}

#[cfg(target_os = "linux")]
#[test]
fn what_a_full_stdout_does_not_take_of_a_change_is_on_stderr() {
    let shop = CliFixture::open();
    for (id, json) in [("A-1", &[][..]), ("A-2", &["--json"])] {
        let create = CliFixture::create_args("kwikpaisa", id);
        let run = duka_to_full(&shop, &[&create, json].concat()).exits(1);
        run.complains("failed to print: No space left on device");
        run.complains("the command was carried out");
        let link = if json.is_empty() {
            "pay at   http"
        } else {
            "\"payment_link\":\"http"
        };
        run.complains(link);
        let run = duka_to_full(&shop, &[&["cancel", id, "--wait", "0s"], json].concat());
        run.exits(1).complains(id).complains("confirmed");
    }
    for order in shop.emulator.orders() {
        assert_eq!(order.cancels_applied, 1, "{order:?}");
    }
    // A refusal says more than that stdout was full.
    let again = [
        &CliFixture::create_args("kwikpaisa", "A-3")[..],
        &["--shop-order", "7"],
    ]
    .concat();
    duka_to_full(&shop, &again).exits(1);
    let twice = [
        &CliFixture::create_args("kwikpaisa", "A-4")[..],
        &["--shop-order", "7"],
    ]
    .concat();
    duka_to_full(&shop, &twice).exits(3);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_stdout_shows_twenty_lines_of_a_sweep_on_stderr_and_counts_the_rest() {
    let shop = CliFixture::open();
    for n in 0..30 {
        shop.create("kwikpaisa", &format!("B-{n:02}"));
    }
    let run = duka_to_full(&shop, &["sweep", "--min-age", "0s"]).exits(1);
    run.complains("the command was carried out");
    // 30 orders and the summary, of which 20 lines are shown.
    run.complains("and 11 more, see `duka report`");
    assert_eq!(
        run.stderr.matches("confirmed").count(),
        20,
        "{}",
        run.stderr
    );
    assert_eq!(shop.cancels_received(), 30);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_stdout_ends_a_command_that_only_reads() {
    let shop = CliFixture::open();
    shop.create("kwikpaisa", "A-1");
    for args in [
        &["show", "A-1"][..],
        &["status", "A-1", "--json"],
        &["completions", "bash"],
        &["emulate", "--listen", "127.0.0.1:0"],
        &["sweep", "--dry-run", "--min-age", "0s"],
        &["--help"],
    ] {
        let run = duka_to_full(&shop, args);
        assert_eq!(run.code, 1, "{args:?}: {}", run.stderr);
        run.complains("failed to print: No space left on device");
        assert!(!run.stderr.contains("carried out"), "{}", run.stderr);
    }
}

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

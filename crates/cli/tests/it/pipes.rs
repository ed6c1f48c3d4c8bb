//! Readers that leave early, and lists that come through a pipe.

#[cfg(unix)]
use std::io::Write as _;
use std::process::Stdio;

use crate::shop::{CliFixture, HEADER, Run, row};

#[cfg(unix)]
#[test]
fn a_list_may_come_through_standard_input_or_a_pipe_of_the_shell() {
    let shop = CliFixture::open();
    for (name, order) in [("-", "A-1"), ("/dev/stdin", "A-2"), ("/dev/fd/0", "A-3")] {
        let list = format!("{HEADER}\n{}\n", row("kwikpaisa", order));
        let mut command = shop.terminal.command(&["track", name]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        let writer = std::thread::spawn(move || input.write_all(list.as_bytes()));
        let run = Run::of(child.wait_with_output().unwrap()).exits(0);
        assert!(
            run.stdout.starts_with("1 orders tracked"),
            "{name}: {}",
            run.stdout
        );
        writer.join().unwrap().unwrap();
    }
}

#[cfg(unix)]
#[test]
fn a_list_that_is_a_folder_a_device_or_a_pipe_with_a_name_is_refused_with_the_reason() {
    let shop = CliFixture::open();
    let pipe = shop.terminal.path("orders.fifo");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    std::fs::create_dir(shop.terminal.path("lists")).unwrap();
    let device = "that is a pipe or a device; name a regular file, or - for standard input";
    for (name, said) in [
        ("orders.fifo", device),
        ("/dev/zero", device),
        ("lists", "that is a folder; name a file in it"),
    ] {
        for command in [&["track"][..], &["sweep", "--orders"]] {
            let run = shop.duka(&[command, &[name]].concat()).exits(2);
            run.complains(&format!("failed to read orders from {name}: {said}"));
        }
    }
}

#[cfg(unix)]
#[test]
fn a_line_on_standard_input_that_never_ends_is_refused_with_its_number() {
    let shop = CliFixture::open();
    for (start, line) in [("", 1), (&*format!("{HEADER}\n"), 2), ("{}\n{}\n", 3)] {
        let mut command = shop.terminal.command(&["track", "-"]);
        command.stdin(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        let start = start.to_owned();
        let writer = std::thread::spawn(move || {
            input.write_all(start.as_bytes()).unwrap();
            // Ends when its reader has gone.
            while input.write_all(&[b'x'; 4096]).is_ok() {}
        });
        let run = Run::of(child.wait_with_output().unwrap()).exits(2);
        run.complains(&format!(
            "from standard input: line {line}: is longer than 1 MiB"
        ));
        writer.join().unwrap();
    }
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

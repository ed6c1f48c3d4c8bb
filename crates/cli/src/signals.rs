//! Ctrl-C and SIGTERM, for the commands that work for long: an orderly stop, however early they come.

use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use crate::args::Command;
use crate::failure::Exit;
use crate::output::{Output, print_error};

/// Listens from now on, if the command ends in order; returns the token that the first signal
/// cancels. Signals end any other command at once.
pub(crate) fn listen(runtime: &Runtime, command: &Command, output: Output) -> CancellationToken {
    let stop = CancellationToken::new();
    if !ends_in_order(command) {
        return stop;
    }
    let entered = runtime.enter();
    // The handlers are in place once this returns, and not when the task first runs.
    let signals = Signals::open();
    drop(entered);
    match signals {
        Err(error) => print_error(&format!("failed to listen for signals: {error}")),
        Ok(mut signals) => {
            let token = stop.clone();
            runtime.spawn(async move {
                signals.next().await;
                output.print_note(
                    "stopping: finishing what is in flight; once more to leave it in doubt",
                );
                token.cancel();
                signals.next().await;
                exit_at_once();
            });
        }
    }
    stop
}

/// Whether a command finishes what is in flight before it ends.
fn ends_in_order(command: &Command) -> bool {
    match command {
        Command::Emulate(_) | Command::Cancel(_) | Command::Refund(_) | Command::Sweep(_) => true,
        Command::Demo(_)
        | Command::Ipn(_)
        | Command::Create(_)
        | Command::Status(_)
        | Command::Track(_)
        | Command::Hold(_)
        | Command::Release(_)
        | Command::Explain(_)
        | Command::Report(_)
        | Command::Pending(_)
        | Command::Resolve(_)
        | Command::Show(_)
        | Command::Doctor(_)
        | Command::Completions { .. } => false,
    }
}

/// The user has asked twice. What is in flight stays *sending* in the store, and is in doubt
/// for the next worker.
#[expect(clippy::exit, reason = "a second signal asks for just that")]
fn exit_at_once() {
    std::process::exit(Exit::Unknown.number().into());
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn open() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(windows)]
struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    fn open() -> std::io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    async fn next(&mut self) {
        let _ = self.0.recv().await;
    }
}

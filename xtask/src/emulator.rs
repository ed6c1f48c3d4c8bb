//! The emulator, for other people's programs that are held against it.

use std::env;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

use crate::tools::{command, run};

/// The emulator as a program of its own, until this is dropped.
pub(crate) struct Emulator {
    child: Child,
    pub(crate) address: String,
}

impl Emulator {
    /// Builds it first, unless it is there.
    pub(crate) fn start(root: &Path) -> Result<Self, String> {
        run(&mut command(
            root,
            "cargo build --package duka-cli --all-features --locked",
        ))?;
        let failed = |error| format!("cannot start the emulator: {error}");
        // Cargo puts the programs of one profile beside each other, this one included.
        let program = env::current_exe().map_err(failed)?.with_file_name("duka");
        let line = format!("{} emulate --listen 127.0.0.1:0", program.display());
        let mut emulate = command(root, &line);
        emulate
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = emulate.spawn().map_err(failed)?;
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
            .ok_or(format!("the emulator said {line:?}, which is no address"))?
            .to_owned();
        Ok(emulator)
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

//! SDKs by other people, which take every step that they have against the emulator.

use std::fs;
use std::path::Path;

use crate::emulator::Emulator;
use crate::tools::{command, run};

/// The SDKs, each as pip is told of it.
const LIST: &str = "xtask/outside/sdks.txt";
/// Where each is put, apart from the others: two of them have the same name for their code.
const FOLDER: &str = "target/tools/sdks";

/// Takes the steps of every SDK.
pub(crate) fn check(root: &Path) -> Result<(), String> {
    for sdk in list(root)? {
        // Each has an emulator of its own, so that the order of the SDKs does not matter.
        let emulator = Emulator::start(root)?;
        let name = sdk.split('=').next().unwrap_or_default();
        let line = format!("python xtask/outside/sdks.py {name}");
        let mut python = command(root, &line);
        python
            .env("DUKA_EMULATOR", &emulator.address)
            .env("PYTHONPATH", root.join(FOLDER).join(&sdk))
            .env("PYTHONDONTWRITEBYTECODE", "1");
        run(&mut python)?;
    }
    Ok(())
}

/// The SDKs that are not there.
pub(crate) fn missing(root: &Path) -> Vec<String> {
    let mut list = list(root).unwrap_or_default();
    list.retain(|sdk| !root.join(FOLDER).join(sdk).exists());
    list
}

fn list(root: &Path) -> Result<Vec<String>, String> {
    let text = fs::read_to_string(root.join(LIST)).map_err(|error| format!("{LIST}: {error}"))?;
    Ok(text.lines().map(str::to_owned).collect())
}

//! Other people's reading of `openapi.yaml`: a validator, a linter, and schemathesis, which holds the emulator against
//! each description.

use std::fs;
use std::path::Path;

use crate::emulator::Emulator;
use crate::openapi::gateways;
use crate::tools::{command, missing, run};

/// What judges the descriptions.
pub(crate) const TOOLS: [&str; 3] = ["openapi-spec-validator", "redocly", "schemathesis"];

/// Checks both descriptions with every tool.
pub(crate) fn check(root: &Path, examples: u32) -> Result<(), String> {
    for tool in TOOLS {
        match missing(root, tool) {
            Some(reason) => return Err(reason),
            None => check_with(root, tool, examples)?,
        }
    }
    Ok(())
}

/// Checks both descriptions with one tool; `examples` is how many requests schemathesis makes up for each operation.
pub(crate) fn check_with(root: &Path, tool: &str, examples: u32) -> Result<(), String> {
    for gateway in gateways(root)? {
        let description = format!("crates/{gateway}/openapi.yaml");
        match tool {
            "schemathesis" => conforms(root, &gateway, &description, examples)?,
            "redocly" => {
                let mut lint = command(root, &format!("redocly lint {description}"));
                run(lint.env("REDOCLY_TELEMETRY", "off"))?;
            }
            _ => run(&mut command(root, &format!("{tool} {description}")))?,
        }
    }
    Ok(())
}

/// Whether the emulator answers as a description says. Each run has an emulator of its own, so that it depends on
/// nothing but its seed.
fn conforms(root: &Path, gateway: &str, description: &str, examples: u32) -> Result<(), String> {
    let emulator = Emulator::start(root)?;
    fs::create_dir_all(root.join("target/xtask"))
        .map_err(|error| format!("cannot write into target: {error}"))?;
    // Pesapal refuses under HTTP 200; the hooks look into the body instead.
    let (path, more) = match gateway {
        "pesapal" => ("/pesapalv3", "--exclude-checks negative_data_rejection"),
        _ => ("", ""),
    };
    let line = format!(
        "schemathesis --config-file ../../xtask/outside/schemathesis.toml run ../../{description} \
         --url {}{path} --max-examples {examples} --phases examples,coverage,fuzzing --seed 4 \
         --request-timeout 10 --continue-on-failure --no-color {more}",
        emulator.address
    );
    let mut schemathesis = command(root, &line);
    schemathesis
        .env("DUKA_EMULATOR", &emulator.address)
        .env("DUKA_GATEWAY", gateway)
        .env("SCHEMATHESIS_HOOKS", "emulator_hooks")
        .env("PYTHONPATH", root.join("xtask/outside"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        // It keeps notes where it runs.
        .current_dir(root.join("target/xtask"));
    run(&mut schemathesis)
}

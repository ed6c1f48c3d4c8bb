//! `duka emulate`: both gateways in the foreground.

use std::error::Error;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use duka_emulator::{
    Behaviour, Emulator, EmulatorConfig, Exposure, StartError, Variant, VariantError, variants,
};
use jiff::Timestamp;

use crate::args::EmulateArgs;
use crate::context::Context;
use crate::failure::{Exit, Failure};

/// No emulator writes as much.
const LONGEST_STATE: u64 = 256 * 1024 * 1024;

pub(crate) async fn run(args: EmulateArgs, context: &Context) -> Result<Exit, Failure> {
    let mut config = EmulatorConfig::new(Timestamp::now)
        .listen(args.listen)
        .seed(args.seed)
        .behaviour(behaviour(&args.variants)?);
    let snapshot = args.state.as_deref().map(read).transpose()?.flatten();
    if args.expose {
        config = config.exposure(Exposure::AnyInterface);
    }
    if let Some(url) = args.webhook_url {
        config = config.webhook_url(url);
    }
    let emulator = Emulator::start(config)
        .await
        .map_err(|error| refusal(&error))?;
    if let (Some(file), Some(snapshot)) = (&args.state, snapshot) {
        let wrong = |error: &dyn Error| {
            let cause = error.source().map(|it| format!(": {it}"));
            let cause = cause.unwrap_or_default();
            Failure::usage(format!("--state {}: {error}{cause}", file.display()))
        };
        emulator.restore(&snapshot).map_err(|error| wrong(&error))?;
        for (name, value) in choices(&args.variants) {
            emulator
                .set_variant(name, value)
                .map_err(|error| wrong(&error))?;
        }
    }
    context
        .output
        .line(&format!("listening on http://{}", emulator.addr()))?;
    context.output.print_note(&format!(
        "to use it from another terminal:
  export DUKA_KWIKPAISA_API_KEY=pk_test_emulator DUKA_KWIKPAISA_SECRET_KEY=sk_test_emulator
  export DUKA_KWIKPAISA_BASE_URL={0}
  export DUKA_PESAPAL_CONSUMER_KEY=emulator-key DUKA_PESAPAL_CONSUMER_SECRET=emulator-secret
  export DUKA_PESAPAL_BASE_URL={1}
what it knows: {0}/ in a browser, {0}/_emulator/orders
what else it could answer: {0}/_emulator/variants",
        emulator.kwikpaisa_url(),
        emulator.pesapal_url(),
    ));
    context.stop().cancelled().await;
    let snapshot = emulator.snapshot();
    emulator.shutdown().await;
    if let Some(file) = &args.state {
        write(file, &snapshot)?;
    }
    Ok(Exit::Done)
}

/// The snapshot in a file; none where there is no file yet.
fn read(file: &Path) -> Result<Option<Vec<u8>>, Failure> {
    let wrong = |problem: &str| Failure::usage(format!("--state {}: {problem}", file.display()));
    match fs::metadata(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(wrong(&error.to_string())),
        Ok(found) if !found.is_file() => Err(wrong("is not a file")),
        Ok(found) if found.len() > LONGEST_STATE => Err(wrong("is longer than any snapshot")),
        Ok(_) => fs::read(file)
            .map(Some)
            .map_err(|error| wrong(&error.to_string())),
    }
}

/// Beside the file first, so that a program that is stopped meanwhile leaves the older one whole.
fn write(file: &Path, snapshot: &str) -> Result<(), Failure> {
    let mut beside = file.as_os_str().to_owned();
    beside.push(".new");
    let written = fs::write(&beside, snapshot).and_then(|()| fs::rename(&beside, file));
    written.map_err(|error| {
        let shown = file.display();
        Failure::failed(format!(
            "the snapshot cannot be written to {shown}: {error}"
        ))
    })
}

/// What was chosen by `--variant`, as names and values.
fn choices(variants: &[String]) -> impl Iterator<Item = (&str, &str)> {
    variants.iter().filter_map(|it| it.split_once('='))
}

/// The defaults, changed by each `NAME=VALUE`; the last of two for one name counts.
fn behaviour(choices: &[String]) -> Result<Behaviour, Failure> {
    let mut behaviour = Behaviour::default();
    for choice in choices {
        let wrong = |problem: &str| Failure::usage(format!("--variant {choice}: {problem}"));
        let (name, value) = choice
            .split_once('=')
            .ok_or_else(|| wrong("it is NAME=VALUE, such as pesapal.second_cancel=accepted"))?;
        behaviour.set(name, value).map_err(|error| match &error {
            VariantError::UnknownName { .. } => {
                let names: Vec<_> = variants().iter().map(Variant::name).collect();
                wrong(&format!("{error}\nthe names are {}", names.join(", ")))
            }
            VariantError::UnknownValue { .. } | _ => wrong(&error.to_string()),
        })?;
    }
    Ok(behaviour)
}

fn refusal(error: &StartError) -> Failure {
    let cause = error
        .source()
        .map_or_else(String::new, |cause| format!(": {cause}"));
    match error {
        StartError::NotLoopback { addr } => Failure::usage(format!(
            "{addr} is not a loopback address, and every client that reaches the emulator can pay orders; --expose allows it all the same"
        )),
        StartError::Webhook(_) => Failure::usage(format!("--webhook-url: {error}{cause}")),
        StartError::Bind { .. } | _ => {
            Failure::failed(format!("failed to start the emulator: {error}{cause}"))
        }
    }
}

//! `duka emulate`: both gateways in the foreground.

use std::error::Error;

use duka_emulator::{Emulator, EmulatorConfig, Exposure, StartError};
use jiff::Timestamp;

use crate::args::EmulateArgs;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::announce;

pub(crate) async fn run(args: EmulateArgs, context: &Context) -> Result<Exit, Failure> {
    let mut config = EmulatorConfig::new(Timestamp::now)
        .listen(args.listen)
        .seed(args.seed);
    if args.expose {
        config = config.exposure(Exposure::AnyInterface);
    }
    if let Some(url) = args.webhook_url {
        config = config.webhook_url(url);
    }
    let emulator = Emulator::start(config)
        .await
        .map_err(|error| refusal(&error))?;
    announce(&format!("listening on http://{}", emulator.addr()));
    context.output.remark(&format!(
        "to use it from another terminal:
  export DUKA_KWIKPAISA_API_KEY=pk_test_emulator DUKA_KWIKPAISA_SECRET_KEY=sk_test_emulator
  export DUKA_KWIKPAISA_BASE_URL={}
  export DUKA_PESAPAL_CONSUMER_KEY=emulator-key DUKA_PESAPAL_CONSUMER_SECRET=emulator-secret
  export DUKA_PESAPAL_BASE_URL={}
what it knows: {}/_emulator/orders",
        emulator.kwikpaisa_url(),
        emulator.pesapal_url(),
        emulator.kwikpaisa_url(),
    ));
    super::stop_on_signal(context).cancelled().await;
    emulator.shutdown().await;
    Ok(Exit::Done)
}

fn refusal(error: &StartError) -> Failure {
    let cause = error
        .source()
        .map_or_else(String::new, |cause| format!(": {cause}"));
    match error {
        StartError::NotLoopback { addr } => Failure::usage(format!(
            "{addr} is not a loopback address, and whoever reaches the emulator can pay orders; --expose allows it all the same"
        )),
        StartError::Webhook(_) => Failure::usage(format!("--webhook-url: {error}{cause}")),
        StartError::Bind { .. } | _ => {
            Failure::failed(format!("failed to start the emulator: {error}{cause}"))
        }
    }
}

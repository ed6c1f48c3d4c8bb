//! What nobody has verified yet, as steps to take with a sandbox account: those that decide about money first, each with
//! the probe that takes it where one does.

use duka_core::evidence::Assumption;
use serde::Serialize;

use super::probe::{AnswerView, Finding};
use crate::config::Config;
use crate::failure::Failure;
use crate::output::{Output, plain};

/// One step, for JSON.
#[derive(Debug, Serialize)]
pub(crate) struct Step {
    gateway: &'static str,
    id: &'static str,
    about: &'static str,
    /// Whether it decides about money.
    money: bool,
    assumed: &'static str,
    tolerance: &'static str,
    #[serde(rename = "try")]
    trial: &'static str,
    /// The probe that takes this step by itself, if one does.
    probe: Option<&'static str>,
}

/// The steps for the gateways that are configured; for all of them where none is.
pub(crate) fn of(config: Option<&Config>) -> Vec<Step> {
    let gateways = [
        ("kwikpaisa", &duka_kwikpaisa::assumptions::ASSUMPTIONS[..]),
        ("pesapal", &duka_pesapal::assumptions::ASSUMPTIONS[..]),
    ];
    let accounts = config.map(|config| &config.accounts);
    let wanted = |name: &str| {
        accounts
            .filter(|accounts| !accounts.is_empty())
            .is_none_or(|accounts| accounts.values().any(|it| it.keys.gateway() == name))
    };
    let mut steps = Vec::new();
    for (gateway, assumptions) in gateways {
        if wanted(gateway) {
            // The tables have them in this order already; here it is part of what is promised.
            let (first, rest): (Vec<_>, Vec<_>) = assumptions.iter().partition(|it| it.money);
            steps.extend(first.into_iter().chain(rest).map(|it| step(gateway, it)));
        }
    }
    steps
}

fn step(gateway: &'static str, assumption: &Assumption) -> Step {
    Step {
        gateway,
        id: assumption.id,
        about: assumption.about,
        money: assumption.money,
        assumed: assumption.assumed,
        tolerance: assumption.tolerance,
        trial: assumption.trial,
        probe: assumption.probe.by(),
    }
}

/// The whole of what `--probe` adds, for people.
pub(crate) fn print(steps: &[Step], probes: &[Finding], output: Output) -> Result<(), Failure> {
    let mut gateway = "";
    let mut number = 0;
    for step in steps {
        if step.gateway != gateway {
            gateway = step.gateway;
            number = 0;
            output.line("")?;
            output.line(&format!(
                "What nobody has verified yet of {gateway}; * decides about money, try those first:"
            ))?;
        }
        number += 1;
        let mark = if step.money { "*" } else { " " };
        output.line(&format!(
            "{number:>3}. {mark} {}: {}",
            step.about, step.assumed
        ))?;
        let tried = match step.probe {
            Some(probe) => format!(" (doctor does this: {probe})"),
            None => String::new(),
        };
        output.line(&format!("       try: {}{tried}", step.trial))?;
        output.line(&format!("       tolerance: {}", step.tolerance))?;
    }
    let mut account = "";
    for finding in probes {
        if finding.account != account {
            account = &finding.account;
            output.line("")?;
            output.line(&format!(
                "Tried with {account}; nothing was created, cancelled, refunded or registered:"
            ))?;
        }
        output.line(&format!("  {}: {}", finding.probe, plain(&finding.asked)))?;
        for answer in &finding.answers {
            output.line(&format!("      {}", answered(answer)))?;
        }
        let word = match finding.as_assumed {
            Some(true) => "as assumed",
            Some(false) => "NOT as assumed",
            None => "proves nothing",
        };
        output.line(&format!("      {word}: {}", plain(&finding.verdict)))?;
    }
    Ok(())
}

fn answered(answer: &AnswerView) -> String {
    let body = plain(&answer.body);
    match answer.http_status {
        Some(status) => {
            let kind = answer.content_type.as_deref().unwrap_or("no content type");
            format!(
                "{} answered HTTP {status}, {}: {body}",
                answer.call,
                plain(kind)
            )
        }
        None => format!("{} had no answer: {body}", answer.call),
    }
}

//! What is not verified yet, as steps to take with a sandbox account: those that decide about money first, each with
//! the probe that takes it where one does.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::probe::{AnswerView, Finding};
use crate::config::Config;
use crate::failure::Failure;
use crate::output::{Output, plain};

/// What is assumed of each gateway, by name; written by `cargo xtask codegen` from their descriptions.
const ASSUMPTIONS: &str = include_str!("assumptions.json");

/// One assumption, as far as it is shown.
#[derive(Debug, Deserialize)]
struct Assumption {
    about: String,
    money: bool,
    assumed: String,
    tolerance: String,
    #[serde(rename = "try")]
    trial: String,
    probe: Option<String>,
}

/// One step, for JSON.
#[derive(Debug, Serialize)]
pub(crate) struct Step {
    gateway: String,
    id: String,
    about: String,
    /// Whether it decides about money.
    money: bool,
    assumed: String,
    tolerance: String,
    #[serde(rename = "try")]
    trial: String,
    /// The probe that takes this step by itself, if one does.
    probe: Option<String>,
}

/// The steps for the gateways that are configured; for all of them where none is.
pub(crate) fn of(config: Option<&Config>) -> Vec<Step> {
    let gateways: IndexMap<String, IndexMap<String, Assumption>> =
        serde_json::from_str(ASSUMPTIONS).expect("the generated file is read by a test");
    let accounts = config.map(|config| &config.accounts);
    let wanted = |name: &str| {
        accounts
            .filter(|accounts| !accounts.is_empty())
            .is_none_or(|accounts| accounts.values().any(|it| it.gateway.as_str() == name))
    };
    let mut steps = Vec::new();
    for (gateway, assumptions) in gateways {
        if wanted(&gateway) {
            let mut own: Vec<Step> = assumptions
                .into_iter()
                .map(|(id, assumption)| step(&gateway, id, assumption))
                .collect();
            own.sort_by_key(|step| !step.money);
            steps.append(&mut own);
        }
    }
    steps
}

fn step(gateway: &str, id: String, assumption: Assumption) -> Step {
    Step {
        gateway: gateway.to_owned(),
        id,
        about: assumption.about,
        money: assumption.money,
        assumed: assumption.assumed,
        tolerance: assumption.tolerance,
        trial: assumption.trial,
        probe: assumption.probe,
    }
}

/// The whole of what `--probe` adds, for people.
pub(crate) fn print(steps: &[Step], probes: &[Finding], output: Output) -> Result<(), Failure> {
    let mut gateway = "";
    let mut number = 0;
    for step in steps {
        if step.gateway != gateway {
            gateway = &step.gateway;
            number = 0;
            output.line("")?;
            output.line(&format!(
                "What is not verified yet about {gateway}; * decides about money, try those first:"
            ))?;
        }
        number += 1;
        let mark = if step.money { "*" } else { " " };
        output.line(&format!(
            "{number:>3}. {mark} {}: {}",
            step.about, step.assumed
        ))?;
        let tried = match &step.probe {
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::super::probe::Probe;
    use super::*;

    /// Every assumption with the gateway it is about, as the generated file has it.
    fn assumptions() -> Vec<(String, Value)> {
        let all: IndexMap<String, IndexMap<String, Value>> =
            serde_json::from_str(ASSUMPTIONS).unwrap();
        let of = |(gateway, all): (String, IndexMap<String, Value>)| {
            all.into_values().map(move |one| (gateway.clone(), one))
        };
        all.into_iter().flat_map(of).collect()
    }

    /// The variants that take the sides of an assumption, each a `NAME` or a `NAME=VALUE`.
    fn sides(assumption: &Value) -> impl Iterator<Item = &str> {
        let sides = assumption["variant"].as_array().into_iter().flatten();
        sides.filter_map(Value::as_str)
    }

    #[test]
    fn steps_that_decide_about_money_come_first_for_each_gateway() {
        let steps = of(None);
        for gateway in ["kwikpaisa", "pesapal"] {
            let own = steps.iter().filter(|step| step.gateway == gateway);
            let money: Vec<bool> = own.map(|step| step.money).collect();
            assert!(money[0] && money.is_sorted_by(|a, b| a >= b), "{money:?}");
        }
    }

    #[test]
    fn every_assumption_has_two_sides_at_the_emulator_or_says_why_not() {
        for (_, assumption) in assumptions() {
            let why = assumption["no-variant"].as_str().unwrap_or_default();
            assert!(
                why.len() > 10 || sides(&assumption).next().is_some(),
                "{assumption}"
            );
            for side in sides(&assumption) {
                let (name, value) = side
                    .split_once('=')
                    .map_or((side, None), |(name, value)| (name, Some(value)));
                let mut variants = duka_emulator::variants().iter();
                let variant = variants
                    .find(|it| it.name() == name)
                    .unwrap_or_else(|| panic!("no variant {name}"));
                assert!(variant.values().len() >= 2, "{name}");
                assert!(
                    value.is_none_or(|value| variant.values().contains(&value)),
                    "{side}"
                );
            }
        }
    }

    #[test]
    fn every_variant_of_the_emulator_belongs_to_an_assumption() {
        let all = assumptions();
        let names = all.iter().flat_map(|(_, one)| sides(one));
        let names: BTreeSet<&str> = names.filter_map(|side| side.split('=').next()).collect();
        for variant in duka_emulator::variants() {
            assert!(names.contains(variant.name()), "{}", variant.name());
        }
    }

    #[test]
    fn every_probe_of_an_assumption_is_one_that_doctor_tries() {
        for (gateway, assumption) in assumptions() {
            let probes: &[Probe] = match gateway.as_str() {
                "kwikpaisa" => &Probe::KWIKPAISA,
                _ => &Probe::PESAPAL,
            };
            if let Some(name) = assumption["probe"].as_str() {
                assert!(probes.iter().any(|probe| probe.as_str() == name), "{name}");
            }
        }
    }
}

//! Which orders a sweep leaves alone: ages and rules, checked so that none is without effect.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use duka_core::AccountName;
use duka_core::money::{Currency, Decimal};
use duka_engine::sweep::{Bounds, Conditions, DuplicateAttempts, RuleAction, SweepRule};
use serde::Deserialize;

use super::waits::duration;
use crate::failure::Failure;
use crate::ranges::AGE;

/// The ages and rules of a sweep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SweepSettings {
    pub(crate) min_age: Duration,
    pub(crate) processing_min_age: Duration,
    pub(crate) rules: Vec<SweepRule>,
    pub(crate) duplicates: DuplicateAttempts,
}

impl Default for SweepSettings {
    fn default() -> Self {
        let bounds = Bounds::default();
        Self {
            min_age: bounds.min_age,
            processing_min_age: bounds.processing_min_age,
            rules: bounds.rules,
            duplicates: bounds.duplicates,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SweepTable {
    min_age: Option<String>,
    processing_min_age: Option<String>,
    duplicates: Option<String>,
    #[serde(default)]
    rule: Vec<RuleTable>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleTable {
    method: Option<Vec<String>>,
    account: Option<String>,
    reference_prefix: Option<String>,
    currency: Option<String>,
    min_amount: Option<Amount>,
    max_amount: Option<Amount>,
    note_contains: Option<String>,
    action: Option<String>,
    min_age: Option<String>,
}

/// An amount as it stands in the file: a number, or a number in quotes.
#[derive(Debug, Clone, Copy)]
struct Amount(Decimal);

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AmountVisitor)
    }
}

struct AmountVisitor;

impl serde::de::Visitor<'_> for AmountVisitor {
    type Value = Amount;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an amount such as 1500 or \"105.50\"")
    }

    fn visit_i64<E: serde::de::Error>(self, amount: i64) -> Result<Amount, E> {
        Ok(Amount(amount.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, amount: f64) -> Result<Amount, E> {
        // The shortest digits that give this number are those that stand in the file.
        self.visit_str(&amount.to_string())
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Amount, E> {
        // The parser skips underscores; here they are a slip of the hand.
        let amount = Decimal::from_str_exact(text).ok();
        let amount = amount.filter(|_| !text.contains('_'));
        amount
            .map(Amount)
            .ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
    }
}

impl SweepTable {
    /// The settings of a file; `shown` is its name, for messages.
    pub(super) fn check(self, shown: &str) -> Result<SweepSettings, Failure> {
        let mut settings = SweepSettings::default();
        for (key, text, age) in [
            ("sweep.min_age", self.min_age, &mut settings.min_age),
            (
                "sweep.processing_min_age",
                self.processing_min_age,
                &mut settings.processing_min_age,
            ),
        ] {
            if let Some(text) = text {
                *age = duration(&format!("{shown}: {key}"), &text, AGE)?;
            }
        }
        settings.duplicates = match self.duplicates.as_deref() {
            None => settings.duplicates,
            Some("cancel_older") => DuplicateAttempts::CancelOlder,
            Some("report") => DuplicateAttempts::Report,
            Some(other) => {
                return Err(Failure::usage(format!(
                    "{shown}: sweep.duplicates is {other:?}; it can be \"cancel_older\" or \"report\""
                )));
            }
        };
        for (index, table) in self.rule.into_iter().enumerate() {
            let place = place(shown, index);
            let rule = table.check(&place)?;
            let before = &settings.rules;
            let first = before
                .iter()
                .position(|earlier| covers(&earlier.conditions, &rule.conditions));
            if let Some(first) = first {
                return Err(Failure::usage(format!(
                    "{place}: never counts, for every order that fits it fits rule {} before; put it there, or take it out",
                    first + 1
                )));
            }
            settings.rules.push(rule);
        }
        Ok(settings)
    }
}

impl SweepSettings {
    /// Refuses a rule about an account that is not there. A misspelt name would fit no order, and
    /// what was to be kept would be cancelled.
    pub(super) fn check_accounts<T>(
        &self,
        shown: &str,
        accounts: &BTreeMap<AccountName, T>,
    ) -> Result<(), Failure> {
        for (index, rule) in self.rules.iter().enumerate() {
            if let Some(account) = &rule.conditions.account
                && !accounts.contains_key(account)
            {
                return Err(Failure::usage(format!(
                    "{}: account {account} is not configured",
                    place(shown, index)
                )));
            }
        }
        Ok(())
    }
}

/// Where a rule stands; they are counted from 1, as `duka explain` counts them.
fn place(shown: &str, index: usize) -> String {
    format!("{shown}: sweep.rule {}", index + 1)
}

impl RuleTable {
    fn check(self, place: &str) -> Result<SweepRule, Failure> {
        let bad = |problem: String| Failure::usage(format!("{place}: {problem}"));
        for (key, text) in [
            ("reference_prefix", &self.reference_prefix),
            ("note_contains", &self.note_contains),
        ] {
            if text.as_ref().is_some_and(|text| text.trim().is_empty()) {
                return Err(bad(format!("{key} is empty")));
            }
        }
        let methods = match self.method {
            None => Vec::new(),
            Some(methods) => {
                if methods.iter().all(|method| method.trim().is_empty()) {
                    return Err(bad("method is empty".to_owned()));
                }
                if methods.iter().any(|method| method.trim().is_empty()) {
                    return Err(bad("method has an empty name".to_owned()));
                }
                methods
            }
        };
        let account = self.account.map(AccountName::new).transpose();
        let account = account.map_err(|error| bad(format!("account: {error}")))?;
        let currency = self.currency.map(|code| {
            let known = Currency::from_code(&code.to_ascii_uppercase());
            known.ok_or_else(|| bad(format!("currency {code:?} is not a code such as INR")))
        });
        let amounts = [
            ("min_amount", self.min_amount),
            ("max_amount", self.max_amount),
        ];
        for (key, amount) in amounts {
            if let Some(Amount(amount)) = amount
                && amount.is_sign_negative()
            {
                return Err(bad(format!("{key} {amount} is below zero")));
            }
        }
        let [min_amount, max_amount] = amounts.map(|(_, amount)| amount.map(|it| it.0));
        if let (Some(min), Some(max)) = (min_amount, max_amount)
            && min > max
        {
            return Err(bad(format!(
                "min_amount {min} is above max_amount {max}; no order fits"
            )));
        }
        let conditions = Conditions {
            methods,
            account,
            reference_prefix: self.reference_prefix,
            currency: currency.transpose()?,
            min_amount,
            max_amount,
            note_contains: self.note_contains,
        };
        if conditions == Conditions::default() {
            return Err(bad(
                "has no condition, and would fit every order; give one, or set sweep.min_age"
                    .to_owned(),
            ));
        }
        let action = match (self.action.as_deref(), self.min_age) {
            (Some("keep"), None) => RuleAction::Keep,
            (None, Some(text)) => {
                RuleAction::MinAge(duration(&format!("{place}: min_age"), &text, AGE)?)
            }
            (Some("keep"), Some(_)) => {
                return Err(bad(
                    "has both action = \"keep\" and a min_age; a kept order has no age from which it is cancelled".to_owned(),
                ));
            }
            (None, None) => {
                return Err(bad(
                    "does nothing; give action = \"keep\", or a min_age such as \"72h\"".to_owned(),
                ));
            }
            (Some(other), _) => {
                return Err(bad(format!(
                    "action is {other:?}; \"keep\" is the only one"
                )));
            }
        };
        Ok(SweepRule { conditions, action })
    }
}

/// Whether every order that fits `later` fits `earlier`, as far as the same words show it.
fn covers(earlier: &Conditions, later: &Conditions) -> bool {
    fn same<T: PartialEq>(earlier: &Option<T>, later: &Option<T>) -> bool {
        earlier.is_none() || earlier == later
    }
    let methods = earlier.methods.is_empty()
        || !later.methods.is_empty()
            && later.methods.iter().all(|it| {
                let same = |named: &String| named.to_lowercase() == it.to_lowercase();
                earlier.methods.iter().any(same)
            });
    let least = earlier
        .min_amount
        .is_none_or(|it| later.min_amount.is_some_and(|later| it <= later));
    let most = earlier
        .max_amount
        .is_none_or(|it| later.max_amount.is_some_and(|later| it >= later));
    methods
        && same(&earlier.account, &later.account)
        && same(&earlier.reference_prefix, &later.reference_prefix)
        && same(&earlier.currency, &later.currency)
        && least
        && most
        && same(&earlier.note_contains, &later.note_contains)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<SweepSettings, String> {
        let table: SweepTable = toml::from_str(text).map_err(|error| error.message().to_owned())?;
        let settings = table.check("duka.toml");
        settings.map_err(|failure| failure.to_string())
    }

    #[test]
    fn ages_and_rules_are_read_in_their_order() {
        let settings = read(
            "min_age = '45m'
            processing_min_age = '12h'
            [[rule]]
            method = ['bank_transfer', 'cod']
            action = 'keep'
            [[rule]]
            account = 'shop-ke'
            reference_prefix = 'B2B-'
            currency = 'kes'
            min_amount = 1000
            max_amount = 2500.75
            note_contains = 'invoice'
            min_age = '72h'",
        )
        .unwrap();
        let hours = |hours: u64| Duration::from_secs(hours * 3600);
        assert_eq!(settings.min_age, hours(1) * 3 / 4);
        assert_eq!(settings.processing_min_age, hours(12));
        let keep = Conditions {
            methods: vec!["bank_transfer".to_owned(), "cod".to_owned()],
            ..Conditions::default()
        };
        let later = Conditions {
            methods: Vec::new(),
            account: Some(AccountName::new("shop-ke").unwrap()),
            reference_prefix: Some("B2B-".to_owned()),
            currency: Some(Currency::KES),
            min_amount: Some(Decimal::new(1000, 0)),
            max_amount: Some(Decimal::new(250_075, 2)),
            note_contains: Some("invoice".to_owned()),
        };
        let rule = |conditions, action| SweepRule { conditions, action };
        assert_eq!(
            settings.rules,
            [
                rule(keep, RuleAction::Keep),
                rule(later, RuleAction::MinAge(hours(72)))
            ]
        );
        assert_eq!(read("").unwrap(), SweepSettings::default());
    }

    #[test]
    fn a_rule_without_effect_or_with_two_is_refused_with_its_number() {
        for (rule, complaint) in [
            ("action = 'keep'", "has no condition"),
            ("method = ['cod']", "does nothing"),
            (
                "method = ['cod']\naction = 'keep'\nmin_age = '1h'",
                "has both",
            ),
            (
                "method = ['cod']\naction = 'cancel'",
                "action is \"cancel\"",
            ),
            ("method = []\naction = 'keep'", "method is empty"),
            ("method = ['cod', ' ']\naction = 'keep'", "an empty name"),
            (
                "reference_prefix = ''\naction = 'keep'",
                "reference_prefix is empty",
            ),
            (
                "note_contains = ' '\naction = 'keep'",
                "note_contains is empty",
            ),
            (
                "currency = 'RUPEES'\naction = 'keep'",
                "currency \"RUPEES\"",
            ),
            ("account = ''\naction = 'keep'", "account: "),
            (
                "min_amount = -1\naction = 'keep'",
                "min_amount -1 is below zero",
            ),
            (
                "min_amount = 10\nmax_amount = 9.5\naction = 'keep'",
                "min_amount 10 is above max_amount 9.5",
            ),
            (
                "method = ['cod']\nmin_age = '2 moons'",
                "min_age: \"2 moons\"",
            ),
            (
                "method = ['upi']\ncurrency = 'INR'\naction = 'keep'",
                "never counts, for every order that fits it fits rule 1",
            ),
        ] {
            let first = "[[rule]]\nmethod = ['upi', 'card']\nmin_age = '1h'";
            let message = read(&format!("{first}\n[[rule]]\n{rule}")).unwrap_err();
            assert!(
                message.starts_with("duka.toml: sweep.rule 2: ") && message.contains(complaint),
                "{rule:?}: {message}"
            );
        }
    }

    #[test]
    fn a_rule_whose_orders_all_fit_an_earlier_one_is_refused_whatever_words_it_has() {
        for (first, second, counts) in [
            ("method = ['COD']", "method = ['cod']", false),
            ("min_amount = 10", "min_amount = 10.5", false),
            ("min_amount = 10", "min_amount = 9.5", true),
            ("min_amount = 10", "max_amount = 50", true),
            ("max_amount = 50", "max_amount = 49", false),
            ("max_amount = 50", "max_amount = 51", true),
        ] {
            let rules = [first, second].map(|rule| format!("[[rule]]\n{rule}\naction = 'keep'\n"));
            let refused = read(&rules.concat());
            assert_eq!(refused.is_ok(), counts, "{first}, {second}: {refused:?}");
        }
    }

    #[test]
    fn a_key_that_is_not_known_is_refused() {
        for text in [
            "min_agee = '1h'",
            "[[rule]]\nmethods = ['cod']\naction = 'keep'",
            "[[rules]]\nmethod = ['cod']\naction = 'keep'",
        ] {
            let message = read(text).unwrap_err();
            assert!(message.contains("unknown field"), "{text:?}: {message}");
        }
        let message = read("[[rule]]\nmin_amount = 'a lot'\naction = 'keep'").unwrap_err();
        assert!(message.contains("an amount such as 1500"), "{message}");
    }

    #[test]
    fn a_rule_about_an_account_that_is_not_there_is_refused() {
        let settings = read("[[rule]]\naccount = 'shop-kee'\naction = 'keep'").unwrap();
        let accounts = BTreeMap::from([(AccountName::new("shop-ke").unwrap(), ())]);
        let failure = settings.check_accounts("duka.toml", &accounts).unwrap_err();
        assert_eq!(
            failure.to_string(),
            "duka.toml: sweep.rule 1: account shop-kee is not configured"
        );
    }
}

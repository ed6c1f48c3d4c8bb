//! How long the program waits: settings of the file, which variables of the environment
//! override.

use std::fmt;
use std::time::Duration;

use duka_core::WaitPolicy;
use duka_engine::{AmountCheck, Lease};
use duka_http::{HttpTransport, ProxyUrl};
use serde::Deserialize;

use super::Environment;
use crate::failure::Failure;
use crate::ranges::{Durations, TOTAL, WAIT, YEAR};

/// Long enough for one call with all its tries at the default timeout, and for no more.
const GIVE_UP_AFTER: Duration = Duration::from_secs(3 * 60);

/// All waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Waits {
    /// When a status proves something, and when a person is asked.
    pub(crate) wait_policy: WaitPolicy,
    /// How long a worker's lease on a record lasts. At least twice the timeout, and better longer
    /// than a call with its repeats: a shorter lease cuts the repeats short; it never breaks a
    /// guarantee.
    pub(crate) lease: Duration,
    /// The longest that one request may take.
    pub(crate) timeout: Duration,
    /// The longest that a command may take which asks a gateway for one thing, all tries together.
    pub(crate) give_up_after: Duration,
}

impl Default for Waits {
    fn default() -> Self {
        Self {
            wait_policy: WaitPolicy::default(),
            lease: Lease::default().get(),
            timeout: HttpTransport::TOTAL_TIMEOUT,
            give_up_after: GIVE_UP_AFTER,
        }
    }
}

/// What each variable, and the setting of the same name, can be; `check` says why.
pub(crate) const RANGES: [(&str, Durations); 5] = [
    ("DUKA_SETTLE", Durations(WaitPolicy::MIN_SETTLE, YEAR)),
    ("DUKA_REVIEW_AFTER", Durations(WaitPolicy::MIN_SETTLE, YEAR)),
    ("DUKA_LEASE", Durations(Lease::MIN, Lease::MAX)),
    ("DUKA_TIMEOUT", TOTAL),
    ("DUKA_GIVE_UP_AFTER", TOTAL),
];

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CancelTable {
    settle: Option<String>,
    review_after: Option<String>,
    lease: Option<String>,
    check_amount: Option<bool>,
}

impl CancelTable {
    /// Whether amounts are compared; they are, unless the file says otherwise.
    pub(super) fn amount_check(&self) -> AmountCheck {
        match self.check_amount {
            Some(true) | None => AmountCheck::Compare,
            Some(false) => AmountCheck::Ignore,
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HttpTable {
    timeout: Option<String>,
    give_up_after: Option<String>,
    proxy: Option<String>,
}

impl HttpTable {
    /// The proxy to use; `shown` is the name of the file.
    pub(super) fn proxy(&self, shown: &str) -> Result<Option<ProxyUrl>, Failure> {
        let proxy = self.proxy.as_deref();
        proxy
            .map(|text| super::proxy(&format!("{shown}: http.proxy"), text))
            .transpose()
    }
}

impl fmt::Debug for HttpTable {
    /// Leaves the proxy out: its address may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpTable")
            .field("timeout", &self.timeout)
            .field("give_up_after", &self.give_up_after)
            .finish_non_exhaustive()
    }
}

impl Waits {
    /// What a file says; `shown` is its name, for messages.
    pub(super) fn from_file(
        shown: &str,
        cancel: &CancelTable,
        http: &HttpTable,
    ) -> Result<Self, Failure> {
        let mut waits = Self::default();
        for (key, text, wait) in [
            (
                "cancel.settle",
                &cancel.settle,
                &mut waits.wait_policy.settle,
            ),
            (
                "cancel.review_after",
                &cancel.review_after,
                &mut waits.wait_policy.review_after,
            ),
            ("cancel.lease", &cancel.lease, &mut waits.lease),
            ("http.timeout", &http.timeout, &mut waits.timeout),
            (
                "http.give_up_after",
                &http.give_up_after,
                &mut waits.give_up_after,
            ),
        ] {
            if let Some(text) = text {
                *wait = duration(&format!("{shown}: {key}"), text, WAIT)?;
            }
        }
        Ok(waits)
    }

    /// Overrides settings by the environment.
    pub(super) fn read(&mut self, environment: Environment<'_>) -> Result<(), Failure> {
        for (variable, wait) in [
            ("DUKA_SETTLE", &mut self.wait_policy.settle),
            ("DUKA_REVIEW_AFTER", &mut self.wait_policy.review_after),
            ("DUKA_LEASE", &mut self.lease),
            ("DUKA_TIMEOUT", &mut self.timeout),
            ("DUKA_GIVE_UP_AFTER", &mut self.give_up_after),
        ] {
            if let Some(text) = environment(variable)? {
                *wait = duration(variable, &text, WAIT)?;
            }
        }
        Ok(())
    }

    /// Refuses waits that do not go together.
    pub(super) fn check(&self) -> Result<(), Failure> {
        let shown = humantime::format_duration;
        let WaitPolicy {
            settle,
            review_after,
        } = self.wait_policy;
        if settle < WaitPolicy::MIN_SETTLE {
            return Err(Failure::usage(format!(
                "settle ({}) is shorter than {}; a gateway would be asked again before it can show what it did",
                shown(settle),
                shown(WaitPolicy::MIN_SETTLE),
            )));
        }
        if review_after < settle {
            return Err(Failure::usage(format!(
                "review_after ({}) is shorter than settle ({}); nothing could settle in time",
                shown(review_after),
                shown(settle),
            )));
        }
        if self.timeout < TOTAL.0 {
            return Err(Failure::usage(format!(
                "timeout is {}; no request could be answered in time; it can be {TOTAL}",
                shown(self.timeout)
            )));
        }
        if self.give_up_after < TOTAL.0 {
            return Err(Failure::usage(format!(
                "give_up_after is {}; no command could end in time; it can be {TOTAL}",
                shown(self.give_up_after)
            )));
        }
        if self.lease > Lease::MAX {
            return Err(Failure::usage(format!(
                "lease ({}) is longer than {}; what a dead worker held would be left alone for as long (1M is a month, 1m a minute)",
                shown(self.lease),
                shown(Lease::MAX),
            )));
        }
        if self.lease < Lease::MIN {
            return Err(Failure::usage(format!(
                "lease ({}) is shorter than {}; no request could be answered in time",
                shown(self.lease),
                shown(Lease::MIN),
            )));
        }
        if self.lease < self.timeout.saturating_mul(2) {
            return Err(Failure::usage(format!(
                "lease ({}) is shorter than twice the timeout ({}); a lease must outlast a slow request",
                shown(self.lease),
                shown(self.timeout),
            )));
        }
        Ok(())
    }
}

pub(super) fn duration(place: &str, text: &str, range: Durations) -> Result<Duration, Failure> {
    let read = range.read(text);
    read.map_err(|problem| Failure::usage(format!("{place}: {text:?} is {problem}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(pairs: &[(&str, &str)]) -> Result<Waits, String> {
        let mut waits = Waits::default();
        let read = |name: &str| {
            let found = pairs.iter().find(|(key, _)| *key == name);
            Ok(found.map(|(_, value)| (*value).to_owned()))
        };
        waits
            .read(&read)
            .and_then(|()| waits.check())
            .map(|()| waits)
            .map_err(|failure| failure.to_string())
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let waits = waits(&[("DUKA_LEASE", "5s"), ("DUKA_TIMEOUT", "2s")]).unwrap();
        assert_eq!(waits.lease, Duration::from_secs(5));
        assert_eq!(waits.timeout, Duration::from_secs(2));
        assert_eq!(waits.wait_policy, WaitPolicy::default());
    }

    #[test]
    fn a_review_before_the_settling_time_is_refused() {
        assert_eq!(
            waits(&[("DUKA_SETTLE", "1h"), ("DUKA_REVIEW_AFTER", "1m")]),
            Err(
                "review_after (1m) is shorter than settle (1h); nothing could settle in time"
                    .to_owned()
            )
        );
    }

    #[test]
    fn a_claim_that_a_slow_request_outlives_is_refused() {
        assert_eq!(
            waits(&[("DUKA_LEASE", "59s")]),
            Err("lease (59s) is shorter than twice the timeout (30s); a lease must outlast a slow request".to_owned())
        );
    }

    #[test]
    fn a_wait_of_nothing_or_of_a_century_is_refused() {
        assert_eq!(
            waits(&[("DUKA_TIMEOUT", "0s")]),
            Err(
                "timeout is 0s; no request could be answered in time; it can be from 1ms to 1year"
                    .to_owned()
            )
        );
        assert_eq!(
            waits(&[("DUKA_GIVE_UP_AFTER", "0s")]),
            Err(
                "give_up_after is 0s; no command could end in time; it can be from 1ms to 1year"
                    .to_owned()
            )
        );
        assert_eq!(
            waits(&[("DUKA_LEASE", "100years")]),
            Err(
                "DUKA_LEASE: \"100years\" is not from 0s to 1year (1M is a month, 1m a minute)"
                    .to_owned()
            )
        );
    }

    #[test]
    fn every_wait_keeps_to_the_range_that_help_names() {
        let help = crate::environment::help();
        for (variable, range) in RANGES {
            let line = help.lines().find(|line| line.contains(variable));
            assert!(
                line.is_some_and(|line| line.ends_with(&range.to_string())),
                "{help}"
            );
            let nanos = |it: Duration| format!("{}ns", it.as_nanos());
            let with = |value: &str| {
                // What the others are must not be what refuses it.
                let others = [
                    ("DUKA_SETTLE", "100ms"),
                    ("DUKA_REVIEW_AFTER", "1year"),
                    ("DUKA_LEASE", "1h"),
                    ("DUKA_TIMEOUT", "1ms"),
                ];
                let others = others.into_iter().filter(|it| it.0 != variable);
                waits(&others.chain([(variable, value)]).collect::<Vec<_>>())
            };
            assert!(with(&nanos(range.0)).is_ok(), "{variable}");
            let below = range.0.saturating_sub(Duration::from_nanos(1));
            assert!(with(&nanos(below)).is_err(), "{variable}");
            let above = range.1 + Duration::from_nanos(1);
            assert!(with(&nanos(above)).is_err(), "{variable}");
        }
    }

    #[test]
    fn a_settling_time_that_is_none_is_refused() {
        for (settle, shown) in [("0s", "0s"), ("1ms", "1ms"), ("99ms", "99ms")] {
            assert_eq!(
                waits(&[("DUKA_SETTLE", settle)]),
                Err(format!(
                    "settle ({shown}) is shorter than 100ms; a gateway would be asked again before it can show what it did"
                ))
            );
        }
        assert!(waits(&[("DUKA_SETTLE", "100ms")]).is_ok());
    }

    #[test]
    fn a_wait_that_is_not_set_is_the_default_of_the_crates() {
        let waits = Waits::default();
        assert_eq!(waits.lease, Lease::default().get());
        assert_eq!(waits.timeout, HttpTransport::TOTAL_TIMEOUT);
        assert!(waits.check().is_ok());
    }

    #[test]
    fn a_claim_that_is_over_at_once_is_refused() {
        for lease in ["0s", "999ms"] {
            assert_eq!(
                waits(&[("DUKA_LEASE", lease), ("DUKA_TIMEOUT", "1ms")]),
                Err(format!(
                    "lease ({lease}) is shorter than 1s; no request could be answered in time"
                ))
            );
        }
        assert!(waits(&[("DUKA_LEASE", "1s"), ("DUKA_TIMEOUT", "1ms")]).is_ok());
    }

    #[test]
    fn a_claim_of_a_month_was_meant_to_be_one_of_a_minute() {
        let message = waits(&[("DUKA_LEASE", "1M")]).unwrap_err();
        assert!(message.contains("is longer than 1h"), "{message}");
        assert!(message.contains("1M is a month"), "{message}");
    }

    #[test]
    fn what_is_no_duration_is_named_with_its_variable() {
        let message = waits(&[("DUKA_SETTLE", "soon")]).unwrap_err();
        assert!(
            message.starts_with("DUKA_SETTLE: \"soon\" is not a duration such as 10s or 1h: "),
            "{message}"
        );
    }
}

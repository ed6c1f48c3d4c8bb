//! The harmless things that `duka doctor --probe` does with an account's own credentials, and what it makes of each
//! answer. None creates, cancels, refunds or registers anything.

use std::sync::Arc;
use std::time::Duration;

use duka_core::clock::SharedClock;
use duka_core::{
    AccountName, Delivery, Error, ErrorKind, Gateway, OrderId, OrderIds, OrderStatus, StatusReading,
};
use duka_pesapal::Pesapal;
use secrecy::SecretString;
use serde::Serialize;

use super::recorder::{Change, Recorder, Seen, TOKEN_CALL};
use crate::accounts::{self, Caller};
use crate::config::Account;
use crate::context::Context;
use crate::failure::Failure;
use crate::gateways::{GatewayKind, System};

/// One harmless thing to try. The names are those in the gateways' descriptions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Probe {
    StatusOfUnknownOrder,
    StatusWithWrongSignature,
    StatusWithWrongKey,
    StatusWithOldTimestamp,
    Token,
    TwoTokens,
    StatusWithMadeUpToken,
    StatusInCapitals,
    ListIpns,
}

/// How old the timestamps are that are tried, in seconds; the usual window is 300.
const AGES: [u64; 3] = [30, 120, 400];

/// What came of one probe.
#[derive(Debug, Serialize)]
pub(crate) struct Finding {
    pub(crate) account: String,
    pub(crate) gateway: &'static str,
    pub(crate) probe: &'static str,
    /// What was done, in words.
    pub(crate) asked: String,
    /// What the gateway really answered, in order.
    pub(crate) answers: Vec<AnswerView>,
    /// Whether that is what was assumed; null where it proves nothing.
    pub(crate) as_assumed: Option<bool>,
    /// The same in words.
    pub(crate) verdict: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct AnswerView {
    pub(crate) call: String,
    pub(crate) http_status: Option<u16>,
    pub(crate) content_type: Option<String>,
    pub(crate) body: String,
}

impl From<Seen> for AnswerView {
    fn from(seen: Seen) -> Self {
        Self {
            call: seen.call,
            http_status: seen.http_status,
            content_type: seen.content_type,
            body: seen.body,
        }
    }
}

/// What an answer proves.
enum Verdict {
    AsAssumed(String),
    Otherwise(String),
    ProvesNothing(String),
}

impl Probe {
    /// Those of KwikPaisa, in the order in which they are tried.
    pub(crate) const KWIKPAISA: [Self; 4] = [
        Self::StatusOfUnknownOrder,
        Self::StatusWithWrongSignature,
        Self::StatusWithWrongKey,
        Self::StatusWithOldTimestamp,
    ];

    /// Those of Pesapal.
    pub(crate) const PESAPAL: [Self; 6] = [
        Self::Token,
        Self::StatusOfUnknownOrder,
        Self::StatusInCapitals,
        Self::StatusWithMadeUpToken,
        Self::TwoTokens,
        Self::ListIpns,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::StatusOfUnknownOrder => "status_of_unknown_order",
            Self::StatusWithWrongSignature => "status_with_wrong_signature",
            Self::StatusWithWrongKey => "status_with_wrong_key",
            Self::StatusWithOldTimestamp => "status_with_old_timestamp",
            Self::Token => "token",
            Self::TwoTokens => "two_tokens",
            Self::StatusWithMadeUpToken => "status_with_made_up_token",
            Self::StatusInCapitals => "status_in_capitals",
            Self::ListIpns => "list_ipns",
        }
    }

    /// Whether it shows the gateway credentials, a token or a time that are wrong on purpose. A
    /// production account could be locked for that.
    const fn is_wrong_on_purpose(self) -> bool {
        match self {
            Self::StatusWithWrongSignature
            | Self::StatusWithWrongKey
            | Self::StatusWithOldTimestamp
            | Self::StatusWithMadeUpToken => true,
            Self::StatusOfUnknownOrder
            | Self::StatusInCapitals
            | Self::Token
            | Self::TwoTokens
            | Self::ListIpns => false,
        }
    }
}

/// Tries all that is harmless with one account; `known` is an order of it, if one is tracked.
pub(crate) async fn run(
    name: &AccountName,
    account: &Account,
    known: Option<OrderId>,
    caller: &Caller,
    context: &Context,
) -> Result<Vec<Finding>, Failure> {
    let subject = Subject {
        name,
        account,
        known,
        keys: accounts::keys(name, account)?,
        caller,
        clock: context.clock.clone(),
    };
    let probes: &[Probe] = match account.gateway {
        GatewayKind::KwikPaisa => &Probe::KWIKPAISA,
        GatewayKind::Pesapal => &Probe::PESAPAL,
    };
    let mut findings = Vec::new();
    for probe in probes {
        let allowed = account.system == System::Sandbox || !probe.is_wrong_on_purpose();
        findings.push(if allowed {
            subject.try_out(*probe).await?
        } else {
            let why = "left out in production: it would be wrong on purpose";
            let verdict = Verdict::ProvesNothing(why.to_owned());
            subject.finding(*probe, "nothing".to_owned(), Vec::new(), verdict)
        });
    }
    Ok(findings)
}

/// The account that is tried.
struct Subject<'a> {
    name: &'a AccountName,
    account: &'a Account,
    known: Option<OrderId>,
    keys: [SecretString; 2],
    caller: &'a Caller,
    clock: SharedClock,
}

impl Subject<'_> {
    async fn try_out(&self, probe: Probe) -> Result<Finding, Failure> {
        match probe {
            Probe::StatusOfUnknownOrder => self.unknown_order().await,
            Probe::StatusWithWrongSignature => {
                let keys = [
                    self.keys[0].clone(),
                    "sk_test_made_up_by_duka_doctor".into(),
                ];
                self.wrong_keys(probe, "signed with a made-up secret key", keys)
                    .await
            }
            Probe::StatusWithWrongKey => {
                let keys = [
                    "pk_test_made_up_by_duka_doctor".into(),
                    self.keys[1].clone(),
                ];
                self.wrong_keys(probe, "with a made-up API key", keys).await
            }
            Probe::StatusWithOldTimestamp => self.old_timestamps().await,
            Probe::Token => self.token().await,
            Probe::TwoTokens => self.two_tokens().await,
            Probe::StatusWithMadeUpToken => self.made_up_token().await,
            Probe::StatusInCapitals => self.in_capitals().await,
            Probe::ListIpns => self.list_ipns().await,
        }
    }

    async fn unknown_order(&self) -> Result<Finding, Failure> {
        let recorder = self.recorder(Change::Nothing);
        let caller = self.once(&recorder);
        let gateway = accounts::gateway(self.name, self.account, &caller)?;
        let order = self.made_up_order();
        let outcome = gateway.status(&order).await;
        // The other reading of Pesapal's: an error in place of a status keeps the order.
        let pesapal = self.account.gateway == GatewayKind::Pesapal;
        let verdict = match &outcome {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                as_assumed("read as *no such order*")
            }
            Err(error) if pesapal && error.kind() == ErrorKind::Rejected => as_assumed(
                "read as *refused*, and not yet as *no such order*: such an order is asked about until it is too old",
            ),
            Err(error) => unexpected(error),
            Ok(reading) => otherwise(format!("a status of a made-up order: {}", reading.status)),
        };
        let asked = format!("the status of {order}, which does not exist");
        let seen = without_token(&recorder);
        Ok(self.finding(Probe::StatusOfUnknownOrder, asked, seen, verdict))
    }

    async fn wrong_keys(
        &self,
        probe: Probe,
        how: &str,
        keys: [SecretString; 2],
    ) -> Result<Finding, Failure> {
        let recorder = self.recorder(Change::Nothing);
        let caller = self.once(&recorder);
        let gateway = accounts::kwikpaisa_with(keys, self.name, self.account, &caller)?;
        let outcome = gateway.status(&self.made_up_order()).await;
        let asked = format!("a status {how}");
        Ok(self.finding(probe, asked, recorder.seen(), unauthenticated(&outcome)))
    }

    async fn old_timestamps(&self) -> Result<Finding, Failure> {
        let recorder = self.recorder(Change::Nothing);
        let mut taken = Vec::new();
        let mut refused = Vec::new();
        let mut unclear = None;
        for age in AGES {
            let clock = self.clock.clone();
            let late = move || {
                let now = clock.now();
                now.checked_sub(Duration::from_secs(age)).unwrap_or(now)
            };
            let caller = Caller::once(SharedClock::new(late), recorder.clone());
            let gateway = accounts::gateway(self.name, self.account, &caller)?;
            match gateway.status(&self.made_up_order()).await {
                Err(error) if error.kind() == ErrorKind::Authentication => refused.push(age),
                // The order does not exist: an answer that says so has accepted the credentials.
                Err(error) if error.kind() == ErrorKind::NotFound => taken.push(age),
                Err(error) if error.kind() == ErrorKind::Rejected => taken.push(age),
                Ok(_) => taken.push(age),
                Err(error) => unclear = Some(error),
            }
        }
        let verdict = match unclear {
            Some(error) => Verdict::ProvesNothing(error.in_full().to_string()),
            None if taken.contains(&AGES[0]) => as_assumed(format!(
                "taken: {}; refused: {}",
                seconds(&taken),
                seconds(&refused)
            )),
            None if taken.is_empty() => Verdict::ProvesNothing(
                "refused at every age: are the keys right, and this machine's clock?".to_owned(),
            ),
            None => otherwise("a timestamp 30 s old is refused: keep this machine's clock on NTP"),
        };
        let asked = format!("a status with timestamps {} old", seconds(&AGES));
        let probe = Probe::StatusWithOldTimestamp;
        Ok(self.finding(probe, asked, recorder.seen(), verdict))
    }

    async fn token(&self) -> Result<Finding, Failure> {
        let recorder = self.recorder(Change::Nothing);
        let outcome = self.pesapal(&recorder)?.list_ipns().await;
        let issued: Vec<Seen> = recorder.seen().into_iter().take(1).collect();
        let expiry = issued.first().and_then(|seen| expiry(&seen.body));
        let verdict = match (&outcome, expiry) {
            (Err(error), _) => unexpected(error),
            (Ok(_), Some(Ok(until))) => {
                let life = until.duration_since(self.clock.now()).as_secs();
                if life > 0 {
                    as_assumed(format!("expiryDate names a moment, {life} s from now"))
                } else {
                    otherwise(format!("expiryDate was {} s ago", -life))
                }
            }
            (Ok(_), Some(Err(text))) => otherwise(format!(
                "expiryDate {text:?} names no moment; such a token is used for four minutes"
            )),
            (Ok(_), None) => Verdict::ProvesNothing(
                "no expiryDate; such a token is used for four minutes".to_owned(),
            ),
        };
        let asked = "an access token".to_owned();
        Ok(self.finding(Probe::Token, asked, issued, verdict))
    }

    /// The first token is used again after a second one was issued.
    async fn two_tokens(&self) -> Result<Finding, Failure> {
        let recorder = self.recorder(Change::Nothing);
        let (first, second) = (self.pesapal(&recorder)?, self.pesapal(&recorder)?);
        let mut verdict = None;
        for account in [&first, &second] {
            if let Err(error) = account.list_ipns().await {
                let text = format!("no answer to a fresh token: {}", error.in_full());
                verdict = Some(Verdict::ProvesNothing(text));
            }
        }
        let before = recorder.seen().len();
        let again = first.list_ipns().await;
        let used: Vec<Seen> = recorder.seen().into_iter().skip(before).collect();
        // An adapter whose token is refused fetches another: more than the one exchange.
        let verdict = verdict.unwrap_or_else(|| match &again {
            Ok(_) if used.len() == 1 => as_assumed("the first token is still good"),
            Ok(_) => {
                otherwise("the second token ended the first: give each program keys of its own")
            }
            Err(error) => Verdict::ProvesNothing(error.in_full().to_string()),
        });
        let asked = "the first of two access tokens, after the second was issued".to_owned();
        Ok(self.finding(Probe::TwoTokens, asked, used, verdict))
    }

    async fn made_up_token(&self) -> Result<Finding, Failure> {
        let recorder = self.recorder(Change::MadeUpToken);
        let outcome = self.pesapal(&recorder)?.status(&self.made_up_order()).await;
        let seen = without_token(&recorder);
        let asked = "a status with a made-up access token (twice: once more after a new one)";
        let probe = Probe::StatusWithMadeUpToken;
        let verdict = match &outcome {
            // Without a token of its own the adapter asks for no status.
            Err(error) if seen.is_empty() => Verdict::ProvesNothing(error.in_full().to_string()),
            Ok(_) | Err(_) => unauthenticated(&outcome),
        };
        Ok(self.finding(probe, asked.to_owned(), seen, verdict))
    }

    async fn in_capitals(&self) -> Result<Finding, Failure> {
        let probe = Probe::StatusInCapitals;
        let Some(order) = &self.known else {
            let why = "left out: no open order of this account is tracked";
            let verdict = Verdict::ProvesNothing(why.to_owned());
            return Ok(self.finding(probe, "nothing".to_owned(), Vec::new(), verdict));
        };
        let recorder = self.recorder(Change::CapitalQuery);
        let outcome = self.pesapal(&recorder)?.status(order).await;
        let seen = without_token(&recorder);
        let verdict = match outcome {
            Ok(reading) if matches!(reading.status, OrderStatus::Unknown(_)) => {
                Verdict::ProvesNothing(format!("the status is {}", reading.status))
            }
            Ok(reading) => as_assumed(format!("the order is found: {}", reading.status)),
            Err(error) => unexpected(&error),
        };
        let asked = format!("the status of {order}, with its id in capitals");
        Ok(self.finding(probe, asked, seen, verdict))
    }

    async fn list_ipns(&self) -> Result<Finding, Failure> {
        let recorder = self.recorder(Change::Nothing);
        let outcome = self.pesapal(&recorder)?.list_ipns().await;
        let listed = without_token(&recorder);
        let verdict = match outcome {
            Ok(ipns) if ipns.is_empty() => {
                Verdict::ProvesNothing("no address is registered yet".to_owned())
            }
            Ok(ipns) => {
                let all = ipns.len();
                let dated = ipns.iter().filter(|ipn| ipn.created_at.is_some()).count();
                let with_status = ipns.iter().filter(|ipn| ipn.status.is_some()).count();
                let seen = format!(
                    "{all} addresses, {dated} with a date that has a zone, {with_status} with a word for their state"
                );
                // Dates are shown with a zone or without (recorded), and nothing hangs on them.
                if with_status == all {
                    as_assumed(seen)
                } else {
                    otherwise(seen)
                }
            }
            Err(error) => unexpected(&error),
        };
        let asked = "the registered notification addresses".to_owned();
        Ok(self.finding(Probe::ListIpns, asked, listed, verdict))
    }

    fn pesapal(&self, recorder: &Arc<Recorder>) -> Result<Pesapal, Failure> {
        accounts::pesapal(self.name, self.account, &self.once(recorder))
    }

    fn recorder(&self, change: Change) -> Arc<Recorder> {
        Recorder::new(Arc::clone(self.caller.transport()), &self.keys, change)
    }

    fn once(&self, recorder: &Arc<Recorder>) -> Caller {
        Caller::once(self.clock.clone(), recorder.clone())
    }

    /// An id in the gateway's form that no order has.
    fn made_up_order(&self) -> OrderId {
        let guid = uuid::Builder::from_random_bytes(rand::random()).into_uuid();
        let text = match self.account.gateway.order_ids() {
            OrderIds::Merchant => format!("duka-doctor-{}", guid.simple()),
            OrderIds::Gateway => guid.hyphenated().to_string(),
        };
        OrderId::text(text).expect("letters, digits and hyphens are an id")
    }

    fn finding(&self, probe: Probe, asked: String, seen: Vec<Seen>, verdict: Verdict) -> Finding {
        let asked_nothing = seen.iter().all(|seen| seen.http_status.is_none());
        let (as_assumed, verdict) = match verdict {
            // Whatever an adapter makes of it: the gateway has not answered this.
            Verdict::AsAssumed(text) | Verdict::Otherwise(text) if asked_nothing => {
                (None, format!("no answer to it: {text}"))
            }
            Verdict::AsAssumed(text) => (Some(true), text),
            Verdict::Otherwise(text) => (Some(false), text),
            Verdict::ProvesNothing(text) => (None, text),
        };
        Finding {
            account: self.name.to_string(),
            gateway: self.account.gateway.as_str(),
            probe: probe.as_str(),
            asked,
            answers: seen.into_iter().map(AnswerView::from).collect(),
            as_assumed,
            verdict,
        }
    }
}

fn as_assumed(text: impl Into<String>) -> Verdict {
    Verdict::AsAssumed(text.into())
}

fn otherwise(text: impl Into<String>) -> Verdict {
    Verdict::Otherwise(text.into())
}

/// Another answer than was assumed; where no answer came, or credentials, a rate limit or a failure prevented one,
/// nothing is proved.
fn unexpected(error: &Error) -> Verdict {
    let text = error.in_full().to_string();
    let in_the_way = matches!(
        error.kind(),
        ErrorKind::Authentication
            | ErrorKind::RateLimited
            | ErrorKind::Unavailable
            | ErrorKind::UnreadableReply
    );
    match error.delivery() {
        Delivery::Answered if !in_the_way => Verdict::Otherwise(format!("read as {text}")),
        Delivery::Answered | Delivery::NotSent | Delivery::Unknown => Verdict::ProvesNothing(text),
    }
}

/// Whether a request that should be refused for its credentials was read as that.
fn unauthenticated(outcome: &Result<StatusReading, Error>) -> Verdict {
    match outcome {
        Err(error) if error.kind() == ErrorKind::Authentication => {
            as_assumed("read as *refused credentials*")
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            otherwise("taken all the same: read as *no such order*")
        }
        Err(error) => unexpected(error),
        Ok(reading) => otherwise(format!("taken all the same: {}", reading.status)),
    }
}

/// What came back apart from tokens.
fn without_token(recorder: &Recorder) -> Vec<Seen> {
    let mut seen = recorder.seen();
    seen.retain(|seen| seen.call != TOKEN_CALL);
    seen
}

/// When a token ends, by the reply as it is shown; the text itself where it names no moment.
fn expiry(body: &str) -> Option<Result<jiff::Timestamp, String>> {
    let body: serde_json::Value = serde_json::from_str(body).ok()?;
    let text = body.get("expiryDate")?.as_str()?;
    Some(text.parse().map_err(|_| text.to_owned()))
}

fn seconds(ages: &[u64]) -> String {
    if ages.is_empty() {
        return "none".to_owned();
    }
    let texts: Vec<_> = ages.iter().map(|age| format!("{age} s")).collect();
    texts.join(", ")
}

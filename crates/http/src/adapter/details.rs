//! Reads what decides nothing: what a reply tells of a payment. A member of another form is left out.

use duka_core::{GatewayTime, PersonalData, PersonalText};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::answer::Answer;
use super::json::JsonScalar;

/// The longest text that is taken for a time, in bytes.
const LONGEST_TIME: usize = 64;

/// How an account wants the details of payments to be read.
#[derive(Debug, Clone, Default)]
pub struct DetailSettings {
    /// The zone of times that name none. Without it they stay text.
    pub time_zone: Option<TimeZone>,
    /// Whether personal data are read.
    pub personal_data: PersonalData,
}

impl DetailSettings {
    /// A time. `format` is the gateway's own, in the letters of `strptime`, beside ISO 8601.
    ///
    /// Its moment is known only if the text names a zone or offset, or the account has a zone in which this
    /// time of day occurs exactly once.
    pub fn time(&self, answer: &Answer, member: &JsonScalar, format: &str) -> Option<GatewayTime> {
        let text = exact(answer, member.string()?)?;
        if text.len() > LONGEST_TIME {
            return None;
        }
        let moment = text.parse().ok().or_else(|| self.moment(&text, format));
        Some(GatewayTime { text, moment })
    }

    fn moment(&self, text: &str, format: &str) -> Option<Timestamp> {
        let zone = self.time_zone.clone()?;
        let gateways_own = DateTime::strptime(format, text).ok();
        // A date alone is no moment.
        let iso = || text.parse().ok().filter(|_| text.contains(':'));
        let time = gateways_own.or_else(iso)?;
        zone.to_ambiguous_timestamp(time).unambiguous().ok()
    }

    /// A text about a person, if the account keeps such.
    pub fn personal(&self, text: Option<String>) -> Option<PersonalText> {
        match self.personal_data {
            PersonalData::Keep => text.map(PersonalText::new),
            PersonalData::LeaveOut => None,
        }
    }
}

impl Answer {
    /// Words of the gateway that decide nothing: one line, cut, without secrets.
    pub fn detail(&self, member: &JsonScalar) -> Option<String> {
        let shown = member.text().map(|text| self.shown(text));
        shown.filter(|words| !words.is_empty())
    }

    /// A receipt or an id of the gateway's, exactly as it was sent: one that cannot be shown as it is would name
    /// another payment.
    ///
    /// assumed: one of digits may come as a number.
    pub fn receipt(&self, member: &JsonScalar) -> Option<String> {
        let is_digits = |text: &&str| text.bytes().all(|byte| byte.is_ascii_digit());
        let receipt = member.string();
        exact(self, receipt.or_else(|| member.text().filter(is_digits))?)
    }
}

/// A text that can be shown as it was sent.
fn exact(answer: &Answer, text: &str) -> Option<String> {
    (answer.shown(text) == text).then(|| text.to_owned())
}

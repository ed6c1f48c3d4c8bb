//! Times as a person writes and reads them. In JSON and CSV they are RFC 3339 in UTC.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::failure::Failure;
use crate::ranges::AGE;

/// Which end of a period a time is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edge {
    /// A date means its first moment.
    Since,
    /// A date means its last moment.
    Until,
}

impl Edge {
    fn option(self) -> &'static str {
        match self {
            Self::Since => "--since",
            Self::Until => "--until",
        }
    }

    /// Reads an RFC 3339 time, a date in this zone, or an age.
    pub(crate) fn read(
        self,
        text: &str,
        zone: &TimeZone,
        now: Timestamp,
    ) -> Result<Timestamp, Failure> {
        if let Ok(at) = text.parse() {
            return Ok(at);
        }
        // A longer text is a date and a time, and lacks its zone.
        if let Some(at) = text
            .parse::<Date>()
            .ok()
            .filter(|_| text.len() == "2026-05-13".len())
            .and_then(|date| self.of_date(date, zone))
        {
            return Ok(at);
        }
        let age = AGE.read(text).map_err(|_| {
            Failure::usage(format!(
                "{} {text:?} is no date such as 2026-05-13, no RFC 3339 time such as 2026-05-13T08:34:00Z, and no age such as 24h, {AGE}",
                self.option()
            ))
        })?;
        Ok(now.checked_sub(age).unwrap_or(Timestamp::MIN))
    }

    fn of_date(self, date: Date, zone: &TimeZone) -> Option<Timestamp> {
        let start = |date: Date| Some(date.to_zoned_datetime(zone.clone()).ok()?.timestamp());
        match self {
            Self::Since => start(date),
            Self::Until => start(date.tomorrow().ok()?)?
                .checked_sub(1.microsecond())
                .ok(),
        }
    }
}

/// A time of a view for a person: in this zone, which is named, and without parts of seconds.
pub(crate) fn shown(text: &str, zone: &TimeZone) -> String {
    text.parse()
        .map_or_else(|_| text.to_owned(), |at| moment(at, zone))
}

/// The same of a time.
pub(crate) fn moment(at: Timestamp, zone: &TimeZone) -> String {
    let at = at.to_zoned_datetime(zone.clone());
    at.strftime("%Y-%m-%d %H:%M:%S %Z").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(edge: Edge, text: &str) -> Result<String, String> {
        let zone = TimeZone::get("Africa/Nairobi").unwrap();
        let now = "2026-05-13T08:34:00Z".parse().unwrap();
        let at = edge.read(text, &zone, now);
        at.map(|at| at.to_string())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_date_is_a_whole_day_of_the_zone() {
        let since = read(Edge::Since, "2026-05-13").unwrap();
        assert_eq!(since, "2026-05-12T21:00:00Z");
        let until = read(Edge::Until, "2026-05-13").unwrap();
        assert_eq!(until, "2026-05-13T20:59:59.999999Z");
    }

    #[test]
    fn a_time_and_an_age_are_moments_and_anything_else_is_refused_by_its_option() {
        let since = read(Edge::Since, "2026-05-13T08:34:00+05:30").unwrap();
        assert_eq!(since, "2026-05-13T03:04:00Z");
        assert_eq!(read(Edge::Until, "24h").unwrap(), "2026-05-12T08:34:00Z");
        for text in ["yesterday", "2026-05-13T08:34", "13.05.2026", "2026-02-30"] {
            let said = read(Edge::Until, text).unwrap_err();
            assert!(said.starts_with(&format!("--until {text:?} is no date")));
        }
    }

    #[test]
    fn a_time_is_shown_in_its_zone_and_without_parts_of_seconds() {
        let zone = TimeZone::get("Africa/Nairobi").unwrap();
        let text = shown("2026-05-13T08:34:00.123456Z", &zone);
        assert_eq!(text, "2026-05-13 11:34:00 EAT");
        assert_eq!(
            shown("2026-05-13T08:34:00Z", &TimeZone::UTC),
            "2026-05-13 08:34:00 UTC"
        );
        assert_eq!(shown("soon", &zone), "soon");
    }
}

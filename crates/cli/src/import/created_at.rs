//! When an order was created and when it expires, by its list. A moment that cannot be so would
//! make the order too young for every sweep, or too old.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// Clocks that agree do so within this.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);
/// 2000-01-01T00:00:00Z: neither gateway is older.
const EARLIEST: i64 = 946_684_800;

/// Reads the moment, or says what is wrong with it. `zone` is that of times that name none.
pub(super) fn read(
    text: &str,
    zone: Option<&TimeZone>,
    now: Timestamp,
) -> Result<Timestamp, String> {
    let at = moment(text, zone)?;
    if at.as_second() < EARLIEST {
        return Err(format!(
            "{text:?} is before the year 2000; is it a year of two digits, or the wrong time zone?"
        ));
    }
    let ahead = at.duration_since(now);
    if ahead > TOLERANCE {
        let seconds = u64::try_from(ahead.as_secs()).unwrap_or(0);
        let ahead = humantime::format_duration(std::time::Duration::from_secs(seconds));
        return Err(format!(
            "{text:?} is {ahead} in the future; wrong time zone?"
        ));
    }
    Ok(at)
}

/// Reads the moment at which the offer to pay ends.
pub(super) fn read_expiry(
    text: &str,
    zone: Option<&TimeZone>,
    created_at: Timestamp,
) -> Result<Timestamp, String> {
    let at = moment(text, zone)?;
    if at <= created_at {
        return Err(format!(
            "{text:?} is not after created_at {created_at}; wrong time zone?"
        ));
    }
    Ok(at)
}

fn moment(text: &str, zone: Option<&TimeZone>) -> Result<Timestamp, String> {
    if let Ok(at) = text.parse() {
        return Ok(at);
    }
    // As shops write it: 2026-06-24 22:58:33 +0530.
    if let Some((local, offset)) = text.rsplit_once(' ')
        && offset.starts_with(['+', '-', 'Z'])
        && let Ok(at) = format!("{}{offset}", local.trim_end()).parse()
    {
        return Ok(at);
    }
    let no_time = || format!("{text:?} is not an RFC 3339 time such as 2026-05-13T08:34:00Z");
    // A date alone would be midnight, hours away from the time that is meant.
    let has_time = text.contains(':');
    // A zone in brackets would be read over.
    let has_time = has_time && !text.contains('[');
    let local: DateTime = Some(text)
        .filter(|_| has_time)
        .and_then(|text| text.parse().ok())
        .ok_or_else(no_time)?;
    let zone = zone.ok_or_else(|| {
        format!(
            "{text:?} names no time zone; say which with --time-zone, such as --time-zone Asia/Kolkata"
        )
    })?;
    let at = zone.to_timestamp(local);
    at.map_err(|_| no_time())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(text: &str) -> Option<String> {
        let noon: Timestamp = "2026-05-13T12:00:00Z".parse().unwrap();
        read(text, None, noon).err()
    }

    #[test]
    fn a_moment_from_2000_to_five_minutes_from_now_may_be_a_creation() {
        for good in [
            "2000-01-01T00:00:00Z",
            "2026-05-13T12:05:00Z",
            "2026-05-13T17:30:00+05:30",
        ] {
            assert_eq!(complaint(good), None);
        }
        let future = |text: &str, ahead: &str| {
            let said = format!("{text:?} is {ahead} in the future; wrong time zone?");
            assert_eq!(complaint(text), Some(said));
        };
        future("2026-05-13T12:05:01Z", "5m 1s");
        // The local time of a shop in India, with the wrong letter behind it.
        future("2026-05-13T17:30:00Z", "5h 30m");
        assert_eq!(complaint("2026-05-13 17:30:00 +0530"), None);
        for early in ["1999-12-31T23:59:59Z", "0026-05-13T12:00:00Z"] {
            let said = complaint(early).unwrap();
            assert!(
                said.contains("is before the year 2000") && said.ends_with("wrong time zone?"),
                "{said}"
            );
        }
        let said = complaint("2126-05-13T12:00:00Z").unwrap();
        assert!(said.ends_with("in the future; wrong time zone?"), "{said}");
    }

    #[test]
    fn a_time_without_a_zone_is_read_in_the_zone_of_the_list_only() {
        let noon: Timestamp = "2026-05-13T12:00:00Z".parse().unwrap();
        let zone = TimeZone::get("Asia/Kolkata").unwrap();
        for text in [
            "2026-05-13 17:30:00",
            "2026-05-13T17:30",
            "2026-05-13T12:00:00Z",
        ] {
            assert_eq!(read(text, Some(&zone), noon), Ok(noon), "{text}");
        }
        let said = complaint("2026-05-13 17:30:00").unwrap();
        assert!(
            said.contains("names no time zone") && said.contains("--time-zone"),
            "{said}"
        );
        for text in [
            "2026-05-13",
            "13-05-2026 08:34 AM",
            "yesterday",
            "2026-05-13 17:30:00 IST",
        ] {
            let said = read(text, Some(&zone), noon).unwrap_err();
            assert!(said.contains("is not an RFC 3339 time"), "{said}");
        }
    }
}

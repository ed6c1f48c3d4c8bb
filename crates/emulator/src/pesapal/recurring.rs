//! What makes an order at Pesapal a recurring one: an account number, and perhaps when to charge it.

use jiff::civil::Date;

use super::replies::{Refused, refused};
use super::wire::SubscriptionDetails;

const FREQUENCIES: [&str; 4] = ["DAILY", "WEEKLY", "MONTHLY", "YEARLY"];

/// The account number of a recurring order, or none of any other.
pub(super) fn recurring(
    account_number: Option<String>,
    details: Option<SubscriptionDetails>,
) -> Result<Option<String>, Refused> {
    let blank = |text: &String| text.trim().is_empty();
    if account_number.as_ref().is_some_and(blank) {
        return Err(refused("account_number must not be blank"));
    }
    if let Some(details) = details {
        if account_number.is_none() {
            let message = "subscription_details needs account_number";
            return Err(refused(message));
        }
        check(&details)?;
    }
    Ok(account_number)
}

fn check(details: &SubscriptionDetails) -> Result<(), Refused> {
    let start = day(details.start_date.as_deref())?;
    let end = day(details.end_date.as_deref())?;
    if end <= start {
        return Err(refused("end_date must be after start_date"));
    }
    let frequency = details.frequency.as_deref().unwrap_or_default();
    if !FREQUENCIES.contains(&frequency) {
        let message = "frequency must be DAILY, WEEKLY, MONTHLY or YEARLY";
        return Err(refused(message));
    }
    Ok(())
}

/// A day as `dd-MM-yyyy`, with its zeros.
fn day(text: Option<&str>) -> Result<Date, Refused> {
    let text = text.unwrap_or_default();
    let form = text.bytes().enumerate().all(|(at, it)| match at {
        2 | 5 => it == b'-',
        _ => it.is_ascii_digit(),
    });
    Some(text)
        .filter(|it| form && it.len() == 10)
        .and_then(|it| Date::strptime("%d-%m-%Y", it).ok())
        .ok_or(refused(
            "start_date and end_date must be days as dd-MM-yyyy",
        ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_two_digits_two_digits_and_four() {
        for (text, year) in [
            ("01-06-2026", 2026),
            ("29-02-2028", 2028),
            ("31-12-9999", 9999),
        ] {
            let day = day(Some(text)).unwrap_or_else(|_| panic!("{text}"));
            assert_eq!(day.year(), year);
        }
        for text in [
            "",
            "1-6-2026",
            "01/06/2026",
            "2026-06-01",
            "06-13-2026",
            "29-02-2027",
            "31-06-2026",
            "01-06-26",
            "01-06-20260",
            " 1-06-2026",
            "+1-06-2026",
            "01-06-2026T00:00",
        ] {
            assert!(day(Some(text)).is_err(), "{text}");
        }
        assert!(day(None).is_err());
    }
}

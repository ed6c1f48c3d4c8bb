//! Between rows and values: reading, writing, and telling one trouble from another.

use std::time::Duration;

use duka_core::cancel::{Cancellation, Finding, OtherAmount, Outcome, RequestUsed, State};
use duka_core::id::IdForm;
use duka_core::money::{Currency, Decimal};
use duka_core::{
    AccountName, GatewayName, GatewayTime, Money, Observation, OrderId, OrderStatus,
    PaymentDetails, PersonalText,
};
use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{ErrorCode, Row};

use crate::order::{Hold, LastUse, OrderKey, Origin, TrackedOrder, Tracking};
use crate::record::Acknowledgement;
use crate::store::{StoreError, StoreErrorKind};

pub(super) fn store_error(error: rusqlite::Error) -> StoreError {
    let code = error.sqlite_error_code();
    let text = error.to_string();
    let (kind, advice) = match code {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => (
            StoreErrorKind::Busy,
            "the store is locked by another program; wait for it or stop it",
        ),
        Some(ErrorCode::DiskFull) => (
            StoreErrorKind::Full,
            "the disk of the store is full; make room and try again",
        ),
        Some(ErrorCode::ReadOnly) => (StoreErrorKind::ReadOnly, READ_ONLY),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => (
            StoreErrorKind::Corrupt,
            "the store's file is damaged or is not a database; restore it from a backup",
        ),
        Some(ErrorCode::CannotOpen) => (
            StoreErrorKind::CannotOpen,
            "the store cannot be opened; check that its folder exists and may be written",
        ),
        _ => (StoreErrorKind::Internal, "the store failed"),
    };
    StoreError::new(kind, format!("{advice} ({text})"))
}

const READ_ONLY: &str =
    "the store may not be written; check the permissions of the file and its folder";

pub(super) fn read_only() -> StoreError {
    StoreError::new(StoreErrorKind::ReadOnly, READ_ONLY)
}

pub(super) fn damaged(what: &str) -> StoreError {
    StoreError::new(
        StoreErrorKind::Corrupt,
        format!("the store holds {what} that this program cannot read"),
    )
}

pub(super) fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

fn moment(value: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_microsecond(value).map_err(|_| damaged("a moment"))
}

pub(super) fn moment_at(row: &Row<'_>, column: &str) -> Result<Timestamp, StoreError> {
    moment(get(row, column)?)
}

pub(super) fn maybe_moment(row: &Row<'_>, column: &str) -> Result<Option<Timestamp>, StoreError> {
    get::<Option<i64>>(row, column)?.map(moment).transpose()
}

pub(super) fn get<T: rusqlite::types::FromSql>(
    row: &Row<'_>,
    column: &str,
) -> Result<T, StoreError> {
    row.get(column).map_err(store_error)
}

fn count(row: &Row<'_>, column: &str) -> Result<u32, StoreError> {
    u32::try_from(get::<i64>(row, column)?).map_err(|_| damaged("a count"))
}

pub(super) fn form_word(form: IdForm) -> &'static str {
    match form {
        IdForm::Integer => "integer",
        IdForm::Text => "text",
    }
}

pub(super) fn origin_word(origin: Origin) -> &'static str {
    match origin {
        Origin::List => "list",
        Origin::Caller => "caller",
    }
}

pub(super) fn tracking_word(tracking: Tracking) -> &'static str {
    match tracking {
        Tracking::Pending => "pending",
        Tracking::InProgress => "in_progress",
        Tracking::Closed => "closed",
    }
}

pub(super) fn key(row: &Row<'_>) -> Result<OrderKey, StoreError> {
    let account = AccountName::new(get::<String>(row, "account")?);
    let id: String = get(row, "order_id")?;
    let order = match get::<String>(row, "form")?.as_str() {
        "integer" => OrderId::integer(id),
        _ => OrderId::text(id),
    };
    Ok(OrderKey::new(
        account.map_err(|_| damaged("an account name"))?,
        order.map_err(|_| damaged("an order id"))?,
    ))
}

pub(super) fn gateway(row: &Row<'_>) -> Result<GatewayName, StoreError> {
    GatewayName::new(get::<String>(row, "gateway")?).map_err(|_| damaged("a gateway name"))
}

pub(super) fn money(
    row: &Row<'_>,
    amount: &str,
    currency: &str,
) -> Result<Option<Money>, StoreError> {
    let amount: Option<String> = get(row, amount)?;
    let currency: Option<String> = get(row, currency)?;
    let (Some(amount), Some(currency)) = (amount, currency) else {
        return Ok(None);
    };
    let value = Decimal::from_str_exact(&amount).map_err(|_| damaged("an amount"))?;
    let code = Currency::from_code(&currency).ok_or_else(|| damaged("a currency"))?;
    Ok(Some(Money::new(value, code)))
}

/// An order, from a row of `orders`.
pub(super) fn order(row: &Row<'_>) -> Result<TrackedOrder, StoreError> {
    let tracking = match get::<String>(row, "tracking")?.as_str() {
        "pending" => Tracking::Pending,
        "in_progress" => Tracking::InProgress,
        _ => Tracking::Closed,
    };
    Ok(TrackedOrder {
        key: key(row)?,
        gateway: gateway(row)?,
        reference: get(row, "reference")?,
        shop_order: get(row, "shop_order")?,
        created_at: moment_at(row, "created_at")?,
        last_use: last_use(row)?,
        expires_at: maybe_moment(row, "expires_at")?,
        money: money(row, "amount", "currency")?,
        method: get(row, "method")?,
        note: get(row, "note")?,
        origin: match get::<String>(row, "origin")?.as_str() {
            "list" => Origin::List,
            _ => Origin::Caller,
        },
        seen: observation(row)?,
        last_action_at: maybe_moment(row, "last_action_at")?,
        tracking,
        hold: hold(row)?,
    })
}

/// A length of time, as it is stored: in microseconds.
pub(super) fn span(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}

pub(super) fn maybe_span(row: &Row<'_>, column: &str) -> Result<Option<Duration>, StoreError> {
    let stored: Option<i64> = get(row, column)?;
    let read = |micros: i64| u64::try_from(micros).map(Duration::from_micros);
    let span = stored.map(read).transpose();
    span.map_err(|_| damaged("a length of time"))
}

/// When its customer came back to an order, from a row with the columns of `orders`.
pub(super) fn last_use(row: &Row<'_>) -> Result<LastUse, StoreError> {
    Ok(LastUse {
        idle_at: maybe_moment(row, "idle_at")?,
        used_at: maybe_moment(row, "used_at")?,
    })
}

/// Who holds an order, from a row with the columns of `orders`.
pub(super) fn hold(row: &Row<'_>) -> Result<Option<Hold>, StoreError> {
    let Some(at) = maybe_moment(row, "held_at")? else {
        return Ok(None);
    };
    Ok(Some(Hold {
        by: get(row, "held_by")?,
        at,
        note: get(row, "hold_note")?,
    }))
}

/// What was last seen of an order.
pub(super) fn observation(row: &Row<'_>) -> Result<Option<Observation>, StoreError> {
    let Some(word) = get::<Option<String>>(row, "status")? else {
        return Ok(None);
    };
    let raw_status: String = get::<Option<String>>(row, "raw_status")?.unwrap_or_default();
    let unknown: String = get::<Option<String>>(row, "unknown_status")?.unwrap_or_default();
    let status = OrderStatus::from_word(&word, &unknown).ok_or_else(|| damaged("a status"))?;
    let observed_at = maybe_moment(row, "observed_at")?.ok_or_else(|| damaged("a sighting"))?;
    Ok(Some(Observation {
        status,
        raw_status,
        money: money(row, "status_amount", "status_currency")?,
        details: details(row)?,
        observed_at,
    }))
}

/// What the gateway has told, from a row with the columns of `orders`.
pub(super) fn details(row: &Row<'_>) -> Result<PaymentDetails, StoreError> {
    let personal = |column| Ok(get::<Option<String>>(row, column)?.map(PersonalText::new));
    let time = |text, moment| {
        let Some(text) = get(row, text)? else {
            return Ok(None);
        };
        let moment = maybe_moment(row, moment)?;
        Ok(Some(GatewayTime { text, moment }))
    };
    Ok(PaymentDetails {
        gateway_id: get(row, "gateway_id")?,
        receipt: get(row, "receipt")?,
        method: get(row, "gateway_method")?,
        payment_account: personal("payment_account")?,
        payer: personal("payer")?,
        customer_account: personal("customer_account")?,
        status_code: get(row, "gateway_status_code")?,
        description: get(row, "description")?,
        created_at: time("gateway_created", "gateway_created_at")?,
        paid_at: time("gateway_paid", "gateway_paid_at")?,
        cancelled_at: time("gateway_cancelled", "gateway_cancelled_at")?,
    })
}

/// Where a cancellation stands, from a row of `cancellations`.
pub(super) fn cancellation(row: &Row<'_>) -> Result<Cancellation, StoreError> {
    let state: String = get(row, "state")?;
    let outcome: Option<String> = get(row, "outcome")?;
    let skip: Option<String> = get(row, "skip_reason")?;
    let verified: Option<String> = get(row, "verified")?;
    let raw: String = get::<Option<String>>(row, "verified_raw")?.unwrap_or_default();
    let finding = |column| {
        let word: Option<String> = get(row, column)?;
        let read = |word: String| Finding::from_word(&word).ok_or_else(|| damaged("a finding"));
        word.map(read).transpose()
    };
    Ok(Cancellation {
        state: State::from_words(&state, outcome.as_deref(), skip.as_deref())
            .ok_or_else(|| damaged("a state"))?,
        attempts: count(row, "attempts")?,
        requests: count(row, "requests")?,
        request_used: if get::<bool>(row, "request_used")? {
            RequestUsed::Yes
        } else {
            RequestUsed::No
        },
        sent_at: maybe_moment(row, "sent_at")?,
        doubt_since: maybe_moment(row, "doubt_since")?,
        blocked_since: maybe_moment(row, "blocked_since")?,
        failed_polls: count(row, "failed_polls")?,
        verified: match verified {
            None => None,
            Some(word) => Some(
                OrderStatus::from_word(&word, &raw).ok_or_else(|| damaged("a verified status"))?,
            ),
        },
        other_amount: if get::<bool>(row, "other_amount")? {
            OtherAmount::Seen
        } else {
            OtherAmount::NotSeen
        },
        finding: finding("finding")?,
        acknowledged: finding("acknowledged")?,
    })
}

/// Who has acknowledged the finding of a record, from its log.
pub(super) fn acknowledgement(row: &Row<'_>) -> Result<Option<Acknowledgement>, StoreError> {
    let Some(at) = maybe_moment(row, "acknowledged_at")? else {
        return Ok(None);
    };
    let by: String = get(row, "acknowledged_by")?;
    let detail: Option<String> = get(row, "acknowledgement")?;
    Ok(Some(Acknowledgement::read(
        at,
        by,
        &detail.unwrap_or_default(),
    )))
}

/// The text to store beside a status: only *unknown* has words of its own.
pub(super) fn unknown_words(status: &OrderStatus) -> Option<&str> {
    match status {
        OrderStatus::Unknown(words) => Some(words),
        OrderStatus::Unpaid
        | OrderStatus::Processing
        | OrderStatus::Paid
        | OrderStatus::Failed
        | OrderStatus::Expired
        | OrderStatus::Cancelled
        | OrderStatus::Reversed => None,
    }
}

/// A word, or other text, to store; or none.
pub(super) fn word<'a>(text: impl Into<Option<&'a str>>) -> Value {
    text.into().map(str::to_owned).into()
}

/// The reason to store beside the outcome *skipped*.
pub(super) fn skip_word(state: State) -> Option<&'static str> {
    match state.outcome()? {
        Outcome::Skipped(reason) => Some(reason.as_str()),
        Outcome::Confirmed
        | Outcome::NotCancelledPaid
        | Outcome::NotCancelledFinal
        | Outcome::Refused
        | Outcome::ResolvedCancelled
        | Outcome::ResolvedNotCancelled => None,
    }
}

/// Reads all rows with `read`.
pub(super) fn collect<T>(
    found: rusqlite::Result<rusqlite::Rows<'_>>,
    read: impl Fn(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut found = found.map_err(store_error)?;
    let mut all = Vec::new();
    while let Some(row) = found.next().map_err(store_error)? {
        all.push(read(row)?);
    }
    Ok(all)
}

//! Made-up orders: lists of them, and stores that have many on record.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use duka_core::clock::SharedClock;
use duka_engine::SqliteStore;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, params};

use crate::Failure;

/// The account of every order.
pub const ACCOUNT: &str = "shop";

/// A GUID that looks random and is the same for the same number.
#[must_use]
pub fn guid(number: u64) -> String {
    let (high, low) = (mixed(2 * number), mixed(2 * number + 1));
    uuid::Builder::from_random_bytes(((u128::from(high) << 64) | u128::from(low)).to_be_bytes())
        .into_uuid()
        .to_string()
}

/// SplitMix64.
fn mixed(number: u64) -> u64 {
    let mut it = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    it = (it ^ (it >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    it = (it ^ (it >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    it ^ (it >> 31)
}

/// Writes a list of so many orders, made in the three hours before one hour ago.
///
/// # Errors
/// When the file cannot be written.
pub fn write(path: &Path, orders: u64, now: Timestamp) -> Result<(), Failure> {
    let mut file = BufWriter::new(File::create(path)?);
    writeln!(file, "account,order,created_at,amount,currency")?;
    for number in 0..orders {
        let age = SignedDuration::from_secs(3600 + i64::try_from(number % 10_800)?);
        let (id, created) = (guid(number), now - age);
        writeln!(file, "{ACCOUNT},{id},{created:.0},10.00,KES")?;
    }
    Ok(file.flush()?)
}

/// Fills a new store with so many orders of the last month, at least 10,000: one of ten may be abandoned, one of ten was cancelled, and
/// 1,000 cancellations are due. By hand, for the store's own way would take an hour.
///
/// # Errors
/// When the store cannot be made.
pub fn fill(path: &Path, orders: i64, clock: SharedClock) -> Result<(), Failure> {
    let now = clock.now().as_microsecond();
    drop(SqliteStore::open(path, clock)?);
    let connection = Connection::open(path)?;
    let gap = 28 * 24 * 60 * 60 * 1_000_000 / orders;
    let oldest = now - gap * orders - 60 * 60 * 1_000_000;
    connection.execute_batch("PRAGMA synchronous = OFF; PRAGMA cache_size = -400000; BEGIN")?;
    connection.execute(
        "INSERT INTO orders (account, order_id, form, gateway, created_at, amount, currency, origin, tracking)
         WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?1)
         SELECT ?2, lower(hex(randomblob(16))) AS id, 'text', 'pesapal', ?3 + i * ?4, '10.00', 'KES', 'list',
                CASE WHEN i % 10 = 0 THEN 'pending' WHEN i % ?5 = 2 THEN 'in_progress' ELSE 'closed' END
         FROM n ORDER BY id",
        params![orders, ACCOUNT, oldest, gap, orders / 1000],
    )?;
    connection.execute(
        "INSERT INTO cancellations (id, version, account, order_id, actor, state, outcome, attempts, requests,
             request_used, failed_polls, due_at, log_entries, created_at, updated_at)
         SELECT printf('%08x-0000-7000-8000-%012x', i, i), 3, account, order_id, 'bench',
             CASE i % 10 WHEN 1 THEN 'done' ELSE 'in_doubt' END, CASE i % 10 WHEN 1 THEN 'confirmed' END,
             1, 1, 1, 0, CASE i % 10 WHEN 1 THEN NULL ELSE created_at END, 0, created_at, created_at
         FROM (SELECT *, (created_at - ?1) / ?2 AS i FROM orders)
         WHERE i % 10 = 1 OR i % ?3 = 2 ORDER BY i",
        params![oldest, gap, orders / 1000],
    )?;
    connection.execute_batch("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)")?;
    Ok(())
}

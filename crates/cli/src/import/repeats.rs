//! The same order twice: in one list, or in a list and in the store. Rows that say the same are
//! harmless, rows that differ are not.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use duka_core::Money;
use duka_engine::{OrderKey, Origin, TrackedOrder};
use jiff::{SignedDuration, Timestamp};

use super::{BadRow, OPTIONAL};

/// Two moments of one creation may differ by what is cut off a time of day.
const SAME_AGE: SignedDuration = SignedDuration::from_secs(59);

/// Finds the orders that a list names more than once, in two passes over it and with a few bytes
/// for each row: a filter first finds all that may be repeated, and a few more.
pub(crate) struct Repeats {
    filter: Vec<u64>,
    hasher: RandomState,
    /// By the hash of its key, each order that may be repeated, and its first row once that has
    /// been read again.
    suspects: HashMap<u64, Option<Said>>,
}

/// What a row says of an order that another row may say otherwise.
#[derive(Debug, Clone)]
struct Said {
    line: u64,
    money: Option<Money>,
    created_at: Timestamp,
    /// In the sequence of [`OPTIONAL`].
    words: [Option<String>; OPTIONAL.len()],
}

impl Repeats {
    /// For a list of so many bytes: at least sixteen bits for each of its rows.
    pub(crate) fn new(bytes: u64) -> Self {
        let words = (bytes / 256).next_power_of_two().clamp(1 << 10, 1 << 26);
        let words = usize::try_from(words).unwrap_or(1 << 10);
        Self {
            filter: vec![0; words],
            hasher: RandomState::new(),
            suspects: HashMap::new(),
        }
    }

    /// The first pass: takes a row.
    pub(crate) fn note(&mut self, order: &TrackedOrder) {
        let hash = self.hash(&order.key);
        let mut known = true;
        // Two bits of its own: the halves of the hash.
        for half in [hash & 0xffff_ffff, hash >> 32] {
            let bits = self.filter.len() as u64 * 64;
            let bit = half % bits;
            let (word, mask) = ((bit / 64) as usize, 1 << (bit % 64));
            known &= self.filter[word] & mask != 0;
            self.filter[word] |= mask;
        }
        if known {
            self.suspects.insert(hash, None);
        }
    }

    /// Whether a second pass can find anything.
    pub(crate) fn are_possible(&self) -> bool {
        !self.suspects.is_empty()
    }

    /// The second pass: how a row differs from the first one of its order.
    pub(crate) fn differs(&mut self, line: u64, order: &TrackedOrder) -> Option<BadRow> {
        let hash = self.hash(&order.key);
        let first = self.suspects.get_mut(&hash)?;
        let here = Said::by(line, order);
        let first = first.get_or_insert_with(|| here.clone());
        let (column, before, here) = first.difference(&here)?;
        let on = first.line;
        let id = &order.key.order;
        let problem = format!("order {id} stands on line {on} with {before}, and here with {here}");
        Some(BadRow::at(line, column, problem))
    }

    fn hash(&self, key: &OrderKey) -> u64 {
        self.hasher
            .hash_one((key.account.as_str(), key.order.as_str()))
    }
}

/// How a row differs from the order as it is tracked. What a caller has created or named is as
/// old as it is, whatever a list says.
pub(crate) fn differs_from_tracked(
    line: u64,
    order: &TrackedOrder,
    tracked: &TrackedOrder,
) -> Option<BadRow> {
    let mut here = Said::by(line, order);
    match tracked.origin {
        Origin::List => {}
        Origin::Caller => here.created_at = tracked.created_at,
    }
    let (column, before, here) = Said::by(0, tracked).difference(&here)?;
    let id = &order.key.order;
    let problem = format!("order {id} is tracked with {before}, and stands here with {here}");
    Some(BadRow::at(line, column, problem))
}

impl Said {
    fn by(line: u64, order: &TrackedOrder) -> Self {
        Self {
            line,
            money: order.money,
            created_at: order.created_at,
            words: [
                order.reference.clone(),
                order.shop_order.clone(),
                order.expires_at.map(|at| at.to_string()),
                order.method.clone(),
                order.note.clone(),
            ],
        }
    }

    /// The first column in which the two differ, and what each says in all such columns.
    fn difference(&self, here: &Self) -> Option<(&'static str, String, String)> {
        let mut found: Option<(&'static str, String, String)> = None;
        let mut differ = |column, before: String, here: String| match &mut found {
            None => found = Some((column, before, here)),
            Some((_, all_before, all_here)) => {
                *all_before = format!("{all_before}, {before}");
                *all_here = format!("{all_here}, {here}");
            }
        };
        if let (Some(before), Some(here)) = (self.money, here.money)
            && before != here
        {
            let column = if before.currency() == here.currency() {
                "amount"
            } else {
                "currency"
            };
            differ(column, before.to_string(), here.to_string());
        }
        if self.created_at.duration_since(here.created_at).abs() > SAME_AGE {
            let (before, here) = (self.created_at, here.created_at);
            differ("created_at", before.to_string(), here.to_string());
        }
        for (column, (before, here)) in OPTIONAL.into_iter().zip(self.words.iter().zip(&here.words))
        {
            if let (Some(before), Some(here)) = (before, here)
                && !same_word(column, before, here)
            {
                differ(
                    column,
                    format!("{column} {before:?}"),
                    format!("{column} {here:?}"),
                );
            }
        }
        found
    }
}

/// Rules know methods in either case.
fn same_word(column: &str, before: &str, here: &str) -> bool {
    before == here || column == "method" && before.to_lowercase() == here.to_lowercase()
}

#[cfg(test)]
mod tests {
    use duka_core::{AccountName, GatewayName, OrderId};

    use super::*;

    fn order(id: u64, amount: &str, created_at: &str) -> TrackedOrder {
        let account = AccountName::new("shop").unwrap();
        let key = OrderKey::new(account, OrderId::integer(id.to_string()).unwrap());
        let gateway = GatewayName::from_static("kwikpaisa");
        let created_at = created_at.parse().unwrap();
        let mut order = TrackedOrder::new(key, gateway, created_at);
        let (amount, currency) = amount.split_once(' ').unwrap();
        order.money = Some(Money::parse(amount, currency).unwrap());
        order.origin = Origin::List;
        order
    }

    const NOON: &str = "2026-05-13T12:00:00Z";

    fn complaints(rows: &[TrackedOrder]) -> Vec<String> {
        let mut repeats = Repeats::new(70 * rows.len() as u64);
        rows.iter().for_each(|row| repeats.note(row));
        let lines = rows.iter().zip(2..);
        let bad = lines.filter_map(|(row, line)| repeats.differs(line, row));
        bad.map(|row| row.to_string()).collect()
    }

    #[test]
    fn of_many_rows_only_those_are_named_that_differ_from_the_first_of_their_order() {
        let mut rows: Vec<_> = (0..20_000).map(|id| order(id, "1 INR", NOON)).collect();
        rows.push(order(3, "1.00 INR", "2026-05-13T17:30:30+05:30"));
        rows.push(order(3, "2 INR", NOON));
        rows.push(order(4, "1 KES", NOON));
        rows.push(order(3, "1 INR", "2026-05-13T12:01:00Z"));
        rows.push(order(5, "2 INR", "2026-05-14T12:00:00Z"));
        assert_eq!(
            complaints(&rows),
            [
                "line 20003, column amount: order 3 stands on line 5 with 1.00 INR, and here with 2.00 INR",
                "line 20004, column currency: order 4 stands on line 6 with 1.00 INR, and here with 1.00 KES",
                "line 20005, column created_at: order 3 stands on line 5 with 2026-05-13T12:00:00Z, and here with 2026-05-13T12:01:00Z",
                "line 20006, column amount: order 5 stands on line 7 with 1.00 INR, 2026-05-13T12:00:00Z, and here with 2.00 INR, 2026-05-14T12:00:00Z",
            ]
        );
    }

    #[test]
    fn the_filter_lets_few_rows_through_that_stand_alone() {
        let mut repeats = Repeats::new(70 * 100_000);
        for id in 0..100_000 {
            repeats.note(&order(id, "1 INR", NOON));
        }
        assert!(repeats.suspects.len() < 3_000, "{}", repeats.suspects.len());
    }

    #[test]
    fn what_a_caller_created_differs_in_all_but_its_age() {
        let tracked = TrackedOrder {
            origin: Origin::Caller,
            ..order(3, "1 INR", "2026-05-13T17:00:00Z")
        };
        assert_eq!(
            differs_from_tracked(7, &order(3, "1 INR", NOON), &tracked),
            None
        );
        let listed = TrackedOrder {
            origin: Origin::List,
            ..tracked.clone()
        };
        let here = order(3, "2 INR", NOON);
        for (tracked, said) in [
            (tracked, "1.00 INR, and stands here with 2.00 INR"),
            (
                listed,
                "1.00 INR, 2026-05-13T17:00:00Z, and stands here with 2.00 INR, 2026-05-13T12:00:00Z",
            ),
        ] {
            let bad = differs_from_tracked(7, &here, &tracked).unwrap();
            let said = format!("line 7, column amount: order 3 is tracked with {said}");
            assert_eq!(bad.to_string(), said);
        }
    }

    #[test]
    fn rows_differ_by_their_words_where_both_have_them() {
        let with = |reference: &str, method: &str, note: &str| {
            let word = |text: &str| Some(text.to_owned()).filter(|it| !it.is_empty());
            TrackedOrder {
                reference: word(reference),
                method: word(method),
                note: word(note),
                ..order(3, "1 INR", NOON)
            }
        };
        let tracked = with("R-1", "card", "");
        for silent in [
            with("", "", "called"),
            with("R-1", "card", ""),
            with("", "CARD", ""),
        ] {
            assert_eq!(differs_from_tracked(7, &silent, &tracked), None);
        }
        let bad = differs_from_tracked(7, &with("R-2", "cod", "x"), &tracked).unwrap();
        assert_eq!(
            bad.to_string(),
            "line 7, column reference: order 3 is tracked with reference \"R-1\", method \"card\", and stands here with reference \"R-2\", method \"cod\""
        );
        assert_eq!(
            complaints(&[tracked, with("", "cod", "")]),
            [
                "line 3, column method: order 3 stands on line 2 with method \"card\", and here with method \"cod\""
            ]
        );
    }
}

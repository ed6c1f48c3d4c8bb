//! The merchant's rules about which orders a sweep keeps, or leaves alone for longer.

use std::fmt;
use std::num::NonZeroUsize;
use std::time::Duration;

use duka_core::AccountName;
use duka_core::money::{Currency, Decimal};

use crate::order::TrackedOrder;

/// A rule about orders, for a sweep. An order fits if it meets every condition; what is not
/// known of an order meets none. A rule without conditions fits every order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SweepRule {
    /// What an order must be like.
    pub conditions: Conditions,
    /// What becomes of an order that fits.
    pub action: RuleAction,
}

/// The conditions of a rule, by what is tracked of an order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conditions {
    /// Its payment method is one of these, capitals aside; any, if there are none.
    pub methods: Vec<String>,
    /// It belongs to this account.
    pub account: Option<AccountName>,
    /// Its merchant reference begins so; where it has none, its id.
    pub reference_prefix: Option<String>,
    /// Its amount is in this currency.
    pub currency: Option<Currency>,
    /// Its amount, in its own currency, is this or more.
    pub min_amount: Option<Decimal>,
    /// Its amount, in its own currency, is this or less.
    pub max_amount: Option<Decimal>,
    /// Its note contains this, capitals aside.
    pub note_contains: Option<String>,
}

/// What a rule does with the orders that fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleAction {
    /// A sweep never cancels them.
    Keep,
    /// They count as abandoned from this age on, in place of the sweep's own.
    MinAge(Duration),
}

/// The place of a rule among the rules of a sweep, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RuleNumber(NonZeroUsize);

impl RuleNumber {
    /// As a number, from 1.
    pub fn get(self) -> usize {
        self.0.get()
    }
}

impl fmt::Display for RuleNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The first rule that fits an order: only that one counts.
pub(super) fn first_fit<'a>(
    rules: &'a [SweepRule],
    order: &TrackedOrder,
) -> Option<(RuleNumber, &'a SweepRule)> {
    let index = rules.iter().position(|rule| rule.conditions.fit(order))?;
    let number = NonZeroUsize::MIN.saturating_add(index);
    Some((RuleNumber(number), &rules[index]))
}

impl Conditions {
    /// Whether an order meets all of them.
    pub fn fit(&self, order: &TrackedOrder) -> bool {
        let Self {
            methods,
            account,
            reference_prefix,
            currency,
            min_amount,
            max_amount,
            note_contains,
        } = self;
        let order_id = order.key.order.as_str();
        let reference = order.reference.as_deref().unwrap_or(order_id);
        let amount = order.money.map(|money| money.amount());
        let method = order.method.as_deref().map(folded);
        let note = order.note.as_deref().map(folded);
        (methods.is_empty()
            || method.is_some_and(|it| methods.iter().any(|named| folded(named) == it)))
            && met(account.as_ref(), |it| *it == order.key.account)
            && met(reference_prefix.as_ref(), |it| {
                reference.starts_with(it.as_str())
            })
            && met(*currency, |it| {
                order.money.is_some_and(|money| money.currency() == it)
            })
            && met(*min_amount, |least| amount.is_some_and(|it| it >= least))
            && met(*max_amount, |most| amount.is_some_and(|it| it <= most))
            && met(note_contains.as_ref(), |it| {
                note.is_some_and(|note| note.contains(&folded(it)))
            })
    }
}

/// Whether a condition is met, or not there.
fn met<T>(condition: Option<T>, holds: impl FnOnce(T) -> bool) -> bool {
    condition.is_none_or(holds)
}

/// The words of merchants and shops differ in capitals and in white space around them.
fn folded(text: &str) -> String {
    text.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use duka_core::{GatewayName, Money, OrderId};
    use jiff::Timestamp;

    use super::*;
    use crate::order::OrderKey;

    fn order() -> TrackedOrder {
        let account = AccountName::new("shop-ke").unwrap();
        let key = OrderKey::new(account, OrderId::text("7001").unwrap());
        let gateway = GatewayName::from_static("kwikpaisa");
        let mut order = TrackedOrder::new(key, gateway, Timestamp::UNIX_EPOCH);
        order.reference = Some("INV-17".to_owned());
        order.money = Some(Money::parse("1500.00", "KES").unwrap());
        order.method = Some("Bank_Transfer".to_owned());
        order.note = Some("Pays at the Door".to_owned());
        order
    }

    /// One condition of each kind, met or not met by [`order`].
    fn each(meets: bool) -> Vec<Conditions> {
        let pick = |met: &str, other: &str| Some(if meets { met } else { other }.to_owned());
        let none = Conditions::default;
        let amount = |text: &str| Some(text.parse::<Decimal>().unwrap());
        vec![
            Conditions {
                methods: vec![
                    "cod".to_owned(),
                    pick("bank_transfer", "card").unwrap_or_default(),
                ],
                ..none()
            },
            Conditions {
                account: pick("shop-ke", "shop-in").map(|name| AccountName::new(name).unwrap()),
                ..none()
            },
            Conditions {
                reference_prefix: pick("INV-", "inv-"),
                ..none()
            },
            Conditions {
                currency: Some(if meets { Currency::KES } else { Currency::INR }),
                ..none()
            },
            Conditions {
                min_amount: amount(if meets { "1500" } else { "1500.01" }),
                ..none()
            },
            Conditions {
                max_amount: amount(if meets { "1500" } else { "1499.99" }),
                ..none()
            },
            Conditions {
                note_contains: pick("at the door", "at the desk"),
                ..none()
            },
        ]
    }

    #[test]
    fn each_condition_is_met_by_the_orders_it_names_and_no_others() {
        for conditions in each(true) {
            assert!(conditions.fit(&order()), "{conditions:?}");
        }
        for conditions in each(false) {
            assert!(!conditions.fit(&order()), "{conditions:?}");
        }
    }

    #[test]
    fn what_is_not_known_of_an_order_meets_no_condition() {
        let bare = TrackedOrder {
            reference: None,
            money: None,
            method: None,
            note: None,
            ..order()
        };
        for conditions in each(true) {
            // Every order has an account.
            let fits = conditions.account.is_some();
            assert_eq!(conditions.fit(&bare), fits, "{conditions:?}");
        }
    }

    #[test]
    fn an_order_without_a_reference_goes_by_its_id() {
        let bare = TrackedOrder {
            reference: None,
            ..order()
        };
        let begins = |prefix: &str| Conditions {
            reference_prefix: Some(prefix.to_owned()),
            ..Conditions::default()
        };
        assert!(begins("70").fit(&bare));
        assert!(!begins("70").fit(&order()));
    }

    #[test]
    fn all_conditions_of_a_rule_must_be_met() {
        let both = |currency| Conditions {
            methods: vec!["bank_transfer".to_owned()],
            currency: Some(currency),
            ..Conditions::default()
        };
        assert!(both(Currency::KES).fit(&order()));
        assert!(!both(Currency::INR).fit(&order()));
    }

    #[test]
    fn the_first_rule_that_fits_counts() {
        let rule = |conditions: &Conditions, action| SweepRule {
            conditions: conditions.clone(),
            action,
        };
        let hour = RuleAction::MinAge(Duration::from_secs(3600));
        let rules = [
            rule(&each(false)[0], RuleAction::Keep),
            rule(&each(true)[0], hour),
            rule(&each(true)[1], RuleAction::Keep),
        ];
        let (number, fits) = first_fit(&rules, &order()).unwrap();
        assert_eq!((number.get(), fits.action), (2, hour));
        assert!(first_fit(&rules[..1], &order()).is_none());
    }
}

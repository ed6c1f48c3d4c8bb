//! Few combinations that between them have every pair of values of any two variants (feature `test-support`).

use std::fmt;

use serde::{Serialize, Serializer};

use super::by_name::variants;
use super::table::Variant;
use crate::gateway::Gateway;

/// One value for each variant of a gateway.
///
/// It is written as the JSON object that `POST /_emulator/variants` takes, and shown as what differs from the
/// defaults: `kwikpaisa.create_http=created_201 kwikpaisa.date_zone=india`.
#[derive(Debug, Clone)]
pub struct Combination(Vec<(&'static Variant, &'static str)>);

impl Combination {
    /// Each variant's name and the name of its value.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &'static str)> + '_ {
        self.0
            .iter()
            .map(|(variant, value)| (variant.name(), *value))
    }

    /// The value chosen for the variant of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'static str> {
        self.iter().find(|it| it.0 == name).map(|it| it.1)
    }
}

impl fmt::Display for Combination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut unusual = self
            .0
            .iter()
            .filter(|(variant, value)| *value != variant.default());
        let Some((variant, value)) = unusual.next() else {
            return f.write_str("every default");
        };
        write!(f, "{}={value}", variant.name())?;
        unusual.try_for_each(|(variant, value)| write!(f, " {}={value}", variant.name()))
    }
}

impl Serialize for Combination {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

/// The defaults, each other value of each variant by itself, and then as many combinations as it takes for every
/// two values of any two of the gateway's variants to meet in one of them. The same list each time.
///
/// A program that works under all of them depends on no choice, nor on any two. All combinations
/// of all values would be many millions.
///
/// ```
/// use duka_emulator::{Emulator, EmulatorConfig, Gateway, pairwise};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = Emulator::start(EmulatorConfig::new(jiff::Timestamp::now)).await?;
/// for combination in pairwise(Gateway::Pesapal) {
///     emulator.reset();
///     for (name, value) in combination.iter() {
///         emulator.set_variant(name, value)?;
///     }
///     // Here the client's own tests; `combination` shows which answers they met.
/// }
/// # Ok(())
/// # }
/// ```
#[must_use]
pub fn pairwise(gateway: Gateway) -> Vec<Combination> {
    let variants: Vec<_> = variants()
        .iter()
        .filter(|it| it.gateway() == gateway)
        .collect();
    let defaults = vec![0; variants.len()];
    let mut rows = vec![defaults.clone()];
    for (place, variant) in variants.iter().enumerate() {
        for value in 1..variant.values().len() {
            let mut row = defaults.clone();
            row[place] = value;
            rows.push(row);
        }
    }
    let sizes: Vec<_> = variants.iter().map(|it| it.values().len()).collect();
    let mut unmet = Pairs::all(&sizes);
    for row in &rows {
        unmet.strike(row);
    }
    while let Some(row) = unmet.busiest_row(&sizes) {
        unmet.strike(&row);
        rows.push(row);
    }
    let named = |row: Vec<usize>| {
        let chosen = variants.iter().zip(row);
        Combination(
            chosen
                .map(|(it, value)| (*it, it.values()[value]))
                .collect(),
        )
    };
    rows.into_iter().map(named).collect()
}

/// Pairs of values that have not met yet.
struct Pairs {
    /// By place and value of the one, then of the other.
    unmet: Vec<Vec<Vec<Vec<bool>>>>,
}

impl Pairs {
    fn all(sizes: &[usize]) -> Self {
        let others = |place: usize| -> Vec<Vec<bool>> {
            let size = |(other, size): (usize, &usize)| vec![other != place; *size];
            sizes.iter().enumerate().map(size).collect()
        };
        let of = |(place, size): (usize, &usize)| vec![others(place); *size];
        Self {
            unmet: sizes.iter().enumerate().map(of).collect(),
        }
    }

    /// All pairs of this row have met.
    fn strike(&mut self, row: &[usize]) {
        for (place, value) in row.iter().enumerate() {
            for (other, its) in row.iter().enumerate() {
                self.unmet[place][*value][other][*its] = false;
            }
        }
    }

    /// How many pairs this value would be the first to have with what is chosen already.
    fn gain(&self, chosen: &[Option<usize>], place: usize, value: usize) -> usize {
        let new = |(other, its): (usize, &Option<usize>)| {
            its.is_some_and(|its| self.unmet[place][value][other][its])
        };
        chosen.iter().enumerate().filter(|it| new(*it)).count()
    }

    /// How many values of other variants this one has not met.
    fn waiting(&self, place: usize, value: usize) -> usize {
        self.unmet[place][value]
            .iter()
            .flatten()
            .filter(|it| **it)
            .count()
    }

    /// A row that begins with the value that has met the fewest, and takes at each place the value that meets the most
    /// new ones; None if all have met.
    fn busiest_row(&self, sizes: &[usize]) -> Option<Vec<usize>> {
        let values = |place: usize| 0..sizes[place];
        let all = (0..sizes.len()).flat_map(|place| values(place).map(move |value| (place, value)));
        // The first of equals, so that the list is the same everywhere.
        let first = all
            .rev()
            .max_by_key(|(place, value)| self.waiting(*place, *value))?;
        if self.waiting(first.0, first.1) == 0 {
            return None;
        }
        let mut chosen = vec![None; sizes.len()];
        chosen[first.0] = Some(first.1);
        for place in 0..sizes.len() {
            if chosen[place].is_none() {
                let merit = |value: &usize| {
                    let waiting = self.waiting(place, *value);
                    (self.gain(&chosen, place, *value), waiting)
                };
                chosen[place] = values(place).rev().max_by_key(merit);
            }
        }
        Some(chosen.into_iter().map(Option::unwrap_or_default).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_two_values_of_any_two_variants_meet() {
        for gateway in Gateway::ALL {
            let mut met = HashSet::new();
            for row in pairwise(gateway) {
                for one in row.iter() {
                    met.extend(row.iter().map(|other| (one, other)));
                }
            }
            let own: Vec<_> = variants()
                .iter()
                .filter(|it| it.gateway() == gateway)
                .collect();
            for one in &own {
                for other in own.iter().filter(|it| it.name() != one.name()) {
                    for value in one.values() {
                        for its in other.values() {
                            let pair = ((one.name(), *value), (other.name(), *its));
                            assert!(met.contains(&pair), "{pair:?}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn every_value_also_stands_alone_and_the_defaults_come_first() {
        for gateway in Gateway::ALL {
            let rows = pairwise(gateway);
            assert_eq!(rows[0].to_string(), "every default");
            for variant in variants().iter().filter(|it| it.gateway() == gateway) {
                for value in &variant.values()[1..] {
                    let alone = format!("{}={value}", variant.name());
                    assert!(rows.iter().any(|row| row.to_string() == alone), "{alone}");
                }
            }
        }
    }

    #[test]
    fn the_combinations_are_few_and_the_same_each_time() {
        for gateway in Gateway::ALL {
            let own = || variants().iter().filter(|it| it.gateway() == gateway);
            let alone: usize = own().map(|it| it.values().len() - 1).sum();
            let rows = pairwise(gateway);
            assert!(rows.len() <= 1 + alone + 40, "{}", rows.len());
            let again = pairwise(gateway);
            assert!(rows.iter().zip(&again).all(|(a, b)| a.iter().eq(b.iter())));
        }
    }
}

//! The table of assumptions, against the emulator that takes their other sides.

use std::collections::BTreeSet;

use duka_core::evidence::Tried;
use duka_kwikpaisa::assumptions::ASSUMPTIONS;

/// The variant's name in `NAME` or `NAME=VALUE`.
fn name(side: &str) -> &str {
    side.split_once('=').map_or(side, |(name, _)| name)
}

#[test]
fn every_assumption_has_two_sides_at_the_emulator_or_says_why_not() {
    for assumption in &ASSUMPTIONS {
        let sides = match assumption.variants {
            Tried::By(sides) => sides,
            Tried::Not { why } => {
                assert!(why.len() > 10, "{}: {why:?}", assumption.id);
                continue;
            }
        };
        assert!(!sides.is_empty(), "{}", assumption.id);
        for side in sides {
            let name = name(side);
            let found = duka_emulator::variants()
                .iter()
                .find(|it| it.name() == name);
            let variant = found.unwrap_or_else(|| panic!("{}: no variant {name}", assumption.id));
            assert!(variant.values().len() >= 2, "{name}");
            if let Some((_, value)) = side.split_once('=') {
                assert!(
                    variant.values().contains(&value),
                    "{}: {side}",
                    assumption.id
                );
            }
        }
    }
}

#[test]
fn every_variant_belongs_to_an_assumption() {
    let named: BTreeSet<&str> = ASSUMPTIONS
        .iter()
        .filter_map(|it| it.variants.by())
        .flatten()
        .map(|side| name(side))
        .collect();
    for variant in duka_emulator::variants() {
        if variant.name().starts_with("kwikpaisa.") {
            assert!(named.contains(variant.name()), "{}", variant.name());
        }
    }
}

#[test]
fn what_decides_about_money_comes_first_and_no_id_stands_twice() {
    let money: Vec<bool> = ASSUMPTIONS.iter().map(|it| it.money).collect();
    assert!(money[0] && money.is_sorted_by(|a, b| a >= b), "{money:?}");
    let ids: BTreeSet<_> = ASSUMPTIONS.iter().map(|it| it.id).collect();
    assert_eq!(ids.len(), ASSUMPTIONS.len());
}

#[test]
fn every_probe_is_one_of_those_that_change_nothing() {
    const PROBES: [&str; 4] = [
        "status_of_unknown_order",
        "status_with_wrong_signature",
        "status_with_old_timestamp",
        "status_with_wrong_key",
    ];
    let probes: BTreeSet<_> = ASSUMPTIONS.iter().filter_map(|it| it.probe.by()).collect();
    assert!(!probes.is_empty());
    for probe in probes {
        assert!(PROBES.contains(&probe), "{probe}");
    }
}

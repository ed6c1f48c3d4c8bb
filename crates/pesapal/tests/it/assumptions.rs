//! The table of assumptions, against the emulator that is to take all of their sides.

use std::collections::BTreeSet;

use duka_pesapal::assumptions::ASSUMPTIONS;

#[test]
fn every_assumption_has_two_sides_at_the_emulator_or_says_why_not() {
    for assumption in &ASSUMPTIONS {
        let names = match assumption.variants {
            Ok(names) => names,
            Err(reason) => {
                assert!(reason.len() > 10, "{}: {reason:?}", assumption.id);
                continue;
            }
        };
        assert!(!names.is_empty(), "{}", assumption.id);
        for name in names {
            let found = duka_emulator::variants()
                .iter()
                .find(|it| it.name() == *name);
            let variant = found.unwrap_or_else(|| panic!("{}: no variant {name}", assumption.id));
            assert!(variant.values().len() >= 2, "{name}");
        }
    }
}

#[test]
fn every_variant_belongs_to_an_assumption() {
    let named: BTreeSet<&str> = ASSUMPTIONS
        .iter()
        .flat_map(|it| it.variants.unwrap_or_default())
        .copied()
        .collect();
    for variant in duka_emulator::variants() {
        if variant.name().starts_with("pesapal.") {
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
    const PROBES: [&str; 6] = [
        "token",
        "status_of_unknown_order",
        "status_with_made_up_token",
        "status_in_capitals",
        "two_tokens",
        "list_ipns",
    ];
    let probes: BTreeSet<_> = ASSUMPTIONS.iter().filter_map(|it| it.probe.ok()).collect();
    assert!(!probes.is_empty());
    for probe in probes {
        assert!(PROBES.contains(&probe), "{probe}");
    }
}

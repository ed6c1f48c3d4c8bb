//! The variants of both gateways, by name: what `GET` and `POST /_emulator/variants` list and set.

use serde::Serialize;
use thiserror::Error;

use super::table::Variant;
use super::{kwikpaisa, pesapal};
use crate::gateway::Gateway;

impl Variant {
    /// The variant of this dotted name.
    ///
    /// # Errors
    ///
    /// [`VariantError::UnknownName`] where there is none.
    pub fn named(name: &str) -> Result<&'static Self, VariantError> {
        variants()
            .iter()
            .find(|it| it.name == name)
            .ok_or_else(|| VariantError::UnknownName {
                name: name.to_owned(),
            })
    }

    pub(super) fn place(&self, value: &str) -> Result<usize, VariantError> {
        let found = self.values.iter().position(|it| *it == value);
        found.ok_or_else(|| VariantError::UnknownValue {
            name: self.name,
            value: value.to_owned(),
            valid: self.values,
        })
    }
}

/// Every variant of both gateways, in the order in which they are listed to people.
#[must_use]
pub fn variants() -> &'static [Variant] {
    // One slice of both tables, made by the compiler.
    const COUNT: usize = kwikpaisa::VARIANTS.len() + pesapal::VARIANTS.len();
    const ALL: [Variant; COUNT] = {
        let mut all = [kwikpaisa::VARIANTS[0]; COUNT];
        let mut at = 0;
        while at < COUNT {
            all[at] = match at.checked_sub(kwikpaisa::VARIANTS.len()) {
                None => kwikpaisa::VARIANTS[at],
                Some(rest) => pesapal::VARIANTS[rest],
            };
            at += 1;
        }
        all
    };
    static TABLE: [Variant; COUNT] = ALL;
    &TABLE
}

/// A variant and the value it has at present.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct VariantSetting {
    /// The variant's dotted name.
    pub name: &'static str,
    /// The gateway whose answer it decides.
    pub gateway: Gateway,
    /// The names of its values, the default first.
    pub values: &'static [&'static str],
    /// The name of the value that holds unless another is set.
    pub default: &'static str,
    /// The name of the value it has.
    pub value: &'static str,
    /// What it decides.
    pub about: &'static str,
}

impl VariantSetting {
    pub(super) fn new(variant: &Variant, value: &'static str) -> Self {
        Self {
            name: variant.name,
            gateway: variant.gateway,
            values: variant.values,
            default: variant.default(),
            value,
            about: variant.about(),
        }
    }
}

/// Why a value of a variant could not be chosen.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum VariantError {
    /// No variant has this name; [`variants`] lists those there are.
    #[error("no variant is named {name:?}{}", similar(name))]
    UnknownName {
        /// The name asked for.
        name: String,
    },
    /// The variant has no such value.
    #[error("{name} has no value {value:?}; it is one of {}", valid.join(", "))]
    UnknownValue {
        /// The variant's name.
        name: &'static str,
        /// The value asked for.
        value: String,
        /// The names of the values it has.
        valid: &'static [&'static str],
    },
}

/// Names with the same last word, for a name with the wrong gateway or with none.
fn similar(name: &str) -> String {
    let last = |name: &str| name.rsplit('.').next().map(str::to_owned);
    let near: Vec<_> = variants()
        .iter()
        .map(Variant::name)
        .filter(|known| last(known) == last(name))
        .collect();
    if near.is_empty() {
        String::new()
    } else {
        format!("; is it {}?", near.join(" or "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::variants::Behaviour;

    #[test]
    fn every_name_is_its_gateways_and_no_two_are_alike() {
        let mut names: Vec<_> = variants().iter().map(Variant::name).collect();
        for variant in variants() {
            let (gateway, own) = variant.name().split_once('.').unwrap();
            assert_eq!(gateway, variant.gateway().as_str());
            let fits = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'_';
            for word in [&[own], variant.values()].concat() {
                assert!(word.bytes().all(fits), "{word}");
            }
            assert!(variant.values().len() >= 2, "{}", variant.name());
            assert_eq!(variant.meanings().len(), variant.values().len());
            for sentence in [&[variant.about()], variant.meanings()].concat() {
                assert!(sentence.ends_with('.'), "{sentence}");
            }
        }
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), variants().len());
    }

    #[test]
    fn every_value_can_be_set_and_read_and_the_first_is_the_default() {
        for variant in variants() {
            let mut behaviour = Behaviour::default();
            assert_eq!(behaviour.get(variant.name()), Ok(variant.default()));
            assert_eq!(variant.default(), variant.values()[0]);
            for (index, value) in variant.values().iter().enumerate() {
                behaviour.set(variant.name(), value).unwrap();
                assert_eq!(behaviour.get(variant.name()), Ok(*value));
                assert_eq!(behaviour == Behaviour::default(), index == 0);
                let others =
                    |it: &&VariantSetting| it.name != variant.name() && it.value != it.default;
                assert_eq!(behaviour.settings().iter().filter(others).count(), 0);
            }
        }
    }

    #[test]
    fn a_wrong_name_or_value_is_told_with_the_right_ones() {
        let mut behaviour = Behaviour::default();
        let mut refusal = |name, value| behaviour.set(name, value).unwrap_err().to_string();
        assert_eq!(
            refusal("pesapal.cancel_refusals", "http_400"),
            r#"no variant is named "pesapal.cancel_refusals""#
        );
        assert_eq!(
            refusal("date_zone", "utc"),
            r#"no variant is named "date_zone"; is it kwikpaisa.date_zone?"#
        );
        assert_eq!(
            refusal("kwikpaisa.date_zone", "IST"),
            r#"kwikpaisa.date_zone has no value "IST"; it is one of utc, india"#
        );
        assert_eq!(behaviour, Behaviour::default());
    }
}

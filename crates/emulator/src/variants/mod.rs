//! What the gateways' pages leave open: one table of variants, each a question with named answers and a default.

pub(crate) mod kwikpaisa;
pub(crate) mod pesapal;

mod by_name;
#[cfg(any(test, feature = "test-support"))]
mod pairwise;
mod table;

pub use by_name::{VariantError, VariantSetting, variants};
#[cfg(any(test, feature = "test-support"))]
pub use pairwise::{Combination, pairwise};
pub(crate) use table::Question;
pub use table::{Evidence, Variant};

use std::collections::BTreeMap;
use std::time::Duration;

/// How the emulator answers where the real gateways' answer is not known.
///
/// The defaults are one plausible gateway. A client should pass with every other answer too; [`variants`] lists them.
///
/// ```
/// use duka_emulator::Behaviour;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut behaviour = Behaviour::default();
/// behaviour.set("kwikpaisa.cancel_refusal", "failed_envelope")?;
/// assert_eq!(behaviour.get("kwikpaisa.cancel_refusal")?, "failed_envelope");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Behaviour {
    /// By the variant's name, the place of the value in its list; the defaults are left out.
    chosen: BTreeMap<&'static str, usize>,
    /// Pesapal: a cancel of an order younger than this is refused; zero, the default, refuses none.
    ///
    /// The only successful cancel ever recorded was of an order over two hours old. It is a figure, so it is not among
    /// the named variants.
    pub cancel_not_before: Duration,
}

impl Behaviour {
    /// Chooses a value of a variant, both by name.
    ///
    /// # Errors
    ///
    /// [`VariantError`] where there is no such variant, or it has no such value; nothing changes then.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), VariantError> {
        let variant = Variant::named(name)?;
        match variant.place(value)? {
            0 => self.chosen.remove(variant.name()),
            place => self.chosen.insert(variant.name(), place),
        };
        Ok(())
    }

    /// The name of the value that a variant has.
    ///
    /// # Errors
    ///
    /// [`VariantError`] where there is no such variant.
    pub fn get(&self, name: &str) -> Result<&'static str, VariantError> {
        Ok(self.chosen(Variant::named(name)?))
    }

    /// What the emulator does about a question.
    pub(crate) fn value<T: Copy>(&self, question: &Question<T>) -> T {
        question.answers[self.place(&question.variant)]
    }

    fn chosen(&self, variant: &Variant) -> &'static str {
        variant.values()[self.place(variant)]
    }

    fn place(&self, variant: &Variant) -> usize {
        self.chosen.get(variant.name()).copied().unwrap_or_default()
    }

    /// Every variant and its present value, as `GET /_emulator/variants` lists them.
    #[must_use]
    pub fn settings(&self) -> Vec<VariantSetting> {
        variants()
            .iter()
            .map(|it| VariantSetting::new(it, self.chosen(it)))
            .collect()
    }
}

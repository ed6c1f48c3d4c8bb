//! What the gateways' pages leave open: named choices with one default each, and the table of their names.
//!
//! Each choice is an enum, a field of its gateway's struct, and a [`Variant`] with a dotted name for programs
//! that set it over HTTP. All three come from one list per gateway, in the modules below.

pub mod kwikpaisa;
pub mod pesapal;

mod names;
mod pairs;

pub use names::{Variant, VariantError, VariantSetting, variants};
pub use pairs::{Combination, pairwise};

use std::time::Duration;

use kwikpaisa::KwikPaisaBehaviour;
use pesapal::PesapalBehaviour;

/// How the emulator answers where the real gateways' answer is not known.
///
/// The defaults are one plausible gateway. A client should pass with every other choice too, which are listed by
/// [`variants`] and combined by [`pairwise`]. A choice is a field, or a name:
///
/// ```
/// use duka_emulator::Behaviour;
/// use duka_emulator::behaviour::kwikpaisa::CancelRefusal;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut behaviour = Behaviour::default();
/// behaviour.kwikpaisa.cancel_refusal = CancelRefusal::FailedEnvelope;
///
/// let mut the_same = Behaviour::default();
/// the_same.set("kwikpaisa.cancel_refusal", "failed_envelope")?;
/// assert_eq!(behaviour, the_same);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Behaviour {
    /// KwikPaisa's side of it.
    pub kwikpaisa: KwikPaisaBehaviour,
    /// Pesapal's side of it.
    pub pesapal: PesapalBehaviour,
    /// Pesapal: a cancel of an order younger than this is refused; zero, the default, refuses none.
    ///
    /// The only successful cancel ever recorded was of an order over two hours old. As it is a figure, it is none of
    /// the named choices.
    pub cancel_not_before: Duration,
}

impl Behaviour {
    /// Makes a choice by its dotted name and the name of the value.
    ///
    /// # Errors
    ///
    /// [`VariantError`] where there is no such name, or the choice has no such value; nothing changes then.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), VariantError> {
        let variant = Variant::named(name)?;
        variant.choose(self, value)
    }

    /// The name of the value chosen, by the choice's dotted name.
    ///
    /// # Errors
    ///
    /// [`VariantError`] where there is no such name.
    pub fn get(&self, name: &str) -> Result<&'static str, VariantError> {
        Ok(Variant::named(name)?.chosen(self))
    }

    /// Every choice and its present value, as `GET /_emulator/variants` lists them.
    #[must_use]
    pub fn settings(&self) -> Vec<VariantSetting> {
        variants()
            .iter()
            .map(|it| VariantSetting::new(it, it.chosen(self)))
            .collect()
    }
}

/// Writes one gateway's choices as enums, as the fields of a struct, and as a table.
///
/// A value is `"its name" => ItsVariant`; the first is the default.
macro_rules! choices {
    (
        $(#[doc = $intro:literal])+
        $behaviour:ident is $member:ident of $gateway:ident in $table:ident;

        $(
            $(#[doc = $about:literal])+
            $field:ident: $choice:ident {
                $(#[doc = $first_about:literal])+
                $first_name:literal => $first:ident,
                $(
                    $(#[doc = $value_about:literal])+
                    $name:literal => $value:ident,
                )+
            }
        )+
    ) => {
        $(#[doc = $intro])+
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct $behaviour {
            $(
                $(#[doc = $about])+
                pub $field: $choice,
            )+
        }

        $(
            $(#[doc = $about])+
            #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
            #[non_exhaustive]
            pub enum $choice {
                $(#[doc = $first_about])+
                #[default]
                $first,
                $(
                    $(#[doc = $value_about])+
                    $value,
                )+
            }

            impl $choice {
                const ALL: &'static [(&'static str, Self)] =
                    &[($first_name, Self::$first), $(($name, Self::$value)),+];

                const fn name(self) -> &'static str {
                    match self {
                        Self::$first => $first_name,
                        $(Self::$value => $name,)+
                    }
                }
            }
        )+

        pub(super) static $table: &[$crate::behaviour::Variant] = &[$(
            $crate::behaviour::Variant {
                name: concat!(stringify!($member), ".", stringify!($field)),
                gateway: $crate::gateway::Gateway::$gateway,
                values: &[$first_name, $($name),+],
                about: concat!($($about),+),
                read: |behaviour| behaviour.$member.$field.name(),
                write: |behaviour, name| {
                    let found = $choice::ALL.iter().find(|(known, _)| *known == name)?;
                    behaviour.$member.$field = found.1;
                    Some(())
                },
            },
        )+];
    };
}
use choices;

//! How one list is read: its layout, from the settings and the command line, and the account of
//! rows that name none.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use duka_core::AccountName;

use crate::args::ListArgs;
use crate::config::Config;
use crate::config::import::{Format, Layout, Numbers};
use crate::failure::Failure;
use crate::gateways::GatewayKind;

/// All that is needed to read a list, apart from the list.
#[derive(Clone)]
pub(crate) struct Reading(Arc<Inner>);

struct Inner {
    layout: Layout,
    /// The configured accounts.
    accounts: Vec<(AccountName, GatewayKind)>,
    /// What the command line says; rows of another account are refused.
    chosen: Option<AccountName>,
    /// Whether the user knows what of the list is not read.
    told: AtomicBool,
}

impl Reading {
    pub(crate) fn of(
        args: &ListArgs,
        config: &Config,
        chosen: Option<AccountName>,
    ) -> Result<Self, Failure> {
        let mut layout = match args.format.as_deref() {
            None => Layout::of(Format::Duka),
            Some(name) => match Format::named(name) {
                Some(format) => Layout::of(format),
                None => config
                    .imports
                    .get(name)
                    .cloned()
                    .ok_or_else(|| no_format(name, config))?,
            },
        };
        for entry in &args.map {
            let (field, column) = entry.split_once('=').ok_or_else(|| {
                Failure::usage(format!(
                    "--map: {entry:?} is not of the form FIELD=COLUMN; a column with a comma in its name goes into [import.NAME] in duka.toml"
                ))
            })?;
            layout.map("--map", field.trim(), unquoted(column.trim()))?;
        }
        if let Some(text) = &args.delimiter {
            layout.set_delimiter("--delimiter", text)?;
        }
        if let Some(name) = &args.time_zone {
            layout.set_time_zone("--time-zone", name)?;
        }
        if args.decimal_comma {
            layout.numbers = Numbers::DecimalComma;
        } else if args.thousands_comma {
            layout.numbers = Numbers::ThousandsComma;
        }
        let accounts = config.accounts.iter();
        let accounts = accounts.map(|(name, account)| (name.clone(), account.gateway));
        Ok(Self(Arc::new(Inner {
            layout,
            accounts: accounts.collect(),
            chosen,
            told: AtomicBool::new(false),
        })))
    }

    /// Whether to say what of the list is not read: once, however often it is read.
    pub(crate) fn is_to_be_told(&self) -> bool {
        !self.0.told.swap(true, Ordering::Relaxed)
    }

    pub(super) fn layout(&self) -> &Layout {
        &self.0.layout
    }

    /// The account of rows that name none: what the command line says, or the only one.
    pub(super) fn account_of_all(&self) -> Option<&AccountName> {
        match (&self.0.chosen, self.0.accounts.as_slice()) {
            (Some(chosen), _) => Some(chosen),
            (None, [(only, _)]) => Some(only),
            (None, _) => None,
        }
    }

    /// The account of a row, by its name, or what is wrong with it.
    pub(super) fn account(&self, name: &str) -> Result<(AccountName, GatewayKind), String> {
        let account = AccountName::new(name).map_err(|error| error.to_string())?;
        let configured = self.0.accounts.iter().find(|(name, _)| *name == account);
        let Some((account, gateway)) = configured else {
            return Err(format!(
                "account {account} is not configured; configured: {}",
                self.configured()
            ));
        };
        match &self.0.chosen {
            Some(chosen) if chosen != account => {
                Err(format!("is {account}, and --account says {chosen}"))
            }
            _ => Ok((account.clone(), *gateway)),
        }
    }

    pub(super) fn configured(&self) -> String {
        let names: Vec<_> = self
            .0
            .accounts
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        if names.is_empty() {
            "none is".to_owned()
        } else {
            names.join(", ")
        }
    }
}

fn no_format(name: &str, config: &Config) -> Failure {
    let known: Vec<_> = Format::ALL
        .map(Format::name)
        .into_iter()
        .chain(config.imports.keys().map(String::as_str))
        .collect();
    Failure::usage(format!(
        "--format {name:?} is not known; it can be {}, or the NAME of an [import.NAME] in duka.toml",
        known.join(", ")
    ))
}

/// A shell removes such quotes, unless they are quoted themselves.
fn unquoted(column: &str) -> &str {
    let inner = column
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    inner.unwrap_or(column)
}

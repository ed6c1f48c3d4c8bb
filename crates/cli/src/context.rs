//! What every command needs: settings, clock, store, accounts and a way to print.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use duka_core::clock::SharedClock;
use duka_core::{AccountName, Gateway, OrderId};
use duka_engine::{Canceller, Lease, RefundStore, Refunder, Settings, SqliteStore};
use jiff::Timestamp;
use tempfile::TempDir;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::accounts::{self, Caller};
use crate::args::Args;
use crate::bound::Bound;
use crate::config::{Account, Config};
use crate::environment;
use crate::failure::Failure;
use crate::gateways::GatewayKind;
use crate::output::Output;
use crate::spreadsheet;

/// What the command line says apart from the command; nothing has been read or opened.
pub(crate) struct Context {
    pub(crate) output: Output,
    pub(crate) clock: SharedClock,
    config_file: Option<PathBuf>,
    store_url: Option<String>,
    account: Option<String>,
    started: Instant,
    stop: CancellationToken,
    /// Where a store is that is needed only while the command runs.
    scratch: OnceLock<TempDir>,
}

/// What to do if the store does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Absent {
    /// Create it.
    Make,
    /// Refuse: a new store would hold nothing to work on, and would hide a mistyped path.
    Refuse,
    /// Work with an empty one elsewhere, which goes when the command ends.
    DoWithout,
}

impl Context {
    pub(crate) fn new(args: &Args, stop: CancellationToken) -> Self {
        Self {
            output: Output::of(args),
            clock: SharedClock::new(Timestamp::now),
            config_file: args.config.clone(),
            store_url: args.store.clone(),
            account: args.account.clone(),
            started: Instant::now(),
            stop,
            scratch: OnceLock::new(),
        }
    }

    pub(crate) fn config(&self) -> Result<Config, Failure> {
        let config = Config::load(
            self.config_file.as_deref(),
            self.store_url.as_deref(),
            &environment::variable,
        );
        for warning in environment::warnings(config.as_ref().ok()) {
            self.output.print_note(&warning);
        }
        config
    }

    /// The program with the options that choose a store and an account, for a command line that a
    /// person can copy.
    pub(crate) fn program(&self) -> String {
        let config = self
            .config_file
            .as_ref()
            .map(|path| path.display().to_string());
        let options = [
            ("--config", config),
            // Another address than a path may hold a password.
            (
                "--store",
                self.store_url
                    .clone()
                    .filter(|url| url.starts_with("sqlite:")),
            ),
            ("--account", self.account.clone()),
        ];
        let mut program = "duka".to_owned();
        for (option, value) in options {
            if let Some(value) = value {
                program = format!("{program} {option} {}", quoted(&value));
            }
        }
        program
    }

    /// Cancelled by the first signal, where the command ends in order.
    pub(crate) fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    /// How long the command may take: as the command line says, or else the settings.
    pub(crate) fn bound(&self, config: &Config, total: Option<Duration>) -> Bound {
        let total = total.unwrap_or(config.waits.give_up_after);
        Bound::new(self.started, total, self.stop.clone())
    }

    /// The account that `--account` names, if it does.
    pub(crate) fn chosen(&self, config: &Config) -> Result<Option<AccountName>, Failure> {
        let Some(name) = &self.account else {
            return Ok(None);
        };
        let found = config.accounts.keys().find(|known| known.as_str() == name);
        found.cloned().map(Some).ok_or_else(|| {
            Failure::usage(format!(
                "account {name} is not configured in {}; there {}",
                config.origin,
                known_accounts(config)
            ))
        })
    }

    /// The account that `--account` names, or the only suitable one.
    pub(crate) fn only_account(
        &self,
        config: &Config,
        gateway: Option<GatewayKind>,
    ) -> Result<AccountName, Failure> {
        if let Some(name) = self.chosen(config)? {
            return Ok(name);
        }
        let mut fitting = config
            .accounts
            .iter()
            .filter(|(_, account)| gateway.is_none_or(|wanted| account.gateway == wanted))
            .map(|(name, _)| name);
        match (fitting.next(), fitting.next()) {
            (Some(only), None) => Ok(only.clone()),
            (None, _) => Err(no_account(config, gateway)),
            (Some(_), Some(_)) => Err(Failure::usage(format!(
                "there is more than one account ({}); say which with --account",
                known_accounts(config)
            ))),
        }
    }

    /// Opens the store off the runtime's threads, since another process may keep it for a while.
    pub(crate) async fn open_store(
        &self,
        config: &Config,
    ) -> Result<Arc<dyn RefundStore>, Failure> {
        let path = config.store.strip_prefix("sqlite:").ok_or_else(|| {
            Failure::usage(format!(
                "store {:?} is not of the form sqlite:PATH, the only kind this version has",
                scheme_only(&config.store)
            ))
        })?;
        self.open_store_at(Path::new(path)).await
    }

    /// An empty store, which goes when the command ends.
    async fn scratch_store(&self) -> Result<Arc<dyn RefundStore>, Failure> {
        let folder = tempfile::tempdir().map_err(|error| {
            Failure::failed(format!(
                "failed to make a folder for temporary files: {error}"
            ))
        })?;
        let path = self.scratch.get_or_init(|| folder).path().join("duka.db");
        self.open_store_at(&path).await
    }

    async fn open_store_at(&self, path: &Path) -> Result<Arc<dyn RefundStore>, Failure> {
        let (path, clock) = (path.to_owned(), self.clock.clone());
        let opened = tokio::task::spawn_blocking(move || SqliteStore::open(path, clock)).await;
        let store = opened
            .map_err(|_| Failure::failed("failed to open the store: it was cut off"))?
            .map_err(|error| Failure::store("open the store", &error))?;
        Ok(Arc::new(store))
    }

    /// The store, for a command that only reads it. It is not created, because that would hide a
    /// mistyped path.
    pub(crate) async fn existing_store(
        &self,
        config: &Config,
    ) -> Result<Arc<dyn RefundStore>, Failure> {
        must_exist(config)?;
        self.open_store(config).await
    }

    /// What every adapter needs.
    pub(crate) fn caller(&self, config: &Config) -> Result<Caller, Failure> {
        Caller::open(
            self.clock.clone(),
            config.waits.timeout,
            config.proxy.as_ref(),
        )
    }

    /// A worker for all accounts, or for the one that `--account` names.
    pub(crate) async fn canceller(
        &self,
        config: &Config,
        absent: Absent,
    ) -> Result<Canceller, Failure> {
        let (gateways, settings) = self.workplace(config)?;
        let store = self.store(config, absent).await?;
        let clock = self.clock.clone();
        Ok(Canceller::new(store, gateways, clock, settings))
    }

    /// The same on a store that is open.
    pub(crate) fn canceller_on(
        &self,
        store: Arc<dyn RefundStore>,
        config: &Config,
    ) -> Result<Canceller, Failure> {
        let (gateways, settings) = self.workplace(config)?;
        let clock = self.clock.clone();
        Ok(Canceller::new(store, gateways, clock, settings))
    }

    /// The same for refunds.
    pub(crate) async fn refunder(
        &self,
        config: &Config,
        absent: Absent,
    ) -> Result<Refunder, Failure> {
        let (gateways, settings) = self.workplace(config)?;
        let store = self.store(config, absent).await?;
        let clock = self.clock.clone();
        Ok(Refunder::new(store, gateways, clock, settings))
    }

    /// The same on a store that is open.
    pub(crate) fn refunder_on(
        &self,
        store: Arc<dyn RefundStore>,
        config: &Config,
    ) -> Result<Refunder, Failure> {
        let (gateways, settings) = self.workplace(config)?;
        let clock = self.clock.clone();
        Ok(Refunder::new(store, gateways, clock, settings))
    }

    /// Gateways and settings of a worker.
    fn workplace(&self, config: &Config) -> Result<Workplace, Failure> {
        if config.accounts.is_empty() {
            return Err(no_account(config, None));
        }
        let chosen = self.chosen(config)?;
        let caller = self.caller(config)?;
        let mut gateways: BTreeMap<AccountName, Arc<dyn Gateway>> = BTreeMap::new();
        for (name, account) in &config.accounts {
            if chosen.as_ref().is_none_or(|only| only == name) {
                gateways.insert(name.clone(), accounts::gateway(name, account, &caller)?);
            }
        }
        let worker = format!("duka {}", std::process::id());
        let lease = Lease::new(config.waits.lease);
        let lease = lease.map_err(|error| Failure::usage(error.to_string()))?;
        let settings = Settings::new(worker)
            .wait_policy(config.waits.wait_policy)
            .lease(lease)
            .amount_check(config.amount_check);
        Ok((gateways, settings))
    }

    /// The store of a worker.
    async fn store(
        &self,
        config: &Config,
        absent: Absent,
    ) -> Result<Arc<dyn RefundStore>, Failure> {
        match absent {
            Absent::Make => self.open_store(config).await,
            Absent::Refuse => self.existing_store(config).await,
            Absent::DoWithout => match missing_store(config)? {
                None => self.open_store(config).await,
                Some(path) => {
                    self.output.print_note(&format!(
                        "there is no store at {}, and none is made; what duka did before is not known",
                        path.display()
                    ));
                    self.scratch_store().await
                }
            },
        }
    }
}

/// The gateways of the accounts, and the settings.
type Workplace = (BTreeMap<AccountName, Arc<dyn Gateway>>, Settings);

/// Where the store is or will be.
pub(crate) fn store_path(config: &Config) -> Option<&Path> {
    config.store.strip_prefix("sqlite:").map(Path::new)
}

/// The path of the store, if no file is there.
pub(crate) fn missing_store(config: &Config) -> Result<Option<&Path>, Failure> {
    let Some(path) = store_path(config) else {
        return Ok(None);
    };
    match path.try_exists() {
        Ok(true) => Ok(None),
        Ok(false) => Ok(Some(path)),
        // A path that cannot be read is not a missing store.
        Err(error) => Err(Failure::usage(format!(
            "failed to look for a store at {}: {error}",
            path.display()
        ))),
    }
}

/// Refuses to go on without a store.
pub(crate) fn must_exist(config: &Config) -> Result<(), Failure> {
    missing_store(config)?.map_or(Ok(()), |path| {
        Err(Failure::usage(format!(
            "there is no store at {}; fix --store, DUKA_STORE or the configuration, or make one with `duka create`, `track`, `cancel` or `sweep --orders`",
            path.display()
        )))
    })
}

/// Reads a merchant's own id as its gateway takes it.
pub(crate) fn order_id(account: &Account, text: &str) -> Result<OrderId, Failure> {
    unchanged(text)?;
    let id = account.gateway.merchants_id(text);
    id.map_err(|error| Failure::usage(format!("{text:?}: {error}")))
}

/// Refuses an id or a reference that a spreadsheet has changed: it may be another order's.
pub(crate) fn unchanged(text: &str) -> Result<(), Failure> {
    spreadsheet::change(text).map_or(Ok(()), |change| {
        let advice = spreadsheet::GIVE_AS_TEXT;
        Err(Failure::usage(format!("{text:?} {change}; {advice}")))
    })
}

fn known_accounts(config: &Config) -> String {
    let names: Vec<_> = config.accounts.keys().map(AccountName::as_str).collect();
    if names.is_empty() {
        "is no account".to_owned()
    } else {
        names.join(", ")
    }
}

fn no_account(config: &Config, gateway: Option<GatewayKind>) -> Failure {
    let which = gateway.map_or_else(String::new, |kind| format!("{} ", kind.as_str()));
    let variables =
        GatewayKind::ALL.map(|kind| kind.keys().map(|key| kind.variable(key)).join(" and "));
    Failure::usage(format!(
        "no {which}account is configured in {}; set {}, or write accounts into duka.toml",
        config.origin,
        variables.join(", or ")
    ))
}

/// An argument as a shell takes it.
pub(crate) fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./:@%+=,".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// A store's address may hold a password; only its scheme is shown.
fn scheme_only(url: &str) -> String {
    match url.split_once(':') {
        Some((scheme, _)) => format!("{scheme}:…"),
        None => "…".to_owned(),
    }
}

//! Configuration: a file, or the environment alone. Secrets are only named here; their
//! values are read when an account is used.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use duka_core::{AccountName, PersonalData};
use duka_engine::AmountCheck;
use duka_http::{BaseUrl, ProxyUrl};
use jiff::tz::TimeZone;
use secrecy::SecretString;
use serde::Deserialize;

use self::import::{ImportTable, Layout};
use self::sweep::{SweepSettings, SweepTable};
use self::waits::{CancelTable, HttpTable, Waits};
use crate::failure::Failure;
use crate::gateways::{GatewayKind, System};
use crate::small_file;

#[cfg(test)]
mod documented;
pub(crate) mod import;
mod sweep;
pub(crate) mod waits;

/// The file that is read if the command line names none.
const DEFAULT_FILE: &str = "duka.toml";
const DEFAULT_STORE: &str = "sqlite:duka.db";

/// Reads a variable of the environment, or fails where it cannot be read; a function, so that tests
/// bring their own.
pub(crate) type Environment<'a> = &'a dyn Fn(&str) -> Result<Option<String>, Failure>;

/// All settings.
#[derive(Debug)]
pub(crate) struct Config {
    /// Where cancellations are kept.
    pub(crate) store: String,
    /// The accounts by name.
    pub(crate) accounts: BTreeMap<AccountName, Account>,
    /// How long to wait for what.
    pub(crate) waits: Waits,
    /// The proxy that gateways are reached through.
    pub(crate) proxy: Option<ProxyUrl>,
    /// Whether an order that shows another amount than expected may be cancelled.
    pub(crate) amount_check: AmountCheck,
    /// Which orders a sweep leaves alone.
    pub(crate) sweep: SweepSettings,
    /// How lists of orders are written, by the names that the file gives to that.
    pub(crate) imports: BTreeMap<String, Layout>,
    /// Where the settings come from, for messages.
    pub(crate) origin: String,
}

/// One account at one gateway.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) gateway: GatewayKind,
    /// Where the two credentials are kept, in the order in which the adapter takes them.
    pub(crate) keys: [SecretSource; 2],
    /// The value of [`GatewayKind::own_setting`].
    pub(crate) own_setting: Option<String>,
    pub(crate) system: System,
    pub(crate) base_url: Option<BaseUrl>,
    /// The zone of times in its gateway's replies that name none, where it is not the adapter's own.
    pub(crate) time_zone: Option<TimeZone>,
    pub(crate) personal_data: PersonalData,
}

/// The longest configuration file, in bytes.
const LONGEST_FILE: u64 = 1024 * 1024;
/// The longest file with a secret, in bytes.
const LONGEST_SECRET: u64 = 64 * 1024;

/// Where a secret is kept.
#[derive(Debug, Clone)]
pub(crate) enum SecretSource {
    Variable(String),
    File(PathBuf),
}

impl fmt::Display for SecretSource {
    /// Names it, unless it may be the secret itself, put where its place belongs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) if looks_like_a_variable(name) => {
                write!(f, "environment variable {name}")
            }
            Self::Variable(_) => f.write_str(
                "the environment variable that the configuration names (not shown, for it may be the secret itself)",
            ),
            Self::File(path) if path.exists() => write!(f, "{}", path.display()),
            Self::File(path) => {
                let folder = path.parent().filter(|folder| folder.exists());
                let place = folder.map(|it| format!(" in {}", it.display()));
                let place = place.unwrap_or_default();
                write!(
                    f,
                    "the file{place} that the configuration names (not shown, for it may be the secret itself)"
                )
            }
        }
    }
}

/// Whether a text is written as variables are, and not as keys are.
fn looks_like_a_variable(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let digits = text.chars().filter(char::is_ascii_digit).count();
    text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.chars().all(allowed)
        && text.len() <= 64
        && digits <= 4
        && (text.contains('_') || text.len() <= 12)
}

impl SecretSource {
    /// Reads the secret; white space around it comes from editors and shells, and is cut.
    pub(crate) fn read(&self, environment: Environment<'_>) -> Result<SecretString, Failure> {
        let text = match self {
            // A name that cannot be one may be the secret itself, and is asked for nothing.
            Self::Variable(name) if name.contains(['=', '\0']) || name.is_empty() => {
                return Err(Failure::usage(format!("{self} has no such name")));
            }
            Self::Variable(name) => environment(name)?.ok_or_else(|| {
                Failure::usage(format!("{self} is not set; put the secret there"))
            })?,
            Self::File(path) => small_file::read(path, LONGEST_SECRET)
                .map_err(|problem| Failure::usage(format!("failed to read {self}: {problem}")))?,
        };
        let secret = text.trim();
        if secret.is_empty() {
            return Err(Failure::usage(match self {
                Self::Variable(_) => format!("{self} is empty"),
                Self::File(_) => format!("the secret in {self} is empty"),
            }));
        }
        Ok(SecretString::from(secret))
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    store: Option<String>,
    #[serde(default)]
    accounts: BTreeMap<String, AccountTable>,
    #[serde(default)]
    cancel: CancelTable,
    #[serde(default)]
    http: HttpTable,
    #[serde(default)]
    sweep: SweepTable,
    #[serde(default)]
    import: BTreeMap<String, ImportTable>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountTable {
    gateway: GatewayKind,
    environment: Option<String>,
    base_url: Option<String>,
    time_zone: Option<String>,
    #[serde(default)]
    keep_personal_data: bool,
    api_key_env: Option<String>,
    api_key_file: Option<PathBuf>,
    secret_key_env: Option<String>,
    secret_key_file: Option<PathBuf>,
    service_type: Option<String>,
    consumer_key_env: Option<String>,
    consumer_key_file: Option<PathBuf>,
    consumer_secret_env: Option<String>,
    consumer_secret_file: Option<PathBuf>,
    ipn_id: Option<String>,
    // Never read, only refused with advice.
    api_key: Option<Inline>,
    secret_key: Option<Inline>,
    consumer_key: Option<Inline>,
    consumer_secret: Option<Inline>,
}

/// A secret in the file itself; its value is dropped and never shown.
#[derive(Debug)]
struct Inline;

impl<'de> Deserialize<'de> for Inline {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde::de::IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

impl Config {
    /// Reads the named file, or `duka.toml` if there is one, or the environment alone.
    pub(crate) fn load(
        file: Option<&Path>,
        store: Option<&str>,
        environment: Environment<'_>,
    ) -> Result<Self, Failure> {
        let path = match file {
            Some(path) => Some(path.to_owned()),
            // A link that leads nowhere is there, and cannot be read.
            None => {
                Some(PathBuf::from(DEFAULT_FILE)).filter(|path| path.symlink_metadata().is_ok())
            }
        };
        let mut config = match path {
            Some(path) => {
                let mut config = Self::from_file(&path)?;
                if config.accounts.is_empty() {
                    // A file may hold other settings only.
                    config.accounts = Self::from_environment(environment)?.accounts;
                }
                config
            }
            None => Self::from_environment(environment)?,
        };
        let url = match store {
            Some(url) => Some(url.to_owned()),
            None => environment("DUKA_STORE")?,
        };
        if let Some(url) = url {
            config.store = url;
        }
        if let Some(text) = environment("DUKA_PROXY")? {
            config.proxy = Some(proxy("DUKA_PROXY", &text)?);
        }
        config.waits.read(environment)?;
        config.waits.check()?;
        config
            .sweep
            .check_accounts(&config.origin, &config.accounts)?;
        Ok(config)
    }

    /// The variables that accounts name for their secrets.
    pub(crate) fn variables_named(&self) -> impl Iterator<Item = &str> {
        self.accounts
            .values()
            .flat_map(|account| &account.keys)
            .filter_map(|source| match source {
                SecretSource::Variable(name) => Some(name.as_str()),
                SecretSource::File(_) => None,
            })
    }

    fn from_file(path: &Path) -> Result<Self, Failure> {
        let shown = path.display().to_string();
        let text = small_file::read(path, LONGEST_FILE)
            .map_err(|problem| Failure::usage(format!("failed to read {shown}: {problem}")))?;
        // Relative paths in it count from its folder.
        let folder = path.parent().unwrap_or(Path::new(""));
        // The message of a TOML error shows the line, and the line may be a secret's.
        let file: File = toml::from_str(&text).map_err(|error| {
            let line = error
                .span()
                .map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
            let place = line.map_or_else(String::new, |line| format!(" line {line}"));
            Failure::usage(format!(
                "failed to read {shown}:{place} {}",
                without_values(error.message())
            ))
        })?;
        let mut accounts = BTreeMap::new();
        for (name, table) in file.accounts {
            let place = format!("{shown}: account {name}");
            let name = AccountName::new(name)
                .map_err(|error| Failure::usage(format!("{shown}: {error}")))?;
            accounts.insert(name, table.check(&place, folder)?);
        }
        let waits = Waits::from_file(&shown, &file.cancel, &file.http)?;
        let sweep = file.sweep.check(&shown)?;
        let mut imports = BTreeMap::new();
        for (name, table) in file.import {
            let layout = table.check(&shown, &name)?;
            imports.insert(name, layout);
        }
        Ok(Self {
            store: match &file.store {
                Some(url) => store_beside(folder, url),
                None => DEFAULT_STORE.to_owned(),
            },
            accounts,
            waits,
            proxy: file.http.proxy(&shown)?,
            amount_check: file.cancel.amount_check(),
            sweep,
            imports,
            origin: shown,
        })
    }

    fn from_environment(environment: Environment<'_>) -> Result<Self, Failure> {
        let mut accounts = BTreeMap::new();
        for gateway in GatewayKind::ALL {
            let [first, second] = gateway.keys().map(|key| gateway.variable(key));
            match (environment(&first)?, environment(&second)?) {
                (None, None) => continue,
                (Some(_), Some(_)) => {}
                (None, Some(_)) => return Err(half_set(&second, &first)),
                (Some(_), None) => return Err(half_set(&first, &second)),
            }
            let own_setting = match gateway.own_variable() {
                Some(setting) => environment(&gateway.variable(setting))?,
                None => None,
            };
            let url_variable = gateway.variable("base_url");
            let base_url = environment(&url_variable)?
                .map(|url| base_url(&url_variable, &url))
                .transpose()?;
            let system = system(&gateway.variable("environment"), environment)?;
            let name = AccountName::new(gateway.as_str()).expect("a constant name is well formed");
            accounts.insert(
                name,
                Account {
                    gateway,
                    keys: [first, second].map(SecretSource::Variable),
                    own_setting,
                    system,
                    base_url,
                    time_zone: None,
                    personal_data: PersonalData::LeaveOut,
                },
            );
        }
        Ok(Self {
            store: DEFAULT_STORE.to_owned(),
            accounts,
            waits: Waits::default(),
            proxy: None,
            amount_check: AmountCheck::Compare,
            sweep: SweepSettings::default(),
            imports: BTreeMap::new(),
            origin: "the environment".to_owned(),
        })
    }
}

impl AccountTable {
    /// `place` names the account in messages; files that it names lie in `folder`.
    fn check(self, place: &str, folder: &Path) -> Result<Account, Failure> {
        let mut sources = [
            ("api_key", self.api_key_env, self.api_key_file, self.api_key),
            (
                "secret_key",
                self.secret_key_env,
                self.secret_key_file,
                self.secret_key,
            ),
            (
                "consumer_key",
                self.consumer_key_env,
                self.consumer_key_file,
                self.consumer_key,
            ),
            (
                "consumer_secret",
                self.consumer_secret_env,
                self.consumer_secret_file,
                self.consumer_secret,
            ),
        ];
        if let Some((key, ..)) = sources.iter().find(|(.., inline)| inline.is_some()) {
            return Err(Failure::usage(format!(
                "{place}: {key} stands in the file; name a variable with {key}_env or a file with {key}_file instead, and renew the secret if the file was shared"
            )));
        }
        let mut own_settings = [("service_type", self.service_type), ("ipn_id", self.ipn_id)];
        for other in GatewayKind::ALL
            .into_iter()
            .filter(|it| *it != self.gateway)
        {
            let foreign = |key: &str| {
                let gateway = self.gateway.as_str();
                Err(Failure::usage(format!(
                    "{place}: {key} is not a setting of {gateway}"
                )))
            };
            let keys = other.keys();
            let given = |(key, variable, file, _): &(&str, Option<String>, Option<PathBuf>, _)| {
                keys.contains(key) && (variable.is_some() || file.is_some())
            };
            if sources.iter().any(given) {
                return foreign(&keys.join(" or "));
            }
            let own = other.own_setting();
            if own_settings
                .iter()
                .any(|(key, value)| *key == own && value.is_some())
            {
                return foreign(own);
            }
        }
        let mut secret = |key: &str| {
            let source = sources.iter_mut().find(|(name, ..)| *name == key);
            match source.map(|(_, variable, file, _)| (variable.take(), file.take())) {
                Some((Some(name), None)) => Ok(SecretSource::Variable(name)),
                Some((None, Some(path))) => Ok(SecretSource::File(folder.join(path))),
                None | Some((None, None)) => Err(Failure::usage(format!(
                    "{place}: neither {key}_env nor {key}_file says where the secret is"
                ))),
                Some((Some(_), Some(_))) => Err(Failure::usage(format!(
                    "{place}: {key}_env and {key}_file are both set; keep one"
                ))),
            }
        };
        let [first, second] = self.gateway.keys();
        let keys = [secret(first)?, secret(second)?];
        let own = self.gateway.own_setting();
        let own_setting = own_settings.iter_mut().find(|(key, _)| *key == own);
        let own_setting = own_setting.and_then(|(_, value)| value.take());
        let base_url = self
            .base_url
            .map(|url| base_url(&format!("{place}: base_url"), &url))
            .transpose()?;
        Ok(Account {
            gateway: self.gateway,
            keys,
            own_setting,
            system: match self.environment.as_deref() {
                None => System::Sandbox,
                Some(word) => System::from_word(word)
                    .ok_or_else(|| no_system(&format!("{place}: environment")))?,
            },
            base_url,
            time_zone: self
                .time_zone
                .map(|name| time_zone(place, &name))
                .transpose()?,
            personal_data: if self.keep_personal_data {
                PersonalData::Keep
            } else {
                PersonalData::LeaveOut
            },
        })
    }
}

fn half_set(present: &str, missing: &str) -> Failure {
    Failure::usage(format!(
        "environment variable {missing} is not set, and {present} is; set both or neither"
    ))
}

fn system(variable: &str, environment: Environment<'_>) -> Result<System, Failure> {
    match environment(variable)? {
        None => Ok(System::Sandbox),
        Some(word) => System::from_word(&word).ok_or_else(|| no_system(variable)),
    }
}

/// What stands there is not shown, for it may be a secret in the wrong place.
fn no_system(place: &str) -> Failure {
    Failure::usage(format!("{place} must be sandbox or production"))
}

/// A store of a configuration file: its path counts from the file's folder.
fn store_beside(folder: &Path, url: &str) -> String {
    let path = url.strip_prefix("sqlite:").map(|path| folder.join(path));
    match path.as_deref().and_then(Path::to_str) {
        // What is no path of a file is refused as it stands.
        Some(_)
            if url == "sqlite:" || url == "sqlite::memory:" || url.starts_with("sqlite:file:") =>
        {
            url.to_owned()
        }
        Some(path) => format!("sqlite:{path}"),
        None => url.to_owned(),
    }
}

/// The message of a TOML error without the values it quotes.
fn without_values(message: &str) -> String {
    let message = match message.strip_prefix("unknown variant `") {
        Some(rest) => match rest.split_once('`') {
            Some((_, rest)) => format!("unknown word{rest}"),
            None => "unknown word".to_owned(),
        },
        None => message.to_owned(),
    };
    // A number or a truth is quoted with backticks.
    for kind in ["integer `", "float `", "boolean `"] {
        if let Some((before, rest)) = message.split_once(kind) {
            let behind = rest.split_once('`').map_or("", |(_, behind)| behind);
            let kind = kind.trim_end_matches(" `");
            return format!("{before}{kind}{behind}");
        }
    }
    match (message.find('"'), message.rfind('"')) {
        (Some(from), Some(to)) if from < to => {
            format!("{}…{}", &message[..=from], &message[to..])
        }
        _ => message,
    }
}

fn base_url(place: &str, text: &str) -> Result<BaseUrl, Failure> {
    BaseUrl::parse(text).map_err(|error| Failure::usage(format!("{place}: {error}")))
}

fn time_zone(place: &str, name: &str) -> Result<TimeZone, Failure> {
    TimeZone::get(name).map_err(|_| {
        Failure::usage(format!(
            "{place}: time_zone {name:?} is not the name of a time zone such as Asia/Kolkata"
        ))
    })
}

/// `place` names the setting; the text may hold a password, and is not quoted.
fn proxy(place: &str, text: &str) -> Result<ProxyUrl, Failure> {
    ProxyUrl::parse(text).map_err(|error| Failure::usage(format!("{place}: {error}")))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Duration;

    use super::*;

    fn from_text(text: &str) -> Result<Config, Failure> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("duka.toml");
        fs::write(&path, text).unwrap();
        Config::load(Some(&path), None, &|_| Ok(None))
    }

    fn complaint(text: &str) -> String {
        let message = from_text(text).unwrap_err().to_string();
        // The folder's name differs from run to run.
        let at = message.find("duka.toml").expect("the file is named");
        message[at..].to_owned()
    }

    fn with<'a>(
        pairs: &'a [(&'a str, &'a str)],
    ) -> impl Fn(&str) -> Result<Option<String>, Failure> + 'a {
        move |name| {
            let found = pairs.iter().find(|(key, _)| *key == name);
            Ok(found.map(|(_, value)| (*value).to_owned()))
        }
    }

    const SHOP: &str = "
        [accounts.shop-ke]
        gateway = \"pesapal\"
        consumer_key_env = \"SHOP_KE_KEY\"
        consumer_secret_env = \"SHOP_KE_SECRET\"
    ";

    #[test]
    fn a_file_with_both_gateways_is_read() {
        let config = from_text(&format!(
            "store = \"sqlite:orders.db\"
            [accounts.shop-in]
            gateway = \"kwikpaisa\"
            environment = \"production\"
            api_key_env = \"SHOP_IN_KEY\"
            secret_key_file = \"/run/secrets/shop-in\"
            {SHOP}
            base_url = \"http://127.0.0.1:4010/pesapalv3\"
            [cancel]
            settle = \"2s\"
            review_after = \"5m\"
            lease = \"1m\"
            [http]
            timeout = \"20s\""
        ))
        .unwrap();
        assert!(config.store.ends_with("orders.db"), "{}", config.store);
        assert_eq!(config.accounts.len(), 2);
        let seconds = Duration::from_secs;
        assert_eq!(config.waits.wait_policy.settle, seconds(2));
        assert_eq!(config.waits.wait_policy.review_after, seconds(300));
        assert_eq!(config.waits.lease, seconds(60));
        assert_eq!(config.waits.timeout, seconds(20));
    }

    #[test]
    fn a_proxy_is_read_from_file_and_environment_and_its_password_is_never_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("duka.toml");
        let load = |proxy: &str, variable: &str| {
            fs::write(&path, format!("{SHOP}\n[http]\nproxy = \"{proxy}\"")).unwrap();
            Config::load(
                Some(&path),
                None,
                &with(&[("DUKA_PROXY", variable)][..usize::from(!variable.is_empty())]),
            )
        };
        let shown = |config: Config| {
            assert!(!format!("{config:?}").contains("hunter2"));
            config.proxy.unwrap().to_string()
        };
        let file = "http://shop:hunter2@proxy.example:3128";
        assert_eq!(shown(load(file, "").unwrap()), "http://proxy.example:3128");
        let variable = "https://shop:hunter2@other.example";
        assert_eq!(
            shown(load(file, variable).unwrap()),
            "https://other.example"
        );

        let bad = "ftp://shop:hunter2@proxy.example";
        for (outcome, place) in [
            (load(bad, ""), "duka.toml: http.proxy"),
            (load(file, bad), "DUKA_PROXY"),
        ] {
            let message = outcome.unwrap_err().to_string();
            assert!(
                message.contains(place) && !message.contains("hunter2"),
                "{message}"
            );
        }
        assert!(from_text(SHOP).unwrap().proxy.is_none());
    }

    #[test]
    fn the_environment_alone_makes_accounts() {
        let environment = with(&[
            ("DUKA_PESAPAL_CONSUMER_KEY", "emulator-key"),
            ("DUKA_PESAPAL_CONSUMER_SECRET", "emulator-secret"),
            ("DUKA_STORE", "sqlite:elsewhere.db"),
            ("DUKA_SETTLE", "1s"),
        ]);
        let config = Config::from_environment(&environment).unwrap();
        let names: Vec<_> = config.accounts.keys().map(AccountName::as_str).collect();
        assert_eq!(names, ["pesapal"]);
    }

    #[test]
    fn half_of_a_pair_of_keys_names_the_missing_half() {
        let environment = with(&[("DUKA_KWIKPAISA_API_KEY", "pk_test_emulator")]);
        assert_eq!(
            Config::from_environment(&environment)
                .unwrap_err()
                .to_string(),
            "environment variable DUKA_KWIKPAISA_SECRET_KEY is not set, and DUKA_KWIKPAISA_API_KEY is; set both or neither"
        );
    }

    #[test]
    fn a_secret_in_the_file_is_refused_and_not_repeated() {
        let message = complaint(&format!("{SHOP}\nconsumer_secret = \"hunter2\""));
        assert!(
            message.contains("consumer_secret stands in the file"),
            "{message}"
        );
        assert!(!message.contains("hunter2"), "{message}");
    }

    #[test]
    fn a_misspelt_key_is_named_with_its_line_and_not_its_value() {
        let message = complaint(&format!("{SHOP}\nconsumer_secrt = \"hunter2\""));
        assert!(
            message.starts_with("duka.toml: line 7 unknown field `consumer_secrt`"),
            "{message}"
        );
        assert!(!message.contains("hunter2"), "{message}");
    }

    #[test]
    fn a_secret_in_the_place_of_another_setting_is_not_repeated() {
        for key in [
            "sk_live_hunter2",
            "QKIO1GGBYCS1K4RJ",
            "hunter2/Ab+c=",
            "a=b",
            "84412907",
        ] {
            for setting in [
                "consumer_secret_env",
                "consumer_secret_file",
                "environment",
                "keep_personal_data",
                "gateway",
            ] {
                let plain = SHOP.replace("consumer_secret_env = \"SHOP_KE_SECRET\"", "");
                let rest = match setting {
                    "gateway" => plain.replace("gateway = \"pesapal\"", ""),
                    "consumer_secret_env" | "consumer_secret_file" => plain,
                    _ => SHOP.to_owned(),
                };
                let numeric = key.parse::<u64>().is_ok();
                let quote = if numeric { "" } else { "\"" };
                let text = format!("{rest}\n{setting} = {quote}{key}{quote}");
                let said = match from_text(&text) {
                    Err(failure) => failure.to_string(),
                    Ok(config) => {
                        let [_, secret] = &config.accounts.values().next().unwrap().keys;
                        secret.read(&|_| Ok(None)).unwrap_err().to_string()
                    }
                };
                assert!(!said.contains(key), "{setting}: {said}");
            }
        }
        let environment = with(&[
            ("DUKA_KWIKPAISA_API_KEY", "k"),
            ("DUKA_KWIKPAISA_SECRET_KEY", "s"),
            ("DUKA_KWIKPAISA_ENVIRONMENT", "hunter2"),
        ]);
        assert_eq!(
            Config::from_environment(&environment)
                .unwrap_err()
                .to_string(),
            "DUKA_KWIKPAISA_ENVIRONMENT must be sandbox or production"
        );
    }

    #[test]
    fn paths_in_a_file_count_from_that_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("duka.toml");
        fs::write(folder.path().join("key"), "\u{feff}s3cr3t\n").unwrap();
        let text = SHOP.replace(
            "consumer_key_env = \"SHOP_KE_KEY\"",
            "consumer_key_file = \"key\"",
        );
        fs::write(&path, format!("store = \"sqlite:orders.db\"\n{text}")).unwrap();
        let config = Config::load(Some(&path), None, &|_| Ok(None)).unwrap();
        let store = format!("sqlite:{}", folder.path().join("orders.db").display());
        assert_eq!(config.store, store);
        let [key, _] = &config.accounts.values().next().unwrap().keys;
        let key = key.read(&|_| Ok(None)).unwrap();
        assert_eq!(secrecy::ExposeSecret::expose_secret(&key), "s3cr3t");
        // What the caller says counts from where the caller is.
        let config = Config::load(Some(&path), Some("sqlite:orders.db"), &|_| Ok(None));
        assert_eq!(config.unwrap().store, "sqlite:orders.db");
    }

    #[test]
    fn settings_of_the_other_gateway_are_refused() {
        let message = complaint(&format!("{SHOP}\napi_key_env = \"K\""));
        assert_eq!(
            message,
            "duka.toml: account shop-ke: api_key or secret_key is not a setting of pesapal"
        );
    }

    #[test]
    fn a_missing_place_of_a_secret_is_named() {
        let message = complaint("[accounts.a]\ngateway = \"kwikpaisa\"\napi_key_env = \"K\"");
        assert_eq!(
            message,
            "duka.toml: account a: neither secret_key_env nor secret_key_file says where the secret is"
        );
    }

    #[test]
    fn plain_http_to_another_machine_is_refused() {
        let message = complaint(&format!("{SHOP}\nbase_url = \"http://pay.example/v3\""));
        assert!(
            message.starts_with("duka.toml: account shop-ke: base_url: "),
            "{message}"
        );
    }

    #[test]
    fn a_secret_that_is_not_there_is_named_by_its_variable() {
        let source = SecretSource::Variable("SHOP_KE_KEY".to_owned());
        assert_eq!(
            source.read(&|_| Ok(None)).unwrap_err().to_string(),
            "environment variable SHOP_KE_KEY is not set; put the secret there"
        );
        let misplaced = SecretSource::Variable("qKio1GGbYCs1k4rJ".to_owned());
        let message = misplaced.read(&|_| Ok(None)).unwrap_err().to_string();
        assert!(message.contains("not shown"), "{message}");
        let blank = with(&[("SHOP_KE_KEY", " \n")]);
        assert_eq!(
            source.read(&blank).unwrap_err().to_string(),
            "environment variable SHOP_KE_KEY is empty"
        );
    }
}

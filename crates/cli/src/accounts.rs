//! From configured accounts to gateways.

use std::sync::Arc;
use std::time::Duration;

use duka_core::clock::SharedClock;
use duka_core::{AccountName, Error, ErrorKind, Gateway, OrderId};
use duka_http::{HttpTransport, ProxyUrl, ReqwestTransport, RetryPolicy, Transport};
use duka_kwikpaisa::KwikPaisa;
use duka_pesapal::Pesapal;
use secrecy::SecretString;

use crate::config::Account;
use crate::environment;
use crate::failure::Failure;
use crate::gateways::{GatewayKind, System};

/// The longest that connecting may take.
const CONNECT: Duration = Duration::from_secs(5);

/// What every adapter needs: a clock, a retry policy and the one transport.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    clock: SharedClock,
    transport: Arc<dyn Transport>,
    proxy: Option<ProxyUrl>,
    retry: RetryPolicy,
}

impl Caller {
    /// A caller whose requests take no longer than `timeout`, and go through `proxy` if there is one.
    pub(crate) fn open(
        clock: SharedClock,
        timeout: Duration,
        proxy: Option<&ProxyUrl>,
    ) -> Result<Self, Failure> {
        // At most half of the time for connecting, so that the reply has the other half.
        let connect = CONNECT.min(timeout / 2);
        let transport: Result<Arc<dyn Transport>, _> = match proxy {
            None => HttpTransport::builder()
                .connect_timeout(connect)
                .total_timeout(timeout)
                .build()
                .map(|it| Arc::new(it) as _),
            Some(proxy) => ReqwestTransport::builder()
                .proxy(proxy.clone())
                .connect_timeout(connect)
                .total_timeout(timeout)
                .build()
                .map(|it| Arc::new(it) as _),
        };
        Ok(Self {
            clock,
            transport: transport.map_err(|error| Failure::failed(error.in_full().to_string()))?,
            proxy: proxy.cloned(),
            retry: RetryPolicy::default(),
        })
    }

    /// The transport of all requests.
    pub(crate) fn transport(&self) -> &Arc<dyn Transport> {
        &self.transport
    }

    /// The proxy that requests go through; those to this machine do not.
    pub(crate) fn proxy(&self) -> Option<&ProxyUrl> {
        self.proxy.as_ref()
    }

    /// A caller that makes each request once, over `transport` and by `clock`.
    pub(crate) fn once(clock: SharedClock, transport: Arc<dyn Transport>) -> Self {
        Self {
            clock,
            transport,
            proxy: None,
            retry: RetryPolicy::none(),
        }
    }
}

/// Builds the gateway of an account, and reads the account's secrets for it.
pub(crate) fn gateway(
    name: &AccountName,
    account: &Account,
    caller: &Caller,
) -> Result<Arc<dyn Gateway>, Failure> {
    Ok(match account.gateway {
        GatewayKind::KwikPaisa => Arc::new(kwikpaisa(name, account, caller)?),
        GatewayKind::Pesapal => Arc::new(pesapal(name, account, caller)?),
    })
}

/// Sends a request that needs the credentials of the account and changes nothing, and returns what the
/// answer says about them.
pub(crate) async fn try_credentials(
    name: &AccountName,
    account: &Account,
    caller: &Caller,
) -> Result<Result<String, Error>, Failure> {
    Ok(match account.gateway {
        GatewayKind::KwikPaisa => {
            let made_up = OrderId::text("duka-doctor").expect("a constant id is well formed");
            match kwikpaisa(name, account, caller)?.status(&made_up).await {
                Err(error) if error.kind() == ErrorKind::NotFound => Ok("accepted".to_owned()),
                other => other.map(|_| "accepted".to_owned()),
            }
        }
        GatewayKind::Pesapal => {
            let ipns = pesapal(name, account, caller)?.list_ipns().await;
            ipns.map(|ipns| format!("accepted; {} notification addresses registered", ipns.len()))
        }
    })
}

/// The two credentials of an account, in the order in which its adapter wants them.
pub(crate) fn keys(name: &AccountName, account: &Account) -> Result<[SecretString; 2], Failure> {
    let [first, second] = &account.keys;
    Ok([secret(name, first)?, secret(name, second)?])
}

fn kwikpaisa(name: &AccountName, account: &Account, caller: &Caller) -> Result<KwikPaisa, Failure> {
    kwikpaisa_with(keys(name, account)?, name, account, caller)
}

/// The KwikPaisa account, with these keys in place of its own.
pub(crate) fn kwikpaisa_with(
    [api_key, secret_key]: [SecretString; 2],
    name: &AccountName,
    account: &Account,
    caller: &Caller,
) -> Result<KwikPaisa, Failure> {
    must_be(GatewayKind::KwikPaisa, name, account)?;
    let environment = match account.system {
        System::Sandbox => duka_kwikpaisa::Environment::Sandbox,
        System::Production => duka_kwikpaisa::Environment::Production,
    };
    let mut builder = KwikPaisa::builder(api_key, secret_key, caller.clock.clone())
        .transport(Arc::clone(&caller.transport))
        .retry(caller.retry)
        .account(name.clone())
        .environment(environment);
    if let Some(url) = &account.base_url {
        builder = builder.base_url(url.clone());
    }
    builder = builder.personal_data(account.personal_data);
    if let Some(zone) = &account.time_zone {
        builder = builder.time_zone(zone.clone());
    }
    // The only value that KwikPaisa's pages show; an order or the account may name another.
    let service_type = account.own_setting.as_deref().unwrap_or("DIGITAL");
    builder = builder.default_service_type(service_type);
    builder.build().map_err(|error| unusable(name, &error))
}

/// The Pesapal account, with what only Pesapal can do.
pub(crate) fn pesapal(
    name: &AccountName,
    account: &Account,
    caller: &Caller,
) -> Result<Pesapal, Failure> {
    must_be(GatewayKind::Pesapal, name, account)?;
    let [consumer_key, consumer_secret] = keys(name, account)?;
    let environment = match account.system {
        System::Sandbox => duka_pesapal::Environment::Sandbox,
        System::Production => duka_pesapal::Environment::Production,
    };
    let mut builder = Pesapal::builder(consumer_key, consumer_secret, caller.clock.clone())
        .transport(Arc::clone(&caller.transport))
        .retry(caller.retry)
        .account(name.clone())
        .environment(environment);
    if let Some(url) = &account.base_url {
        builder = builder.base_url(url.clone());
    }
    builder = builder.personal_data(account.personal_data);
    if let Some(zone) = &account.time_zone {
        builder = builder.time_zone(zone.clone());
    }
    if let Some(id) = &account.own_setting {
        builder = builder.notification_id(id);
    }
    builder.build().map_err(|error| unusable(name, &error))
}

fn secret(
    name: &AccountName,
    source: &crate::config::SecretSource,
) -> Result<SecretString, Failure> {
    source
        .read(&environment::variable)
        .map_err(|failure| Failure::usage(format!("account {name}: {failure}")))
}

fn unusable(name: &AccountName, error: &Error) -> Failure {
    Failure::usage(format!("account {name}: {}", error.in_full()))
}

fn must_be(wanted: GatewayKind, name: &AccountName, account: &Account) -> Result<(), Failure> {
    if account.gateway == wanted {
        return Ok(());
    }
    let (has, wanted) = (account.gateway.as_str(), wanted.as_str());
    Err(Failure::usage(format!(
        "account {name} is at {has}, and this command is for {wanted}"
    )))
}

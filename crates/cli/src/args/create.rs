//! The options of `duka create`: what every gateway needs, and what only one of them knows.

use std::time::Duration;

use clap::ValueEnum;
use clap::builder::NonEmptyStringValueParser;
use duka_core::{BillingAddress, Frequency, NewOrder, RedirectMode};
use jiff::civil::Date;
use url::Url;

use crate::gateways::GatewayKind;
use crate::ranges::{TOTAL, WAIT, duration};

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Order")]
pub(crate) struct CreateArgs {
    /// Your id of the order; all digits go to KwikPaisa as an integer. Pesapal takes up to
    /// 50 letters, digits and - _ . :
    #[arg(long)]
    pub(crate) id: String,
    /// What the customer is to pay, such as 105.50
    #[arg(long)]
    pub(crate) amount: String,
    /// ISO 4217 code, such as INR or KES
    #[arg(long)]
    pub(crate) currency: String,
    /// What it is for; at Pesapal up to 100 characters
    #[arg(long)]
    pub(crate) description: String,
    /// The customer's email address; Pesapal needs this or a phone number, KwikPaisa both
    #[arg(long)]
    pub(crate) email: Option<String>,
    /// The customer's phone number
    #[arg(long)]
    pub(crate) phone: Option<String>,
    /// The customer's whole name; KwikPaisa needs it, and for Pesapal its first word is
    /// taken for the first name
    #[arg(long, conflicts_with_all = ["first_name", "middle_name", "last_name"])]
    pub(crate) name: Option<String>,
    /// Where the customer's browser is sent afterwards
    #[arg(long)]
    pub(crate) return_url: Url,
    #[command(flatten, next_help_heading = "Attempts for one shop order")]
    pub(crate) attempt: AttemptArgs,
    #[command(flatten, next_help_heading = "Order")]
    pub(crate) bound: super::BoundArgs,
    #[command(flatten, next_help_heading = "KwikPaisa")]
    pub(crate) kwikpaisa: KwikPaisaArgs,
    #[command(flatten, next_help_heading = "Pesapal")]
    pub(crate) pesapal: PesapalArgs,
    #[command(flatten, next_help_heading = "Pesapal, who pays")]
    pub(crate) billing: BillingArgs,
    #[command(flatten, next_help_heading = "Pesapal, recurring payments")]
    pub(crate) recurring: RecurringArgs,
}

/// What no gateway is told: for which shop order this is, and how long.
#[derive(Debug, clap::Args)]
pub(crate) struct AttemptArgs {
    /// The shop's own order number. While another order for it is open or paid, in the same
    /// account, nothing is sent: exit code 3, and where the open one is paid
    #[arg(long, value_name = "NUMBER", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) shop_order: Option<String>,
    /// Cancel this older attempt first. If it is paid, refused or not known to be cancelled,
    /// nothing is created
    #[arg(long, value_name = "ORDER")]
    pub(crate) replaces: Option<String>,
    /// Create the order even if it is not known yet whether the older one is cancelled
    #[arg(long, requires = "replaces")]
    pub(crate) even_in_doubt: bool,
    /// How long to wait for the older one while it is in doubt, from 0s to 1year. The command may
    /// take so much longer than --give-up-after
    #[arg(long, value_name = "DURATION", default_value = "30s", requires = "replaces",
        value_parser = duration(WAIT))]
    pub(crate) wait: Duration,
    /// Create the order whatever other attempts there are
    #[arg(long, conflicts_with = "replaces")]
    pub(crate) allow_duplicate: bool,
    /// When the offer ends, such as 45m, from 1ms to 1year: a sweep cancels the order from then on,
    /// and not before
    #[arg(long, value_name = "DURATION", value_parser = duration(TOTAL))]
    pub(crate) expires_in: Option<Duration>,
}

/// What only KwikPaisa knows.
#[derive(Debug, clap::Args)]
pub(crate) struct KwikPaisaArgs {
    /// Kind of goods, such as DIGITAL [default: the account's]
    #[arg(long)]
    pub(crate) service_type: Option<String>,
    /// A note to the order [default: the description]
    #[arg(long, value_name = "TEXT")]
    pub(crate) order_note: Option<String>,
}

/// What only Pesapal knows.
#[derive(Debug, clap::Args)]
pub(crate) struct PesapalArgs {
    /// Id of a registered notification address (see `duka ipn`) [default: the account's]
    #[arg(long)]
    pub(crate) notification_id: Option<String>,
    /// Where the browser goes if the customer leaves without paying; this does not cancel the order
    #[arg(long)]
    pub(crate) cancellation_url: Option<Url>,
    /// In which window the customer comes back [default: the gateway's choice]
    #[arg(long, value_name = "WINDOW")]
    pub(crate) redirect_mode: Option<RedirectModeArg>,
    /// The name of the shop that sells
    #[arg(long)]
    pub(crate) branch: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum RedirectModeArg {
    /// The whole window
    TopWindow,
    /// The parent of the frame that shows the checkout
    ParentWindow,
}

/// The customer's name in parts, and address; only Pesapal knows them.
#[derive(Debug, clap::Args)]
pub(crate) struct BillingArgs {
    /// Given name, instead of --name
    #[arg(long, value_name = "NAME")]
    pub(crate) first_name: Option<String>,
    /// Names between the two
    #[arg(long, value_name = "NAME")]
    pub(crate) middle_name: Option<String>,
    /// Family name
    #[arg(long, value_name = "NAME")]
    pub(crate) last_name: Option<String>,
    /// Country, as two letters, such as KE
    #[arg(long, value_name = "CODE")]
    pub(crate) country: Option<String>,
    /// First line of the address
    #[arg(long, value_name = "TEXT")]
    pub(crate) line1: Option<String>,
    /// Second line of the address
    #[arg(long, value_name = "TEXT")]
    pub(crate) line2: Option<String>,
    /// City
    #[arg(long)]
    pub(crate) city: Option<String>,
    /// State, up to 3 characters
    #[arg(long)]
    pub(crate) state: Option<String>,
    /// Postal code
    #[arg(long, value_name = "CODE")]
    pub(crate) postal_code: Option<String>,
    /// Zip code
    #[arg(long, value_name = "CODE")]
    pub(crate) zip_code: Option<String>,
}

/// What makes an order a recurring one; only Pesapal knows that.
#[derive(Debug, clap::Args)]
pub(crate) struct RecurringArgs {
    /// Lets the customer pay again and again for this account with you; Pesapal has no
    /// operation that ends this
    #[arg(long, value_name = "NUMBER")]
    pub(crate) account_number: Option<String>,
    /// First day of charging, such as 2026-06-01; without one the customer chooses
    #[arg(long, value_name = "DATE", value_parser = day,
        requires_all = ["subscription_end", "subscription_frequency", "account_number"])]
    pub(crate) subscription_start: Option<Date>,
    /// Last day of charging
    #[arg(long, value_name = "DATE", value_parser = day,
        requires_all = ["subscription_start", "subscription_frequency", "account_number"])]
    pub(crate) subscription_end: Option<Date>,
    /// How often to charge
    #[arg(long, value_name = "HOW OFTEN",
        requires_all = ["subscription_start", "subscription_end", "account_number"])]
    pub(crate) subscription_frequency: Option<FrequencyArg>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum FrequencyArg {
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

impl From<RedirectModeArg> for RedirectMode {
    fn from(mode: RedirectModeArg) -> Self {
        match mode {
            RedirectModeArg::TopWindow => Self::TopWindow,
            RedirectModeArg::ParentWindow => Self::ParentWindow,
        }
    }
}

impl From<FrequencyArg> for Frequency {
    fn from(frequency: FrequencyArg) -> Self {
        match frequency {
            FrequencyArg::Daily => Self::Daily,
            FrequencyArg::Weekly => Self::Weekly,
            FrequencyArg::Monthly => Self::Monthly,
            FrequencyArg::Yearly => Self::Yearly,
        }
    }
}

impl CreateArgs {
    /// The options that were given and that only this gateway knows.
    pub(crate) fn given_for(&self, gateway: GatewayKind) -> Vec<&'static str> {
        match gateway {
            GatewayKind::KwikPaisa => self.kwikpaisa.given(),
            GatewayKind::Pesapal => [
                self.pesapal.given(),
                self.billing.given(),
                self.recurring.given(),
            ]
            .concat(),
        }
    }
}

impl KwikPaisaArgs {
    /// The options among these that were given.
    fn given(&self) -> Vec<&'static str> {
        given([
            ("--service-type", self.service_type.is_some()),
            ("--order-note", self.order_note.is_some()),
        ])
    }

    pub(crate) fn put_into(self, order: &mut NewOrder) {
        order.service_type = self.service_type;
        order.order_note = self.order_note;
    }
}

impl PesapalArgs {
    /// The options among these that were given.
    fn given(&self) -> Vec<&'static str> {
        given([
            ("--notification-id", self.notification_id.is_some()),
            ("--cancellation-url", self.cancellation_url.is_some()),
            ("--redirect-mode", self.redirect_mode.is_some()),
            ("--branch", self.branch.is_some()),
        ])
    }

    pub(crate) fn put_into(self, order: &mut NewOrder) {
        order.notification_id = self.notification_id;
        order.cancellation_url = self.cancellation_url;
        order.redirect_mode = self.redirect_mode.map(Into::into);
        order.branch = self.branch;
    }
}

impl BillingArgs {
    /// The options among these that were given.
    fn given(&self) -> Vec<&'static str> {
        given([
            ("--first-name", self.first_name.is_some()),
            ("--middle-name", self.middle_name.is_some()),
            ("--last-name", self.last_name.is_some()),
            ("--country", self.country.is_some()),
            ("--line1", self.line1.is_some()),
            ("--line2", self.line2.is_some()),
            ("--city", self.city.is_some()),
            ("--state", self.state.is_some()),
            ("--postal-code", self.postal_code.is_some()),
            ("--zip-code", self.zip_code.is_some()),
        ])
    }

    pub(crate) fn address(self) -> BillingAddress {
        let mut address = BillingAddress::new();
        address.first_name = self.first_name;
        address.middle_name = self.middle_name;
        address.last_name = self.last_name;
        address.country_code = self.country;
        address.line_1 = self.line1;
        address.line_2 = self.line2;
        address.city = self.city;
        address.state = self.state;
        address.postal_code = self.postal_code;
        address.zip_code = self.zip_code;
        address
    }
}

impl RecurringArgs {
    /// The options among these that were given.
    fn given(&self) -> Vec<&'static str> {
        given([
            ("--account-number", self.account_number.is_some()),
            ("--subscription-start", self.subscription_start.is_some()),
            ("--subscription-end", self.subscription_end.is_some()),
            (
                "--subscription-frequency",
                self.subscription_frequency.is_some(),
            ),
        ])
    }
}

fn given<const N: usize>(options: [(&'static str, bool); N]) -> Vec<&'static str> {
    let given = options.into_iter().filter(|(_, is_there)| *is_there);
    given.map(|(option, _)| option).collect()
}

/// A day alone; a time of day beside it would be lost.
fn day(text: &str) -> Result<Date, String> {
    Date::strptime("%Y-%m-%d", text).map_err(|_| "not a day, such as 2026-06-01".to_owned())
}

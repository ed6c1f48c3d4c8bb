//! What an order is created from. Limits are not checked here: each adapter knows those
//! of its gateway, and checks them before it sends anything.

mod billing_address;
mod recurring;

use std::fmt;

use url::Url;

pub use self::billing_address::BillingAddress;
pub use self::recurring::{Frequency, Recurring, Subscription};
use crate::id::OrderId;
use crate::money::Money;

/// An order to be created.
///
/// Some fields are known to one gateway only. What happens to them at the other is decided
/// by what would be lost:
///
/// | field | KwikPaisa | Pesapal |
/// |---|---|---|
/// | [`recurring`](Self::recurring) | refused as not supported: it would be charged once | sent |
/// | [`service_type`](Self::service_type) | sent | ignored |
/// | [`order_note`](Self::order_note) | sent; without one, the description | ignored |
/// | [`notification_id`](Self::notification_id), [`cancellation_url`](Self::cancellation_url), [`redirect_mode`](Self::redirect_mode), [`branch`](Self::branch) | ignored | sent |
/// | [`billing_address`](Self::billing_address) | ignored | sent |
///
/// A limit that is broken is an [`Error`](crate::Error) before anything is sent, and its
/// [`field`](crate::Error::field) is the field's name here, such as `reference`,
/// `customer.email` or `billing_address.state`. Space around a text is not sent, and a text
/// of nothing else is taken for none.
///
/// `Debug` shows no address: shops put session keys into them.
///
/// ```
/// use duka_core::{BillingAddress, Customer, Money, NewOrder, OrderId, RedirectMode};
///
/// let customer = Customer {
///     email: Some("achieng@example.com".into()),
///     ..Customer::default()
/// };
/// let order = NewOrder::new(
///     OrderId::text("KANGA-17")?,
///     Money::parse("1500", "KES")?,
///     "Two kangas",
///     customer,
///     "https://shop.example/thanks".parse()?,
/// )
/// .branch("Kisumu")
/// .redirect_mode(RedirectMode::ParentWindow)
/// .billing_address(BillingAddress::new().city("Kisumu").country_code("KE"));
/// assert_eq!(order.branch.as_deref(), Some("Kisumu"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct NewOrder {
    /// The merchant's id, unique among the merchant's orders. At Pesapal 1 to 50 letters,
    /// digits and `- _ . :`.
    pub reference: OrderId,
    /// What the customer is to pay.
    pub money: Money,
    /// What it is for; at Pesapal 1 to 100 characters.
    pub description: String,
    /// Who pays.
    pub customer: Customer,
    /// Where the customer's browser is sent afterwards.
    pub return_url: Url,
    /// Pesapal: where the browser goes if the customer leaves without paying. This is not a
    /// cancellation.
    pub cancellation_url: Option<Url>,
    /// Pesapal: the id of a registered notification address, instead of the account's.
    pub notification_id: Option<String>,
    /// Pesapal: in which window the customer comes back; the gateway's choice if absent.
    pub redirect_mode: Option<RedirectMode>,
    /// Pesapal: the name of the shop that sells.
    pub branch: Option<String>,
    /// Pesapal: where the customer lives, and the name in its parts.
    pub billing_address: BillingAddress,
    /// Pesapal: lets the customer pay again and again for an account.
    pub recurring: Option<Recurring>,
    /// KwikPaisa: what kind of goods, such as `DIGITAL`, instead of the account's.
    pub service_type: Option<String>,
    /// KwikPaisa: a note to the order, instead of the description.
    pub order_note: Option<String>,
}

impl NewOrder {
    /// An order with everything that both gateways need.
    pub fn new(
        reference: OrderId,
        money: Money,
        description: impl Into<String>,
        customer: Customer,
        return_url: Url,
    ) -> Self {
        Self {
            reference,
            money,
            description: description.into(),
            customer,
            return_url,
            cancellation_url: None,
            notification_id: None,
            redirect_mode: None,
            branch: None,
            billing_address: BillingAddress::new(),
            recurring: None,
            service_type: None,
            order_note: None,
        }
    }

    /// Pesapal: names the registered notification address to use.
    #[must_use]
    pub fn notification_id(mut self, id: impl Into<String>) -> Self {
        self.notification_id = Some(id.into());
        self
    }

    /// Pesapal: where the browser goes if the customer leaves without paying.
    #[must_use]
    pub fn cancellation_url(mut self, url: Url) -> Self {
        self.cancellation_url = Some(url);
        self
    }

    /// Pesapal: in which window the customer comes back.
    #[must_use]
    pub fn redirect_mode(mut self, mode: RedirectMode) -> Self {
        self.redirect_mode = Some(mode);
        self
    }

    /// Pesapal: the name of the shop that sells.
    #[must_use]
    pub fn branch(mut self, branch: impl Into<String>) -> Self {
        self.branch = Some(branch.into());
        self
    }

    /// Pesapal: where the customer lives, and the name in its parts.
    #[must_use]
    pub fn billing_address(mut self, address: BillingAddress) -> Self {
        self.billing_address = address;
        self
    }

    /// Pesapal: lets the customer pay again and again. Refused at KwikPaisa.
    #[must_use]
    pub fn recurring(mut self, recurring: Recurring) -> Self {
        self.recurring = Some(recurring);
        self
    }

    /// KwikPaisa: what kind of goods.
    #[must_use]
    pub fn service_type(mut self, service_type: impl Into<String>) -> Self {
        self.service_type = Some(service_type.into());
        self
    }

    /// KwikPaisa: a note to the order.
    #[must_use]
    pub fn order_note(mut self, note: impl Into<String>) -> Self {
        self.order_note = Some(note.into());
        self
    }
}

impl fmt::Debug for NewOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewOrder")
            .field("reference", &self.reference)
            .field("money", &self.money)
            .field("description", &self.description)
            .field("customer", &self.customer)
            .field("notification_id", &self.notification_id)
            .field("redirect_mode", &self.redirect_mode)
            .field("branch", &self.branch)
            .field("billing_address", &self.billing_address)
            .field("recurring", &self.recurring)
            .field("service_type", &self.service_type)
            .finish_non_exhaustive()
    }
}

/// In which window of the browser the customer comes back from the checkout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RedirectMode {
    /// The whole window.
    TopWindow,
    /// The frame's parent, for a checkout that is shown in a frame.
    ParentWindow,
}

/// Who pays. Personal data: `Debug` shows none of it.
#[derive(Clone, Default)]
pub struct Customer {
    /// Full name.
    pub name: Option<String>,
    /// Email address. Pesapal needs this or a phone number, KwikPaisa both.
    pub email: Option<String>,
    /// Phone number, in the form the gateway wants.
    pub phone: Option<String>,
}

impl fmt::Debug for Customer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Customer")
            .field("name", &shown(&self.name))
            .field("email", &shown(&self.email))
            .field("phone", &shown(&self.phone))
            .finish()
    }
}

/// Whether something personal is there.
fn shown(field: &Option<String>) -> Option<&'static str> {
    field.as_ref().map(|_| "…")
}

#![doc = include_str!("../README.md")]

pub mod cancel;
pub mod clock;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod details;
pub mod error;
pub mod evidence;
pub mod gateway;
pub mod id;
pub mod money;
mod new_order;
pub mod order;
pub mod refund;
#[cfg(feature = "serde")]
mod serialize;
pub mod text;

pub use cancel::{CancelRules, Cancellable, Cancellation, Outcome, State, WaitPolicy};
pub use clock::{Clock, SharedClock};
pub use details::{GatewayTime, PaymentDetails, PersonalData, PersonalText};
pub use error::{Delivery, Error, ErrorKind};
pub use gateway::{
    BillingAddress, CancelAnswer, CreatedOrder, Customer, Frequency, Gateway, GatewayExt, NewOrder,
    OrderIds, Recurring, RedirectMode, Subscription,
};
pub use id::{AccountName, CancellationId, CreationId, GatewayName, OrderId, RefundId};
pub use money::Money;
pub use order::{Observation, OrderStatus, StatusReading};
pub use refund::{RefundAnswer, RefundRequest};

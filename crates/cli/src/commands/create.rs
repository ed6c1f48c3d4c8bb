//! `duka create`: creates an order, tracks it, and prints where the customer pays.

use duka_core::{
    AccountName, Customer, Delivery, Error, Gateway, Money, NewOrder, OrderId, OrderStatus,
    Recurring, Subscription,
};
use duka_engine::{OrderKey, Store, TrackedOrder};

use crate::args::CreateArgs;
use crate::bound::End;
use crate::context::{Context, order_id};
use crate::failure::{Exit, Failure};
use crate::gateways::{GatewayKind, OrderIds};
use crate::output::plain;
use crate::views::CreatedView;

const WHAT: &str = "create the order";

pub(crate) async fn run(args: CreateArgs, context: &Context) -> Result<Exit, Failure> {
    let config = context.config()?;
    let account = context.only_account(&config, None)?;
    let settings = &config.accounts[&account];
    refuse_foreign(&args, settings.gateway, context)?;
    let bound = context.bound(&config, args.bound.give_up_after);
    let gateway = crate::accounts::gateway(&account, settings, &context.caller(&config)?)?;
    let reference = order_id(settings, &args.id)?;
    let money = Money::parse(&args.amount, &args.currency)
        .and_then(Money::chargeable)
        .map_err(|error| Failure::usage(error.to_string()))?;
    let order = new_order(args, &reference, money).map_err(|error| failure(&error))?;
    // Opened before anything is created: an order that is created must be tracked.
    let store = bound.read(WHAT, context.open_store(&config)).await?;

    // The gateway answers a known id with the earlier order.
    let reuses_ids = settings.gateway.order_ids() == OrderIds::TrackingId;
    if reuses_ids {
        let reuse = refuse_reuse(store.as_ref(), &account, &reference, money);
        bound.read(WHAT, reuse).await?;
    }

    let gateway_name = settings.gateway.name();
    let track = |key: OrderKey, money: Money, note: Option<&str>| {
        let mut tracked = TrackedOrder::new(key, gateway_name.clone(), context.clock.now());
        tracked.money = Some(money);
        tracked.reference = Some(reference.to_string());
        tracked.note = note.map(str::to_owned);
        store.track_created(tracked)
    };
    bound.begin(WHAT).await?;
    let outcome = match bound.within(gateway.create(&order)).await {
        Ok(outcome) => outcome.map_err(|error| {
            let failure = failure(&error);
            let may_exist =
                failure.exit() == Exit::Unknown && error.delivery() != Delivery::NotSent;
            (failure, may_exist)
        }),
        Err(end) => Err((given_up(end, reuses_ids), true)),
    };
    let created = match outcome {
        Ok(created) => created,
        Err((mut failure, may_exist)) => {
            // Where the merchant's id is the address, an order that may exist can be
            // tracked all the same, so that a sweep finds it.
            if settings.gateway.order_ids() == OrderIds::Merchant && may_exist {
                let key = OrderKey::new(account, reference.clone());
                track(key, money, Some("whether it was created is not known"))
                    .await
                    .map_err(|error| Failure::store("track the order", &error))?;
                failure = failure.with_advice(&format!(
                    "the order may exist, and is tracked; see `duka status {reference}`"
                ));
            }
            return Err(failure);
        }
    };
    let key = OrderKey::new(account, created.order.clone());
    let link = created.payment_link.reveal().to_owned();
    let other = if reuses_ids {
        // Without time for the read, the amount is unknown, as if the status could not be read.
        let other = other_money(&*gateway, &created.order, money);
        bound.within(other).await.ok().flatten()
    } else {
        None
    };
    // The order exists: if the store fails, the error must name its id.
    track(key.clone(), other.unwrap_or(money), None)
        .await
        .map_err(|error| {
            let what = format!("track the order that was created as {key}, to be paid at {link}");
            Failure::store(&what, &error)
        })?;
    if let Some(other) = other {
        return Err(Failure::refused(format!(
            "failed to create the order: the gateway answers with an earlier order of this id, for {other} and not for {money}; it is tracked as {}; use another id",
            key.order
        )));
    }
    let view = CreatedView {
        account: key.account.to_string(),
        gateway: gateway_name.to_string(),
        order: created.order.to_string(),
        reference: reference.to_string(),
        gateway_id: created.gateway_id,
        payment_link: link,
        status: created
            .status
            .map(|reading| reading.status.as_str().to_owned()),
    };
    if context.output.is_json() {
        context.output.json(&view)?;
        return Ok(Exit::Done);
    }
    context.output.line(&format!("order    {}", view.order))?;
    if view.reference != view.order {
        context
            .output
            .line(&format!("yours    {}", view.reference))?;
    }
    if let Some(id) = &view.gateway_id {
        context.output.line(&format!("theirs   {}", plain(id)))?;
    }
    context
        .output
        .line(&format!("pay at   {}", plain(&view.payment_link)))?;
    Ok(Exit::Done)
}

/// Refuses an id that was used before with another amount: the gateway would answer with the first order, and the
/// customer would pay for that.
async fn refuse_reuse(
    store: &dyn Store,
    account: &AccountName,
    reference: &OrderId,
    money: Money,
) -> Result<(), Failure> {
    let known = store
        .find_orders(reference.as_str())
        .await
        .map_err(|error| Failure::store("look for an earlier order of this id", &error))?;
    let earlier = known.into_iter().find(|order| {
        order.key.account == *account
            && order.reference.as_deref() == Some(reference.as_str())
            && order.money.is_some_and(|earlier| earlier != money)
    });
    match earlier.and_then(|order| order.money.map(|earlier| (order.key.order, earlier))) {
        None => Ok(()),
        Some((order, earlier)) => Err(Failure::usage(format!(
            "id {reference} was used before, for {earlier} (order {order}): the gateway would answer with that order; use another id, or the same values"
        ))),
    }
}

/// The amount that the gateway has for an unpaid order, where it is not the one asked for. A status that
/// cannot be read says nothing; what is paid may be shown in another currency.
async fn other_money(gateway: &dyn Gateway, order: &OrderId, asked: Money) -> Option<Money> {
    let reading = gateway.status(order).await.ok()?;
    let shown = reading.money.filter(|money| *money != asked)?;
    (reading.status == OrderStatus::Unpaid).then_some(shown)
}

/// Options that were always ignored at the other gateway. Scripts give them for either, so they only cause a note.
const IGNORED: [&str; 3] = ["--notification-id", "--cancellation-url", "--service-type"];

/// Refuses options that the gateway does not know, which would be ignored silently.
fn refuse_foreign(
    args: &CreateArgs,
    gateway: GatewayKind,
    context: &Context,
) -> Result<(), Failure> {
    let others = GatewayKind::ALL.into_iter().filter(|it| *it != gateway);
    let (ignored, foreign): (Vec<_>, Vec<_>) = others
        .flat_map(|other| args.given_for(other))
        .partition(|name| IGNORED.contains(name));
    let gateway = gateway.as_str();
    for name in ignored {
        context.output.print_note(&format!(
            "{name} is not an option of {gateway}, and is ignored"
        ));
    }
    match foreign.as_slice() {
        [] => Ok(()),
        [one] => Err(Failure::usage(format!(
            "{one} is not an option of {gateway}; leave it out"
        ))),
        several => Err(Failure::usage(format!(
            "{} are not options of {gateway}; leave them out",
            several.join(", ")
        ))),
    }
}

fn new_order(args: CreateArgs, reference: &OrderId, money: Money) -> Result<NewOrder, Error> {
    let customer = Customer {
        name: args.name,
        email: args.email,
        phone: args.phone,
    };
    let mut order = NewOrder::new(
        reference.clone(),
        money,
        args.description,
        customer,
        args.return_url,
    )
    .billing_address(args.billing.address());
    args.kwikpaisa.put_into(&mut order);
    args.pesapal.put_into(&mut order);
    let recurring = args.recurring;
    // The command line takes all three together, and only with an account number.
    let schedule = recurring
        .subscription_start
        .zip(recurring.subscription_end)
        .zip(recurring.subscription_frequency);
    if let Some(number) = recurring.account_number {
        let mut recurring = Recurring::new(number);
        if let Some(((start, end), frequency)) = schedule {
            recurring = recurring.subscription(Subscription::new(start, end, frequency.into())?);
        }
        order = order.recurring(recurring);
    }
    Ok(order)
}

/// A request may have left, and the command did not wait for its answer.
fn given_up(end: End, reuses_ids: bool) -> Failure {
    let failure = Failure::unknown(format!(
        "failed to {WHAT}: {end}, and whether it was created is not known"
    ));
    if reuses_ids {
        failure
            .with_advice("repeating the command with the same id and the same values recovers it")
    } else {
        failure
    }
}

/// Why the order was not created, with the option to look at.
fn failure(error: &Error) -> Failure {
    let failure = Failure::mutation(WHAT, error);
    match error.field().and_then(option) {
        Some(option) => failure.with_advice(&format!("see {option}")),
        None => failure,
    }
}

/// The option that a field of an order comes from.
fn option(field: &str) -> Option<&'static str> {
    Some(match field {
        "reference" => "--id",
        "money" => "--amount",
        "description" => "--description",
        "customer" => "--email or --phone",
        "customer.name" => "--name",
        "customer.email" => "--email",
        "customer.phone" => "--phone",
        "return_url" => "--return-url",
        "cancellation_url" => "--cancellation-url",
        "service_type" => "--service-type",
        "notification_id" => "--notification-id",
        "billing_address.country_code" => "--country",
        "billing_address.state" => "--state",
        "recurring" | "recurring.account_number" => "--account-number",
        "subscription.start" => "--subscription-start",
        "subscription.end" => "--subscription-end",
        _ => return None,
    })
}

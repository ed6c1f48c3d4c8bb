//! `duka create`: creates an order, follows it, and prints where the customer pays.

use duka_cancellations::{OrderKey, TrackedOrder};
use duka_core::{Customer, Delivery, GatewayName, Money, NewOrder};

use crate::args::CreateArgs;
use crate::config::Keys;
use crate::context::{Context, order_id};
use crate::failure::{Exit, Failure};
use crate::output::plain;
use crate::views::CreatedView;

pub(crate) async fn run(args: CreateArgs, context: &Context) -> Result<Exit, Failure> {
    let config = context.config()?;
    let account = context.only_account(&config, None)?;
    let settings = &config.accounts[&account];
    let gateway = crate::accounts::gateway(&account, settings, &context.caller(&config)?)?;
    // Opened before anything is created: an order that nobody follows is soon abandoned.
    let store = context.open_store(&config)?;

    let reference = order_id(settings, &args.id)?;
    let money = Money::parse(&args.amount, &args.currency)
        .and_then(Money::chargeable)
        .map_err(|error| Failure::usage(error.to_string()))?;
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
    );
    order.notification_id = args.notification_id;
    order.cancellation_url = args.cancellation_url;
    order.service_type = args.service_type;

    let gateway_name = GatewayName::from_static(settings.keys.gateway());
    let follow = |key: OrderKey, note: Option<&str>| {
        let mut tracked = TrackedOrder::new(key, gateway_name.clone(), context.clock.now());
        tracked.money = Some(money);
        tracked.reference = Some(reference.to_string());
        tracked.note = note.map(str::to_owned);
        store.track(vec![tracked])
    };
    let created = match gateway.create(&order).await {
        Ok(created) => created,
        Err(error) => {
            let failure = Failure::mutation("create the order", &error);
            // Where the merchant's id is the address, an order that may exist can be
            // followed all the same, so that a sweep finds it.
            let addressed_by_reference = matches!(settings.keys, Keys::KwikPaisa { .. });
            let may_exist =
                failure.exit() == Exit::Unknown && error.delivery() != Delivery::NotSent;
            if addressed_by_reference && may_exist {
                let key = OrderKey::new(account, reference.clone());
                follow(key, Some("whether it was created is not known"))
                    .await
                    .map_err(|error| Failure::store("follow the order", &error))?;
            }
            return Err(failure);
        }
    };
    let key = OrderKey::new(account, created.order.clone());
    let link = created.payment_link.reveal().to_owned();
    // The order exists: its id must not be lost with the store.
    follow(key.clone(), None).await.map_err(|error| {
        let what = format!("follow the order that was created as {key}, to be paid at {link}");
        Failure::store(&what, &error)
    })?;
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

//! `duka create`: creates an order, tracks it, and prints where the customer pays.

use std::fmt;

use duka_core::{
    AccountName, Customer, Error, Money, NewOrder, OrderId, OrderIds, OrderStatus, Outcome,
    Recurring, State, Subscription,
};
use duka_engine::create::{Created, Duplicates, Obstacle, OpenCreations};
use duka_engine::{Canceller, CreateError, CreateTerms, OrderKey, Record, Request, TrackedOrder};
use jiff::Timestamp;

use super::cancel::{self, Asked};
use crate::args::{AttemptArgs, CreateArgs};
use crate::bound::{Bound, Left, Work};
use crate::config::Config;
use crate::context::{Absent, Context, order_id, unchanged};
use crate::failure::{Exit, Failure};
use crate::gateways::GatewayKind;
use crate::output::plain;
use crate::views::CreatedView;

const WHAT: &str = "create the order";

pub(crate) async fn run(args: CreateArgs, context: &Context) -> Result<Exit, Failure> {
    let config = context.config()?;
    let account = context.only_account(&config, None)?;
    let settings = &config.accounts[&account];
    refuse_foreign(&args, settings.gateway, context)?;
    let bound = context.bound(&config, args.bound.give_up_after);
    let reference = order_id(settings, &args.id)?;
    let money = Money::parse(&args.amount, &args.currency)
        .and_then(Money::chargeable)
        .map_err(|error| Failure::usage(error.to_string()))?;
    let (attempt, order) = new_order(args, &reference, money).map_err(|error| failure(&error))?;
    let expires_at = attempt.expires_in.map(|it| context.clock.now() + it);
    let asked = terms(&attempt, expires_at)?;
    let canceller = context.canceller(&config, Absent::Make);
    let canceller = bound.read(WHAT, canceller).await?;
    let older = bound
        .read(
            WHAT,
            older(&attempt, &reference, &canceller, &config, context),
        )
        .await?;
    let bound = match older {
        Some(_) => bound.plus(attempt.wait),
        None => bound,
    };
    bound.begin(WHAT).await?;
    let terms = match older {
        Some(older) => replace(older, &attempt, &reference, asked, &canceller, &bound).await?,
        None => asked,
    };
    let shop_order = terms.shop_order.clone();
    let advice = advice(settings.gateway, &reference);
    let asked = (order, terms);
    let created = carry_out(&canceller, account, asked, context, &bound, &advice).await?;
    let (key, created) = (created.key, created.answer);
    let view = CreatedView {
        account: key.account.to_string(),
        gateway: settings.gateway.as_str().to_owned(),
        order: key.order.to_string(),
        reference: reference.to_string(),
        shop_order,
        expires_at: expires_at.map(|at| at.to_string()),
        gateway_id: created.details.gateway_id,
        payment_link: created.payment_link.reveal().to_owned(),
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

/// Creates the order, and waits as long as the bound allows. An answer that is on its way then is
/// still waited for.
async fn carry_out(
    canceller: &Canceller,
    account: AccountName,
    (order, terms): (NewOrder, CreateTerms),
    context: &Context,
    bound: &Bound,
    advice: &str,
) -> Result<Created, Failure> {
    let store = super::store_of(canceller);
    let requests = OpenCreations {
        account: Some(account.clone()),
        reference: Some(order.reference.to_string()),
        after: None,
        limit: 100,
    };
    let earlier = store.open_creations(requests.clone()).await;
    let earlier = earlier.map_err(|error| Failure::store(WHAT, &error))?;
    let begun_at = context.clock.now();
    let mut work = Work::start({
        let canceller = canceller.clone();
        async move { canceller.create(&account, order, terms).await }
    })?;
    let unknown = |why: &dyn fmt::Display| {
        let why = format!("failed to {WHAT}: {why}, and whether it was created is not known");
        Failure::unknown(why).with_advice(advice)
    };
    let created = match bound.within(work.done()).await {
        Ok(done) => done.map_err(|_| unknown(&"it was cut off"))?,
        Err(end) => {
            let look = async {
                // A read on the writing connection, so that it sees writes that were waiting.
                store.check().await?;
                let open = store.open_creations(requests.clone()).await?;
                let is_new = |id| earlier.iter().all(|known| known.id != id);
                let reference = requests.reference.unwrap_or_default();
                let tracked = store.find_orders(&reference).await?;
                // What was answered, and is still being looked at.
                let created = tracked.iter().any(|order| order.created_at >= begun_at);
                Ok((created || open.iter().any(|it| is_new(it.id))).then_some(()))
            };
            match bound.leave(end, work, std::future::pending(), look).await {
                Left::Done(done) => done,
                Left::Record(()) | Left::Unreadable => return Err(unknown(&end)),
                Left::Nothing => {
                    let problem = format!("failed to {WHAT}: {end}; nothing was sent");
                    return Err(Failure::failed(problem));
                }
            }
        }
    };
    created.map_err(|error| not_created(&error, advice))
}

/// What is asked for beside the order.
fn terms(args: &AttemptArgs, expires_at: Option<Timestamp>) -> Result<CreateTerms, Failure> {
    if let Some(number) = &args.shop_order {
        // It is looked for as an id is.
        unchanged(number)?;
        OrderId::text(number.as_str())
            .map_err(|error| Failure::usage(format!("--shop-order {number:?}: {error}")))?;
    }
    Ok(CreateTerms {
        shop_order: args.shop_order.clone(),
        expires_at,
        duplicates: if args.allow_duplicate {
            Duplicates::Allow
        } else {
            Duplicates::Refuse
        },
    })
}

/// The attempt to be replaced, and its cancellations so far.
struct Older {
    order: TrackedOrder,
    key: OrderKey,
    earlier: Vec<Record>,
}

async fn older(
    args: &AttemptArgs,
    reference: &OrderId,
    canceller: &Canceller,
    config: &Config,
    context: &Context,
) -> Result<Option<Older>, Failure> {
    let Some(text) = &args.replaces else {
        return Ok(None);
    };
    let store = super::store_of(canceller);
    let account = context.only_account(config, None)?;
    let order = super::find_order(text, context, config, store).await?;
    let key = canceller.canonical(&order.key);
    let key = key.map_err(|error| Failure::engine(WHAT, &error))?;
    let refused = if key.account != account {
        format!("order {key} belongs to another account")
    } else if key.order == *reference || order.reference.as_deref() == Some(reference.as_str()) {
        format!("order {key} has this id; the new one needs another")
    } else if let (Some(here), Some(there)) = (&args.shop_order, &order.shop_order)
        && here != there
    {
        format!("order {key} is for shop order {there}, and not for {here}")
    } else {
        let earlier = store.cancellations_of(&key).await;
        let earlier = earlier.map_err(|error| Failure::store(WHAT, &error))?;
        return Ok(Some(Older {
            order,
            key,
            earlier,
        }));
    };
    Err(Failure::usage(format!("--replaces {text}: {refused}")))
}

/// Cancels the older attempt, unless that was done before. Where it may still be paid, the new
/// order is not created, unless that is only in doubt and wanted all the same.
async fn replace(
    older: Older,
    args: &AttemptArgs,
    reference: &OrderId,
    terms: CreateTerms,
    canceller: &Canceller,
    bound: &Bound,
) -> Result<CreateTerms, Failure> {
    let Older {
        order,
        key,
        earlier,
    } = older;
    let mut terms = CreateTerms {
        shop_order: terms.shop_order.or_else(|| order.shop_order.clone()),
        ..terms
    };
    let is_cancelled = |record: &Record| {
        matches!(
            record.progress.state,
            State::Done(Outcome::Confirmed | Outcome::ResolvedCancelled)
        )
    };
    let asked = Asked {
        order,
        request: Request {
            reason: Some(format!("replaced by {reference}")),
            actor: super::actor(None)?,
        },
        wait: args.wait,
    };
    let handled = match earlier.iter().any(is_cancelled) {
        true => None,
        false => Some(cancel::carry_out(canceller, asked, &key, &earlier, bound).await?),
    };
    let tracked = super::store_of(canceller).order(&key).await;
    let tracked = tracked.map_err(|error| Failure::store(WHAT, &error))?;
    let status = tracked.and_then(|order| order.seen).map(|seen| seen.status);
    let nothing = "nothing was created";
    match (status, handled) {
        (Some(OrderStatus::Paid), _) => Err(Failure::refused(format!(
            "failed to {WHAT}: paid already: order {key} is paid; {nothing}"
        ))),
        (Some(OrderStatus::Cancelled), _) | (_, None) => Ok(terms),
        (_, Some(handled)) if is_cancelled(&handled.record) => Ok(terms),
        (_, Some(handled)) => {
            let exit = cancel::exit_of(&handled);
            let message = handled.record.message.as_deref().unwrap_or_default();
            let said = plain(message);
            match exit {
                Exit::Unknown if args.even_in_doubt => {
                    terms.duplicates = Duplicates::RefuseBut(key);
                    Ok(terms)
                }
                Exit::Unknown => Err(Failure::unknown(format!(
                    "failed to {WHAT}: whether order {key} is cancelled is not known yet: {said}; {nothing}; run the command again later, or with --even-in-doubt"
                ))),
                Exit::Done | Exit::Failed | Exit::Usage | Exit::Refused => Err(Failure::ended(
                    exit,
                    format!("failed to {WHAT}: order {key} is not cancelled: {said}; {nothing}"),
                )),
            }
        }
    }
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

fn new_order(
    args: CreateArgs,
    reference: &OrderId,
    money: Money,
) -> Result<(AttemptArgs, NewOrder), Error> {
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
    Ok((args.attempt, order))
}

/// What to do where it is not known whether the order was created.
fn advice(gateway: GatewayKind, reference: &OrderId) -> String {
    match gateway.order_ids() {
        OrderIds::Merchant => {
            format!("the order may exist, and is tracked; see `duka status {reference}`")
        }
        OrderIds::Gateway => "repeating the command with the same id and the same values recovers it; until then it is in `duka pending`".to_owned(),
    }
}

/// Why there is no new order. `advice` is for one that may exist.
fn not_created(error: &CreateError, advice: &str) -> Failure {
    match error {
        CreateError::NothingSent(error) => Failure::engine(WHAT, error),
        CreateError::NotCreated(error) => failure(error),
        CreateError::Unknown { error, tracked, .. } => {
            let failure = Failure::unknown(format!("failed to {WHAT}: {}", error.in_full()));
            // Pesapal's adapter says how the order is recovered.
            let advice = tracked.as_ref().map_or("see `duka pending`", |_| advice);
            failure.with_advice(advice)
        }
        CreateError::Obstacle(obstacle) => obstructed(obstacle),
        CreateError::IdUsed { .. } => Failure::usage(format!("failed to {WHAT}: {error}")),
        CreateError::CreatedBefore(_) | CreateError::EarlierOrder { .. } => {
            Failure::refused(format!("failed to {WHAT}: {error}"))
        }
        // The error must show where the customer pays: no other place has it.
        CreateError::NotStored { created, error } => {
            let (key, link) = (&created.key, created.answer.payment_link.reveal());
            let what = format!("track the order that was created as {key}, to be paid at {link}");
            Failure::store(&what, error)
        }
        CreateError::ShutDown(_) | _ => {
            Failure::unknown(format!("failed to {WHAT}: {error}")).with_advice(advice)
        }
    }
}

/// Why nothing may be sent, and what there is to do. The link of an open attempt is shown here
/// alone: it is what the customer needs.
fn obstructed(obstacle: &Obstacle) -> Failure {
    let failure = Failure::refused(format!("failed to {WHAT}: {obstacle}; nothing was sent"));
    match obstacle {
        Obstacle::CancelledId(_) | Obstacle::OtherAmount { .. } => failure,
        Obstacle::PaidAttempt(_) => {
            failure.with_advice("--allow-duplicate creates another all the same")
        }
        Obstacle::OpenAttempt {
            order,
            reference,
            payment_link,
        } => {
            let failure = match payment_link {
                Some(link) => {
                    failure.with_advice(&format!("it is paid at {}", plain(link.reveal())))
                }
                None => failure,
            };
            let name = order
                .as_ref()
                .map_or(reference.as_str(), |key| key.order.as_str());
            failure.with_advice(&format!(
                "--replaces {name} cancels it first, --allow-duplicate creates a second one"
            ))
        }
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

//! The control calls under `/_emulator`: the state of orders, customers' acts, faults, variants and the clock.

use std::error::Error as _;
use std::time::Duration;

use hyper::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value};
use url::Url;

use crate::customer::{ActError, CustomerAct};
use crate::exchange::{JSON, Received, Reply};
use crate::faults::{Fault, FaultError, FaultKind};
use crate::gateway::{Gateway, Operation};
use crate::routes::{Control, control_calls, prefixes};
use crate::snapshot;
use crate::state::Shared;
use crate::variants::{Variant, VariantError, variants};

/// The answer to a control call; `varying` is what stands in its path.
pub(crate) fn answer(
    shared: &Shared,
    received: &Received,
    call: Control,
    varying: &[String],
) -> Reply {
    let segment = |place: usize| varying.get(place).map_or("", String::as_str);
    let answered = match call {
        Control::Orders => {
            // Copied under the lock and written outside it: a hundred thousand orders take a while.
            let orders = shared.state().orders.snapshot();
            Ok(Reply::json(StatusCode::OK, &orders))
        }
        Control::Order => one_order(shared, segment(0)),
        Control::Act => customer_acts(shared, segment(0), segment(1)),
        Control::Faults => Ok(Reply::json(StatusCode::OK, &shared.state().faults.armed())),
        Control::ArmFault => arm(shared, received),
        Control::ClearFaults => Ok(clear_faults(shared)),
        Control::Requests => {
            let requests = shared.state().log.snapshot();
            Ok(Reply::json(StatusCode::OK, &requests))
        }
        Control::Deliveries => {
            let deliveries = shared.state().deliveries.snapshot();
            Ok(Reply::json(StatusCode::OK, &deliveries))
        }
        Control::Resend => resend(shared, segment(0)),
        Control::Variants => {
            let settings = shared.behaviour().settings();
            Ok(Reply::json(StatusCode::OK, &settings))
        }
        Control::SetVariants => choose(shared, received),
        Control::Clock => clock(shared, received),
        Control::Webhook => webhook(shared, received),
        Control::State => {
            let document = snapshot::take(shared);
            Ok(Reply::with_body(StatusCode::OK, JSON, document))
        }
        Control::SetState => set_state(shared, received),
        Control::Reset => {
            shared.reset();
            Ok(Reply::json(StatusCode::OK, &Done { done: true }))
        }
    };
    answered.unwrap_or_else(Refusal::into_reply)
}

/// A control call with a method that it does not have.
pub(crate) fn wrong_method(received: &Received) -> Reply {
    Refusal::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method",
        format!("{} is not a method of this call", received.method),
    )
    .into_reply()
}

/// A request that comes from elsewhere, by one of its headers.
pub(crate) fn foreign(header: &str, problem: String) -> Reply {
    Refusal::new(StatusCode::FORBIDDEN, header, problem).into_reply()
}

/// A path under `/_emulator/` that is no control call.
pub(crate) fn no_such_call() -> Reply {
    Refusal::new(StatusCode::NOT_FOUND, "path", "no such control call")
        .valid(control_calls())
        .into_reply()
}

/// An address that belongs to neither gateway, nor to the emulator.
pub(crate) fn unknown_path(path: &str) -> Reply {
    Refusal::new(
        StatusCode::NOT_FOUND,
        "path",
        format!("{path} belongs to neither gateway"),
    )
    .valid(prefixes())
    .into_reply()
}

#[derive(Serialize)]
struct Done {
    done: bool,
}

#[derive(Serialize)]
struct Cleared {
    cleared: usize,
}

#[derive(Serialize)]
struct Now {
    now: Timestamp,
}

#[derive(Serialize)]
struct ErrorBody {
    error: Refusal,
}

/// Why a control call was not carried out: which field, and what would have been valid.
#[derive(Debug, Serialize)]
struct Refusal {
    #[serde(skip)]
    http: StatusCode,
    field: String,
    message: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    valid: Vec<String>,
}

impl Refusal {
    fn new(http: StatusCode, field: &str, message: impl Into<String>) -> Self {
        Self {
            http,
            field: field.to_owned(),
            message: message.into(),
            valid: Vec::new(),
        }
    }

    fn field(field: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, field, message)
    }

    fn valid(mut self, values: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.valid = values.into_iter().map(Into::into).collect();
        self
    }

    fn into_reply(self) -> Reply {
        Reply::json(self.http, &ErrorBody { error: self })
    }
}

fn one_order(shared: &Shared, id: &str) -> Result<Reply, Refusal> {
    let state = shared.state();
    let Some(key) = state.orders.address(id) else {
        let problem = ActError::UnknownOrder { id: id.to_owned() };
        return Err(Refusal::new(
            StatusCode::NOT_FOUND,
            "id",
            problem.to_string(),
        ));
    };
    Ok(Reply::json(
        StatusCode::OK,
        &state.orders.get(key).snapshot(),
    ))
}

fn customer_acts(shared: &Shared, id: &str, act: &str) -> Result<Reply, Refusal> {
    let act = CustomerAct::from_name(act).ok_or_else(|| {
        Refusal::field("act", format!("unknown act {act:?}"))
            .valid(CustomerAct::ALL.map(CustomerAct::as_str))
    })?;
    let key = shared.act(id, act).map_err(|problem| {
        let (http, field) = match problem {
            ActError::UnknownOrder { .. } => (StatusCode::NOT_FOUND, "id"),
            ActError::NotPossible { .. } => (StatusCode::CONFLICT, "act"),
        };
        Refusal::new(http, field, problem.to_string())
    })?;
    let order = shared.state().orders.get(key).snapshot();
    Ok(Reply::json(StatusCode::OK, &order))
}

fn resend(shared: &Shared, id: &str) -> Result<Reply, Refusal> {
    let delivery = id.parse().ok().and_then(|id| shared.state().resend(id));
    let delivery = delivery.ok_or_else(|| {
        let message =
            format!("no delivery has the id {id:?}; GET /_emulator/deliveries lists them");
        Refusal::new(StatusCode::NOT_FOUND, "id", message)
    })?;
    Ok(Reply::json(StatusCode::OK, &delivery))
}

fn set_state(shared: &Shared, received: &Received) -> Result<Reply, Refusal> {
    snapshot::put(shared, &received.body).map_err(|problem| {
        let cause = problem.source().map(|it| format!(": {it}"));
        Refusal::field("body", format!("{problem}{}", cause.unwrap_or_default()))
    })?;
    Ok(Reply::json(StatusCode::OK, &Done { done: true }))
}

fn clear_faults(shared: &Shared) -> Reply {
    let cleared = shared.state().faults.clear();
    Reply::json(StatusCode::OK, &Cleared { cleared })
}

fn arm(shared: &Shared, received: &Received) -> Result<Reply, Refusal> {
    const MEMBERS: [&str; 7] = [
        "gateway",
        "operation",
        "kind",
        "times",
        "probability",
        "delay_ms",
        "form",
    ];
    let body = object(received, &MEMBERS)?;
    let kind = named(
        &body,
        "kind",
        FaultKind::from_name,
        FaultKind::ALL.map(FaultKind::as_str),
    )?
    .ok_or_else(|| {
        Refusal::field("kind", "kind is missing").valid(FaultKind::ALL.map(FaultKind::as_str))
    })?;
    let mut fault = Fault::new(kind);
    let gateways = Gateway::ALL.map(Gateway::as_str);
    if let Some(gateway) = named(&body, "gateway", Gateway::from_name, gateways)? {
        fault = fault.at(gateway);
    }
    let operations = Operation::ALL.map(Operation::as_str);
    if let Some(operation) = named(&body, "operation", Operation::from_name, operations)? {
        fault = fault.on(operation);
    }
    if let Some(times) = member(&body, "times") {
        let times = times.as_u64().and_then(|it| u32::try_from(it).ok());
        let times = times.ok_or_else(|| Refusal::field("times", "times is not a whole number"))?;
        fault = fault.times(times);
    }
    if let Some(probability) = member(&body, "probability") {
        let probability = probability
            .as_f64()
            .ok_or_else(|| Refusal::field("probability", "probability is not a number"))?;
        fault = fault.probability(probability);
    }
    if let Some(delay) = member(&body, "delay_ms") {
        let delay = delay
            .as_u64()
            .ok_or_else(|| Refusal::field("delay_ms", "delay_ms is not a whole number"))?;
        fault = fault.delay(Duration::from_millis(delay));
    }
    if let Some(form) = member(&body, "form") {
        let form = form.as_u64().and_then(|it| u32::try_from(it).ok());
        let form = form.ok_or_else(|| Refusal::field("form", "form is not a whole number"))?;
        fault = fault.form(form);
    }
    shared
        .state()
        .faults
        .arm(fault)
        .map_err(|problem| never_strikes(problem, &body))?;
    Ok(Reply::json(StatusCode::OK, &fault))
}

fn never_strikes(problem: FaultError, body: &Map<String, Value>) -> Refusal {
    let message = problem.to_string();
    match problem {
        FaultError::Times => Refusal::field("times", message),
        FaultError::Probability => Refusal::field("probability", message),
        FaultError::Operation { kind, .. } => {
            let gateway = member(body, "gateway")
                .and_then(Value::as_str)
                .and_then(Gateway::from_name);
            Refusal::field("operation", message)
                .valid(kind.operations(gateway).into_iter().map(Operation::as_str))
        }
    }
}

/// Sets every variant that the body names, or none of them.
fn choose(shared: &Shared, received: &Received) -> Result<Reply, Refusal> {
    let wanted = any_object(received)?;
    let mut state = shared.state();
    let mut behaviour = state.behaviour.clone();
    for (name, value) in &wanted {
        let variant = Variant::named(name).map_err(unknown_choice)?;
        let value = value.as_str().ok_or_else(|| {
            Refusal::field(name, format!("{name} is not text but {value}"))
                .valid(variant.values().iter().copied())
        })?;
        behaviour.set(name, value).map_err(unknown_choice)?;
    }
    state.behaviour = behaviour.clone();
    drop(state);
    let mut chosen = behaviour.settings();
    chosen.retain(|it| wanted.contains_key(it.name));
    Ok(Reply::json(StatusCode::OK, &chosen))
}

fn unknown_choice(problem: VariantError) -> Refusal {
    let message = problem.to_string();
    match problem {
        VariantError::UnknownName { name } => {
            Refusal::field(&name, message).valid(variants().iter().map(Variant::name))
        }
        VariantError::UnknownValue { name, valid, .. } => {
            Refusal::field(name, message).valid(valid.iter().copied())
        }
    }
}

fn clock(shared: &Shared, received: &Received) -> Result<Reply, Refusal> {
    let body = object(received, &["advance_seconds"])?;
    let seconds = member(&body, "advance_seconds")
        .and_then(Value::as_i64)
        .ok_or_else(|| {
            Refusal::field("advance_seconds", "advance_seconds must be a whole number")
        })?;
    shared.clock.advance(SignedDuration::from_secs(seconds));
    Ok(Reply::json(
        StatusCode::OK,
        &Now {
            now: shared.clock.now(),
        },
    ))
}

fn webhook(shared: &Shared, received: &Received) -> Result<Reply, Refusal> {
    let body = object(received, &["url"])?;
    let url = match body.get("url") {
        Some(Value::Null) => None,
        Some(Value::String(text)) => {
            let url = Url::parse(text)
                .map_err(|problem| Refusal::field("url", format!("not an address: {problem}")))?;
            shared
                .config
                .check_target(&url)
                .map_err(|problem| Refusal::field("url", problem.to_string()))?;
            Some(url)
        }
        Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) | None => {
            return Err(Refusal::field("url", "url must be an address or null"));
        }
    };
    shared.state().webhook_url = url;
    Ok(Reply::json(StatusCode::OK, &Done { done: true }))
}

/// The body as an object; an unknown member is refused, because it may be misspelt.
fn object(received: &Received, members: &[&'static str]) -> Result<Map<String, Value>, Refusal> {
    let body = any_object(received)?;
    match body.keys().find(|it| !members.contains(&it.as_str())) {
        Some(unknown) => {
            Err(Refusal::field(unknown, "no such member").valid(members.iter().copied()))
        }
        None => Ok(body),
    }
}

fn any_object(received: &Received) -> Result<Map<String, Value>, Refusal> {
    match serde_json::from_slice(&received.body) {
        Ok(Value::Object(body)) => Ok(body),
        Ok(_) => Err(Refusal::field("body", "the body is not a JSON object")),
        Err(problem) => {
            let message = format!("the body is not JSON: {problem}");
            Err(Refusal::field("body", message))
        }
    }
}

/// A member that is present and not null.
fn member<'a>(body: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    body.get(name).filter(|it| !it.is_null())
}

/// A member that is one of a list of names; None where it is absent, null or `*`.
fn named<T>(
    body: &Map<String, Value>,
    name: &str,
    from_name: impl Fn(&str) -> Option<T>,
    valid: impl IntoIterator<Item = &'static str>,
) -> Result<Option<T>, Refusal> {
    let Some(value) = member(body, name) else {
        return Ok(None);
    };
    match value.as_str() {
        Some("*") if name != "kind" => Ok(None),
        text => text
            .and_then(from_name)
            .map(Some)
            .ok_or_else(|| Refusal::field(name, format!("unknown {name} {value}")).valid(valid)),
    }
}

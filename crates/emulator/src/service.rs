//! One request from its arrival to its outcome: routing, faults, authentication, the gateway, the log.

use std::sync::Arc;

use bytes::Bytes;
use hyper::{Method, StatusCode};

use crate::call::Call;
use crate::control;
use crate::customer::Race;
use crate::exchange::{Dropped, HTML, JSON, Outcome, Received, Reply, ReplyBody};
use crate::faults::{FaultKind, FaultPoint, Struck};
use crate::foreign;
use crate::gateway::{Gateway, Operation};
use crate::kwikpaisa;
use crate::odd::{odd_401, odd_word};
use crate::order::Payment;
use crate::pages;
use crate::pesapal;
use crate::request_log::{RequestRecord, loggable_body, loggable_headers};
use crate::routes::{Area, Endpoint, Found, find};
use crate::state::{Shared, State};
use crate::variants::Behaviour;

pub(crate) async fn answer(shared: Arc<Shared>, received: Received) -> Outcome {
    let found = find(&received.method, &received.path);
    if !found.is_api()
        && let Some((header, problem)) = foreign::refusal(shared.config.exposure, &received)
    {
        return Outcome::Reply(control::foreign(header, problem));
    }
    let reply = match found {
        Found::Endpoint(Endpoint::Api(gateway, operation), _) => {
            return ApiCall::open(shared, received, gateway, operation)
                .run()
                .await;
        }
        Found::Endpoint(Endpoint::Page(page), varying) => {
            pages::answer(&shared, &received, page, &varying)
        }
        Found::Endpoint(Endpoint::Control(call), varying) => {
            control::answer(&shared, &received, call, &varying)
        }
        Found::WrongMethod(Area::Api(gateway), allowed) => {
            let reason = "the path exists, but not with this method";
            let allowed: Vec<_> = allowed.iter().map(Method::as_str).collect();
            // HTTP wants a 405 to say what would do (RFC 9110, section 15.5.6).
            let status = StatusCode::METHOD_NOT_ALLOWED;
            not_in_api(&shared, &received, gateway, status, reason)
                .with_header("allow", allowed.join(", "))
        }
        Found::NoPath(Area::Api(gateway)) => {
            let reason = "the gateway has no such path";
            not_in_api(&shared, &received, gateway, StatusCode::NOT_FOUND, reason)
        }
        Found::WrongMethod(Area::Page, allowed) => pages::wrong_method(&allowed),
        Found::NoPath(Area::Page) => pages::no_such_order(),
        Found::WrongMethod(Area::Control, _) => control::wrong_method(&received),
        Found::NoPath(Area::Control) => control::no_such_call(),
        Found::WrongMethod(Area::Elsewhere, _) | Found::NoPath(Area::Elsewhere) => {
            control::unknown_path(&received.path)
        }
    };
    Outcome::Reply(reply)
}

/// A request under a gateway's address that is none of its operations; it is logged like one.
fn not_in_api(
    shared: &Shared,
    received: &Received,
    gateway: Gateway,
    status: StatusCode,
    reason: &str,
) -> Reply {
    let reply = match gateway {
        Gateway::KwikPaisa => kwikpaisa::error(&shared.behaviour(), status, "Invalid request."),
        Gateway::Pesapal if status == StatusCode::METHOD_NOT_ALLOWED => {
            pesapal::wrong_method(received)
        }
        Gateway::Pesapal => pesapal::no_such_path(&shared.base_url, received),
    }
    .because(reason);
    let record = record(shared, received, gateway, None);
    let mut state = shared.state();
    let number = state.log.open(record);
    state.log.close(number, reply.verdict.clone(), Vec::new());
    reply
}

fn record(
    shared: &Shared,
    received: &Received,
    gateway: Gateway,
    operation: Option<Operation>,
) -> RequestRecord {
    RequestRecord {
        number: 0,
        time: shared.clock.now(),
        gateway,
        operation,
        method: received.method.as_str().to_owned(),
        path: received.path_and_query(),
        headers: loggable_headers(&received.headers),
        body: loggable_body(operation, &received.body),
        verdict: "under way".to_owned(),
        faults: Vec::new(),
    }
}

/// A call of a gateway's API under way.
struct ApiCall {
    shared: Arc<Shared>,
    received: Received,
    gateway: Gateway,
    operation: Operation,
    number: u64,
    faults: Vec<FaultKind>,
}

impl ApiCall {
    fn open(
        shared: Arc<Shared>,
        received: Received,
        gateway: Gateway,
        operation: Operation,
    ) -> Self {
        let record = record(&shared, &received, gateway, Some(operation));
        let number = shared.state().log.open(record);
        Self {
            shared,
            received,
            gateway,
            operation,
            number,
            faults: Vec::new(),
        }
    }

    async fn run(mut self) -> Outcome {
        let shared = Arc::clone(&self.shared);
        let struck = self.strike(&mut shared.state(), FaultPoint::BeforeAuthentication);
        match struck {
            None => self.authenticate_and_apply().await,
            Some(fault) if fault.hold.is_zero() => {
                self.struck_before_authentication(fault.kind).await
            }
            // A task of its own: a slow gateway applies what it received even if the client has left by then.
            Some(fault) => tokio::spawn(async move {
                tokio::time::sleep(fault.hold).await;
                self.struck_before_authentication(fault.kind).await
            })
            .await
            .unwrap_or(Outcome::Dropped(Dropped::Close)),
        }
    }

    fn strike(&mut self, state: &mut State, point: FaultPoint) -> Option<Struck> {
        let struck =
            state
                .faults
                .strike(&mut state.rng, point, self.gateway, Some(self.operation))?;
        self.faults.push(struck.kind);
        Some(struck)
    }

    async fn struck_before_authentication(self, kind: FaultKind) -> Outcome {
        match kind {
            FaultKind::ResetBefore => self.dropped(Dropped::Reset, "connection reset, not applied"),
            FaultKind::Http429 => {
                let reply = self.gateway_error(StatusCode::TOO_MANY_REQUESTS, "Too many requests.");
                self.replied(reply.with_header("retry-after", "1").because("not applied"))
            }
            FaultKind::Http503 => {
                let reply =
                    self.gateway_error(StatusCode::SERVICE_UNAVAILABLE, "Service unavailable.");
                self.replied(reply.because("not applied"))
            }
            FaultKind::Delay
            | FaultKind::ReplyLost
            | FaultKind::Http500
            | FaultKind::HtmlBody
            | FaultKind::EmptyBody
            | FaultKind::TruncatedBody
            | FaultKind::GarbageBody
            | FaultKind::Odd401
            | FaultKind::InterimFlood
            | FaultKind::StrayReply
            | FaultKind::OddWord
            | FaultKind::TokenExpired
            | FaultKind::PayBeforeApply
            | FaultKind::PayAfterApply
            | FaultKind::DuplicateNotification
            | FaultKind::ReorderedNotification => self.authenticate_and_apply().await,
        }
    }

    /// From authentication to the reply under one lock, so that no other request sees a half-applied call.
    async fn authenticate_and_apply(mut self) -> Outcome {
        let shared = Arc::clone(&self.shared);
        let now = shared.clock.now();
        let (reply, struck, stray) = {
            let behaviour = shared.behaviour();
            // The signature is checked before the lock is taken: it is the costly part.
            let signature = match self.gateway {
                Gateway::KwikPaisa => {
                    kwikpaisa::authenticate(&shared.config, &behaviour, now, &self.received)
                }
                Gateway::Pesapal => Ok(()),
            };
            let mut state = shared.state();
            let authenticated = match self.gateway {
                Gateway::KwikPaisa => signature,
                Gateway::Pesapal => {
                    pesapal::authenticate(&state, now, self.operation, &self.received)
                }
            };
            if let Err(refusal) = authenticated {
                drop(state);
                return self.replied(refusal);
            }
            if self
                .strike(&mut state, FaultPoint::Authentication)
                .is_some()
            {
                drop(state);
                let refusal = match self.gateway {
                    Gateway::KwikPaisa => kwikpaisa::expired(&behaviour),
                    Gateway::Pesapal => pesapal::expired(&behaviour),
                };
                return self.replied(refusal.because("by fault, although it was good"));
            }
            let race = match self.operation {
                Operation::Cancel => self.race(&mut state),
                Operation::Token
                | Operation::Create
                | Operation::Status
                | Operation::Refund
                | Operation::RegisterIpn
                | Operation::ListIpns => Race::None,
            };
            let mut call = Call {
                shared: &shared,
                state: &mut state,
                behaviour: &behaviour,
                received: &self.received,
                now,
                race,
            };
            let reply = match self.gateway {
                Gateway::KwikPaisa => kwikpaisa::answer(&mut call, self.operation),
                Gateway::Pesapal => pesapal::answer(&mut call, self.operation),
            };
            let struck = self.strike(&mut state, FaultPoint::Reply);
            let stray = struck.filter(|it| it.kind == FaultKind::StrayReply);
            let stray = stray.map(|it| self.stray(&mut state, &behaviour, it.form));
            (reply, struck, stray)
        };
        let Some(struck) = struck else {
            return self.replied(reply);
        };
        if let Some(stray) = stray {
            let verdict = format!("{}, and a stray reply behind", reply.verdict);
            self.close(&verdict);
            let after = struck.hold;
            return Outcome::WithStray {
                reply,
                stray,
                after,
            };
        }
        let outcome = self.struck_in_reply(reply, struck);
        tokio::time::sleep(struck.hold).await;
        outcome
    }

    /// The status of an order that is none of the merchant's.
    fn stray(&self, state: &mut State, behaviour: &Behaviour, form: u32) -> Reply {
        let now = self.shared.clock.now();
        let payment = if form.is_multiple_of(2) {
            Payment::Paid
        } else {
            Payment::Open
        };
        match self.gateway {
            Gateway::KwikPaisa => kwikpaisa::stray(behaviour, &mut state.rng, payment, now),
            Gateway::Pesapal => pesapal::stray(behaviour, &mut state.rng, payment, now),
        }
    }

    fn race(&mut self, state: &mut State) -> Race {
        match self.strike(state, FaultPoint::Cancel).map(|it| it.kind) {
            Some(FaultKind::PayBeforeApply) => Race::PaidBefore,
            Some(FaultKind::PayAfterApply) => Race::PaidAfter,
            Some(_) | None => Race::None,
        }
    }

    /// The call was carried out and would have got `reply`.
    fn struck_in_reply(self, reply: Reply, struck: Struck) -> Outcome {
        let carried_out = format!("carried out ({})", reply.verdict);
        let broken = match struck.kind {
            FaultKind::Odd401 => odd_401(&reply, struck.form),
            FaultKind::OddWord => odd_word(&reply, struck.form),
            FaultKind::InterimFlood => {
                self.close(&format!("{carried_out}, nothing but interim replies sent"));
                return Outcome::Interims;
            }
            FaultKind::ReplyLost => {
                return self.dropped(Dropped::Close, &format!("{carried_out}, reply lost"));
            }
            FaultKind::Http500 => {
                self.gateway_error(StatusCode::INTERNAL_SERVER_ERROR, "Internal server error.")
            }
            FaultKind::HtmlBody => Reply::with_body(
                StatusCode::OK,
                HTML,
                "<!DOCTYPE html><html><head><title>One moment</title></head><body><h1>One moment</h1></body></html>",
            ),
            FaultKind::EmptyBody => Reply::empty(StatusCode::OK),
            FaultKind::TruncatedBody => {
                let mut cut = Reply::empty(reply.status);
                cut.body = ReplyBody::cut_short(&reply.body.whole());
                cut
            }
            FaultKind::GarbageBody => Reply::with_body(
                StatusCode::OK,
                JSON,
                Bytes::from_static(&[0x1F, 0x8B, 0xFF, 0xFE, 0x00, 0xC3, 0x28, 0x7B, 0xF0, 0x9F]),
            ),
            FaultKind::ResetBefore
            | FaultKind::Delay
            | FaultKind::Http429
            | FaultKind::Http503
            | FaultKind::StrayReply
            | FaultKind::TokenExpired
            | FaultKind::PayBeforeApply
            | FaultKind::PayAfterApply
            | FaultKind::DuplicateNotification
            | FaultKind::ReorderedNotification => reply,
        };
        self.replied(broken.because(carried_out))
    }

    fn gateway_error(&self, status: StatusCode, message: &'static str) -> Reply {
        match self.gateway {
            Gateway::KwikPaisa => kwikpaisa::error(&self.shared.behaviour(), status, message),
            Gateway::Pesapal => pesapal::http_error(status, message),
        }
    }

    fn replied(self, reply: Reply) -> Outcome {
        self.close(&reply.verdict);
        Outcome::Reply(reply)
    }

    fn dropped(self, how: Dropped, verdict: &str) -> Outcome {
        self.close(verdict);
        Outcome::Dropped(how)
    }

    fn close(self, verdict: &str) {
        tracing::debug!(gateway = %self.gateway, operation = %self.operation, verdict, "request");
        self.shared
            .state()
            .log
            .close(self.number, verdict.to_owned(), self.faults);
    }
}

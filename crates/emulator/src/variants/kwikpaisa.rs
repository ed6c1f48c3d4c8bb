//! KwikPaisa's variants: each answer that no page of its API v3 tells.

use hyper::StatusCode;

use super::table::questions;
use crate::json::JsonType;
#[cfg(any(test, feature = "reserialize"))]
use crate::reserialize;
use crate::reserialize::Reserializer;

/// The body of HTTP 401.
#[derive(Debug, Clone, Copy)]
pub(crate) enum UnauthorizedBody {
    Envelope,
    Html,
    Empty,
}

questions! { KwikPaisa:
    CANCEL_REFUSAL: Option<StatusCode> = "kwikpaisa.cancel_refusal", Assumed,
    "The form of \"order cannot be cancelled\", which no page shows." {
        "http_422" => Some(StatusCode::UNPROCESSABLE_ENTITY), "HTTP 422 with the error envelope.";
        "http_400" => Some(StatusCode::BAD_REQUEST), "HTTP 400 with the error envelope.";
        "http_409" => Some(StatusCode::CONFLICT), "HTTP 409 with the error envelope.";
        "failed_envelope" => None, "HTTP 200 with `\"status\":\"failed\"` and the order's status in `return_data`.";
    }

    SECOND_CANCEL_IS_ACCEPTED: bool = "kwikpaisa.second_cancel", Assumed,
    "The answer to a cancel of an order that is cancelled already." {
        "refused" => false, "Refused, like that of any order that cannot be cancelled.";
        "accepted" => true, "Answered yes again; nothing is applied twice.";
    }

    CANCEL_SHOWS_LATE: bool = "kwikpaisa.cancel_shows", Assumed,
    "When the status of an order shows that it was cancelled." {
        "at_once" => false, "From the cancel on.";
        "after_a_read" => true, "The first status after the cancel still shows what was before.";
    }

    CANCEL_REPLY_HAS_STATUS: bool = "kwikpaisa.cancel_reply", Documented,
    "What the reply to an applied cancel holds." {
        "full" => true, "Order, status and time, as in the documented reply.";
        "without_status" => false, "No `order_status`.";
    }

    CREATE_HTTP: StatusCode = "kwikpaisa.create_http", Assumed,
    "The HTTP status of a successful create." {
        "ok_200" => StatusCode::OK, "HTTP 200 and `\"code\":\"200\"`.";
        "created_201" => StatusCode::CREATED, "HTTP 201 and `\"code\":\"201\"`.";
    }

    CREATE_REPLY_IS_FULL: bool = "kwikpaisa.create_reply", Assumed,
    "What the reply to a create holds, of which only the link is documented." {
        "full" => true, "All that the older API has.";
        "link_only" => false, "Nothing but `payment_link`.";
    }

    SIGNED_OVER: Option<Reserializer> = "kwikpaisa.signed_over", Assumed,
    "What the server compares a request's signature with." {
        "raw_bytes" => None, "The bytes it received.";
        #[cfg(any(test, feature = "reserialize"))]
        "node" => Some(reserialize::NODE), "The body read and written again as the documented Node sample does: top level sorted, floats.";
        #[cfg(any(test, feature = "reserialize"))]
        "php" => Some(reserialize::PHP), "The same as the PHP sample does: sorted recursively, slashes and Unicode not escaped.";
        #[cfg(any(test, feature = "reserialize"))]
        "php_escaped" => Some(reserialize::PHP_ESCAPED), "The same with Unicode escaped, as PHP does unless it is told otherwise.";
    }

    UNAUTHORIZED_BODY: UnauthorizedBody = "kwikpaisa.door_body", Assumed,
    "The body of HTTP 401." {
        "envelope" => UnauthorizedBody::Envelope, "The error envelope.";
        "html" => UnauthorizedBody::Html, "A page of HTML, as a web server in front sends.";
        "empty" => UnauthorizedBody::Empty, "None.";
    }

    UNAUTHORIZED_TELLS_THE_CAUSE: bool = "kwikpaisa.door_message", Assumed,
    "Whether the message of HTTP 401 tells what was wrong." {
        "by_cause" => true, "It does: the key, the signature or the timestamp.";
        "one_for_all" => false, "It does not: one message for all of them.";
    }

    UNKNOWN_ORDER: Option<StatusCode> = "kwikpaisa.unknown_order", Assumed,
    "The answer to a status or a cancel of an order that does not exist." {
        "http_404" => Some(StatusCode::NOT_FOUND), "HTTP 404 with the error envelope.";
        "http_400" => Some(StatusCode::BAD_REQUEST), "HTTP 400 with the error envelope.";
        "http_422" => Some(StatusCode::UNPROCESSABLE_ENTITY), "HTTP 422 with the error envelope.";
        "failed_envelope" => None, "HTTP 200 with `\"status\":\"failed\"` and no order.";
    }

    ORDER_ID_TYPE: Option<JsonType> = "kwikpaisa.order_id_echo", Assumed,
    "The `order_id` in replies." {
        "as_sent" => None, "An integer or text, whichever was sent.";
        "text" => Some(JsonType::Text), "Text always.";
        "integer" => Some(JsonType::Number), "An integer wherever it can be one.";
    }

    UNPAID_FIELDS_ARE_PRESENT: bool = "kwikpaisa.unpaid_fields", Assumed,
    "Payment fields in the status of an order that is not paid." {
        "null" => true, "Present and null, as `transaction_id` is known to be on a failed payment.";
        "absent" => false, "Left out.";
    }

    AMOUNT_TYPE: JsonType = "kwikpaisa.amounts", Assumed,
    "The JSON type of amounts in replies." {
        "text" => JsonType::Text, "Text: `\"105.00\"`.";
        "number" => JsonType::Number, "A number: `105.00`.";
    }

    ERROR_CODE_TYPE: JsonType = "kwikpaisa.error_code", Documented,
    "The JSON type of `code` in the error envelope." {
        "number" => JsonType::Number, "A number, as on the page.";
        "text" => JsonType::Text, "Text, as in a success.";
    }

    DATE_OFFSET_SECONDS: i32 = "kwikpaisa.date_zone", Assumed,
    "The zone of dates, which carry none." {
        "utc" => 0, "UTC.";
        "india" => 19_800, "India Standard Time, UTC+05:30.";
    }

    CONTENT_TYPE_MAY_HAVE_PARAMETERS: bool = "kwikpaisa.content_type", Assumed,
    "Which `Content-Type` values are accepted." {
        "exact" => false, "`application/json` and nothing behind it.";
        "parameters_allowed" => true, "`application/json` with or without parameters such as a charset.";
    }

    TIMESTAMP_WINDOW_SECONDS: u64 = "kwikpaisa.timestamp_window", Assumed,
    "How far `X-TIMESTAMP` may be from the server's clock, either way; 300 s is no more than a convention." {
        "300s" => 300, "Five minutes.";
        "60s" => 60, "A minute.";
        "3600s" => 3600, "An hour.";
    }

    SERVICE_TYPES: Option<&'static [&'static str]> = "kwikpaisa.service_type", Assumed,
    "Which `service_type` is accepted in a create." {
        "any" => None, "Any text.";
        "listed" => Some(&["DIGITAL", "PHYSICAL_GOODS"]), "`DIGITAL` and `PHYSICAL_GOODS`, the only two ever seen.";
    }

    WEBHOOK_IS_SENT_AS_SIGNED: bool = "kwikpaisa.webhook_signed", Assumed,
    "What a webhook's signature covers." {
        "raw_body" => true, "The body as it is sent.";
        "rewritten" => false, "The body in its shortest form, while it is sent with other white space.";
    }

    REDELIVERY_HAS_A_FRESH_TIMESTAMP: bool = "kwikpaisa.webhook_redelivery", Assumed,
    "The timestamp of a webhook that is delivered again." {
        "fresh_timestamp" => true, "That of the attempt.";
        "first_timestamp" => false, "That of the first attempt, and so the first signature.";
    }

    WEBHOOK_STATUS_IS_THE_EVENTS: bool = "kwikpaisa.webhook_status", Assumed,
    "The word in a webhook's `data.status`." {
        "order_word" => false, "The order's: `PAID` for `payment.success`.";
        "event_word" => true, "The event's: `SUCCESS` for `payment.success`.";
    }

    WEBHOOK_ACCEPTS_ANY_2XX: bool = "kwikpaisa.webhook_accepts", Assumed,
    "Which answers end the delivery of a webhook." {
        "only_200" => false, "HTTP 200.";
        "any_2xx" => true, "HTTP 200 to 299.";
    }
}

//! KwikPaisa's choices: each answer that no page of its API v3 tells.

use super::choices;

choices! {
    /// How KwikPaisa's side answers where the real one's answer is not known.
    KwikPaisaBehaviour is kwikpaisa of KwikPaisa in VARIANTS;

    /// The form of "order cannot be cancelled", which no page shows.
    cancel_refusal: CancelRefusal {
        /// HTTP 422 with the error envelope.
        "http_422" => Http422,
        /// HTTP 400 with the error envelope.
        "http_400" => Http400,
        /// HTTP 409 with the error envelope.
        "http_409" => Http409,
        /// HTTP 200 with `"status":"failed"` and the order's status in `return_data`.
        "failed_envelope" => FailedEnvelope,
    }

    /// The answer to a cancel of an order that is cancelled already.
    second_cancel: SecondCancel {
        /// Refused, like that of any order that cannot be cancelled.
        "refused" => Refused,
        /// Answered yes again; nothing is applied twice.
        "accepted" => Accepted,
    }

    /// When the status of an order shows that it was cancelled.
    cancel_shows: CancelShows {
        /// From the cancel on.
        "at_once" => AtOnce,
        /// The first status after the cancel still shows what was before.
        "after_a_read" => AfterARead,
    }

    /// What the reply to an applied cancel holds.
    cancel_reply: CancelReply {
        /// Order, status and time, as in the documented reply.
        "full" => Full,
        /// No `order_status`.
        "without_status" => WithoutStatus,
    }

    /// The HTTP status of a successful create.
    create_http: CreateHttp {
        /// HTTP 200 and `"code":"200"`.
        "ok_200" => Ok200,
        /// HTTP 201 and `"code":"201"`.
        "created_201" => Created201,
    }

    /// What the reply to a create holds, of which only the link is documented.
    create_reply: CreateReply {
        /// All that the older API has.
        "full" => Full,
        /// Nothing but `payment_link`.
        "link_only" => LinkOnly,
    }

    /// What the server compares a request's signature with.
    signed_over: SignedOver {
        /// The bytes it received.
        "raw_bytes" => RawBytes,
        /// The body read and written again as the documented Node sample does: top level sorted, floats.
        "node" => Node,
        /// The same as the PHP sample does: sorted recursively, slashes and Unicode not escaped.
        "php" => Php,
        /// The same with Unicode escaped, as PHP does unless it is told otherwise.
        "php_escaped" => PhpEscaped,
    }

    /// The body of HTTP 401.
    door_body: DoorBody {
        /// The error envelope.
        "envelope" => Envelope,
        /// A page of HTML, as a web server in front sends.
        "html" => Html,
        /// None.
        "empty" => Empty,
    }

    /// Whether the message of HTTP 401 tells what was wrong.
    door_message: DoorMessage {
        /// It does: the key, the signature or the timestamp.
        "by_cause" => ByCause,
        /// It does not: one message for all of them.
        "one_for_all" => OneForAll,
    }

    /// The answer to a status or a cancel of an order that does not exist.
    unknown_order: UnknownOrder {
        /// HTTP 404 with the error envelope.
        "http_404" => Http404,
        /// HTTP 400 with the error envelope.
        "http_400" => Http400,
        /// HTTP 422 with the error envelope.
        "http_422" => Http422,
        /// HTTP 200 with `"status":"failed"` and no order.
        "failed_envelope" => FailedEnvelope,
    }

    /// The `order_id` in replies.
    order_id_echo: OrderIdEcho {
        /// An integer or text, whichever was sent.
        "as_sent" => AsSent,
        /// Text always.
        "text" => Text,
        /// An integer wherever it can be one.
        "integer" => Integer,
    }

    /// Payment fields in the status of an order that is not paid.
    unpaid_fields: UnpaidFields {
        /// Present and null, as `transaction_id` is known to be on a failed payment.
        "null" => Null,
        /// Left out.
        "absent" => Absent,
    }

    /// The JSON type of amounts in replies.
    amounts: Amounts {
        /// Text: `"105.00"`.
        "text" => Text,
        /// A number: `105.00`.
        "number" => Number,
    }

    /// The JSON type of `code` in the error envelope.
    error_code: ErrorCode {
        /// A number, as on the page.
        "number" => Number,
        /// Text, as in a success.
        "text" => Text,
    }

    /// The zone of dates, which carry none.
    date_zone: DateZone {
        /// UTC.
        "utc" => Utc,
        /// India Standard Time, UTC+05:30.
        "india" => India,
    }

    /// Which `Content-Type` values are accepted.
    content_type: ContentTypeRule {
        /// `application/json` and nothing behind it.
        "exact" => Exact,
        /// `application/json` with or without parameters such as a charset.
        "parameters_allowed" => ParametersAllowed,
    }

    /// How far `X-TIMESTAMP` may be from the server's clock, either way; 300 s is no more than a convention.
    timestamp_window: TimestampWindow {
        /// Five minutes.
        "300s" => Seconds300,
        /// A minute.
        "60s" => Seconds60,
        /// An hour.
        "3600s" => Seconds3600,
    }

    /// Which `service_type` is accepted in a create.
    service_type: ServiceType {
        /// Any text.
        "any" => Any,
        /// `DIGITAL` and `PHYSICAL_GOODS`, the only two ever seen.
        "listed" => Listed,
    }

    /// What a webhook's signature covers.
    webhook_signed: WebhookSigned {
        /// The body as it is sent.
        "raw_body" => RawBody,
        /// The body in its shortest form, while it is sent with other white space.
        "rewritten" => Rewritten,
    }

    /// The timestamp of a webhook that is delivered again.
    webhook_redelivery: WebhookRedelivery {
        /// That of the attempt.
        "fresh_timestamp" => FreshTimestamp,
        /// That of the first attempt, and so the first signature.
        "first_timestamp" => FirstTimestamp,
    }

    /// The word in a webhook's `data.status`.
    webhook_status: WebhookStatus {
        /// The order's: `PAID` for `payment.success`.
        "order_word" => OrderWord,
        /// The event's: `SUCCESS` for `payment.success`.
        "event_word" => EventWord,
    }

    /// Which answers end the delivery of a webhook.
    webhook_accepts: WebhookAccepts {
        /// HTTP 200.
        "only_200" => Only200,
        /// HTTP 200 to 299.
        "any_2xx" => Any2xx,
    }
}

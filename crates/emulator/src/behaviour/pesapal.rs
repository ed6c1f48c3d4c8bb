//! Pesapal's choices: each answer that neither a page nor a recorded reply of its API 3.0 tells.

use super::choices;

choices! {
    /// How Pesapal's side answers where the real one's answer is not known.
    PesapalBehaviour is pesapal of Pesapal in VARIANTS;

    /// The HTTP status of a refused bearer token.
    bad_token: BadToken {
        /// HTTP 401.
        "http_401" => Http401,
        /// HTTP 200: only the body tells.
        "http_200" => Http200,
        /// HTTP 500.
        "http_500" => Http500,
    }

    /// The body of a refused bearer token.
    bad_token_body: BadTokenBody {
        /// The error, as recorded.
        "error" => Error,
        /// The JSON of the error as the text of a `message`, as three clients tell. They tell of HTTP 4xx and 5xx, so
        /// where the HTTP status would be 200 it is 400.
        "message" => Message,
    }

    /// The HTTP status of refused consumer keys.
    bad_consumer_keys: BadConsumerKeys {
        /// HTTP 401.
        "http_401" => Http401,
        /// HTTP 200: only the body tells.
        "http_200" => Http200,
        /// HTTP 500.
        "http_500" => Http500,
    }

    /// The form of `error` where there is none.
    no_error: NoError {
        /// As recorded: an object of nulls in a status, null elsewhere.
        "as_observed" => AsObserved,
        /// Null everywhere.
        "null" => Null,
        /// Left out everywhere.
        "absent" => Absent,
        /// An object of nulls everywhere.
        "object_of_nulls" => ObjectOfNulls,
    }

    /// The form of an error, which the page and the recorded replies show differently.
    error_form: ErrorForm {
        /// As recorded: `error_type` in it, and `"status":"500"` beside it.
        "observed" => Observed,
        /// As documented: `type` in it, and nothing beside it.
        "documented" => Documented,
        /// The message alone, as text, wherever no recorded error has a code that clients need: those of credentials,
        /// tokens and unpaid orders are as recorded.
        "text" => Text,
    }

    /// The JSON type of `status` in every body.
    status_member: StatusMember {
        /// Text: `"200"`.
        "text" => Text,
        /// A number: `200`.
        "number" => Number,
    }

    /// The HTTP status of a successful submit, cancel, refund or registration.
    success_http: SuccessHttp {
        /// HTTP 200.
        "ok_200" => Ok200,
        /// HTTP 201.
        "created_201" => Created201,
    }

    /// The status of an order whose cancel was applied; no code for it exists.
    status_after_cancel: StatusAfterCancel {
        /// As it was before: pending or failed.
        "unchanged" => Unchanged,
        /// Status code 0 with an error that is not the pending one.
        "invalid" => Invalid,
        /// Status code 2.
        "failed" => Failed,
    }

    /// The answer to a second cancel of an order whose first was applied.
    second_cancel: SecondCancel {
        /// Refused: status 500 in the body.
        "refused" => Refused,
        /// Answered yes again; nothing is applied twice.
        "accepted" => Accepted,
    }

    /// Whether a refused cancel uses up the one request an order has.
    refused_cancel: RefusedCancel {
        /// It does: later requests are refused whatever the order's state.
        "uses_up" => UsesUp,
        /// It does not.
        "free" => Free,
    }

    /// The HTTP status of a refused cancel.
    cancel_refusal: CancelRefusal {
        /// HTTP 200, as recorded: only the body tells.
        "http_200" => Http200,
        /// HTTP 400.
        "http_400" => Http400,
    }

    /// Whether an order whose payment failed can be cancelled.
    failed_cancel: FailedCancel {
        /// It can, as the page says.
        "allowed" => Allowed,
        /// It is refused like that of a paid order.
        "refused" => Refused,
    }

    /// Whether an applied cancel sends an IPN.
    ipn_after_cancel: IpnAfterCancel {
        /// None is sent.
        "none" => None,
        /// An `IPNCHANGE` is sent.
        "sent" => Sent,
    }

    /// The answer to a status or a cancel of an order that does not exist.
    unknown_order: UnknownOrder {
        /// HTTP 200 with the error of a bad parameter; a cancel is refused as ever.
        "error_200" => Error200,
        /// HTTP 404 with an error.
        "http_404" => Http404,
        /// HTTP 200 with status 500 and a message, and no error.
        "status_500" => Status500,
        /// HTTP 404 with nothing but a `message`, as ASP.NET answers to an address that it does not know.
        "foreign_404" => Foreign404,
    }

    /// Whether a status has `order_tracking_id`, `account_number` and `payment_status_code`, each seen and missed.
    status_keys: StatusKeys {
        /// They are there.
        "all" => All,
        /// They are not.
        "few" => Few,
    }

    /// The case of tracking ids in replies.
    tracking_id_case: TrackingIdCase {
        /// Small letters, as recorded.
        "lower" => Lower,
        /// Capitals, as .NET can write them, too.
        "upper" => Upper,
    }

    /// The form of a token's `expiryDate`.
    expiry: Expiry {
        /// With seven digits of a second, as recorded.
        "seven_digits" => SevenDigits,
        /// Without a fraction.
        "whole_seconds" => WholeSeconds,
        /// Left out.
        "absent" => Absent,
    }

    /// Whether a token's reply has a `status`.
    token_status: TokenStatus {
        /// It has.
        "present" => Present,
        /// It has not.
        "absent" => Absent,
    }

    /// What a new token does to those before it.
    older_tokens: OlderTokens {
        /// Nothing: each lives to its own end.
        "stay" => Stay,
        /// It ends them.
        "end" => End,
    }

    /// Whether the reply to a submit repeats the merchant's reference.
    submit_reference: SubmitReference {
        /// It does, as recorded.
        "echoed" => Echoed,
        /// It does not.
        "absent" => Absent,
    }

    /// The answer to a second submit with the same id; the sandbox's is recorded, production's is not.
    second_submit: SecondSubmit {
        /// The first order again, with its first amount.
        "first_order" => FirstOrder,
        /// An error.
        "refused" => Refused,
    }

    /// How many decimal places an amount may have.
    decimals: Decimals {
        /// Any number.
        "any" => Any,
        /// Two.
        "two" => Two,
    }

    /// What registering an address a second time for the same method makes.
    second_registration: SecondRegistration {
        /// Another entry with an id of its own.
        "new_entry" => NewEntry,
        /// Nothing: the first entry comes back.
        "same_entry" => SameEntry,
    }

    /// The `created_date` of a registered address.
    ipn_date: IpnDate {
        /// UTC with a Z, as recorded.
        "utc" => Utc,
        /// East Africa Time without a zone, as in a status.
        "no_zone" => NoZone,
    }

    /// The spelling of `ipn_status_decription`.
    ipn_spelling: IpnSpelling {
        /// As recorded.
        "misspelt" => Misspelt,
        /// As documented: `ipn_status_description`.
        "right" => Right,
    }

    /// The parameter names of an IPN sent with GET.
    ipn_names: IpnNames {
        /// `OrderTrackingId`.
        "pascal" => Pascal,
        /// `orderTrackingId`.
        "camel" => Camel,
    }

    /// Whether an IPN comes again after an answer that says it was not served (`"status":500` in HTTP 200).
    ipn_after_500: IpnAfter500 {
        /// It does.
        "again" => Again,
        /// It does not.
        "not_again" => NotAgain,
    }

    /// The HTTP status of a refused refund.
    refund_refusal: RefundRefusal {
        /// HTTP 200, as recorded: only the body tells.
        "http_200" => Http200,
        /// HTTP 400.
        "http_400" => Http400,
    }

    /// The answer to a second refund request of one payment.
    second_refund: SecondRefund {
        /// Refused, as recorded.
        "refused" => Refused,
        /// Received again; nothing is refunded twice.
        "accepted" => Accepted,
    }

    /// Whether a refused refund uses up the one request a payment has.
    refused_refund: RefusedRefund {
        /// It does not.
        "free" => Free,
        /// It does: later requests are refused, right ones too.
        "uses_up" => UsesUp,
    }
}

//! Pesapal's variants: each answer that neither a page nor a recorded reply of its API 3.0 tells.

use hyper::StatusCode;

use super::table::questions;
use crate::json::JsonType;

/// `error` where there is none.
#[derive(Debug, Clone, Copy)]
pub(crate) enum NoError {
    AsObserved,
    AsDocumented,
    Null,
    Absent,
    ObjectOfNulls,
}

/// How an error is written.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ErrorForm {
    Observed,
    Documented,
    Text,
}

/// What the status of a cancelled order shows.
#[derive(Debug, Clone, Copy)]
pub(crate) enum StatusAfterCancel {
    Unchanged,
    Invalid,
    Failed,
}

/// The form of the reply to a registration.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Registration {
    Newest,
    Live,
    Of2024,
}

/// The form of a row in the list of addresses.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ListRows {
    Recorded,
    AsRegistered,
}

/// How orders are paid.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Method {
    /// `payment_method`.
    pub(crate) word: &'static str,
    pub(crate) is_mobile: bool,
}

impl Method {
    const fn card(word: &'static str) -> Self {
        let is_mobile = false;
        Self { word, is_mobile }
    }

    const fn mobile(word: &'static str) -> Self {
        let is_mobile = true;
        Self { word, is_mobile }
    }
}

/// The answer to a call about an order that does not exist.
#[derive(Debug, Clone, Copy)]
pub(crate) enum UnknownOrder {
    Error200,
    Http404,
    Status500,
    Foreign404,
}

questions! { Pesapal:
    BAD_TOKEN_HTTP: StatusCode = "pesapal.bad_token", Assumed,
    "The HTTP status of a refused bearer token." {
        "http_401" => StatusCode::UNAUTHORIZED, "HTTP 401.";
        "http_200" => StatusCode::OK, "HTTP 200: only the body tells.";
        "http_500" => StatusCode::INTERNAL_SERVER_ERROR, "HTTP 500.";
    }

    BAD_TOKEN_IS_A_MESSAGE: bool = "pesapal.bad_token_body", Observed,
    "The body of a refused bearer token." {
        "error" => false, "The error, as recorded.";
        "message" => true, "The JSON of the error as the text of a `message`, as three clients tell. They tell of HTTP 4xx and 5xx, so where the HTTP status would be 200 it is 400.";
    }

    BAD_CONSUMER_KEYS_HTTP: StatusCode = "pesapal.bad_consumer_keys", Assumed,
    "The HTTP status of refused consumer keys." {
        "http_401" => StatusCode::UNAUTHORIZED, "HTTP 401.";
        "http_200" => StatusCode::OK, "HTTP 200: only the body tells.";
        "http_500" => StatusCode::INTERNAL_SERVER_ERROR, "HTTP 500.";
    }

    NO_ERROR: NoError = "pesapal.no_error", Observed,
    "The form of `error` where there is none." {
        "as_observed" => NoError::AsObserved, "As recorded: an object of three nulls in a status, none in the reply to a registration, null elsewhere.";
        "as_documented" => NoError::AsDocumented, "The same with a fourth null in a status, `call_back_url`, which only the page's sample has.";
        "null" => NoError::Null, "Null everywhere.";
        "absent" => NoError::Absent, "Left out everywhere.";
        "object_of_nulls" => NoError::ObjectOfNulls, "An object of nulls everywhere.";
    }

    ERROR_FORM: ErrorForm = "pesapal.error_form", Observed,
    "The form of an error, which the page and the recorded replies show differently." {
        "observed" => ErrorForm::Observed, "As recorded: `error_type` in it, and `\"status\":\"500\"` beside it.";
        "documented" => ErrorForm::Documented, "As documented: `type` in it, and nothing beside it.";
        "text" => ErrorForm::Text, "The message alone, as text, wherever no recorded error has a code that clients need: those of credentials, tokens and unpaid orders are as recorded.";
    }

    REFUSED_REQUEST_IS_AMONG_NULLS: bool = "pesapal.refused_request", Observed,
    "What stands beside the error of a refused submit." {
        "error_alone" => false, "Its `status`, as recorded.";
        "among_nulls" => true, "The members of an order as well, each null.";
    }

    STATUS_TYPE: JsonType = "pesapal.status_member", Observed,
    "The JSON type of `status` in every body." {
        "text" => JsonType::Text, "Text: `\"200\"`.";
        "number" => JsonType::Number, "A number: `200`.";
    }

    SUCCESS_HTTP: StatusCode = "pesapal.success_http", Assumed,
    "The HTTP status of a successful submit, cancel, refund or registration." {
        "ok_200" => StatusCode::OK, "HTTP 200.";
        "created_201" => StatusCode::CREATED, "HTTP 201.";
    }

    STATUS_AFTER_CANCEL: StatusAfterCancel = "pesapal.status_after_cancel", Assumed,
    "The status of an order whose cancel was applied; no code for it exists." {
        "unchanged" => StatusAfterCancel::Unchanged, "As it was before: pending or failed.";
        "invalid" => StatusAfterCancel::Invalid, "Status code 0 with an error that is not the pending one.";
        "failed" => StatusAfterCancel::Failed, "Status code 2.";
    }

    SECOND_CANCEL_IS_ACCEPTED: bool = "pesapal.second_cancel", Assumed,
    "The answer to a second cancel of an order whose first was applied." {
        "refused" => false, "Refused: status 500 in the body.";
        "accepted" => true, "Answered yes again; nothing is applied twice.";
    }

    REFUSED_CANCEL_USES_UP: bool = "pesapal.refused_cancel", Assumed,
    "Whether a refused cancel uses up the one request an order has." {
        "uses_up" => true, "It does: later requests are refused whatever the order's state.";
        "free" => false, "It does not.";
    }

    CANCEL_REFUSAL_HTTP: StatusCode = "pesapal.cancel_refusal", Observed,
    "The HTTP status of a refused cancel." {
        "http_200" => StatusCode::OK, "HTTP 200, as recorded: only the body tells.";
        "http_400" => StatusCode::BAD_REQUEST, "HTTP 400.";
    }

    FAILED_IS_CANCELLABLE: bool = "pesapal.failed_cancel", Documented,
    "Whether an order whose payment failed can be cancelled." {
        "allowed" => true, "It can, as the page says.";
        "refused" => false, "It is refused like that of a paid order.";
    }

    CANCEL_SENDS_IPN: bool = "pesapal.ipn_after_cancel", Assumed,
    "Whether an applied cancel sends an IPN." {
        "none" => false, "None is sent.";
        "sent" => true, "An `IPNCHANGE` is sent.";
    }

    UNKNOWN_ORDER: UnknownOrder = "pesapal.unknown_order", Assumed,
    "The answer to a status or a cancel of an order that does not exist." {
        "error_200" => UnknownOrder::Error200, "HTTP 200 with the error of a bad parameter; a cancel is refused as ever.";
        "http_404" => UnknownOrder::Http404, "HTTP 404 with an error.";
        "status_500" => UnknownOrder::Status500, "HTTP 200 with status 500 and a message, and no error.";
        "foreign_404" => UnknownOrder::Foreign404, "HTTP 404 with nothing but a `message`, as ASP.NET answers to an address that it does not know.";
    }

    STATUS_HAS_ALL_KEYS: bool = "pesapal.status_keys", Observed,
    "Whether a status has `order_tracking_id`, `account_number` and `payment_status_code`, each seen and missed." {
        "all" => true, "They are there.";
        "few" => false, "They are not.";
    }

    PAYER_INFO_IS_THERE: bool = "pesapal.payer_info", Observed,
    "Whether the status of a paid order names the person who paid." {
        "absent" => false, "It does not.";
        "present" => true, "It has `payer_info` with `first_name` and `last_name`, as some recorded ones.";
    }

    PAYMENT_METHOD: Method = "pesapal.payment_method", Observed,
    "How orders are paid. With mobile money a status has no `description`, the confirmation code is the operator's, and a refund is of the whole amount." {
        "visa" => Method::card("Visa"), "A card: `Visa`.";
        "mastercard" => Method::card("MasterCard"), "A card: `MasterCard`.";
        "mpesa_ke" => Method::mobile("MpesaKE"), "Mobile money in Kenya: `MpesaKE`.";
        "tigo_tz" => Method::mobile("TIGOTZ"), "Mobile money in Tanzania: `TIGOTZ`.";
        "airtel_tz" => Method::mobile("AIRTELTZ"), "Mobile money in Tanzania: `AIRTELTZ`.";
    }

    PAYER_PHONE: &'static str = "pesapal.payer_phone", Observed,
    "The `payment_account` of a payment by mobile money." {
        "masked" => "2547xxx00000", "A phone number with some of its digits hidden.";
        "bare" => "254700000000", "A phone number.";
    }

    PENDING_WORD_IS_KNOWN: bool = "pesapal.pending_word", Assumed,
    "The text of the status of an order whose payment is under way." {
        "invalid" => false, "INVALID, as of any unpaid order.";
        "pending" => true, "PENDING, which the gateway's forum knows.";
    }

    TRACKING_ID_IS_UPPERCASE: bool = "pesapal.tracking_id_case", Observed,
    "The case of tracking ids in replies." {
        "lower" => false, "Small letters, as recorded.";
        "upper" => true, "Capitals, as .NET can write them, too.";
    }

    EXPIRY_DIGITS: Option<usize> = "pesapal.expiry", Observed,
    "The form of a token's `expiryDate`." {
        "seven_digits" => Some(7), "With seven digits of a second, as recorded.";
        "whole_seconds" => Some(0), "Without a fraction.";
        "absent" => None, "Left out.";
    }

    TOKEN_REPLY_HAS_STATUS: bool = "pesapal.token_status", Documented,
    "Whether a token's reply has a `status`." {
        "present" => true, "It has.";
        "absent" => false, "It has not.";
    }

    NEW_TOKEN_ENDS_OLDER: bool = "pesapal.older_tokens", Assumed,
    "What a new token does to those before it." {
        "stay" => false, "Nothing: each lives to its own end.";
        "end" => true, "It ends them.";
    }

    SUBMIT_ECHOES_REFERENCE: bool = "pesapal.submit_reference", Observed,
    "Whether the reply to a submit repeats the merchant's reference." {
        "echoed" => true, "It does, as recorded.";
        "absent" => false, "It does not.";
    }

    SECOND_SUBMIT_IS_REFUSED: bool = "pesapal.second_submit", Observed,
    "The answer to a second submit with the same id; the sandbox's is recorded, production's is not." {
        "first_order" => false, "The first order again, with its first amount.";
        "refused" => true, "An error.";
    }

    MOST_DECIMALS: Option<u32> = "pesapal.decimals", Assumed,
    "How many decimal places an amount may have." {
        "any" => None, "Any number.";
        "two" => Some(2), "Two.";
    }

    REGISTRATION: Registration = "pesapal.registration", Observed,
    "The reply to a registration." {
        "newest" => Registration::Newest, "As since 2024-07: without `id` and `error`, and with a `message`.";
        "live" => Registration::Live, "As in production in 2026-08: without `created_date` as well.";
        "of_2024" => Registration::Of2024, "As until 2024-03: with `id` and `error`, and without a `message`.";
    }

    LIST_ROWS: ListRows = "pesapal.list_rows", Observed,
    "A row in the list of registered addresses." {
        "recorded" => ListRows::Recorded, "As recorded: `status` 1, `message` null, and a date without a zone.";
        "as_registered" => ListRows::AsRegistered, "As in the reply to its registration.";
    }

    SECOND_REGISTRATION_IS_NEW: bool = "pesapal.second_registration", Assumed,
    "What registering an address a second time for the same method makes." {
        "new_entry" => true, "Another entry with an id of its own.";
        "same_entry" => false, "Nothing: the first entry comes back.";
    }

    IPN_DATE_IS_UTC: bool = "pesapal.ipn_date", Observed,
    "The `created_date` of a registered address." {
        "utc" => true, "UTC with a Z, as recorded.";
        "no_zone" => false, "East Africa Time without a zone, as in a status.";
    }

    IPN_STATUS_IS_MISSPELT: bool = "pesapal.ipn_spelling", Observed,
    "The spelling of `ipn_status_decription`." {
        "misspelt" => true, "As recorded.";
        "right" => false, "As documented: `ipn_status_description`.";
    }

    BROWSER_RETURN_HAS_TYPE: bool = "pesapal.browser_return", Observed,
    "Whether the address to which the browser comes back has an `OrderNotificationType`." {
        "no_type" => false, "It has none, as recorded.";
        "callbackurl" => true, "`CALLBACKURL`, as the page has it.";
    }

    IPN_NAMES: [&'static str; 3] = "pesapal.ipn_names", Documented,
    "The parameter names of an IPN sent with GET." {
        "pascal" => ["OrderTrackingId", "OrderMerchantReference", "OrderNotificationType"], "`OrderTrackingId`.";
        "camel" => ["orderTrackingId", "orderMerchantReference", "orderNotificationType"], "`orderTrackingId`.";
    }

    IPN_COMES_AGAIN_AFTER_500: bool = "pesapal.ipn_after_500", Assumed,
    "Whether an IPN comes again after an answer that says it was not served (`\"status\":500` in HTTP 200)." {
        "again" => true, "It does.";
        "not_again" => false, "It does not.";
    }

    REFUND_REFUSAL_HTTP: StatusCode = "pesapal.refund_refusal", Observed,
    "The HTTP status of a refused refund." {
        "http_200" => StatusCode::OK, "HTTP 200, as recorded: only the body tells.";
        "http_400" => StatusCode::BAD_REQUEST, "HTTP 400.";
    }

    SECOND_REFUND_IS_ACCEPTED: bool = "pesapal.second_refund", Observed,
    "The answer to a second refund request of one payment." {
        "refused" => false, "Refused, as recorded.";
        "accepted" => true, "Received again; nothing is refunded twice.";
    }

    REFUSED_REFUND_USES_UP: bool = "pesapal.refused_refund", Assumed,
    "Whether a refused refund uses up the one request a payment has." {
        "free" => false, "It does not.";
        "uses_up" => true, "It does: later requests are refused, right ones too.";
    }
}

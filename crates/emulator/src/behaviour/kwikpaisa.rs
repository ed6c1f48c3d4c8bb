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

    /// The HTTP status of a successful create.
    create_http: CreateHttp {
        /// HTTP 200 and `"code":"200"`.
        "ok_200" => Ok200,
        /// HTTP 201 and `"code":"201"`.
        "created_201" => Created201,
    }

    /// Payment fields in the status of an order that is not paid.
    unpaid_fields: UnpaidFields {
        /// Present and null, as `transaction_id` is known to be on a failed payment.
        "null" => Null,
        /// Left out.
        "absent" => Absent,
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
}

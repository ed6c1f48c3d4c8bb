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

    /// Whether an applied cancel sends an IPN.
    ipn_after_cancel: IpnAfterCancel {
        /// None is sent.
        "none" => None,
        /// An `IPNCHANGE` is sent.
        "sent" => Sent,
    }
}

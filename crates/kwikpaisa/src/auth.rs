//! Signs requests, and checks signatures on what claims to come from the gateway.
//!
//! `X-SIGNATURE` is the lowercase hex of HMAC-SHA256 over the payload followed by the
//! timestamp's digits, keyed with the secret key as text (page *signature*). Neither path
//! nor method is in it: within one second the same signature serves a status and a cancel
//! of one order, so it is as secret as the key.

use duka_http::Request;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use url::Url;

/// The two keys of an account. `Debug` shows neither.
#[derive(Debug)]
pub(crate) struct Signer {
    api_key: SecretString,
    secret_key: SecretString,
}

impl Signer {
    pub(crate) fn new(api_key: SecretString, secret_key: SecretString) -> Self {
        Self {
            api_key,
            secret_key,
        }
    }

    /// Both keys: what the gateway's words must not carry on.
    pub(crate) fn keys(&self) -> [SecretString; 2] {
        [self.api_key.clone(), self.secret_key.clone()]
    }

    pub(crate) fn secret_key(&self) -> &SecretString {
        &self.secret_key
    }

    /// A request whose body is exactly what was signed, with this moment's timestamp.
    pub(crate) fn sign(&self, url: Url, body: Vec<u8>, now: Timestamp) -> Request {
        let timestamp = now.as_second().to_string();
        let mac = mac_of(&self.secret_key, &body, &timestamp);
        let signature = hex::encode(mac.finalize().into_bytes());
        Request::post_json(url, body)
            .header("Accept", "application/json")
            .secret_header("X-API-KEY", self.api_key.clone())
            .header("X-TIMESTAMP", timestamp)
            .secret_header("X-SIGNATURE", signature.into())
    }
}

/// Whether `signature`, in hex of either case, is right for these bytes; in constant time.
pub(crate) fn verifies(
    secret_key: &SecretString,
    payload: &[u8],
    timestamp: &str,
    signature: &str,
) -> bool {
    let Ok(tag) = hex::decode(signature) else {
        return false;
    };
    mac_of(secret_key, payload, timestamp)
        .verify_slice(&tag)
        .is_ok()
}

fn mac_of(secret_key: &SecretString, payload: &[u8], timestamp: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::new_from_slice(secret_key.expose_secret().as_bytes())
        .expect("an HMAC takes a key of any length");
    mac.update(payload);
    mac.update(timestamp.as_bytes());
    mac
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parity::{KEY, TIME, VECTORS};

    fn secret() -> SecretString {
        KEY.into()
    }

    #[test]
    fn a_request_carries_the_signature_that_three_other_languages_compute() {
        let signer = Signer::new("pk_test_1".into(), secret());
        for (payload, signature) in VECTORS {
            let now = Timestamp::from_second(TIME).unwrap();
            let url = "https://gateway.example/".parse().unwrap();
            let request = signer.sign(url, payload.as_bytes().to_vec(), now);
            let sent = request.headers().find(|it| it.name == "X-SIGNATURE");
            assert_eq!(sent.unwrap().value, signature);
            assert_eq!(request.body(), Some(payload.as_bytes()));
        }
    }

    #[test]
    fn a_signature_is_right_for_one_payload_one_timestamp_and_one_key_only() {
        let (payload, good) = VECTORS[0];
        let check = |key: &SecretString, payload: &str, time: &str, signature: &str| {
            verifies(key, payload.as_bytes(), time, signature)
        };
        assert!(check(&secret(), payload, "1778659835", good));
        assert!(check(
            &secret(),
            payload,
            "1778659835",
            &good.to_uppercase()
        ));
        assert!(!check(&"OTHER".into(), payload, "1778659835", good));
        assert!(!check(&secret(), payload, "1778659836", good));
        assert!(!check(
            &secret(),
            &payload.replace("100", "101"),
            "1778659835",
            good
        ));
        for wrong in ["", "zz", &good[..62], &format!("{good}00"), "é"] {
            assert!(!check(&secret(), payload, "1778659835", wrong), "{wrong}");
        }
    }
}

//! What the transports share: TLS as this machine has it, and the longest timeout.

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use duka_core::{Delivery, Error, ErrorKind};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;

/// The longest time that is waited. Any clock can add it to its now, as it could not
/// [`Duration::MAX`].
pub(crate) const LONGEST_TIMEOUT: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// TLS that trusts what this machine trusts.
pub(crate) struct MachineTls {
    pub(crate) config: ClientConfig,
    /// Why the machine's certificates cannot be had, if so; `config` trusts none then.
    pub(crate) problem: Option<rustls::Error>,
}

pub(crate) fn machine() -> Result<MachineTls, Error> {
    Ok(match config(TrustAnchors::Machine) {
        Ok(config) => MachineTls {
            config,
            problem: None,
        },
        Err(problem) => MachineTls {
            config: config(TrustAnchors::None)
                .map_err(|error| unusable("TLS cannot be set up", error))?,
            problem: Some(problem),
        },
    })
}

/// Which certificates are trusted.
#[derive(Clone, Copy)]
enum TrustAnchors {
    /// Those that the machine trusts.
    Machine,
    /// No certificate: every handshake fails.
    None,
}

/// rustls with ring, named here so that no process-wide default is needed or changed.
fn config(anchors: TrustAnchors) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let builder = match anchors {
        TrustAnchors::Machine => builder.with_platform_verifier()?,
        TrustAnchors::None => builder.with_root_certificates(RootCertStore::empty()),
    };
    let mut config = builder.with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// What is wrong with TLS, in words for an operator: those of rustls are partly names of its own
/// types. `None` if nothing in the chain of causes is about TLS.
pub(crate) fn problem(error: &(dyn StdError + 'static)) -> Option<io::Error> {
    find(error).map(|tls| io::Error::other(words(tls)))
}

fn find<'e>(error: &'e (dyn StdError + 'static)) -> Option<&'e rustls::Error> {
    if let Some(tls) = error.downcast_ref() {
        return Some(tls);
    }
    // The cause of an I/O error is that of the error within it, which is left out.
    let within = error.downcast_ref().and_then(io::Error::get_ref);
    match within {
        Some(within) => find(within),
        None => find(error.source()?),
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "rustls may add what can go wrong"
)]
fn words(error: &rustls::Error) -> &'static str {
    use rustls::CertificateError as Certificate;
    match error {
        rustls::Error::InvalidCertificate(problem) => match problem {
            Certificate::Expired | Certificate::ExpiredContext { .. } => {
                "its certificate has expired, or the clock of this machine is wrong"
            }
            Certificate::NotValidYet | Certificate::NotValidYetContext { .. } => {
                "its certificate is not valid yet, or the clock of this machine is wrong"
            }
            Certificate::Revoked => "its certificate was revoked",
            Certificate::UnknownIssuer => {
                "its certificate is from an issuer that this machine does not trust; a proxy that opens TLS has one of its own"
            }
            Certificate::NotValidForName | Certificate::NotValidForNameContext { .. } => {
                "its certificate is for another name; is the address right?"
            }
            _ => "its certificate is not one that a server may use",
        },
        rustls::Error::InvalidMessage(_) => "what answers there is not TLS; is the port right?",
        rustls::Error::AlertReceived(_)
        | rustls::Error::PeerIncompatible(_)
        | rustls::Error::PeerMisbehaved(_) => "the two sides cannot agree on TLS",
        _ => "TLS failed",
    }
}

/// The error for an `https` address on a machine without root certificates.
pub(crate) fn no_roots(problem: &rustls::Error) -> Error {
    let message = "this machine has no root certificates to check a gateway by; install them (the package is often called ca-certificates)";
    unusable(message, problem.clone())
}

pub(crate) fn unusable(
    message: &str,
    source: impl std::error::Error + Send + Sync + 'static,
) -> Error {
    Error::new(ErrorKind::Configuration, Delivery::NotSent, message).with_source(source)
}

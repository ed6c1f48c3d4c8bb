//! What the transports share: TLS as this machine has it, and the longest timeout.

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

//! Settings of TLS that the transports share.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;

/// Which certificates are trusted.
#[derive(Clone, Copy)]
pub(crate) enum TrustAnchors {
    /// Those that the machine trusts.
    Machine,
    /// No certificate: every handshake fails.
    None,
}

/// rustls with ring, named here so that no process-wide default is needed or changed.
pub(crate) fn tls_config(anchors: TrustAnchors) -> Result<ClientConfig, rustls::Error> {
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

//! A gateway that answers from memory, in Pesapal's words: every order is unpaid, and every cancel is done. It counts
//! connections and requests for tokens.

use std::convert::Infallible;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::Failure;

/// An unpaid order; Pesapal names it in the middle.
const STATUS: [&str; 2] = [
    r#"{"payment_method":"","amount":10.00,"created_date":"2024-03-18T18:25:46.75","confirmation_code":"","order_tracking_id":""#,
    r#"","payment_status_description":"INVALID","description":null,"message":"Request processed successfully","payment_account":"","call_back_url":"http://shop.example/","status_code":0,"merchant_reference":"98771cd2","payment_status_code":"","currency":"KES","error":{"error_type":"api_error","code":"payment_details_not_found","message":"Pending Payment","call_back_url":"http://shop.example/"},"status":"500"}"#,
];
const CANCELLED: &str = r#"{"status":"200","message":"Order successfully cancelled."}"#;
const TOKEN_REFUSED: &str = r#"{"error":{"error_type":"authentication_error","code":"invalid_api_credentials_provided","message":"Invalid Access Token"},"status":null,"message":""}"#;

/// A gateway at work, until the runtime ends.
#[derive(Debug, Clone)]
pub struct Gateway {
    /// The address of its API.
    pub base_url: String,
    delay: Duration,
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    connections: AtomicU64,
    /// Tokens given out; each bears its number.
    tokens: AtomicU64,
    /// Tokens up to this number are refused.
    expired: AtomicU64,
}

impl Gateway {
    /// Starts it on a free port of loopback. Each reply comes after `delay`. With `certificate`, it speaks TLS only, and
    /// writes the certificate that is to be trusted there.
    ///
    /// # Errors
    /// When there is no port, or the file cannot be written.
    pub async fn start(delay: Duration, certificate: Option<&Path>) -> Result<Self, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let tls = certificate.map(tls).transpose()?;
        let scheme = if tls.is_some() { "https" } else { "http" };
        let gateway = Self {
            base_url: format!("{scheme}://{}/pesapalv3", listener.local_addr()?),
            delay,
            counts: Arc::default(),
        };
        tokio::spawn(gateway.clone().accept(listener, tls));
        Ok(gateway)
    }

    /// How many connections were made.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.counts.connections.load(Ordering::Relaxed)
    }

    /// How many tokens were asked for.
    #[must_use]
    pub fn tokens(&self) -> u64 {
        self.counts.tokens.load(Ordering::Relaxed)
    }

    /// From now on, every token given out before is refused.
    pub fn expire_tokens(&self) {
        self.counts.expired.store(self.tokens(), Ordering::Relaxed);
    }

    async fn accept(self, listener: TcpListener, tls: Option<TlsAcceptor>) {
        while let Ok((tcp, _)) = listener.accept().await {
            self.counts.connections.fetch_add(1, Ordering::Relaxed);
            // Without it replies only come later.
            let _ = tcp.set_nodelay(true);
            let (gateway, tls) = (self.clone(), tls.clone());
            tokio::spawn(async move {
                match tls {
                    None => gateway.serve(tcp).await,
                    Some(tls) => {
                        // The client's side reports a handshake that fails.
                        if let Ok(secured) = tls.accept(tcp).await {
                            gateway.serve(secured).await;
                        }
                    }
                }
            });
        }
    }

    async fn serve(self, socket: impl AsyncRead + AsyncWrite + Unpin) {
        let answer = service_fn(|request| self.answer(request));
        // A client that goes away is no failure of the gateway.
        let _ = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(socket), answer)
            .await;
    }

    async fn answer(
        &self,
        request: Request<Incoming>,
    ) -> Result<Response<Full<Bytes>>, Infallible> {
        let (head, body) = request.into_parts();
        // What is not read of a request ends its connection.
        let _ = body.collect().await;
        if !self.delay.is_zero() {
            tokio::time::sleep(self.delay).await;
        }
        let path = head.uri.path();
        let token = head.headers.get(AUTHORIZATION);
        let (status, body) = if path.ends_with("/RequestToken") {
            let number = self.counts.tokens.fetch_add(1, Ordering::Relaxed) + 1;
            (StatusCode::OK, token_reply(number).into())
        } else if !token.is_some_and(|it| self.accepts(it)) {
            (
                StatusCode::UNAUTHORIZED,
                Bytes::from_static(TOKEN_REFUSED.as_bytes()),
            )
        } else if path.ends_with("/CancelOrder") {
            (StatusCode::OK, Bytes::from_static(CANCELLED.as_bytes()))
        } else {
            let order = head.uri.query().and_then(|it| it.split('=').nth(1));
            (
                StatusCode::OK,
                STATUS.join(order.unwrap_or_default()).into(),
            )
        };
        let mut response = Response::new(Full::new(body));
        *response.status_mut() = status;
        let json = HeaderValue::from_static("application/json; charset=utf-8");
        response.headers_mut().insert(CONTENT_TYPE, json);
        Ok(response)
    }

    fn accepts(&self, token: &HeaderValue) -> bool {
        let token = token.to_str().unwrap_or_default();
        let number = token.rsplit('-').next().and_then(|it| it.parse().ok());
        number.is_some_and(|it: u64| it > self.counts.expired.load(Ordering::Relaxed))
    }
}

fn token_reply(number: u64) -> String {
    format!(
        r#"{{"token":"canned-{number}","expiryDate":"2199-08-26T12:29:30.5177702Z","error":null,"status":"200","message":"Request processed successfully"}}"#
    )
}

fn tls(certificate: &Path) -> Result<TlsAcceptor, Failure> {
    let names = ["127.0.0.1".to_owned(), "localhost".to_owned()];
    let made = rcgen::generate_simple_self_signed(names)?;
    fs::write(certificate, made.cert.pem())?;
    let key =
        PrivateKeyDer::try_from(made.signing_key.serialize_der()).map_err(io::Error::other)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

//! TLS to devices (RFC 5246, RFC 8446).
//!
//! A handshake here proves that the peer holds the key of the certificate it shows, and, but where
//! [`Settings::vouched`] asks for it, nothing
//! about who signed that: cameras sign for themselves, name no host, and let certificates expire.
//! Whether it is the certificate this device has always shown is decided by the caller, who gets the
//! fingerprint before a byte of RTSP is sent. Sessions are never resumed, so every connection shows
//! its certificate anew. A handshake holds at most one flight of 64 KiB.

mod certificate;
mod failure;
mod verifier;

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{self, ClientConfig, ProtocolVersion};
use zhishou_domain::{
    CertificateFingerprint, Detail, Fault, FaultCode, Stage, Timestamp, TlsProblem,
};

use crate::Settings;
use certificate::Certificate;
use verifier::HoldsItsKey;

static CONFIG: LazyLock<Result<Arc<ClientConfig>, rustls::Error>> = LazyLock::new(|| {
    let provider = Arc::new(ring::default_provider());
    let verifier = Arc::new(HoldsItsKey::new(provider.signature_verification_algorithms));
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(rustls::ALL_VERSIONS)?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
});

/// TLS to devices that believes only what an authority vouches for, name and date included.
#[derive(Debug, Clone)]
pub struct Vouched(Arc<ClientConfig>);

impl Vouched {
    /// By a configuration that has the roots which are believed.
    pub fn new(mut config: ClientConfig) -> Self {
        config.resumption = Resumption::disabled();
        Self(Arc::new(config))
    }
}

impl PartialEq for Vouched {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// What a handshake showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shown {
    /// `1.2` or `1.3`.
    pub(crate) version: &'static str,
    /// Of the peer's own certificate.
    pub(crate) fingerprint: CertificateFingerprint,
    /// Nobody else vouches for it, where that could be read.
    pub(crate) self_signed: Option<bool>,
    /// Its validity, where it could be read.
    pub(crate) valid_from: Option<Timestamp>,
    pub(crate) valid_until: Option<Timestamp>,
}

/// Shakes hands within the time that the settings give; also says how long it took.
pub(crate) async fn secure<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    host: &str,
    peer: SocketAddr,
    settings: &Settings,
) -> Result<(Box<TlsStream<S>>, Shown, Duration), Box<Fault>> {
    let began = Instant::now();
    let shaken = timeout(settings.tls, handshake(stream, host, peer.ip(), settings)).await;
    let waited_ms = u64::try_from(settings.tls.as_millis()).unwrap_or(u64::MAX);
    match shaken.unwrap_or(Err(TlsProblem::Stalled { waited_ms })) {
        Ok((stream, shown)) => Ok((stream, shown, began.elapsed())),
        Err(problem) => {
            let detail = Detail::Tls { problem };
            Err(Box::new(Fault::new(FaultCode::TlsFailed, Stage::Tls, detail)))
        }
    }
}

/// Shakes hands with `host`, which is at `address`.
async fn handshake<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    host: &str,
    address: IpAddr,
    settings: &Settings,
) -> Result<(Box<TlsStream<S>>, Shown), TlsProblem> {
    let config = match &settings.vouched {
        Some(Vouched(config)) => config,
        None => CONFIG.as_ref().map_err(failure::of_tls)?,
    };
    // A name that no DNS knows is not sent: the device has but one certificate anyway.
    let name = ServerName::try_from(host.to_owned()).unwrap_or(ServerName::from(address));
    let stream = TlsConnector::from(config.clone())
        .connect(name, stream)
        .await
        .map_err(|error| failure::of_io(&error))?;
    let (_, session) = stream.get_ref();
    let version = match session.protocol_version() {
        Some(ProtocolVersion::TLSv1_3) => "1.3",
        _ => "1.2",
    };
    let Some(shown) = session.peer_certificates().and_then(<[_]>::first) else {
        let problem = "none was shown".to_owned();
        return Err(TlsProblem::Certificate { problem });
    };
    let read = Certificate::read(shown);
    let validity = read.and_then(|certificate| certificate.validity());
    let shown = Shown {
        version,
        fingerprint: certificate::fingerprint(shown),
        self_signed: read.map(|certificate| certificate.is_own),
        valid_from: validity.map(|(from, _)| from),
        valid_until: validity.map(|(_, until)| until),
    };
    Ok((Box::new(stream), shown))
}

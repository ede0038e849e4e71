//! Certificates and TLS servers of simulated cameras.

use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::sign::{CertifiedKey, SingleCertAndKey};
use tokio_rustls::rustls::{ServerConfig, SupportedProtocolVersion, version};

/// A certificate of `testdata/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shows {
    Camera,
    Other,
    Expired,
    Vouched,
}

impl Shows {
    /// SHA-256 as OpenSSL computes it.
    pub(crate) fn fingerprint(self) -> &'static str {
        match self {
            Self::Camera => "a75642fadbd5ac8ae1b6cad1121290096691985c258497ddaabaa50804b56233",
            Self::Other => "ef5b5dcd2f3418e7ecef448bafdf37be856d93028d53a77dc8bb2b72ea2b676d",
            Self::Vouched => "95176ed8c894ddeb2bc765d8572bd058fc8bdee64a87de760a3e84df040fc093",
            Self::Expired => "a9e3482d58d88b447f3e41aa90226033173ece5128b3afdf60f2f9ae84c0fa18",
        }
    }

    fn pem(self) -> (&'static str, &'static str) {
        match self {
            Self::Camera => {
                (include_str!("../testdata/camera.pem"), include_str!("../testdata/camera.key"))
            }
            Self::Other => {
                (include_str!("../testdata/other.pem"), include_str!("../testdata/other.key"))
            }
            Self::Expired => {
                (include_str!("../testdata/expired.pem"), include_str!("../testdata/expired.key"))
            }
            Self::Vouched => {
                (include_str!("../testdata/vouched.pem"), include_str!("../testdata/vouched.key"))
            }
        }
    }
}

/// A server that shows a certificate.
pub(crate) fn acceptor(shows: Shows) -> TlsAcceptor {
    with_keys_of(shows, shows, &[&version::TLS13, &version::TLS12])
}

/// One that has not got past TLS 1.2.
pub(crate) fn old_acceptor(shows: Shows) -> TlsAcceptor {
    with_keys_of(shows, shows, &[&version::TLS12])
}

/// An impostor: it shows a certificate and holds the key of another.
pub(crate) fn impostor(shows: Shows, holds: Shows) -> TlsAcceptor {
    with_keys_of(shows, holds, &[&version::TLS13])
}

fn with_keys_of(
    shows: Shows,
    holds: Shows,
    versions: &[&'static SupportedProtocolVersion],
) -> TlsAcceptor {
    let provider = Arc::new(ring::default_provider());
    let certificate = CertificateDer::from_pem_slice(shows.pem().0.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(holds.pem().1.as_bytes()).unwrap();
    let key = provider.key_provider.load_private_key(key).unwrap();
    let certified = CertifiedKey::new(vec![certificate], key);
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
    TlsAcceptor::from(Arc::new(config))
}

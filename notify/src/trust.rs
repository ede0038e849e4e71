//! Which certificates are believed: those of the system, and the root that a closed network has of its own.

use std::{io, path::Path, sync::Arc};
use tokio_rustls::rustls::{
    self, ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};

/// Roots that are believed.
#[derive(Clone, Debug)]
pub struct Trust {
    roots: Arc<RootCertStore>,
    own: Vec<Vec<u8>>,
}

/// Why a file of roots cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// It cannot be read.
    #[error("read the certificates")]
    Read(#[source] io::Error),
    /// It has no certificate in it.
    #[error("read the certificates: there is none in the file (PEM)")]
    None,
    /// Something in it is no certificate.
    #[error("read the certificates")]
    Broken(#[source] rustls::Error),
}

impl Trust {
    /// The roots of the system, and those of a PEM file.
    pub fn new(file: Option<&Path>) -> Result<Self, TrustError> {
        let mut roots = RootCertStore::empty();
        let system = rustls_native_certs::load_native_certs();
        for error in &system.errors {
            tracing::warn!(%error, "a root certificate of the system cannot be read");
        }
        roots.add_parsable_certificates(system.certs);
        let mut own = Vec::new();
        if let Some(file) = file {
            let text = std::fs::read(file).map_err(TrustError::Read)?;
            for certificate in CertificateDer::pem_slice_iter(&text) {
                let certificate = certificate.map_err(|error| {
                    TrustError::Read(io::Error::new(io::ErrorKind::InvalidData, error.to_string()))
                })?;
                own.push(certificate.to_vec());
                roots.add(certificate).map_err(TrustError::Broken)?;
            }
            if own.is_empty() {
                return Err(TrustError::None);
            }
        }
        Ok(Self { roots: Arc::new(roots), own })
    }

    /// No roots: nothing over TLS is believed.
    pub fn nobody() -> Self {
        Self { roots: Arc::new(RootCertStore::empty()), own: Vec::new() }
    }

    /// Those of the file, DER, for a library that reads those of the system itself.
    pub(crate) fn own(&self) -> &[Vec<u8>] {
        &self.own
    }

    /// A client that believes them; `None` where the versions of TLS that we know have no cipher left.
    pub fn client(&self) -> Option<ClientConfig> {
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let builder = builder.with_safe_default_protocol_versions().ok()?;
        Some(builder.with_root_certificates(Arc::clone(&self.roots)).with_no_client_auth())
    }
}

//! The certificate that a visit met, beside the one on record.

use std::time::Duration;

use zhishou_domain::{
    CertificateFingerprint, CertificateTrust, Detail, Fault, FaultCode, Stage, TlsFacts,
};

use crate::tls::Shown;

/// A certificate that a device showed.
#[derive(Debug)]
pub(crate) struct Met {
    shown: Shown,
    known: Option<CertificateFingerprint>,
    /// What the handshake took.
    pub(crate) took: Duration,
}

impl Met {
    pub(crate) fn new(shown: Shown, took: Duration) -> Self {
        Self { shown, known: None, took }
    }

    /// Sets what is on record.
    pub(crate) fn compare(&mut self, known: Option<CertificateFingerprint>) {
        self.known = known;
    }

    pub(crate) fn fingerprint(&self) -> CertificateFingerprint {
        self.shown.fingerprint
    }

    fn trust(&self) -> CertificateTrust {
        CertificateTrust::of(self.shown.fingerprint, self.known)
    }

    /// Whether another one is on record.
    pub(crate) fn is_changed(&self) -> bool {
        self.trust() == CertificateTrust::Changed
    }

    pub(crate) fn fault(&self) -> Option<Fault> {
        let known = self.known.filter(|_| self.is_changed())?;
        let detail = Detail::Certificate { seen: self.shown.fingerprint, known };
        Some(Fault::new(FaultCode::CertificateChanged, Stage::Tls, detail))
    }

    pub(crate) fn facts(&self) -> TlsFacts {
        TlsFacts {
            version: self.shown.version.to_owned(),
            fingerprint: self.shown.fingerprint,
            trust: self.trust(),
            self_signed: self.shown.self_signed,
            valid_from: self.shown.valid_from,
            valid_until: self.shown.valid_until,
        }
    }
}

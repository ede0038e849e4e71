//! From what a TLS library says to what an operator can act on.

use std::io;

use tokio_rustls::rustls::{
    AlertDescription as Alert, CertificateError, Error, InvalidMessage, PeerIncompatible,
};
use zhishou_domain::TlsProblem;

/// Why a handshake ended early.
pub(super) fn of_io(error: &io::Error) -> TlsProblem {
    use io::ErrorKind as Kind;
    if let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref()) {
        return of_tls(error);
    }
    match error.kind() {
        Kind::UnexpectedEof
        | Kind::ConnectionReset
        | Kind::ConnectionAborted
        | Kind::BrokenPipe => TlsProblem::Closed,
        _ => TlsProblem::Other { problem: error.to_string() },
    }
}

/// Why a handshake failed.
pub(super) fn of_tls(error: &Error) -> TlsProblem {
    match error {
        Error::InvalidMessage(
            InvalidMessage::InvalidContentType
            | InvalidMessage::UnknownProtocolVersion
            | InvalidMessage::MessageTooLarge,
        ) => TlsProblem::NotTls,
        Error::AlertReceived(Alert::ProtocolVersion)
        | Error::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
        ) => TlsProblem::TooOld,
        Error::AlertReceived(Alert::HandshakeFailure | Alert::InsufficientSecurity)
        | Error::PeerIncompatible(
            PeerIncompatible::NoCipherSuitesInCommon | PeerIncompatible::NoKxGroupsInCommon,
        ) => TlsProblem::NoCommonCipher,
        Error::AlertReceived(alert) => TlsProblem::Alert { alert: format!("{alert:?}") },
        Error::InvalidCertificate(CertificateError::BadSignature) => {
            let problem = "its key did not sign the handshake, or is shorter than 2048 bits";
            TlsProblem::Certificate { problem: problem.to_owned() }
        }
        Error::InvalidCertificate(
            problem @ (CertificateError::UnknownIssuer
            | CertificateError::NotValidForName
            | CertificateError::NotValidForNameContext { .. }
            | CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. }
            | CertificateError::Other(_)),
        ) => TlsProblem::Unvouched { problem: problem.to_string() },
        Error::InvalidCertificate(problem) => {
            TlsProblem::Certificate { problem: problem.to_string() }
        }
        error => TlsProblem::Other { problem: error.to_string() },
    }
}

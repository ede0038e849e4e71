use crate::support::{Home, at, record, with_camera};
use zhishou_domain::{CertificateFingerprint, CertificateTrust, TlsFacts, Verdict::Online};
use zhishou_storage::{Fate, Record, StoredCertificate};

const ONE: CertificateFingerprint = CertificateFingerprint::new([1; 32]);
const TWO: CertificateFingerprint = CertificateFingerprint::new([2; 32]);
const THREE: CertificateFingerprint = CertificateFingerprint::new([3; 32]);

#[tokio::test]
async fn the_first_certificate_is_kept_and_another_waits_for_an_operator() {
    let home = Home::shanghai();
    let (store, device) = with_camera(&home).await;
    assert_eq!(store.certificate(device).await.unwrap(), None);
    let show = async |sequence, fingerprint, fate| {
        let mut record: Record = record(device, sequence, at(sequence * 60), Online);
        record.observation.tls = Some(TlsFacts {
            version: "1.3".to_owned(),
            fingerprint,
            trust: CertificateTrust::First,
            self_signed: None,
            valid_from: None,
            valid_until: None,
        });
        record.recorded_at = at(600);
        assert_eq!(store.record(record).await.unwrap().fate, fate);
        store.certificate(device).await.unwrap().unwrap()
    };
    let kept = StoredCertificate { fingerprint: ONE, first_seen: at(300), offered: None };
    assert_eq!(show(5, ONE, Fate::Counted).await, kept);
    // A result that comes late says nothing of today.
    assert_eq!(show(4, TWO, Fate::Late).await, kept);
    let offered = |other, since| StoredCertificate { offered: Some((other, at(since))), ..kept };
    assert_eq!(show(6, TWO, Fate::Counted).await, offered(TWO, 360));
    assert_eq!(show(7, TWO, Fate::Counted).await, offered(TWO, 360));
    assert_eq!(show(8, THREE, Fate::Counted).await, offered(THREE, 480));

    // What the operator saw is what is accepted, and nothing that came since.
    assert!(!store.accept_certificate(device, TWO).await.unwrap());
    assert_eq!(store.certificate(device).await.unwrap(), Some(offered(THREE, 480)));
    assert_eq!(show(9, ONE, Fate::Counted).await, kept, "the old one again");
    show(10, THREE, Fate::Counted).await;
    assert!(store.accept_certificate(device, THREE).await.unwrap());
    assert!(!store.accept_certificate(device, THREE).await.unwrap());
    store.close().await;
    let accepted = StoredCertificate { fingerprint: THREE, first_seen: at(600), offered: None };
    assert_eq!(home.open().await.certificate(device).await.unwrap(), Some(accepted));
}

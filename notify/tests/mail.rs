//! Mail to a relay that nobody here wrote (aiosmtpd), with STARTTLS, TLS and a login.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use serde_json::Value;
use sha2::{Digest, Sha256};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};
use zhishou_domain::{
    ChannelId, Lang, Timestamp,
    alert::{
        Channel, ChannelAccess, ChannelKind, ChannelSettings, MailSecurity, Note, SendProblem,
        Switch, Topic,
    },
};
use zhishou_notify::{File, Letter, Notifier, SendError, Trust};
use zhishou_tests::peers::{Peer, root};

const PASSWORD: &str = "Mail-Secret-1";
/// 2026-11-22T08:00:00Z.
const NOW: Timestamp = Timestamp::from_millis(1_795_334_400_000);

/// A root and a certificate of it for 127.0.0.1.
fn certificates(folder: &Path) {
    let config = "[req]\ndistinguished_name=dn\n[dn]\n[ca]\nbasicConstraints=critical,CA:TRUE\n\
                  [leaf]\nbasicConstraints=CA:FALSE\nsubjectAltName=IP:127.0.0.1\n";
    fs::write(folder.join("openssl.cnf"), config).unwrap();
    for line in [
        "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=root \
         -config openssl.cnf -extensions ca",
        "req -newkey rsa:2048 -nodes -keyout leaf.key -out leaf.csr -subj /CN=relay \
         -config openssl.cnf",
        "x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \
         -extfile openssl.cnf -extensions leaf -out leaf.pem",
    ] {
        let made =
            Command::new("openssl").args(line.split_whitespace()).current_dir(folder).output();
        let made = made.unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }
}

struct Relay {
    _server: Peer,
    folder: tempfile::TempDir,
    address: String,
}

impl Relay {
    fn start(mode: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        certificates(folder.path());
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let script = root().join("tests/peers/smtp_server.py");
        let arguments =
            [script.to_str().unwrap(), mode, &path("leaf.pem"), &path("leaf.key"), &path("")];
        let python = root().join("target/peers/smtp/bin/python");
        let server = Peer::start(&python, &arguments, &[PathBuf::from("relay")]);
        let url = server.url("relay");
        let address = url.trim_start_matches("smtp://").trim_end_matches("/relay").to_owned();
        Self { _server: server, folder, address }
    }

    fn taken(&self) -> Vec<Value> {
        let entries = fs::read_dir(self.folder.path()).unwrap().map(|it| it.unwrap().path());
        let mut files: Vec<PathBuf> =
            entries.filter(|it| it.extension().is_some_and(|it| it == "json")).collect();
        files.sort();
        files.iter().map(|it| serde_json::from_slice(&fs::read(it).unwrap()).unwrap()).collect()
    }

    fn access(&self, secret: &str) -> ChannelAccess {
        ChannelAccess { address: self.address.clone(), secret: secret.to_owned() }
    }

    /// Sends over a channel that believes the root of this relay.
    async fn send(
        &self,
        channel: &Channel,
        secret: &str,
        files: Vec<File>,
    ) -> Result<(), SendError> {
        let trust = Trust::new(Some(&self.folder.path().join("ca.pem"))).unwrap();
        let access = self.access(secret);
        Notifier::new(trust).send(channel, &access, &letter(&note(), channel, files)).await
    }
}

fn channel(security: MailSecurity, to: &str) -> Channel {
    Channel {
        id: ChannelId::new(1),
        kind: ChannelKind::Mail,
        name: "邮件".to_owned(),
        switch: Switch::On,
        topics: [Topic::Report].into(),
        host: String::new(),
        settings: ChannelSettings {
            from: "zhishou@gov.example".into(),
            username: if security == MailSecurity::Plain { "" } else { "zhishou" }.into(),
            security,
            recipients: vec![to.to_owned()],
            ..ChannelSettings::default()
        },
    }
}

fn note() -> Note {
    let mut note =
        Note::new(Topic::Report, "report/2026-D-1121/1", "【日报】万人区 11月21日 在线率");
    note.lines = vec!["截至 11 月 21 日，在线率 98.60 %。".into(), "低于目标的单位：东街".into()];
    note
}

fn letter<'a>(note: &'a Note, channel: &'a Channel, files: Vec<File>) -> Letter<'a> {
    let recipients = &channel.settings.recipients;
    Letter { key: &note.key, note, recipients, link: None, files, now: NOW, lang: Lang::Zh }
}

#[tokio::test]
async fn mail_arrives_whole_over_starttls_tls_and_a_relay_of_the_house() {
    let pdf = File {
        name: "availability-2026-D-1121-v1.pdf".into(),
        media_type: "application/pdf",
        bytes: (0..=255).cycle().take(100_000).collect(),
    };
    let digest: String = Sha256::digest(&pdf.bytes).iter().map(|it| format!("{it:02x}")).collect();
    for (mode, security) in [
        ("starttls", MailSecurity::Starttls),
        ("tls", MailSecurity::Tls),
        ("plain", MailSecurity::Plain),
    ] {
        let relay = Relay::start(mode);
        let channel = channel(security, "boss@gov.example");
        let secret = if security == MailSecurity::Plain { "" } else { PASSWORD };
        relay.send(&channel, secret, vec![pdf.clone()]).await.unwrap();
        relay.send(&channel, secret, vec![]).await.unwrap();
        let taken = relay.taken();
        assert_eq!(taken.len(), 2);
        let mail = &taken[0];
        assert_eq!(mail["subject"], "【日报】万人区 11月21日 在线率");
        assert_eq!(
            (&mail["from"], &mail["to"][0]),
            (&"zhishou@gov.example".into(), &"boss@gov.example".into())
        );
        let text = mail["text"].as_str().unwrap();
        assert!(text.contains("98.60 %") && text.contains("东街"), "{text}");
        assert_eq!(mail["files"][0]["sha256"], digest.as_str());
        assert_eq!(mail["files"][0]["name"], pdf.name.as_str());
        assert!(mail["date"].as_str().unwrap().starts_with("Sun, 22 Nov 2026 08:00:00"), "{mail}");
        let is_open = security == MailSecurity::Plain;
        assert_eq!((&mail["tls"], &mail["login"]), (&(!is_open).into(), &(!is_open).into()));
        // Twice the same message, and a mailbox can tell.
        assert_eq!(taken[0]["id"], taken[1]["id"]);
    }
}

#[tokio::test]
async fn what_a_relay_refuses_is_told_apart() {
    let relay = Relay::start("starttls");
    let to = |to| channel(MailSecurity::Starttls, to);
    for (to, secret, problem) in [
        ("boss@gov.example", "Wrong-Secret-9", SendProblem::NotPermitted),
        ("busy@gov.example", PASSWORD, SendProblem::Busy),
        ("nobody@gov.example", PASSWORD, SendProblem::Rejected),
    ] {
        let error = relay.send(&self::channel(MailSecurity::Starttls, to), secret, vec![]).await;
        let error = error.unwrap_err();
        assert_eq!(error.problem, problem, "{error}");
        assert!(!format!("{error} {error:?}").contains(secret), "{error}");
    }
    // A relay that nobody vouches for gets no login.
    let channel = to("boss@gov.example");
    let stranger = Notifier::new(Trust::new(None).unwrap());
    let error = stranger
        .send(&channel, &relay.access(PASSWORD), &letter(&note(), &channel, vec![]))
        .await
        .unwrap_err();
    assert_eq!(error.problem, SendProblem::Tls, "{error}");
    assert!(relay.taken().is_empty());
}

#[tokio::test]
async fn where_starttls_is_asked_for_nothing_goes_without() {
    let relay = Relay::start("plain");
    let asked = channel(MailSecurity::Starttls, "boss@gov.example");
    relay.send(&asked, PASSWORD, vec![]).await.unwrap_err();
    assert!(relay.taken().is_empty());
}

//! Mail over the relay of the house: one message to one recipient, plain text with files.

use crate::{Letter, SendError, Trust, robot::hmac, text};
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Attachment, Mailbox, MultiPart, SinglePart, header::ContentType},
    transport::smtp::{
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
    },
};
use std::{
    error::Error as _,
    fmt::Write,
    time::{Duration, UNIX_EPOCH},
};
use zhishou_domain::alert::{Channel, ChannelAccess, MailSecurity, SendProblem};

/// How long the relay may take for each line of its own.
const PATIENCE: Duration = Duration::from_secs(20);

fn settings(what: &str) -> SendError {
    SendError::new(SendProblem::Settings, what)
}

pub(crate) async fn send(
    trust: &Trust,
    channel: &Channel,
    access: &ChannelAccess,
    letter: &Letter<'_>,
) -> Result<(), SendError> {
    let message = message(channel, letter)?;
    let (host, port) = access.address.rsplit_once(':').ok_or_else(|| settings("host:port"))?;
    let port: u16 = port.parse().map_err(|_| settings("host:port"))?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let tls = || {
        let mut builder = TlsParameters::builder(host.to_owned());
        for root in trust.own() {
            let root = Certificate::from_der(root.clone());
            builder = builder.add_root_certificate(
                root.map_err(|error| SendError::new(SendProblem::Tls, error.to_string()))?,
            );
        }
        builder.build_rustls().map_err(|error| SendError::new(SendProblem::Tls, error.to_string()))
    };
    let tls = match channel.settings.security {
        MailSecurity::Plain => Tls::None,
        MailSecurity::Starttls => Tls::Required(tls()?),
        MailSecurity::Tls => Tls::Wrapper(tls()?),
    };
    let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
        .port(port)
        .tls(tls)
        .timeout(Some(PATIENCE));
    if !channel.settings.username.is_empty() {
        let login = Credentials::new(channel.settings.username.clone(), access.secret.clone());
        transport = transport.credentials(login);
    }
    transport.build().send(message).await.map(|_taken| ()).map_err(|error| failed(&error))
}

fn message(channel: &Channel, letter: &Letter<'_>) -> Result<Message, SendError> {
    let mailbox = |text: &str| text.parse::<Mailbox>().map_err(|_| settings("not a mail address"));
    let to = letter.recipients.first().ok_or_else(|| settings("no recipient"))?;
    let from = mailbox(&channel.settings.from)?;
    // The same where a message is sent twice, so that a mailbox may tell.
    let mut id = String::from("<");
    for byte in hmac(channel.name.as_bytes(), letter.key.as_bytes()).iter().take(16) {
        let _infallible = write!(id, "{byte:02x}");
    }
    let _infallible = write!(id, "@{}>", from.email.domain());
    let since_epoch = Duration::from_millis(u64::try_from(letter.now.millis()).unwrap_or(0));
    let subject: String =
        letter.note.title.chars().map(|it| if it.is_control() { ' ' } else { it }).collect();
    let builder = Message::builder()
        .from(from)
        .to(mailbox(to)?)
        .subject(subject)
        .message_id(Some(id))
        .date(UNIX_EPOCH + since_epoch);
    let said = SinglePart::plain(text::lines(letter));
    let built = if letter.files.is_empty() {
        builder.singlepart(said)
    } else {
        let mut parts = MultiPart::mixed().singlepart(said);
        for file in &letter.files {
            let kind = ContentType::parse(file.media_type)
                .map_err(|_| settings("the media type of a file"))?;
            parts =
                parts.singlepart(Attachment::new(file.name.clone()).body(file.bytes.clone(), kind));
        }
        builder.multipart(parts)
    };
    built.map_err(|error| SendError::new(SendProblem::Settings, error.to_string()))
}

/// 5xx of a login or policy is somebody's to mend, 4xx passes (RFC 5321 §4.2.1).
fn failed(error: &lettre::transport::smtp::Error) -> SendError {
    let code: Option<u16> = error.status().map(u16::from);
    let said = error.source().map_or_else(|| error.to_string(), ToString::to_string);
    let problem = match code {
        Some(530..=538) => SendProblem::NotPermitted,
        Some(500..=599) => SendProblem::Rejected,
        Some(_) => SendProblem::Busy,
        None if error.is_tls() || said.contains("certificate") => SendProblem::Tls,
        None if error.is_client() => SendProblem::NotPermitted,
        None => SendProblem::Unreachable,
    };
    SendError::new(problem, code.map_or(said.clone(), |code| format!("SMTP {code} {said}")))
}

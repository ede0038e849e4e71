//! One channel: its form, trying it out, removing it. What opens it is written and never shown.

use crate::{
    app::App,
    failure::Failure,
    guard::{User, audit_line},
    shell::{Nav, Shell, page},
};
use askama::Template;
use axum::{
    Extension, Form,
    extract::{Path, Query, State},
    http::{Extensions, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use zhishou_domain::{
    ChannelId, Lang, Role,
    alert::{
        Channel, ChannelAccess, ChannelKind, ChannelSettings, Charset, MailSecurity, Note, Switch,
        Topic, WebMethod,
    },
};
use zhishou_storage::{ChannelSaved, NewChannel, Route};

/// Topics that a channel may carry.
const TOPICS: [Topic; 4] = [Topic::Incident, Topic::Report, Topic::Meeting, Topic::Duty];

/// What the form sends. What is empty of address and secret stays as it was.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ChannelForm {
    kind: String,
    name: String,
    switch: String,
    incident: String,
    report: String,
    meeting: String,
    duty: String,
    address: String,
    secret: String,
    per_minute: String,
    relay: String,
    recipients: String,
    from: String,
    username: String,
    security: String,
    method: String,
    charset: String,
    content_type: String,
    headers: String,
    body: String,
    success: String,
}

/// Which kind a new one is of.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct KindQuery {
    kind: String,
}

/// A choice: code, name, whether it is chosen.
type Choice = (&'static str, &'static str, bool);

#[derive(Template)]
#[template(path = "alert_channel.html")]
struct ChannelPage {
    shell: Shell,
    problem: Option<String>,
    id: Option<i64>,
    kind: ChannelKind,
    kinds: Vec<Choice>,
    host: String,
    name: String,
    switches: Vec<Choice>,
    topics: Vec<Choice>,
    settings: ChannelSettings,
    recipients: String,
    securities: Vec<Choice>,
    methods: Vec<Choice>,
    charsets: Vec<Choice>,
    limit: u32,
}

macro_rules! choices {
    ($all:expr, $chosen:expr, $lang:expr) => {
        $all.iter().map(|it| (it.code(), it.name($lang), *it == $chosen)).collect()
    };
}

impl ChannelPage {
    fn new(shell: Shell, new: &NewChannel, host: String, problem: Option<String>) -> Self {
        let lang = shell.t.0;
        let settings = new.settings.clone();
        Self {
            shell: shell.at(Nav::Alerts),
            problem,
            id: new.id.map(ChannelId::number),
            kind: new.kind,
            kinds: choices!(ChannelKind::ALL, new.kind, lang),
            host,
            name: new.name.clone(),
            switches: choices!(Switch::ALL, new.switch, lang),
            topics: TOPICS
                .iter()
                .map(|it| (it.code(), it.name(lang), new.topics.contains(it)))
                .collect(),
            recipients: settings.recipients.join("\n"),
            securities: choices!(MailSecurity::ALL, settings.security, lang),
            methods: choices!(WebMethod::ALL, settings.method, lang),
            charsets: choices!(Charset::ALL, settings.charset, lang),
            limit: new.kind.per_minute(),
            settings,
        }
    }

    fn is_robot(&self) -> bool {
        matches!(self.kind, ChannelKind::Dingtalk | ChannelKind::Feishu | ChannelKind::Wecom)
    }

    fn is_mail(&self) -> bool {
        self.kind == ChannelKind::Mail
    }

    fn is_sms(&self) -> bool {
        self.kind == ChannelKind::Sms
    }

    /// Whom the recipients are, and an example of the address.
    fn example(&self) -> &'static str {
        match self.kind {
            ChannelKind::Mail => "smtp.example.gov.cn:587",
            ChannelKind::Dingtalk => "https://oapi.dingtalk.com/robot/send?access_token=…",
            ChannelKind::Feishu => "https://open.feishu.cn/open-apis/bot/v2/hook/…",
            ChannelKind::Wecom => "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=…",
            ChannelKind::Webhook => "https://example.gov.cn/zhishou",
            ChannelKind::Sms => "https://sms.example.gov.cn/send",
        }
    }

    fn takes_recipients(&self) -> bool {
        self.kind.is_addressed() || self.kind == ChannelKind::Dingtalk
    }
}

fn admin(shell: &Shell, user: &User) -> Result<(), Failure> {
    if shell.may_administer() {
        Ok(())
    } else {
        Err(Failure::not_permitted(shell.t, Role::Admin, user.role))
    }
}

/// `GET /admin/alerts/channels/new`.
pub(crate) async fn form(
    shell: Shell,
    Extension(user): Extension<User>,
    Query(query): Query<KindQuery>,
) -> Result<Response, Failure> {
    admin(&shell, &user)?;
    let kind = ChannelKind::from_code(&query.kind).unwrap_or(ChannelKind::Dingtalk);
    page(&ChannelPage::new(shell, &blank(kind), String::new(), None))
}

fn blank(kind: ChannelKind) -> NewChannel {
    NewChannel {
        id: None,
        kind,
        name: String::new(),
        switch: Switch::On,
        topics: [Topic::Incident].into(),
        settings: ChannelSettings::default(),
        access: ChannelAccess::default(),
    }
}

/// `GET /admin/alerts/channels/{id}`.
pub(crate) async fn edit(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    Path(id): Path<i64>,
) -> Result<Response, Failure> {
    admin(&shell, &user)?;
    let channel = of(&app, id).await?;
    let new = NewChannel {
        id: Some(channel.id),
        kind: channel.kind,
        name: channel.name,
        switch: channel.switch,
        topics: channel.topics,
        settings: channel.settings,
        access: ChannelAccess::default(),
    };
    page(&ChannelPage::new(shell, &new, channel.host, None))
}

async fn of(app: &App, id: i64) -> Result<Channel, Failure> {
    let channels = app.store.channels().await?;
    channels.into_iter().find(|it| it.id.number() == id).ok_or_else(Failure::not_found)
}

fn word<T: Default>(text: &str, from_code: fn(&str) -> Option<T>) -> Result<T, Failure> {
    match text {
        "" => Ok(T::default()),
        text => {
            from_code(text).ok_or_else(|| Failure::bad_request(format!("{text}: no such word")))
        }
    }
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|it| !it.is_empty()).map(str::to_owned).collect()
}

fn entered(id: Option<ChannelId>, form: ChannelForm) -> Result<NewChannel, Failure> {
    let kind = ChannelKind::from_code(&form.kind)
        .ok_or_else(|| Failure::bad_input("kind：没有这种渠道", "kind: there is no such one"))?;
    let carried = [&form.incident, &form.report, &form.meeting, &form.duty];
    let topics = TOPICS.into_iter().zip(carried).filter(|(_, it)| !it.is_empty());
    let per_minute = match form.per_minute.trim() {
        "" => 0,
        text => text.parse().unwrap_or(u32::MAX),
    };
    Ok(NewChannel {
        id,
        kind,
        name: form.name.trim().to_owned(),
        switch: word(&form.switch, Switch::from_code)?,
        topics: topics.map(|(topic, _)| topic).collect(),
        settings: ChannelSettings {
            per_minute,
            relay: form.relay.trim().to_owned(),
            recipients: lines(&form.recipients),
            from: form.from.trim().to_owned(),
            username: form.username.trim().to_owned(),
            security: word(&form.security, MailSecurity::from_code)?,
            method: word(&form.method, WebMethod::from_code)?,
            charset: word(&form.charset, Charset::from_code)?,
            content_type: form.content_type.trim().to_owned(),
            headers: lines(&form.headers).join("\n"),
            body: form.body.trim().to_owned(),
            success: form.success.trim().to_owned(),
        },
        access: ChannelAccess {
            address: form.address.trim().to_owned(),
            secret: form.secret.trim().to_owned(),
        },
    })
}

/// `POST /admin/alerts/channels`.
pub(crate) async fn create(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    extensions: Extensions,
    Form(form): Form<ChannelForm>,
) -> Result<Response, Failure> {
    keep(&app, shell, (&user, &extensions), entered(None, form)?).await
}

/// `POST /admin/alerts/channels/{id}`.
pub(crate) async fn save(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    extensions: Extensions,
    Path(id): Path<i64>,
    Form(form): Form<ChannelForm>,
) -> Result<Response, Failure> {
    keep(&app, shell, (&user, &extensions), entered(Some(ChannelId::new(id)), form)?).await
}

async fn keep(
    app: &App,
    shell: Shell,
    (user, extensions): (&User, &Extensions),
    new: NewChannel,
) -> Result<Response, Failure> {
    let line = audit_line(app, user, extensions, "save_channel", new.name.clone());
    match app.store.save_channel(new.clone(), line).await? {
        ChannelSaved::Kept(_) => Ok(Redirect::to("/admin/alerts?done=saved").into_response()),
        ChannelSaved::Missing => Err(Failure::not_found()),
        ChannelSaved::Refused(problem) => {
            let host = match new.id {
                Some(id) => of(app, id.number()).await?.host,
                None => String::new(),
            };
            let said = Some(problem.words(shell.t.0));
            let page = page(&ChannelPage::new(shell, &new, host, said))?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
    }
}

/// `POST /admin/alerts/channels/{id}/test`: puts a message into the outbox like any other.
pub(crate) async fn test(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    extensions: Extensions,
    Path(id): Path<i64>,
) -> Result<Response, Failure> {
    let channel = of(&app, id).await?;
    let (lang, now) = (shell.t.0, app.clock.now());
    let title = lang.pick("【试发】值守告警渠道", "[Test] a channel of Zhishou");
    let mut note = Note::new(Topic::Test, format!("test/{}", now.millis()), title);
    note.about = "/admin/alerts".to_owned();
    let at = now.in_zone(app.zone).format("%Y-%m-%d %H:%M:%S");
    note.lines = vec![match lang {
        Lang::Zh => format!("渠道“{}”可用。{} 于 {at} 试发。", channel.name, user.login),
        Lang::En => format!("Channel {} works. Sent by {} at {at}.", channel.name, user.login),
    }];
    let line = audit_line(&app, &user, &extensions, "test_channel", channel.name);
    app.store.add_audit(line).await?;
    if app.store.enqueue(note, Route::One(channel.id), now).await? == 0 {
        return Err(Failure::bad_input(
            "渠道没有接收人，请先填写",
            "the channel has no recipients: enter some first",
        ));
    }
    Ok(Redirect::to("/admin/alerts?done=test#messages").into_response())
}

/// `POST /admin/alerts/channels/{id}/remove`.
pub(crate) async fn remove(
    State(app): State<App>,
    Extension(user): Extension<User>,
    extensions: Extensions,
    Path(id): Path<i64>,
) -> Result<Response, Failure> {
    let channel = of(&app, id).await?;
    let line = audit_line(&app, &user, &extensions, "remove_channel", channel.name);
    if !app.store.remove_channel(channel.id, line).await? {
        return Err(Failure::not_found());
    }
    Ok(Redirect::to("/admin/alerts?done=removed").into_response())
}

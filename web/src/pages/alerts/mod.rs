//! `/admin/alerts`: channels, rules, and what became of each message.

mod channel;
mod rules;
mod voices;

pub(crate) use channel::{create, edit, form, remove, save, test};
pub(crate) use rules::{edit as rules, save as save_rules};

use super::{Pager, View};
use crate::{
    alert_words,
    app::App,
    cursor,
    failure::Failure,
    format::Moment,
    guard::{User, audit_line},
    shell::{Nav, Shell, page},
};
use askama::Template;
use axum::{
    Extension,
    extract::{Path, Query, State},
    http::Extensions,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use zhishou_domain::{
    Lang,
    alert::{NoteState, Switch, Topic},
};
use zhishou_storage::{Message, StoredRules};

/// Messages on one page.
const SHOWN: u32 = 50;

/// Which messages, and what was just done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct AlertQuery {
    state: String,
    after: String,
    done: String,
}

struct ChannelRow {
    id: i64,
    name: String,
    kind: &'static str,
    host: String,
    topics: String,
    is_on: bool,
    switch: &'static str,
    per_minute: u32,
}

/// One message in one line.
pub(crate) struct MessageLine {
    pub(crate) id: i64,
    pub(crate) title: String,
    pub(crate) about: String,
    pub(crate) channel: String,
    pub(crate) to: String,
    pub(crate) glyph: &'static str,
    pub(crate) state: &'static str,
    pub(crate) problem: Option<(&'static str, String, &'static str)>,
    pub(crate) created: Moment,
    pub(crate) next: Option<Moment>,
    pub(crate) tries: u32,
    pub(crate) is_dead: bool,
}

/// A telephone or mail address as a list shows it.
fn masked(recipient: &str) -> String {
    let (name, rest) = match recipient.split_once('@') {
        Some((name, host)) => (name, format!("@{host}")),
        None => (recipient, String::new()),
    };
    let letters: Vec<char> = name.chars().collect();
    let shown = if letters.len() > 8 { (3, 4) } else { (1, 0) };
    let head: String = letters.iter().take(shown.0).collect();
    let tail: String = letters[letters.len().max(shown.1) - shown.1..].iter().collect();
    format!("{head}***{tail}{rest}")
}

impl MessageLine {
    pub(crate) fn new(view: &View<'_>, message: Message) -> Self {
        let lang = view.t.0;
        let to: Vec<String> = message.recipients.iter().map(|it| masked(it)).collect();
        let is_queued = message.state == NoteState::Queued;
        Self {
            id: message.id,
            title: message.title,
            about: message.about,
            channel: message.channel,
            to: to.join(" "),
            glyph: match message.state {
                NoteState::Sent => "up",
                NoteState::Queued => "unknown",
                NoteState::Dead => "degraded",
            },
            state: message.state.name(lang),
            problem: message.problem.map(|it| (it.name(lang), message.detail, it.advice(lang))),
            created: view.moment(message.settled.unwrap_or(message.created)),
            next: (is_queued && message.due > view.now).then(|| view.moment(message.due)),
            tries: message.tries,
            is_dead: message.state == NoteState::Dead,
        }
    }
}

struct Tab {
    name: &'static str,
    number: Option<u64>,
    href: String,
    is_here: bool,
}

#[derive(Template)]
#[template(path = "alerts.html")]
struct AlertsPage {
    shell: Shell,
    notice: Option<&'static str>,
    queued: u64,
    dead: u64,
    channels: Vec<ChannelRow>,
    carries_incidents: bool,
    unheard: u64,
    doubts: Vec<String>,
    rules: Vec<(String, String)>,
    common: String,
    version: u32,
    made: Option<(Moment, String)>,
    tabs: Vec<Tab>,
    messages: Vec<MessageLine>,
    pager: Pager,
}

/// `GET /admin/alerts`.
pub(crate) async fn list(
    State(app): State<App>,
    shell: Shell,
    Query(query): Query<AlertQuery>,
) -> Result<Response, Failure> {
    let shell = shell.at(Nav::Alerts);
    let view = View::new(&app, shell.t);
    let (t, lang) = (shell.t, shell.t.0);
    let state = match query.state.as_str() {
        "" => None,
        code => Some(NoteState::from_code(code).ok_or_else(|| {
            Failure::bad_input("state：queued、sent 或 dead", "state: queued, sent or dead")
        })?),
    };
    let before = match query.after.as_str() {
        "" => None,
        text => Some(cursor::to_number(text)?),
    };
    let (channels, stored, mut messages, (queued, dead), unheard) = tokio::try_join!(
        app.store.channels(),
        app.store.alert_rules(),
        app.store.messages(state, before, SHOWN + 1),
        app.store.message_counts(),
        app.store.unheard_count(),
    )?;
    let has_more = messages.len() > SHOWN as usize;
    messages.truncate(SHOWN as usize);
    let link = |state: &str, after: &str| {
        let mut pairs = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in [("state", state), ("after", after)] {
            if !value.is_empty() {
                pairs.append_pair(name, value);
            }
        }
        format!("/admin/alerts?{}#messages", pairs.finish())
    };
    let tab = |code: &str, name, number| Tab {
        name,
        number,
        href: link(code, ""),
        is_here: query.state == code,
    };
    let next = messages.last().filter(|_| has_more).map(|it| cursor::of_number(it.id));
    let StoredRules { version, rules, made } = stored;
    page(&AlertsPage {
        notice: match query.done.as_str() {
            "saved" => Some(t.alert_saved()),
            "removed" => Some(t.alert_removed()),
            "test" => Some(t.alert_tested()),
            "again" => Some(t.alert_queued()),
            _ => None,
        },
        queued,
        dead,
        unheard,
        doubts: voices::doubts(&channels, &rules, lang),
        carries_incidents: channels
            .iter()
            .any(|it| it.switch == Switch::On && it.topics.contains(&Topic::Incident)),
        channels: channels.into_iter().map(|it| channel_row(it, lang)).collect(),
        common: common(&rules, lang),
        rules: rules
            .rules
            .iter()
            .map(|it| (it.name.clone(), alert_words::rule(it, lang)))
            .collect(),
        version,
        made: made.map(|(at, login)| (view.moment(at), login)),
        tabs: vec![
            tab("", t.all(), None),
            tab("queued", NoteState::Queued.name(lang), Some(queued)),
            tab("dead", NoteState::Dead.name(lang), Some(dead)),
            tab("sent", NoteState::Sent.name(lang), None),
        ],
        messages: messages.into_iter().map(|it| MessageLine::new(&view, it)).collect(),
        pager: Pager {
            first: before.map(|_| link(&query.state, "")),
            next: next.map(|next| link(&query.state, &next)),
        },
        shell,
    })
}

/// What all rules have in common, in one sentence.
fn common(rules: &zhishou_domain::alert::AlertRules, lang: Lang) -> String {
    let (mass, still, most) = (rules.mass, rules.settle_s, rules.settle_most_s);
    match lang {
        Lang::Zh => format!(
            "{mass} 台起算大面积；故障范围 {still} 秒不再扩大后发送，最迟 {most} 秒，同一根因只发一条。"
        ),
        Lang::En => format!(
            "{mass} devices are a mass outage; an incident is told when it has not grown for {still} s, after {most} s at the latest, and once for one root."
        ),
    }
}

fn channel_row(channel: zhishou_domain::alert::Channel, lang: Lang) -> ChannelRow {
    let topics: Vec<&str> = channel.topics.iter().map(|it| it.name(lang)).collect();
    ChannelRow {
        id: channel.id.number(),
        kind: channel.kind.name(lang),
        topics: topics.join(lang.pick("、", ", ")),
        is_on: channel.switch == Switch::On,
        switch: channel.switch.name(lang),
        per_minute: channel.settings.rate(channel.kind),
        name: channel.name,
        host: channel.host,
    }
}

/// `POST /admin/alerts/messages/{id}/again`.
pub(crate) async fn again(
    State(app): State<App>,
    Extension(user): Extension<User>,
    extensions: Extensions,
    Path(id): Path<i64>,
) -> Result<Response, Failure> {
    let line = audit_line(&app, &user, &extensions, "send_message_again", id.to_string());
    if !app.store.send_again(id, line).await? {
        return Err(Failure::new(
            axum::http::StatusCode::CONFLICT,
            "only what was given up is sent again, and only while its channel is there",
        ));
    }
    Ok(Redirect::to("/admin/alerts?done=again#messages").into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_recipient_a_list_shows_enough_to_know_them_by() {
        assert_eq!(masked("13812345678"), "138***5678");
        assert_eq!(masked("zhang@gov.cn"), "z***@gov.cn");
        assert_eq!(masked(""), "***");
    }
}

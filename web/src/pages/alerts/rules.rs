//! The rules as a document: looked over in words before they are saved as the next version.

use super::voices;
use crate::{
    alert_words,
    app::App,
    failure::Failure,
    guard::{User, audit_line},
    shell::{Nav, Shell, page},
};
use askama::Template;
use axum::{
    Extension, Form,
    extract::State,
    http::{Extensions, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use zhishou_domain::{
    Lang,
    alert::{AlertRules, Topic},
};

/// What the form sends: a document, the version that it was made from, and whether it is to be kept.
#[derive(Debug, Deserialize)]
pub(crate) struct RulesForm {
    document: String,
    after: u32,
    #[serde(default)]
    act: String,
}

#[derive(Template)]
#[template(path = "alert_rules.html")]
struct RulesPage {
    shell: Shell,
    problem: Option<String>,
    document: String,
    after: u32,
    checked: Option<Checked>,
}

/// What a document says, where it was looked over.
struct Checked {
    /// Each rule by name, in a sentence.
    rules: Vec<(String, String)>,
    /// What to look at.
    doubts: Vec<String>,
}

/// `GET /admin/alerts/rules`.
pub(crate) async fn edit(State(app): State<App>, shell: Shell) -> Result<Response, Failure> {
    let stored = app.store.alert_rules().await?;
    page(&RulesPage {
        shell: shell.at(Nav::Alerts),
        problem: None,
        document: stored.rules.document(),
        after: stored.version,
        checked: None,
    })
}

/// `POST /admin/alerts/rules`: looks them over, or keeps them.
pub(crate) async fn save(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    extensions: Extensions,
    Form(form): Form<RulesForm>,
) -> Result<Response, Failure> {
    let shell = shell.at(Nav::Alerts);
    let lang = shell.t.0;
    let RulesForm { document, after, act } = form;
    let rules = match AlertRules::parse(&document) {
        Ok(rules) => rules,
        Err(problem) => return refused(shell, document, after, problem.words(lang)),
    };
    if act != "save" {
        let said = rules.rules.iter().map(|it| (it.name.clone(), alert_words::rule(it, lang)));
        let checked = Checked { rules: said.collect(), doubts: doubts(&app, &rules, lang).await? };
        let checked = Some(checked);
        return page(&RulesPage { shell, problem: None, document, after, checked });
    }
    let line = audit_line(&app, &user, &extensions, "save_alert_rules", (after + 1).to_string());
    if app.store.add_alert_rules(rules, after, line).await? {
        return Ok(Redirect::to("/admin/alerts?done=saved").into_response());
    }
    let problem = lang.pick(
        "他人已保存了新版本；请打开新页面，把您的修改并入后再保存。您填写的内容仍在下方。",
        "somebody saved a version meanwhile: open the page anew and carry your changes over; yours is below",
    );
    refused(shell, document, after, problem.to_owned())
}

fn refused(
    shell: Shell,
    document: String,
    after: u32,
    problem: String,
) -> Result<Response, Failure> {
    let page = page(&RulesPage { shell, problem: Some(problem), document, after, checked: None })?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

/// What is no mistake but will not do what it seems to: names that nothing has, and nobody reached.
async fn doubts(app: &App, rules: &AlertRules, lang: Lang) -> Result<Vec<String>, Failure> {
    let channels = app.store.channels().await?;
    let mut doubts = voices::doubts(&channels, rules, lang);
    for missing in app.store.unknown_places(rules).await? {
        doubts.push(match lang {
            Lang::Zh => format!("台账中没有名为“{missing}”的街道或站点"),
            Lang::En => format!("no street or site of the ledger is called {missing}"),
        });
    }
    if !channels.iter().any(|it| it.topics.contains(&Topic::Incident))
        && rules.rules.iter().any(|it| it.channels.is_empty())
    {
        doubts.push(
            lang.pick(
                "没有渠道勾选“故障告警”，未写明渠道的规则不会发送",
                "no channel carries incidents: rules that name none send nothing",
            )
            .to_owned(),
        );
    }
    Ok(doubts)
}

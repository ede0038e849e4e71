//! 值班人员 on the page of the duty: entered once with telephone and mail.

use crate::{
    app::App,
    failure::Failure,
    guard::{User, audit_line},
    query::typed,
};
use axum::{Extension, Form, extract::State, http::Extensions, response::Redirect};
use serde::Deserialize;
use zhishou_domain::duty::Watcher;
use zhishou_storage::{PersonRemoved, PersonSaved, login_name};

/// Longest name or telephone, and mail address, characters.
const NAME: usize = 40;
const MAIL: usize = 120;

/// What is typed of somebody.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct PersonForm {
    name: String,
    phone: String,
    mail: String,
    login: String,
}

fn back() -> Redirect {
    Redirect::to("/duty#people")
}

/// `POST /duty/people`: somebody, or how they are reached and as whom they log in from now on.
pub(crate) async fn save(
    State(app): State<App>,
    Extension(user): Extension<User>,
    extensions: Extensions,
    Form(form): Form<PersonForm>,
) -> Result<Redirect, Failure> {
    let person = Watcher {
        name: typed("name", &form.name, NAME)?,
        phone: typed("phone", &form.phone, NAME)?,
        mail: typed("mail", &form.mail, MAIL)?,
        login: login_name(&typed("login", &form.login, NAME)?),
    };
    if person.name.is_empty() {
        return Err(Failure::bad_input("请填写姓名", "name: missing"));
    }
    if !person.mail.is_empty() && !person.mail.contains('@') {
        return Err(Failure::bad_input("邮箱地址不完整", "mail: no address"));
    }
    if person.phone.is_empty() && person.mail.is_empty() {
        return Err(Failure::bad_input(
            "请填写电话或邮箱，否则值班消息无法送达",
            "phone, mail: one of them, or nothing reaches them",
        ));
    }
    let subject = match person.login.as_str() {
        "" => person.name.clone(),
        login => format!("{} · {login}", person.name),
    };
    let line = audit_line(&app, &user, &extensions, "duty_person", subject);
    match app.store.save_duty_person(person, line).await? {
        PersonSaved::Done => Ok(back()),
        PersonSaved::NoUser => Err(Failure::bad_input("没有这个用户", "login: no such user")),
        PersonSaved::LoginTaken(name) => Err(Failure::conflict(
            format!("该用户已登记为“{name}”，请先在那里改掉"),
            format!("this user is listed as {name}: change that first"),
        )),
    }
}

/// `POST /duty/people/remove`.
pub(crate) async fn remove(
    State(app): State<App>,
    Extension(user): Extension<User>,
    extensions: Extensions,
    Form(form): Form<PersonForm>,
) -> Result<Redirect, Failure> {
    let name = typed("name", &form.name, NAME)?;
    let line = audit_line(&app, &user, &extensions, "duty_person_remove", name.clone());
    match app.store.remove_duty_person(name, line).await? {
        PersonRemoved::Done => Ok(back()),
        PersonRemoved::Missing => Err(Failure::not_found()),
        PersonRemoved::OnDuty => {
            Err(Failure::conflict("此人还有班次，请先换人", "they have a shift: change that first"))
        }
    }
}

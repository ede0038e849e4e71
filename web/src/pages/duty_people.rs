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
use zhishou_storage::PersonRemoved;

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
}

fn back() -> Redirect {
    Redirect::to("/duty#people")
}

/// `POST /duty/people`: somebody, or how they are reached from now on.
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
    let line = audit_line(&app, &user, &extensions, "duty_person", person.name.clone());
    app.store.save_duty_person(person, line).await?;
    Ok(back())
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

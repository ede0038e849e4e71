//! 基准: what is learned of each stream of a device, and `POST /devices/{id}/baseline`, which
//! forgets it: after work on a camera the new picture is the usual one.

use super::{
    View,
    device::id_of,
    device_view::{Fact, codec_name},
};
use crate::{
    app::App,
    failure::Failure,
    format::{bitrate, millis},
    guard::{User, audit},
    words::Words,
};
use axum::{
    Extension, Form,
    extract::{Path, State},
    http::Extensions,
    response::Redirect,
};
use serde::Deserialize;
use zhishou_domain::Habit;
use zhishou_storage::{LearnedHabit, StreamOf};

/// What is learned of one stream.
pub(super) struct BaselineView {
    /// `main` or `sub`.
    pub(super) stream: &'static str,
    pub(super) name: &'static str,
    pub(super) facts: Vec<Fact>,
}

impl BaselineView {
    /// `None` where there is nothing to forget.
    pub(super) fn new(view: &View<'_>, learned: &LearnedHabit) -> Option<Self> {
        let (t, habit) = (view.t, &learned.habit);
        let mut facts = figures(habit, t);
        if facts.is_empty() {
            return None;
        }
        if let Some(since) = habit.since {
            facts.push(Fact::new(t.learned_since(), view.moment(since).exact));
        }
        Some(Self { stream: learned.stream.code(), name: name(learned.stream, t), facts })
    }
}

/// What is usual of a stream, as far as it is known.
fn figures(habit: &Habit, t: Words) -> Vec<Fact> {
    let form = habit.form.as_ref().map(|form| {
        let codec = codec_name(&form.codec);
        format!("{codec} {} × {}", form.width, form.height)
    });
    [
        (t.usual_form(), form),
        (t.usual_bitrate(), habit.bitrate_bps().map(bitrate)),
        (t.usual_gop(), habit.gop_ms.map(millis)),
    ]
    .into_iter()
    .filter_map(|(label, value)| Some(Fact::new(label, value?)))
    .collect()
}

const fn name(stream: StreamOf, t: Words) -> &'static str {
    match stream {
        StreamOf::Main => t.main_stream(),
        StreamOf::Sub => t.sub_stream(),
    }
}

/// Which stream.
#[derive(Deserialize)]
pub(crate) struct BaselineForm {
    stream: String,
}

/// `POST /devices/{id}/baseline`: forgets what is learned of one stream. What that was stands in
/// the audit log.
pub(crate) async fn reset(
    State(app): State<App>,
    Extension(user): Extension<User>,
    Path(id): Path<String>,
    extensions: Extensions,
    Form(form): Form<BaselineForm>,
) -> Result<Redirect, Failure> {
    let id = id_of(&id)?;
    let stream = StreamOf::from_code(&form.stream)
        .ok_or_else(|| Failure::bad_input("stream：须为 main 或 sub", "stream: main or sub"))?;
    app.store.device_page(id).await?.ok_or_else(Failure::not_found)?;
    let done = match app.store.forget_habit(id, stream, app.clock.now()).await? {
        Some(forgotten) => {
            let t = Words(zhishou_domain::Lang::En);
            let was: Vec<_> = figures(&forgotten, t).into_iter().map(|fact| fact.value).collect();
            let subject = format!("{id} {} {}", stream.code(), was.join(", "));
            audit(&app, &user, &extensions, "reset_baseline", subject).await?;
            "baseline"
        }
        None => "baseline_none",
    };
    Ok(Redirect::to(&format!("/devices/{id}?done={done}#baseline")))
}

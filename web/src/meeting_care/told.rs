//! What those who take part, the venues and who is on duty are told where a meeting turns to something else.

use super::Known;
use crate::{
    app::App,
    booking::{for_duty, span},
};
use zhishou_domain::{
    Lang,
    alert::{Contact, Note, Topic},
    meeting::{PlatformResource, Venue, VenueDevice},
};
use zhishou_storage::{Route, StoreError};

/// What happened, in the language of who did it.
pub(super) struct Turning<'a> {
    pub(super) known: &'a Known,
    /// The venue that fails.
    pub(super) venue: &'a Venue,
    pub(super) to: &'a Target,
    /// What fails, in words.
    pub(super) what: &'a str,
    pub(super) way: Way,
    pub(super) lang: Lang,
}

/// What is turned to, or from.
pub(super) enum Target {
    Endpoint(VenueDevice),
    Venue(Venue),
    Telephone(PlatformResource),
}

/// Whether it is done or taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    There,
    Back,
}

impl Turning<'_> {
    /// What is written down: `易家街 → 二楼会议室：音频 未通过`. No pass code.
    pub(super) fn note(&self) -> String {
        let (from, zh) = (&self.venue.name, self.lang == Lang::Zh);
        let to = match self.to {
            Target::Endpoint(it) => &it.name,
            Target::Venue(it) => &it.name,
            Target::Telephone(it) => &it.name,
        };
        match (self.way, zh) {
            (Way::There, true) => format!("{from} → {to}：{}", self.what),
            (Way::There, false) => format!("{from} → {to}: {}", self.what),
            (Way::Back, true) => format!("撤销：{to} → {from}"),
            (Way::Back, false) => format!("undone: {to} → {from}"),
        }
    }

    fn title(&self) -> String {
        let title = &self.known.stored.plan.title;
        let (zh, en) = match (self.way, self.to) {
            (Way::There, Target::Endpoint(_)) => ("启用备用终端", "backup endpoint"),
            (Way::There, Target::Venue(_)) => ("会场变更", "another venue"),
            (Way::There, Target::Telephone(_)) => ("启用电话会议", "telephone conference"),
            (Way::Back, Target::Endpoint(_)) => ("恢复原终端", "back to its endpoint"),
            (Way::Back, Target::Venue(_)) => ("恢复原会场", "back to its venue"),
            (Way::Back, Target::Telephone(_)) => ("停用电话会议", "no telephone conference"),
        };
        format!(
            "{}{title}",
            self.lang.pick("【", "[").to_owned()
                + self.lang.pick(zh, en)
                + self.lang.pick("】", "] ")
        )
    }

    /// What those who take part have to know.
    fn lines(&self, app: &App) -> Vec<String> {
        let said = |zh: &str, en: &str, what: &str| match self.lang {
            Lang::Zh => format!("{zh}：{what}"),
            Lang::En => format!("{en}: {what}"),
        };
        let reached = |it: &Venue| {
            let words = format!("{} {} {}", it.name, it.contact, it.phone);
            words.trim_end().to_owned()
        };
        let mut lines = vec![said("时间", "time", &span(app, self.known.stored.plan.slot()))];
        match (self.way, self.to) {
            (way, Target::Endpoint(to)) => {
                lines.push(said("会场", "venue", &self.venue.name));
                let (zh, en) = match way {
                    Way::There => ("改用终端", "now on"),
                    Way::Back => ("不再使用", "no longer on"),
                };
                lines.push(said(zh, en, &to.name));
            }
            (Way::There, Target::Venue(to)) => {
                lines.push(said("原会场", "instead of", &self.venue.name));
                lines.push(said("改到", "now in", &reached(to)));
            }
            (Way::Back, Target::Venue(to)) => {
                lines.push(said("不再改到", "no longer in", &to.name));
                lines.push(said("仍在原会场", "as booked in", &reached(self.venue)));
            }
            (way, Target::Telephone(line)) => {
                lines.push(said("会场", "venue", &self.venue.name));
                if way == Way::There {
                    lines.push(said("电话会议", "telephone conference", &dialled(line, self.lang)));
                }
            }
        }
        if self.way == Way::There {
            lines.push(said("原因", "because", self.what));
        }
        lines
    }

    /// Who is told: those who take part and the venues, each alone; and who is on duty. Where a room goes to
    /// another endpoint nothing changes for those who take part.
    pub(super) async fn told(&self, app: &App) -> Result<Vec<(Note, Route)>, StoreError> {
        let key = format!("turn/{}/{}", self.known.stored.id, self.venue.id);
        let (contacts, places) = match self.to {
            Target::Endpoint(_) => (false, vec![self.venue]),
            Target::Venue(to) => (true, vec![self.venue, to]),
            Target::Telephone(_) => (true, vec![self.venue]),
        };
        tell(app, self.known, (key, self.title(), self.lines(app)), (contacts, &places)).await
    }
}

/// What is said of a meeting to who is on duty, to the contacts of these venues and, where `contacts`, to those
/// who take part.
pub(super) async fn tell(
    app: &App,
    known: &Known,
    (key, title, lines): (String, String, Vec<String>),
    (contacts, places): (bool, &[&Venue]),
) -> Result<Vec<(Note, Route)>, StoreError> {
    let (id, at) = (known.stored.id, app.clock.now());
    let note = |topic, to: Vec<Contact>, about: String| Note {
        about,
        lines: lines.clone(),
        to,
        ..Note::new(topic, format!("{key}/{}", at.millis()), title.clone())
    };
    let part = known.stored.plan.contacts.iter().filter(|_| contacts).map(|it| Contact {
        name: it.name.clone(),
        phone: it.phone.clone(),
        mail: it.mail.clone(),
    });
    let places = places.iter().map(|it| Contact {
        name: it.contact.clone(),
        phone: it.phone.clone(),
        mail: String::new(),
    });
    let mut each: Vec<Contact> = part.chain(places).collect();
    each.retain(Contact::is_reachable);
    let duty = note(Topic::Duty, Vec::new(), format!("/meetings/{id}"));
    let mut told = vec![(for_duty(&app.store, duty, at).await?, Route::Topic)];
    // To nobody in particular it would go to whomever the channel has.
    if !each.is_empty() {
        told.push((note(Topic::Meeting, each, format!("/bookings/{id}")), Route::Addressed));
    }
    Ok(told)
}

/// `会商一线 010-5550100 密码 8821`.
fn dialled(line: &PlatformResource, lang: Lang) -> String {
    let mut words = format!("{} {}", line.name, line.dial).trim_end().to_owned();
    if !line.pass_code.is_empty() {
        words += &format!(" {} {}", lang.pick("密码", "code"), line.pass_code);
    }
    words
}

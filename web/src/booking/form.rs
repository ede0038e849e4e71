//! The form of a meeting as it is typed, and what it means.

use super::LONGEST;
use crate::{
    app::App,
    failure::Failure,
    query::{self, typed},
};
use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime};
use chrono_tz::Tz;
use std::{collections::BTreeMap, str::FromStr};
use zhishou_domain::{
    Lang, MeetingId, ResourceId, VenueId,
    meeting::{
        AssuranceGrade, Buffers, Cascade, Contact, ContactRole, Convener, LocalSlot, MeetingPlan,
        MeetingRank, MeetingVenue, Slot, VenueRole,
    },
};

/// A moment as a field of a form has it.
pub(crate) const FIELD: &str = "%Y-%m-%dT%H:%M";

/// What is typed. Shown again as it was where it is refused.
#[derive(Clone, Debug, Default)]
pub(crate) struct BookingForm {
    pub(crate) title: String,
    /// In which its times are; empty: that of the house.
    pub(crate) zone: String,
    pub(crate) day: String,
    pub(crate) from: String,
    pub(crate) to: String,
    /// The day on which it ends, where it lasts longer than a night.
    pub(crate) last: String,
    /// The role of each venue that takes part.
    pub(crate) venues: BTreeMap<VenueId, String>,
    pub(crate) rank: String,
    pub(crate) assurance: String,
    pub(crate) convener: String,
    pub(crate) organiser: String,
    pub(crate) cascade: String,
    pub(crate) rehearsal_from: String,
    pub(crate) rehearsal_to: String,
    pub(crate) repeat: String,
    pub(crate) times: String,
    /// Days that a series leaves out, `2026-10-01`.
    pub(crate) except: String,
    /// How much of a series is changed.
    pub(crate) scope: String,
    pub(crate) skip: bool,
    /// Whether contacts who were told of it are told of the change.
    pub(crate) notify: bool,
    pub(crate) resources: Vec<ResourceId>,
    pub(crate) contacts: String,
    pub(crate) setup: String,
    pub(crate) teardown: String,
    pub(crate) note: String,
    pub(crate) reason: String,
    pub(crate) filing: String,
    pub(crate) revision: String,
    pub(crate) key: String,
    pub(crate) displace: Vec<MeetingId>,
}

impl BookingForm {
    /// From the fields of a form or of an address.
    pub(crate) fn of(fields: Vec<(String, String)>) -> Self {
        let mut form = Self::default();
        for (name, value) in fields {
            let text = match name.as_str() {
                "title" => &mut form.title,
                "zone" => &mut form.zone,
                "day" => &mut form.day,
                "from" => &mut form.from,
                "to" => &mut form.to,
                "last" => &mut form.last,
                "rank" => &mut form.rank,
                "assurance" => &mut form.assurance,
                "convener" => &mut form.convener,
                "organiser" => &mut form.organiser,
                "cascade" => &mut form.cascade,
                "rehearsal_from" => &mut form.rehearsal_from,
                "rehearsal_to" => &mut form.rehearsal_to,
                "repeat" => &mut form.repeat,
                "times" => &mut form.times,
                "except" => &mut form.except,
                "scope" => &mut form.scope,
                "contacts" => &mut form.contacts,
                "setup" => &mut form.setup,
                "teardown" => &mut form.teardown,
                "note" => &mut form.note,
                "reason" => &mut form.reason,
                "filing" => &mut form.filing,
                "revision" => &mut form.revision,
                "key" => &mut form.key,
                "skip" => {
                    form.skip = true;
                    continue;
                }
                "notify" => {
                    form.notify = true;
                    continue;
                }
                "displace" => {
                    form.displace.extend(value.parse::<MeetingId>().ok());
                    continue;
                }
                "resource" => {
                    form.resources.extend(value.parse::<ResourceId>().ok());
                    continue;
                }
                name => {
                    let venue = name.strip_prefix("venue_").and_then(|id| id.parse().ok());
                    if let Some(venue) = venue.filter(|_| !value.is_empty()) {
                        form.venues.insert(venue, value);
                    }
                    continue;
                }
            };
            *text = value;
        }
        form
    }

    /// The form that a plan would have been typed in.
    pub(crate) fn of_plan(plan: &MeetingPlan, revision: u32) -> Self {
        let field = |at: NaiveDateTime| at.format(FIELD).to_string();
        Self {
            title: plan.title.clone(),
            zone: plan.zone.name().to_owned(),
            venues: plan.venues.iter().map(|it| (it.venue, it.role.code().to_owned())).collect(),
            rank: plan.rank.code().to_owned(),
            assurance: plan.assurance.code().to_owned(),
            convener: plan.convener.code().to_owned(),
            organiser: plan.organiser.clone(),
            cascade: plan.cascade.code().to_owned(),
            rehearsal_from: plan.rehearsal.map(|it| field(it.from)).unwrap_or_default(),
            rehearsal_to: plan.rehearsal.map(|it| field(it.to)).unwrap_or_default(),
            resources: plan.resources.clone(),
            contacts: plan.contacts.iter().map(typed_contact).collect::<Vec<_>>().join("\n"),
            setup: plan.buffers.setup_min.to_string(),
            teardown: plan.buffers.teardown_min.to_string(),
            note: plan.note.clone(),
            revision: revision.to_string(),
            ..Self::of_times(plan.slot(), plan.zone)
        }
    }

    /// Its times alone, on the wall of a zone.
    pub(crate) fn of_times(slot: Slot, zone: Tz) -> Self {
        let (from, to) =
            (slot.from.in_zone(zone).naive_local(), slot.to.in_zone(zone).naive_local());
        let last = Some(to.date()).filter(|day| *day != end_day(from, to.time()));
        Self {
            day: from.date().to_string(),
            from: from.format("%H:%M").to_string(),
            to: to.format("%H:%M").to_string(),
            last: last.map(|day| day.to_string()).unwrap_or_default(),
            ..Self::default()
        }
    }

    /// What it means. What is left out is as the house has it.
    pub(crate) fn plan(&self, app: &App) -> Result<MeetingPlan, Failure> {
        let missing = || Failure::bad_input("请填写日期与起止时间", "day, from, to: missing");
        let day: NaiveDate = self.day.parse().map_err(|_| missing())?;
        let clock = |text: &str| NaiveTime::parse_from_str(text, "%H:%M").map_err(|_| missing());
        let (begin, end) = (clock(&self.from)?, clock(&self.to)?);
        let last = match self.last.as_str() {
            "" => end_day(day.and_time(begin), end),
            text => text.parse().map_err(|_| missing())?,
        };
        let rehearsal = match (self.rehearsal_from.as_str(), self.rehearsal_to.as_str()) {
            ("", "") => None,
            (from, to) => {
                let moment = |text| {
                    NaiveDateTime::parse_from_str(text, FIELD).map_err(|_| {
                        Failure::bad_input("请填写联调的起止时间", "rehearsal: from and to")
                    })
                };
                Some(LocalSlot { from: moment(from)?, to: moment(to)? })
            }
        };
        let mut venues = Vec::new();
        for (venue, role) in &self.venues {
            if let Some(role) = query::word("venue", role, VenueRole::from_code)? {
                venues.push(MeetingVenue { venue: *venue, role });
            }
        }
        let least = app.settings.booking.least;
        Ok(MeetingPlan {
            title: typed("title", &self.title, LONGEST)?,
            rank: query::word("rank", &self.rank, MeetingRank::from_code)?
                .unwrap_or(MeetingRank::Third),
            assurance: query::word("assurance", &self.assurance, AssuranceGrade::from_code)?
                .unwrap_or(AssuranceGrade::Third),
            convener: query::word("convener", &self.convener, Convener::from_code)?
                .unwrap_or(Convener::District),
            organiser: typed("organiser", &self.organiser, LONGEST)?,
            cascade: query::word("cascade", &self.cascade, Cascade::from_code)?
                .unwrap_or(Cascade::Own),
            zone: zone_of(app, &self.zone)?,
            time: LocalSlot { from: day.and_time(begin), to: last.and_time(end) },
            buffers: Buffers {
                setup_min: number("setup", &self.setup, least.setup_min)?,
                teardown_min: number("teardown", &self.teardown, least.teardown_min)?,
            },
            rehearsal,
            venues,
            resources: self.resources.clone(),
            contacts: contacts(&self.contacts),
            note: typed("note", &self.note, LONGEST)?,
        })
    }
}

/// The day on which what begins then ends, by the hour alone: one that lasts over midnight ends on the next.
fn end_day(from: NaiveDateTime, end: NaiveTime) -> NaiveDate {
    if end <= from.time() { from.date() + Days::new(1) } else { from.date() }
}

/// A zone by its IANA name; that of the house where there is none.
pub(crate) fn zone_of(app: &App, name: &str) -> Result<Tz, Failure> {
    match name {
        "" => Ok(app.zone),
        name => name.parse().map_err(|_| {
            Failure::bad_input("没有这个时区", "zone: unknown; an IANA name is asked for")
        }),
    }
}

/// A number; `otherwise` where nothing is typed.
fn number<T: FromStr>(name: &str, text: &str, otherwise: T) -> Result<T, Failure> {
    if text.trim().is_empty() {
        return Ok(otherwise);
    }
    text.trim().parse().map_err(|_| {
        Failure::bad_input(format!("{name}：应为整数"), format!("{name}: a whole number"))
    })
}

/// The rule of a series as it was chosen; none where it is held once.
pub(crate) fn series_rule(form: &BookingForm) -> Result<Option<String>, Failure> {
    let rule = match form.repeat.as_str() {
        "" => return Ok(None),
        "daily" => "FREQ=DAILY",
        "workdays" => "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
        "weekly" => "FREQ=WEEKLY",
        "fortnightly" => "FREQ=WEEKLY;INTERVAL=2",
        "monthly" => "FREQ=MONTHLY",
        _ => return Err(Failure::bad_input("repeat：没有这个取值", "repeat: unknown value")),
    };
    let times: u16 = number("times", &form.times, 10)?;
    let mut rule = format!("{rule};COUNT={times}");
    let days = form.except.split(|c: char| c.is_whitespace() || ",，、;；".contains(c));
    for day in days.filter(|day| !day.is_empty()) {
        let day: NaiveDate = day.parse().map_err(|_| {
            Failure::bad_input(
                format!("除外日期须写作 2026-10-01：{day}"),
                format!("except: not a date such as 2026-10-01: {day}"),
            )
        })?;
        rule.push_str(&format!("\nEXDATE;VALUE=DATE:{}", day.format("%Y%m%d")));
    }
    Ok(Some(rule))
}

/// A contact a line: the name first, the telephone last, the unit between; what has an @ is a mail address.
/// After the name a word may say what they are: 主持人, 技术保障. Where there are commas only they part, so that a name may have spaces. Who has no name is called by what there
/// is.
fn contacts(text: &str) -> Vec<Contact> {
    let comma = |c: char| matches!(c, ',' | '，' | '、' | ';' | '；');
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).map(|line| {
        let mut words: Vec<_> = match line.contains(comma) {
            true => line.split(comma).map(str::trim).collect(),
            false => line.split_whitespace().collect(),
        };
        let is_phone = |word: &&str| {
            word.chars().filter(char::is_ascii_digit).count() >= 3
                && word.chars().all(|c| c.is_ascii_digit() || "+-() ".contains(c))
        };
        let mail = words.iter().position(|word| word.contains('@')).map(|at| words.remove(at));
        let role = words.iter().skip(1).position(|word| role_of(word).is_some());
        let role = role.and_then(|at| role_of(words.remove(at + 1))).unwrap_or_default();
        while words.len() > 1 && words.last().is_some_and(|word| word.is_empty()) {
            words.pop();
        }
        let phone = words.last().filter(|word| is_phone(word)).copied();
        if phone.is_some() {
            words.pop();
        }
        let (phone, mail) = (phone.unwrap_or_default(), mail.unwrap_or_default());
        let (name, unit) = words.split_first().unwrap_or((&"", &[]));
        let unit: Vec<_> = unit.iter().filter(|word| !word.is_empty()).copied().collect();
        let unit = unit.join(" ");
        let name = [name, phone, mail, unit.as_str()].into_iter().find(|word| !word.is_empty());
        Contact {
            name: name.unwrap_or_default().to_owned(),
            phone: phone.to_owned(),
            mail: mail.to_owned(),
            unit,
            role,
        }
    });
    lines.filter(|it| !it.name.is_empty()).collect()
}

/// The line that [`contacts`] reads it from.
fn typed_contact(it: &Contact) -> String {
    let role = if it.role == ContactRole::Other { "" } else { it.role.name(Lang::Zh) };
    let line = [&it.name, &it.unit, &it.mail, &it.phone].map(String::as_str).join("，");
    if role.is_empty() { line } else { format!("{line}，{role}") }
}

/// What a word says that a contact is.
fn role_of(word: &str) -> Option<ContactRole> {
    match word.to_lowercase().as_str() {
        "主持人" | "主持" | "会议负责人" | "负责人" | "chair" => {
            Some(ContactRole::Chair)
        }
        "技术保障" | "会务保障" | "support" => Some(ContactRole::Support),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contacts_are_read_as_people_write_them() {
        let typed = "张三 应急局 办公室 13800000000\n李四，010-6655，li@gov.example\n\n 王五 w@x.cn\n13900000000";
        let read = contacts(typed);
        let told: Vec<_> = read
            .iter()
            .map(|it| [&it.name, &it.unit, &it.phone, &it.mail].map(String::as_str))
            .collect();
        let expected = [
            ["张三", "应急局 办公室", "13800000000", ""],
            ["李四", "", "010-6655", "li@gov.example"],
            ["王五", "", "", "w@x.cn"],
            ["13900000000", "", "13900000000", ""],
        ];
        assert_eq!(told, expected, "nobody is lost");
    }

    #[test]
    fn whoever_chairs_it_is_named_wherever_the_word_stands() {
        let roles = |typed: &str| -> Vec<_> {
            contacts(typed).iter().map(|it| (it.name.clone(), it.unit.clone(), it.role)).collect()
        };
        let of = |unit: &str, role| [("张三".to_owned(), unit.to_owned(), role)];
        let chair = of("应急局", ContactRole::Chair);
        assert_eq!(roles("张三 应急局 主持人 13800000000"), chair);
        assert_eq!(roles("张三，应急局，13800000000，会议负责人"), chair);
        assert_eq!(roles("张三 技术保障"), of("", ContactRole::Support));
        assert_eq!(roles("张三 应急局"), of("应急局", ContactRole::Other));
        assert_eq!(roles("主持人 138000")[0].0, "主持人", "the first word is the name");
    }

    #[test]
    fn a_contact_is_read_as_it_was_written() {
        let of = |name: &str, unit: &str, phone: &str, mail: &str| Contact {
            name: name.into(),
            unit: unit.into(),
            phone: phone.into(),
            mail: mail.into(),
            role: ContactRole::Other,
        };
        let all = [
            of("John Smith", "Water Bureau", "+44 20 7946 0000", "j@x.example"),
            of("张三", "", "", ""),
            of("李四", "应急局 办公室", "", ""),
            of("王五", "", "110", ""),
            Contact { role: ContactRole::Chair, ..of("赵六", "", "", "z@x.example") },
            Contact { role: ContactRole::Support, ..of("钱七", "电视台", "138000", "") },
        ];
        let typed: Vec<_> = all.iter().map(typed_contact).collect();
        assert_eq!(contacts(&typed.join("\n")), all);
    }

    #[test]
    fn what_lasts_for_days_stays_so_and_a_night_needs_no_second_day() {
        let day = |day: u32| NaiveDate::from_ymd_opt(2026, 3, day).unwrap();
        let at = |on: u32, hour: u32| day(on).and_hms_opt(hour, 0, 0).unwrap();
        let nine = NaiveTime::from_hms_opt(9, 0, 0).unwrap();
        assert_eq!(end_day(at(10, 8), nine), day(10));
        assert_eq!(end_day(at(10, 9), nine), day(11));
        assert_eq!(end_day(at(10, 22), nine), day(11));
    }

    #[test]
    fn a_venue_without_a_role_takes_no_part() {
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let form = BookingForm::of(vec![
            field("venue_1", "main"),
            field("venue_2", ""),
            field("venue_x", "main"),
            field("resource", "3"),
            field("unknown", "1"),
        ]);
        assert_eq!(form.venues, BTreeMap::from([(VenueId::new(1), "main".to_owned())]));
        assert_eq!(form.resources, [ResourceId::new(3)]);
    }

    #[test]
    fn a_choice_becomes_a_rule() {
        let of = |repeat: &str, times: &str| {
            let form = BookingForm {
                repeat: repeat.into(),
                times: times.into(),
                ..BookingForm::default()
            };
            series_rule(&form).ok().flatten()
        };
        assert_eq!(of("", "3"), None);
        assert_eq!(of("fortnightly", "4").as_deref(), Some("FREQ=WEEKLY;INTERVAL=2;COUNT=4"));
        assert_eq!(of("weekly", "").as_deref(), Some("FREQ=WEEKLY;COUNT=10"));
        assert_eq!(of("weekly", "-1"), None);
    }

    #[test]
    fn days_are_left_out_of_a_series() {
        let of = |except: &str| {
            let form = BookingForm {
                repeat: "weekly".into(),
                except: except.into(),
                ..BookingForm::default()
            };
            series_rule(&form).ok().flatten()
        };
        let rule = "FREQ=WEEKLY;COUNT=10\nEXDATE;VALUE=DATE:20261001\nEXDATE;VALUE=DATE:20261008";
        assert_eq!(of("2026-10-01，2026-10-08 ").as_deref(), Some(rule));
        assert_eq!(of("国庆"), None);
    }
}

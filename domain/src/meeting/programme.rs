//! 议程 and 参会名单 of a meeting, as somebody wrote them into a file.

use crate::{Lang, VenueId};
use chrono::NaiveTime;
use serde::{Deserialize, Serialize};

/// Rows of a part at most.
const MOST: usize = 2000;
/// Longest text of a cell, characters.
const LONGEST: usize = 200;

/// One item of the agenda.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgendaItem {
    /// From when on, on the wall of the meeting.
    pub from: NaiveTime,
    /// Until when; none where only its begin is said.
    pub to: Option<NaiveTime>,
    /// 议题.
    pub title: String,
    /// 发言会场.
    pub venue: Option<VenueId>,
}

/// Somebody who is to attend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attendee {
    /// 单位.
    pub unit: String,
    /// 姓名.
    pub name: String,
    /// 职务.
    pub role: String,
    /// 会场.
    pub venue: Option<VenueId>,
}

/// Both, in the order of their files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Programme {
    /// 议程.
    pub agenda: Vec<AgendaItem>,
    /// 参会名单.
    pub attendance: Vec<Attendee>,
}

impl Programme {
    /// Whether it could have come of a file of a meeting with these venues.
    pub fn fits(&self, venues: &[(VenueId, String)]) -> bool {
        let is_text = |text: &String| text.chars().count() <= LONGEST;
        let is_one =
            |id: Option<VenueId>| id.is_none_or(|id| venues.iter().any(|(venue, _)| *venue == id));
        let item = |it: &AgendaItem| {
            let in_order = it.to.is_none_or(|to| to > it.from);
            in_order && !it.title.is_empty() && is_text(&it.title) && is_one(it.venue)
        };
        let attendee = |it: &Attendee| {
            let texts = [&it.unit, &it.name, &it.role];
            !it.name.is_empty() && texts.into_iter().all(is_text) && is_one(it.venue)
        };
        self.agenda.len().max(self.attendance.len()) <= MOST
            && self.agenda.iter().all(item)
            && self.attendance.iter().all(attendee)
    }
}

/// A part of a programme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProgrammePart {
    /// 议程.
    Agenda,
    /// 参会名单.
    Attendance,
}

words!(ProgrammePart {
    Agenda = "agenda", "议程", "agenda";
    Attendance = "attendance", "参会名单", "attendance";
});

/// A row as a file has it: its number there, and its cells in the order of the template.
pub type ProgrammeRow = (u32, Vec<String>);

/// What is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgrammeFault {
    /// In which part.
    pub part: ProgrammePart,
    /// Row number as a spreadsheet shows it, from 1.
    pub row: u32,
    /// What.
    pub problem: ProgrammeProblem,
}

/// What can be wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProgrammeProblem {
    /// It has no time.
    NoTime,
    /// This is no time.
    Time(String),
    /// It ends before it begins.
    Order(String),
    /// It has no title.
    NoTitle,
    /// It has no name.
    NoName,
    /// No venue of the meeting is called so.
    Venue(String),
    /// A text is too long.
    Long,
    /// There are too many rows; this is the first too many.
    Many,
}

impl ProgrammeFault {
    /// Where, what, and what to do.
    pub fn words(&self, lang: Lang) -> String {
        use ProgrammeProblem as P;
        let what = match (&self.problem, lang) {
            (P::NoTime, Lang::Zh) => "缺少时间，请填写如 09:00 或 09:00-09:30".to_owned(),
            (P::NoTime, Lang::En) => "no time; write 09:00 or 09:00-09:30".to_owned(),
            (P::Time(text), Lang::Zh) => {
                format!("时间“{text}”无法识别，请填写如 09:00 或 09:00-09:30")
            }
            (P::Time(text), Lang::En) => format!("{text:?} is no time; write 09:00 or 09:00-09:30"),
            (P::Order(text), Lang::Zh) => format!("时间“{text}”止早于起，请核对"),
            (P::Order(text), Lang::En) => format!("{text:?} ends before it begins"),
            (P::NoTitle, _) => lang.pick("缺少议题", "no title").to_owned(),
            (P::NoName, _) => lang.pick("缺少姓名", "no name").to_owned(),
            (P::Venue(text), Lang::Zh) => {
                format!("会场“{text}”不在本次会议中，请与预约的会场名称一致")
            }
            (P::Venue(text), Lang::En) => {
                format!("{text:?} is no venue of this meeting; write it as it is booked")
            }
            (P::Long, Lang::Zh) => format!("一格不超过 {LONGEST} 字"),
            (P::Long, Lang::En) => format!("at most {LONGEST} characters in a cell"),
            (P::Many, Lang::Zh) => format!("最多 {MOST} 行，请删减"),
            (P::Many, Lang::En) => format!("at most {MOST} rows"),
        };
        let part = self.part.name(lang);
        match lang {
            Lang::Zh => format!("{part}第 {} 行：{what}", self.row),
            Lang::En => format!("{part}, row {}: {what}", self.row),
        }
    }
}

/// A part of a file, read: what it says, or what is wrong with each row that is wrong.
fn read<T>(
    part: ProgrammePart,
    rows: &[ProgrammeRow],
    one: impl Fn(&dyn Fn(usize) -> String) -> Result<T, ProgrammeProblem>,
) -> Result<Vec<T>, Vec<ProgrammeFault>> {
    let (mut read, mut faults) = (Vec::new(), Vec::new());
    for (place, (row, cells)) in rows.iter().enumerate() {
        let cell = |at: usize| cells.get(at).map(|it| it.trim().to_owned()).unwrap_or_default();
        let is_long = cells.iter().any(|it| it.chars().count() > LONGEST);
        let found = match (place, is_long) {
            (MOST.., _) => Err(ProgrammeProblem::Many),
            (_, true) => Err(ProgrammeProblem::Long),
            _ => one(&cell),
        };
        match found {
            Ok(it) => read.push(it),
            Err(problem) => {
                let stops = problem == ProgrammeProblem::Many;
                faults.push(ProgrammeFault { part, row: *row, problem });
                if stops {
                    break;
                }
            }
        }
    }
    if faults.is_empty() { Ok(read) } else { Err(faults) }
}

/// The agenda of a file: time, title, venue. `venues` are those of the meeting by name.
pub fn read_agenda(
    rows: &[ProgrammeRow],
    venues: &[(VenueId, String)],
) -> Result<Vec<AgendaItem>, Vec<ProgrammeFault>> {
    read(ProgrammePart::Agenda, rows, |cell| {
        let (from, to) = times(&cell(0))?;
        let title = Some(cell(1)).filter(|it| !it.is_empty()).ok_or(ProgrammeProblem::NoTitle)?;
        Ok(AgendaItem { from, to, title, venue: venue(&cell(2), venues)? })
    })
}

/// The attendance of a file: unit, name, role, venue.
pub fn read_attendance(
    rows: &[ProgrammeRow],
    venues: &[(VenueId, String)],
) -> Result<Vec<Attendee>, Vec<ProgrammeFault>> {
    read(ProgrammePart::Attendance, rows, |cell| {
        let name = Some(cell(1)).filter(|it| !it.is_empty()).ok_or(ProgrammeProblem::NoName)?;
        Ok(Attendee { unit: cell(0), name, role: cell(2), venue: venue(&cell(3), venues)? })
    })
}

fn venue(text: &str, venues: &[(VenueId, String)]) -> Result<Option<VenueId>, ProgrammeProblem> {
    if text.is_empty() {
        return Ok(None);
    }
    let found = venues.iter().find(|(_, name)| name.trim() == text);
    found.map(|(id, _)| Some(*id)).ok_or_else(|| ProgrammeProblem::Venue(text.to_owned()))
}

/// `9:00`, `09:00-09:30`, `9：00至9：30`, `9时30分`.
fn times(text: &str) -> Result<(NaiveTime, Option<NaiveTime>), ProgrammeProblem> {
    if text.is_empty() {
        return Err(ProgrammeProblem::NoTime);
    }
    let wrong = || ProgrammeProblem::Time(text.chars().take(30).collect());
    let one = |text: &str| {
        let plain = text.trim().replace(['：', '时', '点'], ":").replace('分', "");
        let plain = plain.trim_end_matches(':');
        let (hour, minute) = plain.split_once(':').unwrap_or((plain, "0"));
        // Seconds, as a spreadsheet writes them, are cut.
        let minute = minute.split(':').next().unwrap_or_default();
        let number = |text: &str| text.trim().parse::<u32>().ok();
        NaiveTime::from_hms_opt(number(hour)?, number(minute)?, 0)
    };
    let mut ends = text.split(['-', '–', '—', '~', '～', '至']).filter(|it| !it.trim().is_empty());
    let from = ends.next().and_then(one).ok_or_else(wrong)?;
    let to = ends.next().map(|it| one(it).ok_or_else(wrong)).transpose()?;
    match (to, ends.next()) {
        (_, Some(_)) => Err(wrong()),
        (Some(to), None) if to <= from => {
            Err(ProgrammeProblem::Order(text.chars().take(30).collect()))
        }
        (to, None) => Ok((from, to)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(number: u32, cells: &[&str]) -> ProgrammeRow {
        (number, cells.iter().map(|it| (*it).to_owned()).collect())
    }

    fn venues() -> Vec<(VenueId, String)> {
        vec![(VenueId::new(1), "一楼会议室".into()), (VenueId::new(2), "易家街会场".into())]
    }

    #[test]
    fn an_agenda_is_read_as_people_write_it() {
        let at = |hour, minute| NaiveTime::from_hms_opt(hour, minute, 0).unwrap();
        for (text, from, to) in [
            ("9:00", at(9, 0), None),
            ("09:00:00", at(9, 0), None),
            ("09:00-09:30", at(9, 0), Some(at(9, 30))),
            ("9：00 至 9：30", at(9, 0), Some(at(9, 30))),
            ("9点—9时30分", at(9, 0), Some(at(9, 30))),
        ] {
            let read = read_agenda(&[row(2, &[text, "领导讲话", "易家街会场"])], &venues());
            let [item] = &read.unwrap()[..] else { panic!("{text}") };
            assert_eq!((item.from, item.to, item.venue), (from, to, Some(VenueId::new(2))));
            let programme = Programme { agenda: vec![item.clone()], attendance: vec![] };
            assert!(programme.fits(&venues()), "{text}");
            assert!(!programme.fits(&venues()[..1]), "the venue is not in the meeting any more");
        }
    }

    #[test]
    fn each_row_that_is_wrong_is_told_and_none_is_kept() {
        let rows = [
            row(2, &["09:00", "开场", ""]),
            row(3, &["", "发言"]),
            row(4, &["25:00", "发言"]),
            row(5, &["10:00-9:00", "发言"]),
            row(7, &["10:00", " "]),
            row(8, &["10:00", "发言", "别处"]),
            row(9, &["10:00", &"长".repeat(201)]),
        ];
        let faults = read_agenda(&rows, &venues()).unwrap_err();
        let told: Vec<_> = faults.iter().map(|it| it.words(Lang::Zh)).collect();
        assert_eq!(faults.iter().map(|it| it.row).collect::<Vec<_>>(), [3, 4, 5, 7, 8, 9]);
        assert!(told[1].starts_with("议程第 4 行：时间“25:00”无法识别"), "{told:?}");
        assert!(told[4].contains("“别处”不在本次会议中"), "{told:?}");
        let faults = read_attendance(&[row(2, &["应急局", "", "局长"])], &venues()).unwrap_err();
        assert_eq!(faults[0].words(Lang::En), "attendance, row 2: no name");
        let many: Vec<_> = (0..3000).map(|n| row(n, &["", "张三"])).collect();
        let faults = read_attendance(&many, &venues()).unwrap_err();
        assert_eq!((faults.len(), faults[0].row), (1, 2000));
    }
}

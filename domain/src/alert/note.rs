//! 消息: what is said, about what, to whom.

use serde::{Deserialize, Serialize};

/// What a message is about, and so which channels carry it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// 故障告警.
    Incident,
    /// 报表.
    Report,
    /// 会议通知.
    Meeting,
    /// 值班提醒.
    Duty,
    /// 试发.
    Test,
}

words!(Topic {
    Incident = "incident", "故障告警", "incidents";
    Report = "report", "报表", "reports";
    Meeting = "meeting", "会议通知", "meetings";
    Duty = "duty", "值班提醒", "duty";
    Test = "test", "试发", "test";
});

/// How a message over one channel stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoteState {
    /// 待发.
    Queued,
    /// 已送达: the channel took it.
    Sent,
    /// 未送达: it is not tried again by itself.
    Dead,
}

words!(NoteState {
    Queued = "queued", "待发", "queued";
    Sent = "sent", "已送达", "sent";
    Dead = "dead", "未送达", "not delivered";
});

/// A person that a message is for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Contact {
    /// Their name.
    pub name: String,
    /// Telephone; empty: not known.
    pub phone: String,
    /// Mail address; empty: not known.
    pub mail: String,
}

impl Contact {
    /// Whether any channel could carry something to them alone.
    pub fn is_reachable(&self) -> bool {
        !self.phone.is_empty() || !self.mail.is_empty()
    }
}

/// What is added to a message when it is sent, not before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Attachment {
    /// A published report: its files go along with mail.
    Report {
        /// Its number.
        number: String,
        /// Its edition.
        revision: u32,
    },
    /// A notice of a meeting: its address, which no outbox keeps, and the meeting as a calendar file.
    Notice {
        /// Its number.
        notice: i64,
    },
}

/// A message before it is put over channels. Everything in it may be read by whoever gets it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// What it is about.
    pub topic: Topic,
    /// Told apart by this: of one key a channel gets one message, whatever crashes between.
    pub key: String,
    /// The page of what it is about, as `/incidents/12`; empty: none.
    pub about: String,
    /// One line.
    pub title: String,
    /// What there is to say, a line each, without marks of any language.
    pub lines: Vec<String>,
    /// For whom. Empty: for those whom the channel has. A channel that can reach nobody of them by what is
    /// known of them carries nothing.
    pub to: Vec<Contact>,
    /// Whom it is for beside those: whoever is on duty.
    #[serde(default)]
    pub also: Vec<Contact>,
    /// What is added when it is sent.
    pub attachment: Option<Attachment>,
}

impl Note {
    /// A message of a topic, told apart by `key`.
    pub fn new(topic: Topic, key: impl Into<String>, title: impl Into<String>) -> Self {
        Self {
            topic,
            key: key.into(),
            about: String::new(),
            title: title.into(),
            lines: Vec::new(),
            to: Vec::new(),
            also: Vec::new(),
            attachment: None,
        }
    }
}

/// As many whole lines as fit into `room` with `tail` after them; the tail stands only where lines were
/// left out. A single line that is too long is cut within. `of` measures a text.
fn cut(text: &str, room: usize, tail: &str, of: fn(&str) -> usize) -> String {
    if of(text) <= room {
        return text.to_owned();
    }
    let left = room.saturating_sub(of(tail) + 1);
    let (mut end, mut taken) = (0, 0);
    for (at, _) in text.match_indices('\n') {
        taken += of(&text[end..at]);
        if taken > left {
            break;
        }
        end = at;
    }
    if end == 0 {
        let mut fits = 0;
        for (at, letter) in text.char_indices() {
            let next = at + letter.len_utf8();
            if of(&text[..next]) > left {
                break;
            }
            fits = next;
        }
        end = fits;
    }
    let kept = text[..end].trim_end();
    if of(tail) >= room { kept.to_owned() } else { format!("{kept}\n{tail}") }
}

/// Cuts a text to so many bytes of UTF-8.
pub fn cut_bytes(text: &str, room: usize, tail: &str) -> String {
    cut(text, room, tail, str::len)
}

/// Cuts a text to so many characters.
pub fn cut_characters(text: &str, room: usize, tail: &str) -> String {
    cut(text, room, tail, |text| text.chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn whole_lines_are_kept_and_what_is_left_out_is_said() {
        assert_eq!(cut_bytes("一\n二\n三", 100, "…"), "一\n二\n三");
        assert_eq!(cut_bytes("一一\n二二\n三三", 18, "…"), "一一\n二二\n…");
        assert_eq!(cut_characters("一一一一一一", 4, "…"), "一一\n…");
    }

    proptest! {
        #[test]
        fn nothing_is_longer_than_its_room(text in "\\PC{0,60}(\n\\PC{0,20}){0,6}", room in 5usize..80) {
            prop_assert!(cut_bytes(&text, room, "…").len() <= room);
            prop_assert!(cut_characters(&text, room, "…").chars().count() <= room);
        }
    }
}

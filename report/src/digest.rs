//! What is said of a report over channels: its paragraph, and the files go along with mail.

use crate::{Change, Document, paragraph, words::rate_name};
use zhishou_domain::{
    Lang,
    alert::{Attachment, Note, Topic},
};

/// Changes of a revision that are named.
const CHANGES: usize = 10;

/// The message of an edition, told apart by its number. Reports are read by managers here: in Chinese.
pub(crate) fn note(document: &Document, number: &str, revision: u32, changes: &[Change]) -> Note {
    let lang = Lang::Zh;
    let (kind, name) = (document.period.kind.name(lang), document.period.name(lang));
    let what = rate_name(&document.policy, lang);
    let mut title = format!("【{kind}】{} {name} {what}", document.district);
    if revision > 1 {
        title.push_str(&format!("（第 {revision} 版，更正）"));
    }
    let key = format!("report/{number}/{revision}");
    let changed = changes.iter().take(CHANGES).map(|change| change.words(lang));
    Note {
        about: format!("/reports/{number}/{revision}/html"),
        lines: [paragraph(document, lang)].into_iter().chain(changed).collect(),
        attachment: Some(Attachment::Report { number: number.to_owned(), revision }),
        ..Note::new(Topic::Report, key, title)
    }
}

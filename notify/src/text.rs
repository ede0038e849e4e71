//! What a note looks like as text of each kind.

use crate::Letter;
use zhishou_domain::alert::{ChannelKind, Room, Topic, cut_bytes, cut_characters};

/// Names come from ledgers: what a robot would take for a mark of its own, a link above all, is shown by a
/// look-alike.
pub(crate) fn plain(text: &str) -> String {
    let look_alike = |it: char| match it {
        '[' => '［',
        ']' => '］',
        '*' => '＊',
        '_' => '＿',
        '`' => '＇',
        '<' => '＜',
        '>' => '＞',
        '#' => '＃',
        it if it.is_control() => ' ',
        it => it,
    };
    text.chars().map(look_alike).collect()
}

/// What stands where lines were left out.
fn rest(letter: &Letter<'_>) -> &'static str {
    letter.lang.pick("…（其余请在平台查看）", "… (the rest is on the platform)")
}

/// What a link is called.
pub(crate) fn open(letter: &Letter<'_>) -> &'static str {
    letter.lang.pick("打开平台查看", "open the platform")
}

/// Cuts to what a channel takes.
pub(crate) fn fit(kind: ChannelKind, text: &str, tail: &str) -> String {
    match kind.room() {
        Room::Bytes(bytes) => cut_bytes(text, bytes, tail),
        Room::Characters(characters) => cut_characters(text, characters, tail),
    }
}

/// Title and lines, `gap` between them, as long as the channel takes, and a link that is never cut off.
pub(crate) fn markdown(kind: ChannelKind, letter: &Letter<'_>, gap: &str) -> String {
    let lines = letter.note.lines.iter().map(|line| plain(line));
    let text: Vec<String> =
        [format!("**{}**", plain(&letter.note.title))].into_iter().chain(lines).collect();
    let link = letter.link.as_ref().map(|link| format!("[{}]({link})", open(letter)));
    let tail = link.map_or_else(String::new, |link| format!("{gap}{link}"));
    let rest = rest(letter);
    let room = match kind.room() {
        Room::Bytes(bytes) => bytes,
        Room::Characters(characters) => characters,
    };
    let mut text = cut_bytes(&text.join(gap), room.saturating_sub(tail.len()), rest);
    text.push_str(&tail);
    text
}

/// Title and lines as they are, for mail.
pub(crate) fn lines(letter: &Letter<'_>) -> String {
    let mut text = letter.note.lines.join("\n");
    text = fit(ChannelKind::Mail, &text, rest(letter));
    if let Some(link) = &letter.link {
        text.push_str("\n\n");
        text.push_str(link);
    }
    text
}

/// All in one line, for SMS.
pub(crate) fn line(letter: &Letter<'_>) -> String {
    let note = letter.note;
    let said = note.lines.iter().map(String::as_str);
    let text: Vec<&str> = [note.title.as_str()].into_iter().chain(said).collect();
    let text: String =
        text.join("；").chars().map(|it| if it.is_control() { ' ' } else { it }).collect();
    // A notice asks for an answer; of the rest the text says it all, and letters are paid for.
    let link = letter.link.as_ref().filter(|_| note.topic == Topic::Meeting);
    let Some(link) = link else { return fit(ChannelKind::Sms, &text, "…").replace('\n', "") };
    let room = match ChannelKind::Sms.room() {
        Room::Bytes(room) | Room::Characters(room) => room,
    };
    let left = room.saturating_sub(link.chars().count() + 1);
    format!("{} {link}", cut_characters(&text, left, "…").replace('\n', ""))
}

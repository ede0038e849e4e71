//! Whether what a rule says reaches anybody: the channels that it names, and those.

use zhishou_domain::{
    Lang,
    alert::{AlertRules, Channel, OnDuty, Switch},
};

/// Channels named by rules that take nothing now, each in a sentence.
pub(super) fn doubts(channels: &[Channel], rules: &AlertRules, lang: Lang) -> Vec<String> {
    let mut doubts = Vec::new();
    for rule in &rules.rules {
        for name in &rule.channels {
            let (zh, en) = match channels.iter().find(|it| it.name == *name) {
                None => (format!("没有名为“{name}”的渠道"), format!("no channel is called {name}")),
                Some(it) if it.switch == Switch::Off => {
                    (format!("渠道“{name}”已停用"), format!("the channel {name} is switched off"))
                }
                Some(it) if reaches_nobody(it, rule.on_duty) => (
                    format!("渠道“{name}”没有收件人"),
                    format!("the channel {name} has no recipients"),
                ),
                Some(_) => continue,
            };
            doubts.push(match lang {
                Lang::Zh => format!("规则“{}”：{zh}", rule.name),
                Lang::En => format!("rule {}: {en}", rule.name),
            });
        }
    }
    doubts
}

fn reaches_nobody(channel: &Channel, on_duty: OnDuty) -> bool {
    channel.kind.is_addressed() && channel.settings.recipients.is_empty() && on_duty != OnDuty::Told
}

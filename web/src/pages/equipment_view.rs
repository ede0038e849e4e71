//! What the page of a device shows of equipment that is no camera.

use super::{
    View,
    device_view::{Fact, Hour, Parts, SparkView, percent, spark},
};
use crate::format::millis;
use std::collections::BTreeMap;
use zhishou_domain::{
    Lang, Observation,
    equipment::{EquipmentFacts, ItemReading},
};

/// What the last probe measured, items first.
pub(super) fn facts(view: &View<'_>, seen: &Observation, it: &EquipmentFacts) -> Vec<Fact> {
    let t = view.t;
    let items = it.items.iter().map(|item| {
        let mut value = item_value(item);
        if !item.good {
            value.push_str(&format!(" ({})", t.out_of_limits()));
        }
        Fact::new(item.name.clone(), value)
    });
    let mut facts: Vec<Fact> = items.collect();
    let mut add = |label: &'static str, value: Option<String>| {
        facts.extend(value.map(|value| Fact::new(label, value)));
    };
    add(t.asked_by(), Some(it.service.name(t.0).to_owned()));
    add(t.answering(), it.peer.clone().filter(|_| seen.reached));
    add(t.round_trip(), it.rtt_ms.map(millis));
    let pinged = it
        .loss_ratio
        .map(|lost| format!("{}/{} ({} {})", it.received, it.sent, t.ping_loss(), percent(lost)));
    add(t.pings(), pinged);
    let pinged = Some(it.received).filter(|_| it.loss_ratio.is_none() && it.sent > 0);
    add(t.pings(), pinged.map(|received| format!("{received}/{}", it.sent)));
    add(t.call_port(), it.call_port.map(|port| port.name(t.0).to_owned()));
    add(t.http_status(), it.status.map(|status| status.to_string()));
    add(t.uptime(), it.uptime_s.map(|seconds| uptime(seconds, t.0)));
    let until = seen.tls.as_ref().and_then(|tls| tls.valid_until);
    add(t.certificate_until(), until.map(|at| at.local_day(view.app.zone).to_string()));
    add(t.server(), seen.server.clone());
    facts
}

/// The items of the last 24 hours, by name.
pub(super) fn sparks(view: &View<'_>, parts: &Parts) -> Vec<SparkView> {
    let mut items: BTreeMap<&str, Vec<Hour>> = BTreeMap::new();
    for it in &parts.items {
        let hour = Hour { from: it.from, mean: it.mean, min: it.min, max: it.max };
        items.entry(&it.item).or_default().push(hour);
    }
    let readings = parts.newest.iter().filter_map(|seen| seen.equipment.as_ref());
    let units: BTreeMap<&str, &str> = readings
        .flat_map(|it| &it.items)
        .filter_map(|item| Some((item.name.as_str(), item.unit.as_deref()?)))
        .collect();
    let drawn = items.into_iter().filter_map(|(name, hours)| {
        let unit = units.get(name).copied().unwrap_or_default();
        spark(view, name.to_owned().into(), &hours, |value| {
            format!("{} {unit}", number(value)).trim_end().to_owned()
        })
    });
    drawn.collect()
}

fn item_value(item: &ItemReading) -> String {
    let shown = match (item.value, &item.text) {
        (Some(value), _) => number(value),
        (None, Some(text)) => text.clone(),
        (None, None) => "–".to_owned(),
    };
    format!("{shown} {}", item.unit.as_deref().unwrap_or_default()).trim_end().to_owned()
}

/// Two decimals at most.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn uptime(seconds: f64, lang: Lang) -> String {
    let minutes = (seconds / 60.0) as u64;
    let (days, hours, minutes) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    match lang {
        Lang::Zh => format!("{days} 天 {hours} 小时 {minutes} 分"),
        Lang::En => format!("{days} d {hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_are_as_people_write_them() {
        assert_eq!(
            (number(91.0), number(54.1), number(0.126)),
            ("91".into(), "54.1".into(), "0.13".into())
        );
        assert_eq!(uptime(93_784.0, Lang::Zh), "1 天 2 小时 3 分");
        assert_eq!(uptime(59.0, Lang::En), "0 d 0 h 0 min");
    }
}

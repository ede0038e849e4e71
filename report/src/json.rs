//! JSON: the document itself, and beside each tally the figures made of it.

use crate::{Document, Edition};
use serde_json::{Value, json};
use zhishou_domain::{
    account::{Figure, Tally},
    check::MeetingFigures,
};

/// A report as JSON, with its edition where it is published. Ratios are 0–1; a figure below the floor of coverage has no value.
pub fn to_json(document: &Document, edition: Option<&Edition>) -> Result<Value, serde_json::Error> {
    let mut value = serde_json::to_value(document)?;
    value["edition"] = serde_json::to_value(edition)?;
    value["policy_id"] = document.policy.reference().to_string().into();
    value["figures"] = figures(document, &document.total);
    let groups = value["groups"].as_array_mut().into_iter().flatten();
    for (group, written) in document.groups.iter().zip(groups) {
        let rows = written["rows"].as_array_mut().into_iter().flatten();
        for (row, written) in group.rows.iter().zip(rows) {
            written["figures"] = figures(document, &row.tally);
        }
    }
    if let Some(meetings) = &document.meetings {
        let written = &mut value["meetings"];
        for (name, it) in [
            ("period", &meetings.period),
            ("year", &meetings.year),
            ("year_before", &meetings.year_before),
        ] {
            written[name]["figures"] = of_meetings(it);
        }
        let months = written["months"].as_array_mut().into_iter().flatten();
        for (it, written) in meetings.months.iter().zip(months) {
            written["figures"] = of_meetings(&it.figures);
        }
    }
    Ok(value)
}

fn of_meetings(it: &MeetingFigures) -> Value {
    let rate = it.readiness();
    json!({
        "on_time": {
            "numerator": rate.numerator,
            "denominator": rate.denominator,
            "unit": "meeting",
            "value": rate.value(),
        },
        "incidents_per_100": {
            "numerator": it.incidents,
            "denominator": it.venue_meetings,
            "unit": "venue_meeting",
            "value": it.per_hundred(),
        },
    })
}

fn figures(document: &Document, tally: &Tally) -> Value {
    let (after, before) = (document.after(tally), document.before(tally));
    json!({
        "online": figure(&after.online),
        "online_before_exclusion": figure(&before.online),
        "reach": after.reach.as_ref().map(figure),
        "intact": after.intact.as_ref().map(figure),
        "connected": figure(&after.connected),
        "ledger": figure(&after.ledger),
        "score": after.score.and_then(|score| score.value),
    })
}

fn figure(figure: &Figure) -> Value {
    json!({
        "numerator": figure.rate.numerator,
        "denominator": figure.rate.denominator,
        "unit": figure.unit.code(),
        "value": figure.value(),
        "coverage": figure.coverage.value(),
        "lowest": figure.lowest.value(),
        "highest": figure.highest.value(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn the_document_reads_back_and_an_uncovered_figure_is_null() {
        let document = sample::document();
        let value = to_json(&document, None).unwrap();
        let sites = &value["groups"][1]["rows"];
        assert_eq!(sites[0]["figures"]["online"]["value"], 2000.0 / 2880.0);
        assert_eq!(sites[1]["figures"]["online"]["value"], Value::Null);
        assert_eq!(value["policy_id"], "time-weighted@1");
        assert_eq!(serde_json::from_value::<Document>(value).unwrap(), document);
    }
}

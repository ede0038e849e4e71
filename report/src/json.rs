//! JSON: the report with its figures, exact, so that it can be recomputed and compared.

use crate::{Availability, ReportError};
use serde_json::json;

/// Writes the report as JSON: the data of [`Availability`] with each site's rates beside it.
/// Ratios are 0–1; a rate that is not covered is `null`.
pub fn to_json(report: &Availability) -> Result<Vec<u8>, ReportError> {
    let rate = |row: &crate::SiteRow| {
        let covered = report.is_covered(&row.minutes);
        json!({
            "street": row.street,
            "site": row.site,
            "devices": row.devices,
            "minutes": row.minutes,
            "numerator": row.minutes.online().numerator,
            "denominator": row.minutes.online().denominator,
            "value": row.minutes.online().value().filter(|_| covered),
            "coverage": row.minutes.coverage().value(),
        })
    };
    let mut value = serde_json::to_value(report)?;
    value["sites"] = report.sites.iter().map(rate).collect();
    value["total"] = rate(&report.total());
    Ok(serde_json::to_vec_pretty(&value)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figures_read_back_and_an_uncovered_rate_is_null() {
        let report = crate::availability::sample();
        let bytes = to_json(&report).unwrap();
        let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(value["sites"][0]["value"], 2000.0 / 2880.0);
        assert_eq!(value["sites"][1]["value"], serde_json::Value::Null);
        assert_eq!(serde_json::from_slice::<Availability>(&bytes).unwrap(), report);
    }
}

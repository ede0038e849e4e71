//! 接入率 and 档案完整率 on the dashboard: what of the ledger is probed, and how complete it is, each leading
//! to the records that are missing.

use crate::{query::FilterQuery, words::Words};
use zhishou_domain::{Rate, account::Figures};

/// One of the two.
pub(super) struct LedgerRate {
    pub(super) word: &'static str,
    /// `98.60`, or nothing where the ledger is empty.
    pub(super) percent: Option<String>,
    pub(super) fraction: String,
    pub(super) href: String,
}

pub(super) fn rates(
    figures: &Figures,
    filters: &FilterQuery,
    policy: &str,
    t: Words,
) -> Vec<LedgerRate> {
    let rate = |figure: &zhishou_domain::account::Figure, gap: &str| {
        let Rate { numerator, denominator } = figure.rate;
        LedgerRate {
            word: figure.kind.name(t.0),
            percent: figure.rate.value().map(|_| figure.rate.percent()),
            fraction: format!("{numerator}/{denominator}"),
            href: filters.link("/ledger", &[("gap", gap), ("policy", policy)]),
        }
    };
    vec![rate(&figures.connected, "url"), rate(&figures.ledger, "")]
}

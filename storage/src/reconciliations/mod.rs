//! 平台状态核对: rows of a platform's export beside what the probes had found then; kept as it was made.

mod compare;
mod keep;
mod list;

pub use compare::{ReconciledRow, Reconciliation};
pub use keep::NewReconciliation;
pub use list::{ListedRow, StoredReconciliation};

use serde::Serialize;
use std::collections::BTreeMap;
use zhishou_domain::reconcile::ReconcileOutcome;

/// How many rows came to what. Those of the file add up to its rows; what the platform has not is
/// counted against the cameras in use.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct OutcomeCounts {
    /// By outcome; what is zero is left out.
    pub by_outcome: BTreeMap<&'static str, u64>,
}

impl OutcomeCounts {
    /// How many came to that.
    pub fn of(&self, outcome: ReconcileOutcome) -> u64 {
        self.by_outcome.get(outcome.code()).copied().unwrap_or(0)
    }

    /// Rows of the file.
    pub fn rows(&self) -> u64 {
        let all = ReconcileOutcome::ALL.iter();
        all.filter(|it| **it != ReconcileOutcome::NotInPlatform).map(|it| self.of(*it)).sum()
    }

    /// Rows of which both sides said something.
    pub fn compared(&self) -> u64 {
        use ReconcileOutcome as O;
        [O::BothOnline, O::BothOffline, O::OnlyPlatform, O::OnlyProbe]
            .map(|it| self.of(it))
            .iter()
            .sum()
    }

    fn add(&mut self, outcome: ReconcileOutcome) {
        *self.by_outcome.entry(outcome.code()).or_default() += 1;
    }
}

//! What is to be said of the repairs of a period: as they stood at its end, so that it stays so.

use super::{StoredWorkOrder, WorkFilter, WorkScope, list};
use crate::{Store, StoreError};
use std::collections::BTreeMap;
use zhishou_domain::{
    Timestamp,
    work_order::{Calendar, Performance, WorkCategory},
};

/// Repairs of a period.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RepairStatement {
    /// Opened in it, by category in its stable order.
    pub by_category: BTreeMap<&'static str, Performance>,
    /// Opened in it, all together.
    pub total: Performance,
    /// Not over at its end, whenever they were opened; the oldest first.
    pub open: Vec<(StoredWorkOrder, Lateness)>,
}

/// Whether an order was past its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lateness {
    /// It was.
    Late,
    /// It was not.
    Within,
}

impl Store {
    /// What is to be said of the repairs from `from` up to `to`.
    pub async fn repair_statement(
        &self,
        (from, to): (Timestamp, Timestamp),
        calendar: &Calendar,
    ) -> Result<RepairStatement, StoreError> {
        let opened = WorkFilter { from: Some(from), to: Some(to), ..WorkFilter::default() };
        let opened = self.work_orders(opened, WorkScope::All, None, u32::MAX).await?;
        let mut stated = RepairStatement::default();
        for category in WorkCategory::ALL {
            stated.by_category.insert(category.code(), Performance::default());
        }
        for mut it in opened {
            it.order.steps.retain(|step| step.at < to);
            stated.total.add(&it.order, calendar, to);
            stated.by_category.entry(it.category.code()).or_default().add(&it.order, calendar, to);
        }
        stated.by_category.retain(|_, it| it.accepted + it.cancelled > 0);
        for mut it in list::unfinished(self, to).await? {
            it.order.steps.retain(|step| step.at < to);
            if it.order.state().is_over() {
                continue;
            }
            let is_late = it.order.spent(calendar, to).is_late();
            let lateness = if is_late { Lateness::Late } else { Lateness::Within };
            stated.open.push((it, lateness));
        }
        Ok(stated)
    }
}

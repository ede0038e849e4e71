//! 工单 and what was done to them.
//!
//! Invariants: steps are only added, the schema keeps it so; whoever belongs to a maintainer sees and
//! changes only what that one has, which every function here asks for as a [`WorkScope`].

mod acts;
mod list;
mod photos;
mod proof;
mod statement;

pub use acts::{NewWorkOrder, WorkActed, WorkOpened};
pub use list::{StoredWorkOrder, WorkFilter};
pub use statement::{Lateness, RepairStatement};

use zhishou_domain::MaintainerId;

/// Whose work orders somebody sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkScope {
    /// All.
    All,
    /// Those of one maintainer.
    Of(MaintainerId),
}

impl WorkScope {
    fn only(self) -> Option<String> {
        match self {
            Self::All => None,
            Self::Of(id) => Some(id.to_string()),
        }
    }
}

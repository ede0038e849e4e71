//! Places and parties: where a device stands, who owns it, who repairs it.

use crate::{DepartmentId, MaintainerId, SiteId, StreetId};

/// A street (街道), the level between district and site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Street {
    /// Identity.
    pub id: StreetId,
    /// Name, unique in the district.
    pub name: String,
}

/// A site (站点): a street office, a community, a school.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Identity.
    pub id: SiteId,
    /// Name, unique within its street.
    pub name: String,
    /// The street it lies in.
    pub street: StreetId,
}

/// A department (所属单位): who owns the device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Department {
    /// Identity.
    pub id: DepartmentId,
    /// Name, unique.
    pub name: String,
}

/// A maintainer (运维单位): who repairs the device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Maintainer {
    /// Identity.
    pub id: MaintainerId,
    /// Name, unique.
    pub name: String,
    /// Telephone, as the ledger has it.
    pub phone: Option<String>,
}

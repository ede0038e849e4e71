//! 角色: what a person who logged in may do.

/// What a person may do. The order is that of power: each may do what the one before may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Reads.
    Viewer,
    /// Acts on devices: probes, keeps dialogues, tells false alarms, accepts certificates, draws masks.
    Operator,
    /// Keeps ledger, users and the logins of devices.
    Admin,
}

words!(Role {
    Viewer = "viewer", "查看", "viewer";
    Operator = "operator", "运维", "operator";
    Admin = "admin", "管理", "administrator";
});

//! The policies that come with the platform: three that differ as China's documents do, and one for equipment.

use super::Policy;

/// The id of the policy that holds where nobody chose one.
pub const DEFAULT_POLICY: &str = "time-weighted";

const DOCUMENTS: [&str; 4] = [
    include_str!("../../policies/time-weighted.toml"),
    include_str!("../../policies/snapshot.toml"),
    include_str!("../../policies/assessment.toml"),
    include_str!("../../policies/equipment.toml"),
];

/// The shipped policies, the default one first.
pub fn shipped() -> Vec<Policy> {
    DOCUMENTS.iter().filter_map(|text| Policy::from_toml(text).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        DeviceKind,
        policy::{IntactOver, Method},
    };

    #[test]
    fn three_of_cameras_are_shipped_that_differ_and_one_of_equipment() {
        for text in DOCUMENTS {
            Policy::from_toml(text).unwrap();
        }
        let policies = shipped();
        let of = |policy: &Policy| {
            (policy.measure.method, policy.measure.intact_over, policy.score.is_some())
        };
        let kinds: Vec<_> = policies.iter().map(of).collect();
        assert_eq!(
            kinds,
            [
                (Method::TimeWeighted, IntactOver::Checked, false),
                (Method::Snapshot, IntactOver::Online, false),
                (Method::TimeWeighted, IntactOver::Online, true),
                (Method::TimeWeighted, IntactOver::Checked, false),
            ]
        );
        let scopes: Vec<_> = policies.iter().map(|policy| policy.scope.kinds.clone()).collect();
        let [camera, equipment] = [DeviceKind::Camera, DeviceKind::Equipment].map(|it| vec![it]);
        assert_eq!(scopes, [camera.clone(), camera.clone(), camera, equipment]);
        assert_eq!(policies[0].id, DEFAULT_POLICY);
        assert!(policies.iter().all(|policy| policy.version == 1));
    }
}

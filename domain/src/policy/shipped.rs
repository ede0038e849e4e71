//! The policies that come with the platform: three that differ as China's documents do.

use super::Policy;

/// The id of the policy that holds where nobody chose one.
pub const DEFAULT_POLICY: &str = "time-weighted";

const DOCUMENTS: [&str; 3] = [
    include_str!("../../policies/time-weighted.toml"),
    include_str!("../../policies/snapshot.toml"),
    include_str!("../../policies/assessment.toml"),
];

/// The shipped policies, the default one first.
pub fn shipped() -> Vec<Policy> {
    DOCUMENTS.iter().filter_map(|text| Policy::from_toml(text).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{IntactOver, Method};

    #[test]
    fn three_are_shipped_and_they_differ() {
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
            ]
        );
        assert_eq!(policies[0].id, DEFAULT_POLICY);
        assert!(policies.iter().all(|policy| policy.version == 1));
    }
}

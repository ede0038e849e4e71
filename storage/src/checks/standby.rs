//! What is known of venues that no meeting is in: whether one could be turned to.

use crate::{Store, StoreError, decode};
use std::collections::HashMap;
use zhishou_domain::{
    State, Timestamp, VenueId,
    check::{CheckItem, LastShown, Outcome},
};

/// What is known of a venue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VenueShown {
    /// How its primary endpoint stands; none: it has none.
    pub endpoint: Option<State>,
    /// The last of each item in the meeting that was checked there last.
    pub shown: Vec<LastShown>,
}

impl Store {
    /// What is known of these venues.
    pub async fn venues_shown(
        &self,
        venues: &[VenueId],
    ) -> Result<HashMap<VenueId, VenueShown>, StoreError> {
        let ids: Vec<i64> = venues.iter().map(|it| it.number()).collect();
        let ids = decode::to_json("venues.id", &ids)?;
        let mut known: HashMap<VenueId, VenueShown> = HashMap::new();
        let endpoints: Vec<(i64, Option<String>)> = sqlx::query_as(
            "SELECT v.venue_id, s.state FROM venue_devices v
             LEFT JOIN standings s ON s.device_id = v.device_id
             WHERE v.role = 'primary' AND v.venue_id IN (SELECT value FROM json_each(?))",
        )
        .bind(&ids)
        .fetch_all(self.reader())
        .await?;
        for (venue, state) in endpoints {
            let word = |code: String| decode::word("standings.state", &code, State::from_code);
            let state = state.map(word).transpose()?.unwrap_or_default();
            known.entry(VenueId::new(venue)).or_default().endpoint = Some(state);
        }
        let shown: Vec<(i64, String, String, i64)> = sqlx::query_as(
            "SELECT r.venue_id, r.item, r.outcome, r.confirmed_ms FROM json_each(?) v
             JOIN check_results r ON r.id IN (
                 SELECT max(c.id) FROM check_results c WHERE c.meeting_id = (
                     SELECT meeting_id FROM check_runs WHERE id =
                         (SELECT max(run_id) FROM check_results WHERE venue_id = v.value))
                 AND c.venue_id = v.value AND c.outcome <> 'untested' GROUP BY c.item)",
        )
        .bind(ids)
        .fetch_all(self.reader())
        .await?;
        for (venue, item, outcome, confirmed) in shown {
            known.entry(VenueId::new(venue)).or_default().shown.push(LastShown {
                item: decode::word("check_results.item", &item, CheckItem::from_code)?,
                outcome: decode::word("check_results.outcome", &outcome, Outcome::from_code)?,
                confirmed: Timestamp::from_millis(confirmed),
            });
        }
        Ok(known)
    }
}

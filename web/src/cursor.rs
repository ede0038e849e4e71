//! Cursors of lists: opaque to whoever holds them, checked when they come back.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};
use std::cmp::Reverse;
use zhishou_domain::{IncidentId, Timestamp};
use zhishou_storage::{FleetCursor, GapCursor, IncidentRow, IncidentState};

/// A cursor that is not one of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("read the cursor")]
pub(crate) struct BadCursor;

/// Longest cursor accepted, bytes.
const MAX: usize = 1024;

fn encode(value: &impl Serialize) -> String {
    // A tuple of numbers and text always serialises.
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(value).unwrap_or_default())
}

fn decode<T: DeserializeOwned>(text: &str) -> Result<T, BadCursor> {
    if text.len() > MAX {
        return Err(BadCursor);
    }
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| BadCursor)?;
    serde_json::from_slice(&bytes).map_err(|_| BadCursor)
}

/// Of the list of devices.
pub(crate) fn of_fleet(cursor: &FleetCursor) -> String {
    encode(&(cursor.rank, &cursor.name, cursor.id))
}

/// Back.
pub(crate) fn to_fleet(text: &str) -> Result<FleetCursor, BadCursor> {
    let (rank, name, id) = decode(text)?;
    Ok(FleetCursor { rank, name, id })
}

/// Of a list whose order is a single number.
pub(crate) fn of_number(number: i64) -> String {
    encode(&number)
}

/// Back.
pub(crate) fn to_number(text: &str) -> Result<i64, BadCursor> {
    decode(text)
}

/// A place in the list of open work orders: as their clocks stood at a moment, the fullest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct WorkPlace {
    /// The moment, the same on all pages.
    pub(crate) at: Timestamp,
    /// Millionths of the limit that were gone.
    pub(crate) share: Reverse<u64>,
    /// 工单号.
    pub(crate) id: i64,
}

/// Of the list of open work orders.
pub(crate) fn of_work(place: &WorkPlace) -> String {
    encode(&(place.at, place.share.0, place.id))
}

/// Back.
pub(crate) fn to_work(text: &str) -> Result<WorkPlace, BadCursor> {
    let (at, share, id) = decode(text)?;
    Ok(WorkPlace { at, share: Reverse(share), id })
}

/// Of what the ledger lacks.
pub(crate) fn of_gap(cursor: &GapCursor) -> String {
    encode(cursor)
}

/// Back.
pub(crate) fn to_gap(text: &str) -> Result<GapCursor, BadCursor> {
    decode(text)
}

/// Of the list of incidents.
pub(crate) fn of_incident(row: &IncidentRow) -> String {
    encode(&(row.state.rank(), row.id))
}

/// Back.
pub(crate) fn to_incident(text: &str) -> Result<(IncidentState, IncidentId), BadCursor> {
    let (rank, id) = decode(text)?;
    Ok((IncidentState::of_rank(rank).ok_or(BadCursor)?, id))
}

/// The place in a list of sites: rate in hundredths of a percent, then counts, then the id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize, Serialize)]
pub(crate) struct SitePlace {
    /// Lower is worse.
    pub(crate) rate: u32,
    /// More is worse, hence reversed.
    pub(crate) offline: std::cmp::Reverse<u64>,
    /// Likewise.
    pub(crate) degraded: std::cmp::Reverse<u64>,
    /// Likewise.
    pub(crate) unknown: std::cmp::Reverse<u64>,
    /// Decides between equals.
    pub(crate) name: String,
    /// Likewise.
    pub(crate) id: String,
}

/// Of the list of sites.
pub(crate) fn of_site(place: &SitePlace) -> String {
    encode(place)
}

/// Back.
pub(crate) fn to_site(text: &str) -> Result<SitePlace, BadCursor> {
    decode(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_and_nonsense_does_not() {
        let id = "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap();
        let cursor = FleetCursor { rank: 2, name: "球机 \"1\"".into(), id };
        assert_eq!(to_fleet(&of_fleet(&cursor)), Ok(cursor));
        assert_eq!(to_number(&of_number(-7)), Ok(-7));
        for bad in ["", "!!", "e30", &of_number(1), &"A".repeat(5000)] {
            assert_eq!(to_fleet(bad), Err(BadCursor), "{bad}");
        }
    }
}

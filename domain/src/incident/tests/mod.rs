//! Laws of the board, and a day in the life of a district.

pub(crate) mod day;
mod laws;
mod left;
mod picture;

use super::{Crowd, Parent, Seat, Sight};
use crate::{DeviceId, IdSource, MaintainerId, SiteId, StreetId, Timestamp};

struct Byte(u8);
impl IdSource for Byte {
    fn random(&self) -> [u8; 10] {
        [self.0; 10]
    }
}

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000 + second * 1000)
}

pub(crate) fn device(n: u8) -> DeviceId {
    DeviceId::new(at(0), &Byte(n))
}

/// A seat at a site of a street, all kept by one maintainer.
fn seat(street: u8, site: u8, parent: Option<(u8, Sight)>, crowd: Crowd) -> Seat {
    Seat {
        site: SiteId::new(at(0), &Byte(site)),
        street: StreetId::new(at(0), &Byte(street)),
        maintainer: Some(MaintainerId::new(at(0), &Byte(1))),
        parent: parent.map(|(n, sight)| Parent { device: device(n), sight }),
        crowd,
    }
}

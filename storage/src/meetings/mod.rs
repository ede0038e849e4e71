//! 会议: venues, bookings and what they hold.
//!
//! Invariants: a meeting holds all its venues, endpoints and resources, or none of them; that nothing is
//! held twice is kept by the schema and not by this code, which only says in words who holds it; each act
//! is a step and a line of the audit log by the same transaction.

mod acts;
mod book;
mod clash;
mod extend;
mod feeds;
mod following;
mod list;
mod notices;
mod programme;
mod refit;
mod reports;
mod reservations;
mod resources;
mod series;
mod turns;
mod venues;

pub use acts::MeetingActed;
pub use book::{Booked, BookingWay, MakesWay, NewMeeting, Rebooking};
pub use clash::{Clash, Held};
pub use feeds::{CalendarFeed, FeedScope};
pub(crate) use list::read;
pub use list::{MeetingFilter, StoredMeeting};
pub use notices::{MeetingNotice, NoticeAnswer, NoticeOut, Noticed};
pub use refit::OnClash;
pub use reports::ReadinessReport;
pub use resources::ResourceWords;
pub use series::{NewSeries, SeriesBooked};
pub(crate) use turns::endpoint_of;
pub use turns::{MeetingTurn, NewTurn, TurnActed};
pub use venues::{DevicePlace, VenueSaved, VenueWords};

//! Identities: UUIDv7 (RFC 9562 §5.7), one newtype per noun, kept as text in the database.

use crate::Timestamp;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// Where the random part of a new identity comes from; the time part is an argument.
pub trait IdSource: Send + Sync {
    /// Ten unpredictable bytes.
    fn random(&self) -> [u8; 10];
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new identity that sorts by its time of creation.
            pub fn new(now: Timestamp, source: &dyn IdSource) -> Self {
                let millis = u64::try_from(now.millis()).unwrap_or(0);
                let random = source.random();
                Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    };
}

id!(
    /// One device of the ledger.
    DeviceId
);
id!(
    /// One site (站点).
    SiteId
);
id!(
    /// One street (街道).
    StreetId
);
id!(
    /// One owning department (所属单位).
    DepartmentId
);
id!(
    /// One maintainer (运维单位).
    MaintainerId
);
id!(
    /// One exclusion (剔除).
    ExclusionId
);
id!(
    /// One person who may log in.
    UserId
);

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(i64);

        impl $name {
            /// From its number.
            pub const fn new(number: i64) -> Self {
                Self(number)
            }

            /// Its number.
            pub const fn number(self) -> i64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = std::num::ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

number!(
    /// 故障号: incidents are counted, for a number is what people say on the telephone.
    IncidentId
);
number!(
    /// 工单号, counted likewise.
    WorkOrderId
);
number!(
    /// 班次号.
    ShiftId
);
number!(
    /// 会议号, counted likewise.
    MeetingId
);
number!(
    /// 会场.
    VenueId
);
number!(
    /// 平台资源: an MCU, a superior's line.
    ResourceId
);
number!(
    /// 渠道, counted likewise.
    ChannelId
);
number!(
    /// 检查记录号: one run of a check plan.
    CheckRunId
);
number!(
    /// Something that went wrong while a meeting ran.
    MeetingIncidentId
);

//! Between stored text and the words of the domain.

use crate::StoreError;
use serde::{Serialize, de::DeserializeOwned};
use std::str::FromStr;

fn corrupt(column: &'static str, value: &str) -> StoreError {
    StoreError::Corrupt { column, value: value.to_owned() }
}

/// A stable word, read by `from_code` of its enum.
pub(crate) fn word<T>(
    column: &'static str,
    text: &str,
    from_code: fn(&str) -> Option<T>,
) -> Result<T, StoreError> {
    from_code(text).ok_or_else(|| corrupt(column, text))
}

/// An identity, or a fingerprint.
pub(crate) fn id<T: FromStr>(column: &'static str, text: &str) -> Result<T, StoreError> {
    text.parse().map_err(|_| corrupt(column, text))
}

/// A JSON column.
pub(crate) fn json<T: DeserializeOwned>(column: &'static str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|_| corrupt(column, text))
}

/// What goes into a JSON column.
pub(crate) fn to_json<T: Serialize>(column: &'static str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| corrupt(column, &error.to_string()))
}

/// A count or duration that is never negative in a sound database.
pub(crate) fn unsigned(column: &'static str, value: i64) -> Result<u64, StoreError> {
    u64::try_from(value).map_err(|_| corrupt(column, &value.to_string()))
}

//! Rates in, report files out.

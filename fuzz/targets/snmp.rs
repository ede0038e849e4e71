//! Answers of SNMP: within their caps, and no larger than what came.
#![no_main]

use zhishou_protocol::icmp::{Version, reply};
use zhishou_protocol::snmp::{MAX_ARCS, MAX_VALUES, Value, response};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    for version in [Version::V4, Version::V6] {
        assert!(reply(version, data).is_none_or(|(_, payload)| payload.len() + 8 == data.len()));
    }
    let Ok(read) = response(data) else { return };
    assert!(read.values.len() <= MAX_VALUES);
    for (name, value) in read.values {
        assert!((2..=MAX_ARCS).contains(&name.len()));
        match value {
            Value::Octets(octets) => assert!(octets.len() < data.len()),
            Value::Name(name) => assert!((2..=MAX_ARCS).contains(&name.len())),
            _ => {}
        }
    }
});

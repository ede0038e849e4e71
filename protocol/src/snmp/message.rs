//! Messages: what asks and what answers.

use super::MAX_VALUES;
use super::ber::{
    INTEGER, Malformed, NULL, OCTETS, OID, Reader, SEQUENCE, integer, name, unsigned, write,
    write_integer, write_name,
};

/// v2c (RFC 1901 §3).
const VERSION: i64 = 1;
/// RFC 3416 §3.
const GET: u8 = 0xa0;
const RESPONSE: u8 = 0xa2;

/// A value (RFC 2578 §7.1) or why there is none (RFC 3416 §3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Integer32.
    Integer(i64),
    /// Counter32, Gauge32, Counter64.
    Unsigned(u64),
    /// TimeTicks: hundredths of a second.
    Ticks(u64),
    /// OCTET STRING, Opaque, and what has a tag that nobody defined.
    Octets(Vec<u8>),
    /// OBJECT IDENTIFIER.
    Name(Vec<u32>),
    /// IpAddress.
    Address([u8; 4]),
    /// Nothing, without a reason.
    Null,
    /// noSuchObject.
    NoSuchObject,
    /// noSuchInstance.
    NoSuchInstance,
    /// endOfMibView.
    EndOfMibView,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The number of the request that it answers.
    pub request_id: i64,
    /// error-status; 0 is none, 1 is tooBig.
    pub status: i64,
    /// Which of the names the error is about, from 1; 0 for none.
    pub index: i64,
    /// Names and values, as the agent gives them.
    pub values: Vec<(Vec<u32>, Value)>,
}

/// A GetRequest for these names, each of 2 to 128 arcs.
pub fn get(community: &[u8], request_id: i32, names: &[&[u32]]) -> Vec<u8> {
    message(GET, community, request_id, names)
}

fn message(kind: u8, community: &[u8], request_id: i32, names: &[&[u32]]) -> Vec<u8> {
    let bindings = names
        .iter()
        .flat_map(|arcs| write(SEQUENCE, &[write_name(arcs), write(NULL, &[])].concat()));
    let bindings = write(SEQUENCE, &bindings.collect::<Vec<u8>>());
    let number = write_integer(i64::from(request_id));
    let pdu = [number, write_integer(0), write_integer(0), bindings].concat();
    let message = [write_integer(VERSION), write(OCTETS, community), write(kind, &pdu)].concat();
    write(SEQUENCE, &message)
}

/// Reads an answer. What stands behind it in the datagram is ignored.
///
/// # Errors
/// Why it is none.
pub fn response(datagram: &[u8]) -> Result<Response, Malformed> {
    let mut message = Reader::new(Reader::new(datagram).expect(SEQUENCE)?);
    let version = message.integer()?;
    if version != VERSION {
        return Err(Malformed::Version(version));
    }
    message.expect(OCTETS)?;
    let mut pdu = Reader::new(message.expect(RESPONSE)?);
    let (request_id, status, index) = (pdu.integer()?, pdu.integer()?, pdu.integer()?);
    let mut bindings = Reader::new(pdu.expect(SEQUENCE)?);
    let mut values = Vec::new();
    while !bindings.is_empty() {
        if values.len() == MAX_VALUES {
            return Err(Malformed::TooMany);
        }
        let mut binding = Reader::new(bindings.expect(SEQUENCE)?);
        let arcs = name(binding.expect(OID)?)?;
        let (tag, content) = binding.element()?;
        values.push((arcs, value(tag, content)?));
    }
    Ok(Response { request_id, status, index, values })
}

fn value(tag: u8, content: &[u8]) -> Result<Value, Malformed> {
    Ok(match tag {
        INTEGER => Value::Integer(integer(content)?),
        NULL => Value::Null,
        OID => Value::Name(name(content)?),
        0x40 => Value::Address(content.try_into().map_err(|_| Malformed::Number)?),
        0x41 | 0x42 | 0x46 => Value::Unsigned(unsigned(content)?),
        0x43 => Value::Ticks(unsigned(content)?),
        0x80 => Value::NoSuchObject,
        0x81 => Value::NoSuchInstance,
        0x82 => Value::EndOfMibView,
        _ => Value::Octets(content.to_vec()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const UPTIME: &[u32] = &[1, 3, 6, 1, 2, 1, 1, 3, 0];

    #[test]
    fn a_request_is_byte_for_byte_what_snmpget_sends() {
        // snmpget -v2c -c public 127.0.0.1 1.3.6.1.2.1.1.3.0, its request number put to 0x01020304.
        let want =
            b"\x30\x29\x02\x01\x01\x04\x06public\xa0\x1c\x02\x04\x01\x02\x03\x04\x02\x01\x00\
            \x02\x01\x00\x30\x0e\x30\x0c\x06\x08\x2b\x06\x01\x02\x01\x01\x03\x00\x05\x00";
        assert_eq!(get(b"public", 0x0102_0304, &[UPTIME]), want);
        assert!(response(want).is_err(), "a request is no answer");
    }

    #[test]
    fn an_answer_gives_its_values_and_what_it_has_not() {
        let bytes =
            b"\x30\x39\x02\x01\x01\x04\x06public\xa2\x2c\x02\x01\x07\x02\x01\x00\x02\x01\x00\
            \x30\x21\x30\x0e\x06\x08\x2b\x06\x01\x02\x01\x01\x03\x00\x43\x02\x01\x2c\
            \x30\x0f\x06\x0b\x2b\x06\x01\x04\x01\x8f\x65\x01\x02\x03\x00\x80\x00";
        let read = response(bytes).unwrap();
        assert_eq!((read.request_id, read.status, read.index), (7, 0, 0));
        assert_eq!(read.values[0], (UPTIME.to_vec(), Value::Ticks(300)));
        assert_eq!(read.values[1].1, Value::NoSuchObject);
        for end in 0..bytes.len() {
            assert!(response(&bytes[..end]).is_err(), "cut at {end}");
        }
    }

    #[test]
    fn another_version_is_told() {
        let old = b"\x30\x0b\x02\x01\x00\x04\x06public";
        assert_eq!(response(old), Err(Malformed::Version(0)));
    }

    proptest! {
        #[test]
        fn names_and_number_come_back(number: i32, community in "[ -~]{0,40}",
            names in prop::collection::vec(prop::collection::vec(any::<u32>(), 0..20), 0..20))
        {
            let names: Vec<Vec<u32>> =
                names.into_iter().map(|arcs| [vec![1, 3], arcs].concat()).collect();
            let asked: Vec<&[u32]> = names.iter().map(Vec::as_slice).collect();
            let bytes = message(RESPONSE, community.as_bytes(), number, &asked);
            let read = response(&bytes).unwrap();
            prop_assert_eq!(read.request_id, i64::from(number));
            let got: Vec<Vec<u32>> = read.values.into_iter().map(|(arcs, _)| arcs).collect();
            prop_assert_eq!(got, names);
        }
    }
}

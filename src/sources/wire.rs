//! Protobuf's wire format, read in place: nothing is copied and nothing is allocated, whatever the lengths claim. A decoder
//! that makes a struct of each message makes some 300 bytes of two (an empty span). The format:
//! <https://protobuf.dev/programming-guides/encoding/>.

/// The fields of one message.
#[derive(Clone, Debug)]
pub struct Fields<'a>(&'a [u8]);

/// The value of one field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// Integers, booleans and enums, signs not yet undone.
    Varint(u64),
    /// `double`, `fixed64`, `sfixed64`.
    Fixed64(u64),
    /// `float`, `fixed32`.
    Fixed32(u32),
    /// Texts, messages, packed numbers.
    Bytes(&'a [u8]),
}

/// What is wrong with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken(pub &'static str);

impl<'a> Fields<'a> {
    /// The fields of a message's bytes.
    pub fn of(message: &'a [u8]) -> Fields<'a> {
        Fields(message)
    }
}

impl<'a> Iterator for Fields<'a> {
    /// Number and value. After an error there is nothing more.
    type Item = Result<(u32, Value<'a>), Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let read = field(&mut self.0);
        if read.is_err() {
            self.0 = &[];
        }
        Some(read)
    }
}

fn field<'a>(rest: &mut &'a [u8]) -> Result<(u32, Value<'a>), Broken> {
    let key = varint(rest)?;
    let number = u32::try_from(key >> 3).ok().filter(|n| *n > 0).ok_or(Broken("a field has no number"))?;
    let value = match key & 7 {
        0 => Value::Varint(varint(rest)?),
        1 => Value::Fixed64(u64::from_le_bytes(fixed(rest)?)),
        2 => Value::Bytes(bytes(rest)?),
        5 => Value::Fixed32(u32::from_le_bytes(fixed(rest)?)),
        // Groups: no message that is read here has any.
        _ => return Err(Broken("a field is of a kind that the format does not have")),
    };
    Ok((number, value))
}

/// The next message of a stream in which each has its length before it.
pub fn bytes<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], Broken> {
    let length = varint(rest)?;
    let length = usize::try_from(length).ok().filter(|l| *l <= rest.len()).ok_or(Broken("a length reaches beyond the end: the page is cut"))?;
    let (bytes, after) = rest.split_at(length);
    *rest = after;
    Ok(bytes)
}

/// A number in groups of 7 bits, lowest first.
pub fn varint(rest: &mut &[u8]) -> Result<u64, Broken> {
    let mut value = 0u64;
    for (i, byte) in rest.iter().enumerate().take(10) {
        let bits = u64::from(byte & 0x7f);
        if i == 9 && bits > 1 {
            break;
        }
        value |= bits << (7 * i);
        if byte & 0x80 == 0 {
            *rest = &rest[i + 1..];
            return Ok(value);
        }
    }
    Err(Broken(if rest.len() < 10 { "a number has no end: the page is cut" } else { "a number is longer than 64 bits" }))
}

fn fixed<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], Broken> {
    let (value, after) = rest.split_first_chunk::<N>().ok_or(Broken("a number has no end: the page is cut"))?;
    *rest = after;
    Ok(*value)
}

/// Undoes the zigzag of `sint32` and `sint64`.
pub fn signed(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_in_groups_of_seven_bits() {
        // Vectors of the protobuf documentation, "Encoding".
        for (bytes, value) in [(&[0x96, 0x01][..], 150), (&[0x01], 1), (&[0xff; 9], u64::MAX >> 1)] {
            let mut rest = [bytes, &[if bytes.len() == 9 { 0 } else { 7 }]].concat();
            rest.push(9);
            let mut rest = rest.as_slice();
            assert_eq!(varint(&mut rest), Ok(value), "{bytes:?}");
        }
        assert_eq!([0, 1, 2, 0xffff_fffe, 0xffff_ffff].map(signed), [0, -1, 1, 0x7fff_ffff, -0x8000_0000]);
        assert!(varint(&mut &[0x80][..]).is_err() && varint(&mut &[0xff; 11][..]).is_err());
    }

    #[test]
    fn fields_end_at_the_first_break() {
        // 1: 150, 2: "testing", then a length beyond the end.
        let bytes = [&[0x08, 0x96, 0x01, 0x12, 0x07][..], b"testing", &[0x1a, 0x7f, 0x00]].concat();
        let read: Vec<_> = Fields::of(&bytes).collect();
        assert_eq!(read[0], Ok((1, Value::Varint(150))));
        assert_eq!(read[1], Ok((2, Value::Bytes(b"testing"))));
        assert!(read[2].is_err() && read.len() == 3);
    }

    #[test]
    fn reads_each_wire_type_and_refuses_what_is_none() {
        let fields: Vec<_> = Fields::of(b"\x11\x01\0\0\0\0\0\0\0\x1a\x02ab\x25\x07\0\0\0").collect();
        assert_eq!(fields, [Ok((2, Value::Fixed64(1))), Ok((3, Value::Bytes(b"ab"))), Ok((4, Value::Fixed32(7)))]);
        // No value, a length beyond the end, a group, no number, half a number, a number of 11 groups and one of 65 bits.
        let over = b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02";
        for broken in [&b"\x08"[..], b"\x1a\x05ab", b"\x0b", b"\0\0", b"\x11\x01", b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", over] {
            assert!(matches!(Fields::of(broken).collect::<Vec<_>>()[..], [Err(_)]), "{broken:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_end(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(Fields::of(&bytes).count() <= bytes.len());
        }
    }
}

//! The fields of a protobuf message one after the other, borrowed from its bytes: a decoder that makes a struct of each
//! message makes some 300 bytes of two (an empty span). The format: <https://protobuf.dev/programming-guides/encoding/>.

/// It is no protobuf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken;

/// The value of a field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'b> {
    /// An integer, a boolean or an enum.
    Varint(u64),
    /// Eight bytes: an integer or a double.
    Fixed(u64),
    /// A text, bytes or a message.
    Bytes(&'b [u8]),
    /// Four bytes, which no field has that is read here.
    Short,
}

/// The fields of a message, with their numbers.
pub struct Fields<'b>(&'b [u8]);

impl<'b> Fields<'b> {
    /// Of a message.
    pub fn of(message: &'b [u8]) -> Fields<'b> {
        Fields(message)
    }
    fn varint(&mut self) -> Result<u64, Broken> {
        let mut value = 0_u64;
        for (i, byte) in self.0.iter().enumerate().take(10) {
            value |= u64::from(byte & 0x7f) << (7 * i);
            if byte & 0x80 == 0 {
                self.0 = &self.0[i + 1..];
                return Ok(value);
            }
        }
        Err(Broken)
    }
    fn bytes(&mut self, len: u64) -> Result<&'b [u8], Broken> {
        let (bytes, rest) = usize::try_from(len).ok().and_then(|len| self.0.split_at_checked(len)).ok_or(Broken)?;
        self.0 = rest;
        Ok(bytes)
    }
    fn field(&mut self) -> Result<(u64, Value<'b>), Broken> {
        let key = self.varint()?;
        let value = match key & 7 {
            0 => Value::Varint(self.varint()?),
            1 => Value::Fixed(u64::from_le_bytes(self.bytes(8)?.try_into().map_err(|_| Broken)?)),
            2 => {
                let len = self.varint()?;
                Value::Bytes(self.bytes(len)?)
            }
            5 => {
                self.bytes(4)?;
                Value::Short
            }
            // Groups: no message of OTLP has any.
            _ => return Err(Broken),
        };
        if key >> 3 == 0 { Err(Broken) } else { Ok((key >> 3, value)) }
    }
}

impl<'b> Iterator for Fields<'b> {
    type Item = Result<(u64, Value<'b>), Broken>;
    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.0 = &[];
        }
        Some(field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_each_wire_type_and_stops_at_the_first_break() {
        let fields: Vec<_> = Fields::of(b"\x08\x96\x01\x11\x01\0\0\0\0\0\0\0\x1a\x02ab\x25\0\0\0\0").collect();
        assert_eq!(fields, [Ok((1, Value::Varint(150))), Ok((2, Value::Fixed(1))), Ok((3, Value::Bytes(b"ab"))), Ok((4, Value::Short))]);
        for broken in [&b"\x08"[..], b"\x1a\x05ab", b"\x0b", b"\x00\x00", b"\x11\x01", b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"] {
            assert_eq!(Fields::of(broken).collect::<Vec<_>>(), [Err(Broken)], "{broken:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_end(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(Fields::of(&bytes).count() <= bytes.len());
        }
    }
}

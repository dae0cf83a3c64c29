//! Protobuf on the wire: numbered fields of numbers and bytes.

/// The value of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

impl Field<'_> {
    pub(super) fn text(&self) -> Option<String> {
        match self {
            Self::Bytes(bytes) => String::from_utf8(bytes.to_vec()).ok(),
            Self::Number(_) => None,
        }
    }
}

/// The bytes still to be read.
pub(super) struct Wire<'a>(&'a [u8]);

impl<'a> Wire<'a> {
    /// The fields of a message in their order; `None` when it is malformed.
    pub(super) fn fields(bytes: &'a [u8]) -> Option<Vec<(u64, Field<'a>)>> {
        let mut wire = Self(bytes);
        let mut fields = Vec::new();
        while !wire.0.is_empty() {
            let tag = wire.varint()?;
            let field = match tag & 7 {
                0 => Field::Number(wire.varint()?),
                1 => Field::Bytes(wire.take(8)?),
                2 => {
                    let length = usize::try_from(wire.varint()?).ok()?;
                    Field::Bytes(wire.take(length)?)
                }
                5 => Field::Bytes(wire.take(4)?),
                _ => return None,
            };
            fields.push((tag >> 3, field));
        }
        Some(fields)
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_in_order() {
        let bytes = [0x08, 0x96, 0x01, 0x12, 0x02, b'h', b'i'];
        let fields = Wire::fields(&bytes).unwrap();
        assert_eq!(fields, [(1, Field::Number(150)), (2, Field::Bytes(b"hi"))]);
        assert_eq!(Wire::fields(&[0x12, 0x05, b'h']), None);
        assert_eq!(Wire::fields(&[0xff; 11]), None);
        assert_eq!(Wire::fields(&[0x0b]), None);
    }
}

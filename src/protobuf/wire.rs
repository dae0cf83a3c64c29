//! Protobuf on the wire: numbered fields of numbers and bytes, one after the other.

use super::error::Flaw;

/// The value of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field<'a> {
    Number(u64),
    /// A length and so many bytes, or a number of fixed width.
    Bytes(&'a [u8]),
}

impl<'a> Field<'a> {
    pub(super) fn bytes(self) -> Result<&'a [u8], Flaw> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            Self::Number(_) => Err(Flaw::NoBytes),
        }
    }

    pub(super) fn number(self) -> Result<i64, Flaw> {
        match self {
            Self::Number(number) => Ok(number.cast_signed()),
            Self::Bytes(_) => Err(Flaw::NoNumber),
        }
    }

    pub(super) fn text(self) -> Result<&'a str, Flaw> {
        std::str::from_utf8(self.bytes()?).map_err(|_broken| Flaw::NoText)
    }

    /// Nothing at all, zero or false: what Go writes for a field that was never set.
    pub(super) const fn is_nothing(self) -> bool {
        match self {
            Self::Number(number) => number == 0,
            Self::Bytes(bytes) => bytes.is_empty(),
        }
    }
}

/// The bytes still to be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wire<'a>(&'a [u8]);

impl<'a> Wire<'a> {
    pub(super) const fn of(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The tag of the next field, which stays to be read; `None` at the end.
    pub(super) fn peek(self) -> Option<u64> {
        let mut ahead = self;
        ahead.tag().ok().flatten()
    }

    /// The next field's tag: its number and how its value is written. `None` at the end.
    #[inline]
    pub(super) fn tag(&mut self) -> Result<Option<u64>, Flaw> {
        if self.0.is_empty() {
            return Ok(None);
        }
        self.varint().map(Some)
    }

    /// The value of the field whose tag was just read.
    #[inline]
    pub(super) fn value(&mut self, tag: u64) -> Result<Field<'a>, Flaw> {
        match tag & 7 {
            0 => self.varint().map(Field::Number),
            1 => self.take(8).map(Field::Bytes),
            2 => {
                let length = self.varint()?;
                let length = usize::try_from(length).map_err(|_larger| Flaw::Cut)?;
                self.take(length).map(Field::Bytes)
            }
            5 => self.take(4).map(Field::Bytes),
            _ => Err(Flaw::NoForm),
        }
    }

    /// The next field, whole: its number and its value.
    pub(super) fn field(&mut self) -> Result<Option<(u64, Field<'a>)>, Flaw> {
        match self.tag()? {
            Some(tag) => Ok(Some((number(tag), self.value(tag)?))),
            None => Ok(None),
        }
    }

    #[inline]
    fn take(&mut self, length: usize) -> Result<&'a [u8], Flaw> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Flaw::Cut)?;
        self.0 = rest;
        Ok(taken)
    }

    #[inline]
    fn varint(&mut self) -> Result<u64, Flaw> {
        match self.0.split_first() {
            Some((byte, rest)) if *byte < 0x80 => {
                self.0 = rest;
                Ok(u64::from(*byte))
            }
            _ => self.long_varint(),
        }
    }

    fn long_varint(&mut self) -> Result<u64, Flaw> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first().ok_or(Flaw::Cut)?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Flaw::LongNumber)
    }
}

/// The number of the field that a tag begins.
pub(super) const fn number(tag: u64) -> u64 {
    tag >> 3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8]) -> Result<Vec<(u64, Field<'_>)>, Flaw> {
        let mut wire = Wire::of(bytes);
        let mut fields = Vec::new();
        while let Some(field) = wire.field()? {
            fields.push(field);
        }
        Ok(fields)
    }

    #[test]
    fn fields_are_read_in_order() {
        let bytes = [0x08, 0x96, 0x01, 0x12, 0x02, b'h', b'i', 0x1d, 1, 2, 3, 4];
        let fields = all(&bytes).unwrap();
        let wanted = [
            (1, Field::Number(150)),
            (2, Field::Bytes(b"hi")),
            (3, Field::Bytes(&[1, 2, 3, 4])),
        ];
        assert_eq!(fields, wanted);
        for malformed in [
            &[0x12, 0x05, b'h'][..],
            &[0xff; 11],
            &[0x0b],
            &[0x08],
            &[0x12, 0xff, 0xff, 0xff, 0xff, 0x0f],
        ] {
            assert!(all(malformed).is_err(), "{malformed:?}");
        }
    }
}

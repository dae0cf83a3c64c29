//! One value of a field, as its JSON would be: times and quantities as text, bytes in base64, raw JSON as it is.

use super::error::{Error, Flaw};
use super::fields::Message;
use super::one;
use super::schema::Kind;
use super::wire::{Field, Wire};
use base64::Engine as _;
use jiff::Timestamp;
use jiff::fmt::temporal::DateTimePrinter;
use serde::de::value::BorrowedStrDeserializer;
use serde::de::{Deserializer, Visitor};
use serde::forward_to_deserialize_any;

/// A value and what it is.
pub(super) struct One<'de> {
    kind: Kind,
    field: Field<'de>,
    depth: u8,
}

impl<'de> One<'de> {
    pub(super) const fn of(kind: Kind, field: Field<'de>, depth: u8) -> Self {
        Self { kind, field, depth }
    }
}

impl<'de> Deserializer<'de> for One<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let field = self.field;
        match self.kind {
            Kind::Text => visitor.visit_borrowed_str(field.text()?),
            Kind::Number => visitor.visit_i64(field.number()?),
            Kind::Flag => visitor.visit_bool(field.number()? != 0),
            Kind::Message(place) => Message::within(place, field.bytes()?, self.depth)?.deserialize_any(visitor),
            Kind::Quantity => visitor.visit_borrowed_str(Field::Bytes(one(field.bytes()?)?).text()?),
            Kind::Time => match time(field.bytes()?)? {
                Some(time) => visitor.visit_str(Written::of(&time)?.as_str()),
                None => visitor.visit_unit(),
            },
            Kind::NumberOrText => match number_or_text(field.bytes()?)? {
                Field::Number(number) => visitor.visit_i64(number.cast_signed()),
                text @ Field::Bytes(_) => visitor.visit_borrowed_str(text.text()?),
            },
            Kind::Bytes => visitor.visit_string(base64::engine::general_purpose::STANDARD.encode(field.bytes()?)),
            Kind::Raw => {
                let mut json = serde_json::Deserializer::from_slice(one(field.bytes()?)?);
                let read = json.deserialize_any(visitor).map_err(Error::new)?;
                json.end().map_err(Error::new)?;
                Ok(read)
            }
        }
    }

    /// An empty time is none.
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.kind == Kind::Time && self.field.is_nothing() {
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    /// A message knows what of it a struct has no field for.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.kind {
            Kind::Message(place) => {
                Message::within(place, self.field.bytes()?, self.depth)?.deserialize_struct(name, fields, visitor)
            }
            _ => self.deserialize_any(visitor),
        }
    }

    /// A word out of a closed list.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.kind {
            Kind::Text => BorrowedStrDeserializer::new(self.field.text()?).deserialize_enum(name, variants, visitor),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier
    }
}

/// Seconds and nanoseconds; an empty message is no time.
fn time(bytes: &[u8]) -> Result<Option<Timestamp>, Flaw> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let (mut seconds, mut nanoseconds) = (0, 0);
    let mut wire = Wire::of(bytes);
    while let Some((number, field)) = wire.field()? {
        match number {
            1 => seconds = field.number()?,
            2 => nanoseconds = i32::try_from(field.number()?).map_err(|_larger| Flaw::NoTime)?,
            _ => {}
        }
    }
    let time = Timestamp::new(seconds, nanoseconds);
    time.map(Some).map_err(|_outside| Flaw::NoTime)
}

/// `apimachinery/pkg/util/intstr`: which of the two it is, and both.
fn number_or_text(bytes: &[u8]) -> Result<Field<'_>, Flaw> {
    let (mut is_text, mut number, mut text) = (false, 0, Field::Bytes(&[]));
    let mut wire = Wire::of(bytes);
    while let Some((at, field)) = wire.field()? {
        match at {
            1 => is_text = field.number()? == 1,
            2 => number = field.number()?,
            3 => text = Field::Bytes(field.bytes()?),
            _ => {}
        }
    }
    Ok(if is_text {
        text
    } else {
        Field::Number(number.cast_unsigned())
    })
}

/// A time in RFC 3339, written where it stands.
struct Written {
    bytes: [u8; 48],
    length: usize,
}

impl Written {
    fn of(time: &Timestamp) -> Result<Self, Error> {
        static PRINTER: DateTimePrinter = DateTimePrinter::new();
        let mut written = Self {
            bytes: [0; 48],
            length: 0,
        };
        PRINTER.print_timestamp(time, &mut written).map_err(Error::new)?;
        Ok(written)
    }

    fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..self.length).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }
}

impl jiff::fmt::Write for Written {
    fn write_str(&mut self, text: &str) -> Result<(), jiff::Error> {
        let end = self.length + text.len();
        let room = self.bytes.get_mut(self.length..end);
        room.ok_or_else(|| jiff::Error::from_args(format_args!("a time of more than 48 letters")))?
            .copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

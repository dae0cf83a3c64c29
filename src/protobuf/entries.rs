//! A field that comes many times in a row: a list, or a map from text.

use super::error::{Error, Flaw};
use super::schema::Kind;
use super::value::One;
use super::wire::{Field, Wire};
use serde::de::value::BorrowedStrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, IntoDeserializer as _, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

/// The values of one field that stand in a row.
struct Row<'w, 'de> {
    kind: Kind,
    depth: u8,
    tag: u64,
    first: Option<Field<'de>>,
    wire: &'w mut Wire<'de>,
}

impl<'de> Row<'_, 'de> {
    /// How many values are left; none too few, where the wire is whole.
    fn left(&self) -> usize {
        let mut wire = *self.wire;
        let mut left = usize::from(self.first.is_some());
        while wire.peek() == Some(self.tag) && wire.field().is_ok() {
            left += 1;
        }
        left
    }

    fn next(&mut self) -> Result<Option<Field<'de>>, Flaw> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        if self.wire.peek() == Some(self.tag) {
            return Ok(self.wire.field()?.map(|(_, field)| field));
        }
        Ok(None)
    }
}

/// A list.
pub(super) struct Elements<'w, 'de>(Row<'w, 'de>);

/// A map from text: each value is a message of a key and a value.
pub(super) struct Entries<'w, 'de> {
    row: Row<'w, 'de>,
    /// The value of the entry whose key was told.
    value: Option<Field<'de>>,
}

impl<'w, 'de> Elements<'w, 'de> {
    pub(super) const fn new(kind: Kind, depth: u8, tag: u64, first: Field<'de>, wire: &'w mut Wire<'de>) -> Self {
        Self(Row {
            kind,
            depth,
            tag,
            first: Some(first),
            wire,
        })
    }
}

impl<'w, 'de> Entries<'w, 'de> {
    pub(super) const fn new(kind: Kind, depth: u8, tag: u64, first: Field<'de>, wire: &'w mut Wire<'de>) -> Self {
        Self {
            row: Row {
                kind,
                depth,
                tag,
                first: Some(first),
                wire,
            },
            value: None,
        }
    }
}

macro_rules! as_any_says {
    () => {
        fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            visitor.visit_some(self)
        }

        fn deserialize_newtype_struct<V: Visitor<'de>>(
            self,
            _name: &'static str,
            visitor: V,
        ) -> Result<V::Value, Error> {
            visitor.visit_newtype_struct(self)
        }

        /// Whoever holds the wire passes over what is left.
        fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            visitor.visit_unit()
        }

        forward_to_deserialize_any! {
            bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq
            tuple tuple_struct map struct enum identifier
        }
    };
}

impl<'de> Deserializer<'de> for Elements<'_, 'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(self)
    }

    as_any_says!();
}

impl<'de> SeqAccess<'de> for Elements<'_, 'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        match self.0.next()? {
            Some(field) => seed.deserialize(One::of(self.0.kind, field, self.0.depth)).map(Some),
            None => Ok(None),
        }
    }

    /// Room is made for them at once.
    fn size_hint(&self) -> Option<usize> {
        Some(self.0.left())
    }
}

impl<'de> Deserializer<'de> for Entries<'_, 'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_map(self)
    }

    as_any_says!();
}

impl<'de> MapAccess<'de> for Entries<'_, 'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let Some(entry) = self.row.next()? else {
            return Ok(None);
        };
        let (mut key, mut value) = ("", None);
        let mut wire = Wire::of(entry.bytes()?);
        while let Some((number, field)) = wire.field()? {
            match number {
                1 => key = field.text()?,
                2 => value = Some(field),
                _ => {}
            }
        }
        self.value = value;
        seed.deserialize(BorrowedStrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        match self.value.take() {
            Some(field) => seed.deserialize(One::of(self.row.kind, field, self.row.depth)),
            None => seed.deserialize(().into_deserializer()),
        }
    }
}

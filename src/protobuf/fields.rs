//! A message as serde reads it: a map from its fields' names to their values, in the order in which they came.

use super::DEEPEST;
use super::entries::{Elements, Entries};
use super::error::{Error, Flaw};
use super::schema::{Keep, Kind, Known, Many, Schema, Shape, Wanted};
use super::value::One;
use super::wire::{Field, Wire, number};
use serde::de::value::BorrowedStrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, IntoDeserializer as _, MapAccess, Visitor};
use serde::forward_to_deserialize_any;

/// How many messages may be written into one another.
const INLINE: usize = 3;

/// The bytes of a message of the table.
#[derive(Clone, Copy, Debug)]
pub struct Message<'de> {
    shape: &'static Shape,
    bytes: &'de [u8],
    /// How many messages may still stand in it.
    depth: u8,
}

impl<'de> Message<'de> {
    /// These bytes, read as the message of this name; an error for a name that the table lacks.
    pub fn of(name: &str, bytes: &'de [u8]) -> Result<Self, Error> {
        let shape = Schema::get()
            .message(name)
            .ok_or_else(|| Error::new(format_args!("the kind {name:?} is not known in protobuf")))?;
        Ok(Self {
            shape,
            bytes,
            depth: DEEPEST,
        })
    }

    /// The message at a place of the table, within another of this depth.
    pub(super) fn within(place: usize, bytes: &'de [u8], depth: u8) -> Result<Self, Flaw> {
        let depth = depth.checked_sub(1).ok_or(Flaw::TooDeep)?;
        let shape = Schema::get().at(place).ok_or(Flaw::NoForm)?;
        Ok(Self { shape, bytes, depth })
    }

    /// The text of a field, found whatever stands behind it; empty when it is not there. For what cannot be read whole.
    pub fn text(&self, name: &str) -> &'de str {
        self.find(name)
            .and_then(|(_, field)| field.text().ok())
            .unwrap_or_default()
    }

    /// The number of a field, likewise; 0 when it is not there.
    pub fn number(&self, name: &str) -> i64 {
        self.find(name)
            .and_then(|(_, field)| field.number().ok())
            .unwrap_or_default()
    }

    /// The message in a field, likewise.
    pub fn inner(&self, name: &str) -> Option<Self> {
        let (known, field) = self.find(name)?;
        match known.kind {
            Kind::Message(place) => Self::within(place, field.bytes().ok()?, self.depth).ok(),
            _ => None,
        }
    }

    fn fields(self, names: Option<&'static [&'static str]>) -> Fields<'de> {
        Fields {
            wire: Wire::of(self.bytes),
            shape: self.shape,
            names,
            wanted: wanted(self.shape, names),
            depth: self.depth,
            around: [None; INLINE],
            held: None,
        }
    }

    fn find(&self, name: &str) -> Option<(&'static Known, Field<'de>)> {
        let wanted = self.shape.fields().find(|known| known.name == name)?;
        let mut wire = Wire::of(self.bytes);
        while let Ok(Some((number, field))) = wire.field() {
            if number == wanted.number {
                return Some((wanted, field));
            }
        }
        None
    }
}

impl<'de> Deserializer<'de> for Message<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_map(self.fields(None))
    }

    /// What the struct has no field for is passed over.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_map(self.fields(Some(names)))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map enum identifier
    }
}

/// A message being read.
struct Fields<'de> {
    wire: Wire<'de>,
    shape: &'static Shape,
    /// The fields of the struct it is read into; `None` for a map.
    names: Option<&'static [&'static str]>,
    wanted: Wanted,
    depth: u8,
    /// The messages that the present one is written into: what is left of them.
    around: [Option<(Wire<'de>, &'static Shape)>; INLINE],
    /// The field whose name was told and whose value comes next, its tag, and the first of its values.
    held: Option<(&'static Known, u64, Field<'de>)>,
}

fn wanted(shape: &'static Shape, names: Option<&'static [&'static str]>) -> Wanted {
    names.map_or(Wanted::ALL, |names| shape.wanted(names))
}

impl<'de> Fields<'de> {
    /// Goes on in a message that is written into the present one.
    fn enter(&mut self, place: usize, bytes: &'de [u8]) -> Result<(), Flaw> {
        let shape = Schema::get().at(place).ok_or(Flaw::NoForm)?;
        let free = self.around.iter_mut().find(|around| around.is_none());
        *free.ok_or(Flaw::TooDeep)? = Some((self.wire, self.shape));
        (self.wire, self.shape) = (Wire::of(bytes), shape);
        self.wanted = wanted(shape, self.names);
        Ok(())
    }

    /// Goes on behind it; `false` where the present one is the outermost.
    fn leave(&mut self) -> bool {
        let last = self.around.iter_mut().rev().find_map(Option::take);
        match last {
            Some((wire, shape)) => {
                (self.wire, self.shape) = (wire, shape);
                self.wanted = wanted(shape, self.names);
                true
            }
            None => false,
        }
    }

    /// The next field that says something.
    fn advance(&mut self) -> Result<Option<&'static Known>, Flaw> {
        loop {
            let Some(tag) = self.wire.tag()? else {
                if self.leave() {
                    continue;
                }
                return Ok(None);
            };
            let field = self.wire.value(tag)?;
            if !self.wanted.has(number(tag)) {
                continue;
            }
            let Some(known) = self.shape.field(number(tag)) else {
                continue;
            };
            if known.is_inline() {
                if let Kind::Message(place) = known.kind {
                    self.enter(place, field.bytes()?)?;
                }
                continue;
            }
            if known.many == Many::One && says_nothing(known, field)? {
                continue;
            }
            self.held = Some((known, tag, field));
            return Ok(Some(known));
        }
    }
}

/// Whether a value stands for none: Go writes every field that is no pointer, set or not.
#[inline]
fn says_nothing(known: &Known, field: Field<'_>) -> Result<bool, Flaw> {
    if known.keep != Keep::Filled {
        return Ok(false);
    }
    Ok(match known.kind {
        Kind::Text | Kind::Number | Kind::Flag | Kind::Bytes | Kind::Time => field.is_nothing(),
        Kind::NumberOrText => {
            let mut wire = Wire::of(field.bytes()?);
            let mut nothing = true;
            while let Some((_, field)) = wire.field()? {
                nothing &= field.is_nothing();
            }
            nothing
        }
        Kind::Quantity | Kind::Raw | Kind::Message(_) => false,
    })
}

impl<'de> MapAccess<'de> for Fields<'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        match self.advance()? {
            Some(known) => seed.deserialize(BorrowedStrDeserializer::new(known.name)).map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let Some((known, tag, first)) = self.held.take() else {
            // a map's visitor asks for a name first
            return seed.deserialize(().into_deserializer());
        };
        let depth = self.depth;
        let read = match known.many {
            Many::One => seed.deserialize(One::of(known.kind, first, depth)),
            Many::List => seed.deserialize(Elements::new(known.kind, depth, tag, first, &mut self.wire)),
            Many::Map => seed.deserialize(Entries::new(known.kind, depth, tag, first, &mut self.wire)),
        };
        if known.many != Many::One {
            // what of a list nobody wanted is passed over, so that its name does not come again
            while self.wire.peek() == Some(tag) {
                self.wire.field()?;
            }
        }
        read.map_err(|error| error.within(known.name))
    }
}

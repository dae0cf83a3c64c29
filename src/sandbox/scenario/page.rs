//! YAML with places: every node knows its line and column, so that an error can point at it. Knows nothing of scenarios.

use super::ScenarioError;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_saphyr::Spanned;
use std::fmt;

/// A YAML node and where it stands, from 1.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) shape: Shape,
    pub(super) line: u64,
    pub(super) column: u64,
}

#[derive(Clone, Debug)]
pub(super) enum Shape {
    Scalar(Value),
    List(Vec<Node>),
    Map(Vec<(Name, Node)>),
}

/// A key of a mapping and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Name {
    pub(super) text: String,
    pub(super) line: u64,
    pub(super) column: u64,
}

/// All documents of a file; empty ones are passed over.
pub(super) fn read(file: &str, text: &str) -> Result<Vec<Node>, ScenarioError> {
    let nodes: Vec<Node> = serde_saphyr::from_multiple(text).map_err(|error| {
        let place = error.location();
        let told = error.without_snippet().to_string();
        ScenarioError {
            file: file.to_owned(),
            line: place.map_or(0, |place| place.line()),
            column: place.map_or(0, |place| place.column()),
            problem: format!("this is not YAML: {}", told.lines().next().unwrap_or_default()),
            fix: "mend the indentation, quote or bracket there".to_owned(),
        }
    })?;
    Ok(nodes
        .into_iter()
        .filter(|node| !matches!(&node.shape, Shape::Scalar(Value::Null)))
        .collect())
}

impl Node {
    /// The entries of a mapping; none for anything else.
    pub(super) fn entries(&self) -> &[(Name, Self)] {
        match &self.shape {
            Shape::Map(entries) => entries,
            Shape::Scalar(_) | Shape::List(_) => &[],
        }
    }

    pub(super) fn field(&self, field: &str) -> Option<&Self> {
        self.entries()
            .iter()
            .find(|(name, _)| name.text == field)
            .map(|(_, node)| node)
    }

    /// A field that is text.
    pub(super) fn text(&self, field: &str) -> Option<&str> {
        match &self.field(field)?.shape {
            Shape::Scalar(value) => value.as_str(),
            Shape::List(_) | Shape::Map(_) => None,
        }
    }

    /// The entries of a list that are text.
    pub(super) fn texts(&self) -> Vec<String> {
        match &self.shape {
            Shape::List(items) => items
                .iter()
                .filter_map(|item| match &item.shape {
                    Shape::Scalar(value) => value.as_str().map(str::to_owned),
                    Shape::List(_) | Shape::Map(_) => None,
                })
                .collect(),
            Shape::Scalar(_) | Shape::Map(_) => Vec::new(),
        }
    }

    /// What is wrong with this node, and what to do.
    pub(super) fn wrong(&self, file: &str, problem: impl Into<String>, fix: impl Into<String>) -> ScenarioError {
        ScenarioError {
            file: file.to_owned(),
            line: self.line,
            column: self.column,
            problem: problem.into(),
            fix: fix.into(),
        }
    }
}

impl Name {
    /// What is wrong with this key, and what to do.
    pub(super) fn wrong(&self, file: &str, problem: impl Into<String>, fix: impl Into<String>) -> ScenarioError {
        ScenarioError {
            file: file.to_owned(),
            line: self.line,
            column: self.column,
            problem: problem.into(),
            fix: fix.into(),
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Shape>::deserialize(deserializer)?;
        Ok(Self {
            line: spanned.referenced.line(),
            column: spanned.referenced.column(),
            shape: spanned.value,
        })
    }
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ShapeVisitor)
    }
}

struct ShapeVisitor;

impl<'de> Visitor<'de> for ShapeVisitor {
    type Value = Shape;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any YAML")
    }

    fn visit_unit<E>(self) -> Result<Shape, E> {
        Ok(Shape::Scalar(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Shape, E> {
        Ok(Shape::Scalar(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Shape, D::Error> {
        Shape::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Shape, E> {
        Ok(Shape::Scalar(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Shape, E> {
        Ok(Shape::Scalar(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Shape, E> {
        Ok(Shape::Scalar(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Shape, E> {
        Ok(Shape::Scalar(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Shape, E> {
        Ok(Shape::Scalar(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Shape, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Shape::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Shape, A::Error> {
        let mut map = Vec::new();
        while let Some((name, node)) = entries.next_entry::<Spanned<String>, Node>()? {
            let name = Name {
                line: name.referenced.line(),
                column: name.referenced.column(),
                text: name.value,
            };
            map.push((name, node));
        }
        Ok(Shape::Map(map))
    }
}

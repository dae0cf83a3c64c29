//! From YAML nodes to sheets: repeats unrolled, `${…}` filled in, times resolved. Knows manifests only by their common
//! fields.

use super::ScenarioError;
use super::page::{Name, Node, Shape};
use crate::model::Kind;
use crate::sandbox::controllers::{chance, document as doc};
use jiff::Timestamp;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// One manifest, filled in, with where it stands.
pub(super) struct Sheet {
    pub(super) object: Value,
    pub(super) line: u64,
    pub(super) column: u64,
}

impl Sheet {
    /// What is wrong with this manifest as a whole, and what to do.
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

/// Unrolls and fills in every document.
pub(super) fn expand(file: &str, documents: &[Node], now: Timestamp) -> Result<Vec<Sheet>, ScenarioError> {
    let page = Page { file, now };
    let mut sheets = Vec::new();
    for document in documents {
        page.document(document, &Vec::new(), &mut sheets)?;
    }
    Ok(sheets)
}

/// The uid an object of this place has in every scenario.
pub(super) fn uid_of(kind: &str, namespace: &str, name: &str) -> String {
    chance::uuid(0, &format!("{kind}/{namespace}/{name}"))
}

type Variables = Vec<(String, Value)>;

struct Page<'a> {
    file: &'a str,
    now: Timestamp,
}

impl Page<'_> {
    fn document(&self, node: &Node, variables: &Variables, sheets: &mut Vec<Sheet>) -> Result<(), ScenarioError> {
        let Some(repeat) = node.field("repeat") else {
            let object = self.value(node, variables, Read::Manifest)?;
            let sheet = Sheet {
                object,
                line: node.line,
                column: node.column,
            };
            for field in ["apiVersion", "kind"] {
                if doc::text(&sheet.object, &format!("/{field}")).is_empty() {
                    let fix = format!("give it apiVersion, kind and metadata.name ({field} is missing)");
                    return Err(sheet.wrong(self.file, "this document is no manifest", fix));
                }
            }
            if doc::name(&sheet.object).is_empty() {
                return Err(sheet.wrong(self.file, "this manifest has no name", "give it metadata.name"));
            }
            sheets.push(sheet);
            return Ok(());
        };
        let Some(Node {
            shape: Shape::List(documents),
            ..
        }) = node.field("documents")
        else {
            return Err(node.wrong(
                self.file,
                "repeat has nothing to repeat",
                "give it documents: a list of manifests",
            ));
        };
        for item in self.items(repeat, variables)? {
            // The item's own values hide those of a repeat around it.
            let inner: Variables = item.into_iter().chain(variables.iter().cloned()).collect();
            for document in documents {
                self.document(document, &inner, sheets)?;
            }
        }
        Ok(())
    }

    /// The variables of each item of a repeat.
    fn items(&self, repeat: &Node, variables: &Variables) -> Result<Vec<Variables>, ScenarioError> {
        let wrong = || {
            let fix = "write a number (repeat: 9) or a list of mappings (repeat: [{name: 7f}, {name: 80}])";
            repeat.wrong(self.file, "repeat is neither a number nor a list", fix)
        };
        match &repeat.shape {
            Shape::Scalar(value) => {
                let count = value.as_u64().filter(|count| *count <= 10_000).ok_or_else(wrong)?;
                Ok((1..=count).map(|n| vec![("n".to_owned(), Value::from(n))]).collect())
            }
            Shape::List(items) => {
                // A name that only some items give is null in the others.
                let names = items.iter().flat_map(Node::entries).map(|(name, _)| name.text.as_str());
                let names: BTreeSet<&str> = names.collect();
                let unroll = |(item, n): (&Node, u64)| {
                    let mut own = vec![("n".to_owned(), Value::from(n))];
                    for name in &names {
                        let value = match item.field(name) {
                            Some(node) => self.value(node, variables, Read::Plain)?,
                            None => Value::Null,
                        };
                        own.push(((*name).to_owned(), value));
                    }
                    Ok(own)
                };
                items.iter().zip(1_u64..).map(unroll).collect()
            }
            Shape::Map(_) => Err(wrong()),
        }
    }

    fn value(&self, node: &Node, variables: &Variables, read: Read) -> Result<Value, ScenarioError> {
        match &node.shape {
            Shape::Scalar(Value::String(text)) => self.fill(node, text, variables),
            Shape::Scalar(value) => Ok(value.clone()),
            Shape::List(items) => items
                .iter()
                .map(|item| self.value(item, variables, read))
                .collect::<Result<Vec<_>, _>>()
                .map(Value::Array),
            Shape::Map(entries) => {
                let mut map = Map::new();
                for (name, node) in entries {
                    let key = self.key(name, variables)?;
                    // What an operator keeps in a ConfigMap or in Helm values is his own business.
                    let inside = if ["data", "stringData", "values"].contains(&key.as_str()) {
                        Read::Plain
                    } else {
                        read
                    };
                    let mut value = self.value(node, variables, inside)?;
                    if inside == Read::Manifest && is_time(&key) {
                        value = self.time(node, &value)?;
                    }
                    // A manifest's null is an absent field; so an item of a repeat may leave a name out.
                    if inside == Read::Manifest && value.is_null() {
                        continue;
                    }
                    if map.insert(key.clone(), value).is_some() {
                        return Err(name.wrong(self.file, format!("{key} stands here twice"), "remove one of them"));
                    }
                }
                Ok(Value::Object(map))
            }
        }
    }

    fn key(&self, name: &Name, variables: &Variables) -> Result<String, ScenarioError> {
        if !name.text.contains("${") {
            return Ok(name.text.clone());
        }
        let node = Node {
            shape: Shape::Scalar(Value::Null),
            line: name.line,
            column: name.column,
        };
        self.fill(&node, &name.text, variables).map(|value| plain(&value))
    }

    /// Fills in `${…}`. A text that is nothing but one `${name}` becomes that value, number or list as it is.
    fn fill(&self, node: &Node, text: &str, variables: &Variables) -> Result<Value, ScenarioError> {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            if let Some(escaped) = before.strip_suffix('$') {
                filled.push_str(escaped);
                filled.push_str("${");
                rest = after;
                continue;
            }
            filled.push_str(before);
            let Some((inside, beyond)) = split_at_close(after) else {
                let problem = "a ${ is not closed";
                return Err(node.wrong(self.file, problem, "close it with }, or write $${ for a plain ${"));
            };
            let value = self.look_up(node, inside, variables)?;
            if filled.is_empty() && beyond.is_empty() {
                return Ok(value);
            }
            filled.push_str(&plain(&value));
            rest = beyond;
        }
        filled.push_str(rest);
        Ok(Value::String(filled))
    }

    fn look_up(&self, node: &Node, name: &str, variables: &Variables) -> Result<Value, ScenarioError> {
        if let Some(place) = name.strip_prefix("uid ") {
            let place = plain(&self.fill(node, place.trim(), variables)?);
            let parts: Vec<&str> = place.split('/').collect();
            let uid = match (parts.as_slice(), parts.first().and_then(|word| Kind::from_word(word))) {
                ([_, name], Some(kind)) if !kind.namespaced() => uid_of(kind.name(), "", name),
                ([_, namespace, name], Some(kind)) if kind.namespaced() => uid_of(kind.name(), namespace, name),
                _ => {
                    let fix = "write ${uid pvc/NAMESPACE/NAME}, or ${uid pv/NAME} for what has no namespace";
                    return Err(node.wrong(self.file, format!("\"{place}\" names no object"), fix));
                }
            };
            return Ok(uid.into());
        }
        let found = variables.iter().find(|(known, _)| known == name.trim());
        found.map(|(_, value)| value.clone()).ok_or_else(|| {
            let mut known: Vec<&str> = variables.iter().map(|(known, _)| known.as_str()).collect();
            known.dedup();
            let fix = if known.is_empty() {
                "only inside a repeat are there names to fill in; write $${ for a plain ${".to_owned()
            } else {
                format!("use one of {}, or write $${{ for a plain ${{", known.join(", "))
            };
            node.wrong(self.file, format!("nothing is called \"{name}\" here"), fix)
        })
    }

    fn time(&self, node: &Node, value: &Value) -> Result<Value, ScenarioError> {
        let Value::String(text) = value else {
            return if value.is_null() {
                Ok(Value::Null)
            } else {
                Err(self.no_time(node, &plain(value)))
            };
        };
        let at = match text.strip_prefix('-') {
            Some(span) => doc::span(span).and_then(|span| self.now.checked_sub(span).ok()),
            None => text.parse::<Timestamp>().ok(),
        };
        at.map(|at| doc::stamp(at).into())
            .ok_or_else(|| self.no_time(node, text))
    }

    fn no_time(&self, node: &Node, text: &str) -> ScenarioError {
        let fix = "write a span before now (-41d, -3h12m, -90s) or a time (2026-04-27T10:50:00Z)";
        node.wrong(self.file, format!("\"{text}\" is no time"), fix)
    }
}

/// Whether the fields of a node are a manifest's, whose times are resolved.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Read {
    Manifest,
    Plain,
}

fn is_time(key: &str) -> bool {
    key.ends_with("Timestamp") || key.ends_with("Time") || ["startedAt", "finishedAt", "age", "deployed"].contains(&key)
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Splits after the `}` that closes what was opened, counting `${` within.
fn split_at_close(text: &str) -> Option<(&str, &str)> {
    let mut depth = 0_u32;
    for (at, letter) in text.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => return Some((text.get(..at)?, text.get(at + 1..)?)),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

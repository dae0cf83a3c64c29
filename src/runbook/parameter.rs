//! The parameters of a runbook: what each may be, and which value counts in the end and where it comes from.

use super::reading::{Fields, Reader, listed, nearest};
use super::value::{Type, Value};
use crate::model::placeholder;
use crate::model::redact::{looks_secret_name, looks_secret_value};
use crate::model::yaml::{Node, Tree};
use regex::{Regex, RegexBuilder};
use std::fmt;

const FIELDS: &[&str] = &[
    "type",
    "description",
    "default",
    "required",
    "origin",
    "values",
    "pattern",
    "min",
    "max",
    "secret",
];
/// Bytes that a compiled pattern may take.
const PATTERN: usize = 1 << 20;

/// A parameter as the runbook declares it.
#[derive(Clone, Debug)]
pub struct Parameter {
    pub name: String,
    pub kind: Type,
    pub description: String,
    /// `None`: whoever runs it has to say.
    pub default: Option<Value>,
    /// Where an operator finds the value: a command, a page.
    pub origin: String,
    pattern: Option<Regex>,
    min: Option<Value>,
    max: Option<Value>,
    /// Where the default stands, for its origin.
    default_at: usize,
}

/// All parameters, in the runbook's order.
#[derive(Clone, Debug, Default)]
pub struct Parameters(Vec<Parameter>);

impl Parameters {
    pub fn get(&self, name: &str) -> Option<&Parameter> {
        self.0.iter().find(|parameter| parameter.name == name)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Parameter> {
        self.0.iter()
    }

    pub(super) fn names(&self) -> Vec<&str> {
        self.0.iter().map(|parameter| parameter.name.as_str()).collect()
    }

    pub(super) fn read(reader: &mut Reader<'_>, node: &Node) -> Self {
        let entries = reader.map(node, "`parameters`");
        let mut all = Vec::new();
        for (word, node) in entries {
            let name = word.text.as_str();
            let letters = name.chars().all(|letter| letter.is_ascii_alphanumeric());
            if !letters || !name.starts_with(|letter: char| letter.is_ascii_lowercase()) {
                reader.fault(
                    &word.at,
                    format!("`{name}` is no name for a parameter"),
                    "write letters and digits, beginning with a small letter, as in backupPlan",
                );
                continue;
            }
            if looks_secret_name(name) {
                reader.fault(
                    &word.at,
                    format!("the parameter `{name}` would hold a secret"),
                    "values stand in the journal and on the screen: keep the secret in the cluster or in a file of \
                     yours, and make its name or path the parameter",
                );
                continue;
            }
            if let Some(parameter) = Parameter::read(reader, name, node) {
                all.push(parameter);
            }
        }
        Self(all)
    }
}

impl Parameter {
    fn read(reader: &mut Reader<'_>, name: &str, node: &Node) -> Option<Self> {
        let fields = reader.fields(node, "a parameter", FIELDS)?;
        let kind = kind(reader, fields)?;
        if let Some(node) = fields.get("secret")
            && reader.flag(node, "`secret`") == Some(true)
        {
            reader.fault(
                &node.at,
                "a secret cannot be a parameter",
                "values stand in the journal and on the screen: make its name or path the parameter",
            );
        }
        let mut words = |field: &str| {
            let said = fields
                .get(field)
                .and_then(|node| reader.text(node, &format!("`{field}`")));
            said.map(|said| said.text).unwrap_or_default()
        };
        let (description, origin) = (words("description"), words("origin"));
        let mut parameter = Self {
            name: name.to_owned(),
            kind,
            description,
            default: None,
            origin,
            pattern: None,
            min: None,
            max: None,
            default_at: 0,
        };
        parameter.pattern = parameter.read_pattern(reader, fields);
        parameter.min = parameter.read_bound(reader, fields, "min");
        parameter.max = parameter.read_bound(reader, fields, "max");
        if let (Some(min), Some(max)) = (&parameter.min, &parameter.max)
            && min.rank() > max.rank()
            && let Some(node) = fields.get("min")
        {
            reader.fault(&node.at, format!("min {min} is more than max {max}"), "turn them round");
        }
        parameter.read_default(reader, fields);
        Some(parameter)
    }

    fn read_default(&mut self, reader: &mut Reader<'_>, fields: Fields<'_>) {
        let required = fields.get("required").and_then(|node| reader.flag(node, "`required`"));
        match (fields.get("default"), required) {
            (None, Some(true)) => {}
            (None, None | Some(false)) => {
                let told = format!("the parameter `{}` is neither required nor has it a default", self.name);
                reader.fault(fields.at, told, "add `required: true` or a `default`");
            }
            (Some(node), Some(true)) => {
                let told = format!("the parameter `{}` is required and has a default", self.name);
                reader.fault(
                    &node.at,
                    told,
                    "a required value is said anew each time: drop one of them",
                );
            }
            (Some(node), None | Some(false)) => {
                self.default_at = node.at.start;
                let Some(text) = literal(reader, node, "`default`") else {
                    return;
                };
                match self.judge(&text) {
                    Ok(value) => self.default = Some(value),
                    Err(why) => reader.fault(&node.at, format!("the default {why}"), "correct it"),
                }
            }
        }
    }

    fn read_pattern(&self, reader: &mut Reader<'_>, fields: Fields<'_>) -> Option<Regex> {
        let node = fields.get("pattern")?;
        let said = reader.text(node, "`pattern`")?;
        if !matches!(self.kind, Type::String | Type::Name) {
            let told = format!("a {} has no pattern", self.kind.word());
            reader.fault(&node.at, told, "only `string` and `name` have");
            return None;
        }
        let whole = format!("^(?:{})$", said.text);
        match RegexBuilder::new(&whole).size_limit(PATTERN).build() {
            Ok(pattern) => Some(pattern),
            Err(error) => {
                let why = error.to_string();
                let why = why
                    .lines()
                    .last()
                    .unwrap_or_default()
                    .trim_start_matches("error: ")
                    .to_owned();
                reader.fault(
                    &node.at,
                    format!("the pattern cannot be read: {why}"),
                    "write a regular expression",
                );
                None
            }
        }
    }

    fn read_bound(&self, reader: &mut Reader<'_>, fields: Fields<'_>, field: &str) -> Option<Value> {
        let node = fields.get(field)?;
        if !matches!(self.kind, Type::Int | Type::Duration | Type::Quantity) {
            let told = format!("a {} has no {field}", self.kind.word());
            reader.fault(&node.at, told, "only `int`, `duration` and `quantity` have");
            return None;
        }
        let text = literal(reader, node, &format!("`{field}`"))?;
        match self.kind.read(&text) {
            Ok(value) => Some(value),
            Err(why) => {
                reader.fault(
                    &node.at,
                    format!("`{field}` is no {}: {why}", self.kind.word()),
                    "correct it",
                );
                None
            }
        }
    }

    /// Whether a value is one of this parameter's; `Err` says why not.
    pub(super) fn judge(&self, text: &str) -> Result<Value, String> {
        if let Some(left) = placeholder::find(text) {
            return Err(format!("{text:?} holds the placeholder {left}"));
        }
        let value = self
            .kind
            .read(text)
            .map_err(|why| format!("{text:?} will not do: {why}"))?;
        if looks_secret_value(text) {
            return Err("looks like a secret, and values stand in the journal and on the screen".to_owned());
        }
        if let Some(pattern) = &self.pattern
            && !pattern.is_match(text)
        {
            let shape = pattern.as_str();
            let shape = shape
                .strip_prefix("^(?:")
                .and_then(|rest| rest.strip_suffix(")$"))
                .unwrap_or(shape);
            return Err(format!("{text:?} does not match {shape}"));
        }
        if let Some(min) = self.min.as_ref().filter(|min| value.rank() < min.rank()) {
            return Err(format!("{text} is less than {min}"));
        }
        if let Some(max) = self.max.as_ref().filter(|max| value.rank() > max.rank()) {
            return Err(format!("{text} is more than {max}"));
        }
        Ok(value)
    }

    pub(super) const fn default_at(&self) -> usize {
        self.default_at
    }

    /// `duration of 1m to 1h`, `name matching db-.*`.
    pub fn shape(&self) -> String {
        let mut shape = match &self.kind {
            Type::Enum(words) => words.join(" | "),
            kind => kind.word().to_owned(),
        };
        match (&self.min, &self.max) {
            (Some(min), Some(max)) => shape.extend([" of ", &min.to_string(), " to ", &max.to_string()]),
            (Some(min), None) => shape.extend([" from ", &min.to_string()]),
            (None, Some(max)) => shape.extend([" up to ", &max.to_string()]),
            (None, None) => {}
        }
        if let Some(pattern) = &self.pattern {
            let text = pattern.as_str();
            let text = text
                .strip_prefix("^(?:")
                .and_then(|rest| rest.strip_suffix(")$"))
                .unwrap_or(text);
            shape.extend([" matching ", text]);
        }
        shape
    }
}

fn kind(reader: &mut Reader<'_>, fields: Fields<'_>) -> Option<Type> {
    let words: Vec<&str> = Type::WORDS.iter().map(|(word, _)| *word).collect();
    let node = fields.need(reader, "type", &format!("it is {}", listed(&words)))?;
    let at: Vec<(&str, usize)> = words.iter().enumerate().map(|(at, word)| (*word, at)).collect();
    let at = reader.word(node, "`type`", &at)?;
    let kind = Type::WORDS.into_iter().nth(at).map(|(_, kind)| kind)?;
    if !matches!(kind, Type::Enum(_)) {
        if let Some(node) = fields.get("values") {
            reader.fault(&node.at, format!("a {} has no values", kind.word()), "only `enum` has");
        }
        return Some(kind);
    }
    let node = fields.need(reader, "values", "list the words it may be")?;
    let mut words = Vec::new();
    for item in reader.list(node, "`values`") {
        let Some(said) = reader.filled(item, "a word of `values`") else {
            continue;
        };
        if words.contains(&said.text) {
            reader.fault(
                &said.at,
                format!("`{}` stands here twice", said.text),
                "keep one of them",
            );
        }
        words.push(said.text);
    }
    if words.is_empty() {
        reader.fault(
            &node.at,
            "an enum without words can be nothing",
            "list the words it may be",
        );
    }
    Some(Type::Enum(words))
}

/// A scalar as it would be typed after `--set`.
pub(super) fn literal(reader: &mut Reader<'_>, node: &Node, what: &str) -> Option<String> {
    match &node.tree {
        Tree::Text(text) => Some(text.clone()),
        Tree::Flag(flag) => Some(flag.to_string()),
        Tree::Number(number) => Some(number.to_string()),
        Tree::Nothing | Tree::Fraction | Tree::List(_) | Tree::Map(_) => {
            let told = format!("{what} is one value, not {}", node.tree.noun());
            reader.fault(&node.at, told, "write one value; put it in quotes if in doubt");
            None
        }
    }
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The runbook's own default, with its place.
    Default(String),
    /// A file of values, with the place in it.
    File(String),
    /// `--set`.
    Flag,
    /// As a journal keeps it: where the value came from when the run began.
    Kept(String),
}

/// `default (runbook.yaml:8:14)`, `values.yaml:2:10`, `--set`.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default(place) => write!(f, "default ({place})"),
            Self::File(place) | Self::Kept(place) => f.write_str(place),
            Self::Flag => f.write_str("--set"),
        }
    }
}

/// The parameter a person most likely meant.
pub(super) fn meant<'p>(name: &str, parameters: &'p Parameters) -> Option<&'p str> {
    nearest(name, &parameters.names())
}

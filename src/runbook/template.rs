//! Texts with `${parameter}` in them: read once, filled in once, never expanded again.
//!
//! What a parameter's value holds is never read as a template: a value `${other}` stays these eight letters.

use super::parameter::{Parameter, Parameters};
use super::reading::{Reader, Said, nearest};
use super::value::Value;
use std::collections::BTreeMap;
use std::ops::Range;

/// A text and the parameters in it. `$${` writes `${` itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// As it stands in the runbook.
    written: String,
    parts: Vec<Part>,
    pub(super) at: Range<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Plain(String),
    Parameter(String),
}

/// The values of all parameters, by name.
pub type Values = BTreeMap<String, Value>;

impl Template {
    /// Reads a text; a parameter that is not declared is a fault where it stands.
    pub(super) fn read(reader: &mut Reader<'_>, said: &Said, parameters: &Parameters) -> Option<Self> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = said.text.as_str();
        let mut sound = true;
        while let Some(at) = rest.find("${") {
            let (before, begun) = (rest.get(..at)?, rest.get(at..)?);
            if let Some(escaped) = before.strip_suffix('$') {
                plain.push_str(escaped);
                plain.push_str("${");
                rest = begun.get(2..)?;
                continue;
            }
            plain.push_str(before);
            let Some(end) = begun.find('}') else {
                let place = reader.source.within(&said.at, begun);
                reader.fault(
                    &place,
                    "`${` has no `}`",
                    "close it, or write `$${` for the letters themselves",
                );
                return None;
            };
            let (whole, name) = (begun.get(..=end)?, begun.get(2..end)?);
            if declared(reader, said, parameters, whole, name) {
                if !plain.is_empty() {
                    parts.push(Part::Plain(std::mem::take(&mut plain)));
                }
                parts.push(Part::Parameter(name.to_owned()));
            } else {
                sound = false;
            }
            rest = begun.get(end + 1..)?;
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            parts.push(Part::Plain(plain));
        }
        sound.then(|| Self {
            written: said.text.clone(),
            parts,
            at: said.at.clone(),
        })
    }

    /// As it stands in the runbook.
    pub fn written(&self) -> &str {
        &self.written
    }

    /// The parameter, when the text is nothing but one.
    pub(super) fn only(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [Part::Parameter(name)] => Some(name),
            _ => None,
        }
    }

    /// No parameter stands in it.
    pub(super) fn fixed(&self) -> bool {
        self.parts.iter().all(|part| matches!(part, Part::Plain(_)))
    }

    /// The text before the first parameter.
    pub(super) fn head(&self) -> &str {
        match self.parts.first() {
            Some(Part::Plain(plain)) => plain,
            Some(Part::Parameter(_)) | None => "",
        }
    }

    /// The text with the values in it.
    pub fn fill(&self, values: &Values) -> String {
        let filled = self.parts.iter().map(|part| match part {
            Part::Plain(plain) => plain.clone(),
            Part::Parameter(name) => values.get(name).map(ToString::to_string).unwrap_or_default(),
        });
        filled.collect()
    }
}

fn declared(reader: &mut Reader<'_>, said: &Said, parameters: &Parameters, whole: &str, name: &str) -> bool {
    let place = reader.source.within(&said.at, whole);
    if parameters.get(name).is_some() {
        return true;
    }
    let known: Vec<&str> = parameters.iter().map(|known: &Parameter| known.name.as_str()).collect();
    let fix = match nearest(name, &known) {
        Some(near) => format!("did you mean `${{{near}}}`?"),
        None => format!("declare it under `parameters`, or write `$${{{name}}}` for the letters themselves"),
    };
    reader.fault(&place, format!("there is no parameter `{name}`"), fix);
    false
}

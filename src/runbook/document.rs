//! A YAML text as a tree in which every word knows its place. The only file that knows the YAML library.
//!
//! Bounded before and while it is read: size, depth, number of nodes; anchors, aliases, merge keys and further documents
//! are refused, so that a text is never larger than it looks.

use super::fault::{Fault, Faults, Source};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{DeserializeError, DuplicateKeyPolicy, MergeKeyPolicy, Spanned};
use std::fmt;
use std::ops::Range;

/// Bytes of a runbook.
pub(super) const SIZE: usize = 256 << 10;
/// Maps and lists within one another.
const DEPTH: usize = 24;
/// Maps, lists and scalars.
const NODES: usize = 20_000;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) at: Range<usize>,
    pub(super) tree: Tree,
}

#[derive(Clone, Debug)]
pub(super) enum Tree {
    Nothing,
    Flag(bool),
    Number(i64),
    /// A number that is not whole: nothing in a runbook is one, so it is told as what it is.
    Fraction,
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Word, Node)>),
}

/// A key of a map.
#[derive(Clone, Debug)]
pub(super) struct Word {
    pub(super) at: Range<usize>,
    pub(super) text: String,
}

impl Tree {
    /// What it is, as an error says it.
    pub(super) const fn noun(&self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Flag(_) => "true or false",
            Self::Number(_) => "a number",
            Self::Fraction => "a fraction",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
        }
    }
}

/// Reads a text.
pub(super) fn read(source: &Source) -> Result<Node, Faults> {
    let text = source.text.as_str();
    if text.len() > SIZE {
        let told = format!("the file has {} bytes", text.len());
        let fix = format!("a runbook has at most {} KiB; split it", SIZE >> 10);
        return Err(Faults::whole(source, told, fix));
    }
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_anchors: 0,
            max_aliases: 0,
            max_depth: DEPTH,
            flow_nesting_limit: DEPTH,
            max_nodes: NODES,
            max_events: 4 * NODES,
            max_documents: 1,
            max_merge_keys: 0,
            max_inclusion_depth: 0,
        },
        duplicate_keys: DuplicateKeyPolicy::Error,
        merge_keys: MergeKeyPolicy::Error,
        strict_booleans: true,
        reject_unsupported_tags: true,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options::<Spanned<Tree>>(text, options)
        .map(placed)
        .map_err(|error| broken(source, &error))
}

/// The bytes of a location; nothing at the end of the text where the library does not know.
fn range(text: &str, location: &serde_saphyr::Location) -> Range<usize> {
    let span = location.span();
    let (Some(start), Some(length)) = (span.byte_offset(), span.byte_len()) else {
        let start = byte(text, location.line(), location.column());
        return start..start;
    };
    let index = |number: u64| usize::try_from(number).unwrap_or(usize::MAX).min(text.len());
    index(start)..index(start.saturating_add(length))
}

/// The byte of a line and a column, both from 1.
fn byte(text: &str, line: u64, column: u64) -> usize {
    let line = usize::try_from(line).unwrap_or(usize::MAX).saturating_sub(1);
    let column = usize::try_from(column).unwrap_or(usize::MAX).saturating_sub(1);
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let rest = text.get(start..).unwrap_or_default();
    start + rest.char_indices().nth(column).map_or(rest.len(), |(at, _)| at)
}

/// What the library found wrong, in our words where an operator can do something about it.
fn broken(source: &Source, error: &DeserializeError) -> Faults {
    use serde_saphyr::budget::BudgetBreach;
    let error = error.without_snippet();
    let at = error.location().map_or(0..0, |place| range(&source.text, &place));
    let (told, fix) = match error {
        DeserializeError::DuplicateMappingKey { key, .. } => (
            format!(
                "{} stands here twice",
                key.as_ref().map_or("a key".to_owned(), |key| format!("`{key}`"))
            ),
            "keep one of them".to_owned(),
        ),
        DeserializeError::UnknownAnchor { .. } => (
            "anchors (`&x`) and aliases (`*x`) are not read".to_owned(),
            "write the value out where it is used".to_owned(),
        ),
        DeserializeError::MergeKeyNotAllowed { .. } => (
            "merge keys (`<<`) are not read".to_owned(),
            "write the fields out".to_owned(),
        ),
        DeserializeError::MultipleDocuments { .. } => (
            "a second document begins here".to_owned(),
            "one file holds one runbook".to_owned(),
        ),
        DeserializeError::Budget { breach, .. } => match breach {
            BudgetBreach::Anchors { .. } | BudgetBreach::Aliases { .. } | BudgetBreach::AliasAnchorRatio { .. } => (
                "anchors (`&x`) and aliases (`*x`) are not read".to_owned(),
                "write the value out where it is used".to_owned(),
            ),
            BudgetBreach::Documents { .. } => (
                "a second document begins here".to_owned(),
                "one file holds one runbook".to_owned(),
            ),
            BudgetBreach::Depth { .. } => too_deep(),
            BudgetBreach::MergeKeys { .. } => (
                "merge keys (`<<`) are not read".to_owned(),
                "write the fields out".to_owned(),
            ),
            _ => (
                format!("the file holds more than {NODES} values"),
                "split the runbook".to_owned(),
            ),
        },
        other => match plain(&other.to_string()) {
            // how the scanner calls the depth of flow collections
            told if told == "recursion limit exceeded" => too_deep(),
            told => (told, "correct the YAML".to_owned()),
        },
    };
    match Faults::of(source, vec![Fault::new(&at, told, fix)]) {
        Some(faults) => faults,
        None => Faults::whole(source, "the YAML cannot be read", "correct it"),
    }
}

fn too_deep() -> (String, String) {
    let told = format!("maps and lists stand more than {DEPTH} deep in one another");
    (told, "a runbook needs no more than ten levels".to_owned())
}

/// The library's sentence without the place, which is told beside it.
fn plain(sentence: &str) -> String {
    let first = sentence.lines().next().unwrap_or_default().trim();
    let first = first.strip_prefix("error: ").unwrap_or(first);
    let rest = match first.strip_prefix("line ") {
        Some(placed) => placed.split_once(": ").map_or(first, |(_, rest)| rest),
        None => first,
    };
    let rest = rest.split(" at line ").next().unwrap_or(rest);
    rest.trim_end_matches('.').to_owned()
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Flag(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Number(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(i64::try_from(value).map_or(Tree::Fraction, Tree::Number))
    }

    fn visit_i128<E>(self, _: i128) -> Result<Tree, E> {
        Ok(Tree::Fraction)
    }

    fn visit_u128<E>(self, _: u128) -> Result<Tree, E> {
        Ok(Tree::Fraction)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Tree, E> {
        Ok(Tree::Fraction)
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Tree, E> {
        Ok(Tree::Text(value))
    }

    fn visit_bytes<E>(self, _: &[u8]) -> Result<Tree, E> {
        Ok(Tree::Fraction)
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Nothing)
    }

    fn visit_none<E>(self) -> Result<Tree, E> {
        Ok(Tree::Nothing)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element::<Spanned<Tree>>()? {
            list.push(placed(item));
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Tree, A::Error> {
        let mut map = Vec::new();
        while let Some((key, value)) = entries.next_entry::<Spanned<String>, Spanned<Tree>>()? {
            let word = Word {
                at: bytes(&key.referenced),
                text: key.value,
            };
            map.push((word, placed(value)));
        }
        Ok(Tree::Map(map))
    }
}

fn placed(found: Spanned<Tree>) -> Node {
    Node {
        at: bytes(&found.referenced),
        tree: found.value,
    }
}

fn bytes(location: &serde_saphyr::Location) -> Range<usize> {
    let span = location.span();
    let index = |number: Option<u64>| number.and_then(|number| usize::try_from(number).ok()).unwrap_or(0);
    let start = index(span.byte_offset());
    start..start.saturating_add(index(span.byte_len()))
}

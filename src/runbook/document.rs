//! The YAML text of a runbook, read within its bounds; what the library refuses is told as a fault.
//!
//! Bounded before and while it is read: size, depth, number of nodes; anchors, aliases, merge keys and further documents
//! are refused, so that a text is never larger than it looks.

use super::fault::{Fault, Faults, Source};
use crate::model::yaml::{self, Node, Root};
use serde_saphyr::{DeserializeError, DuplicateKeyPolicy, MergeKeyPolicy};
use std::ops::Range;

/// Bytes of a runbook.
pub(super) const SIZE: usize = 256 << 10;
/// Maps and lists within one another.
const DEPTH: usize = 24;
/// Maps, lists and scalars.
const NODES: usize = 20_000;

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
    serde_saphyr::from_str_with_options::<Root>(text, options)
        .map(yaml::placed)
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

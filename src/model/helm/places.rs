//! Where each value of a file of values stands: line and column, by the path that [`super::Leaves`] gives it.

use super::leaves::{further, names};
use crate::model::yaml::{self, Node, Root, Tree};
use serde_json::Value;
use std::collections::BTreeMap;

/// How deep a file is looked into.
const DEPTH: usize = 128;

/// Line and column, both from 1.
pub type Place = (u64, u64);

/// Of every leaf where it stands; nothing of a text that is no YAML.
pub fn places(text: &str) -> BTreeMap<String, Place> {
    let mut found = BTreeMap::new();
    if let Ok(root) = serde_saphyr::from_str::<Root>(text) {
        let starts: Vec<usize> = text
            .split_inclusive('\n')
            .scan(0, |at, line| {
                let start = *at;
                *at += line.len();
                Some(start)
            })
            .collect();
        walk(&yaml::placed(root), "", DEPTH, &mut |path, at| {
            found.insert(path, place(text, &starts, at));
        });
    }
    found
}

fn walk(node: &Node, path: &str, depth: usize, found: &mut impl FnMut(String, usize)) {
    let Some(deeper) = depth.checked_sub(1) else { return };
    match &node.tree {
        Tree::Map(fields) if !fields.is_empty() => {
            for (word, value) in fields {
                walk(value, &further(path, &word.text), deeper, found);
            }
        }
        Tree::List(items) if !items.is_empty() => {
            let heads: Vec<Value> = items.iter().map(head).collect();
            let names = names(&heads);
            for (at, item) in items.iter().enumerate() {
                let name = names.as_ref().and_then(|names| names.get(at));
                let path = name.map_or_else(|| format!("{path}[{at}]"), |name| format!("{path}[{name}]"));
                walk(item, &path, deeper, found);
            }
        }
        Tree::Nothing
        | Tree::Flag(_)
        | Tree::Number(_)
        | Tree::Fraction
        | Tree::Text(_)
        | Tree::List(_)
        | Tree::Map(_) => found(path.to_owned(), node.at.start),
    }
}

/// The name of a list's element, as [`names`] asks for it.
fn head(item: &Node) -> Value {
    let Tree::Map(fields) = &item.tree else {
        return Value::Null;
    };
    let name = fields.iter().find(|(word, _)| word.text == "name");
    match name.map(|(_, value)| &value.tree) {
        Some(Tree::Text(text)) => serde_json::json!({ "name": text }),
        _ => Value::Null,
    }
}

/// Line and column of a byte; `starts` are the first bytes of the lines.
fn place(text: &str, starts: &[usize], at: usize) -> Place {
    let line = starts.partition_point(|start| *start <= at);
    let start = line
        .checked_sub(1)
        .and_then(|line| starts.get(line))
        .copied()
        .unwrap_or(0);
    let column = text.get(start..at).map_or(0, |before| before.chars().count());
    let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    (number(line), number(column + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_leaf_stands_at_its_line_and_column() {
        let text = "# head\ndb:\n  password: x   # y\n  ports: [1, 2]\n  hosts:\n    - name: a\n      url: \"u\"\n\"a.b\": {}\nnone:\n";
        let found: Vec<String> = places(text)
            .into_iter()
            .map(|(path, (line, column))| format!("{path} {line}:{column}"))
            .collect();
        assert_eq!(
            found,
            [
                "[\"a.b\"] 8:8",
                "db.hosts[a].name 6:13",
                "db.hosts[a].url 7:12",
                "db.password 3:13",
                "db.ports[0] 4:11",
                "db.ports[1] 4:14",
                "none 9:5",
            ]
        );
        assert!(places("a: [").is_empty());
    }
}

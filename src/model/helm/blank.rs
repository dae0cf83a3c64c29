//! Values that nobody has filled in: in a file of values, in what a chart renders of them, in what a record stores. Says where
//! each stands; of a value itself nothing is kept but the placeholder.

use super::leaves::{further, names, plain_secret};
use crate::model::Text;
use crate::model::placeholder::{find, find_rendered, shown};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// How deep a tree of values is looked into.
const DEPTH: usize = 128;
/// More of one document are not told.
const MOST: usize = 64;

/// One value that waits to be filled in.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Blank {
    /// The file with line and column (`values.yaml:12:9`), or the object.
    pub place: Text,
    /// The path of the value: `database.password`.
    pub path: Text,
    /// The placeholder: `REPLACE_ME`, `<…>`.
    pub what: Text,
}

/// `values.yaml:12:9 database.password: REPLACE_ME`.
impl fmt::Display for Blank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.place, self.path, self.what)
    }
}

impl Blank {
    /// What is left in a rendered or stored object. The data of a Secret is unpacked for it.
    pub(super) fn of_object(place: &str, object: &Value) -> Vec<Self> {
        let object = plain_secret(object);
        let secret = object.get("kind").and_then(Value::as_str) == Some("Secret");
        let mut blanks = Vec::new();
        let mut take = |path: &str, text: &str| {
            let packed = secret && path.starts_with("data");
            let unpacked = || String::from_utf8(STANDARD.decode(text.trim()).ok()?).ok();
            let text = if packed { unpacked() } else { Some(text.to_owned()) };
            if let Some(found) = text.as_deref().and_then(find_rendered) {
                blanks.push(Self {
                    place: place.into(),
                    path: path.into(),
                    what: shown(found).into(),
                });
            }
        };
        walk(&object, "", DEPTH, &mut take);
        blanks.truncate(MOST);
        blanks
    }

    /// What is left in a file of values: `values` is what `text` comes to.
    pub fn of_values(file: &str, text: &str, values: &Value) -> Vec<Self> {
        let mut blanks = Vec::new();
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        let mut take = |path: &str, value: &str| {
            let Some(found) = find(value) else { return };
            let before = seen.entry(found.to_owned()).or_default();
            let place = match located(text, found, *before) {
                Some((line, column)) => format!("{file}:{line}:{column}"),
                None => file.to_owned(),
            };
            *before += 1;
            blanks.push(Self {
                place: place.into(),
                path: path.into(),
                what: shown(found).into(),
            });
        };
        walk(values, "", DEPTH, &mut take);
        blanks.truncate(MOST);
        blanks
    }
}

fn walk(value: &Value, path: &str, depth: usize, take: &mut impl FnMut(&str, &str)) {
    let Some(deeper) = depth.checked_sub(1) else { return };
    match value {
        Value::String(text) => take(path, text),
        Value::Object(fields) => {
            for (name, value) in fields {
                walk(value, &further(path, name), deeper, take);
            }
        }
        Value::Array(items) => {
            let names = names(items);
            for (at, item) in items.iter().enumerate() {
                let name = names.as_ref().and_then(|names| names.get(at));
                let path = name.map_or_else(|| format!("{path}[{at}]"), |name| format!("{path}[{name}]"));
                walk(item, &path, deeper, take);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Line and column of a placeholder outside of comments, after as many others of its words. A map's values need not come in
/// the order of the file: then it is the place of another one with the same words.
fn located(text: &str, found: &str, before: usize) -> Option<(usize, usize)> {
    let lines = text.lines().enumerate().flat_map(|(at, line)| {
        let end = comment(line);
        let said = line.get(..end).unwrap_or(line);
        said.match_indices(found)
            .map(move |(byte, _)| (at + 1, said.get(..byte).map_or(0, |head| head.chars().count()) + 1))
            .collect::<Vec<_>>()
    });
    lines.into_iter().nth(before)
}

/// Where a line's comment begins: at a `#` at its beginning or after a space.
fn comment(line: &str) -> usize {
    let mut space = true;
    for (at, letter) in line.char_indices() {
        if letter == '#' && space {
            return at;
        }
        space = letter == ' ' || letter == '\t';
    }
    line.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(blanks: &[Blank]) -> Vec<String> {
        blanks.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_file_tells_line_column_and_path() {
        let text = "# REPLACE_ME wherever it stands\ndb:\n  password: REPLACE_ME  # REPLACE_ME, too\n  hosts:\n    - name: a\n      url: http://<your host>/\nname: fine\n";
        let values: Value = serde_saphyr::from_str(text).unwrap();
        let blanks = Blank::of_values("values.yaml", text, &values);
        let mut told = told(&blanks);
        told.sort();
        assert_eq!(
            told,
            [
                "values.yaml:3:13 db.password: REPLACE_ME",
                "values.yaml:6:19 db.hosts[a].url: <…>"
            ]
        );
    }

    #[test]
    fn an_object_tells_its_path_and_a_secret_is_unpacked() {
        let packed = STANDARD.encode("__ROOT_PW__");
        let secret = json!({"apiVersion": "v1", "kind": "Secret", "data": {"root": packed}, "stringData": {"user": "changeme", "ok": "x"}});
        let blanks = Blank::of_object("secret/db", &secret);
        assert_eq!(
            told(&blanks),
            ["secret/db data.root: __ROOT_PW__", "secret/db data.user: changeme"]
        );
        let page = json!({"kind": "ConfigMap", "data": {"index.html": "<html>\n<body>TODO</body>\n</html>\n"}});
        assert!(Blank::of_object("cm/page", &page).is_empty());
    }
}

//! Every value that a chart is rendered with, and where it is from: the chart's own default, a line of a file of values, or what
//! the release was given before (`pkg/action/upgrade.go` `reuseValues`). What looks like a secret is not shown.

use super::Leaves;
use super::places::Place;
use crate::model::Text;
use serde::{Serialize, Serializer};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// One value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Valued {
    /// `mysql.image.tag`.
    pub path: Text,
    /// `None`: it looks like a secret.
    pub value: Option<Text>,
    /// In words.
    #[serde(serialize_with = "words")]
    pub origin: Origin,
}

/// Where a value is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The chart's own `values.yaml`.
    Chart,
    /// A file of values, with line and column where they are known: `values.yaml:12:9`.
    File(Text),
    /// None of the files says it: what the revision before was given.
    Revision(u32),
    /// None of the files that were read says it: one that helm fetches itself does.
    Fetched,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chart => f.write_str("the chart's default"),
            Self::File(place) => f.write_str(place),
            Self::Revision(revision) => write!(f, "revision {revision} of the release"),
            Self::Fetched => f.write_str("a file that helm fetches"),
        }
    }
}

fn words<S: Serializer>(origin: &Origin, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(origin)
}

/// A file of values as helm was given it.
#[derive(Clone, Debug)]
pub struct Said {
    pub file: Text,
    pub values: Leaves,
    pub places: BTreeMap<String, Place>,
}

impl Valued {
    /// What may be shown of it.
    pub fn shown(&self) -> &str {
        self.value.as_ref().map_or("(hidden)", |value| value.as_str())
    }

    /// All that a chart is rendered with: `defaults` are the chart's, `given` what helm was given in all, `files` in their order,
    /// of which the last one counts. `before` is the revision whose values helm takes, where it is
    /// given no file at all.
    pub fn all(defaults: &Value, given: &Value, files: &[Said], before: Option<u32>) -> Vec<Self> {
        let (defaults, given) = (Leaves::of_values(defaults), Leaves::of_values(given));
        let valued = |leaves: &Leaves, path: &Text, origin: Origin| Self {
            path: path.clone(),
            value: leaves.get(path).and_then(|leaf| leaf.shown().cloned()),
            origin,
        };
        let said = |path: &Text| {
            let file = files.iter().rev().find(|file| file.values.get(path).is_some());
            match (file, before) {
                (Some(file), _) => Origin::File(match file.places.get(path.as_str()) {
                    Some((line, column)) => format!("{}:{line}:{column}", file.file).into(),
                    None => file.file.clone(),
                }),
                (None, Some(revision)) => Origin::Revision(revision),
                (None, None) => Origin::Fetched,
            }
        };
        // an empty map changes nothing of the defaults
        let counts = given
            .iter()
            .filter(|(path, leaf)| leaf.shown().is_none_or(|shown| shown != "{}") || !defaults.holds(path));
        let mut all: Vec<Self> = counts.map(|(path, _)| valued(&given, path, said(path))).collect();
        let left = defaults.iter().filter(|(path, _)| !overridden(path, &given));
        all.extend(left.map(|(path, _)| valued(&defaults, path, Origin::Chart)));
        all.sort_by(|one, other| one.path.cmp(&other.path));
        all
    }
}

/// Whether what was given takes the place of a default: at its path, above it, below it, or of the list it stands in.
fn overridden(path: &str, given: &Leaves) -> bool {
    let whole_list = list(path).is_some_and(|list| given.holds(list));
    let mut above = path.match_indices(['.', '[']).filter_map(|(at, _)| path.get(..at));
    given.holds(path)
        || whole_list
        || above.any(|above| {
            given
                .get(above)
                .is_some_and(|leaf| leaf.shown().is_none_or(|shown| shown != "{}"))
        })
}

/// The list that a path goes through: lists are not merged. A name in quotes in brackets is that of a map.
fn list(path: &str) -> Option<&str> {
    let mut brackets = path.match_indices('[').map(|(at, _)| at);
    let at = brackets.find(|at| !path.get(at + 1..).is_some_and(|rest| rest.starts_with('"')))?;
    path.get(..at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::helm::places;
    use serde_json::json;

    fn said(file: &str, text: &str) -> Said {
        let values: Value = serde_saphyr::from_str(text).unwrap();
        Said {
            file: file.into(),
            values: Leaves::of_values(&values),
            places: places(text),
        }
    }

    fn told(all: &[Valued]) -> Vec<String> {
        let line = |one: &Valued| format!("{}={} ({})", one.path, one.shown(), one.origin);
        all.iter().map(line).collect()
    }

    #[test]
    fn each_value_says_where_it_is_from() {
        let defaults = json!({"image": {"tag": "1", "pull": "Always"}, "hosts": ["a", "b"], "extra": {"x": 1}, "off": {"y": 1},
            "rootPassword": "hunter2", "log": {"level": "info"}});
        let files = [
            said("base.yaml", "image:\n  tag: '2'\nhosts: [c]\n"),
            said(
                "mine.yaml",
                "image: {tag: '3'}\noff: null\nextra: {}\nuserPassword: hunter3\n",
            ),
        ];
        let given = json!({"image": {"tag": "3"}, "hosts": ["c"], "off": null, "extra": {}, "userPassword": "hunter3", "far": true});
        let all = Valued::all(&defaults, &given, &files, None);
        assert_eq!(
            told(&all),
            [
                "extra.x=1 (the chart's default)",
                "far=true (a file that helm fetches)",
                "hosts[0]=c (base.yaml:3:9)",
                "image.pull=Always (the chart's default)",
                "image.tag=3 (mine.yaml:1:14)",
                "log.level=info (the chart's default)",
                "off=null (mine.yaml:2:6)",
                "rootPassword=(hidden) (the chart's default)",
                "userPassword=(hidden) (mine.yaml:4:15)",
            ]
        );
        assert!(!format!("{all:?}").contains("hunter"));
    }

    #[test]
    fn an_upgrade_without_a_file_takes_what_the_release_was_given() {
        let all = Valued::all(&json!({"a": 1, "b": 2}), &json!({"b": 3}), &[], Some(4));
        assert_eq!(
            told(&all),
            ["a=1 (the chart's default)", "b=3 (revision 4 of the release)"]
        );
    }
}

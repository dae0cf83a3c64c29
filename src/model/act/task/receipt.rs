//! What a dump or a restore comes to, in the sentence that the journal keeps, and read back from it.

use crate::model::Text;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

/// How many names, at most, counts are kept of.
const NAMES: usize = 4_096;
/// The longest name, in bytes.
const LONGEST: usize = 200;

/// Row counts by table, as a command told them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rows(pub BTreeMap<String, u64>);

/// Row counts in few words: as many tables, as many rows, and a digest of all names and counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    pub tables: usize,
    pub rows: u64,
    pub digest: Text,
}

/// What a dump or a restore came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub bytes: u64,
    /// SHA-256, hexadecimal, found equal on both ends.
    pub sha256: Text,
    pub rows: Option<Tally>,
}

impl Rows {
    /// Reads counts: a JSON object of numbers, or lines of a name and a number.
    ///
    /// # Errors
    /// A sentence that says what cannot be read. The text is a stranger's: nothing of it is passed on.
    pub fn read(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let counts: BTreeMap<String, u64> = if text.starts_with('{') {
            serde_json::from_str(text)
                .map_err(|error| format!("the row counts are no JSON object of numbers: {error}"))?
        } else {
            let mut counts = BTreeMap::new();
            for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
                let words: Vec<&str> = line
                    .split(['|', '\t', ' ', ','])
                    .filter(|word| !word.is_empty())
                    .collect();
                let [name, count] = words.as_slice() else {
                    return Err(format!("line {} of the row counts is no name and a number", at + 1));
                };
                let count = count
                    .trim()
                    .parse()
                    .map_err(|_error| format!("line {} of the row counts ends in no number", at + 1))?;
                if counts.insert((*name).to_owned(), count).is_some() {
                    return Err(format!("line {} of the row counts counts a table again", at + 1));
                }
                if counts.len() > NAMES {
                    break;
                }
            }
            counts
        };
        if counts.is_empty() {
            return Err("the row counts are empty".to_owned());
        }
        if counts.len() > NAMES || counts.keys().any(|name| name.len() > LONGEST) {
            return Err(format!(
                "the row counts have more than {NAMES} names, or one of more than {LONGEST} bytes"
            ));
        }
        Ok(Self(counts))
    }

    pub fn tally(&self) -> Tally {
        let mut digest = Sha256::new();
        for (name, count) in &self.0 {
            digest.update(name.as_bytes());
            digest.update([0]);
            digest.update(count.to_be_bytes());
        }
        let mut short = String::new();
        for byte in digest.finalize().iter().take(8) {
            // writing to a String cannot fail
            write!(short, "{byte:02x}").unwrap_or_default();
        }
        Tally {
            tables: self.0.len(),
            rows: self.0.values().fold(0_u64, |sum, count| sum.saturating_add(*count)),
            digest: short.into(),
        }
    }

    /// What is another there, one sentence each: at most five, then how many more.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let mut told = Vec::new();
        for (name, count) in &self.0 {
            match other.0.get(name) {
                None => told.push(format!("{} had {count}, and is not counted any more", plain(name))),
                Some(now) if now != count => told.push(format!("{} had {count}, now {now}", plain(name))),
                Some(_) => {}
            }
        }
        for (name, count) in &other.0 {
            if !self.0.contains_key(name) {
                told.push(format!("{} has {count}, and was not counted before", plain(name)));
            }
        }
        let more = told.len().saturating_sub(5);
        told.truncate(5);
        if more > 0 {
            told.push(format!("and {more} more"));
        }
        told
    }
}

/// A name of a stranger's, as it may be shown.
fn plain(name: &str) -> String {
    name.escape_debug().take(60).collect()
}

impl Receipt {
    /// Finds a receipt in a sentence that holds one.
    pub fn read(sentence: &str) -> Option<Self> {
        let at = sentence.find("received ").map(|at| at + "received ".len())?;
        let mut words = sentence.get(at..)?.split_whitespace();
        let bytes = words.next()?.parse().ok()?;
        (words.next()? == "bytes").then_some(())?;
        (words.next()? == "sha256").then_some(())?;
        let sha256 = words.next()?.trim_end_matches([',', ';', '.']);
        (sha256.len() == 64 && sha256.chars().all(|digit| digit.is_ascii_hexdigit())).then_some(())?;
        let rows = match words.next() {
            Some("rows") => Some(Tally {
                rows: words.next()?.parse().ok()?,
                tables: {
                    (words.next()? == "in").then_some(())?;
                    words.next()?.parse().ok()?
                },
                digest: {
                    (words.next()? == "tables").then_some(())?;
                    words.next()?.trim_end_matches([',', ';', '.']).into()
                },
            }),
            _ => None,
        };
        Some(Self {
            bytes,
            sha256: sha256.into(),
            rows,
        })
    }
}

/// `received 1024 bytes sha256 ab… rows 42 in 3 tables 1f2e3d4c5b6a7988`.
impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "received {} bytes sha256 {}", self.bytes, self.sha256)?;
        if let Some(rows) = &self.rows {
            write!(f, " rows {} in {} tables {}", rows.rows, rows.tables, rows.digest)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_receipt_is_read_back_from_its_sentence(bytes: u64, sha256 in "[0-9a-f]{64}", rows in proptest::option::of(("[0-9a-f]{16}", any::<u32>(), any::<u64>())), before in "[a-z :;]{0,20}", after in "( |; )[a-z /:;]{0,20}") {
            let receipt = Receipt {
                bytes,
                sha256: sha256.as_str().into(),
                rows: rows.map(|(digest, tables, rows)| Tally { tables: tables as usize, rows, digest: digest.as_str().into() }),
            };
            prop_assume!(!before.contains("received ") && !after.trim_start().starts_with("rows"));
            prop_assert_eq!(Receipt::read(&format!("{before}{receipt}{after}")), Some(receipt));
        }

        #[test]
        fn any_text_is_counts_or_a_sentence(text in ".{0,200}") {
            drop(Rows::read(&text));
            drop(Receipt::read(&text));
        }
    }

    #[test]
    fn counts_are_read_as_json_and_as_lines() {
        let wanted = Rows([("a".to_owned(), 1), ("b.c".to_owned(), 20)].into());
        for text in [
            "{\"a\": 1, \"b.c\": 20}",
            "a 1\nb.c 20\n",
            "a|1\nb.c|20",
            " a\t1 \n\n b.c | 20 ",
        ] {
            assert_eq!(Rows::read(text).as_ref(), Ok(&wanted), "{text:?}");
        }
        for text in [
            "",
            "  \n",
            "a",
            "a b",
            "a 1\na 2",
            "{\"a\": -1}",
            "{\"a\": \"1\"}",
            "a 1 2",
            "a -1",
            "[1]",
        ] {
            assert!(Rows::read(text).is_err(), "{text:?}");
        }
        let many: Vec<String> = (0..5_000).map(|at| format!("t{at} 1\n")).collect();
        let many = many.concat();
        assert!(Rows::read(&many).is_err());
    }

    #[test]
    fn what_differs_is_named_and_not_at_length() {
        let had = Rows::read("a 1\nb 2\nc 3").unwrap();
        let has = Rows::read("a 1\nb 1\nd 4").unwrap();
        assert_eq!(
            had.differences(&has),
            [
                "b had 2, now 1",
                "c had 3, and is not counted any more",
                "d has 4, and was not counted before"
            ]
        );
        assert_ne!(had.tally(), has.tally());
        assert_eq!(had.differences(&had), Vec::<String>::new());
    }
}

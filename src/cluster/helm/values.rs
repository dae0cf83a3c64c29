//! Files of values, read as helm will read them: what is left to fill in in them, and what must not be shown of them.

use crate::model::Text;
use crate::model::helm::{Blank, Leaves, Said, places};
use serde_json::Value;
use std::fmt;

/// The largest file that is read, in bytes.
const LARGEST: u64 = 4 << 20;

/// A file of values. Its text and its values leave `cluster` only as a mask, as blanks, and
/// without what looks like a secret.
pub(in crate::cluster) struct File {
    pub(in crate::cluster) values: Value,
    pub(in crate::cluster) blanks: Vec<Blank>,
    pub(in crate::cluster) said: Said,
}

/// What is left to fill in in a file of values, under the name it was given by; or, in a sentence without any value in it, why
/// it cannot be read.
pub async fn blanks(file: &str) -> (Text, Result<Vec<Blank>, Text>) {
    let blanks = read(file).await.map(|read| read.blanks).map_err(Text::from);
    (file.into(), blanks)
}

/// Reads a file.
pub(in crate::cluster) async fn read(file: &str) -> Result<File, String> {
    let broken = |why: &dyn fmt::Display| format!("the values file {file} cannot be read: {why}");
    let metadata = tokio::fs::metadata(file).await.map_err(|error| broken(&error))?;
    if metadata.len() > LARGEST {
        return Err(broken(&"it is larger than 4 MiB"));
    }
    let text = tokio::fs::read_to_string(file).await.map_err(|error| broken(&error))?;
    // the parser's own words may quote a value
    let values: Value = serde_saphyr::from_str(&text).map_err(|_error| broken(&"it is no YAML"))?;
    Ok(File {
        said: Said {
            file: file.into(),
            values: Leaves::of_values(&values),
            places: places(&text),
        },
        blanks: Blank::of_values(file, &text, &values),
        values,
    })
}

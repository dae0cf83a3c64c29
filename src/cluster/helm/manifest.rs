//! The file of a manifest that was rendered before, with the output of `helm template`. Of it only `model::helm` facts leave this
//! room.

use crate::model::Text;
use crate::model::helm::Manifest;
use tokio::io::AsyncReadExt as _;

/// The largest file that is read, in bytes.
const LARGEST: u64 = 32 << 20;

/// Reads the file: the digest of its text and what stands in it, a document without a namespace in this one; or, in a
/// sentence, why it cannot be read.
pub async fn manifest(path: &str, namespace: &str) -> Result<(Text, Manifest), Text> {
    let broken = |error: std::io::Error| Text::from(format!("{path} cannot be read: {error}"));
    let file = tokio::fs::File::open(path).await.map_err(broken)?;
    let mut text = String::new();
    file.take(LARGEST + 1).read_to_string(&mut text).await.map_err(broken)?;
    if text.len() as u64 > LARGEST {
        return Err(format!("{path} is larger than 32 MiB").into());
    }
    Ok((Manifest::digest(&text), Manifest::parse(&text, namespace)))
}

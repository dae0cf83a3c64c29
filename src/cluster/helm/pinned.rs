//! A kubeconfig of one connection alone, for helm: its context, its cluster, its user. Only its owner may read it, and it goes
//! with this value; no credential stands in an argument or in a variable.

use crate::cluster::connect::Connection;
use std::io::Write as _;
use std::path::Path;
use tempfile::NamedTempFile;

/// The file. After `kill -9` of Pilothouse it stays, in the directory for temporary files, with mode 0600.
#[derive(Debug)]
pub(in crate::cluster) struct Pinned(NamedTempFile);

impl Pinned {
    pub(in crate::cluster) fn of(connection: &Connection) -> Result<Self, String> {
        let broken = |error: &dyn std::fmt::Display| format!("helm's kubeconfig cannot be written: {error}");
        // JSON is YAML
        let text =
            serde_json::to_vec(connection.kubeconfig()).map_err(|_error| broken(&"it cannot be put in words"))?;
        let mut file = tempfile::Builder::new()
            .prefix("pilothouse-")
            .suffix(".kubeconfig")
            .tempfile()
            .map_err(|error| broken(&error))?;
        file.write_all(&text).map_err(|error| broken(&error))?;
        file.flush().map_err(|error| broken(&error))?;
        Ok(Self(file))
    }

    pub(in crate::cluster) fn path(&self) -> &Path {
        self.0.path()
    }
}

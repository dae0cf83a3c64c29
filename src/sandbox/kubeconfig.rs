//! The kubeconfig that leads to a running sandbox, in a directory nobody else can look into.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// The name of the cluster, the context and the file's user.
pub const CONTEXT: &str = "pilothouse-sandbox";

/// A kubeconfig file; it and its directory go with this value.
#[derive(Debug)]
pub(super) struct Kubeconfig {
    directory: PathBuf,
    file: PathBuf,
}

impl Kubeconfig {
    /// Writes the file, mode 0600, into a new directory, mode 0700, below the runtime or temporary directory.
    pub(super) fn write(server: SocketAddr, token: &str) -> io::Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let base = std::env::var_os("XDG_RUNTIME_DIR")
            .map(PathBuf::from)
            .filter(|directory| directory.is_dir())
            .unwrap_or_else(std::env::temp_dir);
        let directory = loop {
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let name = format!("pilothouse-sandbox-{}-{}-{count}", std::process::id(), server.port());
            let directory = base.join(name);
            match DirBuilder::new().mode(0o700).create(&directory) {
                Ok(()) => break directory,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        };
        let kubeconfig = Self {
            file: directory.join("kubeconfig"),
            directory,
        };
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&kubeconfig.file)?;
        file.write_all(text(server, token).as_bytes())?;
        Ok(kubeconfig)
    }

    /// A link to a program, under a name, in the same directory; it goes with this value.
    pub(super) fn beside(&self, name: &str, program: &Path) -> io::Result<PathBuf> {
        let link = self.directory.join(name);
        match std::os::unix::fs::symlink(program, &link) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            Ok(()) | Err(_) => Ok(link),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.file
    }
}

impl Drop for Kubeconfig {
    fn drop(&mut self) {
        // What cannot be removed at the end is left to the system's cleaning of its temporary directory.
        drop(fs::remove_file(&self.file));
        drop(fs::remove_dir_all(&self.directory));
    }
}

fn text(server: SocketAddr, token: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\nclusters:\n- name: {CONTEXT}\n  cluster:\n    server: http://{server}\nusers:\n\
         - name: {CONTEXT}\n  user:\n    token: {token}\ncontexts:\n- name: {CONTEXT}\n  context:\n    cluster: {CONTEXT}\n    \
         user: {CONTEXT}\ncurrent-context: {CONTEXT}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn the_file_is_private_and_goes_with_its_value() {
        let kubeconfig = Kubeconfig::write("127.0.0.1:1".parse().unwrap(), "t0ken").unwrap();
        let path = kubeconfig.path().to_owned();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(
            fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o777,
            0o700
        );
        let read: serde_json::Value = serde_saphyr::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        assert_eq!(read["clusters"][0]["cluster"]["server"], "http://127.0.0.1:1");
        assert_eq!(read["users"][0]["user"]["token"], "t0ken");
        drop(kubeconfig);
        assert!(!path.parent().unwrap().exists());
    }
}

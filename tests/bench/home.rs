//! A home for one run of a tool: an empty directory for its state, and a kubeconfig that leads to the load server.

use std::path::{Path, PathBuf};

pub(crate) struct Home {
    directory: tempfile::TempDir,
}

impl Home {
    /// With a kubeconfig for the server at this address.
    pub(crate) fn new(url: &str) -> Result<Self, String> {
        let directory = tempfile::tempdir().map_err(|error| format!("no temporary directory: {error}"))?;
        let home = Self { directory };
        let kubeconfig = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: load\nclusters:\n- name: load\n  cluster:\n    server: \
             {url}\nusers:\n- name: bench\n  user:\n    token: not-a-secret\ncontexts:\n- name: load\n  context:\n    cluster: \
             load\n    user: bench\n"
        );
        std::fs::write(home.kubeconfig(), kubeconfig).map_err(|error| format!("no kubeconfig: {error}"))?;
        Ok(home)
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.path().join("kubeconfig")
    }

    /// Where the cockpit keeps its journals.
    pub(crate) fn journals(&self) -> PathBuf {
        self.path().join("pilothouse")
    }

    pub(crate) fn environment(&self) -> Vec<(String, String)> {
        let here = |name: &str| (name.to_owned(), self.path().display().to_string());
        let mut environment: Vec<_> = [
            "HOME",
            "XDG_STATE_HOME",
            "XDG_CONFIG_HOME",
            "XDG_CACHE_HOME",
            "XDG_RUNTIME_DIR",
        ]
        .map(here)
        .into();
        environment.push(("KUBECONFIG".to_owned(), self.kubeconfig().display().to_string()));
        environment
    }
}

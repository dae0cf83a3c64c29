//! Where the programs of the real control plane are, and what to say when they are not there.

use std::path::{Path, PathBuf};

/// Everything `tests/kit/build` makes that a control plane cannot do without.
const PROGRAMS: [&str; 15] = [
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubectl",
    "kwok",
    "helm3",
    "helm4",
    "csi-provisioner",
    "csi-attacher",
    "csi-driver",
    "vault",
    "postgresql/bin/postgres",
    "postgresql/bin/psql",
    "postgresql/bin/pg_dump",
];

/// A directory that holds every program.
#[derive(Clone, Debug)]
pub(crate) struct Kit {
    directory: PathBuf,
}

/// A directory that does not.
#[derive(Debug)]
pub(crate) struct Missing {
    pub(crate) directory: PathBuf,
    pub(crate) programs: Vec<&'static str>,
}

impl Kit {
    /// Looks where every controller project looks, `KUBEBUILDER_ASSETS`, and without it in `target/kit`.
    pub(crate) fn find() -> Result<Self, Missing> {
        let directory = std::env::var_os("KUBEBUILDER_ASSETS")
            .filter(|assets| !assets.is_empty())
            .map_or_else(
                || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/kit"),
                PathBuf::from,
            );
        let programs: Vec<_> = PROGRAMS
            .into_iter()
            .filter(|program| !directory.join(program).is_file())
            .collect();
        if programs.is_empty() {
            Ok(Self { directory })
        } else {
            Err(Missing { directory, programs })
        }
    }

    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }
}

impl Missing {
    /// One line: what is not run, why, and the command that changes it.
    pub(crate) fn message(&self, suite: &str) -> String {
        format!(
            "{suite} was not run: {} lacks {}; build the kit with `tests/kit/build` (about 20 minutes the first time, needs Go)",
            self.directory.display(),
            self.programs.join(", "),
        )
    }
}

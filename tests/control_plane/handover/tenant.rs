//! A tenant of the old family: how it is installed, what it and its successor are told, and what it stands on.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::disks::Disks;
use crate::helm_acts::Helm;
use crate::support::persons::Person;
use crate::support::run::Ran;
use crate::trial::{Trial, merge};

/// A chart in `tests/charts`.
#[derive(Clone, Copy)]
pub(crate) struct Family {
    pub(crate) name: &'static str,
    /// What its release is called in a trial.
    pub(crate) release: &'static str,
}

pub(crate) const OLD: Family = Family {
    name: "old-family",
    release: "eks",
};
pub(crate) const NEW: Family = Family {
    name: "new-family",
    release: "client",
};

/// The claims of both families: database, data and logs.
pub(crate) const FAMILY: [&str; 3] = ["mysql-pvc", "client-pvc", "client-logs-pvc"];
/// The database's pod.
pub(crate) const DATABASE: &str = "mysql-client-0";

impl Family {
    /// The chart's directory.
    pub(crate) fn chart(self) -> String {
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/charts")
            .join(self.name)
            .display()
            .to_string()
    }
}

/// A tenant in the trial's namespace, installed by a helm.
#[derive(Clone, Copy)]
pub(crate) struct Tenant<'trial> {
    pub(crate) trial: &'trial Trial<'trial>,
    pub(crate) helm: Helm,
}

impl<'trial> Tenant<'trial> {
    /// Installs the old family and waits until it stands on its disks, which the shared driver makes, and would destroy
    /// with their claims.
    pub(crate) fn installed(trial: &'trial Trial<'trial>, helm: Helm) -> Self {
        let driver = trial.plane.csi().plain.name().to_owned();
        let tenant = Self { trial, helm };
        let values = tenant.values(OLD, &json!({"storageClass": {"provisioner": driver}}));
        let chart = OLD.chart();
        tenant
            .helm(&["install", OLD.release, &chart, "--values", &values, "--timeout=60s"])
            .ok();
        for claim in FAMILY {
            trial.wait_bound(claim);
        }
        trial.wait_running(DATABASE);
        let rows =
            "select pg_advisory_lock(1); create table if not exists clients as select generate_series(1, 1000) as id";
        trial.plane.postgres().psql("postgres", rows).ok();
        tenant
    }

    /// The operator's helm, in the tenant's namespace.
    pub(crate) fn helm(&self, words: &[&str]) -> Ran {
        let words = [&["--namespace", &self.trial.namespace], words].concat();
        self.trial.plane.run(Person::Anna, self.helm.program, &words, "")
    }

    /// A path in a directory of its own, which is gone at the end.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        let directory = self.trial.plane.path("handover").join(&self.trial.namespace);
        std::fs::create_dir_all(&directory).expect("a directory");
        directory.join(name)
    }

    /// The values file of a family: names that no other trial has, and what is said besides.
    pub(crate) fn values(&self, family: Family, more: &Value) -> String {
        let own = &self.trial.namespace;
        let mut values = json!({
            "client": {"id": own, "password": "nobody-knows-it"},
            "storageClass": {"name": own, "provisioner": self.trial.plane.csi().plain.name()},
            "priorityClass": {"name": own},
            "monitor": {"name": format!("{own}-monitor")},
        });
        merge(&mut values, more);
        let path = self.file(&format!("{}.yaml", family.name));
        std::fs::write(&path, values.to_string()).expect("a values file");
        path.display().to_string()
    }

    /// What it stands on now.
    pub(crate) fn disks(&self) -> Disks {
        Disks::of(self.trial, &FAMILY)
    }

    /// The manifest that a release's newest revision stores.
    pub(crate) fn manifest(&self, family: Family) -> String {
        self.helm(&["get", "manifest", family.release]).ok().stdout.clone()
    }
}

//! The command line of the operator's helm: every argument by itself, never a line for a shell.
//!
//! What binds it to what was shown: the newest record is read through just before and must be the one that was shown
//! (`gate::clear`); what happens between that look and helm's own first write is closed by helm's record lock, since the
//! record of the next revision can be created only once (`pkg/storage/driver/secrets.go` `Create`). An uninstall writes no
//! new record: for the moment between our look and helm's, a release that somebody upgrades meanwhile is uninstalled at
//! its newer revision.

use super::Unsendable;
use crate::model::act::{HelmAct, Means, Source};
use crate::model::helm::{Driver, record_parts};
use crate::model::{Object, Pin};
use std::fmt;

/// A program and its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    program: String,
    arguments: Vec<String>,
    driver: Driver,
}

impl Command {
    /// What is set for a helm that keeps its records so, by name and value, besides what the operator's own environment
    /// says: `cluster` takes every other `HELM_KUBE*`, `HELM_NAMESPACE` and `KUBECONFIG` away.
    pub const fn set(driver: Driver) -> [(&'static str, &'static str); 2] {
        [("HELM_DRIVER", driver.word()), ("HELM_NO_PLUGINS", "1")]
    }

    /// Where it keeps the records.
    pub const fn driver(&self) -> Driver {
        self.driver
    }

    pub fn program(&self) -> &str {
        &self.program
    }

    pub fn arguments(&self) -> &[String] {
        &self.arguments
    }

    /// The arguments with which helm renders what it would apply, and does nothing: `--dry-run=server`, as JSON. Whose the
    /// objects are is not asked then (`--take-ownership`): that is told object by object by the forecast.
    pub fn rehearsal(release: &Pin, helm: &HelmAct, timeout: u32) -> Option<Vec<String>> {
        let (name, _) = record_parts(&release.key.name)?;
        let mut words = vec![helm.word().to_owned(), name.to_owned()];
        words.extend(brought(helm.source()?));
        words.push(format!("--namespace={}", release.key.namespace));
        words.extend(["--dry-run=server", "--take-ownership", "--output=json"].map(str::to_owned));
        words.push(format!("--timeout={timeout}s"));
        Some(words)
    }
}

/// `/usr/bin/helm uninstall eks --namespace shop …`, what is set for it, and whose kubeconfig it gets.
impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&spelled(&self.program))?;
        for argument in &self.arguments {
            write!(f, " {}", spelled(argument))?;
        }
        for (number, (name, value)) in Self::set(self.driver).iter().enumerate() {
            write!(f, "{}{name}={value}", if number == 0 { "\n" } else { " " })?;
        }
        f.write_str(" KUBECONFIG=(this connection alone)")
    }
}

/// A word as it is; in quotes where its end could not be seen.
fn spelled(word: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:=@+,%~".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("{word:?}")
    }
}

/// The command of an act on a release whose newest record is this object; none for an install.
pub(super) fn of(
    release: &Pin,
    helm: &HelmAct,
    means: Option<&Means>,
    target: Option<&Object>,
) -> Result<Command, Unsendable> {
    let means = means.ok_or(Unsendable::ForecastOnly)?;
    let (name, _) = record_parts(&release.key.name).ok_or(Unsendable::StrangeName)?;
    match (helm, target) {
        (HelmAct::Install(_), None) => {}
        (HelmAct::Install(_), Some(_)) => return Err(Unsendable::AlreadyThere),
        (_, Some(record)) if record.meta.uid == release.uid => {
            if release.uid.is_empty() || release.resource_version.is_empty() {
                return Err(Unsendable::Unpinned);
            }
        }
        (_, Some(_) | None) => return Err(Unsendable::TargetGone),
    }
    Ok(Command {
        program: means.program.to_string(),
        arguments: arguments(name, &release.key.namespace, helm, means),
        driver: Driver::of(release.key.kind),
    })
}

fn arguments(name: &str, namespace: &str, helm: &HelmAct, means: &Means) -> Vec<String> {
    let mut words = vec![helm.word().to_owned(), name.to_owned()];
    let (waits, no_hooks) = match helm {
        HelmAct::Install(options) => {
            words.extend(options.source.as_ref().map(brought).unwrap_or_default());
            words.extend(options.take_ownership.then(|| "--take-ownership".to_owned()));
            (options.wait, options.no_hooks)
        }
        HelmAct::Upgrade(options) => {
            words.extend(options.source.as_ref().map(brought).unwrap_or_default());
            words.extend(options.take_ownership.then(|| "--take-ownership".to_owned()));
            (options.wait, options.no_hooks)
        }
        HelmAct::Uninstall(options) => {
            words.push(format!("--cascade={}", options.cascade.word().to_lowercase()));
            words.extend(options.keep_history.then(|| "--keep-history".to_owned()));
            (options.wait, options.no_hooks)
        }
        HelmAct::Rollback(options) => {
            words.extend((options.to > 0).then(|| options.to.to_string()));
            (options.wait, options.no_hooks)
        }
    };
    words.push(format!("--namespace={namespace}"));
    words.extend(waits.then(|| "--wait".to_owned()));
    words.extend(no_hooks.then(|| "--no-hooks".to_owned()));
    words.push(format!("--timeout={}s", means.timeout));
    words
}

/// The chart, and what is laid over its values.
fn brought(source: &Source) -> Vec<String> {
    let mut words = vec![source.chart.to_string()];
    if !source.version.is_empty() {
        words.push(format!("--version={}", source.version));
    }
    words.extend(source.values.iter().map(|path| format!("--values={path}")));
    words
}

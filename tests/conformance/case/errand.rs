//! An act of Helm's in a case: how it is written, which act of the product it is, and what helm is called with.

use std::fmt;

use pilothouse::model::act::{HelmAct, Rollback, Uninstall, Upgrade, words};
use pilothouse::model::{Propagation, Text};

use crate::support::helm::{FOUR, Helm, THREE};

/// `uninstall release a/app helm=3 cascade=Foreground`: the words after the release's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Errand {
    pub(crate) helm: Helm,
    pub(crate) task: Task,
    pub(crate) no_hooks: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    Uninstall {
        cascade: Propagation,
        keep_history: bool,
        wait: bool,
    },
    /// To the chart of this name.
    Upgrade { chart: String, take_ownership: bool },
    /// To this revision; 0 is the one before.
    Rollback { to: u32 },
}

/// Helm gives up waiting after this. A hook's Job takes seconds on a busy machine.
const TIMEOUT: &str = "--timeout=20s";

impl Task {
    pub(crate) const WORDS: [&str; 3] = ["uninstall", "upgrade", "rollback"];

    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Uninstall { .. } => Self::WORDS[0],
            Self::Upgrade { .. } => Self::WORDS[1],
            Self::Rollback { .. } => Self::WORDS[2],
        }
    }
}

/// The helm of a word.
pub(crate) fn helm(word: &str) -> Option<Helm> {
    match word {
        "3" => Some(THREE),
        "4" => Some(FOUR),
        _ => None,
    }
}

impl Errand {
    /// The act, of a manifest that was rendered and is known by this digest.
    pub(crate) fn act(&self, rendered: Text) -> HelmAct {
        let executor = Some(self.helm.executor);
        let no_hooks = self.no_hooks;
        match self.task {
            Task::Uninstall {
                cascade,
                keep_history,
                wait,
            } => HelmAct::Uninstall(Uninstall {
                executor,
                cascade,
                keep_history,
                wait,
                no_hooks,
            }),
            Task::Upgrade { take_ownership, .. } => HelmAct::Upgrade(Upgrade {
                executor,
                rendered,
                take_ownership,
                no_hooks,
                ..Upgrade::default()
            }),
            Task::Rollback { to } => HelmAct::Rollback(Rollback {
                executor,
                to,
                no_hooks,
                ..Rollback::default()
            }),
        }
    }

    /// What helm is called with for a release in a namespace.
    pub(crate) fn arguments(&self, namespace: &str, release: &str, chart: &str) -> Vec<String> {
        let mut words = vec!["--namespace".to_owned(), namespace.to_owned()];
        words.extend([self.task.word().to_owned(), release.to_owned(), TIMEOUT.to_owned()]);
        match self.task {
            Task::Uninstall {
                cascade,
                keep_history,
                wait,
            } => {
                words.push(format!("--cascade={}", cascade.word().to_lowercase()));
                words.extend(keep_history.then(|| "--keep-history".to_owned()));
                words.extend(wait.then(|| "--wait".to_owned()));
            }
            Task::Upgrade { take_ownership, .. } => {
                words.push(chart.to_owned());
                words.extend(take_ownership.then(|| "--take-ownership".to_owned()));
            }
            Task::Rollback { to } => words.push(to.to_string()),
        }
        words.extend(self.no_hooks.then(|| "--no-hooks".to_owned()));
        words
    }

    /// What is counted as one kind of act.
    pub(crate) fn species(&self) -> String {
        let word = self.task.word();
        let major = self.helm.executor.major;
        match self.task {
            Task::Uninstall { cascade, .. } => format!("helm {major} {word} {}", cascade.word()),
            Task::Upgrade { .. } | Task::Rollback { .. } => format!("helm {major} {word}"),
        }
    }

    /// Whether it is an upgrade to the chart of this name.
    pub(crate) fn upgrades_to(&self, name: &str) -> bool {
        matches!(&self.task, Task::Upgrade { chart, .. } if chart == name)
    }

    /// Reads the words after the release's place.
    pub(crate) fn read(verb: &str, arguments: &[&str]) -> Option<Self> {
        let value = |name: &str| {
            let words = arguments.iter().filter_map(|word| word.split_once('='));
            words.filter(|(held, _)| *held == name).map(|(_, value)| value).next()
        };
        let has = |flag: &str| arguments.contains(&flag);
        let task = match verb {
            "uninstall" => Task::Uninstall {
                cascade: value("cascade").map_or(Some(Propagation::Background), words::propagation)?,
                keep_history: has("keep-history"),
                wait: has("wait"),
            },
            "upgrade" => Task::Upgrade {
                chart: value("chart")?.to_owned(),
                take_ownership: has("take-ownership"),
            },
            "rollback" => Task::Rollback {
                to: value("to").map_or(Some(0), |to| to.parse().ok())?,
            },
            _ => return None,
        };
        Some(Self {
            helm: helm(value("helm")?)?,
            task,
            no_hooks: has("no-hooks"),
        })
    }
}

impl fmt::Display for Errand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "helm={}", self.helm.executor.major)?;
        match &self.task {
            Task::Uninstall {
                cascade,
                keep_history,
                wait,
            } => {
                write!(f, " cascade={}", cascade.word())?;
                f.write_str(if *keep_history { " keep-history" } else { "" })?;
                f.write_str(if *wait { " wait" } else { "" })?;
            }
            Task::Upgrade { chart, take_ownership } => {
                write!(f, " chart={chart}")?;
                f.write_str(if *take_ownership { " take-ownership" } else { "" })?;
            }
            Task::Rollback { to } => write!(f, " to={to}")?,
        }
        f.write_str(if self.no_hooks { " no-hooks" } else { "" })
    }
}

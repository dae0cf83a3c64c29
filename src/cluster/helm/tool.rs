//! The operator's own helm: where it is, and which version it says it is. Whatever is wrong with it is a stated result with
//! the next thing to try.

use crate::cluster::process::{End, Errand, Surroundings, run};
use crate::cluster::said;
use crate::model::helm::Executor;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The oldest helm that is asked to do anything: the first that renders for this cluster without asking whose the objects
/// are (`--dry-run=server`, 3.13; `--take-ownership`, 3.17).
pub const LEAST: Executor = Executor::new(3, 17, 0);
/// The first major version of which nothing is known yet.
const UNKNOWN: u32 = 5;
/// How long helm may take to say its version.
const DEADLINE: Duration = Duration::from_secs(10);

/// A helm that answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Helm {
    /// Absolute.
    pub program: PathBuf,
    pub version: Executor,
}

/// Why there is no helm to be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unhelmed {
    /// None on `PATH`, or none of the name that was given.
    Missing {
        name: String,
        looked: usize,
    },
    /// A path that leads nowhere.
    Absent {
        path: PathBuf,
    },
    NotExecutable {
        path: PathBuf,
    },
    Unstartable {
        path: PathBuf,
        why: String,
    },
    /// It did not say its version in time, and was stopped.
    Hangs {
        path: PathBuf,
    },
    /// It ended with an error when asked its version.
    Failed {
        path: PathBuf,
        how: String,
        said: String,
    },
    Unparsable {
        path: PathBuf,
        said: String,
    },
    TooOld {
        path: PathBuf,
        version: Executor,
    },
    TooNew {
        path: PathBuf,
        version: Executor,
    },
}

impl Unhelmed {
    /// The next thing to try.
    pub const fn way_out(&self) -> &'static str {
        match self {
            Self::Missing { .. } => {
                "install helm, or say where it is with --helm PATH or helm = \"PATH\" in the configuration"
            }
            Self::Absent { .. } => "check the path of --helm, or of helm in the configuration",
            Self::NotExecutable { .. } => "make it executable (chmod +x), or name another one with --helm PATH",
            Self::Unstartable { .. } => "is it a program for this machine? name another one with --helm PATH",
            Self::Hangs { .. } | Self::Failed { .. } | Self::Unparsable { .. } => {
                "run `helm version` by hand; name another one with --helm PATH"
            }
            Self::TooOld { .. } => "install helm 3.17 or newer, or name another one with --helm PATH",
            Self::TooNew { .. } => "use helm 3 or 4, with --helm PATH: what this one does is not known",
        }
    }
}

impl fmt::Display for Unhelmed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { name, looked } => write!(f, "there is no {name} in the {looked} directories of PATH"),
            Self::Absent { path } => write!(f, "there is no helm at {}", path.display()),
            Self::NotExecutable { path } => write!(f, "{} is not executable", path.display()),
            Self::Unstartable { path, why } => write!(f, "{} cannot be started: {why}", path.display()),
            Self::Hangs { path } => write!(
                f,
                "{} did not say its version within {} s and was stopped",
                path.display(),
                DEADLINE.as_secs()
            ),
            Self::Failed { path, how, said } => {
                write!(f, "{}, asked its version, {how}: {said}", path.display())
            }
            Self::Unparsable { path, said } => {
                write!(f, "{}, asked its version, said what is none: {said:?}", path.display())
            }
            Self::TooOld { path, version } => write!(
                f,
                "{} is {version}; {}.{} is the oldest that is used",
                path.display(),
                LEAST.major,
                LEAST.minor
            ),
            Self::TooNew { path, version } => {
                write!(f, "{} is {version}, of which nothing is known yet", path.display())
            }
        }
    }
}

/// Finds helm, by the path or the name that was given, else `helm` on `PATH`, and asks its version.
pub async fn find(named: Option<&Path>) -> Result<Helm, Unhelmed> {
    let named = named.map(Path::to_owned);
    let searched = tokio::task::spawn_blocking(move || search(named.as_deref())).await;
    let path = searched.unwrap_or_else(|error| {
        Err(Unhelmed::Missing {
            name: error.to_string(),
            looked: 0,
        })
    })?;
    ask(path, DEADLINE).await
}

/// The program. A word without a `/` is looked for on `PATH`, in whose absolute directories alone.
fn search(named: Option<&Path>) -> Result<PathBuf, Unhelmed> {
    let name = named.unwrap_or_else(|| Path::new("helm"));
    if name.components().count() > 1 || name.is_absolute() {
        let path = std::path::absolute(name).unwrap_or_else(|_error| name.to_owned());
        return match executable(&path) {
            Some(true) => Ok(path),
            Some(false) => Err(Unhelmed::NotExecutable { path }),
            None => Err(Unhelmed::Absent { path }),
        };
    }
    let listed: Vec<PathBuf> = std::env::var_os("PATH")
        .map(|paths| {
            std::env::split_paths(&paths)
                .filter(|path| path.is_absolute())
                .collect()
        })
        .unwrap_or_default();
    let mut lame = None;
    for directory in &listed {
        let path = directory.join(name);
        match executable(&path) {
            Some(true) => return Ok(path),
            Some(false) => lame = lame.or(Some(path)),
            None => {}
        }
    }
    Err(lame.map_or_else(
        || Unhelmed::Missing {
            name: name.display().to_string(),
            looked: listed.len(),
        },
        |path| Unhelmed::NotExecutable { path },
    ))
}

/// Whether a file may be executed by anybody; `None` where there is none.
fn executable(path: &Path) -> Option<bool> {
    use std::os::unix::fs::PermissionsExt as _;
    let metadata = std::fs::metadata(path).ok()?;
    Some(metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

async fn ask(path: PathBuf, deadline: Duration) -> Result<Helm, Unhelmed> {
    let arguments = ["version", "--template={{.Version}}"].map(str::to_owned);
    let errand = Errand {
        program: &path,
        arguments: &arguments,
        surroundings: Surroundings::Helms {
            variables: &[],
            kubeconfig: None,
            lifeline: None,
        },
        deadline,
    };
    let ran = match run(errand, None).await {
        Ok(ran) => ran,
        Err(why) => return Err(Unhelmed::Unstartable { path, why }),
    };
    let said = said::plain(&String::from_utf8_lossy(&ran.stdout));
    match ran.end {
        End::Exited(0) => {}
        End::Stopped { .. } => return Err(Unhelmed::Hangs { path }),
        end @ (End::Exited(_) | End::Signalled(_)) => {
            return Err(Unhelmed::Failed {
                path,
                how: end.to_string(),
                said: said::plain(&ran.tail.join(" ")),
            });
        }
    }
    let version: Executor = match said.parse() {
        Ok(version) => version,
        Err(_) => return Err(Unhelmed::Unparsable { path, said }),
    };
    if version < LEAST {
        Err(Unhelmed::TooOld { path, version })
    } else if version.major >= UNKNOWN {
        Err(Unhelmed::TooNew { path, version })
    } else {
        Ok(Helm { program: path, version })
    }
}

#[cfg(test)]
mod tests;

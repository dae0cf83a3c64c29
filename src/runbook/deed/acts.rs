//! Which acts a step comes to in a world: its objects looked up by name or selected, each pinned as it is there.

mod inventoried;

use super::super::progress::Taken;
use super::super::template::{Template, Values};
use super::super::tenancy::Tenancy;
use super::super::value::is_name;
use super::{Aim, Brings, Deed, HelmAim, NewClaim};
use crate::model::act::{HelmAct, Install, Rollback, Source, Uninstall, Upgrade, words};
use crate::model::helm::{Driver, Executor, Home};
use crate::model::quantity::Quantity;
use crate::model::{Act, Draft, Key, Kind, Labels, Pin, Text};
use inventoried::{inventory, left, remade, reserved, the_very};
use std::collections::BTreeMap;
use std::fmt;

/// What an act needs to know besides the world.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    pub tenancy: Tenancy<'a>,
    pub values: &'a Values,
    /// The version of the operator's helm; `None`: whatever depends on it is unknown.
    pub executor: Option<Executor>,
    /// The digests of rendered manifests, by the path the runbook names them with, or by [`Deed::rendering`].
    pub rendered: &'a BTreeMap<String, Text>,
    /// What is written on objects that the step makes.
    pub step: &'a str,
    /// What the run kept of objects when it began.
    pub noted: &'a BTreeMap<String, String>,
    /// The acts of the step from an earlier beginning.
    pub stands: &'a [Taken],
}

/// What the step's objects are: none at all is not the same as one that is missing.
pub type Aimed = Result<Vec<Act>, Unaimed>;

/// Why it cannot be said which acts a step comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unaimed {
    /// The object that the step names is not there.
    Absent { what: String },
    /// It cannot be seen.
    Unseen { why: String },
    /// The parameters make a name or an act that cannot be.
    Misfit { why: String },
}

impl fmt::Display for Unaimed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent { what } => write!(f, "{what} is not there"),
            Self::Unseen { why } | Self::Misfit { why } => f.write_str(why),
        }
    }
}

impl Deed {
    /// The acts, in order. Where the step's selection is empty, none: there is nothing to do.
    pub fn acts(&self, known: Known<'_>) -> Aimed {
        let acts = match self {
            Self::Delete { aim, propagation } => aimed(aim, known, |target| Act::Delete {
                target,
                propagation: *propagation,
            }),
            Self::Evict { aim } => aimed(aim, known, |pod| Act::Evict { pod }),
            Self::Scale { aim, replicas } => {
                let replicas = replicas.fill(known.values).map_err(misfit)?;
                aimed(aim, known, |target| Act::Scale { target, replicas })
            }
            Self::SetReclaimPolicy { aim, policy } => aimed(aim, known, |volume| Act::SetReclaimPolicy {
                volume,
                policy: *policy,
            }),
            Self::ClearClaimRef { aim } => aimed(aim, known, |volume| Act::ClearClaimRef { volume }),
            Self::Reserve { aim, claim: None } => reserved(aim, known),
            Self::Reserve {
                aim,
                claim: Some(claim),
            } => {
                let claim = claim.fill(known.values);
                let (namespace, name) = words::placed(&claim)
                    .ok_or_else(|| misfit(format!("{claim:?} is no NAMESPACE/NAME of a claim")))?;
                aimed(aim, known, |volume| Act::RetargetClaimRef {
                    volume,
                    namespace: namespace.clone(),
                    name: name.clone(),
                })
            }
            Self::Annotate { aim, key, value } => aimed(aim, known, |target| Act::Annotate {
                target,
                annotation: key.fill(known.values).into(),
                value: value.as_ref().map(|value| value.fill(known.values).into()),
            }),
            Self::Stamp {
                aim,
                release,
                namespace,
            } => {
                let release: Text = release.fill(known.values).into();
                let namespace = placed(namespace.as_ref(), known)?;
                aimed(aim, known, |target| Act::Stamp {
                    target,
                    release: release.clone(),
                    namespace: namespace.clone(),
                })
            }
            Self::CreateClaim(claim) => create(claim, known).map(|act| vec![act]),
            Self::RemakeClaims(remake) => remade(remake, known),
            Self::CreateStorageClass(class) => class.act(known).map(|act| vec![act]),
            Self::CreateStatefulSet(set) => set.act(known).map(|act| vec![act]),
            Self::AskRaft(asked) => asked.acts(known),
            Self::Dump(dump) => dump.dumps(known),
            Self::Restore(restore) => restore.restores(known),
            Self::CountRows(count) => count.acts(known),
            Self::Snapshot(snapshot) => snapshot.acts(known),
            Self::Run(run) => run.acts(known),
            Self::HelmInstall { .. }
            | Self::HelmUninstall { .. }
            | Self::HelmUpgrade { .. }
            | Self::HelmRollback { .. } => self.helm(known).map(|act| vec![act]),
        }?;
        match acts.iter().find_map(Act::misfit) {
            Some(why) => Err(Unaimed::Misfit { why }),
            None => Ok(acts),
        }
    }

    /// The release an act of Helm's is about, by namespace and name.
    pub fn release(&self, known: Known<'_>) -> Option<Result<(Text, Text), Unaimed>> {
        let (Self::HelmInstall { release, .. }
        | Self::HelmUninstall { release, .. }
        | Self::HelmUpgrade { release, .. }
        | Self::HelmRollback { release, .. }) = self
        else {
            return None;
        };
        Some(placed(release.namespace.as_ref(), known).map(|namespace| {
            let name = release.release.fill(known.values);
            (namespace, name.into())
        }))
    }

    /// The file of a rendered manifest that it goes by.
    pub fn rendered(&self, values: &Values) -> Option<String> {
        let (Self::HelmInstall { brings, .. } | Self::HelmUpgrade { brings, .. }) = self else {
            return None;
        };
        match brings {
            Brings::Rendered(file) => Some(file.fill(values)),
            Brings::Chart { .. } => None,
        }
    }

    /// The files of values that it gives to helm, but for those that helm fetches itself.
    pub fn files(&self, values: &Values) -> Vec<Text> {
        let (Self::HelmInstall { brings, .. } | Self::HelmUpgrade { brings, .. }) = self else {
            return Vec::new();
        };
        let source = brings.source(values);
        let files = source.map(|source| source.values).unwrap_or_default();
        let own = files
            .into_iter()
            .filter(|file| !file.is_empty() && !file.contains("://"));
        own.collect()
    }

    /// What helm has to render for it: under this name its digest is looked for in [`Known::rendered`].
    pub fn rendering(&self, known: Known<'_>) -> Option<String> {
        let (Self::HelmInstall { brings, .. } | Self::HelmUpgrade { brings, .. }) = self else {
            return None;
        };
        let source = brings.source(known.values).filter(|source| !source.chart.is_empty())?;
        let (namespace, name) = self.release(known)?.ok()?;
        Some(format!("{namespace}/{name}: {source}"))
    }

    /// What it brings, and the digest of it as far as it was read. A chart that was not rendered yet has none: what it would
    /// do is unknown until then.
    fn brought(&self, brings: &Brings, known: Known<'_>) -> Result<(Option<Source>, Text), Unaimed> {
        match brings {
            Brings::Rendered(file) => {
                let path = file.fill(known.values);
                let digest = known.rendered.get(&path).cloned();
                digest.map(|digest| (None, digest)).ok_or_else(|| Unaimed::Unseen {
                    why: format!("the rendered manifest {path} was not read"),
                })
            }
            Brings::Chart { .. } => {
                let digest = self
                    .rendering(known)
                    .and_then(|name| known.rendered.get(&name).cloned());
                Ok((brings.source(known.values), digest.unwrap_or_default()))
            }
        }
    }

    /// What helm is asked to do; `None` for an act that is not helm's.
    pub fn asked(&self, known: Known<'_>) -> Option<Result<HelmAct, Unaimed>> {
        let executor = known.executor;
        let options = |release: &HelmAim| release.no_hooks;
        Some(match self {
            Self::HelmUninstall {
                release,
                cascade,
                keep_history,
                wait,
            } => Ok(HelmAct::Uninstall(Uninstall {
                executor,
                cascade: *cascade,
                keep_history: *keep_history,
                wait: *wait,
                no_hooks: options(release),
            })),
            Self::HelmInstall {
                release,
                brings,
                take_ownership,
                wait,
                driver: _,
            } => self.brought(brings, known).map(|(source, rendered)| {
                HelmAct::Install(Install {
                    executor,
                    rendered,
                    source,
                    take_ownership: *take_ownership,
                    wait: *wait,
                    no_hooks: options(release),
                })
            }),
            Self::HelmUpgrade {
                release,
                brings,
                take_ownership,
                wait,
            } => self.brought(brings, known).map(|(source, rendered)| {
                HelmAct::Upgrade(Upgrade {
                    executor,
                    rendered,
                    source,
                    take_ownership: *take_ownership,
                    wait: *wait,
                    no_hooks: options(release),
                })
            }),
            Self::HelmRollback { release, to, wait } => to.fill(known.values).map_err(misfit).map(|to| {
                HelmAct::Rollback(Rollback {
                    executor,
                    to,
                    wait: *wait,
                    no_hooks: options(release),
                })
            }),
            Self::Delete { .. }
            | Self::Evict { .. }
            | Self::Scale { .. }
            | Self::SetReclaimPolicy { .. }
            | Self::ClearClaimRef { .. }
            | Self::Reserve { .. }
            | Self::Annotate { .. }
            | Self::Stamp { .. }
            | Self::CreateClaim(_)
            | Self::RemakeClaims(_)
            | Self::CreateStorageClass(_)
            | Self::CreateStatefulSet(_)
            | Self::AskRaft(_)
            | Self::Dump(_)
            | Self::Restore(_)
            | Self::CountRows(_)
            | Self::Snapshot(_)
            | Self::Run(_) => return None,
        })
    }

    /// Where an install keeps its records: what the runbook says, else in Secrets, as helm does.
    fn driver(&self, known: Known<'_>) -> Result<Driver, Unaimed> {
        let Self::HelmInstall {
            driver: Some(driver), ..
        } = self
        else {
            return Ok(Driver::default());
        };
        let word = driver.fill(known.values);
        Driver::from_word(&word).ok_or_else(|| misfit(format!("{word:?} is no driver of helm's: secret or configmap")))
    }

    fn helm(&self, known: Known<'_>) -> Result<Act, Unaimed> {
        let (Some(release), Some(asked)) = (self.release(known), self.asked(known)) else {
            return Err(misfit("this is no act of helm's".to_owned()));
        };
        let ((namespace, name), helm) = (release?, asked?);
        if let HelmAct::Install(install) = helm {
            let home = Home::new(&namespace, &name, self.driver(known)?);
            return Ok(Act::install(&home, install));
        }
        let tenancy = Tenancy {
            namespace: &namespace,
            release: Some(&name),
            ..known.tenancy
        };
        if let Some(why) = tenancy.blind() {
            return Err(Unaimed::Unseen { why });
        }
        let newest = tenancy.newest().map_err(misfit)?.ok_or_else(|| Unaimed::Absent {
            what: format!("release {name} in {namespace}"),
        })?;
        Ok(Act::Helm {
            release: newest.pin(),
            helm,
            means: None,
        })
    }
}

pub(super) const fn misfit(why: String) -> Unaimed {
    Unaimed::Misfit { why }
}

/// Each object of the aim, pinned as it is.
pub(super) fn aimed(aim: &Aim, known: Known<'_>, mut act: impl FnMut(Pin) -> Act) -> Aimed {
    match aim {
        Aim::One { kind, name, namespace } => {
            let namespace = placed(namespace.as_ref(), known)?;
            let key = key(*kind, &namespace, name, known.values)?;
            pinned(&key, known).map(|pin| vec![act(pin)])
        }
        Aim::Each(selection) => {
            let picked = selection.pick(known.tenancy).map_err(|why| Unaimed::Unseen { why })?;
            Ok(picked.iter().map(|object| act(object.pin())).collect())
        }
        Aim::Inventoried(Kind::PersistentVolume) => {
            let entries = inventory(known)?.claims.iter();
            let pins = entries.map(|entry| the_very(entry, known));
            pins.map(|pin| pin.map(&mut act)).collect()
        }
        Aim::Inventoried(_) => Ok(left(known)?.into_iter().map(act).collect()),
    }
}

fn pairs(pairs: &[(String, Template)], values: &Values) -> Vec<(String, String)> {
    let filled = pairs.iter().map(|(key, value)| (key.clone(), value.fill(values)));
    filled.collect()
}

fn collected(pairs: &[(String, String)]) -> Labels {
    let pairs = pairs.iter();
    pairs.map(|(key, value)| (key.as_str(), value.as_str())).collect()
}

/// The namespace that is said, or the tenant's.
pub(super) fn placed(namespace: Option<&Template>, known: Known<'_>) -> Result<Text, Unaimed> {
    let said = namespace.map(|namespace| namespace.fill(known.values));
    match said {
        None => Ok(known.tenancy.namespace.into()),
        Some(said) if is_name(&said) => Ok(said.into()),
        Some(said) => Err(misfit(format!("{said:?} is no name of a namespace"))),
    }
}

fn key(kind: Kind, namespace: &str, name: &Template, values: &Values) -> Result<Key, Unaimed> {
    let name = name.fill(values);
    if is_name(&name) {
        Ok(Key::new(kind, namespace, &name))
    } else {
        Err(misfit(format!("{name:?} is no name of a {kind}")))
    }
}

pub(super) fn pinned(key: &Key, known: Known<'_>) -> Result<Pin, Unaimed> {
    let look = known.tenancy.look;
    if let Some(object) = look.world.get(key) {
        return Ok(object.pin());
    }
    Err(match look.gap(key.kind, &key.namespace) {
        Some(why) => Unaimed::Unseen { why },
        None => Unaimed::Absent {
            what: if key.namespace.is_empty() {
                key.to_string()
            } else {
                format!("{key} in {}", key.namespace)
            },
        },
    })
}

fn create(claim: &NewClaim, known: Known<'_>) -> Result<Act, Unaimed> {
    let values = known.values;
    let namespace = placed(claim.namespace.as_ref(), known)?;
    let key = key(Kind::PersistentVolumeClaim, &namespace, &claim.name, values)?;
    let fill = |template: &Template| Text::from(template.fill(values));
    let draft = Draft {
        volume_name: claim.volume.as_ref().map(fill).unwrap_or_default(),
        storage_class_name: claim.class.as_ref().map(fill),
        access_modes: claim
            .access_modes
            .iter()
            .map(fill)
            .map(|mode| words::access_mode(&mode))
            .collect(),
        volume_mode: claim.volume_mode.as_deref().map(Text::from),
        storage: Quantity(fill(&claim.size)),
        labels: collected(&pairs(&claim.labels, values)),
        annotations: collected(&pairs(&claim.annotations, values)),
    };
    Ok(Act::create_claim(key, draft, known.step))
}

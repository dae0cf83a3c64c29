//! One act of a case: how it is written, and which act of the product it is on a world.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use pilothouse::model::act::words;
use pilothouse::model::storage::ReclaimPolicy;
use pilothouse::model::{Act, Draft, Key, Kind, Object, Propagation, World};

use super::{DEFAULT, Errand, Line, Place, Task};
use crate::picture::Frame;

/// One act: `delete pvc a/data Background`, `clear-claim-ref pv disk`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Deed {
    pub(crate) verb: Verb,
    pub(crate) kind: Kind,
    pub(crate) place: Place,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Delete(Propagation),
    Evict,
    Scale(u32),
    RemoveFinalizer(String),
    SetReclaimPolicy(ReclaimPolicy),
    ClearClaimRef,
    /// For the claim of this name.
    RetargetClaimRef(Place),
    /// Sets an annotation, or takes it off.
    Annotate(String, Option<String>),
    /// With the mark of a release of this name.
    Stamp(String),
    /// With these fields, as a claim's line has them.
    CreateClaim(Vec<(String, String)>),
    /// What helm does to a release.
    Helm(Errand),
}

impl Verb {
    /// Every verb, in a word.
    pub(crate) const WORDS: [&str; 13] = [
        "delete",
        "evict",
        "scale",
        "remove-finalizer",
        "set-policy",
        "clear-claim-ref",
        "retarget",
        "annotate",
        "stamp",
        "create",
        Task::WORDS[0],
        Task::WORDS[1],
        Task::WORDS[2],
    ];

    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Delete(_) => "delete",
            Self::Evict => "evict",
            Self::Scale(_) => "scale",
            Self::RemoveFinalizer(_) => "remove-finalizer",
            Self::SetReclaimPolicy(_) => "set-policy",
            Self::ClearClaimRef => "clear-claim-ref",
            Self::RetargetClaimRef(_) => "retarget",
            Self::Annotate(..) => "annotate",
            Self::Stamp(_) => "stamp",
            Self::CreateClaim(_) => "create",
            Self::Helm(errand) => errand.task.word(),
        }
    }
}

impl Deed {
    /// The act on the object as it is; nothing when there is no such object.
    pub(crate) fn act(&self, world: &World, slot: &str) -> Option<Act> {
        if let Verb::CreateClaim(fields) = &self.verb {
            let key = self.place.key(self.kind, slot);
            return Some(Act::create_claim(key, self.draft(fields, slot), "case"));
        }
        let target = self.target(world, slot)?.pin();
        Some(match &self.verb {
            Verb::Delete(propagation) => Act::Delete {
                target,
                propagation: *propagation,
            },
            Verb::Evict => Act::Evict { pod: target },
            Verb::Scale(replicas) => Act::Scale {
                target,
                replicas: *replicas,
            },
            Verb::RemoveFinalizer(finalizer) => Act::RemoveFinalizer {
                target,
                finalizer: finalizer.as_str().into(),
            },
            Verb::SetReclaimPolicy(policy) => Act::SetReclaimPolicy {
                volume: target,
                policy: *policy,
            },
            Verb::ClearClaimRef => Act::ClearClaimRef { volume: target },
            Verb::RetargetClaimRef(claim) => {
                let key = claim.key(Kind::PersistentVolumeClaim, slot);
                Act::RetargetClaimRef {
                    volume: target,
                    namespace: key.namespace,
                    name: key.name,
                }
            }
            Verb::Annotate(annotation, value) => Act::Annotate {
                target,
                annotation: annotation.as_str().into(),
                value: value.as_deref().map(Into::into),
            },
            Verb::Stamp(release) => Act::Stamp {
                target,
                release: release.as_str().into(),
                namespace: "releases".into(),
            },
            // made above; made of what is read of the release
            Verb::CreateClaim(_) | Verb::Helm(_) => return None,
        })
    }

    fn draft(&self, fields: &[(String, String)], slot: &str) -> Draft {
        let line = Line {
            kind: self.kind,
            place: self.place.clone(),
            fields: fields.to_vec(),
        };
        let mut draft = Draft {
            access_modes: vec!["ReadWriteOnce".into()],
            storage_class_name: line.class(slot).map(Into::into),
            ..Draft::default()
        };
        if let Some(volume) = line.field("volume") {
            draft.volume_name = format!("{slot}-{volume}").into();
        }
        let size = line.field("size").unwrap_or("1");
        assert!(draft.take(&format!("size={size}Gi")), "{size} is no size");
        draft
    }

    /// The one object the act is aimed at.
    fn target<'w>(&self, world: &'w World, slot: &str) -> Option<&'w Arc<Object>> {
        match self.kind {
            Kind::PersistentVolume if !self.place.namespace.is_empty() => only(provisioned(world, &self.place, slot)),
            Kind::VolumeAttachment => {
                let volume = if self.place.namespace.is_empty() {
                    world.get(&self.place.key(Kind::PersistentVolume, slot))
                } else {
                    only(provisioned(world, &self.place, slot))
                };
                only(world.attachments_of(&volume?.meta.name))
            }
            _ => {
                let key = self.place.key(self.kind, slot);
                let wanted = Frame::Whole.label(&key);
                world.of_kind(self.kind).find(|object| {
                    let drawn = key.name.contains('*') && Frame::Whole.label(&object.key()) == wanted;
                    object.key() == key || drawn
                })
            }
        }
    }

    /// What is counted as one kind of act: `delete pvc`, `delete job Orphan`.
    pub(crate) fn species(&self) -> String {
        let owns = matches!(
            self.kind,
            Kind::Job | Kind::CronJob | Kind::StatefulSet | Kind::Deployment | Kind::ReplicaSet | Kind::DaemonSet
        );
        match &self.verb {
            Verb::Delete(propagation) if owns => format!("delete {} {}", self.kind, propagation.word()),
            Verb::Delete(_) => format!("delete {}", self.kind),
            Verb::Evict => "evict".to_owned(),
            Verb::Scale(0) => format!("scale {} to none", self.kind),
            Verb::Scale(_) => format!("scale {}", self.kind),
            Verb::RemoveFinalizer(finalizer) => format!("take off {finalizer}"),
            Verb::SetReclaimPolicy(policy) => format!("set policy {}", policy.word()),
            Verb::ClearClaimRef => "clear claimRef".to_owned(),
            Verb::RetargetClaimRef(_) => "retarget claimRef".to_owned(),
            Verb::Annotate(annotation, _) => format!("annotate {annotation}"),
            Verb::Stamp(_) => "stamp".to_owned(),
            Verb::CreateClaim(_) => "create pvc".to_owned(),
            Verb::Helm(errand) => errand.species(),
        }
    }
}

/// The volumes that were provisioned for a claim of this name.
fn provisioned<'w>(world: &'w World, claim: &Place, slot: &str) -> impl Iterator<Item = &'w Arc<Object>> {
    let claim = claim.key(Kind::PersistentVolumeClaim, slot);
    let held = move |object: &&Arc<Object>| holds(object, &claim) && object.meta.name.starts_with("pvc-");
    world.of_kind(Kind::PersistentVolume).filter(held)
}

fn holds(volume: &Object, claim: &Key) -> bool {
    let holder = volume.body.volume().and_then(|volume| volume.spec.claim_ref.as_ref());
    holder.is_some_and(|holder| holder.namespace == claim.namespace && holder.name == claim.name)
}

fn only<T>(mut found: impl Iterator<Item = T>) -> Option<T> {
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.verb.word(), self.kind, self.place)?;
        match &self.verb {
            Verb::Delete(propagation) => write!(f, " {}", propagation.word()),
            Verb::Evict | Verb::ClearClaimRef => Ok(()),
            Verb::Scale(replicas) => write!(f, " {replicas}"),
            Verb::RemoveFinalizer(finalizer) => write!(f, " {finalizer}"),
            Verb::SetReclaimPolicy(policy) => write!(f, " {}", policy.word()),
            Verb::RetargetClaimRef(claim) => write!(f, " {claim}"),
            Verb::Annotate(annotation, Some(value)) => write!(f, " {annotation}={value}"),
            Verb::Annotate(annotation, None) => write!(f, " {annotation}-"),
            Verb::Stamp(release) => write!(f, " {release}"),
            Verb::CreateClaim(fields) => fields.iter().try_for_each(|(name, value)| write!(f, " {name}={value}")),
            Verb::Helm(errand) => write!(f, " {errand}"),
        }
    }
}

impl FromStr for Deed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("no act in {text:?}");
        let words: Vec<&str> = text.split_whitespace().collect();
        let [verb, kind, place, arguments @ ..] = words.as_slice() else {
            return Err(wrong());
        };
        let verb = match (*verb, arguments) {
            ("delete", [word]) => Verb::Delete(words::propagation(word).ok_or_else(wrong)?),
            ("evict", []) => Verb::Evict,
            ("scale", [replicas]) => Verb::Scale(replicas.parse().ok().ok_or_else(wrong)?),
            ("remove-finalizer", [finalizer]) => Verb::RemoveFinalizer((*finalizer).to_owned()),
            ("set-policy", [word]) => Verb::SetReclaimPolicy(words::policy(word).ok_or_else(wrong)?),
            ("clear-claim-ref", []) => Verb::ClearClaimRef,
            ("retarget", [claim]) => Verb::RetargetClaimRef(claim.parse()?),
            ("annotate", [word]) => {
                let (annotation, value) = words::annotation(word).ok_or_else(wrong)?;
                Verb::Annotate(annotation.to_string(), value.map(|value| value.to_string()))
            }
            ("stamp", [release]) => Verb::Stamp((*release).to_owned()),
            ("create", fields) => {
                let fields = fields.iter().map(|word| super::pair(word));
                Verb::CreateClaim(fields.collect::<Option<_>>().ok_or_else(wrong)?)
            }
            (verb, arguments) => Verb::Helm(Errand::read(verb, arguments).ok_or_else(wrong)?),
        };
        Ok(Self {
            verb,
            kind: Kind::from_word(kind).ok_or_else(wrong)?,
            place: place.parse()?,
        })
    }
}

impl Line {
    /// The class it names on a slot; nothing where it waits for the default one. One that says nothing is of a class of the
    /// slot's own that is not there: what is of no class at all could be taken by other slots.
    pub(crate) fn class(&self, slot: &str) -> Option<String> {
        match self.field("class") {
            Some(DEFAULT) => None,
            Some(class) => Some(format!("{slot}-{class}")),
            None => Some(format!("{slot}-none")),
        }
    }
}

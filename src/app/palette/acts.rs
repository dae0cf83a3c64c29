//! Acts after `:`. A line names an act, its object (or the one under the cursor is meant) and what it asks; what comes of
//! it is a panel, never the act itself.

mod helm;
mod raft;

use crate::app::screen::Screen;
use crate::app::state::State;
use crate::app::words::RowId;
use crate::model::act::{scale, words};
use crate::model::{Act, Draft, Key, Kind, Object, Propagation, Text};
use std::sync::Arc;

/// A line that asks for an act, as read: nothing of it is looked up yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub verb: Verb,
    /// `KIND/NAME`; without it the object under the cursor is meant.
    pub target: Option<(Kind, Text)>,
    pub rest: Vec<Text>,
}

/// The acts that have a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Delete,
    Evict,
    Scale,
    RemoveFinalizer,
    ReclaimPolicy,
    ClearClaimRef,
    Retarget,
    Annotate,
    Stamp,
    CreateClaim,
    Install,
    Upgrade,
    Rollback,
    Uninstall,
    StepDown,
    RemovePeer,
    RaftSnapshot,
}

impl Verb {
    pub const ALL: [Self; 17] = [
        Self::Delete,
        Self::Evict,
        Self::Scale,
        Self::RemoveFinalizer,
        Self::ReclaimPolicy,
        Self::ClearClaimRef,
        Self::Retarget,
        Self::Annotate,
        Self::Stamp,
        Self::CreateClaim,
        Self::Install,
        Self::Upgrade,
        Self::Rollback,
        Self::Uninstall,
        Self::StepDown,
        Self::RemovePeer,
        Self::RaftSnapshot,
    ];

    /// The word as it is completed, with the blank after it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Delete => "delete ",
            Self::Evict => "evict ",
            Self::Scale => "scale ",
            Self::RemoveFinalizer => "remove-finalizer ",
            Self::ReclaimPolicy => "reclaim-policy ",
            Self::ClearClaimRef => "clear-claim-ref ",
            Self::Retarget => "retarget ",
            Self::Annotate => "annotate ",
            Self::Stamp => "stamp ",
            Self::CreateClaim => "create-claim ",
            Self::Install => "install ",
            Self::Upgrade => "upgrade ",
            Self::Rollback => "rollback ",
            Self::Uninstall => "uninstall ",
            Self::StepDown => "step-down ",
            Self::RemovePeer => "remove-peer ",
            Self::RaftSnapshot => "raft-snapshot ",
        }
    }

    /// What stands after the word, as help and warnings say it.
    pub const fn usage(self) -> &'static str {
        match self {
            Self::Delete => ":delete [KIND/NAME] [background|foreground|orphan]",
            Self::Evict => ":evict [pod/NAME]",
            Self::Scale => ":scale [KIND/NAME] REPLICAS",
            Self::RemoveFinalizer => ":remove-finalizer [KIND/NAME] FINALIZER",
            Self::ReclaimPolicy => ":reclaim-policy [pv/NAME] retain|delete",
            Self::ClearClaimRef => ":clear-claim-ref [pv/NAME]",
            Self::Retarget => ":retarget [pv/NAME] NAMESPACE/CLAIM",
            Self::Annotate => ":annotate [KIND/NAME] KEY=VALUE or KEY-",
            Self::Stamp => ":stamp [KIND/NAME] NAMESPACE/RELEASE",
            Self::CreateClaim => {
                ":create-claim pvc/NAME size=10Gi [volume=PV] [class=CLASS] [modes=RWO,RWX] [label=K=V] [annotation=K=V]"
            }
            Self::Install => {
                ":install NAME CHART [version=V] [values=FILE] [driver=configmap] [take-ownership] [wait] [no-hooks] [timeout=SECONDS]"
            }
            Self::Upgrade => {
                ":upgrade [release/NAME] CHART [version=V] [values=FILE] [take-ownership] [wait] [no-hooks] [timeout=SECONDS]"
            }
            Self::StepDown => ":step-down [sts/NAME]",
            Self::RemovePeer => ":remove-peer [sts/NAME] RAFT-ID",
            Self::RaftSnapshot => ":raft-snapshot [sts/NAME] FILE",
            Self::Rollback => ":rollback [release/NAME] [REVISION] [wait] [no-hooks] [timeout=SECONDS]",
            Self::Uninstall => {
                ":uninstall [release/NAME] [background|foreground|orphan] [keep-history] [wait] [no-hooks] [timeout=SECONDS]"
            }
        }
    }

    /// The kinds it is for; none: any.
    const fn kinds(self) -> &'static [Kind] {
        match self {
            Self::Delete | Self::RemoveFinalizer | Self::Annotate | Self::Stamp => &[],
            Self::Evict => &[Kind::Pod],
            Self::Scale => &Act::SCALED,
            Self::ReclaimPolicy | Self::ClearClaimRef | Self::Retarget => &[Kind::PersistentVolume],
            Self::CreateClaim => &[Kind::PersistentVolumeClaim],
            Self::Install | Self::Upgrade | Self::Rollback | Self::Uninstall => &[Kind::Release],
            Self::StepDown | Self::RemovePeer | Self::RaftSnapshot => &[Kind::StatefulSet],
        }
    }
}

/// Reads the words after a verb.
pub(super) fn read(verb: Verb, rest: &str) -> Asked {
    let mut rest: Vec<Text> = rest.split_whitespace().map(Text::from).collect();
    let named = rest.first().and_then(|word| {
        let (kind, name) = word.split_once('/')?;
        // a file is no object
        let file = verb == Verb::RaftSnapshot && !matches!(kind, "sts" | "statefulset" | "pod");
        let kind = Kind::from_word(kind)
            .filter(|_| !name.is_empty() && !name.contains(['/', '=']) && verb != Verb::Install && !file)?;
        // `:retarget pv-1/x` and `:stamp pod/x` mean a place where only a place is left to say
        let places = matches!(verb, Verb::Retarget | Verb::Stamp) && rest.len() == 1;
        (!places).then(|| (kind, Text::from(name)))
    });
    if named.is_some() {
        rest.remove(0);
    }
    Asked {
        verb,
        target: named,
        rest,
    }
}

/// The act that a line asks for on what is there now, or why there is none.
pub fn act(state: &State, asked: &Asked) -> Result<Act, String> {
    let usage = || asked.verb.usage().to_owned();
    if asked.verb == Verb::CreateClaim {
        return create(state, asked);
    }
    if matches!(
        asked.verb,
        Verb::Install | Verb::Upgrade | Verb::Rollback | Verb::Uninstall
    ) {
        return helm::act(state, asked);
    }
    if let Verb::StepDown | Verb::RemovePeer | Verb::RaftSnapshot = asked.verb {
        return raft::act(state, asked);
    }
    let object = meant(state, asked)?;
    let target = object.pin();
    let word = asked.rest.first().map(Text::as_str);
    if asked.rest.len() > 1 {
        return Err(usage());
    }
    let act = match (asked.verb, word) {
        (Verb::Delete, word) => {
            let told = word.map_or(Some(Act::usual_propagation(&target.key)), words::propagation);
            let propagation: Propagation = told.ok_or_else(usage)?;
            Act::Delete { target, propagation }
        }
        (Verb::Evict, None) => Act::Evict { pod: target },
        (Verb::ClearClaimRef, None) => Act::ClearClaimRef { volume: target },
        (Verb::Scale, Some(word)) => Act::Scale {
            target,
            replicas: word.parse().map_err(|_error| usage())?,
        },
        (Verb::RemoveFinalizer, Some(word)) => Act::RemoveFinalizer {
            target,
            finalizer: word.into(),
        },
        (Verb::ReclaimPolicy, Some(word)) => Act::SetReclaimPolicy {
            volume: target,
            policy: words::policy(word).ok_or_else(usage)?,
        },
        (Verb::Retarget, Some(word)) => {
            let (namespace, name) = words::placed(word).ok_or_else(usage)?;
            Act::RetargetClaimRef {
                volume: target,
                namespace,
                name,
            }
        }
        (Verb::Annotate, Some(word)) => {
            let (annotation, value) = words::annotation(word).ok_or_else(usage)?;
            Act::Annotate {
                target,
                annotation,
                value,
            }
        }
        (Verb::Stamp, Some(word)) => {
            let (namespace, release) = words::placed(word).ok_or_else(usage)?;
            Act::Stamp {
                target,
                release,
                namespace,
            }
        }
        _ => return Err(usage()),
    };
    act.misfit().map_or(Ok(act), Err)
}

fn create(state: &State, asked: &Asked) -> Result<Act, String> {
    let usage = || asked.verb.usage().to_owned();
    let Some((Kind::PersistentVolumeClaim, name)) = &asked.target else {
        return Err(usage());
    };
    let namespaces = namespaces(state);
    let [namespace] = namespaces.as_slice() else {
        return Err("in which namespace? go to a tenant of one namespace, or to an object in it".to_owned());
    };
    let mut draft = Draft {
        access_modes: vec!["ReadWriteOnce".into()],
        ..Draft::default()
    };
    if !asked.rest.iter().all(|word| draft.take(word)) {
        return Err(usage());
    }
    let key = Key::new(Kind::PersistentVolumeClaim, namespace, name);
    let step = format!("{}-{name}", state.now.wall.as_millisecond());
    let act = Act::create_claim(key, draft, &step);
    act.misfit().map_or(Ok(act), |why| Err(format!("{why}; {}", usage())))
}

/// The object a line names, among the tenant's first; or the one under the cursor.
fn meant(state: &State, asked: &Asked) -> Result<Arc<Object>, String> {
    pointed(state, asked.target.as_ref(), asked.verb.usage())
}

/// The object of this kind and name, among the tenant's first; or the one under the cursor.
pub(super) fn pointed(state: &State, target: Option<&(Kind, Text)>, usage: &str) -> Result<Arc<Object>, String> {
    let Some((kind, name)) = target else {
        let subject = match &state.visit().screen {
            Screen::Forecast(subject, _) => Some(subject.clone()),
            _ => state.meant(),
        };
        let Some(subject) = subject else {
            return Err(format!("there is no object under the cursor; {usage}"));
        };
        let held = state
            .world
            .get(&subject.key)
            .filter(|held| held.meta.uid == subject.uid);
        return held
            .map(Arc::clone)
            .ok_or_else(|| format!("{} (uid …{}) is gone", subject.key, subject.uid.tail(6)));
    };
    if kind.is_record() {
        return helm::named(state, *kind, name);
    }
    if !kind.namespaced() {
        let key = Key::cluster(*kind, name);
        return state
            .world
            .get(&key)
            .map(Arc::clone)
            .ok_or_else(|| format!("there is no {key}"));
    }
    let places = namespaces(state);
    let mut found = places
        .iter()
        .filter_map(|namespace| state.world.find(*kind, namespace, name));
    match (found.next(), found.next()) {
        (Some(only), None) => Ok(Arc::clone(only)),
        (Some(_), Some(_)) => Err(format!(
            "{kind}/{name} is there in more than one namespace of this tenant"
        )),
        (None, _) => Err(format!("there is no {kind}/{name} in this tenant")),
    }
}

/// Where a name without a namespace is looked for: the object's own one, the tenant's, or all there are.
fn namespaces(state: &State) -> Vec<Text> {
    let here = state
        .visits
        .iter()
        .rev()
        .find_map(|visit| match (&visit.screen, visit.cursor().at()) {
            (Screen::Tenant(name), _) | (Screen::Fleet, Some(RowId::Tenant(name))) => {
                let tenant = state.derived.tenants.iter().find(|tenant| tenant.name == *name)?;
                Some(tenant.namespaces.clone())
            }
            (screen, _) => {
                let namespace = screen.subject()?.key.namespace.clone();
                (!namespace.is_empty()).then(|| vec![namespace])
            }
        });
    here.unwrap_or_else(|| {
        let all = state.derived.tenants.iter().flat_map(|tenant| tenant.namespaces.iter());
        all.cloned().collect()
    })
}

/// What would complete a line that begins with a verb: an object it is for, then what it can ask of it.
pub(super) fn completions(state: &State, verb: Verb, typed: &str) -> Vec<String> {
    let mut parts = typed.rsplitn(2, ' ');
    let begun = parts.next().unwrap_or_default();
    let lead = parts.next().unwrap_or_default();
    let asked = read(verb, lead.split_once(' ').map_or("", |(_, rest)| rest));
    let mut words: Vec<String> = Vec::new();
    if asked.target.is_none() && asked.rest.is_empty() && verb != Verb::CreateClaim {
        words.extend(objects(state, verb.kinds()));
        if matches!(verb, Verb::Upgrade | Verb::Rollback | Verb::Uninstall) {
            words.extend(helm::releases(state));
        }
    }
    words.extend(arguments(state, &asked));
    words
        .into_iter()
        .filter(|word| word.len() > begun.len() && word.starts_with(begun) && !begun.is_empty())
        .map(|word| format!("{lead} {word}"))
        .collect()
}

/// Every object of these kinds here, releases apart; of any kind where none is said.
fn objects(state: &State, kinds: &[Kind]) -> Vec<String> {
    let places = namespaces(state);
    let of_kind = |kind: Kind| {
        let here = state.world.of_kind(kind);
        let here = here.filter(|object| !kind.namespaced() || places.contains(&object.meta.namespace));
        here.map(|object| object.key().to_string()).collect::<Vec<_>>()
    };
    let all = if kinds.is_empty() { &Kind::ALL[..] } else { kinds };
    all.iter()
        .filter(|kind| !kind.is_record())
        .flat_map(|kind| of_kind(*kind))
        .collect()
}

/// Every object here by `KIND/NAME`, releases by their own names.
pub(super) fn everything(state: &State) -> impl Iterator<Item = String> {
    objects(state, &[]).into_iter().chain(helm::releases(state))
}

/// What can be asked of the object that is meant.
fn arguments(state: &State, asked: &Asked) -> Vec<String> {
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let object = || meant(state, asked).ok();
    match asked.verb {
        Verb::Delete => owned(&["background", "foreground", "orphan"]),
        Verb::ReclaimPolicy => owned(&["retain", "delete"]),
        Verb::Scale => object()
            .and_then(|object| scale(&object))
            .map(|count| vec![count.to_string()])
            .unwrap_or_default(),
        Verb::RemoveFinalizer => object()
            .map(|object| object.meta.finalizers.iter().map(ToString::to_string).collect())
            .unwrap_or_default(),
        Verb::Annotate => {
            let held = object().map(|object| {
                let held = object.meta.annotations.iter();
                held.map(|(key, _)| format!("{key}-")).collect::<Vec<_>>()
            });
            let mut all: Vec<String> = owned(&["helm.sh/resource-policy=keep"]);
            all.extend(held.unwrap_or_default());
            all
        }
        Verb::Retarget => {
            let claims = state.world.of_kind(Kind::PersistentVolumeClaim);
            claims
                .map(|claim| format!("{}/{}", claim.meta.namespace, claim.meta.name))
                .collect()
        }
        Verb::Stamp => {
            let records = state.world.records();
            records
                .filter_map(|object| Some(format!("{}/{}", object.meta.namespace, object.body.release()?.name)))
                .collect()
        }
        Verb::CreateClaim => owned(&["size=", "volume=", "class=", "modes=RWO", "label=", "annotation="]),
        Verb::Install | Verb::Upgrade | Verb::Rollback | Verb::Uninstall => helm::arguments(state, asked),
        Verb::RemovePeer => raft::dead(state, asked),
        Verb::Evict | Verb::ClearClaimRef | Verb::StepDown | Verb::RaftSnapshot => Vec::new(),
    }
}

#[cfg(test)]
mod tests;

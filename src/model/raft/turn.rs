//! Whose turn it is while a raft cluster moves to another class, told from the cluster alone: a claim has moved when its class
//! is the one its StatefulSet's template names now.

use super::Roster;
use crate::model::workload::StatefulSet;
use crate::model::{Key, Kind, Text, World};

/// One ordinal of the set, and how far its claims are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    pub pod: Text,
    /// Claims on another class than the template's, that nobody deletes.
    pub ahead: Vec<Text>,
    /// Those that are being deleted.
    pub going: Vec<Text>,
    /// Those that are not there.
    pub missing: Vec<Text>,
    /// On the template's class, and not bound yet.
    pub unbound: Vec<Text>,
    /// The pod is there, and not being deleted.
    pub there: bool,
}

impl Turn {
    /// Everything it had on another class is gone, and it is back on bound claims.
    pub const fn over(&self) -> bool {
        self.ahead.is_empty()
            && self.going.is_empty()
            && self.missing.is_empty()
            && self.unbound.is_empty()
            && self.there
    }

    /// Something of it was deleted, and it is not back.
    pub const fn begun(&self) -> bool {
        !self.going.is_empty() || !self.missing.is_empty() || !self.unbound.is_empty() || !self.there
    }
}

/// All ordinals of the set, the lowest first.
///
/// # Errors
/// Why it cannot be said, in a sentence.
pub fn turns(world: &World, roster: &Roster) -> Result<Vec<Turn>, String> {
    let namespace = &roster.id.namespace;
    let set = world
        .find(Kind::StatefulSet, namespace, &roster.id.name)
        .filter(|set| !set.meta.deleting())
        .ok_or_else(|| format!("StatefulSet {} is not there", roster.id))?;
    let facts = set
        .body
        .stateful_set()
        .ok_or_else(|| format!("StatefulSet {} cannot be read", roster.id))?;
    if facts.spec.volume_claim_templates.is_empty() {
        return Err(format!("StatefulSet {} has no claim templates", roster.id));
    }
    facts
        .ordinals()
        .map(|ordinal| turn(world, roster, facts, ordinal))
        .collect()
}

fn turn(world: &World, roster: &Roster, set: &StatefulSet, ordinal: u32) -> Result<Turn, String> {
    let namespace = &roster.id.namespace;
    let pod: Text = format!("{}-{ordinal}", roster.id.name).into();
    let mut turn = Turn {
        there: world
            .find(Kind::Pod, namespace, &pod)
            .is_some_and(|pod| !pod.meta.deleting()),
        pod,
        ahead: Vec::new(),
        going: Vec::new(),
        missing: Vec::new(),
        unbound: Vec::new(),
    };
    for template in &set.spec.volume_claim_templates {
        let wanted = template.spec.storage_class_name.as_ref().ok_or_else(|| {
            format!(
                "the claim template {} of {} names no class",
                template.metadata.name, roster.id
            )
        })?;
        let name: Text = StatefulSet::claim_name(template, &roster.id.name, ordinal);
        let key = Key::new(Kind::PersistentVolumeClaim, namespace, &name);
        let claim = world.get(&key);
        match claim.and_then(|claim| Some((claim, claim.body.claim()?))) {
            None => turn.missing.push(name),
            Some((claim, _)) if claim.meta.deleting() => turn.going.push(name),
            Some((_, facts)) if facts.spec.storage_class_name.as_ref() != Some(wanted) => turn.ahead.push(name),
            Some((_, facts)) if facts.spec.volume_name.is_empty() => turn.unbound.push(name),
            Some(_) => {}
        }
    }
    Ok(turn)
}

/// Whose turn it is: one that has begun; else a follower, the highest ordinal first; the leader when nobody else is left.
/// `None` when all have moved.
pub fn next<'t>(turns: &'t [Turn], leader: Option<&str>) -> Option<&'t Turn> {
    let ahead = || turns.iter().rev().filter(|turn| !turn.ahead.is_empty());
    turns
        .iter()
        .find(|turn| turn.begun())
        .or_else(|| ahead().find(|turn| leader != Some(turn.pod.as_str())))
        .or_else(|| ahead().next())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::laws::fixture::world;
    use crate::model::raft::Soundings;
    use std::fmt::Write as _;

    /// Three peers of a set whose template names class `new`; each with the class of its claim and what else is so.
    fn cluster(claims: [&str; 3], pods: [bool; 3]) -> World {
        let mut yaml = String::from(
            "
- {apiVersion: v1, kind: Namespace, metadata: {name: a}, status: {phase: Active}}
- {apiVersion: apps/v1, kind: StatefulSet, metadata: {name: v, namespace: a, uid: set}, spec: {replicas: 3, selector: {matchLabels: {app: v}}, template: {spec: {containers: [{image: \"vault:1.21.0\"}]}}, volumeClaimTemplates: [{metadata: {name: data}, spec: {storageClassName: new}}]}}",
        );
        for (at, class) in claims.iter().enumerate() {
            let (going, class) = class.strip_prefix('-').map_or(("", *class), |class| {
                (
                    ", deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: [kubernetes.io/pvc-protection]",
                    class,
                )
            });
            let volume = if class == "new?" { "" } else { "pv" };
            let class = class.trim_end_matches('?');
            if !class.is_empty() {
                write!(yaml,
                    "
- {{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {{name: data-v-{at}, namespace: a{going}}}, spec: {{volumeName: '{volume}', storageClassName: {class}}}}}"
                ).unwrap();
            }
        }
        for (at, there) in pods.iter().enumerate().filter(|(_, there)| **there) {
            assert!(there);
            write!(yaml,
                "
- {{apiVersion: v1, kind: Pod, metadata: {{name: v-{at}, namespace: a, ownerReferences: [{{apiVersion: apps/v1, kind: StatefulSet, name: v, uid: set, controller: true}}]}}, status: {{phase: Running}}}}"
            ).unwrap();
        }
        world(&yaml)
    }

    #[test]
    fn the_turn_is_told_from_the_cluster_alone() {
        let all = [true; 3];
        for (claims, pods, leader, expected) in [
            (["old", "old", "old"], all, Some("v-2"), Some("v-1")),
            (["old", "old", "old"], all, Some("v-1"), Some("v-2")),
            (["old", "-old", "old"], all, Some("v-2"), Some("v-1")),
            (["old", "-old", "old"], all, Some("v-1"), Some("v-1")),
            (["old", "", "old"], [true, false, true], Some("v-2"), Some("v-1")),
            (["old", "new?", "old"], all, Some("v-2"), Some("v-1")),
            (["old", "new", "old"], all, Some("v-2"), Some("v-0")),
            (["new", "new", "old"], all, Some("v-2"), Some("v-2")),
            (["new", "new", "old"], all, None, Some("v-2")),
            (["new", "new", "new"], all, Some("v-2"), None),
            (["new", "new", "new"], [false, true, true], Some("v-2"), Some("v-0")),
        ] {
            let world = cluster(claims, pods);
            let roster = Soundings::default().rosters(&world, "a").remove(0);
            let turns = turns(&world, &roster).unwrap();
            let turn = next(&turns, leader).map(|turn| turn.pod.as_str());
            assert_eq!(turn, expected, "{claims:?} {pods:?} {leader:?}");
            assert_eq!(expected.is_none(), turns.iter().all(Turn::over), "{claims:?} {pods:?}");
        }
    }
}

//! Seed 000, path B: somebody changed live objects, their marks of ownership or their `keep`, so that an uninstall leaves them.
//! It goes by the stored manifest; from helm 4.3 on it skips what it no longer owns, and still reads no live `keep`.
//!
//! Sources: `reference/semantics.md` §2.2, §2.3, §2.8; `pkg/action/uninstall.go`, `resource_policy.go`, `validate.go`.

use super::version::checks_ownership;
use crate::model::helm::{Executor, Record, Stamp};
use crate::model::storage::ReclaimPolicy;
use crate::model::{Key, Kind, Text, World};

/// A claim that the stored manifest lists without `keep`, and that was changed live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misled {
    pub claim: Key,
    pub how: How,
    /// Its volume is Retain: the claim goes, the disk stays.
    pub retained: bool,
}

/// What was changed live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum How {
    /// It bears no mark of this release any more; another release's, where it bears that.
    Disowned { by: Option<Text> },
    /// `keep` stands on it, and not in the stored manifest.
    LiveKeep,
}

/// What an uninstall would come to for such claims.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PathB {
    /// Deleted all the same.
    pub destroyed: Vec<Misled>,
    /// Left alone, by this version of helm and by no older one.
    pub skipped: Vec<Misled>,
    executor: Option<Executor>,
}

/// The claims of a record that were changed live.
pub fn misled<'a>(world: &'a World, record: &'a Record) -> impl Iterator<Item = Misled> + 'a {
    let listed = record
        .manifest
        .documents
        .iter()
        .filter(|document| document.policy.is_none());
    listed.filter_map(|document| {
        let claim = document
            .address
            .key()
            .filter(|key| key.kind == Kind::PersistentVolumeClaim)?;
        let live = world.get(&claim)?;
        let stamp = Stamp::of(&live.meta);
        let disowned = stamp.disowned(&record.name, &record.namespace).is_some();
        let by = stamp.release_name.clone().filter(|name| *name != record.name);
        let keeps = stamp
            .policy
            .as_ref()
            .is_some_and(|policy| policy.trim().to_lowercase() == "keep");
        let how = match (disowned, keeps) {
            (true, _) => How::Disowned { by },
            (false, true) => How::LiveKeep,
            (false, false) => return None,
        };
        Some(Misled {
            retained: retained(world, &claim),
            claim,
            how,
        })
    })
}

/// The volume's policy says that the disk stays; not where it cannot be seen.
fn retained(world: &World, claim: &Key) -> bool {
    let volume = || {
        let name = &world.get(claim)?.body.claim()?.spec.volume_name;
        let volume = world.get(&Key::cluster(Kind::PersistentVolume, name))?.body.volume()?;
        Some(volume.spec.persistent_volume_reclaim_policy)
    };
    volume() == Some(ReclaimPolicy::Retain)
}

impl PathB {
    /// What this helm's uninstall comes to; one whose version is not known is taken for an old one.
    pub fn of(world: &World, record: &Record, executor: Option<Executor>) -> Self {
        let looks = executor.is_some_and(checks_ownership);
        let (skipped, destroyed) =
            misled(world, record).partition(|misled| looks && matches!(misled.how, How::Disowned { .. }));
        Self {
            destroyed,
            skipped,
            executor,
        }
    }

    /// Nothing was changed live.
    pub const fn is_empty(&self) -> bool {
        self.destroyed.is_empty() && self.skipped.is_empty()
    }

    /// Why such an uninstall is refused: somebody meant these claims to stay, and they would go. A live `keep` on a claim whose
    /// disk stays anyway is for a person to sign.
    pub fn refusal(&self) -> Option<String> {
        let refused = |misled: &&Misled| !misled.retained || matches!(misled.how, How::Disowned { .. });
        let lost: Vec<&Misled> = self.destroyed.iter().filter(refused).collect();
        if lost.is_empty() {
            return None;
        }
        let who = match self.executor {
            Some(executor) => executor.to_string(),
            None => "helm before 4.3".to_owned(),
        };
        Some(format!(
            "uninstall deletes what the stored manifest lists, and {who} looks at no live {}: {} would be destroyed: {}. Put keep \
             into the stored manifest by an upgrade (path A), or have every volume Retain and the claims marked as the \
             release's again (path C)",
            if self.executor.is_some_and(checks_ownership) {
                "keep"
            } else {
                "mark or keep"
            },
            count(lost.len()),
            told(lost),
        ))
    }

    /// What a person has to know and sign: what is left is true of this helm alone, or goes although a live `keep` stands on it.
    pub fn caution(&self) -> Option<String> {
        let mut said = Vec::new();
        if !self.skipped.is_empty() {
            let who = self.executor.map(|executor| executor.to_string()).unwrap_or_default();
            said.push(format!(
                "{who} skips what it no longer owns, so {} would stay: {}. That is true from 4.3 on; the same command in other \
                 hands, with helm 3 or an older 4, destroys them, and afterwards no release lists them. Keep in the stored \
                 manifest is sure with any helm (path A)",
                count(self.skipped.len()),
                told(self.skipped.iter().collect())
            ));
        }
        let goes: Vec<&Misled> = self.destroyed.iter().collect();
        if self.refusal().is_none() && !goes.is_empty() {
            said.push(format!(
                "keep on live objects is not read by an uninstall: {} go, and their disks stay by Retain: {}",
                count(goes.len()),
                told(goes)
            ));
        }
        (!said.is_empty()).then(|| said.join("; "))
    }
}

fn count(number: usize) -> String {
    match number {
        1 => "1 claim".to_owned(),
        more => format!("{more} claims"),
    }
}

fn told(misled: Vec<&Misled>) -> String {
    let all: Vec<String> = misled
        .into_iter()
        .map(|misled| format!("{} ({})", misled.claim, misled.how))
        .collect();
    all.join(", ")
}

impl std::fmt::Display for How {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Disowned { by: Some(name) } => write!(f, "marked as {name}'s"),
            Self::Disowned { by: None } => f.write_str("its mark of ownership was taken off"),
            Self::LiveKeep => f.write_str("keep on the live object alone"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::fixture::release_read;

    fn path(executor: Option<Executor>, retain: bool, marked: bool) -> PathB {
        let (mut world, conditions) = release_read();
        let pin = world.of_kind(Kind::Release).next().unwrap().pin();
        let record = conditions.helm.record(&pin).unwrap().record().unwrap();
        let key = Key::new(Kind::PersistentVolumeClaim, "shop", "data");
        let marks = if marked {
            "labels: {app.kubernetes.io/managed-by: Helm}, annotations: {meta.helm.sh/release-name: eks, meta.helm.sh/release-namespace: shop, helm.sh/resource-policy: keep}"
        } else {
            "annotations: {helm.sh/resource-policy: keep}"
        };
        let policy = if retain { "Retain" } else { "Delete" };
        world = crate::diagnose::fixture::with(
            world,
            &format!(
                "
- {{kind: PersistentVolumeClaim, metadata: {{name: data, namespace: shop, {marks}}}, spec: {{volumeName: disk}}}}
- {{kind: PersistentVolume, metadata: {{name: disk}}, spec: {{persistentVolumeReclaimPolicy: {policy}}}}}"
            ),
        );
        assert!(world.get(&key).is_some());
        PathB::of(&world, record, executor)
    }

    #[test]
    fn what_path_b_comes_to_is_said_for_the_very_helm() {
        let old = ["3.22.0", "4.0.0", "4.2.4"];
        let refused = |path: &PathB| path.refusal().is_some();
        for version in old {
            let executor = version.parse().ok();
            // the mark was taken off: meant to stay, and goes, whatever the disk
            for retain in [true, false] {
                let path = path(executor, retain, false);
                let why = path.refusal().unwrap();
                assert!(
                    why.contains(&format!("helm {version} looks at no live mark or keep")),
                    "{why}"
                );
                assert!(why.contains("1 claim would be destroyed: pvc/data"), "{why}");
            }
            // keep on the live claim alone: goes; where the disk stays, a person may know that
            assert!(refused(&path(executor, false, true)));
            let kept = path(executor, true, true);
            assert!(!refused(&kept) && kept.caution().unwrap().contains("their disks stay by Retain"));
        }
        let new = "4.3.1".parse().ok();
        let skipped = path(new, false, false);
        assert!(!refused(&skipped));
        let caution = skipped.caution().unwrap();
        assert!(
            caution.contains("helm 4.3.1 skips what it no longer owns") && caution.contains("helm 3"),
            "{caution}"
        );
        let live = path(new, false, true).refusal().unwrap();
        assert!(live.contains("helm 4.3.1 looks at no live keep"), "{live}");
        // a helm that is not known is taken for an old one
        assert!(refused(&path(None, true, false)));
    }
}

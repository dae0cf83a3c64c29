//! What is done to a drawn world: mostly what loses data, and after it what people try when that hangs.

use pilothouse::model::storage::{
    EXTERNAL_ATTACHER_PREFIX, EXTERNAL_PROVISIONER, PV_PROTECTION, PVC_PROTECTION, ReclaimPolicy,
};
use pilothouse::model::workload::JOB_TRACKING;
use pilothouse::model::{Kind, Propagation};

use super::Draw;
use crate::case::{Deed, Place, Verb};
use crate::manifest::FOREIGN;

use Kind::{
    CronJob, DaemonSet, Deployment, Job, PersistentVolume, PersistentVolumeClaim as Claim, Pod, ReplicaSet, StatefulSet,
};

/// Helm reads it.
const KEEP: &str = "helm.sh/resource-policy";

impl Draw {
    pub(super) fn acts(&mut self) -> Vec<Deed> {
        let many = match self.rng.u32(..10) {
            0..3 => 1,
            3..7 => 2,
            _ => 3,
        };
        let mut acts: Vec<Deed> = Vec::new();
        for _ in 0..many {
            let next = acts.last().cloned().and_then(|last| self.follow(&last));
            let next = next.unwrap_or_else(|| self.act());
            acts.push(next);
        }
        acts
    }

    /// What people do next when a deletion hangs.
    fn follow(&mut self, last: &Deed) -> Option<Deed> {
        if !matches!(last.verb, Verb::Delete(_)) || !self.one_in(3) {
            return None;
        }
        let finalizer = self.finalizer(last.kind)?;
        let verb = match (last.kind, self.rng.u32(..4)) {
            (PersistentVolume, 0) => Verb::SetReclaimPolicy(ReclaimPolicy::Retain),
            (PersistentVolume, 1) => Verb::ClearClaimRef,
            _ => Verb::RemoveFinalizer(finalizer),
        };
        Some(Deed { verb, ..last.clone() })
    }

    /// A finalizer that objects of a kind bear now and then.
    fn finalizer(&mut self, kind: Kind) -> Option<String> {
        let attacher = format!("{EXTERNAL_ATTACHER_PREFIX}disk-kit");
        let known: &[&str] = match kind {
            Claim => &[PVC_PROTECTION],
            PersistentVolume => &[
                PV_PROTECTION,
                PV_PROTECTION,
                EXTERNAL_PROVISIONER,
                EXTERNAL_PROVISIONER,
                &attacher,
            ],
            Pod => &[JOB_TRACKING, FOREIGN],
            StatefulSet | Deployment | ReplicaSet | DaemonSet | Job | CronJob => &["foregroundDeletion", "orphan"],
            _ => return None,
        };
        if self.one_in(12) {
            return Some(FOREIGN.to_owned());
        }
        Some(self.any(known).to_owned())
    }

    fn act(&mut self) -> Deed {
        let (kind, place) = self.targets[self.rng.usize(..self.targets.len())].clone();
        if self.one_in(20) {
            return self.new_claim();
        }
        let verb = match (kind, self.rng.u32(..12)) {
            (PersistentVolume, 4..7) => Verb::SetReclaimPolicy(self.policy()),
            (PersistentVolume, 7..9) => Verb::ClearClaimRef,
            (PersistentVolume, 9) => Verb::RetargetClaimRef(self.heir()),
            (Claim, 9) | (PersistentVolume, 10) => self.strip(kind),
            (Pod, 0..5) => Verb::Evict,
            (StatefulSet | Deployment | ReplicaSet, 0..5) => Verb::Scale(self.rng.u32(..4)),
            (Pod | StatefulSet | Deployment | Job, 10) if self.one_in(3) => self.strip(kind),
            (_, 11) if kind != Kind::Node => self.mark(),
            _ => self.delete(),
        };
        Deed { verb, kind, place }
    }

    fn delete(&mut self) -> Verb {
        Verb::Delete(match self.rng.u32(..5) {
            0..3 => Propagation::Background,
            3 => Propagation::Foreground,
            _ => Propagation::Orphan,
        })
    }

    fn policy(&mut self) -> ReclaimPolicy {
        if self.one_in(3) {
            ReclaimPolicy::Retain
        } else {
            ReclaimPolicy::Delete
        }
    }

    fn strip(&mut self, kind: Kind) -> Verb {
        match self.finalizer(kind) {
            Some(finalizer) => Verb::RemoveFinalizer(finalizer),
            None => self.delete(),
        }
    }

    /// A mark that Helm reads.
    fn mark(&mut self) -> Verb {
        match self.rng.u32(..5) {
            0 | 1 => Verb::Annotate(KEEP.to_owned(), Some("keep".to_owned())),
            2 => Verb::Annotate(KEEP.to_owned(), None),
            _ => Verb::Stamp("shop".to_owned()),
        }
    }

    /// The name of a claim that is there, or of none.
    fn heir(&mut self) -> Place {
        let claims: Vec<Place> = self
            .targets
            .iter()
            .filter(|(kind, _)| *kind == Claim)
            .map(|(_, place)| place.clone())
            .collect();
        if claims.is_empty() || self.one_in(2) {
            let name = self.fresh("heir");
            return Place::new("a", &name);
        }
        claims[self.rng.usize(..claims.len())].clone()
    }

    /// A claim that is not there: of a volume by name, of a class, or in the place of one that may have gone.
    fn new_claim(&mut self) -> Deed {
        let place = self.heir();
        let named = self.lines.iter().filter(|line| line.kind == PersistentVolume);
        let volumes: Vec<(String, String)> = named
            .filter_map(|line| Some((line.place.name.clone(), line.field("class")?.to_owned())))
            .collect();
        let classes = self.lines.iter().filter(|line| line.kind == Kind::StorageClass);
        let classes: Vec<String> = classes.map(|line| line.place.name.clone()).collect();
        let mut fields = vec![("size".to_owned(), "1".to_owned())];
        if !volumes.is_empty() && self.one_in(2) {
            let (volume, class) = volumes[self.rng.usize(..volumes.len())].clone();
            fields.push(("volume".to_owned(), volume));
            fields.push(("class".to_owned(), class));
        } else if !classes.is_empty() {
            let class = classes[self.rng.usize(..classes.len())].clone();
            fields.push(("class".to_owned(), class));
        }
        Deed {
            verb: Verb::CreateClaim(fields),
            kind: Claim,
            place,
        }
    }
}

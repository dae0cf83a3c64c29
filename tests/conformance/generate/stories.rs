//! Worlds that are drawn with the acts they are about, because chance alone would seldom come to them: what is stuck and
//! stripped, what is torn from under a pod, what is detached by hand.

use pilothouse::model::storage::{
    EXTERNAL_ATTACHER_PREFIX, EXTERNAL_PROVISIONER, PV_PROTECTION, PVC_PROTECTION, ReclaimPolicy,
};
use pilothouse::model::{Kind, Propagation};

use super::Draw;
use crate::case::{Deed, Line, Place, Verb};
use crate::manifest::{ATTACHING, FOREIGN, PLAIN};

use Kind::{Job, PersistentVolume, PersistentVolumeClaim as Claim, Pod, ReplicaSet, StorageClass, VolumeAttachment};
use Propagation::{Background, Foreground, Orphan};

impl Draw {
    /// An owner that waits in the foreground for a dependent that some finalizer holds.
    pub(super) fn stuck(&mut self) -> Vec<Deed> {
        let kind = [Job, ReplicaSet, Pod][self.rng.usize(..3)];
        let owner = Place::new("a", &self.fresh("owner"));
        let mut line = Line::new(kind, owner.clone()).with("replicas", "0");
        if kind == Job {
            line = line.with("suspend", "true");
        }
        let line = self.finalizers(line, 4);
        self.put(line);
        let flags = self.any(&["", "+block", "+block", "+controller+block"]);
        let mut held = Vec::new();
        for _ in 0..=self.rng.u32(..2) {
            let dependent = Place::new("a", &self.fresh("user"));
            let line = Line::new(Pod, dependent.clone()).with("owners", format!("{kind}:{}{flags}", owner.name));
            let line = self.finalizers(line, 2);
            self.put(line);
            held.push(dependent);
        }
        let first = [Foreground, Foreground, Foreground, Orphan][self.rng.usize(..4)];
        let deed = |verb: Verb, kind: Kind, place: &Place| Deed {
            verb,
            kind,
            place: place.clone(),
        };
        let strip = |finalizer: &str| Verb::RemoveFinalizer(finalizer.to_owned());
        let mut acts = vec![deed(Verb::Delete(first), kind, &owner)];
        acts.push(match self.rng.u32(..6) {
            0..3 => deed(strip("foregroundDeletion"), kind, &owner),
            3 => deed(Verb::Delete(Background), kind, &owner),
            4 => deed(Verb::Delete(Orphan), kind, &owner),
            _ => deed(Verb::Delete(Foreground), Pod, &held[0]),
        });
        if self.one_in(6) {
            acts.push(deed(strip(FOREIGN), Pod, &held[0]));
        }
        acts
    }

    /// A claim on a disk of a driver, and a pod that runs on it.
    fn mounted(&mut self, driver: &str) -> (Place, Place) {
        let class = self.fresh("class");
        let policy = self.any(&["Delete", "Delete", "Retain"]);
        let line = Line::new(StorageClass, Place::cluster(&class))
            .with("provisioner", driver)
            .with("policy", policy);
        self.lines.push(line);
        let claim = Place::new("a", &self.fresh("data"));
        self.put(Line::new(Claim, claim.clone()).with("class", class).with("size", "1"));
        let pod = Place::new("a", &self.fresh("user"));
        self.put(Line::new(Pod, pod.clone()).with("claims", claim.name.as_str()));
        (claim, pod)
    }

    /// The claim is deleted, and where nothing is attached torn from under the pod; then what people try. (An attached one
    /// that is torn stays attached for minutes after its pod, whose claim the attach/detach controller cannot find any more.)
    pub(super) fn torn(&mut self) -> Vec<Deed> {
        let driver = self.any(&[PLAIN, ATTACHING]);
        let (claim, pod) = self.mounted(driver);
        let deed = |verb: Verb, kind: Kind| Deed {
            verb,
            kind,
            place: if kind == Pod { pod.clone() } else { claim.clone() },
        };
        let strip = |finalizer: &str| Verb::RemoveFinalizer(finalizer.to_owned());
        let mut acts = Vec::new();
        if self.one_in(2) {
            acts.push(deed(Verb::Delete(Background), PersistentVolume));
        }
        acts.push(deed(Verb::Delete(Background), Claim));
        if driver == PLAIN {
            acts.push(deed(strip(PVC_PROTECTION), Claim));
        }
        acts.push(match self.rng.u32(..6) {
            0 => deed(strip(&format!("{EXTERNAL_ATTACHER_PREFIX}disk-kit")), PersistentVolume),
            1 => deed(strip(EXTERNAL_PROVISIONER), PersistentVolume),
            2 => deed(strip(PV_PROTECTION), PersistentVolume),
            3 => deed(Verb::SetReclaimPolicy(ReclaimPolicy::Retain), PersistentVolume),
            4 => deed(Verb::Delete(Background), PersistentVolume),
            _ => deed(Verb::Delete(Background), Pod),
        });
        acts
    }

    /// An attachment is deleted while a pod needs it.
    pub(super) fn detached(&mut self) -> Vec<Deed> {
        let (claim, _) = self.mounted(ATTACHING);
        vec![Deed {
            verb: Verb::Delete(Background),
            kind: VolumeAttachment,
            place: claim,
        }]
    }
}

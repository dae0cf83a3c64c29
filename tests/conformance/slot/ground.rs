//! A case's ground on its slot: set up before the first act, swept after the last.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use pilothouse::model::storage::VolumePhase;
use pilothouse::model::{Key, Kind, Meta, World};
use serde_json::json;

use super::patience::PATIENCE;
use super::{NAMESPACES, Slot, Stop, restless, setting_up};
use crate::case::{Case, Line};
use crate::compare::{self, Verdict};
use crate::manifest::Ground;
use crate::mirror::Rest;
use crate::support::plane::NODE;
use crate::twin::Twin;

/// A slot that cannot be swept within this is given up.
const SWEEP: Duration = Duration::from_mins(1);

/// One whose attachments outlive all else for so long is spent.
const DETACH: Duration = Duration::from_secs(10);

/// What was created so far, on one side.
type Uids = BTreeMap<Key, String>;

impl Slot {
    /// Creates the objects on both sides and waits until both show the same and nothing moves.
    pub(super) async fn set_up(&self, case: &Case, twin: &Twin) -> Result<(), Stop> {
        let early = |line: &&Line| {
            matches!(
                line.kind,
                Kind::Namespace | Kind::Node | Kind::StorageClass | Kind::PersistentVolume
            )
        };
        let mut uids = (Uids::new(), Uids::new());
        for line in case.lines.iter().filter(early) {
            self.create(line, case, twin, &mut uids).await?;
        }
        restless(twin.settle())?;
        let stays = twin.world(); // one that is Released from the start may go at once
        let seen = case
            .lines
            .iter()
            .filter(early)
            .map(|line| line.place.key(line.kind, &self.name));
        let keys: Vec<Key> = seen.filter(|key| stays.get(key).is_some()).collect();
        let ready = |world: &World| keys.iter().all(|key| usable(world, key));
        if !self.mirror.until(&self.name, PATIENCE.deadline, ready).await {
            return Err(Stop::Step(setting_up(Verdict::Unsettled(
                "volumes stay Pending, or a node is not ready".to_owned(),
            ))));
        }
        for line in case.lines.iter().filter(|line| !early(line)) {
            self.create(line, case, twin, &mut uids).await?;
        }
        if !case.hands.is_empty() {
            self.even(twin).await?;
        }
        for hand in &case.hands {
            self.touch(hand, twin).await?;
        }
        self.even(twin).await
    }

    /// Waits until both sides show the same and nothing moves.
    async fn even(&self, twin: &Twin) -> Result<(), Stop> {
        restless(twin.settle())?;
        let there = twin.world();
        let wanted = |world: &World| self.at_rest(world) && compare::before(world, &there) == Verdict::Agreed;
        let (rest, world) = self.mirror.rest(&self.name, PATIENCE, wanted).await;
        match (rest, compare::before(&world, &there)) {
            (_, Verdict::Agreed) => Ok(()),
            (Rest::Never, _) => Err(Stop::Step(setting_up(Verdict::Unsettled("before the act".to_owned())))),
            (_, verdict) => Err(Stop::Step(setting_up(verdict))),
        }
    }

    async fn create(&self, line: &Line, case: &Case, twin: &Twin, uids: &mut (Uids, Uids)) -> Result<(), Stop> {
        if line.kind == Kind::Release {
            return self.install(line, case, twin).await;
        }
        let key = line.place.key(line.kind, &self.name);
        let ground = |uids| Ground {
            slot: &self.name,
            disks: [&self.disks[0], &self.disks[1]],
            uids,
        };
        let (ours, theirs) = (ground(&uids.0).manifest(line), ground(&uids.1).manifest(line));
        self.prepare_disk(&ours).map_err(Stop::Void)?;
        // the namespaces are there already, and the sandbox began with its nodes
        let (made, twins) = match line.kind {
            Kind::Namespace => {
                let change = json!({"metadata": {"finalizers": ours["metadata"]["finalizers"].clone()}});
                (self.api.merge(&key, &change).await, twin.api.merge(&key, &change).await)
            }
            Kind::Node => (self.api.create(line.kind, &ours).await, Ok(ours)),
            _ => (
                self.api.create(line.kind, &ours).await,
                twin.api.create(line.kind, &theirs).await,
            ),
        };
        match (made, twins) {
            (Ok(made), Ok(twins)) => {
                let uid =
                    |object: &serde_json::Value| object["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
                uids.0.insert(key.clone(), uid(&made));
                uids.1.insert(key, uid(&twins));
                Ok(())
            }
            (Err(no), Err(_)) => Err(Stop::Void(format!("{line}: {no}"))),
            (made, twins) => {
                let said = |answer: Result<serde_json::Value, crate::api::Refusal>| match answer {
                    Ok(_) => "taken".to_owned(),
                    Err(no) => no.to_string(),
                };
                let told = format!("{line}: real {} / sandbox {}", said(made), said(twins));
                Err(Stop::Step(setting_up(Verdict::Disagreed(told))))
            }
        }
    }

    /// The disk behind a volume that is made by hand, before the volume is.
    pub(super) fn prepare_disk(&self, object: &serde_json::Value) -> Result<(), String> {
        let spec = &object["spec"];
        if let Some(path) = spec["hostPath"]["path"].as_str() {
            std::fs::create_dir_all(path).map_err(|error| error.to_string())?;
        }
        let csi = &spec["csi"];
        if let (Some(driver), Some(handle)) = (csi["driver"].as_str(), csi["volumeHandle"].as_str()) {
            self.books.make(driver, handle)?;
        }
        Ok(())
    }

    /// Removes everything a case has left, by our own hands: deletions first, then the finalizers of what is dying.
    /// Says whether the slot is spent: the attach/detach controller keeps attachments for minutes whose pods' claims it cannot
    /// find any more.
    pub(super) async fn sweep(&self, case: &Case) -> Result<bool, String> {
        let began = Instant::now();
        for (thing, place) in case.others() {
            let path = thing.path(place, &self.name);
            if self.api.read(&path).await?.is_some() {
                let unheld = json!({"metadata": {"finalizers": null}});
                drop(self.api.merge_at(&path, &unheld).await);
                drop(self.api.delete_at(&path, &json!({})).await);
            }
        }
        loop {
            let world = self.mirror.part(&self.name);
            let shared = |key: &Key| key.kind == Kind::Node && key.name == NODE;
            let left: Vec<_> = world
                .objects()
                .filter(|object| !shared(&object.key()))
                .cloned()
                .collect();
            let clean = |object: &pilothouse::model::Object| {
                object.kind() == Kind::Namespace && !object.meta.deleting() && bare(&object.meta)
            };
            if left.iter().all(|object| clean(object)) {
                for disks in &self.disks {
                    drop(std::fs::remove_dir_all(disks));
                }
                drop(std::fs::remove_dir_all(self.own_charts()));
                return self.furnish().await.map(|()| false);
            }
            let attachment = |object: &pilothouse::model::Object| object.kind() == Kind::VolumeAttachment;
            if began.elapsed() > DETACH && left.iter().all(|object| clean(object) || attachment(object)) {
                return Ok(true);
            }
            if began.elapsed() > SWEEP {
                let names: Vec<String> = left.iter().map(|object| object.key().to_string()).collect();
                return Err(format!("{} cannot be swept: {}", self.name, names.join(", ")));
            }
            // what makes other things goes before them
            let mut left: Vec<_> = left.into_iter().filter(|object| !clean(object)).collect();
            left.sort_by_key(|object| rank(object.kind()));
            for object in &left {
                let key = object.key();
                if object.kind() == Kind::Namespace && !bare(&object.meta) {
                    let bare = json!({"metadata": {"finalizers": null, "annotations": null, "labels": null}});
                    drop(self.api.merge(&key, &bare).await);
                } else if !object.meta.finalizers.is_empty() && object.meta.deleting() {
                    drop(self.api.merge(&key, &json!({"metadata": {"finalizers": null}})).await);
                } else if !object.meta.deleting() {
                    let options = json!({"gracePeriodSeconds": 0, "propagationPolicy": "Background"});
                    drop(self.api.delete(&key, &options).await);
                }
            }
            tokio::time::sleep(Duration::from_millis(150)).await;
        }
    }

    /// The namespaces a case may use.
    pub(crate) async fn furnish(&self) -> Result<(), String> {
        for name in NAMESPACES {
            let key = Key::cluster(Kind::Namespace, &format!("{}-{name}", self.name));
            if self.mirror.part(&self.name).get(&key).is_some() {
                continue;
            }
            let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": key.name}});
            let made = self.api.create(Kind::Namespace, &namespace).await;
            if let Err(no) = made.map_err(|no| (no.code, no.to_string()))
                && no.0 != 409
            {
                return Err(no.1);
            }
            let there = |world: &World| world.get(&key).is_some();
            if !self.mirror.until(&self.name, SWEEP, there).await {
                return Err(format!("{key} does not come"));
            }
        }
        Ok(())
    }
}

/// A namespace as it was furnished: no finalizers, and no marks but the name that the API server writes on it.
fn bare(meta: &Meta) -> bool {
    let named = |(label, _): (&str, &str)| label == "kubernetes.io/metadata.name";
    meta.finalizers.is_empty() && meta.annotations.iter().next().is_none() && meta.labels.iter().all(named)
}

/// What the rest of a case stands on: a volume that the binder has seen, a node that takes pods.
fn usable(world: &World, key: &Key) -> bool {
    world.get(key).is_some_and(|object| {
        let volume = object.body.volume();
        let node = object.body.node();
        let taken = |held: &pilothouse::model::workload::Node| {
            let mut taints = held.spec.taints.iter();
            held.ready() && !taints.any(|taint| taint.key.starts_with("node.kubernetes.io/"))
        };
        volume.is_none_or(|volume| volume.status.phase != VolumePhase::Pending) && node.is_none_or(taken)
    })
}

const fn rank(kind: Kind) -> u8 {
    match kind {
        Kind::CronJob => 0,
        Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet | Kind::Job => 1,
        Kind::ReplicaSet => 2,
        Kind::Pod => 3,
        Kind::PersistentVolumeClaim => 4,
        _ => 5,
    }
}

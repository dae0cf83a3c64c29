//! Before helm is let at a release: which helm, what its record says, what of it is kept where it counts, who stands in the
//! way, which hooks run (`seeds/000`, the seven items; `reference/semantics.md` §2.2–2.7).

mod values;

use super::{Sight, count, names};
use crate::diagnose::Found;
use crate::forecast::Outcome;
use crate::gate::item::Item;
use crate::laws::helm::path_b::PathB;
use crate::laws::ownership::{Root, root};
use crate::laws::pvc_protection;
use crate::model::act::{HelmAct, Means};
use crate::model::feed::Freshness;
use crate::model::helm::{Driver, Event, Home, Hook, Manifest, Record, Stamp, record_parts};
use crate::model::storage::ReclaimPolicy;
use crate::model::{Key, Kind, Object, Pin};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What was read on demand counts for the very object it was read from; it has no age of its own.
const READ: Freshness = Freshness::Live { age: Duration::ZERO };

/// Everything an act of Helm's is asked about.
pub(super) fn items(sight: Sight<'_>, release: &Pin, helm: &HelmAct, means: Option<&Means>) -> Vec<Item> {
    let ledger = &sight.conditions.helm;
    let record = ledger.record(release).and_then(|reading| reading.record());
    let rendered = helm
        .rendered()
        .and_then(|digest| ledger.rendered(digest))
        .map(AsRef::as_ref);
    let mut items = vec![tool(helm, means)];
    if let Some(record) = record {
        items.push(stored(record));
        items.push(under_way(sight, record, helm));
    }
    if let Some(rendered) = rendered {
        items.push(brought(rendered, helm));
    }
    items.extend(values::filled_in(release, helm, ledger));
    items.extend(values::carried(release, helm, ledger));
    items.push(unheld(sight, record, helm));
    items.extend(hooks(record, rendered, helm));
    items.extend(kept(sight, record, helm));
    items.extend(misled(sight, record, helm));
    items.extend(strangers(sight, record, helm));
    items.sort_by_key(Item::attestable);
    items
}

/// For an install: no record bears the name, and the namespace is there.
pub(super) fn free(sight: Sight<'_>) -> Item {
    let pin = sight.forecast.act.target();
    let namespace = &pin.key.namespace;
    let name = record_parts(&pin.key.name).map_or("", |(name, _)| name);
    let own = Driver::of(pin.key.kind);
    let newest = |driver: Driver| Home::new(namespace, name, driver).newest(sight.world);
    // helm does not look there, and would take what bears that release's marks for its own
    let elsewhere = newest(own.other());
    let place = sight.world.get(&Key::cluster(Kind::Namespace, namespace));
    let found = match (newest(own), elsewhere, place) {
        (Some(record), ..) => Found::no(format!("{} is there, uid {}", record.key(), record.meta.uid)),
        (None, Some(record), _) => Found::no(format!(
            "one is kept in {}, where this helm does not look ({}): its objects bear the same marks, and would be taken over. \
             Install with driver={}, or take another name",
            own.other().objects(),
            record.key(),
            own.other().word()
        )),
        (None, None, None) => Found::no(format!("there is no namespace {namespace}")),
        (None, None, Some(place)) if place.meta.deleting() => {
            Found::no(format!("namespace {namespace} is Terminating"))
        }
        (None, None, Some(place)) => Found::yes(format!("no record · namespace {namespace} uid {}", place.meta.uid)),
    };
    Item::sensed(
        "release.free",
        format!("no release {name} is there, and its namespace is"),
        found,
        sight.fresh(&[own.kind(), Kind::Namespace]),
        "records of Helm's, in Secrets and ConfigMaps; namespaces",
    )
}

/// Which program, of which version.
fn tool(helm: &HelmAct, means: Option<&Means>) -> Item {
    let found = match (helm.executor(), means) {
        (Some(executor), Some(means)) => Found::yes(format!("{executor}, {}", means.program)),
        (_, None) | (None, _) => Found::untold("which helm it would be is not known".to_owned()),
    };
    Item::sensed("helm.found", "the helm that does it", found, READ, "helm version")
}

/// What the stored manifest of the newest revision lists: this, and not what is live, is what an uninstall walks.
fn stored(record: &Record) -> Item {
    let found = if let Some(broken) = record.manifest.broken.first() {
        Found::no(format!("its manifest is broken: {broken}"))
    } else {
        Found::yes(format!(
            "revision {} {}, {} {}, {}, {}",
            record.revision,
            record.status,
            record.chart.name,
            record.chart.version,
            count(record.manifest.documents.len(), "object"),
            count(record.hooks.len(), "hook"),
        ))
    };
    Item::sensed(
        "release.stored",
        "the stored manifest was read",
        found,
        READ,
        "the newest record: manifest, hooks, info.status",
    )
}

/// A release on which something is under way, or was broken off. An upgrade is refused; what leads out of it is not, but
/// then somebody has to know that no other helm is at work.
fn under_way(sight: Sight<'_>, record: &Record, helm: &HelmAct) -> Item {
    let unrest = record.pending() || record.status == "uninstalling";
    let title = "no other operation is under way on it";
    match helm {
        HelmAct::Uninstall(_) | HelmAct::Rollback(_) if unrest => Item::to_attest(
            "release.at-rest",
            format!(
                "it is {}, and no helm is at work on it any more: asked of whoever may have begun it",
                record.status
            ),
        ),
        HelmAct::Install(_) | HelmAct::Uninstall(_) | HelmAct::Upgrade(_) | HelmAct::Rollback(_) => {
            let found = Found {
                holds: Some(!unrest),
                value: format!("status {}", record.status),
            };
            Item::sensed(
                "release.at-rest",
                title,
                found,
                sight.fresh(&[sight.forecast.act.target().key.kind]),
                "the newest record: info.status",
            )
        }
    }
}

/// What helm rendered for this cluster.
fn brought(rendered: &Manifest, helm: &HelmAct) -> Item {
    let digest: String = helm
        .rendered()
        .map(|digest| digest.chars().take(12).collect())
        .unwrap_or_default();
    let mut value = format!(
        "{}, {}, SHA-256 {digest}…",
        count(rendered.documents.len(), "object"),
        count(rendered.hooks.len(), "hook")
    );
    if !rendered.definitions.is_empty() {
        value = format!("{value}, {} in crds/", count(rendered.definitions.len(), "definition"));
    }
    if !rendered.unsteady.is_empty() {
        let all: Vec<String> = rendered.unsteady.iter().map(ToString::to_string).collect();
        value = format!("{value}; another each time: {}", names(all.iter().map(String::as_str)));
    }
    let title = helm.source().map_or_else(
        || "the manifest it brings was read".to_owned(),
        |source| format!("rendered from {source}"),
    );
    let found = match rendered.broken.first() {
        Some(broken) => Found::no(format!("it is broken: {broken}")),
        None => Found::yes(value),
    };
    Item::sensed(
        "release.rendered",
        title,
        found,
        READ,
        "helm --dry-run=server; again before it is sent",
    )
}

/// No pod that outlives the act holds a claim that goes (item 7 of the seed), whether the claim is Terminating already or
/// would be.
fn unheld(sight: Sight<'_>, record: Option<&Record>, helm: &HelmAct) -> Item {
    let entries = &sight.forecast.entries;
    let going: BTreeSet<&Key> = entries
        .iter()
        .filter(|entry| matches!(entry.outcome, Outcome::Deleted | Outcome::DeletedLater { .. }))
        .map(|entry| &entry.object)
        .collect();
    let hanging = entries
        .iter()
        .filter(|entry| matches!(entry.outcome, Outcome::Hangs { .. }));
    let mut claims: BTreeSet<Key> = hanging.map(|entry| entry.object.clone()).collect();
    claims.extend(going.iter().copied().cloned());
    if let (HelmAct::Uninstall(_), Some(record)) = (helm, record) {
        let listed = record
            .manifest
            .documents
            .iter()
            .filter(|document| document.policy.is_none());
        claims.extend(listed.filter_map(|document| document.address.key()));
    }
    let stays = |key: &Key| {
        let fate = entries.iter().find(|entry| entry.object == *key);
        fate.is_some_and(|entry| entry.outcome == Outcome::Kept)
    };
    claims.retain(|key| key.kind == Kind::PersistentVolumeClaim && !stays(key));
    let mut by_whom: BTreeMap<Key, String> = BTreeMap::new();
    for claim in claims {
        let holders = pvc_protection::holders(sight.world, &claim);
        let others = holders.iter().filter(|pod| !going.contains(&pod.key()));
        let roots: BTreeSet<String> = others.map(|pod| whose(sight, pod)).collect();
        if !roots.is_empty() {
            by_whom.insert(claim, names(roots.iter().map(String::as_str)));
        }
    }
    // what hangs on a finalizer of its own
    for entry in entries {
        if let Outcome::Hangs { holders } = &entry.outcome {
            let by = names(holders.iter().map(|holder| holder.root.as_str()));
            by_whom.entry(entry.object.clone()).or_insert(by);
        }
    }
    let holding: Vec<String> = by_whom.iter().map(|(key, by)| format!("{key} by {by}")).collect();
    let found = if holding.is_empty() {
        Found::yes("nobody".to_owned())
    } else {
        Found::no(format!("held: {}", names(holding.iter().map(String::as_str))))
    };
    Item::sensed(
        "release.no-foreign-holders",
        "nobody holds what goes and outlives it",
        found,
        sight.fresh(&[Kind::Pod, Kind::PersistentVolumeClaim, Kind::Job]),
        "forecast; pods: spec.volumes, ownerReferences",
    )
}

/// A pod's root owner; the pod itself where it has none.
fn whose(sight: Sight<'_>, pod: &Object) -> String {
    match root(sight.world, pod) {
        Root::Itself => pod.key().to_string(),
        owner @ (Root::Known(_) | Root::Foreign(_) | Root::Dangling(_)) => owner.sentence(),
    }
}

/// The hooks that run, by event.
fn hooks(record: Option<&Record>, rendered: Option<&Manifest>, helm: &HelmAct) -> Option<Item> {
    let (hooks, events): (&[Hook], [Event; 2]) = match helm {
        HelmAct::Install(_) => (&rendered?.hooks, [Event::PreInstall, Event::PostInstall]),
        HelmAct::Upgrade(_) => (&rendered?.hooks, [Event::PreUpgrade, Event::PostUpgrade]),
        HelmAct::Uninstall(_) => (&record?.hooks, [Event::PreDelete, Event::PostDelete]),
        // the target revision's hooks run, which the forecast tells
        HelmAct::Rollback(_) => (&record?.hooks, [Event::PreRollback, Event::PostRollback]),
    };
    let running: Vec<String> = events
        .into_iter()
        .flat_map(|event| hooks.iter().map(move |hook| (event, hook)))
        .filter(|(event, hook)| hook.runs_at(*event))
        .map(|(event, hook)| format!("{} {} ({})", event.word(), hook.document.address, hook.policy_words()))
        .collect();
    let value = match running.as_slice() {
        [] => "none".to_owned(),
        _ if helm.no_hooks() => "none: --no-hooks".to_owned(),
        running => names(running.iter().map(String::as_str)),
    };
    Some(Item::sensed(
        "release.hooks",
        "hooks that run",
        Found::yes(value),
        READ,
        "hooks: events, delete policies",
    ))
}

/// What becomes of the claims that the stored manifest lists: kept where it counts, or gone, and their disks with them.
fn kept(sight: Sight<'_>, record: Option<&Record>, helm: &HelmAct) -> Option<Item> {
    let (HelmAct::Uninstall(options), Some(record)) = (helm, record) else {
        return None;
    };
    // those that this helm leaves alone are told, and signed, with path B
    let skipped = PathB::of(sight.world, record, options.executor).skipped;
    let listed = record.manifest.documents.iter().filter_map(|document| {
        let key = document.address.key()?;
        let told = skipped.iter().any(|misled| misled.claim == key);
        (key.kind == Kind::PersistentVolumeClaim && !told).then_some((key, document))
    });
    let (stays, goes): (Vec<_>, Vec<_>) = listed.partition(|(_, document)| document.policy.is_some());
    let stays: Vec<String> = stays.iter().map(|(key, _)| key.to_string()).collect();
    if goes.is_empty() {
        let value = match stays.as_slice() {
            [] if skipped.is_empty() => "it lists no claim".to_owned(),
            [] => "it lists none but those that this helm leaves alone".to_owned(),
            stays => format!("kept: {}", names(stays.iter().map(String::as_str))),
        };
        return Some(Item::sensed(
            "release.keep",
            "claims are kept where it counts, in the stored manifest",
            Found::yes(value),
            READ,
            "the newest record: helm.sh/resource-policy",
        ));
    }
    let goes: Vec<String> = goes
        .iter()
        .map(|(key, _)| format!("{key}, {}", disk(sight, key)))
        .collect();
    let kept = if stays.is_empty() {
        String::new()
    } else {
        format!("; kept: {}", names(stays.iter().map(String::as_str)))
    };
    Some(Item::to_attest(
        "release.keep",
        format!(
            "these claims are not kept in the stored manifest, where alone it counts, and go: {}{kept}",
            goes.join("; ")
        ),
    ))
}

/// What a claim's disk comes to.
fn disk(sight: Sight<'_>, claim: &Key) -> String {
    let Some(held) = sight.world.get(claim) else {
        return "not there".to_owned();
    };
    let volume = held
        .body
        .claim()
        .map(|facts| Key::cluster(Kind::PersistentVolume, &facts.spec.volume_name));
    let volume = volume.and_then(|key| sight.world.get(&key));
    match volume.and_then(|object| {
        Some((
            object.key(),
            object.body.volume()?.spec.persistent_volume_reclaim_policy,
        ))
    }) {
        Some((key, ReclaimPolicy::Retain)) => format!("{key} Retain: kept"),
        Some((key, policy)) => format!("{key} {}: the disk goes", policy.word()),
        None => "no volume in sight".to_owned(),
    }
}

/// Path B of the seed: claims that were changed live so that they would stay, and do not.
fn misled(sight: Sight<'_>, record: Option<&Record>, helm: &HelmAct) -> Option<Item> {
    let (HelmAct::Uninstall(options), Some(record)) = (helm, record) else {
        return None;
    };
    let path = PathB::of(sight.world, record, options.executor);
    if let Some(refusal) = path.refusal() {
        return Some(Item::sensed(
            "release.path-b",
            "nobody relies on what an uninstall does not read",
            Found::no(refusal),
            sight.fresh(&[Kind::PersistentVolumeClaim, Kind::PersistentVolume]),
            "the newest record: manifest; live claims: metadata",
        ));
    }
    path.caution().map(|caution| Item::to_attest("release.path-b", caution))
}

/// What the stored manifest lists and is another's by now: deleted all the same before 4.3. Of claims path B tells.
fn strangers(sight: Sight<'_>, record: Option<&Record>, helm: &HelmAct) -> Option<Item> {
    let (HelmAct::Uninstall(options), Some(record)) = (helm, record) else {
        return None;
    };
    let listed = record
        .manifest
        .documents
        .iter()
        .filter(|document| document.policy.is_none());
    let others: Vec<String> = listed
        .filter_map(|document| {
            let key = document
                .address
                .key()
                .filter(|key| key.kind != Kind::PersistentVolumeClaim)?;
            let live = sight.world.get(&key)?;
            let stamp = Stamp::of(&live.meta);
            stamp.disowned(&record.name, &record.namespace).map(|_| {
                let owner = stamp.release_name.as_ref().map_or("nobody", |name| name.as_str());
                format!("{} (of {owner})", document.address)
            })
        })
        .collect();
    if others.is_empty() {
        return None;
    }
    let fate = match options.executor {
        Some(executor) if (executor.major, executor.minor) >= (4, 3) => "leaves them",
        Some(_) | None => "deletes them all the same",
    };
    Some(Item::to_attest(
        "release.strangers",
        format!(
            "the manifest lists what is not this release's any more, and this helm {fate}: {}",
            others.join("; ")
        ),
    ))
}

//! Volumes of a tenant: each claim with its volume, and volumes that lost their claim, with the claim-identity verdict.

use super::{Look, belongs, freshness};
use crate::app::words::{BLOCKED, Column, Fit, Row, RowId, Span, Table, Tone, WARNED, WRONG};
use crate::diagnose::claim_identity::{self, ClaimIdentity};
use crate::laws::{ownership, pvc_protection};
use crate::model::storage::{ClaimPhase, ReclaimPolicy, VolumePhase};
use crate::model::{Body, Key, Kind, Object, Tenant, Text};
use std::collections::BTreeSet;
use std::sync::Arc;

pub static COLUMNS: &[Column] = &[
    Column {
        title: "PVC",
        fit: Fit::Name,
        least: 12,
        rank: 0,
    },
    Column {
        title: "PV",
        fit: Fit::Name,
        least: 10,
        rank: 1,
    },
    Column {
        title: "CLASS",
        fit: Fit::Name,
        least: 5,
        rank: 3,
    },
    Column {
        title: "RECLAIM",
        fit: Fit::Name,
        least: 8,
        rank: 2,
    },
    Column {
        title: "CLAIM",
        fit: Fit::Name,
        least: 8,
        rank: 0,
    },
    Column {
        title: "STATE",
        fit: Fit::Sentence,
        least: 16,
        rank: 0,
    },
];

/// The claims of a tenant, by namespace and name.
pub fn claims<'a>(look: Look<'a>, tenant: &'a Tenant) -> impl Iterator<Item = &'a Arc<Object>> {
    tenant
        .namespaces
        .iter()
        .flat_map(move |namespace| look.world.in_namespace(Kind::PersistentVolumeClaim, namespace))
        .filter(move |claim| belongs(tenant, claim))
}

/// Whether something is wrong with a claim that the fleet should count: it is dying, or it has lost its volume.
pub fn is_wrong(claim: &Object) -> bool {
    claim.meta.deleting()
        || claim
            .body
            .claim()
            .is_some_and(|facts| facts.status.phase == ClaimPhase::Lost)
}

/// `7 · 2 ✗`: the fleet's cell, and how many claims it counts.
pub fn cell(look: Look<'_>, tenant: &Tenant) -> (usize, String, Tone) {
    let (mut all, mut wrong) = (0, 0);
    for claim in claims(look, tenant) {
        all += 1;
        wrong += usize::from(is_wrong(claim));
    }
    if wrong > 0 {
        (all, format!("{all} · {wrong} {WRONG}"), Tone::Bad)
    } else {
        (all, all.to_string(), Tone::Plain)
    }
}

/// Volumes whose `claimRef` points into the tenant and which no live claim of it holds.
fn left_behind(look: Look<'_>, tenant: &Tenant) -> Vec<Arc<Object>> {
    let held: BTreeSet<Text> = claims(look, tenant)
        .filter_map(|claim| claim.body.claim().map(|facts| facts.spec.volume_name.clone()))
        .collect();
    let mut volumes: Vec<Arc<Object>> = tenant
        .namespaces
        .iter()
        .flat_map(|namespace| look.world.volumes_claimed_in(namespace))
        .filter(|volume| !held.contains(&volume.meta.name))
        .cloned()
        .collect();
    volumes.sort_by(|left, right| left.meta.name.cmp(&right.meta.name));
    volumes
}

pub fn table(look: Look<'_>, tenant: &Tenant) -> Table {
    let mut rows: Vec<Row> = claims(look, tenant).map(|claim| claim_row(look, claim)).collect();
    // a volume without a claim is a tenant's only where the tenant has the namespace to itself
    if tenant.release.is_none() {
        rows.extend(left_behind(look, tenant).iter().map(|volume| volume_row(look, volume)));
    }
    let of = freshness::worst(look, Some(tenant), KINDS);
    Table::of(
        COLUMNS,
        rows,
        freshness::emptiness(&of, look, "no claim and no volume in this tenant"),
    )
}

/// The kinds this panel reads: it is no fresher than the worst of them.
pub const KINDS: &[Kind] = &[Kind::PersistentVolumeClaim, Kind::PersistentVolume, Kind::Pod];

fn claim_row(look: Look<'_>, claim: &Arc<Object>) -> Row {
    let key = claim.key();
    let facts = claim.body.claim();
    let volume_name = facts.map(|facts| facts.spec.volume_name.clone()).unwrap_or_default();
    let volume = look.world.find(Kind::PersistentVolume, "", &volume_name);
    let class = facts
        .and_then(|facts| facts.spec.storage_class_name.clone())
        .unwrap_or_default();
    let state = crate::diagnose::state(look.world, claim, look.now);
    let state = if is_wrong(claim) {
        Span::new(format!("{WRONG} {state}"), Tone::Bad)
    } else if facts.is_some_and(|facts| facts.status.phase != ClaimPhase::Bound) {
        Span::new(format!("{WARNED} {state}"), Tone::Warn)
    } else {
        Span::plain(state)
    };
    Row {
        id: RowId::Object(key.clone(), claim.meta.uid.clone()),
        cells: vec![
            Span::plain(claim.meta.name.as_str()),
            Span::plain(if volume_name.is_empty() {
                "–"
            } else {
                volume_name.as_str()
            }),
            Span::dim(if class.is_empty() { "–" } else { class.as_str() }),
            reclaim(look, volume, &volume_name),
            identity(&claim_identity::of_claim(look.world, claim, look.now, look.quiet)),
            state,
        ]
        .into(),
        under: held_by(look, claim, &key),
    }
}

fn volume_row(look: Look<'_>, volume: &Arc<Object>) -> Row {
    let facts = volume.body.volume();
    let claim = facts
        .and_then(|facts| facts.spec.claim_ref.as_ref())
        .map(|claim| claim.name.clone())
        .unwrap_or_default();
    let class = facts
        .map(|facts| facts.spec.storage_class_name.clone())
        .unwrap_or_default();
    let released = facts.is_some_and(|facts| facts.status.phase == VolumePhase::Released);
    Row {
        id: RowId::Object(volume.key(), volume.meta.uid.clone()),
        cells: vec![
            Span::dim(format!("({claim})")),
            Span::plain(volume.meta.name.as_str()),
            Span::dim(class.as_str()),
            reclaim(look, Some(volume), &volume.meta.name),
            identity(&claim_identity::of_volume(look.world, volume, look.now, look.quiet)),
            Span::new(
                crate::diagnose::state(look.world, volume, look.now),
                if released { Tone::Warn } else { Tone::Plain },
            ),
        ]
        .into(),
        under: None,
    }
}

/// What happens to the disk when the claim goes. `Delete` is marked: there is no way back from it.
fn reclaim(look: Look<'_>, volume: Option<&Arc<Object>>, name: &str) -> Span {
    let Some(facts) = volume.and_then(|volume| volume.body.volume()) else {
        let of = freshness::worst(look, None, &[Kind::PersistentVolume]);
        return match (name.is_empty(), of.freshness.is_live()) {
            (true, _) => Span::dim("–"),
            (false, true) => Span::new("gone", Tone::Bad),
            (false, false) => Span::new("?", Tone::Unknown),
        };
    };
    match facts.spec.persistent_volume_reclaim_policy {
        ReclaimPolicy::Retain => Span::plain("Retain"),
        ReclaimPolicy::Delete => Span::new(format!("Delete {WARNED}"), Tone::Warn),
        ReclaimPolicy::Recycle => Span::new(format!("Recycle {WARNED}"), Tone::Warn),
        ReclaimPolicy::Unknown => Span::new("?", Tone::Unknown),
    }
}

/// Whether the volume's `claimRef.uid` is the live claim's, in a word that carries its glyph.
fn identity(identity: &ClaimIdentity) -> Span {
    let tone = match identity {
        _ if identity.wrong() => Tone::Bad,
        ClaimIdentity::Unknown { .. } => Tone::Unknown,
        ClaimIdentity::Free => Tone::Warn,
        ClaimIdentity::Reserved | ClaimIdentity::Unbound => Tone::Dim,
        ClaimIdentity::Same
        | ClaimIdentity::Other { .. }
        | ClaimIdentity::ClaimGone { .. }
        | ClaimIdentity::Elsewhere { .. }
        | ClaimIdentity::VolumeGone => Tone::Plain,
    };
    Span::new(identity.word(), tone)
}

/// `└ held by train-7f-x1, train-80-q2 (+7) → Job train-7f, Job train-80 (+7)` under a claim that is dying.
fn held_by(look: Look<'_>, claim: &Object, key: &Key) -> Option<Span> {
    if !claim.meta.deleting() {
        return None;
    }
    let holders = pvc_protection::holders(look.world, key);
    if holders.is_empty() {
        return None;
    }
    let pods: Vec<String> = holders.iter().map(|pod| pod.meta.name.to_string()).collect();
    let roots: BTreeSet<String> = holders
        .iter()
        .map(|pod| ownership::root(look.world, pod).sentence())
        .collect();
    let roots: Vec<String> = roots.into_iter().collect();
    Some(Span::new(
        format!("└ held by {} → {}", some(&pods), some(&roots)),
        Tone::Warn,
    ))
}

/// The first two of a list, and how many more there are.
fn some(names: &[String]) -> String {
    let shown: Vec<&str> = names.iter().take(2).map(String::as_str).collect();
    let more = names.len().saturating_sub(2);
    let tail = if more > 0 { format!(" (+{more})") } else { String::new() };
    format!("{}{tail}", shown.join(", "))
}

/// The finalizers of what the tenant stores, each with its owner.
pub mod finalizers {
    use super::{
        Arc, BLOCKED, Body, Column, Fit, Kind, Look, Object, Row, RowId, Span, Table, Tenant, Tone, claims, freshness,
        left_behind,
    };
    use crate::diagnose::finalizer::{self, OwnerLife};

    pub static COLUMNS: &[Column] = &[
        Column {
            title: "OBJECT",
            fit: Fit::Name,
            least: 12,
            rank: 0,
        },
        Column {
            title: "FINALIZER",
            fit: Fit::Name,
            least: 16,
            rank: 0,
        },
        Column {
            title: "OWNER",
            fit: Fit::Name,
            least: 12,
            rank: 1,
        },
        Column {
            title: "WAITS FOR",
            fit: Fit::Sentence,
            least: 12,
            rank: 0,
        },
    ];

    pub fn table(look: Look<'_>, tenant: &Tenant) -> Table {
        let mut objects: Vec<Arc<Object>> = Vec::new();
        for claim in claims(look, tenant) {
            objects.push(Arc::clone(claim));
            if let Body::PersistentVolumeClaim(facts) = &claim.body
                && let Some(volume) = look.world.find(Kind::PersistentVolume, "", &facts.spec.volume_name)
            {
                objects.push(Arc::clone(volume));
            }
        }
        if tenant.release.is_none() {
            objects.extend(left_behind(look, tenant));
        }
        // what is dying and held comes first
        objects.sort_by_key(|object| !object.meta.deleting());
        let rows = objects.iter().flat_map(|object| rows(look, object)).collect();
        let of = freshness::worst(look, Some(tenant), super::KINDS);
        let empty = freshness::emptiness(&of, look, "no finalizer on this tenant's claims and volumes");
        Table::of(COLUMNS, rows, empty)
    }

    fn rows(look: Look<'_>, object: &Arc<Object>) -> Vec<Row> {
        object
            .meta
            .finalizers
            .iter()
            .map(|finalizer| {
                let owner = finalizer::owner(look.world, object, finalizer, look.conditions);
                let tone = match owner.life {
                    OwnerLife::Alive => Tone::Plain,
                    OwnerLife::Dead => Tone::Bad,
                    OwnerLife::Unknown => Tone::Unknown,
                };
                let (mark, waits) = if object.meta.deleting() {
                    (format!("{BLOCKED} "), Tone::Warn)
                } else {
                    (String::new(), Tone::Dim)
                };
                Row {
                    id: RowId::Finalizer(object.key(), object.meta.uid.clone(), finalizer.clone()),
                    cells: vec![
                        Span::plain(object.key().to_string()),
                        Span::plain(finalizer.as_str()),
                        Span::new(owner.life.word(), tone),
                        Span::new(format!("{mark}{}", owner.waits_for), waits),
                    ]
                    .into(),
                    under: None,
                }
            })
            .collect()
    }
}

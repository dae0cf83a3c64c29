//! What a user's own check sees of a tenant: plain maps and lists under documented names, and nothing else.
//!
//! Facts only, in the words of the objects' own fields where they have one. No Secret, no value of a label that Pilothouse
//! does not keep.

use super::template::Values;
use super::tenancy::Tenancy;
use crate::laws::{ownership, pvc_protection};
use crate::model::act::scale;
use crate::model::meta::Labels;
use crate::model::{Kind, Object};
use serde_json::{Map, Value, json};

/// A name an expression may use.
#[derive(Clone, Copy, Debug)]
pub struct Variable {
    pub name: &'static str,
    /// What it holds, and the fields of one of its items.
    pub holds: &'static str,
    kinds: &'static [Kind],
}

/// All names, in the order they are documented.
pub static VARIABLES: &[Variable] = &[
    Variable {
        name: "params",
        holds: "the parameters by name; durations in seconds, sizes in bytes",
        kinds: &[],
    },
    Variable {
        name: "tenant",
        holds: "`namespace`, `release` (empty where the runbook names none)",
        kinds: &[],
    },
    Variable {
        name: "claims",
        holds: "`name`, `phase`, `deleting`, `volume`, `class`, `accessModes`, `requested` (bytes), `holders` (pod names), \
                `finalizers`, `labels`, `annotations`, `foreign`",
        kinds: &[Kind::PersistentVolumeClaim, Kind::Pod],
    },
    Variable {
        name: "volumes",
        holds: "`name`, `phase`, `deleting`, `policy`, `class`, `handle`, `claim` (NAMESPACE/NAME), `claimUid`, `finalizers`",
        kinds: &[Kind::PersistentVolume, Kind::PersistentVolumeClaim],
    },
    Variable {
        name: "pods",
        holds: "`name`, `phase`, `ready`, `deleting`, `restarts`, `node`, `claims`, `owner` (as in `Job train-7f`), `labels`, \
                `foreign`",
        kinds: &[Kind::Pod, Kind::ReplicaSet, Kind::Job],
    },
    Variable {
        name: "jobs",
        holds: "`name`, `state` (`active`, `suspended`, `complete`, `failed`), `deleting`, `owner`, `labels`, `foreign`",
        kinds: &[Kind::Job, Kind::CronJob],
    },
    Variable {
        name: "cronJobs",
        holds: "`name`, `schedule`, `suspended`, `labels`, `foreign`",
        kinds: &[Kind::CronJob],
    },
    Variable {
        name: "statefulSets",
        holds: "`name`, `replicas`, `ready`, `deleting`, `labels`, `foreign`",
        kinds: &[Kind::StatefulSet],
    },
    Variable {
        name: "deployments",
        holds: "`name`, `replicas`, `ready`, `deleting`, `labels`, `foreign`",
        kinds: &[Kind::Deployment],
    },
    Variable {
        name: "releases",
        holds: "every revision of every release: `name`, `revision`, `status`, `driver` (`secret`, `configmap`)",
        kinds: &Kind::RECORDS,
    },
    Variable {
        name: "classes",
        holds: "the cluster's StorageClasses: `name`, `provisioner`, `policy`",
        kinds: &[Kind::StorageClass],
    },
];

/// The kinds behind a name.
pub(super) fn kinds(name: &str) -> &'static [Kind] {
    let found = VARIABLES.iter().find(|variable| variable.name == name);
    found.map_or(&[], |variable| variable.kinds)
}

/// What stands under a name.
pub(super) fn of(name: &str, tenancy: Tenancy<'_>, values: &Values) -> Value {
    let each = |kind: Kind, one: fn(Tenancy<'_>, &Object) -> Value| {
        let objects = tenancy.objects(kind);
        Value::Array(objects.map(|object| one(tenancy, object)).collect())
    };
    match name {
        "params" => Value::Object(
            values
                .iter()
                .map(|(name, value)| (name.clone(), value.projected()))
                .collect(),
        ),
        "tenant" => json!({ "namespace": tenancy.namespace, "release": tenancy.release.unwrap_or_default() }),
        "claims" => each(Kind::PersistentVolumeClaim, claim),
        "volumes" => Value::Array(tenancy.volumes().iter().map(|object| volume(object)).collect()),
        "pods" => each(Kind::Pod, pod),
        "jobs" => each(Kind::Job, job),
        "cronJobs" => each(Kind::CronJob, cron_job),
        "statefulSets" => each(Kind::StatefulSet, scaled),
        "deployments" => each(Kind::Deployment, scaled),
        "releases" => {
            let records = tenancy.look.world.records_in(tenancy.namespace);
            Value::Array(records.map(|object| release(object)).collect())
        }
        "classes" => {
            let classes = tenancy.look.world.of_kind(Kind::StorageClass);
            Value::Array(classes.map(|object| class(object)).collect())
        }
        _ => Value::Null,
    }
}

/// The items of the longest list in it.
pub(super) fn longest(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(longest).max().unwrap_or(0).max(items.len()),
        Value::Object(fields) => fields.values().map(longest).max().unwrap_or(0).max(fields.len()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

fn pairs(labels: &Labels) -> Value {
    let pairs = labels.iter().map(|(key, value)| (key.to_owned(), Value::from(value)));
    Value::Object(pairs.collect::<Map<_, _>>())
}

fn owner(tenancy: Tenancy<'_>, object: &Object) -> String {
    match ownership::root(tenancy.look.world, object) {
        ownership::Root::Itself => String::new(),
        root @ (ownership::Root::Known(_) | ownership::Root::Foreign(_) | ownership::Root::Dangling(_)) => {
            root.sentence()
        }
    }
}

fn claim(tenancy: Tenancy<'_>, object: &Object) -> Value {
    let Some(facts) = object.body.claim() else {
        return Value::Null;
    };
    let holders = pvc_protection::holders(tenancy.look.world, &object.key());
    let holders: Vec<&str> = holders.iter().map(|pod| pod.meta.name.as_str()).collect();
    let requested = facts
        .spec
        .resources
        .requests
        .storage
        .as_ref()
        .and_then(crate::model::quantity::Quantity::bytes);
    json!({
        "name": object.meta.name.as_str(),
        "phase": format!("{:?}", facts.status.phase),
        "deleting": object.meta.deleting(),
        "volume": facts.spec.volume_name.as_str(),
        "class": facts.spec.storage_class_name.as_deref().unwrap_or_default(),
        "accessModes": facts.spec.access_modes,
        "requested": i64::try_from(requested.unwrap_or(0)).unwrap_or(i64::MAX),
        "holders": holders,
        "finalizers": object.meta.finalizers,
        "labels": pairs(&object.meta.labels),
        "annotations": pairs(&object.meta.annotations),
        "foreign": tenancy.foreign(object),
    })
}

fn volume(object: &Object) -> Value {
    let Some(facts) = object.body.volume() else {
        return Value::Null;
    };
    let held = facts.spec.claim_ref.as_ref();
    json!({
        "name": object.meta.name.as_str(),
        "phase": format!("{:?}", facts.status.phase),
        "deleting": object.meta.deleting(),
        "policy": facts.spec.persistent_volume_reclaim_policy.word(),
        "class": facts.spec.storage_class_name.as_str(),
        "handle": facts.spec.handle(),
        "claim": held.map(|held| format!("{}/{}", held.namespace, held.name)).unwrap_or_default(),
        "claimUid": held.map(|held| held.uid.to_string()).unwrap_or_default(),
        "finalizers": object.meta.finalizers,
    })
}

fn pod(tenancy: Tenancy<'_>, object: &Object) -> Value {
    let Some(facts) = object.body.pod() else {
        return Value::Null;
    };
    let restarts: u32 = facts
        .status
        .container_statuses
        .iter()
        .map(|status| status.restart_count)
        .sum();
    let claims: Vec<String> = facts.claims(&object.meta).map(|name| name.to_string()).collect();
    json!({
        "name": object.meta.name.as_str(),
        "phase": facts.status.phase.word(),
        "ready": facts.ready(),
        "deleting": object.meta.deleting(),
        "restarts": restarts,
        "node": facts.spec.node().unwrap_or_default(),
        "claims": claims,
        "owner": owner(tenancy, object),
        "labels": pairs(&object.meta.labels),
        "foreign": tenancy.foreign(object),
    })
}

fn job(tenancy: Tenancy<'_>, object: &Object) -> Value {
    let Some(facts) = object.body.job() else {
        return Value::Null;
    };
    json!({
        "name": object.meta.name.as_str(),
        "state": facts.state().word(),
        "deleting": object.meta.deleting(),
        "owner": owner(tenancy, object),
        "labels": pairs(&object.meta.labels),
        "foreign": tenancy.foreign(object),
    })
}

fn cron_job(tenancy: Tenancy<'_>, object: &Object) -> Value {
    let Some(facts) = object.body.cron_job() else {
        return Value::Null;
    };
    json!({
        "name": object.meta.name.as_str(),
        "schedule": facts.spec.schedule.as_str(),
        "suspended": facts.spec.suspend,
        "labels": pairs(&object.meta.labels),
        "foreign": tenancy.foreign(object),
    })
}

fn scaled(tenancy: Tenancy<'_>, object: &Object) -> Value {
    let set = object.body.stateful_set().map(|set| set.status.ready_replicas);
    let ready = set.or_else(|| object.body.replicated().map(|kind| kind.status.ready_replicas));
    json!({
        "name": object.meta.name.as_str(),
        "replicas": scale(object).unwrap_or(0),
        "ready": ready.unwrap_or(0),
        "deleting": object.meta.deleting(),
        "labels": pairs(&object.meta.labels),
        "foreign": tenancy.foreign(object),
    })
}

fn release(object: &Object) -> Value {
    let Some(facts) = object.body.release() else {
        return Value::Null;
    };
    json!({
        "name": facts.name.as_str(),
        "revision": facts.revision,
        "status": facts.status.as_str(),
        "driver": facts.driver.word(),
    })
}

fn class(object: &Object) -> Value {
    let Some(facts) = object.body.class() else {
        return Value::Null;
    };
    let policy = facts
        .reclaim_policy
        .map_or("Delete", crate::model::storage::ReclaimPolicy::word);
    json!({ "name": object.meta.name.as_str(), "provisioner": facts.provisioner.as_str(), "policy": policy })
}

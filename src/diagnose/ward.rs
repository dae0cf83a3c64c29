//! What a rule looks after: a tenant's objects and volumes, or the volumes that are nobody's.
//!
//! Decides what belongs to whom, nothing else.

use super::look::Look;
use crate::model::helm::{Driver, Reading, Record};
use crate::model::{Body, Kind, Object, Tenant, Text};
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A tenant's part of the world.
pub(crate) struct Ward<'a> {
    tenant: Option<&'a Tenant>,
    /// Looked up when first asked for.
    volumes: OnceCell<Vec<Arc<Object>>>,
    /// The newest records of releases, as far as they were read; looked up when first asked for.
    opened: OnceCell<Vec<(Arc<Object>, Arc<Reading>)>>,
}

impl<'a> Ward<'a> {
    pub(crate) const fn of_tenant(tenant: &'a Tenant) -> Self {
        Self {
            tenant: Some(tenant),
            volumes: OnceCell::new(),
            opened: OnceCell::new(),
        }
    }

    pub(crate) const fn of_nobody() -> Self {
        Self {
            tenant: None,
            volumes: OnceCell::new(),
            opened: OnceCell::new(),
        }
    }

    pub(crate) fn namespaces(&self) -> &[Text] {
        self.tenant.map_or(&[], |tenant| tenant.namespaces.as_slice())
    }

    /// The tenant's objects of a kind. In a tenant that is one release of several, objects of other releases are not its own.
    pub(crate) fn objects<'w>(&'w self, look: Look<'w>, kind: Kind) -> impl Iterator<Item = &'w Arc<Object>> {
        self.namespaces()
            .iter()
            .flat_map(move |namespace| look.world.in_namespace(kind, namespace))
            .filter(|object| self.owns(object))
    }

    /// Whether an object is one of [those](Self::objects) of its kind.
    pub(crate) fn has(&self, object: &Object) -> bool {
        object.kind().namespaced() && self.namespaces().contains(&object.meta.namespace) && self.owns(object)
    }

    /// Volumes that a claim of the ward names, or whose `claimRef` names its namespace; for nobody's ward, those that no
    /// claim names. By name.
    pub(crate) fn volumes(&self, look: Look<'_>) -> &[Arc<Object>] {
        self.volumes.get_or_init(|| match self.tenant {
            Some(_) => self.volumes_of_claims(look),
            None => look
                .world
                .free_volumes()
                .filter(|volume| look.world.claims_naming(&volume.meta.name).next().is_none())
                .cloned()
                .collect(),
        })
    }

    /// The newest revision of each release of the ward, by namespace and name.
    pub(crate) fn newest<'w>(&'w self, look: Look<'w>) -> impl Iterator<Item = &'w Arc<Object>> {
        let mut newest: BTreeMap<(&Text, &Text, Driver), (u32, &Arc<Object>)> = BTreeMap::new();
        let records = Kind::RECORDS.into_iter().flat_map(|kind| self.objects(look, kind));
        for object in records {
            let Some(release) = object.body.release() else {
                continue;
            };
            let held = newest
                .entry((&object.meta.namespace, &release.name, release.driver))
                .or_insert((release.revision, object));
            if held.0 < release.revision {
                *held = (release.revision, object);
            }
        }
        newest.into_values().map(|(_, object)| object)
    }

    /// The newest revision of each release whose record was read, with what it holds. Costs nothing where none was.
    pub(crate) fn opened<'w>(&'w self, look: Look<'w>) -> impl Iterator<Item = (&'w Object, &'w Record)> {
        let read = self.opened.get_or_init(|| {
            let helm = &look.conditions.helm;
            if helm.is_unread() {
                return Vec::new();
            }
            self.newest(look)
                .filter_map(|object| Some((Arc::clone(object), Arc::clone(helm.record(&object.pin())?))))
                .collect()
        });
        read.iter()
            .filter_map(|(object, reading)| Some((object.as_ref(), reading.record()?)))
    }

    /// Of these, those whose objects are there: an uninstalled release that kept its history has none.
    pub(crate) fn installed<'w>(&'w self, look: Look<'w>) -> impl Iterator<Item = (&'w Object, &'w Record)> {
        self.opened(look).filter(|(_, record)| record.status != "uninstalled")
    }

    fn volumes_of_claims(&self, look: Look<'_>) -> Vec<Arc<Object>> {
        let mut volumes: Vec<Arc<Object>> = self
            .objects(look, Kind::PersistentVolumeClaim)
            .filter_map(|object| object.body.claim().map(|claim| &claim.spec.volume_name))
            .filter(|name| !name.is_empty())
            .filter_map(|name| look.world.find(Kind::PersistentVolume, "", name))
            .chain(
                self.namespaces()
                    .iter()
                    .flat_map(|namespace| look.world.volumes_claimed_in(namespace))
                    .filter(|volume| self.claims(look, volume)),
            )
            .cloned()
            .collect();
        // most come twice: a claim names its volume, and the volume its claim
        volumes.sort_unstable_by(|one, other| one.meta.name.cmp(&other.meta.name));
        volumes.dedup_by(|one, other| Arc::ptr_eq(one, other));
        volumes
    }

    fn owns(&self, object: &Object) -> bool {
        let Some(own) = self.tenant.and_then(|tenant| tenant.release.as_ref()) else {
            return true;
        };
        let of = match &object.body {
            Body::Release(release) => Some(release.name.as_str()),
            _ => release_of(object),
        };
        of.is_none_or(|of| of == own.as_str())
    }

    /// The volume's `claimRef` names a claim of this ward, there or gone.
    fn claims(&self, look: Look<'_>, volume: &Object) -> bool {
        let Some(held) = volume.body.volume().and_then(|volume| volume.spec.claim_ref.as_ref()) else {
            return false;
        };
        let claim = look
            .world
            .find(Kind::PersistentVolumeClaim, &held.namespace, &held.name);
        self.namespaces().contains(&held.namespace) && claim.is_none_or(|claim| self.owns(claim))
    }
}

/// The Helm release that an object says it belongs to.
pub(crate) fn release_of(object: &Object) -> Option<&str> {
    object
        .meta
        .annotations
        .get("meta.helm.sh/release-name")
        .or_else(|| object.meta.labels.get("app.kubernetes.io/instance"))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{QUIET, conditions, now, world};
    use super::*;

    #[test]
    fn a_tenant_that_is_one_release_of_several() {
        let world = world(
            "
- {kind: PersistentVolumeClaim, metadata: {name: mine, namespace: shop, annotations: {meta.helm.sh/release-name: eks}}}
- {kind: PersistentVolumeClaim, metadata: {name: theirs, namespace: shop, annotations: {meta.helm.sh/release-name: other}}}
- {kind: PersistentVolumeClaim, metadata: {name: nobodys, namespace: shop}}
- {kind: PersistentVolume, metadata: {name: pv-mine}, spec: {claimRef: {namespace: shop, name: mine, uid: u}}}
- {kind: PersistentVolume, metadata: {name: pv-theirs}, spec: {claimRef: {namespace: shop, name: theirs, uid: u}}}
- {kind: PersistentVolume, metadata: {name: pv-former}, spec: {claimRef: {namespace: shop, name: former, uid: u}}}
- {kind: PersistentVolume, metadata: {name: pv-free}, spec: {}}",
        );
        let conditions = conditions();
        let look = Look {
            world: &world,
            conditions: &conditions,
            now: now(),
            quiet: QUIET,
        };
        let names = |objects: Vec<&Arc<Object>>| {
            objects
                .iter()
                .map(|object| object.meta.name.to_string())
                .collect::<Vec<_>>()
        };
        let tenant = |release: Option<&str>| Tenant {
            name: "t".into(),
            namespaces: vec!["shop".into()],
            release: release.map(Into::into),
        };
        let one = tenant(Some("eks"));
        let ward = Ward::of_tenant(&one);
        assert_eq!(
            names(ward.objects(look, Kind::PersistentVolumeClaim).collect()),
            ["mine", "nobodys"]
        );
        assert_eq!(names(ward.volumes(look).iter().collect()), ["pv-former", "pv-mine"]);
        let whole = tenant(None);
        let ward = Ward::of_tenant(&whole);
        assert_eq!(
            names(ward.volumes(look).iter().collect()),
            ["pv-former", "pv-mine", "pv-theirs"]
        );
        assert_eq!(names(Ward::of_nobody().volumes(look).iter().collect()), ["pv-free"]);
    }
}

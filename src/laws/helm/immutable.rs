//! What the API server says to a change of a field that cannot change, by kind (`reference/semantics.md` §3.5; the texts are
//! those of a real one, 1.36). Which fields these are is `model::helm::firm`'s.

use crate::model::helm::{Document, Firm, firm};
use crate::model::storage::ClaimPhase;
use crate::model::{Body, Key, Kind, Object, Text, World};
use std::collections::BTreeSet;

/// The change of an object that is there.
pub(super) struct Change<'a> {
    pub(super) live: Option<&'a Object>,
    /// What of the live object cannot change, where it was read.
    pub(super) firm: Option<&'a Firm>,
    /// What the manifest before says; an object that it does not list is adopted: what nobody can tell of it counts as the
    /// same then, and as different where its manifest changed.
    pub(super) before: Option<&'a Document>,
    pub(super) document: &'a Document,
    /// The fields that the manifest changes.
    pub(super) fields: &'a [Text],
}

impl Change<'_> {
    /// The server's refusal of it; `None` when it takes it.
    pub(super) fn refusal(&self, world: &World) -> Option<String> {
        let name = &self.document.address.name;
        let kind = self.document.address.kind.as_str();
        match kind {
            "PersistentVolumeClaim" => self
                .hit()
                .map(|_| frozen_claim(name))
                .or_else(|| resized(world, self.live?, self.document)),
            "StatefulSet" => self.hit().map(|_| {
                format!(
                    "StatefulSet.apps {name:?} is invalid: spec: Forbidden: updates to statefulset spec for fields other than \
                     'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', \
                     'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
                )
            }),
            "PersistentVolume" => self.hit().map(|_| {
                format!("PersistentVolume {name:?} is invalid: spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation")
            }),
            "StorageClass" => self.hit().map(|field| match field {
                "volumeBindingMode" => frozen("StorageClass.storage.k8s.io", name, field),
                field => format!("StorageClass.storage.k8s.io {name:?} is invalid: {field}: Forbidden: updates to {field} are forbidden."),
            }),
            "Job" => self.hit().map(|field| frozen("Job.batch", name, field)),
            "Deployment" | "DaemonSet" | "ReplicaSet" => {
                self.hit().map(|field| frozen(&format!("{kind}.apps"), name, field))
            }
            _ => self.other(kind, name),
        }
    }

    /// The first field that cannot change and would.
    fn hit(&self) -> Option<&str> {
        let kind = self.document.address.kind.as_str();
        let touched = self.touched();
        let mut fields = self.fields.iter().map(Text::as_str);
        fields.find(|field| firm::frozen(kind, field) && !self.same(field, touched.as_ref()))
    }

    /// What the patch would change of the live object, where that was read.
    fn touched(&self) -> Option<BTreeSet<&str>> {
        let after = self.document.firm.as_deref()?;
        let before = self.before.and_then(|before| before.firm.as_deref());
        Some(self.firm?.touched(before, after))
    }

    /// Whether the live object has the document's value already, so that the patch does not touch the field.
    fn same(&self, field: &str, touched: Option<&BTreeSet<&str>>) -> bool {
        let facts = self.live.zip(self.document.object.as_deref());
        let told = facts.and_then(|(live, document)| told(live, document, field));
        told.or_else(|| Some(!touched?.contains(field)))
            .unwrap_or(self.before.is_none())
    }

    /// Kinds that the world does not hold: nothing is known of them but what was read.
    fn other(&self, kind: &str, name: &str) -> Option<String> {
        let (live, after) = (self.firm?, self.document.firm.as_deref()?);
        let touched = self.touched()?;
        match kind {
            "Secret" | "ConfigMap" => {
                if touched.contains("type") {
                    return Some(format!("{kind} {name:?} is invalid: type: Invalid value: field is immutable"));
                }
                let shut = live.word("immutable") == Some("true");
                let field = touched.into_iter().find(|_| shut)?;
                Some(format!(
                    "{kind} {name:?} is invalid: {field}: Forbidden: field is immutable when `immutable` is set"
                ))
            }
            "Service" => service(live, after, &touched).map(|told| format!("Service {name:?} is invalid: {told}")),
            "RoleBinding" | "ClusterRoleBinding" => touched.contains("roleRef").then(|| {
                format!("{kind}.rbac.authorization.k8s.io {name:?} is invalid: roleRef: Invalid value: cannot change roleRef")
            }),
            "PriorityClass" if touched.contains("value") => Some(format!(
                "PriorityClass.scheduling.k8s.io {name:?} is invalid: value: Forbidden: may not be changed in an update."
            )),
            kind => touched.into_iter().next().map(|field| frozen(kind, name, field)),
        }
    }
}

/// A Service keeps its address, and none at all too, while its type stays one that has addresses. What the manifest does not
/// say any more the server fills in from what was there; a type that needs an address is refused to a Service without one.
fn service(live: &Firm, after: &Firm, touched: &BTreeSet<&str>) -> Option<String> {
    const OUTSIDE: &str = "ExternalName";
    let was = live.word("spec.type").unwrap_or("ClusterIP");
    let becomes = after.word("spec.type").unwrap_or(was);
    if was == OUTSIDE || becomes == OUTSIDE {
        return None;
    }
    let address = |firm: &Firm| {
        let said = firm.word("spec.clusterIP").or_else(|| firm.word("spec.clusterIPs[0]"));
        said.map(str::to_owned)
    };
    let (had, asked) = (address(live), address(after));
    if let Some(asked) = asked.filter(|asked| had.as_ref().is_some_and(|had| had != asked)) {
        return Some(format!(
            "spec.clusterIPs[0]: Invalid value: [{asked:?}]: may not change once set"
        ));
    }
    if had.as_deref() == Some("None") && matches!(becomes, "NodePort" | "LoadBalancer") {
        return Some(format!(
            "spec.clusterIPs[0]: Invalid value: \"None\": may not be set to 'None' for {becomes} services"
        ));
    }
    let family = "spec.ipFamilies[0]";
    if let (Some(had_family), Some(family)) = (live.word(family), after.word(family))
        && had_family != family
    {
        return Some(format!(
            "spec.clusterIPs[0]: Invalid value: {:?}: expected an {family} value as indicated by `ipFamilies[0]`",
            had.unwrap_or_default()
        ));
    }
    (was == "LoadBalancer" && becomes == was && touched.contains("spec.loadBalancerClass"))
        .then(|| "spec.loadBalancerClass: Invalid value: may not change once set".to_owned())
}

fn frozen(kind: &str, name: &str, field: &str) -> String {
    format!("{kind} {name:?} is invalid: {field}: Invalid value: field is immutable")
}

fn told(live: &Object, document: &Object, field: &str) -> Option<bool> {
    Some(match (&live.body, &document.body) {
        (Body::PersistentVolumeClaim(live), Body::PersistentVolumeClaim(new)) => match field {
            "spec.storageClassName" => match (&live.spec.storage_class_name, &new.spec.storage_class_name) {
                (Some(live), Some(new)) => live == new,
                // left out of the manifest it stays as it is; set for the first time it may be set
                (None, _) | (_, None) => true,
            },
            "spec.accessModes" => live.spec.access_modes == new.spec.access_modes,
            "spec.volumeMode" => {
                live.spec.volume_mode.as_deref().unwrap_or("Filesystem")
                    == new.spec.volume_mode.as_deref().unwrap_or("Filesystem")
            }
            "spec.volumeName" => {
                live.spec.volume_name.is_empty()
                    || new.spec.volume_name.is_empty()
                    || live.spec.volume_name == new.spec.volume_name
            }
            "spec.selector" => live.spec.selector == new.spec.selector,
            _ => return None,
        },
        (Body::StorageClass(live), Body::StorageClass(new)) => match field {
            "provisioner" => live.provisioner == new.provisioner,
            "reclaimPolicy" => live.reclaim_policy == new.reclaim_policy || new.reclaim_policy.is_none(),
            "volumeBindingMode" => {
                live.volume_binding_mode == new.volume_binding_mode || new.volume_binding_mode.is_none()
            }
            _ => return None,
        },
        (_, _) => return None,
    })
}

fn frozen_claim(name: &str) -> String {
    format!(
        "PersistentVolumeClaim {name:?} is invalid: spec: Forbidden: spec is immutable after creation except \
         resources.requests and volumeAttributesClassName for bound claims"
    )
}

/// The refusal of a patch that is made from the live object because the old manifest does not list it (a rollback by
/// client-side apply, `pkg/kube/client.go` `update`): what the server has filled in and the document does not state is
/// taken out, a bound claim's volume and a Job's selector among it, and the resource version, without which a budget takes
/// no update (`pkg/registry/policy/poddisruptionbudget/strategy.go` `AllowUnconditionalUpdate`).
pub(super) fn stripped(live: &Object, document: &Document) -> Option<String> {
    let name = &document.address.name;
    match (&live.body, &document.object.as_ref()?.body) {
        (Body::PersistentVolumeClaim(live), Body::PersistentVolumeClaim(new)) => {
            (!live.spec.volume_name.is_empty() && new.spec.volume_name.is_empty()).then(|| frozen_claim(name))
        }
        (Body::Job(_), Body::Job(_)) => Some(format!(
            "Job.batch {name:?} is invalid: spec.selector: Required value, spec.template: field is immutable"
        )),
        (Body::PodDisruptionBudget(_), Body::PodDisruptionBudget(_)) => Some(format!(
            "poddisruptionbudgets.policy {name:?} is invalid: metadata.resourceVersion: Invalid value: 0: must be \
             specified for an update"
        )),
        (_, _) => None,
    }
}

/// A bound claim's request may grow where its class says so (admission `PersistentVolumeClaimResize`), and shrink only as
/// long as it stays above what it has; that of a claim that is not bound stays as it is.
fn resized(world: &World, live: &Object, document: &Document) -> Option<String> {
    let name = &document.address.name;
    let (live, new) = (live.body.claim()?, document.object.as_ref()?.body.claim()?);
    let asked = new.spec.resources.requests.storage.as_ref()?.bytes()?;
    let before = live.spec.resources.requests.storage.as_ref()?.bytes()?;
    if asked != before && live.status.phase != ClaimPhase::Bound {
        return Some(frozen_claim(name));
    }
    let class = live.spec.storage_class_name.as_deref().unwrap_or_default();
    let class = world.get(&Key::cluster(Kind::StorageClass, class));
    let expands = class.and_then(|class| class.body.class()?.allow_volume_expansion);
    if asked > before && expands != Some(true) {
        return Some(format!(
            "persistentvolumeclaims {name:?} is forbidden: only dynamically provisioned pvc can be resized and the \
             storageclass that provisions the pvc must support resize"
        ));
    }
    let has = live.status.capacity.storage.as_ref()?.bytes()?;
    (asked < has && asked < before).then(|| {
        format!(
            "PersistentVolumeClaim {name:?} is invalid: spec.resources.requests.storage: Forbidden: field can not be less than status.capacity"
        )
    })
}

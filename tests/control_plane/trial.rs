//! One trial: a namespace of its own on the shared control plane, and the words its story is told in.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::plane::ControlPlane;
use crate::support::run::Ran;
use crate::support::wait::{until, until_still};

/// What the controllers do, they do within this.
const LIMIT: Duration = Duration::from_mins(1);
/// What has not moved for so long is at rest: the controllers that look again by the clock have done so.
const QUIET: Duration = Duration::from_secs(2);

pub(crate) struct Trial<'plane> {
    pub(crate) plane: &'plane ControlPlane,
    pub(crate) namespace: String,
}

impl<'plane> Trial<'plane> {
    /// `namespace` also names the trial's storage class and begins the names of its volumes, which have no namespace.
    pub(crate) fn new(plane: &'plane ControlPlane, namespace: &str) -> Self {
        plane.create(&json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}));
        Self {
            plane,
            namespace: namespace.to_owned(),
        }
    }

    pub(crate) fn kubectl(&self, arguments: &[&str]) -> Ran {
        self.plane
            .kubectl(&[&["--namespace", &self.namespace], arguments].concat())
    }

    /// Creates an object in the trial's namespace.
    pub(crate) fn create(&self, mut object: Value) -> Value {
        object["metadata"]["namespace"] = json!(self.namespace);
        self.plane.create(&object)
    }

    /// `DELETE` with exactly these options, as a client of ours would send it.
    pub(crate) fn delete(&self, path: &str, options: &Value) -> Ran {
        let mut body = json!({"apiVersion": "v1", "kind": "DeleteOptions"});
        merge(&mut body, options);
        let arguments = ["delete", "--raw", path, "-f", "-"];
        self.plane.run(
            crate::support::persons::Person::Anna,
            "kubectl",
            &arguments,
            &body.to_string(),
        )
    }

    /// JSON patch of an object at an API path's `kind/name`.
    pub(crate) fn patch(&self, object: &str, operations: &Value) -> Ran {
        self.kubectl(&["patch", object, "--type=json", "--patch", &operations.to_string()])
    }

    pub(crate) fn pod(&self, name: &str) -> Option<Value> {
        self.plane.get(&self.path("pods", name))
    }

    pub(crate) fn claim(&self, name: &str) -> Option<Value> {
        self.plane.get(&self.path("persistentvolumeclaims", name))
    }

    pub(crate) fn volume(&self, name: &str) -> Option<Value> {
        self.plane.get(&volume_path(name))
    }

    /// The API path of a core object in the trial's namespace.
    pub(crate) fn path(&self, resource: &str, name: &str) -> String {
        format!("/api/v1/namespaces/{}/{resource}/{name}", self.namespace)
    }

    pub(crate) fn wait_running(&self, pod: &str) -> Value {
        wait(
            &format!("pod {pod} runs"),
            || self.pod(pod),
            |pod| pod["status"]["phase"] == "Running",
        )
    }

    pub(crate) fn wait_bound(&self, claim: &str) -> Value {
        wait(
            &format!("claim {claim} is bound"),
            || self.claim(claim),
            |claim| claim["status"]["phase"] == "Bound",
        )
    }

    pub(crate) fn wait_phase(&self, volume: &str, phase: &str) -> Value {
        let what = format!("volume {volume} is {phase}");
        wait(
            &what,
            || self.volume(volume),
            |volume| volume["status"]["phase"] == phase,
        )
    }

    /// Waits until nothing in the trial's namespace (pods, claims, jobs) and no volume of its class has changed for a
    /// while, and gives the objects back by kind and name.
    pub(crate) fn settled(&self) -> BTreeMap<String, Value> {
        let look = || {
            let mut seen = BTreeMap::new();
            for (kind, path) in [
                ("pod", format!("/api/v1/namespaces/{}/pods", self.namespace)),
                (
                    "claim",
                    format!("/api/v1/namespaces/{}/persistentvolumeclaims", self.namespace),
                ),
                ("job", format!("/apis/batch/v1/namespaces/{}/jobs", self.namespace)),
                ("volume", "/api/v1/persistentvolumes".to_owned()),
            ] {
                let list = self.plane.get(&path).expect("a list");
                for object in list["items"].as_array().expect("items") {
                    if kind != "volume" || object["spec"]["storageClassName"] == self.namespace {
                        seen.insert(format!("{kind} {}", text(&object["metadata"]["name"])), object.clone());
                    }
                }
            }
            seen
        };
        until_still("everything at rest", QUIET, LIMIT, look).unwrap_or_else(|why| panic!("{why}"))
    }

    /// A class without a provisioner that binds at once.
    pub(crate) fn create_class(&self) {
        self.plane.create(&json!({
            "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": self.namespace},
            "provisioner": "kubernetes.io/no-provisioner", "volumeBindingMode": "Immediate",
        }));
    }

    /// A `Retain` volume of the trial's class; gives back its full name.
    pub(crate) fn create_volume(&self, name: &str) -> String {
        self.create_volume_with(name, &json!({}))
    }

    /// The same with parts of its spec set otherwise.
    pub(crate) fn create_volume_with(&self, name: &str, spec: &Value) -> String {
        let name = format!("{}-{name}", self.namespace);
        self.create_volume_unwatched(&name, spec);
        self.wait_phase(&name, "Available");
        name
    }

    /// The same by its full name, whatever phase it comes to.
    pub(crate) fn create_volume_unwatched(&self, name: &str, spec: &Value) {
        let mut volume = json!({
            "apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name},
            "spec": {
                "storageClassName": self.namespace, "capacity": {"storage": "1Gi"},
                "accessModes": ["ReadWriteOnce"], "persistentVolumeReclaimPolicy": "Retain",
            },
        });
        merge(&mut volume["spec"], spec);
        let sources = ["hostPath", "nfs", "csi"];
        if !sources.iter().any(|source| volume["spec"].get(source).is_some()) {
            volume["spec"]["hostPath"] = json!({"path": self.plane.path("volumes").join(name)});
        }
        self.plane.create(&volume);
    }

    /// A claim of the trial's class.
    pub(crate) fn create_claim(&self, name: &str, spec: &Value) -> Value {
        let mut claim = json!({
            "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name},
            "spec": {
                "storageClassName": self.namespace, "accessModes": ["ReadWriteOnce"],
                "resources": {"requests": {"storage": "1Gi"}},
            },
        });
        merge(&mut claim["spec"], spec);
        self.create(claim)
    }

    /// A pod that mounts a claim, with labels for the kubelet and parts of its spec set otherwise.
    pub(crate) fn create_pod(&self, name: &str, claim: &str, labels: &Value, spec: &Value) -> Value {
        let mut pod = json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels}, "spec": pod_spec(claim),
        });
        merge(&mut pod["spec"], spec);
        self.create(pod)
    }

    /// Deletes without waiting for the end.
    pub(crate) fn delete_now(&self, object: &str) {
        self.kubectl(&["delete", object, "--wait=false"]).ok();
    }
}

/// Waits until what `look` gives exists and `holds`.
pub(crate) fn wait(what: &str, look: impl Fn() -> Option<Value>, holds: impl Fn(&Value) -> bool) -> Value {
    until(what, LIMIT, || match look() {
        Some(object) if holds(&object) => Ok(object),
        Some(object) => Err(brief(&object)),
        None => Err("nothing there".to_owned()),
    })
    .unwrap_or_else(|why| panic!("{why}"))
}

/// Waits until what `look` gives is gone.
pub(crate) fn wait_gone(what: &str, look: impl Fn() -> Option<Value>) {
    until(what, LIMIT, || look().map_or(Ok(()), |object| Err(brief(&object)))).unwrap_or_else(|why| panic!("{why}"));
}

/// What a pod that mounts a claim as `data` looks like.
pub(crate) fn pod_spec(claim: &str) -> Value {
    json!({
        "terminationGracePeriodSeconds": 1,
        "containers": [{"name": "main", "image": "none", "volumeMounts": [{"name": "data", "mountPath": "/data"}]}],
        "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": claim}}],
    })
}

pub(crate) fn volume_path(name: &str) -> String {
    format!("/api/v1/persistentvolumes/{name}")
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

pub(crate) fn uid(object: &Value) -> &str {
    text(&object["metadata"]["uid"])
}

pub(crate) fn is_terminating(object: &Value) -> bool {
    object["metadata"]["deletionTimestamp"].is_string()
}

pub(crate) fn finalizers(object: &Value) -> Vec<&str> {
    object["metadata"]["finalizers"]
        .as_array()
        .map(|all| all.iter().map(text).collect())
        .unwrap_or_default()
}

/// The parts of an object that tell a story, for a message.
fn brief(object: &Value) -> String {
    let metadata = &object["metadata"];
    json!({
        "name": metadata["name"], "uid": metadata["uid"], "deletionTimestamp": metadata["deletionTimestamp"],
        "finalizers": metadata["finalizers"], "claimRef": object["spec"]["claimRef"],
        "volumeName": object["spec"]["volumeName"], "status": object["status"],
    })
    .to_string()
}

/// Sets the fields of `change` in `target`; objects are merged, everything else is replaced.
pub(crate) fn merge(target: &mut Value, change: &Value) {
    match (target, change) {
        (Value::Object(target), Value::Object(change)) => {
            for (key, value) in change {
                merge(target.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (target, change) => *target = change.clone(),
    }
}

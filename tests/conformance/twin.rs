//! The sandbox as the other side of a case: a cluster of its own for each, on a clock that is moved by hand, so that hours
//! of its controllers take milliseconds.

use std::path::Path;
use std::time::Duration;

use pilothouse::laws::Conditions;
use pilothouse::model::{Key, Kind, Object, World};
use pilothouse::sandbox::{Clock, Objects, Options, Sandbox, Settled, TestClock};
use serde_json::{Value, json};

use crate::api::Api;

/// When every sandbox begins.
const BEGIN: &str = "2026-11-20T10:00:00Z";
/// Whatever a controller of the sandbox waits for comes within this.
const LONG: Duration = Duration::from_mins(15);

pub(crate) struct Twin {
    sandbox: Sandbox,
    pub(crate) api: Api,
}

impl Twin {
    /// One node, these namespaces with nothing in them, and the nodes that are the case's own.
    pub(crate) async fn start(
        conditions: &Conditions,
        namespaces: &[String],
        nodes: Vec<Value>,
    ) -> Result<Self, String> {
        let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": crate::support::plane::NODE}});
        let nodes = std::iter::once(node).chain(nodes).map(|mut node| {
            node["status"] = json!({"conditions": [{"type": "Ready", "status": "True"}]});
            node
        });
        let begin = BEGIN.parse().expect("a time");
        let named = |name: &String| json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        let options = Options {
            objects: nodes.chain(namespaces.iter().map(named)).collect(),
            conditions: Some(conditions.clone()),
            clock: Clock::Test(TestClock::at(begin)),
            seed: 7,
            ..Options::default()
        };
        let sandbox = Sandbox::start(options).map_err(|error| error.to_string())?;
        let api = Api::open(sandbox.kubeconfig()).await?;
        Ok(Self { sandbox, api })
    }

    /// Lets its controllers do all they want to do; an error when they never come to an end.
    pub(crate) fn settle(&self) -> Result<(), String> {
        match self.sandbox.settle(LONG) {
            Settled::AtRest | Settled::Waiting { .. } => Ok(()),
            Settled::Restless => Err("the sandbox does not come to rest".to_owned()),
        }
    }

    /// How one gets in.
    pub(crate) fn kubeconfig(&self) -> &Path {
        self.sandbox.kubeconfig()
    }

    /// The handles of the disks that were destroyed so far, in that order.
    pub(crate) fn destroyed(&self) -> Vec<String> {
        self.sandbox.destroyed()
    }

    /// Everything in it but the namespaces that a cluster begins with.
    pub(crate) fn world(&self) -> World {
        let all = self.sandbox.read(Objects::all);
        let own = |key: &Key| key.kind == Kind::Namespace && (key.name == "default" || key.name.starts_with("kube-"));
        let objects = all.iter().filter(|(key, _)| !own(key));
        World::of(objects.map(|(key, value)| Object::from_value(key.kind, value).expect("an object")))
    }
}

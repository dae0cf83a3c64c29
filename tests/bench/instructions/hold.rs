//! What the voyage takes along: the cluster at full load as files, made outside callgrind, where it is fast.
//!
//! The page and the events are whole, because decoding them is measured. The objects that only fill the world are made
//! lighter by what the decoder drops anyway, and each is checked to decode to the same facts.

use crate::encode;
use crate::shapes::{Cluster, Shape};
use pilothouse::model::{Kind, Object};
use serde_json::Value;
use std::error::Error;
use std::path::Path;

type Outcome<T> = Result<T, Box<dyn Error>>;

const SEED: u64 = 7;
const PAGE: usize = 500;
const EVENTS: usize = 100;

/// Parts of an object that hold most of its bytes and no fact.
const BALLAST: [(&str, &str); 8] = [
    ("/metadata", "managedFields"),
    ("/spec", "containers"),
    ("/spec", "initContainers"),
    ("/spec", "tolerations"),
    ("/spec", "affinity"),
    ("/spec/template/spec", "containers"),
    ("/spec/template/spec", "initContainers"),
    ("/status", "images"),
];

/// The files, read.
pub(crate) struct Hold {
    /// A page of 500 pods.
    pub(crate) page: Vec<u8>,
    /// A hundred events of a watch on pods, each of another pod, a line each.
    pub(crate) events: Vec<u8>,
    /// The same page in protobuf.
    pub(crate) protobuf_page: Vec<u8>,
    /// The same events in protobuf, each with its length before it.
    pub(crate) frames: Vec<u8>,
    /// Every object of the cluster, by kind, a line each.
    objects: Vec<(Kind, Vec<u8>)>,
}

impl Hold {
    pub(crate) fn open(directory: &Path) -> Outcome<Self> {
        let mut objects = Vec::new();
        for kind in Kind::ALL {
            objects.push((kind, std::fs::read(directory.join(kind.short()))?));
        }
        Ok(Self {
            page: std::fs::read(directory.join("page"))?,
            events: std::fs::read(directory.join("events"))?,
            protobuf_page: std::fs::read(directory.join("protobuf-page"))?,
            frames: std::fs::read(directory.join("frames"))?,
            objects,
        })
    }

    /// The objects of a kind.
    pub(crate) fn objects(&self, kind: Kind) -> impl Iterator<Item = &[u8]> {
        let lines = self.objects.iter().filter(move |(held, _)| *held == kind);
        lines
            .flat_map(|(_, lines)| lines.split(|byte| *byte == b'\n'))
            .filter(|line| !line.is_empty())
    }
}

/// Writes the files of workload L.
pub(crate) fn load(directory: &Path) -> Outcome<()> {
    let cluster = Cluster::new(Shape::L, SEED);
    for kind in Kind::ALL {
        let mut lines = Vec::new();
        for (_, key, json) in cluster.objects(kind) {
            lines.extend(lightened(kind, &json).map_err(|why| format!("{key}: {why}"))?);
            lines.push(b'\n');
        }
        std::fs::write(directory.join(kind.short()), lines)?;
    }
    std::fs::write(directory.join("page"), cluster.page(Kind::Pod, 0..PAGE))?;
    let mut events = Vec::new();
    for nth in 0..EVENTS {
        let pod = nth * cluster.count(Kind::Pod) / EVENTS;
        events.extend(br#"{"type":"MODIFIED","object":"#);
        events.extend(cluster.json_at(Kind::Pod, pod, 1, cluster.latest() + 1));
        events.extend(b"}\n");
    }
    std::fs::write(directory.join("events"), events)?;
    load_protobuf(directory, &cluster)
}

/// The same page and events in protobuf.
fn load_protobuf(directory: &Path, cluster: &Cluster) -> Outcome<()> {
    let message = |json: &[u8]| encode::message("Pod", &serde_json::from_slice(json)?).map_err(Box::<dyn Error>::from);
    let mut list = encode::list_meta(&cluster.latest().to_string(), "", None);
    for pod in 0..PAGE {
        encode::field(2, &message(&cluster.json(Kind::Pod, pod))?, &mut list);
    }
    std::fs::write(directory.join("protobuf-page"), encode::body("v1", "PodList", &list))?;
    let mut frames = Vec::new();
    for nth in 0..EVENTS {
        let pod = nth * cluster.count(Kind::Pod) / EVENTS;
        let pod = message(&cluster.json_at(Kind::Pod, pod, 1, cluster.latest() + 1))?;
        frames.extend(encode::frame("MODIFIED", &encode::body("v1", "Pod", &pod)));
    }
    Ok(std::fs::write(directory.join("frames"), frames)?)
}

/// An object without what no rule reads, so that full load is soon in place; as it is where that would make other facts (a
/// Job's template is told from others by all that stands in it).
fn lightened(kind: Kind, json: &[u8]) -> Outcome<Vec<u8>> {
    let mut value: Value = serde_json::from_slice(json)?;
    for (place, part) in BALLAST {
        if let Some(Value::Object(fields)) = value.pointer_mut(place) {
            fields.remove(part);
        }
    }
    let light = serde_json::to_vec(&value)?;
    if Object::decode(kind, &light)? == Object::decode(kind, json)? {
        Ok(light)
    } else {
        Ok(json.to_vec())
    }
}

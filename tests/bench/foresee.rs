//! `foresee TENANTS [ACT]`: forecasts acts on a tenant of five hundred objects, alone in its cluster and as the first of so many
//! such tenants, in a process of its own, and prints how long each took, as one line of JSON; with a part of an act's name those
//! alone, for a profile.
//!
//! The worlds are taken in as a watch would have it, object by object. Only the forecast itself is timed, in turn in one
//! world and in the other, so that both meet the same machine.

use super::clock::Instant;
use super::shapes::{Cluster, Shape};
use pilothouse::forecast::forecast;
use pilothouse::laws::Conditions;
use pilothouse::model::{Act, FeedId, Kind, Moment, Now, Object, Observation, Propagation, World, feed};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::hint::black_box;
use std::process::ExitCode;

const SEED: u64 = 7;
/// Forecasts of each act that are timed, after one that is not.
const ROUNDS: usize = 101;
/// A hundred pods a node, as on L.
const PODS_OF_NODE: usize = 100;

/// What it prints.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Told {
    /// Objects of the tenant that is acted on, its volumes with it.
    pub(crate) tenant: usize,
    /// Objects of the large world.
    pub(crate) objects: usize,
    pub(crate) acts: BTreeMap<String, Times>,
}

/// How long the forecasts of one act took, in milliseconds.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Times {
    pub(crate) alone: Vec<f64>,
    pub(crate) among: Vec<f64>,
}

/// So many tenants of five hundred objects, in the proportions of L.
const fn shape(tenants: usize) -> Shape {
    let pods = 192 * tenants;
    Shape {
        tenants,
        claims: 76 * tenants,
        pods,
        jobs: 76 * tenants,
        releases: 38 * tenants,
        attachments: 4 * tenants,
        nodes: pods.div_ceil(PODS_OF_NODE),
    }
}

pub(crate) fn run(arguments: &[String]) -> ExitCode {
    let tenants = arguments.first().and_then(|tenants| tenants.parse().ok());
    let Some(tenants) = tenants.filter(|tenants| (1..=1_000).contains(tenants)) else {
        eprintln!("foresee: needs a number of tenants, 1 to 1000");
        return ExitCode::from(2);
    };
    let wanted = arguments.get(1).map_or("", String::as_str);
    match told(tenants, wanted).and_then(|told| serde_json::to_string(&told).map_err(|error| error.to_string())) {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("foresee: {why}");
            ExitCode::FAILURE
        }
    }
}

fn told(tenants: usize, wanted: &str) -> Result<Told, String> {
    let (alone, among) = (Ground::new(1)?, Ground::new(tenants)?);
    let mut acts: BTreeMap<String, Times> = BTreeMap::new();
    for ((name, act), (_, same)) in alone.acts()?.into_iter().zip(among.acts()?) {
        if !name.contains(wanted) {
            continue;
        }
        let times = acts.entry(name.to_owned()).or_default();
        for round in 0..=ROUNDS {
            let (alone, among) = (alone.took(&act)?, among.took(&same)?);
            if round > 0 {
                times.alone.push(alone);
                times.among.push(among);
            }
        }
    }
    let tenant = Kind::ALL
        .map(|kind| among.cluster.of_tenant(kind, 0).len())
        .iter()
        .sum();
    Ok(Told {
        tenant,
        objects: among.world.len(),
        acts,
    })
}

/// A cluster to forecast in.
struct Ground {
    cluster: Cluster,
    world: World,
    conditions: Conditions,
    now: Now,
}

impl Ground {
    fn new(tenants: usize) -> Result<Self, String> {
        let cluster = Cluster::new(shape(tenants), SEED);
        let world = world(&cluster)?;
        let conditions = Conditions {
            server_minor: Some(36),
            ..Conditions::default()
        };
        let now = Now {
            mono: Moment::default(),
            wall: "2026-06-01T12:00:00Z".parse().map_err(|error| format!("{error}"))?,
        };
        Ok(Self {
            cluster,
            world,
            conditions,
            now,
        })
    }

    /// How long one forecast takes, in milliseconds.
    fn took(&self, act: &Act) -> Result<f64, String> {
        let began = Instant::now();
        let told = forecast(&self.world, black_box(act), &self.conditions, self.now, feed::PROMISE);
        let told = black_box(told);
        let took = Instant::now().ms_since(began);
        if told.entries.is_empty() {
            return Err(format!("{}: the forecast says nothing", act.target().key));
        }
        Ok(took)
    }

    fn acts(&self) -> Result<Vec<(&'static str, Act)>, String> {
        acts_of(&self.world, &self.cluster)
    }
}

/// The whole cluster, every feed live.
fn world(cluster: &Cluster) -> Result<World, String> {
    let mut world = World::default();
    let at = Moment::default();
    for kind in Kind::ALL {
        let feed = FeedId::cluster(kind);
        world.apply(Observation::ListBegan { feed: feed.clone(), at });
        for (_, key, json) in cluster.objects(kind) {
            let object = Object::decode(kind, &json).map_err(|why| format!("{key}: {why}"))?;
            let feed = feed.clone();
            world.apply(Observation::Applied {
                feed,
                object: Box::new(object),
                at,
            });
        }
        world.apply(Observation::ListEnded { feed, at });
    }
    Ok(world)
}

/// One act of each size: a claim that a pod holds, a pod, a set, a Job, and all of the namespace.
fn acts_of(world: &World, cluster: &Cluster) -> Result<Vec<(&'static str, Act)>, String> {
    let home = cluster.tenants().first().ok_or("no tenant")?;
    let first = |kind: Kind| {
        let found = world.in_namespace(kind, home).next();
        found.ok_or_else(|| format!("{home} has no {}", kind.name()))
    };
    let claim = world
        .in_namespace(Kind::PersistentVolumeClaim, home)
        .find(|claim| world.users_of(&claim.key()).next().is_some())
        .ok_or("no claim is used by a pod")?;
    let namespace = world
        .find(Kind::Namespace, "", home)
        .ok_or("the tenant has no namespace")?;
    let delete = |object: &Object| Act::Delete {
        target: object.pin(),
        propagation: Propagation::Background,
    };
    let set = first(Kind::StatefulSet)?;
    Ok(vec![
        ("delete of a claim in use", delete(claim)),
        ("delete of a pod", delete(first(Kind::Pod)?)),
        ("delete of a StatefulSet", delete(set)),
        ("delete of a Job", delete(first(Kind::Job)?)),
        (
            "scale of a StatefulSet to 0",
            Act::Scale {
                target: set.pin(),
                replicas: 0,
            },
        ),
        ("delete of the namespace", delete(namespace)),
    ])
}

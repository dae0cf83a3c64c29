//! What the world weighs: bytes held for each object of a kind, decoded from JSON as the watch decodes it and applied,
//! with its share of every index. Counted by an allocator that counts, so it is the same on every machine.
//!
//! A kind that outgrows its budget fails, and so does one that stays far below it: lower the budget then, so that what
//! was won stays won. Resident memory of the whole program is measured by `cargo bench --bench cockpit`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "bench/shapes.rs"]
mod shapes;

use allocation_counter::{AllocationInfo, measure, opt_out};
use pilothouse::cluster::decode_page;
use pilothouse::model::{FeedId, Kind, Moment, Object, Observation, World};
use shapes::{Cluster, Shape};
use std::hint::black_box;

/// A tenth of workload L: the same tenants, fewer of them.
const TENTH: Shape = Shape {
    tenants: 50,
    claims: 1_000,
    pods: 2_500,
    jobs: 1_000,
    releases: 500,
    attachments: 50,
    nodes: 25,
};

const SEED: u64 = 7;

/// What the allocator keeps for itself with each allocation: eight bytes of header, and four on average because sizes
/// are rounded up to sixteen (glibc, `malloc/malloc.c`, "chunk").
const OVERHEAD: u64 = 12;

/// The promise for the whole program on workload L (`reference/safety-and-performance.md` B2).
const PROMISE: u64 = 64 << 20;

/// What the world takes of it, at most; what is left of the promise is for findings, screens and the program.
const SHARE: u64 = 57 << 20;

/// A kept budget is at most this much above the truth, in per cent.
const SLACK: u64 = 4;

/// Bytes held for one object of a kind, the allocator's own among them.
const BUDGETS: [(Kind, u64); 14] = [
    (Kind::Namespace, 640),
    (Kind::Node, 1_290),
    (Kind::StorageClass, 690),
    (Kind::PersistentVolume, 885),
    (Kind::VolumeAttachment, 700),
    (Kind::PersistentVolumeClaim, 880),
    (Kind::Pod, 910),
    (Kind::Job, 895),
    (Kind::CronJob, 560),
    (Kind::StatefulSet, 2_460),
    (Kind::Deployment, 785),
    (Kind::ReplicaSet, 965),
    (Kind::DaemonSet, 1_045),
    (Kind::Release, 500),
];

/// The most that decoding a page of 500 pods holds at once beside the page's own bytes, and what is left of it: the pods.
const PAGE_PEAK: u64 = 411_000;
const PAGE_HELD: u64 = 445_000;

/// Bytes still held, with what the allocator adds.
fn held(info: &AllocationInfo) -> u64 {
    u64::try_from(info.bytes_current).unwrap() + OVERHEAD * u64::try_from(info.count_current).unwrap()
}

/// Lists all objects of a kind into a world.
fn list(world: &mut World, cluster: &Cluster, kind: Kind) {
    let (feed, at) = (FeedId::cluster(kind), Moment::default());
    world.apply(Observation::ListBegan { feed: feed.clone(), at });
    for number in 0..cluster.count(kind) {
        let mut json = Vec::new();
        opt_out(|| json = cluster.json(kind, number));
        let object = Box::new(Object::decode(kind, &json).unwrap());
        opt_out(|| drop(json));
        world.apply(Observation::Applied {
            feed: feed.clone(),
            object,
            at,
        });
    }
    world.apply(Observation::ListEnded { feed, at });
}

/// Whether the truth lies within the budget, and not far below it.
fn judge(what: &str, truth: u64, budget: u64) -> Option<String> {
    if truth > budget {
        Some(format!("{what} holds {truth} bytes, above its budget of {budget}"))
    } else if truth * (100 + SLACK) < budget * 100 {
        Some(format!("{what} holds {truth} bytes only: lower its budget of {budget}"))
    } else {
        None
    }
}

#[test]
fn every_object_keeps_within_the_budget_of_its_kind() {
    let cluster = Cluster::new(TENTH, SEED);
    let mut world = World::default();
    let mut wrong = Vec::new();
    for (kind, budget) in BUDGETS {
        let info = measure(|| list(&mut world, &cluster, kind));
        let count = u64::try_from(cluster.count(kind)).unwrap();
        let truth = held(&info).div_ceil(count);
        wrong.extend(judge(kind.name(), truth, budget));
    }
    assert_eq!(world.len(), cluster.total());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_budgets_together_keep_within_the_worlds_share_of_the_promise() {
    let cluster = Cluster::new(Shape::L, SEED);
    let total: u64 = BUDGETS
        .iter()
        .map(|(kind, budget)| budget * u64::try_from(cluster.count(*kind)).unwrap())
        .sum();
    assert!(
        total < PROMISE,
        "{} MiB where {} MiB are promised",
        total >> 20,
        PROMISE >> 20
    );
    assert_eq!(judge("the world at full load", total, SHARE), None);
}

#[test]
fn decoding_a_page_of_pods_holds_little_more_than_its_pods() {
    let cluster = Cluster::new(TENTH, SEED);
    let body = cluster.page(Kind::Pod, 0..500);
    let mut page = None;
    let info = measure(|| page = Some(decode_page(Kind::Pod, black_box(&body)).unwrap()));
    assert_eq!(page.unwrap().objects.len(), 500);
    let wrong: Vec<String> = judge("the peak of a page", info.bytes_max, PAGE_PEAK)
        .into_iter()
        .chain(judge("a decoded page", held(&info), PAGE_HELD))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_kind_is_judged_in_both_directions() {
    assert_eq!(judge("x", 1_000, 1_000), None);
    assert_eq!(judge("x", 1_000, 1_040), None);
    assert!(judge("x", 1_001, 1_000).unwrap().contains("above"));
    assert!(judge("x", 900, 1_000).unwrap().contains("lower"));
}

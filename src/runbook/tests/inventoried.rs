//! What a step took down outlives the claims and the cockpit: later steps go by it, and by no claim or volume that only bears
//! the name.

use crate::diagnose::fixture::{QUIET, conditions, hasan_prod, now, objects, with};
use crate::diagnose::{Found, Look};
use crate::model::{Act, Key, Kind, World};
use crate::runbook::chronicle::{Kept, Story};
use crate::runbook::plan::Ground;
use crate::runbook::progress::Event;
use crate::runbook::run::Due;
use crate::runbook::{Run, Source, parse, resolve};
use std::collections::BTreeMap;

const TEXT: &str = "apiVersion: pilothouse.dev/v1
kind: Runbook
metadata: { name: own, title: Own, version: '1' }
tenant: { namespace: shop, release: eks }
parameters: { names: { type: string, default: 'mysql-pvc=database' } }
steps:
  - { id: take, title: Take down, inventory: { of: claims.all, rename: '${names}' } }
  - id: delete
    title: Delete
    act: { delete: { each: inventory.claims, propagation: Background } }
    verify: { all: [inventory.claims-gone, inventory.volumes-released], within: 5m, onTimeout: stop }
  - id: reserve
    title: Reserve
    act: { reserve: { each: inventory.volumes } }
    verify: { all: [act.done, inventory.volumes-reserved], within: 5m, onTimeout: stop }
  - id: make
    title: Make
    act: { createClaim: { each: inventory.claims, labels: { app.kubernetes.io/managed-by: Helm }, annotations: { helm.sh/resource-policy: keep } } }
    verify: { all: [inventory.claims-bound], within: 5m, onTimeout: stop }
";

fn begun() -> Run {
    let runbook = parse(&Source::new("own.yaml", TEXT)).unwrap_or_else(|faults| panic!("{}", faults.text()));
    super::hands::granted(Run::begin(resolve(&runbook, &[]).unwrap(), "anna@laptop", now()).unwrap())
}

fn due(run: &Run, world: &World) -> Due {
    let standing = run.standing(Ground {
        world,
        conditions: &conditions(),
        now: now(),
        quiet: QUIET,
        executor: None,
        rendered: &BTreeMap::new(),
    });
    standing.due
}

fn tell(run: &mut Run, event: Event) {
    let kept = Kept {
        at: now().wall,
        by: "anna@laptop".to_owned(),
        step: run.about(&event),
        event,
    };
    run.take(kept, now()).unwrap();
}

fn go_on(run: &mut Run, world: &World) -> Due {
    loop {
        match due(run, world) {
            Due::Come(event) => tell(run, event),
            due => return due,
        }
    }
}

/// What the journal would give back after a crash: the records as they were written.
fn taken_up(run: &Run) -> Run {
    let written = serde_json::to_string(&run.came).unwrap();
    let came: Vec<Kept> = serde_json::from_str(&written).unwrap();
    let story = Story {
        id: run.id.clone(),
        began: run.began,
        by: run.by.clone(),
        opening: run.opening(),
        came,
    };
    Run::take_up(&story, now()).unwrap()
}

/// Seed 000, the claims as an API server has them.
fn whole() -> World {
    let mut world = hasan_prod();
    for name in ["mysql-pvc", "shared-data"] {
        let key = Key::new(Kind::PersistentVolumeClaim, "shop", name);
        let mut object = world.get(&key).unwrap().as_ref().clone();
        if let crate::model::Body::PersistentVolumeClaim(facts) = &mut object.body {
            facts.spec.access_modes = vec!["ReadWriteMany".into()].into();
        }
        world.put(object);
    }
    world
}

/// The tenant after its claims went: both volumes Released, under the uids of claims that are gone.
fn without_claims() -> World {
    let mut world = whole();
    for (claim, volume) in [("mysql-pvc", "mysql"), ("shared-data", "efs-data")] {
        drop(world.take(&Key::new(Kind::PersistentVolumeClaim, "shop", claim)));
        release(&mut world, volume);
    }
    world
}

fn release(world: &mut World, volume: &str) {
    let mut object = world
        .get(&Key::cluster(Kind::PersistentVolume, volume))
        .unwrap()
        .as_ref()
        .clone();
    if let crate::model::Body::PersistentVolume(facts) = &mut object.body {
        facts.status.phase = crate::model::storage::VolumePhase::Released;
    }
    world.put(object);
}

fn acts(due: Due) -> Vec<Act> {
    match due {
        Due::Begin(acts) => acts,
        other => panic!("{other:?}"),
    }
}

#[test]
fn claims_are_made_again_by_what_was_taken_down_before_a_crash() {
    let mut run = begun();
    let whole = whole();
    // a claim that is Terminating already comes along, and is not deleted once more
    let deletes = acts(go_on(&mut run, &whole));
    let told: Vec<String> = deletes.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["delete pvc/mysql-pvc (Background)"]);
    let said: Vec<String> = run.came.iter().map(|kept| kept.event.to_string()).collect();
    assert!(
        said.iter()
            .any(|line| line.starts_with("taken down: 2 claims: mysql-pvc on pv/mysql")),
        "{said:?}"
    );
    tell(&mut run, Event::Began { acts: deletes });
    // killed here; meanwhile the claims went
    let mut run = taken_up(&run);
    let gone = without_claims();
    let reserves = acts(go_on(&mut run, &gone));
    let told: Vec<String> = reserves.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "reserve pv/mysql for shop/database",
            "clear claimRef uid of pv/efs-data"
        ]
    );
    tell(&mut run, Event::Began { acts: reserves });
    for act in 0..2 {
        let how = "as asked".to_owned();
        tell(&mut run, Event::Ended { act, how });
    }
    let mut run = taken_up(&run);
    let free = with(
        gone,
        "
- {kind: PersistentVolume, metadata: {name: efs-data}, spec: {storageClassName: efs, persistentVolumeReclaimPolicy: Retain, capacity: {storage: 50Gi}, accessModes: [ReadWriteMany], csi: {driver: efs.csi.aws.com, volumeHandle: fs-06b3}, claimRef: {namespace: shop, name: shared-data}}, status: {phase: Available}}
- {kind: PersistentVolume, metadata: {name: mysql}, spec: {storageClassName: efs, persistentVolumeReclaimPolicy: Retain, capacity: {storage: 10Gi}, csi: {driver: efs.csi.aws.com, volumeHandle: fs-07}, claimRef: {namespace: shop, name: database}}, status: {phase: Available}}",
    );
    let creates = acts(go_on(&mut run, &free));
    let [Act::CreateClaim { claim, draft, .. }, _] = creates.as_slice() else {
        panic!("{creates:?}");
    };
    assert_eq!(
        (claim.key.name.as_str(), draft.volume_name.as_str()),
        ("database", "mysql")
    );
    assert_eq!(draft.storage_class_name.as_deref(), Some("efs"));
    assert_eq!(draft.storage.0, "10Gi");
    assert_eq!(draft.annotations.get("helm.sh/resource-policy"), Some("keep"));
}

/// Somebody made a volume of the same name, or took one away: nothing is done to it.
#[test]
fn a_volume_that_only_bears_the_name_is_not_touched() {
    let mut run = begun();
    let deletes = acts(go_on(&mut run, &whole()));
    tell(&mut run, Event::Began { acts: deletes });
    let gone = without_claims();
    assert!(matches!(go_on(&mut run, &gone), Due::Begin(_)));
    let other = objects(
        "
- {kind: PersistentVolume, metadata: {name: mysql, uid: uid-another}, spec: {persistentVolumeReclaimPolicy: Retain}, status: {phase: Available}}",
    );
    let mut another = gone.clone();
    for object in other {
        another.put(object);
    }
    match due(&run, &another) {
        Due::Blocked(why) => assert!(why.contains("is another one"), "{why}"),
        other => panic!("{other:?}"),
    }
    let mut lost = gone;
    drop(lost.take(&Key::cluster(Kind::PersistentVolume, "mysql")));
    match due(&run, &lost) {
        Due::Blocked(why) => assert!(why.contains("pv/mysql is not there"), "{why}"),
        other => panic!("{other:?}"),
    }
}

/// What a check of the inventory says of a world.
fn judged(run: &Run, world: &World, check: &str) -> Found {
    let conditions = conditions();
    let tenancy = crate::runbook::Tenancy {
        look: Look {
            world,
            conditions: &conditions,
            now: now(),
            quiet: QUIET,
        },
        namespace: "shop",
        release: Some("eks"),
        inventory: run.progress.inventory(),
        saved: None,
        saving: false,
    };
    let check = crate::runbook::check::all().find(|known| known.name == check).unwrap();
    check.judge(tenancy, &Key::cluster(Kind::Namespace, "shop"))
}

/// A claim that somebody made meanwhile under the same name is no claim of ours, and its binding is judged by uid.
#[test]
fn a_claim_of_the_same_name_on_another_volume_is_told() {
    let mut run = begun();
    let deletes = acts(go_on(&mut run, &whole()));
    tell(&mut run, Event::Began { acts: deletes });
    let world = with(
        without_claims(),
        "
- {kind: PersistentVolumeClaim, metadata: {name: shared-data, namespace: shop, uid: uid-theirs}, spec: {volumeName: theirs, storageClassName: efs}, status: {phase: Bound}}",
    );
    let found = judged(&run, &world, "inventory.claims-bound");
    assert_eq!(found.holds, Some(false));
    assert!(
        found
            .value
            .contains("pvc/shared-data is on pv/theirs, not on pv/efs-data"),
        "{}",
        found.value
    );
}

/// Reserved by name, a volume is anybody's of that name: who took it and went has left it Released, and the run says by which
/// command it is reserved again.
#[test]
fn a_reserved_volume_that_somebody_took_and_left_is_told_with_its_way_out() {
    let mut run = begun();
    let deletes = acts(go_on(&mut run, &whole()));
    tell(&mut run, Event::Began { acts: deletes });
    let judged = |uid: Option<&str>| {
        let mut world = without_claims();
        let key = Key::cluster(Kind::PersistentVolume, "efs-data");
        let mut object = world.get(&key).unwrap().as_ref().clone();
        if let (crate::model::Body::PersistentVolume(facts), Some(uid)) = (&mut object.body, uid) {
            facts.spec.claim_ref.as_mut().unwrap().uid = crate::model::Uid::new(uid);
        }
        world.put(object);
        judged(&run, &world, "inventory.volumes-reserved")
    };
    let command = "pilothouse --operate unstick pv/efs-data";
    let ours = judged(None);
    assert_eq!(ours.holds, Some(false));
    assert!(!ours.value.contains(command), "not reserved yet: {}", ours.value);
    let theirs = judged(Some("uid-theirs"));
    assert_eq!(theirs.holds, Some(false));
    assert!(theirs.value.contains(command), "{}", theirs.value);
}

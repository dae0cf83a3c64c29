//! Checks, expressions and selections on worlds: what holds, what does not, and what nobody can say.

use crate::diagnose::Found;
use crate::diagnose::Look;
use crate::diagnose::fixture::{QUIET, conditions, denied, hasan_prod, now, stale, with, world};
use crate::laws::Conditions;
use crate::model::{Kind, World};
use crate::runbook::check::{About, all};
use crate::runbook::condition::Facts;
use crate::runbook::selection::SELECTIONS;
use crate::runbook::{Given, Inventory, Origin, Runbook, Source, Tenancy, Values, parse, resolve};
use std::fmt::Write as _;

fn asking(conditions: &str) -> Runbook {
    let text = format!(
        "apiVersion: pilothouse.dev/v1
kind: Runbook
metadata: {{ name: ask, title: Ask, version: '1' }}
tenant: {{ namespace: shop, release: eks }}
parameters:
  claim: {{ type: name, default: mysql-pvc }}
  most: {{ type: quantity, default: 20Gi }}
steps:
  - {{ id: take, title: Take down, inventory: {{ of: claims.all }} }}
  - id: ask
    title: Ask
    gate:
      sensed:
        - {conditions}
"
    );
    parse(&Source::new("ask.yaml", text)).unwrap_or_else(|faults| panic!("{}", faults.text()))
}

fn tenancy<'a>(world: &'a World, conditions: &'a Conditions, inventory: Option<&'a Inventory>) -> Tenancy<'a> {
    Tenancy {
        look: Look {
            world,
            conditions,
            now: now(),
            quiet: QUIET,
        },
        namespace: "shop",
        release: Some("eks"),
        inventory,
        saved: None,
        saving: false,
    }
}

pub(super) fn ask(world: &World, condition: &str) -> Found {
    let runbook = asking(condition);
    let resolved = resolve(&runbook, &[]).unwrap();
    let conditions = conditions();
    // what was taken down while everything was in sight
    let whole = hasan_prod();
    let wanted = runbook.steps[0].inventory.as_ref().unwrap();
    let inventory = wanted
        .take(tenancy(&whole, &conditions, None), &resolved.values)
        .unwrap();
    runbook.steps[1].gate.sensed[0].judge(Facts {
        tenancy: tenancy(world, &conditions, Some(&inventory)),
        values: &resolved.values,
        acts: &[],
    })
}

/// Asks an expression of seed 000; one that does not load is told and asks nothing.
pub(super) fn answered(expression: &str) {
    let text = format!(
        "apiVersion: pilothouse.dev/v1
kind: Runbook
metadata: {{ name: ask, title: Ask, version: '1' }}
tenant: {{ namespace: shop }}
parameters: {{ claim: {{ type: name, default: mysql-pvc }} }}
steps: [{{ id: x, title: x, gate: {{ sensed: [{{ title: x, cel: '{}' }}] }} }}]
",
        expression.replace('\'', "''")
    );
    let (world, conditions) = (hasan_prod(), conditions());
    if let Ok(runbook) = parse(&Source::new("ask.yaml", text)) {
        let resolved = resolve(&runbook, &[]).unwrap();
        let found = runbook.steps[0].gate.sensed[0].judge(Facts {
            tenancy: tenancy(&world, &conditions, None),
            values: &resolved.values,
            acts: &[],
        });
        assert!(!found.value.is_empty(), "{expression}");
    }
}

fn said(world: &World, condition: &str) -> String {
    let found = ask(world, condition);
    let answer = match found.holds {
        Some(true) => "yes",
        Some(false) => "no",
        None => "unknown",
    };
    format!("{condition} → {answer}: {}", found.value)
}

#[test]
fn seed_000_as_the_checks_see_it() {
    let world = hasan_prod();
    let asked = [
        "feeds.fresh",
        "tenant.unblocked",
        "namespace.active",
        "namespace.gone",
        "object.exists: pv/efs-data",
        "object.exists: pvc/shared-data",
        "object.gone: job/train-0",
        "object.gone: job/train-99",
        "class.exists: efs",
        "class.exists: gp3",
        "claims.bound",
        "claims.settled",
        "claims.gone",
        "claims.no-foreign-holders",
        "claims.no-holders",
        "claim.bound: \"${claim}\"",
        "claim.bound: shared-data",
        "claim.bound: none",
        "claim.gone: mysql-pvc",
        "volumes.retained",
        "volumes.detached",
        "volume.retained: mysql",
        "volume.released: mysql",
        "volume.available: mysql",
        "volume.bound: mysql",
        "jobs.no-foreign",
        "jobs.none-active",
        "cronjobs.suspended",
        "pods.none",
        "pods.ready",
        "pods.no-crash-loop",
        "workloads.ready",
        "workloads.stopped",
        "release.deployed",
        "release.settled",
        "release.gone",
        "release.keep-in-manifest",
        "release.keep-or-retain",
        "release.owns-claims",
        "named-release.deployed: eks",
        "named-release.gone: client",
        "named-release.keep-in-manifest: eks",
        "parameters.no-placeholders",
        "values.no-placeholders",
        "inventory.volumes-kept",
        "inventory.volumes-released",
        "inventory.volumes-reserved",
        "inventory.claims-gone",
        "inventory.no-foreign-holders",
        "inventory.classes-there",
        "inventory.claims-bound",
    ];
    let told: Vec<String> = asked.iter().map(|condition| said(&world, condition)).collect();
    insta::assert_snapshot!(told.join("\n"));
    let asked: Vec<&str> = asked.iter().map(|one| one.split(':').next().unwrap()).collect();
    // what raft peers say has its tables in `diagnose::raft` and `rafted`
    for check in all().filter(|check| !check.name.starts_with("raft.")) {
        assert!(asked.contains(&check.name), "{} is asked here", check.name);
    }
}

/// No check says yes or no where a kind that it reads is denied or stale.
#[test]
fn what_is_not_seen_is_never_said() {
    // of parameters nothing is hidden in a cluster
    for check in all().filter(|check| check.about != About::Parameters) {
        let condition = match check.about {
            About::Tenant | About::Release | About::Parameters | About::Inventory => check.name.to_owned(),
            About::One(_) => format!("{}: mysql-pvc", check.name),
            About::Any => format!("{}: pvc/mysql-pvc", check.name),
            About::Span => format!("{}: 60s", check.name),
        };
        let reads = match check.about {
            About::Any => &[Kind::PersistentVolumeClaim],
            _ if check.reads.is_empty() => &[Kind::Pod],
            About::Tenant | About::Release | About::Parameters | About::Inventory | About::Span | About::One(_) => {
                check.reads
            }
        };
        // of a release that is there, its own kind of record alone is looked at: the next test
        for kind in reads.iter().filter(|kind| **kind != Kind::ReleaseMap) {
            for blind in [denied(&hasan_prod(), *kind), stale(hasan_prod(), *kind)] {
                let found = ask(&blind, &condition);
                // what is found wrong is wrong whatever is missing
                let allowed = check.name == "tenant.unblocked" && found.holds == Some(false);
                assert!(
                    found.holds.is_none() || allowed,
                    "{condition} without {kind}: {found:?}"
                );
            }
        }
    }
}

/// A release kept in `ConfigMap`s is the tenant's like any other; one that cannot be seen is not gone.
#[test]
fn a_release_is_asked_after_wherever_its_records_are_kept() {
    let maps = with(
        hasan_prod(),
        "
- {kind: ConfigMap, apiVersion: v1, metadata: {name: sh.helm.release.v1.map.v2, namespace: shop, labels: {owner: helm, name: map, version: '2', status: deployed}}}
- {kind: ConfigMap, apiVersion: v1, metadata: {name: sh.helm.release.v1.map.v1, namespace: shop, labels: {owner: helm, name: map, version: '1', status: superseded}}}",
    );
    assert_eq!(ask(&maps, "named-release.deployed: map").holds, Some(true));
    assert_eq!(ask(&maps, "named-release.gone: map").holds, Some(false));
    let counted = "{ title: x, cel: \"releases.filter(r, r.driver == 'configmap').size() == 2\" }";
    assert_eq!(ask(&maps, counted).holds, Some(true));
    // the tenant's own is kept in a Secret: who may not list ConfigMaps is told of it all the same
    let blind = denied(&maps, Kind::ReleaseMap);
    assert_eq!(ask(&blind, "release.gone").holds, Some(false));
    for unseen in ["named-release.gone: map", "named-release.gone: other", counted] {
        assert_eq!(ask(&blind, unseen).holds, None, "{unseen}");
    }
    let twice = with(
        hasan_prod(),
        "
- {kind: ConfigMap, apiVersion: v1, metadata: {name: sh.helm.release.v1.eks.v1, namespace: shop, labels: {owner: helm, name: eks, version: '1', status: deployed}}}",
    );
    let found = ask(&twice, "release.deployed");
    assert!(
        found.holds.is_none() && found.value.contains("is there twice"),
        "{found:?}"
    );
    assert_eq!(ask(&twice, "release.gone").holds, Some(false));
}

#[test]
fn expressions_see_the_documented_projection() {
    let world = with(
        hasan_prod(),
        "
- {kind: StatefulSet, apiVersion: apps/v1, metadata: {name: mysql, namespace: shop, annotations: {meta.helm.sh/release-name: eks}}, spec: {replicas: 1}, status: {replicas: 1, readyReplicas: 1}}
- {kind: CronJob, apiVersion: batch/v1, metadata: {name: nightly, namespace: shop}, spec: {schedule: '0 3 * * *', suspend: true}}",
    );
    for (expression, holds) in [
        ("claims.size() == 2", Some(true)),
        (
            "claims.exists(c, c.name == params.claim && c.phase == 'Bound' && !c.deleting)",
            Some(true),
        ),
        (
            "claims.filter(c, c.deleting).map(c, c.name) == ['shared-data']",
            Some(true),
        ),
        ("claims.exists(c, 'mysql-0' in c.holders)", Some(true)),
        ("claims.all(c, c.requested <= params.most)", Some(true)),
        (
            "volumes.all(v, v.policy == 'Retain' && v.claim.startsWith(tenant.namespace + '/'))",
            Some(true),
        ),
        (
            "volumes.exists(v, v.handle.contains('fs-07') && v.claimUid == 'uid-mysql-pvc')",
            Some(true),
        ),
        (
            "jobs.filter(j, j.foreign && j.state == 'active').size() > 8",
            Some(true),
        ),
        ("jobs.size() <= 8", Some(false)),
        (
            "pods.exists(p, p.owner == 'Job train-0' && p.claims == ['shared-data'])",
            Some(true),
        ),
        (
            "pods.exists(p, p.name.matches('^mysql-[0-9]+$') && p.ready && p.restarts == 0)",
            Some(true),
        ),
        ("cronJobs.all(c, c.suspended)", Some(true)),
        ("statefulSets.all(s, s.ready == s.replicas && !s.foreign)", Some(true)),
        ("deployments.size() == 0", Some(true)),
        (
            "releases.exists(r, r.name == tenant.release && r.revision == 7 && r.status == 'deployed')",
            Some(true),
        ),
        (
            "classes.exists(c, c.provisioner == 'efs.csi.aws.com' && c.policy == 'Retain')",
            Some(true),
        ),
        ("size(claims)", None),
        ("claims.all(c, c.colour == 'red')", None),
        ("claims[7].name == 'x'", None),
        ("1 / 0 == 1", None),
    ] {
        let quoted = expression.replace('\'', "''");
        let found = ask(&world, &format!("{{ title: t, cel: '{quoted}' }}"));
        assert_eq!(found.holds, holds, "{expression}: {found:?}");
    }
    let blind = denied(&world, Kind::Pod);
    let own = |expression: &str| ask(&blind, &format!("{{ title: t, cel: \"{expression}\" }}")).holds;
    assert_eq!(own("pods.size() == 0"), None, "denied is not none");
    assert_eq!(own("classes.size() == 1"), Some(true));
}

#[test]
fn a_dear_expression_is_not_run() {
    let mut yaml = String::new();
    for at in 0..1_500 {
        write!(yaml, "\n- {{kind: Pod, metadata: {{name: p{at}, namespace: shop}}}}").unwrap();
    }
    let world = with(hasan_prod(), &yaml);
    let found = ask(
        &world,
        "{ title: t, cel: \"pods.all(p, pods.all(q, p.name == q.name || p.name.matches(q.name)))\" }",
    );
    assert_eq!(found.holds, None);
    assert!(found.value.contains("steps"), "{found:?}");
}

#[test]
fn joined_conditions_keep_what_is_unknown() {
    let world = denied(&hasan_prod(), Kind::Job);
    for (condition, holds) in [
        ("not: namespace.gone", Some(true)),
        ("not: jobs.none-active", None),
        ("all: [namespace.active, jobs.none-active]", None),
        ("all: [namespace.gone, jobs.none-active]", Some(false)),
        ("any: [namespace.active, jobs.none-active]", Some(true)),
        ("any: [namespace.gone, jobs.none-active]", None),
        ("any: [{ not: namespace.active }, claims.gone]", Some(false)),
    ] {
        assert_eq!(ask(&world, condition).holds, holds, "{condition}");
    }
}

#[test]
fn selections_pick_what_they_say() {
    let world = with(
        hasan_prod(),
        r#"
- {kind: Job, apiVersion: batch/v1, metadata: {name: hook, namespace: shop, annotations: {helm.sh/hook: pre-install}}, status: {active: 1}}
- {kind: Job, apiVersion: batch/v1, metadata: {name: over, namespace: shop}, status: {conditions: [{type: Complete, status: "True"}]}}
- {kind: Pod, metadata: {name: debug, namespace: shop}, spec: {nodeName: n1, volumes: [{name: d, persistentVolumeClaim: {claimName: mysql-pvc}}]}, status: {phase: Running}}
- {kind: Pod, metadata: {name: ended, namespace: shop, ownerReferences: [{apiVersion: v1, kind: Thing, name: t, uid: t, controller: true}]}, spec: {nodeName: n1, volumes: [{name: d, persistentVolumeClaim: {claimName: mysql-pvc}}]}, status: {phase: Succeeded}}
- {kind: PersistentVolume, metadata: {name: old}, spec: {persistentVolumeReclaimPolicy: Retain, claimRef: {namespace: shop, name: gone, uid: u}}, status: {phase: Released}}
- {kind: PersistentVolume, metadata: {name: risky}, spec: {persistentVolumeReclaimPolicy: Delete, claimRef: {namespace: shop, name: gone2, uid: u}}, status: {phase: Released}}
- {kind: StatefulSet, apiVersion: apps/v1, metadata: {name: mysql, namespace: shop}, spec: {replicas: 1}}
- {kind: Deployment, apiVersion: apps/v1, metadata: {name: web, namespace: shop}, spec: {replicas: 0}}"#,
    );
    let conditions = conditions();
    // whose turn it is among raft peers has its table in `model::raft`
    let of_objects = || {
        SELECTIONS
            .iter()
            .filter(|selection| !selection.name.starts_with("raft."))
    };
    let told: Vec<String> = of_objects()
        .map(|selection| {
            let picked = selection.pick(tenancy(&world, &conditions, None)).unwrap();
            let names: Vec<&str> = picked.iter().map(|object| object.meta.name.as_str()).collect();
            assert!(picked.iter().all(|object| object.kind() == selection.kind));
            format!("{}: {}", selection.name, names.join(", "))
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"));
    for selection in SELECTIONS {
        let blind = denied(&world, selection.kind);
        assert!(
            selection.pick(tenancy(&blind, &conditions, None)).is_err(),
            "{}",
            selection.name
        );
    }
}

#[test]
fn values_are_given_judged_and_told_with_their_origin() {
    let runbook = asking("feeds.fresh");
    let given = |name: &str, text: &str| Given {
        name: name.to_owned(),
        text: text.to_owned(),
        origin: Origin::Flag,
    };
    let file = Source::new("values.yaml", "# of tonight\nclaim: data\nmost: 5Gi\n");
    let mut all = crate::runbook::read_values(&file).unwrap();
    all.push(given("most", "7Gi"));
    let resolved = resolve(&runbook, &all).unwrap();
    let told: Vec<String> = resolved
        .settings
        .iter()
        .map(|setting| format!("{} = {} from {}", setting.name, setting.value, setting.origin))
        .collect();
    assert_eq!(told, ["claim = data from values.yaml:2:8", "most = 7Gi from --set"]);
    let default = resolve(&runbook, &[]).unwrap();
    assert_eq!(default.settings[0].origin.to_string(), "default (ask.yaml:6:33)");
    for (name, text, told) in [
        (
            "clam",
            "x",
            "--set: ask has no parameter \"clam\" (did you mean claim?)",
        ),
        ("claim", "My Claim", "--set: claim \"My Claim\" will not do"),
        ("claim", "<claim>", "holds the placeholder <claim>"),
        ("most", "plenty", "it is a size, as in 10Gi"),
        ("most", "", "will not do"),
    ] {
        let wrong = resolve(&runbook, &[given(name, text)]).unwrap_err().to_string();
        assert!(wrong.contains(told), "{wrong}");
    }
    // a value is pasted in once and never read again
    let mut values = Values::new();
    let text = "apiVersion: pilothouse.dev/v1
kind: Runbook
metadata: { name: x, title: x, version: '1' }
tenant: { namespace: shop }
parameters: { a: { type: string, required: true }, b: { type: string, default: deep } }
steps: [{ id: x, title: x, gate: { attested: ['a is ${a}'] } }]
";
    let runbook = parse(&Source::new("x.yaml", text)).unwrap();
    values.extend(resolve(&runbook, &[given("a", "${b}")]).unwrap().values);
    assert_eq!(runbook.steps[0].gate.attested[0].fill(&values), "a is ${b}");
    let missing = resolve(&runbook, &[]).unwrap_err().to_string();
    assert_eq!(missing, "a is required: --set a=… (string)");
    let empty = resolve(&runbook, &[given("a", "")]).unwrap_err().to_string();
    assert_eq!(empty, "--set: a is required and empty");
}

#[test]
fn a_world_without_objects_is_not_taken_for_a_clean_tenant() {
    let empty = world("- {kind: Namespace, metadata: {name: shop}}");
    assert_eq!(ask(&empty, "claims.bound").holds, Some(false));
    assert_eq!(ask(&empty, "pods.ready").holds, Some(false));
    assert_eq!(ask(&empty, "workloads.ready").holds, Some(false));
    assert_eq!(ask(&World::default(), "claims.gone").holds, None);
    // a tenant's operator need not see nodes, but whatever he sees must be current
    let nodes = |world: &World| ask(world, "feeds.fresh").holds;
    assert_eq!(nodes(&denied(&hasan_prod(), Kind::Node)), Some(true));
    assert_eq!(nodes(&stale(hasan_prod(), Kind::Node)), None);
}

//! What is refused: each bad text, made from a sound one by one change, with the whole of what is told.

use crate::runbook::{Source, parse};

/// A sound runbook that the changes below break.
const SOUND: &str = r#"apiVersion: pilothouse.dev/v1
kind: Runbook
metadata: { name: demo, title: A demo, version: "1" }
tenant: { namespace: "${namespace}", release: "${release}" }
parameters:
  namespace: { type: name, required: true }
  release: { type: name, default: eks }
  replicas: { type: int, default: 0, min: 0, max: 9 }
  settle: { type: duration, default: 10m }
steps:
  - id: stop
    title: Stop it
    when: { not: workloads.stopped }
    act:
      scale: { target: sts/mysql, replicas: "${replicas}" }
    gate:
      tier: T2
      sensed: [feeds.fresh]
      attested: [The backup was restored]
      typed: "${namespace}"
    verify:
      all: [act.done, pods.none]
      within: "${settle}"
      onTimeout: stop
    undo: { rollback: [start] }
rollback:
  - id: start
    title: Start it
    act:
      scale: { target: sts/mysql, replicas: 1 }
    verify: { all: [workloads.ready], within: 10m, onTimeout: retry }
"#;

/// What is told of the sound runbook with one text in it exchanged.
fn changed(from: &str, to: &str) -> String {
    assert_eq!(
        SOUND.matches(from).count(),
        1,
        "{from:?} stands once in the sound runbook"
    );
    told(&SOUND.replace(from, to))
}

fn told(text: &str) -> String {
    match parse(&Source::new("demo.yaml", text)) {
        Ok(_) => "it is sound".to_owned(),
        Err(faults) => faults.text(),
    }
}

/// All of a table, one below the other.
fn table(rows: &[(&str, &str)]) -> String {
    let told = rows.iter().map(|(from, to)| {
        let shown = to.lines().next().unwrap_or_default();
        format!("## {} → {}\n{}\n", from.trim(), shown.trim(), changed(from, to))
    });
    told.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_sound_one_is() {
    assert_eq!(told(SOUND), "it is sound");
}

#[test]
fn yaml() {
    let told = table(&[
        ("kind: Runbook", "kind: [Runbook"),
        ("title: Stop it", "title: Stop it\n    title: Again"),
        ("title: Stop it", "title: &t Stop it"),
        ("title: Stop it", "title: *t"),
        ("title: Stop it", "<<: { title: x }"),
        ("kind: Runbook", "kind: Runbook\n---\nkind: Runbook"),
        ("title: Stop it", "title: !exec rm"),
    ]);
    insta::assert_snapshot!(told);
}

#[test]
fn the_head() {
    let told = table(&[
        ("pilothouse.dev/v1", "pilothouse.dev/v2"),
        ("kind: Runbook\n", ""),
        ("kind: Runbook", "kind: Job"),
        ("version: \"1\"", "version: 1"),
        ("title: A demo, ", ""),
        ("name: demo", "name: My Demo"),
        ("tenant: { namespace: \"${namespace}\", release: \"${release}\" }\n", ""),
        (
            "namespace: \"${namespace}\", release: \"${release}\"",
            "namespaces: shop",
        ),
        ("steps:", "stpes:"),
    ]);
    insta::assert_snapshot!(told);
}

#[test]
fn parameters() {
    let told = table(&[
        (
            "replicas: { type: int, default: 0, min: 0, max: 9 }",
            "replicas: { type: number, default: 0 }",
        ),
        ("default: 0, min: 0", "default: 12, min: 0"),
        ("default: 0, min: 0, max: 9", "default: 0, min: 9, max: 0"),
        ("release: { type: name, default: eks }", "release: { type: name }"),
        (
            "release: { type: name, default: eks }",
            "release: { type: name, required: true, default: eks }",
        ),
        (
            "release: { type: name, default: eks }",
            "release: { type: name, default: <your-release> }",
        ),
        (
            "release: { type: name, default: eks }",
            "release: { type: string, default: REPLACE_ME }",
        ),
        (
            "release: { type: name, default: eks }",
            "release: { type: name, default: eks, pattern: '(' }",
        ),
        (
            "release: { type: name, default: eks }",
            "release: { type: name, default: eks, pattern: 'x.*' }",
        ),
        (
            "release: { type: name, default: eks }",
            "release: { type: enum, values: [a, b, a], default: c }",
        ),
        (
            "release: { type: name, default: eks }",
            "release: { type: name, default: eks, secret: true }",
        ),
        (
            "  settle: {",
            "  dbPassword: { type: string, required: true }\n  settle: {",
        ),
        ("  settle: {", "  Settle: { type: int, default: 1 }\n  settle: {"),
        (
            "settle: { type: duration, default: 10m }",
            "settle: { type: duration, default: PT10M }",
        ),
        (
            "settle: { type: duration, default: 10m }",
            "settle: { type: duration, default: 10m, pattern: x }",
        ),
    ]);
    insta::assert_snapshot!(told);
}

#[test]
fn steps() {
    let told = table(&[
        ("id: stop", "id: Stop It"),
        ("id: stop", "id: start"),
        ("    gate:\n", "    gaet:\n"),
        ("    undo: { rollback: [start] }", "    undo: { rollback: [strat] }"),
        ("    undo: { rollback: [start] }\n", ""),
        (
            "    undo: { rollback: [start] }",
            "    undo: { rollback: [start], none: never }",
        ),
        ("tier: T2", "tier: T0"),
        ("tier: T2", "tier: T5"),
        ("typed: \"${namespace}\"", "typed: \"yes\""),
        ("tier: T2", "tier: T2\n      renew: later"),
        (
            "    undo: { rollback: [start] }",
            "    undo: { rollback: [start] }\n  - { id: a, title: A, gate: { attested: [x] } }\n  - { id: b, title: B, gate: { attested: [y], renew: a } }",
        ),
        (
            "attested: [The backup was restored]",
            "attested: [\"<who> has agreed\"]",
        ),
        (
            "attested: [The backup was restored]",
            "attested: [\"${nobody} has agreed\"]",
        ),
        (
            "attested: [The backup was restored]",
            "attested: [a, b, c, d, e, f, g, h, i]",
        ),
        ("      within: \"${settle}\"\n", ""),
        ("      onTimeout: stop\n", ""),
        ("onTimeout: stop", "onTimeout: ignore"),
        ("onTimeout: stop", "onTimeout: continue-with-doubt"),
        ("within: \"${settle}\"", "within: 10 minutes or so"),
        ("within: \"${settle}\"", "within: 9000h"),
        ("within: \"${settle}\"", "within: \"${replicas}\""),
        (
            "    verify: { all: [workloads.ready], within: 10m, onTimeout: retry }\n",
            "",
        ),
    ]);
    insta::assert_snapshot!(told);
}

#[test]
fn acts() {
    let act = "scale: { target: sts/mysql, replicas: \"${replicas}\" }";
    let rows: Vec<(&str, &str)> = [
        "run: \"rm -rf ${namespace}\"",
        "run: [rm, -rf, \"${namespace}\"]",
        "run: { command: [backup], check: [show, '{}'] }",
        "run: { command: [backup], identifier: { pattern: '(' } }",
        "run: { command: [backup], identifier: { json: /id }, check: [sh, -c, 'show {}'] }",
        "dump: { command: [pg_dump], to: x.sql }",
        "dump: { pod: db-0, selector: { app: db }, command: [pg_dump], to: x.sql }",
        "dump: { pod: db-0, command: pg_dump -U app, to: x.sql }",
        "dump: { pod: db-0, command: [sh, -c, 'pg_dump \"${namespace}\"'], to: x.sql }",
        "dump: { pod: db-0, command: [pg_dump], to: REPLACE_ME }",
        "dump: { pod: db-0, command: [pg_dump], to: x.sql, stage: tmp }",
        "restore: { pod: db-0, command: [psql], from: x.sql, stage: none }",
        "snapshot: { target: pv/x, name: before }",
        "createStorageClass: { name: fast }",
        "createStorageClass: { name: fast, from: live, provisioner: x }",
        "helmInstall: { release: x }",
        "helmUpgrade: { release: x, chart: a, rendered: b }",
        "helmInstall: { release: x, rendered: b, values: [c] }",
        "removeFinalizer: { target: pvc/x, finalizer: y }",
        "delte: { target: job/x, propagation: Background }",
        "delete: { target: job/x }",
        "delete: { target: job/x, propagation: Sideways }",
        "delete: { propagation: Background }",
        "delete: { target: job/x, each: jobs.foreign, propagation: Background }",
        "delete: { each: jobs.foriegn, propagation: Background }",
        "delete: { target: mysql, propagation: Background }",
        "delete: { target: pcv/mysql, propagation: Background }",
        "delete: { target: pvc/My_SQL, propagation: Background }",
        "delete: { target: \"pvc/${replicsa}\", propagation: Background }",
        "delete: { target: \"pvc/${replicas\", propagation: Background }",
        "delete: { target: pv/x, namespace: shop, propagation: Background }",
        "evict: { target: job/x }",
        "scale: { target: sts/mysql, replicas: -1 }",
        "scale: { target: sts/mysql, replicas: \"${release}\" }",
        "setReclaimPolicy: { each: claims.all, policy: Retain }",
        "setReclaimPolicy: { target: pv/x, policy: Recycle }",
        "reserve: { target: pv/x, claim: data }",
        "annotate: { target: pvc/x, key: example.com/x, value: y }",
        "annotate: { target: pvc/x, key: helm.sh/resource-policy }",
        "createClaim: { name: x, size: 1Gi, accessModes: [RWO] }",
        "createClaim: { name: x, size: 1Gi, accessModes: [] }",
        "createClaim: { name: x, size: much, accessModes: [ReadWriteOnce] }",
        "helmUninstall: { releas: x }",
        "delete: job/x",
    ]
    .into_iter()
    .map(|to| (act, to))
    .collect();
    let snapshot = table(&rows);
    insta::assert_snapshot!(snapshot);
}

#[test]
fn checks() {
    let checks = "all: [act.done, pods.none]";
    let rows: Vec<(&str, &str)> = [
        "all: [pods.noone]",
        "all: []",
        "all: [claim.bound]",
        "all: [{ claim.bound: \"a/b\" }]",
        "all: [{ object.gone: data }]",
        "all: [{ pods.none: data }]",
        "all: [{ cel: \"true\" }]",
        "all: [{ title: x, cel: \"claims.all(c, c.phase == \" }]",
        "all: [{ title: x, cel: \"claim.all(c, c.phase == 'Bound')\" }]",
        "all: [{ title: x, cel: \"claims.all(c, c.phase.lower() == 'bound')\" }]",
        "all: [{ title: x, cel: \"params.replica == 1\" }]",
        "all: [{ title: x, cel: \"tenant.namespace == '${namespace}'\" }]",
        "all: [{ title: x, cel: \"claims.all(a, pods.all(b, jobs.all(c, a.name == b.name || b.name == c.name)))\" }]",
        "all: [pods.none: x, y: z]",
        "any: 3",
    ]
    .into_iter()
    .map(|to| (checks, to))
    .chain([
        ("sensed: [feeds.fresh]", "sensed: [act.done]"),
        (", release: \"${release}\" }\n", " }\n"),
        (
            "when: { not: workloads.stopped }",
            "when: { not: release.gone, all: [] }",
        ),
    ])
    .collect();
    let snapshot = table(&rows);
    insta::assert_snapshot!(snapshot);
    let released = changed(", release: \"${release}\" }\n", " }\n");
    assert_eq!(released, "it is sound", "nothing in it asks after the release");
    let asked = SOUND
        .replace(", release: \"${release}\" }\n", " }\n")
        .replace("sensed: [feeds.fresh]", "sensed: [release.deployed]");
    assert!(
        told(&asked).contains("asks after the tenant's release"),
        "{}",
        told(&asked)
    );
}

#[test]
fn what_is_too_much() {
    let deep = format!("a: {}1{}", "[".repeat(60), "]".repeat(60));
    let many = format!("a: [{}1]", "1, ".repeat(30_000));
    let long = format!("a: {}", "x".repeat(300 << 10));
    let mut steps = SOUND.split("rollback:\n").next().unwrap().to_owned();
    for at in 0..64 {
        let step = format!("id: s{at}, title: t, verify: {{ all: [pods.none], within: 1m, onTimeout: stop }}");
        steps.extend(["  - { ", &step, " }\n"]);
    }
    let expression = format!("all: [{{ title: x, cel: \"{}\" }}]", "1 + ".repeat(400) + "1 > 0");
    let sum = SOUND.replace("all: [act.done, pods.none]", &expression);
    let lists = format!(
        "all: [{{ title: x, cel: \"{}1{}.size() > 0\" }}]",
        "[".repeat(300),
        "]".repeat(300)
    );
    let lists = SOUND.replace("all: [act.done, pods.none]", &lists);
    for (text, fault) in [
        (&deep, "maps and lists stand more than 24"),
        (&many, "more than 20000 values"),
        (&long, "the file has 307203 bytes"),
        (&steps, "the runbook has 65 steps"),
        (&sum, "the expression"),
        (&lists, "the expression"),
    ] {
        let told = told(text);
        assert!(
            told.contains(fault),
            "{fault}: {}",
            told.chars().take(600).collect::<String>()
        );
    }
}

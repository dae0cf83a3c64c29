//! The published JSON schema of runbooks and `docs/runbooks.md`, held against what the program reads.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use jsonschema::Validator;
use pilothouse::runbook::check::{About, all};
use pilothouse::runbook::projection::VARIABLES;
use pilothouse::runbook::selection::SELECTIONS;
use pilothouse::runbook::{SHIPPED, Source, parse, skeleton};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

fn read(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name)).unwrap()
}

fn schema() -> Value {
    serde_json::from_str(&read("schema/runbook.v1.json")).unwrap()
}

fn validator() -> Validator {
    jsonschema::validator_for(&schema()).unwrap()
}

/// What the schema finds wrong with a text; nothing when it fits.
fn misfits(validator: &Validator, text: &str) -> Vec<String> {
    // as the program reads it: `n` is a letter
    let options = serde_saphyr::options! { strict_booleans: true };
    let value: Value =
        serde_saphyr::from_str_with_options(text, options).unwrap_or_else(|error| panic!("{error}\n{text}"));
    validator.iter_errors(&value).map(|error| error.to_string()).collect()
}

/// What the program finds wrong with it.
fn faults(text: &str) -> Option<String> {
    parse(&Source::new("test.yaml", text)).err().map(|faults| faults.text())
}

#[test]
fn what_is_shipped_fits_the_schema() {
    let validator = validator();
    for (name, text) in SHIPPED {
        assert_eq!(misfits(&validator, text), Vec::<String>::new(), "{name}");
    }
    assert_eq!(misfits(&validator, &skeleton("mine")), Vec::<String>::new());
}

/// A sound runbook with everything in it.
const WHOLE: &str = r#"apiVersion: pilothouse.dev/v1
kind: Runbook
metadata: { name: whole, title: Everything, version: "1", description: All of it }
tenant: { namespace: "${namespace}", release: "${release}" }
parameters:
  namespace: { type: name, required: true, description: Where, origin: kubectl get ns, secret: false }
  release: { type: name, default: eks, pattern: "[a-z]+", required: false }
  mode: { type: enum, values: [ReadWriteOnce, ReadWriteMany], default: ReadWriteOnce }
  replicas: { type: int, default: 0, min: 0, max: 9 }
  settle: { type: duration, default: 10m, min: 1m, max: 1h }
  size: { type: quantity, default: 10Gi }
  dry: { type: bool, default: true }
  text: { type: string, default: x }
steps:
  - id: a
    title: A
    description: The first
    when: { all: [{ not: pods.none }, { any: [claim.bound: data, object.gone: pvc/x] }] }
    act: { scale: { target: sts/mysql, namespace: other, replicas: "${replicas}" } }
    gate:
      tier: T3
      sensed: [feeds.fresh, { title: own, cel: "claims.all(c, c.phase == 'Bound')" }]
      attested: ["${text}"]
      typed: "${namespace}"
    verify: { all: [act.done], any: [pods.none, workloads.stopped], within: "${settle}", onTimeout: retry }
    undo: { rollback: [back] }
  - { id: b, title: B, act: { delete: { each: jobs.foreign, propagation: Orphan } }, gate: { renew: a }, verify: { all: [act.done], within: 1h30m, onTimeout: stop }, undo: { none: gone } }
  - { id: c, title: C, act: { evict: { target: pod/x } }, verify: { all: [act.done], within: 90s, onTimeout: stop } }
  - { id: d, title: D, act: { setReclaimPolicy: { each: volumes.not-retained, policy: Retain } } }
  - { id: e, title: E, act: { setReclaimPolicy: { target: pv/x, policy: Delete } }, verify: { all: [act.done], within: 5m, onTimeout: stop } }
  - { id: f, title: F, act: { clearClaimRef: { each: volumes.released } }, verify: { all: [act.done], within: 5m, onTimeout: stop } }
  - { id: g, title: G, act: { reserve: { target: pv/x, claim: "${namespace}/data" } }, verify: { all: [act.done], within: 5m, onTimeout: stop } }
  - { id: h, title: H, act: { annotate: { target: pvc/x, key: helm.sh/resource-policy, value: keep } }, verify: { all: [act.done], within: 5m, onTimeout: continue-with-doubt } }
  - { id: i, title: I, act: { annotate: { each: claims.all, key: helm.sh/resource-policy, remove: true } }, undo: { manual: set it again } }
  - { id: j, title: J, act: { stamp: { target: pvc/x, release: eks, releaseNamespace: shop } } }
  - id: k
    title: K
    act:
      createClaim:
        name: data
        namespace: shop
        size: "${size}"
        volume: pv-1
        class: ""
        accessModes: ["${mode}", ReadWriteMany]
        volumeMode: Block
        labels: { a: b }
        annotations: { helm.sh/resource-policy: keep }
  - { id: l, title: L, act: { helmUninstall: { release: eks, namespace: shop, cascade: Foreground, keepHistory: true, wait: true, noHooks: true } }, verify: { all: [release.gone], within: 5m, onTimeout: stop } }
  - { id: m, title: M, act: { helmUpgrade: { release: eks, rendered: new.yaml, takeOwnership: true } }, verify: { all: [release.deployed], within: 5m, onTimeout: stop } }
  - { id: n, title: N, act: { helmRollback: { release: eks, to: 3 } }, verify: { all: [release.deployed], within: 5m, onTimeout: stop } }
  - { id: o, title: O, gate: { attested: [It is so] } }
  - id: p
    title: P
    act:
      dump:
        selector: { app: mysql }
        namespace: shop
        container: mysql
        command: [mysqldump, --databases, "${text}"]
        to: "backups/${release}.sql"
        stage: /var/tmp
        rows: { command: [count, rows] }
        quiet: 30s
        within: "${settle}"
  - { id: q, title: Q, act: { dump: { pod: "${release}-0", command: [sh, -c, 'exec pg_dump "$1"', sh, "${text}"], to: x.sql, stage: none } } }
  - { id: r, title: R, act: { restore: { pod: db-0, command: [psql], from: x.sql, stage: /tmp, rows: { command: [count] } } }, verify: { all: [act.done], within: 5m, onTimeout: stop } }
  - { id: v, title: V, act: { countRows: { selector: { app: db }, command: [count], like: x.sql, within: 1m } } }
  - { id: w, title: W, act: { createStorageClass: { name: fast, from: live, release: eks } } }
  - { id: x, title: X, act: { createStorageClass: { name: slow, provisioner: efs.csi.aws.com, parameters: { fileSystemId: fs-1 }, reclaimPolicy: Retain, volumeBindingMode: Immediate, allowVolumeExpansion: true, mountOptions: [tls], labels: { a: b }, annotations: { c: d } } } }
  - { id: y, title: Y, soak: { for: 24h, every: 1m, gap: 10m, restarts: 1, probes: [pods.ready, { title: own, cel: "claims.all(c, c.phase == 'Bound')" }], rows: { pod: db-0, command: [count], like: x.sql } }, gate: { attested: [It only reads] } }
  - { id: s, title: S, act: { snapshot: { each: claims.all, name: before, class: fast, within: 5m } } }
  - { id: t, title: T, act: { run: { target: pvc/data, command: [backup, start, "${text}"], identifier: { json: /arn }, check: [backup, show, "{}"], within: 5m } }, verify: { all: [act.done], within: 5m, onTimeout: stop } }
  - { id: u, title: U, act: { run: { command: [backup], identifier: { pattern: "id=(.*)" } } }, verify: { all: [act.done], within: 5m, onTimeout: stop } }
  - { id: z1, title: P, inventory: { of: claims.of-release, rename: "data=${text}" } }
  - { id: z2, title: Q, act: { reserve: { each: inventory.volumes } }, verify: { all: [inventory.volumes-reserved], within: 5m, onTimeout: stop } }
  - id: z3
    title: R
    act: { createClaim: { each: inventory.claims, labels: { a: b }, annotations: { helm.sh/resource-policy: keep } } }
    verify: { all: [inventory.claims-bound, named-release.deployed: eks], within: 5m, onTimeout: stop }
rollback:
  - { id: back, title: Back, act: { scale: { target: sts/mysql, replicas: 1 } }, verify: { all: [workloads.ready], within: 10m, onTimeout: stop } }
"#;

/// Changes of it that no shape allows.
const SHAPES: &[(&str, &str)] = &[
    ("apiVersion: pilothouse.dev/v1", "apiVersion: pilothouse.dev/v2"),
    ("kind: Runbook\n", ""),
    ("kind: Runbook", "kind: Job"),
    (", description: All of it", ", author: me"),
    ("title: Everything, ", ""),
    ("name: whole", "name: The Whole"),
    ("version: \"1\"", "version: 1"),
    ("tenant: { namespace: \"${namespace}\", ", "tenant: { "),
    ("steps:\n", "step:\n"),
    ("  dry: {", "  Dry: {"),
    ("type: bool", "type: boolean"),
    ("secret: false", "secret: true"),
    (
        "release: { type: name, default: eks, pattern: \"[a-z]+\", required: false }",
        "release: { type: name }",
    ),
    ("pattern: \"[a-z]+\", required: false", "required: true"),
    ("pattern: \"[a-z]+\"", "values: [eks]"),
    ("type: enum, values: [ReadWriteOnce, ReadWriteMany]", "type: enum"),
    ("values: [ReadWriteOnce, ReadWriteMany]", "values: []"),
    (
        "values: [ReadWriteOnce, ReadWriteMany]",
        "values: [ReadWriteOnce, ReadWriteOnce]",
    ),
    ("default: 10Gi", "default: 10Gi, pattern: x"),
    ("default: true", "default: true, min: 1"),
    ("default: true", "default: [true]"),
    ("default: true", "default: 1.5"),
    ("id: a\n", "id: Step A\n"),
    ("    title: A\n", ""),
    ("title: A\n", "title: ' '\n"),
    ("title: A\n", "title: 7\n"),
    ("    when:", "    if:"),
    ("{ not: pods.none }", "{ not: [pods.none] }"),
    ("[claim.bound: data, ", "[claim.bound, "),
    ("[claim.bound: data, ", "[pods.none: data, "),
    ("any: [claim.bound: data, object.gone: pvc/x]", "any: []"),
    ("object.gone: pvc/x", "object.gone: data"),
    ("title: own, ", ""),
    ("sensed: [feeds.fresh,", "sensed: [act.done,"),
    ("sensed: [feeds.fresh,", "sensed: [feeds.frehs,"),
    (
        "selector: { app: mysql }\n",
        "selector: { app: mysql }\n        pod: x\n",
    ),
    ("        selector: { app: mysql }\n", ""),
    ("selector: { app: mysql }", "selector: {}"),
    ("[mysqldump, --databases, \"${text}\"]", "mysqldump --databases"),
    ("[mysqldump, --databases, \"${text}\"]", "[]"),
    ("[mysqldump, --databases, \"${text}\"]", "[mysqldump, 3]"),
    ("        to: \"backups/${release}.sql\"\n", ""),
    ("stage: /var/tmp", "stage: tmp"),
    ("from: x.sql, stage: /tmp", "from: x.sql, stage: none"),
    ("rows: { command: [count, rows] }", "rows: [count, rows]"),
    ("quiet: 30s", "quiet: soon"),
    (
        "snapshot: { each: claims.all, name: before",
        "snapshot: { each: claims.all",
    ),
    ("identifier: { json: /arn }", "identifier: { json: arn }"),
    ("identifier: { json: /arn }", "identifier: { json: /arn, pattern: x }"),
    ("identifier: { json: /arn }, check", "check"),
    (
        "run: { command: [backup], identifier",
        "run: { command: backup, identifier",
    ),
    ("name: fast, from: live", "name: fast, from: old"),
    ("name: fast, from: live", "name: fast"),
    ("name: slow, provisioner", "name: slow, from: live, provisioner"),
    (
        "reclaimPolicy: Retain, volumeBindingMode",
        "reclaimPolicy: Recycle, volumeBindingMode",
    ),
    ("soak: { for: 24h, every", "soak: { every"),
    (
        "soak: { for: 24h",
        "act: { evict: { target: pod/x } }, soak: { for: 24h",
    ),
    ("restarts: 1", "restarts: few"),
    ("tier: T3", "tier: T4"),
    ("typed: \"${namespace}\"", "typed: \"yes\""),
    ("renew: a", "renew: [a]"),
    ("within: \"${settle}\"", "within: soon"),
    ("within: \"${settle}\"", "within: \"in ${settle}\""),
    ("within: 1h30m", "within: 30m1h"),
    ("within: 90s, ", ""),
    ("within: 90s, onTimeout: stop", "within: 90s"),
    ("within: 90s, onTimeout: stop", "within: 90s, onTimeout: ignore"),
    (
        "within: 90s, onTimeout: stop",
        "within: 90s, onTimeout: continue-with-doubt",
    ),
    ("all: [act.done], within: 90s", "within: 90s"),
    (", verify: { all: [act.done], within: 90s, onTimeout: stop }", ""),
    ("each: jobs.foreign", "each: jobs.all"),
    ("each: jobs.foreign", "each: jobs.foreign, namespace: shop"),
    ("each: jobs.foreign", "each: jobs.foreign, target: job/x"),
    ("each: jobs.foreign, ", ""),
    (", propagation: Orphan", ""),
    ("propagation: Orphan", "propagation: orphan"),
    ("evict: { target: pod/x }", "evict: { target: x }"),
    (
        "evict: { target: pod/x }",
        "evict: { target: pod/x }, scale: { target: sts/x, replicas: 1 }",
    ),
    ("evict: { target: pod/x }", "kill: { target: pod/x }"),
    ("evict: { target: pod/x }", "run: [kill, x]"),
    ("replicas: \"${replicas}\"", "replicas: \"no ${replicas}\""),
    ("replicas: \"${replicas}\"", "replicas: -1"),
    ("policy: Retain", "policy: Recycle"),
    (
        "key: helm.sh/resource-policy, remove: true",
        "key: helm.sh/resource-policy, remove: false",
    ),
    (
        "key: helm.sh/resource-policy, remove: true",
        "key: helm.sh/resource-policy, remove: true, value: x",
    ),
    (
        "key: helm.sh/resource-policy, value: keep }",
        "key: helm.sh/resource-policy }",
    ),
    ("[\"${mode}\", ReadWriteMany]", "[RWX]"),
    ("[\"${mode}\", ReadWriteMany]", "[]"),
    ("volumeMode: Block", "volumeMode: block"),
    ("wait: true", "wait: 'yes'"),
    ("rendered: new.yaml, ", ""),
    ("to: 3", "to: three"),
    ("gate: { attested: [It is so] }", "description: nothing"),
    ("undo: { none: gone }", "undo: { none: gone, manual: x }"),
    ("undo: { none: gone }", "undo: { redo: [b] }"),
    ("of: claims.of-release, ", ""),
    ("of: claims.of-release", "of: jobs.all"),
    (
        "inventory: { of",
        "gate: { attested: [x] }, act: { evict: { target: pod/x } }, inventory: { of",
    ),
    (
        "reserve: { each: inventory.volumes }",
        "reserve: { each: inventory.claims }",
    ),
    (
        "reserve: { each: inventory.volumes }",
        "reserve: { each: inventory.volumes, claim: a/b }",
    ),
    (
        "reserve: { each: inventory.volumes }",
        "reserve: { each: volumes.released }",
    ),
    ("each: inventory.claims, labels", "each: claims.all, labels"),
    (
        "each: inventory.claims, labels",
        "each: inventory.claims, size: 1Gi, labels",
    ),
    ("named-release.deployed: eks", "named-release.deployed"),
    (
        "  - { id: back, title: Back, ",
        "  - { id: back, title: Back, undo: { none: x }, ",
    ),
];

/// Changes of it whose shape is right.
const MEANINGS: &[(&str, &str)] = &[
    ("rollback: [back] }", "rollback: [forth] }"),
    (
        "  - { id: z1, title: P, inventory: { of: claims.of-release, rename: \"data=${text}\" } }\n",
        "",
    ),
    ("id: b,", "id: a,"),
    ("attested: [\"${text}\"]", "attested: [\"${txet}\"]"),
    ("attested: [\"${text}\"]", "attested: [\"<somebody>\"]"),
    ("cel: \"claims.all(c, c.phase == 'Bound')\"", "cel: \"claims.all(c, \""),
    ("default: 0, min: 0", "default: 10, min: 0"),
    ("default: x }", "default: changeme }"),
    ("tier: T3", "tier: T0"),
    ("  text: {", "  apiToken: {"),
    ("target: pod/x", "target: job/x"),
    ("target: pod/x", "target: dog/x"),
    ("within: 90s", "within: 999h"),
    (
        "key: helm.sh/resource-policy, value: keep",
        "key: example.com/x, value: keep",
    ),
];

/// One text in it exchanged: refused by both, or, where no shape can say what is wrong, by the program alone.
#[test]
fn the_schema_and_the_program_refuse_the_same_shapes() {
    let validator = validator();
    assert_eq!((faults(WHOLE), misfits(&validator, WHOLE)), (None, Vec::new()));
    for (from, to) in SHAPES {
        let text = changed(from, to);
        assert!(faults(&text).is_some(), "the program takes {from:?} → {to:?}");
        assert!(
            !misfits(&validator, &text).is_empty(),
            "the schema takes {from:?} → {to:?}"
        );
    }
    for (from, to) in MEANINGS {
        let text = changed(from, to);
        assert!(faults(&text).is_some(), "the program takes {from:?} → {to:?}");
        assert_eq!(
            misfits(&validator, &text),
            Vec::<String>::new(),
            "a shape says it after all: {from:?} → {to:?}"
        );
    }
}

fn changed(from: &str, to: &str) -> String {
    assert!(WHOLE.contains(from), "{from:?} does not stand in the whole one");
    WHOLE.replacen(from, to, 1)
}

/// Every check and selection is in the schema, and the schema has no other.
#[test]
fn the_schema_names_what_there_is() {
    let schema = schema();
    let words = |value: &Value| -> BTreeSet<String> {
        let words = value.as_array().unwrap().iter();
        words.map(|word| word.as_str().unwrap().to_owned()).collect()
    };
    let selections: BTreeSet<String> = SELECTIONS.iter().map(|selection| selection.name.to_owned()).collect();
    assert_eq!(words(&schema["$defs"]["selection"]["enum"]), selections);
    for (part, besides) in [("condition", None), ("end", Some("act.done"))] {
        let ways = schema["$defs"][part]["oneOf"].as_array().unwrap();
        let mut said = words(&ways[0]["enum"]);
        said.extend(ways.iter().skip(1).flat_map(|way| words(&way["required"])));
        for joint in ["not", "all", "any", "cel", "title"] {
            assert!(said.remove(joint), "{part} has {joint}");
        }
        let known: BTreeSet<String> = all()
            .map(|check| check.name.to_owned())
            .chain(besides.map(str::to_owned))
            .collect();
        assert_eq!(said, known, "{part}");
    }
}

/// The tables of `docs/runbooks.md` are what the program says; with `PILOTHOUSE_WRITE_DOCS=1` they are written instead.
#[test]
fn the_reference_lists_what_there_is() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/runbooks.md");
    let held = read("runbooks.md");
    let mut made = held.clone();
    for (name, table) in [
        ("checks", checks()),
        ("selections", selections()),
        ("variables", variables()),
    ] {
        let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->"));
        let (before, rest) = made.split_once(&begin).unwrap();
        let (_, after) = rest.split_once(&end).unwrap();
        made = format!("{before}{begin}{table}{end}{after}");
    }
    if std::env::var_os("PILOTHOUSE_WRITE_DOCS").is_some_and(|value| value == "1") {
        std::fs::write(path, made).unwrap();
        return;
    }
    assert!(
        held == made,
        "docs/runbooks.md is not what the program says; write it anew with PILOTHOUSE_WRITE_DOCS=1"
    );
}

fn checks() -> String {
    let mut table = String::from("| check | asks after | holds when |\n|---|---|---|\n");
    for check in all() {
        let about = match check.about {
            About::Tenant => "the tenant".to_owned(),
            About::Release => "the tenant's release".to_owned(),
            About::Parameters => "the runbook's parameters".to_owned(),
            About::Inventory => "what was taken down".to_owned(),
            About::One(kind) => format!("one {kind}: `{}: NAME`", check.name),
            About::Span => format!("a time: `{}: 60s`", check.name),
            About::Any => format!("one object: `{}: KIND/NAME`", check.name),
        };
        writeln!(table, "| `{}` | {about} | {} |", check.name, check.holds).unwrap();
    }
    table
}

fn selections() -> String {
    let mut table = String::from("| selection | of | holds |\n|---|---|---|\n");
    for selection in SELECTIONS {
        writeln!(
            table,
            "| `{}` | {} | {} |",
            selection.name, selection.kind, selection.holds
        )
        .unwrap();
    }
    table
}

fn variables() -> String {
    let mut table = String::from("| name | holds |\n|---|---|\n");
    for variable in VARIABLES {
        writeln!(table, "| `{}` | {} |", variable.name, variable.holds).unwrap();
    }
    table
}

/// Every whole runbook in the reference is sound.
#[test]
fn the_examples_of_the_reference_are_sound() {
    let page = read("runbooks.md");
    let examples: Vec<&str> = page
        .split("```yaml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .filter(|text| text.starts_with("apiVersion: pilothouse.dev/v1"))
        .collect();
    assert!(!examples.is_empty());
    let validator = validator();
    for example in examples {
        assert_eq!(faults(example), None);
        assert_eq!(misfits(&validator, example), Vec::<String>::new());
    }
}

/// The commands of a shipped runbook that count a `PostgreSQL`'s rows, as a shell is handed them.
fn counts() -> Vec<String> {
    let (_, text) = SHIPPED.iter().find(|(name, _)| *name == "helm-handover").unwrap();
    let lines = text.lines().filter(|line| line.contains("pg_stat_user_tables"));
    let told = |line: &str| {
        let (_, list) = line.split_once("command: ").unwrap();
        let words: Vec<String> = serde_saphyr::from_str(list).unwrap();
        words.last().unwrap().clone()
    };
    lines.map(told).collect()
}

/// `pg_dumpall` takes every database: so do the counts that stand for its dump, and a database that cannot be counted is no
/// database without rows.
#[test]
fn the_rows_of_every_database_are_counted_or_none() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = tempfile::tempdir().unwrap();
    let psql = home.path().join("psql");
    let answers = |last: &str| {
        format!(
            "#!/bin/sh\nwhile [ $# -gt 1 ]; do [ \"$1\" = -d ] && db=$2; shift; done\ncase \"$db $1\" in\n\
             *pg_database*) printf 'postgres\\nshop floor\\n';;\n\
             'postgres '*pg_stat_user_tables*) ;;\n\
             'shop floor '*pg_stat_user_tables*) printf 'public.orders\\npublic.\"Items\"\\n';;\n\
             'shop floor select count(*) from public.orders') echo 17;;\n\
             'shop floor select count(*) from public.\"Items\"') {last};;\n\
             *) echo \"asked $db: $1\" >&2; exit 3;;\nesac\n"
        )
    };
    let counts = counts();
    assert_eq!(counts.len(), 2, "before and after");
    for (last, code, told) in [
        (
            "echo 3",
            0,
            "shop floor.public.orders 17\nshop floor.public.\"Items\" 3\n",
        ),
        ("exit 2", 1, "shop floor.public.orders 17\n"),
    ] {
        std::fs::write(&psql, answers(last)).unwrap();
        std::fs::set_permissions(&psql, std::fs::Permissions::from_mode(0o755)).unwrap();
        for text in &counts {
            let path = format!("{}:/usr/bin:/bin", home.path().display());
            let ran = std::process::Command::new("sh")
                .args(["-c", text])
                .env("PATH", path)
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&ran.stderr);
            assert_eq!((ran.status.code(), &*said), (Some(code), ""), "{text}");
            assert_eq!(String::from_utf8_lossy(&ran.stdout), told);
        }
    }
}

//! Runbooks on the command line as a script meets them: checked, shown, listed, begun, and planned on the sandbox.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that cannot go on fails"
)]

#[path = "support/home.rs"]
mod home;
#[path = "support/rendering.rs"]
mod rendering;
#[path = "support/schema.rs"]
mod schema;

use home::{Home, printed, said};
use pilothouse::sandbox::{Clock, Denial, Options, Sandbox, scenario};
use serde_json::Value;
use std::process::Output;

fn sandbox(name: &str) -> Sandbox {
    let scenario = scenario::load(name).unwrap();
    Sandbox::start(Options::of(&scenario, Clock::Real, 1).unwrap()).unwrap()
}

/// Ends with this code; what it printed.
fn ended(output: &Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code), "{}{}", printed(output), said(output));
    printed(output)
}

fn json(output: &Output, code: i32) -> Value {
    let text = ended(output, code);
    let document: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(document["apiVersion"], "pilothouse.dev/v1");
    schema::fits_its_own(&document);
    document
}

#[test]
fn the_shipped_runbooks_are_listed_shown_and_sound() {
    let home = Home::new();
    let list = json(&home.run(&["runbook", "list", "-o", "json"]), 0);
    let items = list["items"].as_array().unwrap().clone();
    assert!(items.len() >= 6, "{list:#}");
    let text = ended(&home.run(&["runbook", "list"]), 0);
    for item in &items {
        let name = item["name"].as_str().unwrap();
        let digest = item["digest"].as_str().unwrap();
        assert!(text.contains(name) && text.contains(&digest[..12]), "{name}: {text}");
        let checked = ended(&home.run(&["runbook", "check", name]), 0);
        assert!(checked.starts_with('✓') && checked.contains(digest), "{checked}");
        let shown = ended(&home.run(&["runbook", "show", name]), 0);
        assert!(shown.contains("steps\n") && shown.contains(digest), "{shown}");
        let described = json(&home.run(&["runbook", "show", name, "-o", "json"]), 0);
        assert_eq!(described["digest"], digest);
        assert!(!described["steps"].as_array().unwrap().is_empty());
        // the file itself, byte for byte
        let source = home.run(&["runbook", "show", name, "--source"]);
        assert!(ended(&source, 0).starts_with("apiVersion: pilothouse.dev/v1\n"));
    }
}

#[test]
fn a_new_runbook_is_checked_found_by_name_and_not_overwritten() {
    let home = Home::new();
    let own = home.path("pilothouse/runbooks");
    std::fs::create_dir_all(&own).unwrap();
    let path = own.join("mine.yaml");
    let file = path.to_str().unwrap();
    let none = home.run(&["runbook", "check"]);
    assert!(said(&none).contains("runbook new"), "{}", said(&none));
    ended(&none, 2);
    ended(&home.run(&["runbook", "new", "mine", file]), 0);
    assert!(ended(&home.run(&["runbook", "check"]), 0).contains("mine.yaml"));
    assert!(ended(&home.run(&["runbook", "show", "mine"]), 0).starts_with("mine: "));
    assert!(ended(&home.run(&["runbook", "list"]), 0).contains("mine"));
    let again = home.run(&["runbook", "new", "mine", file]);
    assert!(said(&again).contains("not overwritten"), "{}", said(&again));
    ended(&again, 2);
    let unnamed = home.run(&["runbook", "new", "Not A Name", home.path("x.yaml").to_str().unwrap()]);
    assert!(said(&unnamed).contains("is no name of a runbook"), "{}", said(&unnamed));
    ended(&unnamed, 2);
    assert!(!home.path("x.yaml").exists());
    let missing = home.run(&["runbook", "show", "no-such"]);
    assert!(said(&missing).contains("runbook list"), "{}", said(&missing));
    ended(&missing, 2);
}

#[test]
fn what_is_wrong_is_told_with_line_and_column_and_cannot_drive_the_terminal() {
    let home = Home::new();
    let path = home.path("bad.yaml");
    let file = path.to_str().unwrap();
    let text = "apiVersion: pilothouse.dev/v1\nkind: Runbook\nmetadata: { name: bad, title: \"a\\e[2Jb\", version: '1' }\n\
        tenant: { namespace: shop }\nsteps:\n  - id: x\n    title: x\n    gaet: {}\n    verify: { all: [\"pods\\e[2J\"], within: 1m, onTimeout: stop }\n";
    std::fs::write(&path, text).unwrap();
    let output = home.run(&["runbook", "check", file]);
    ended(&output, 2);
    let told = said(&output);
    assert!(
        told.contains("bad.yaml:8:5") && told.contains("did you mean `gate`?"),
        "{told}"
    );
    assert!(!told.contains('\u{1b}'), "{told:?}");
    let checked = json(&home.run(&["runbook", "check", file, "unstick", "-o", "json"]), 2);
    let fault = &checked["items"][0]["faults"][0];
    assert_eq!(
        (&fault["line"], &fault["column"]),
        (&8.into(), &5.into()),
        "{checked:#}"
    );
    assert_eq!(checked["items"][1]["faults"], Value::Array(Vec::new()));
    // a runbook that does not load is not planned, and no cluster is asked
    let output = home.run(&["plan", file]);
    ended(&output, 2);
    assert!(said(&output).contains("bad.yaml:8:5"), "{}", said(&output));
    // it is listed, as what it is
    let own = home.path("pilothouse/runbooks");
    std::fs::create_dir_all(&own).unwrap();
    std::fs::copy(&path, own.join("bad.yaml")).unwrap();
    let list = ended(&home.run(&["runbook", "list"]), 0);
    assert!(list.contains('✗') && !list.contains('\u{1b}'), "{list:?}");
}

/// Values that are wrong or missing are told all at once, before a cluster is asked.
#[test]
fn values_are_judged_before_a_cluster_is_asked() {
    let home = Home::new();
    let values = home.path("values.yaml");
    std::fs::write(&values, "namespace: <tenant>\nnamepsace: x\n").unwrap();
    let file = values.to_str().unwrap();
    let output = home.run(&["plan", "unstick", "--values", file, "--set", "settle=soon"]);
    ended(&output, 2);
    let told = said(&output);
    for said in [
        "values.yaml:1:12: namespace",
        "holds the placeholder <tenant>",
        "values.yaml:2:12: unstick has no parameter \"namepsace\" (did you mean namespace?)",
        "--set: settle",
        "release is required: --set release=…",
    ] {
        assert!(told.contains(said), "{said}: {told}");
    }
    assert!(told.lines().all(|line| line.starts_with("pilothouse: ")), "{told}");
    for (arguments, told) in [
        (&["plan", "unstick", "--set", "namespace"][..], "--set NAME=VALUE"),
        (&["plan", "unstick", "--helm", ""], "helm version --short"),
        (&["plan", "no-such"], "no runbook"),
        (&["plan", "/nowhere/x.yaml"], "/nowhere/x.yaml"),
    ] {
        let output = home.run(arguments);
        ended(&output, 2);
        assert!(said(&output).contains(told), "{}", said(&output));
    }
}

/// Plans on the cluster of a sandbox, as text and as JSON.
fn plan(home: &Home, sandbox: &Sandbox, line: &str, code: i32) -> (String, Value) {
    let kubeconfig = sandbox.kubeconfig().to_str().unwrap();
    let arguments: Vec<&str> = line.split(' ').chain(["--kubeconfig", kubeconfig]).collect();
    let text = ended(&home.run(&arguments), code);
    let document = json(&home.run(&[&arguments[..], &["-o", "json"]].concat()), code);
    assert_eq!(
        (&document["kind"], &document["exitCode"]),
        (&"Plan".into(), &code.into())
    );
    (text, document)
}

fn step<'p>(plan: &'p Value, id: &str) -> &'p Value {
    let steps = plan["steps"].as_array().unwrap();
    steps.iter().find(|step| step["id"] == id).unwrap()
}

#[test]
fn seed_000_is_planned_to_its_end_and_nothing_is_done() {
    let (home, sandbox) = (Home::new(), sandbox("hasan-prod"));
    let kubeconfig = sandbox.kubeconfig().to_str().unwrap();
    // ages move on, objects must not
    let status = || {
        let report = json(&home.run(&["status", "-o", "json", "--kubeconfig", kubeconfig]), 1);
        let tenants = report["tenants"].as_array().unwrap().clone();
        let told = tenants
            .iter()
            .map(|tenant| (tenant["name"].clone(), tenant["counts"].clone()));
        told.collect::<Vec<_>>()
    };
    let before = status();
    let line = "plan unstick --set namespace=hasan-prod --set release=eks-1.0.4";
    let (text, document) = plan(&home, &sandbox, line, 0);
    assert!(text.contains("namespace  hasan-prod  from --set"), "{text}");
    assert!(text.contains("from default (shipped:unstick:"), "{text}");
    let jobs = step(&document, "end-foreign-jobs");
    assert_eq!(jobs["forecasts"].as_array().unwrap().len(), 9, "{jobs:#}");
    assert_eq!(jobs["tier"], "T2");
    assert_eq!(jobs["restsOn"]["steps"][0], "keep-disks");
    assert_eq!(step(&document, "end-ended-pods")["skipped"], true);
    assert!(text.contains("nothing blocks"), "{text}");
    // the same claims hang, the same Jobs are there
    assert_eq!(status(), before);
}

#[test]
fn a_deletion_of_a_tenant_is_followed_through_helms_hands() {
    let (home, sandbox) = (Home::new(), sandbox("hasan-prod"));
    let line = "plan tenant-delete --set namespace=hasan-prod --set release=eks-1.0.4 --helm 3.22.0";
    // what else lives in a namespace nobody can see whole
    let (text, document) = plan(&home, &sandbox, line, 3);
    let uninstall = step(&document, "uninstall");
    assert_eq!(uninstall["forecasts"].as_array().unwrap().len(), 1, "{text}");
    assert_eq!(uninstall["blocked"], Value::Array(Vec::new()), "{uninstall:#}");
    assert_eq!(uninstall["unknown"], Value::Array(Vec::new()), "{uninstall:#}");
    // by then every volume is Retain: no disk is destroyed
    assert!(
        text.contains("RELEASED   pv/efs-logs") && !text.contains("DESTROYED"),
        "{text}"
    );
    let namespace = step(&document, "delete-namespace");
    assert_eq!(namespace["tier"], "T3");
}

#[test]
fn what_blocks_a_step_is_told() {
    let (home, sandbox) = (Home::new(), sandbox("hasan-prod"));
    let line = "plan released-pv-cleanup --set namespace=hasan-prod --set volume=efs-logs --set claim=logs-pvc";
    let (text, document) = plan(&home, &sandbox, line, 1);
    let blocked = step(&document, "look")["blocked"].to_string();
    assert!(blocked.contains("pv/efs-logs is Bound"), "{blocked}");
    assert!(text.contains("blocked: look, destroy"), "{text}");
    let (text, _) = plan(&home, &sandbox, &line.replace("efs-logs", "no-such"), 1);
    assert!(text.contains("pv/no-such is not there"), "{text}");
}

/// A handover by path A, the old chart rendered beforehand.
const KEEP: &str = r#"apiVersion: pilothouse.dev/v1
kind: Runbook
metadata: { name: keep, title: Keep and uninstall, version: "1" }
tenant: { namespace: hasan-prod, release: eks-1.0.4 }
parameters: { rendered: { type: string, required: true } }
steps:
  - id: keep
    title: Upgrade so that keep is stored
    act: { helmUpgrade: { release: eks-1.0.4, rendered: "${rendered}" } }
    verify: { all: [release.deployed, release.keep-in-manifest], within: 5m, onTimeout: stop }
  - id: uninstall
    title: Uninstall
    act: { helmUninstall: { release: eks-1.0.4 } }
    gate: { sensed: [release.keep-in-manifest] }
    verify: { all: [release.gone], within: 5m, onTimeout: stop }
"#;

/// What the upgrade stores is what the uninstall goes by, and not what is stored today.
#[test]
fn a_handover_is_planned_on_the_manifest_that_its_upgrade_stores() {
    let (home, sandbox) = (Home::new(), sandbox("hasan-prod"));
    let runbook = home.path("keep.yaml");
    std::fs::write(&runbook, KEEP).unwrap();
    let line = format!("plan {} --helm 3.22.0 --set rendered=/nowhere.yaml", runbook.display());
    let kubeconfig = sandbox.kubeconfig().to_str().unwrap();
    let arguments: Vec<&str> = line.split(' ').chain(["--kubeconfig", kubeconfig]).collect();
    let output = home.run(&arguments);
    ended(&output, 2);
    assert!(said(&output).contains("/nowhere.yaml"), "{}", said(&output));
    let chart = home.path("rendered.yaml");
    let rendered = |size: &str, code: i32| {
        let claim = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: { name: mysql-pvc, annotations: { helm.sh/resource-policy: keep } }\n";
        let spec = "accessModes: [ReadWriteOnce], storageClassName: gp3, volumeMode: Filesystem";
        let volume = "volumeName: pvc-9f1c2e54-6a0b-4c8e-9d57-3b1f60a2c7de";
        let text = format!("{claim}spec: {{ {spec}, {volume}, resources: {{ requests: {{ storage: {size} }} }} }}\n");
        std::fs::write(&chart, text).unwrap();
        let line = line.replace("/nowhere.yaml", chart.to_str().unwrap());
        plan(&home, &sandbox, &line, code)
    };
    let (text, document) = rendered("50Gi", 0);
    let uninstall = step(&document, "uninstall");
    let check = uninstall["sensed"].as_array().unwrap().iter();
    let mut check = check.filter(|item| item["check"] == "release.keep-in-manifest");
    assert_eq!(check.next().unwrap()["holds"], true, "{text}");
    let verify = step(&document, "keep")["verify"]["all"].to_string();
    assert!(verify.contains("revision 8 deployed"), "{verify}");
    let kept = uninstall["forecasts"][0]["entries"].as_array().unwrap().clone();
    let claim = kept
        .iter()
        .find(|entry| entry["object"]["name"] == "mysql-pvc")
        .unwrap();
    assert_eq!(claim["outcome"], "kept", "{claim:#}");
    // a chart that the server refuses: nobody knows what is stored then
    let (text, document) = rendered("1Gi", 3);
    assert!(
        text.contains("can not be less than status.capacity") || text.contains("field can"),
        "{text}"
    );
    assert_ne!(step(&document, "keep")["blocked"], Value::Array(Vec::new()));
    assert_ne!(step(&document, "uninstall")["unknown"], Value::Array(Vec::new()));
}

/// Path C on the tenant of seed 000: every claim of the release is taken down before anything is done, those that are Terminating
/// among them, and all of them come back on their very volumes; nobody else's claim is touched.
#[test]
fn a_handover_over_kept_volumes_is_planned_to_the_new_claims() {
    let (home, sandbox) = (Home::new(), sandbox("hasan-prod"));
    let values = home.path("values.yaml");
    std::fs::write(&values, "env: prod\n").unwrap();
    let mut line = "plan helm-handover --helm 3.22.0".to_owned();
    for set in [
        "namespace=hasan-prod",
        "release=eks-1.0.4",
        "newRelease=hasan-prod",
        "path=retain",
        "chart=client",
        "claimNames=mysql-pvc=client-mysql",
        &format!("values={}", values.display()),
    ] {
        line.extend([" --set ", set]);
    }
    // the new chart is not rendered: what the install would do is not known
    let (text, document) = plan(&home, &sandbox, &line, 3);
    assert!(!text.contains("DESTROYED"), "{text}");
    let taken = step(&document, "inventory")["inventory"]["claims"]
        .as_array()
        .unwrap()
        .clone();
    let names: Vec<&str> = taken.iter().map(|entry| entry["becomes"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        ["client-logs", "logs-pvc", "model-cache", "client-mysql", "shared-data"],
        "{text}"
    );
    for id in ["reserve", "make-claims"] {
        let planned = step(&document, id);
        assert_eq!(planned["forecasts"].as_array().unwrap().len(), 5, "{id}: {planned:#}");
        for end in planned["verify"]["all"].as_array().unwrap() {
            assert_eq!(end["holds"], true, "{id}: {end:#}");
        }
    }
    assert!(
        text.contains("act: create pvc/client-mysql") && !text.contains("create pvc/notebooks"),
        "{text}"
    );
    // the uninstall takes the class along: a person makes it again, or the run waits there
    assert_eq!(step(&document, "classes")["verify"]["all"][0]["holds"], false);
    // keep stands on live claims alone: told before, and no reason to stop where every disk is Retain by then
    let foreseen = step(&document, "uninstall-retain")["foreseen"].to_string();
    assert!(
        foreseen.contains("keep on live objects is not read by an uninstall"),
        "{foreseen}"
    );
    assert!(foreseen.contains("claims in bmw"), "{foreseen}");
    // what is not filled in is told with its line and column, before anything else
    std::fs::write(&values, "env: prod\ndatabase:\n  password: <ask anna>\n").unwrap();
    let (text, document) = plan(&home, &sandbox, &line, 3);
    assert!(text.contains("values.yaml:3:13 database.password: <…>"), "{text}");
    assert!(!text.contains("ask anna"), "{text}");
    let blocked = step(&document, "ready")["blocked"].to_string();
    assert!(blocked.contains("values.no-placeholders"), "{blocked}");
    // the same, asked before the window
    let line = line.replacen("plan", "preflight", 1);
    let kubeconfig = sandbox.kubeconfig().to_str().unwrap();
    let arguments: Vec<&str> = line.split(' ').chain(["--kubeconfig", kubeconfig]).collect();
    let text = ended(&home.run(&arguments), 3);
    assert!(
        text.contains("✗ values.no-placeholders") && text.contains("✓ parameters.no-placeholders"),
        "{text}"
    );
}

/// Path B in a runbook: the marks are taken off and the release is uninstalled; what that comes to is helm's to say, by version.
#[test]
fn a_runbook_that_walks_path_b_is_refused_for_the_helm_it_is_wrong_with() {
    let (home, sandbox) = (Home::new(), sandbox("hasan-prod"));
    let runbook = home.path("b.yaml");
    let text = r#"apiVersion: pilothouse.dev/v1
kind: Runbook
metadata: { name: b, title: Path B, version: "1" }
tenant: { namespace: hasan-prod, release: eks-1.0.4 }
steps:
  - id: strip
    title: Take the mark off
    act: { annotate: { target: pvc/logs-pvc, key: meta.helm.sh/release-name, remove: true } }
  - id: uninstall
    title: Uninstall
    act: { helmUninstall: { release: eks-1.0.4 } }
    verify: { all: [release.gone], within: 5m, onTimeout: stop }
"#;
    std::fs::write(&runbook, text).unwrap();
    for (helm, stops) in [("3.22.0", true), ("4.2.4", true), ("4.3.1", false)] {
        let line = format!("plan {} --helm {helm}", runbook.display());
        let (text, document) = plan(&home, &sandbox, &line, i32::from(stops));
        let uninstall = step(&document, "uninstall");
        let blocked = uninstall["blocked"].to_string();
        assert_eq!(
            blocked.contains("uninstall deletes what the stored manifest lists") && blocked.contains("pvc/logs-pvc"),
            stops,
            "{helm}: {text}"
        );
        let foreseen = uninstall["foreseen"].to_string();
        assert_eq!(
            foreseen.contains("skips what it no longer owns"),
            !stops,
            "{helm}: {foreseen}"
        );
    }
}

#[test]
fn what_is_hidden_makes_a_plan_unknown() {
    let (home, sandbox) = (Home::new(), sandbox("calm"));
    let line = "plan retain-volumes --set namespace=acme";
    plan(&home, &sandbox, line, 0);
    for verb in ["list", "watch", "get"] {
        sandbox.access().deny(Denial::of(verb, "persistentvolumes"));
    }
    let (text, _) = plan(&home, &sandbox, line, 3);
    assert!(text.contains("persistentvolumes") || text.contains("PVs"), "{text}");
}

const INSTALL: &str = r#"apiVersion: pilothouse.dev/v1
kind: Runbook
metadata: { name: bring, title: Bring the new chart, version: "1" }
tenant: { namespace: hasan-prod }
parameters: { chart: { type: string, required: true }, values: { type: string, required: true } }
steps:
  - id: install
    title: Install
    act: { helmInstall: { release: client, chart: "${chart}", values: ["${values}"] } }
    verify: { all: [act.done], within: 5m, onTimeout: stop }
"#;

/// A helm that renders a Service over one that is there, with values of its own and a secret.
fn rendering(directory: &std::path::Path) -> std::path::PathBuf {
    let manifest = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: client}\ndata: {a: b}\n";
    let release = serde_json::json!({
        "name": "client", "namespace": "hasan-prod", "version": 1, "info": {"status": "pending-install"}, "manifest": manifest,
        "chart": {"metadata": {"name": "client", "version": "1.2.0"}, "values": {"image": {"tag": "1", "pull": "Always"}, "password": "canary-chart"}},
        "config": {"image": {"tag": "2"}, "rootPassword": "canary-file"},
    });
    rendering::rendering(directory, &release)
}

#[test]
fn a_plan_and_a_preflight_tell_each_value_of_a_chart_with_its_origin_and_no_secret() {
    let (home, sandbox) = (Home::new(), sandbox("hasan-prod"));
    let directory = tempfile::tempdir().unwrap();
    let helm = rendering(directory.path());
    let (runbook, values) = (directory.path().join("bring.yaml"), directory.path().join("mine.yaml"));
    std::fs::write(&runbook, INSTALL).unwrap();
    std::fs::write(&values, "image:\n  tag: \"2\"\nrootPassword: canary-file\n").unwrap();
    let mine = values.display().to_string();
    let words = [
        runbook.to_str().unwrap(),
        "--set",
        &format!("values={mine}"),
        "--set",
        "chart=./chart",
        "--helm",
        helm.to_str().unwrap(),
        "--kubeconfig",
        sandbox.kubeconfig().to_str().unwrap(),
    ];
    let told = serde_json::json!([
        {"path": "image.pull", "value": "Always", "origin": "the chart's default"},
        {"path": "image.tag", "value": "2", "origin": format!("{mine}:2:8")},
        {"path": "password", "value": null, "origin": "the chart's default"},
        {"path": "rootPassword", "value": null, "origin": format!("{mine}:3:15")},
    ]);
    for verb in ["plan", "preflight"] {
        let line = [&[verb][..], &words].concat();
        let text = ended(&home.run(&line), 0);
        let document = json(&home.run(&[&line[..], &["-o", "json"]].concat()), 0);
        let values = match verb {
            "plan" => &step(&document, "install")["values"],
            _ => &document["values"][0]["values"],
        };
        assert_eq!(values, &told, "{document:#}");
        assert!(
            text.contains("image.tag") && text.contains("from the chart's default"),
            "{text}"
        );
        assert!(!format!("{text}{document}").contains("canary"), "{text}");
    }
}

/// Trap 60: what could only be done in half is not begun.
#[test]
fn a_step_of_which_an_act_is_denied_is_blocked_whole() {
    let (home, sandbox) = (Home::new(), sandbox("hasan-prod"));
    sandbox.access().deny(Denial::of("delete", "jobs"));
    let line = "plan unstick --set namespace=hasan-prod --set release=eks-1.0.4";
    let (text, document) = plan(&home, &sandbox, line, 1);
    let blocked = step(&document, "end-foreign-jobs")["blocked"].to_string();
    assert!(
        blocked.contains("rights.of-every-act: this user may not delete job/")
            && blocked.contains("would end half done"),
        "{text}"
    );
}

const ANEW: &str = r#"apiVersion: pilothouse.dev/v1
kind: Runbook
metadata: { name: anew, title: Install anew, version: "1" }
tenant: { namespace: hasan-prod, release: eks-1.0.4 }
steps:
  - id: uninstall
    title: Uninstall
    act: { helmUninstall: { release: eks-1.0.4 } }
    verify: { all: [release.gone], within: 5m, onTimeout: stop }
  - id: install
    title: Install it again
    act: { helmInstall: { release: eks-1.0.4, chart: ./chart } }
    verify: { all: [act.done], within: 5m, onTimeout: stop }
"#;

#[test]
fn a_chart_that_waits_for_an_earlier_step_is_told_with_that_step_and_the_reason() {
    use std::os::unix::fs::PermissionsExt as _;
    let (home, sandbox) = (Home::new(), sandbox("hasan-prod"));
    let (runbook, helm) = (home.path("anew.yaml"), home.path("helm"));
    std::fs::write(&runbook, ANEW).unwrap();
    let script = "#!/bin/sh\ncase \"$*\" in\nversion*) echo v3.22.0;;\n\
                  *) echo 'Error: INSTALLATION FAILED: cannot re-use a name that is still in use' >&2; exit 1;;\nesac\n";
    std::fs::write(&helm, script).unwrap();
    std::fs::set_permissions(&helm, std::fs::Permissions::from_mode(0o755)).unwrap();
    let line = format!("plan {} --helm {}", runbook.display(), helm.display());
    let (text, document) = plan(&home, &sandbox, &line, 3);
    let renders = &step(&document, "install")["renders"];
    assert_eq!(renders["after"], serde_json::json!(["uninstall"]), "{document:#}");
    assert!(renders["why"].to_string().contains("cannot re-use a name"), "{renders}");
    assert!(
        text.contains("is rendered on the cluster as uninstall would leave it"),
        "{text}"
    );
    assert!(step(&document, "uninstall")["renders"].is_null());
}

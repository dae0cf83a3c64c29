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
    document
}

#[test]
fn the_shipped_runbooks_are_listed_shown_and_sound() {
    let home = Home::new();
    let list = json(&home.run(&["runbook", "list", "-o", "json"]), 0);
    let items = list["items"].as_array().unwrap().clone();
    assert!(items.len() >= 7, "{list:#}");
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

/// Path A needs the rendered chart. What the upgrade stores is what the uninstall goes by, and not what is stored today.
#[test]
fn a_handover_is_planned_on_the_manifest_that_its_upgrade_stores() {
    let (home, sandbox) = (Home::new(), sandbox("hasan-prod"));
    let line = "plan helm-handover-keep --set namespace=hasan-prod --set release=eks-1.0.4 --set newRelease=client \
                --helm 3.22.0 --set rendered=/nowhere.yaml";
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
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
    let (text, document) = rendered("50Gi", 1);
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

/// Path C on the tenant of seed 000: the volumes come to the new release's claims, and no disk is lost on the way.
#[test]
fn a_handover_over_kept_volumes_is_planned_to_the_new_claims() {
    let (home, sandbox) = (Home::new(), sandbox("hasan-prod"));
    let mut line = "plan helm-handover-retain --helm 4.3.0".to_owned();
    for set in [
        "namespace=hasan-prod",
        "release=eks-1.0.4",
        "newRelease=client",
        "storageClass=efs-sc",
        "databaseClaim=client-mysql",
        "databaseVolume=pvc-9f1c2e54-6a0b-4c8e-9d57-3b1f60a2c7de",
        "databaseSize=50Gi",
        "dataClaim=client-data",
        "dataVolume=efs-data",
        "dataSize=500Gi",
        "logsClaim=client-logs",
        "logsVolume=efs-client-logs",
        "logsSize=20Gi",
    ] {
        line.extend([" --set ", set]);
    }
    let (text, document) = plan(&home, &sandbox, &line, 1);
    // the tenant is not as it should be when the night begins: two of its claims are Terminating
    assert!(text.contains("blocked: ready;"), "{text}");
    assert!(!text.contains("DESTROYED"), "{text}");
    for (made, claim) in [
        ("database", "client-mysql"),
        ("data", "client-data"),
        ("logs", "client-logs"),
    ] {
        for id in [format!("reserve-{made}"), format!("make-{made}")] {
            let end = &step(&document, &id)["verify"]["all"][0];
            assert_eq!(end["holds"], true, "{id}: {end:#}");
        }
        assert!(
            text.contains(&format!("claim.bound {claim}: pvc/{claim} is Bound")),
            "{text}"
        );
    }
    // the uninstall takes the class along: a person makes it again, or the run waits there
    assert_eq!(step(&document, "storage-class")["verify"]["all"][0]["holds"], false);
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

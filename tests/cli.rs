//! The command line as a script meets it: exit codes, one clear sentence, nothing on the wrong stream.

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

use home::{Home, Served, printed, said};
use pilothouse::sandbox::{Clock, Denial, Options, Sandbox, scenario};
use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::process::Output;

/// One sentence on standard error, exit code 2, no panic, no error chain.
fn refused(output: &Output, told: &str) {
    let text = said(output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.starts_with("pilothouse: "), "{text:?}");
    assert!(text.contains(told), "{text:?} does not say {told:?}");
    assert_eq!(text.lines().count(), 1, "one sentence: {text:?}");
    assert!(
        !text.contains("panicked") && !text.contains("Caused by") && !text.contains("Location:"),
        "{text}"
    );
    assert!(output.stdout.is_empty());
}

#[test]
fn without_a_terminal_the_cockpit_says_what_to_use_instead() {
    let home = Home::new();
    for arguments in [&[][..], &["demo"], &["--operate"]] {
        refused(&home.run(arguments), "needs a terminal");
        refused(&home.run(arguments), "`pilothouse status`");
    }
}

#[test]
fn a_kubeconfig_that_is_missing_or_broken_is_told_in_one_sentence() {
    let home = Home::new();
    refused(&home.run(&["status"]), "no kubeconfig found");
    refused(&home.run(&["status"]), "`pilothouse demo`");
    let path = home.path("kubeconfig");
    let file = path.to_str().unwrap();
    for (text, told) in [
        ("apiVersion: v1\nclusters: [\n", "line"),
        ("apiVersion: v1\nkind: Config\n", "no current context"),
        ("apiVersion: v1\nkind: Config\ncurrent-context: there\n", "there"),
    ] {
        std::fs::write(&path, text).unwrap();
        refused(&home.run(&["status", "--kubeconfig", file]), told);
    }
    refused(
        &home.run(&["status", "--kubeconfig", "/nowhere/config"]),
        "/nowhere/config",
    );
    std::fs::write(&path, kubeconfig("http://127.0.0.1:1")).unwrap();
    refused(
        &home.run(&["status", "--kubeconfig", file, "--context", "other"]),
        "other",
    );
}

/// Nobody there, a name nobody knows, a server that says no, and one that is no API server.
#[test]
fn a_server_that_cannot_be_reached_or_refuses_is_told_in_one_sentence() {
    let home = Home::new();
    let path = home.path("kubeconfig");
    let unauthorized = "HTTP/1.1 401 Unauthorized\r\ncontent-type: application/json\r\ncontent-length: 95\r\n\r\n\
        {\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"reason\":\"Unauthorized\",\"code\":401      }";
    let page = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 15\r\n\r\n<html>hi</html>";
    for (server, told) in [
        ("http://127.0.0.1:1".to_owned(), "connection refused"),
        ("http://nowhere.invalid:6443".to_owned(), "nowhere.invalid"),
        (answering(unauthorized), "401"),
        (answering(page), "no Kubernetes API server"),
    ] {
        std::fs::write(&path, kubeconfig(&server)).unwrap();
        refused(&home.run(&["status", "--kubeconfig", path.to_str().unwrap()]), told);
    }
}

/// A server on loopback that gives everybody the same answer, for as long as the test runs.
fn answering(answer: &'static str) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut buffer = [0_u8; 8192];
                while stream.read(&mut buffer).is_ok_and(|count| count > 0) {
                    if stream.write_all(answer.as_bytes()).is_err() {
                        return;
                    }
                }
            });
        }
    });
    format!("http://{address}")
}

fn kubeconfig(server: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters: [{{name: c, cluster: {{server: '{server}'}}}}]\n\
         users: [{{name: u, user: {{token: t}}}}]\ncontexts: [{{name: c, context: {{cluster: c, user: u}}}}]\n"
    )
}

#[test]
fn bad_flags_and_files_are_told_with_place_and_fix() {
    let home = Home::new();
    refused(&home.run(&["status", "--tenants", "colour=red"]), "pattern=GLOB");
    let path = home.path("config.toml");
    std::fs::write(&path, "theme = \"dark\"\ntenant = \"x\"\n").unwrap();
    refused(
        &home.run(&["status", "--config", path.to_str().unwrap()]),
        "config.toml:2:1",
    );
    refused(&home.run(&["sandbox", "no-such-scenario"]), "no-such-scenario");
    refused(&home.run(&["journal", "show"]), "no journal");
    refused(&home.run(&["journal", "verify"]), "no journal");
    refused(&home.run(&["journal", "verify", "/nowhere"]), "/nowhere");
}

/// What clap finds is told by clap: usage on standard error, exit code 2. What is asked for goes to standard output.
#[test]
fn usage_errors_are_2_and_help_is_0() {
    let home = Home::new();
    for arguments in [
        &["--no-such-flag"][..],
        &["no-such-command"],
        &["explain"],
        &["forecast"],
        &["forecast", "delete"],
        &["forecast", "delete", "job/x", "--cascade", "sideways"],
        &["status", "-o", "yaml"],
        &["journal"],
    ] {
        let output = home.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        let text = said(&output);
        assert!(
            text.contains("Usage: pilothouse") || text.contains("--help"),
            "{arguments:?}: {text}"
        );
    }
    for arguments in [
        &["--help"][..],
        &["-h"],
        &["forecast", "delete", "--help"],
        &["--version"],
    ] {
        let output = home.run(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert!(printed(&output).contains("pilothouse"), "{arguments:?}");
        assert!(output.stderr.is_empty(), "{arguments:?}");
    }
    let help = printed(&home.run(&["--help"]));
    for learned in ["pilothouse demo", "--operate", "Exit codes", "explain", "forecast"] {
        assert!(help.contains(learned), "{help}");
    }
}

/// The path comes first; SIGTERM, Ctrl-C and a hang-up end it in order, and its file goes with it.
#[test]
fn the_sandbox_serves_until_it_is_asked_to_end() {
    for signal in ["TERM", "INT", "HUP"] {
        let home = Home::new();
        let served = Served::start(&home, "hasan-prod");
        let kubeconfig = std::path::PathBuf::from(&served.kubeconfig);
        let status = home.run(&["status", "--kubeconfig", &served.kubeconfig]);
        assert_eq!(status.status.code(), Some(1), "{}", said(&status));
        assert_eq!(served.end(signal), Some(0), "{signal}");
        assert!(
            !kubeconfig.exists() && !kubeconfig.parent().unwrap().exists(),
            "{signal}"
        );
        refused(
            &home.run(&["status", "--kubeconfig", kubeconfig.to_str().unwrap()]),
            "kubeconfig",
        );
    }
    let listed = Home::new().run(&["sandbox"]);
    assert_eq!(listed.status.code(), Some(0));
    for name in ["hasan-prod", "calm", "vault-raft"] {
        assert!(printed(&listed).contains(name), "{}", printed(&listed));
    }
}

/// A sandbox in this process, where a test may take rights away.
fn sandbox(name: &str) -> Sandbox {
    let scenario = scenario::load(name).unwrap();
    Sandbox::start(Options::of(&scenario, Clock::Real, 1).unwrap()).unwrap()
}

/// Asks the same as text and as JSON; both end with the code that `src/headless.rs` documents.
fn ask(home: &Home, sandbox: &Sandbox, line: &str, expected: i32) -> (String, Value) {
    let kubeconfig = sandbox.kubeconfig().to_str().unwrap();
    let arguments: Vec<&str> = line.split(' ').chain(["--kubeconfig", kubeconfig]).collect();
    let text = home.run(&arguments);
    assert_eq!(
        text.status.code(),
        Some(expected),
        "{line}: {}{}",
        printed(&text),
        said(&text)
    );
    let json = home.run(&[&arguments[..], &["-o", "json"]].concat());
    assert_eq!(json.status.code(), Some(expected), "{line} as JSON");
    if expected == 2 {
        refused(&text, "");
        refused(&json, "");
        return (said(&text), Value::Null);
    }
    let document: Value = serde_json::from_slice(&json.stdout)
        .unwrap_or_else(|error| panic!("{line}: {error}: {}{}", printed(&json), said(&json)));
    assert_eq!(document["apiVersion"], "pilothouse.dev/v1", "{document:#}");
    assert_eq!(document["exitCode"], expected, "{document:#}");
    schema::fits_its_own(&document);
    assert!(
        text.stderr.is_empty() && json.stderr.is_empty(),
        "{}{}",
        said(&text),
        said(&json)
    );
    (printed(&text), document)
}

#[test]
fn an_incident_is_told_with_its_exit_codes() {
    let (home, sandbox) = (Home::new(), sandbox("hasan-prod"));
    let (text, json) = ask(&home, &sandbox, "status", 1);
    assert!(text.contains("hasan-prod") && text.contains("Terminating"), "{text}");
    assert_eq!(json["kind"], "Status");

    let (text, json) = ask(&home, &sandbox, "explain pvc/shared-data -n hasan-prod", 1);
    assert!(text.contains("train-7f") && text.contains("Job"), "{text}");
    assert!(json.to_string().contains("train-7f"), "{json:#}");
    // nine Jobs, then what brings the data back: each an act with what it would do, the later ones once the claim is gone
    let acts: Vec<String> = json["wayOut"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|step| !step["act"].is_null())
        .map(|step| format!("{} {} {}", step["act"]["act"], step["later"], step["forecast"]["tier"]))
        .collect();
    assert_eq!(
        acts[8..],
        [
            r#""delete" false "T2""#,
            r#""clearClaimRef" true "T2""#,
            r#""createClaim" true "T2""#
        ],
        "{json:#}"
    );
    assert!(
        text.contains("▸ clear claimRef uid of pv/efs-data (later) · T2"),
        "{text}"
    );

    let (text, _) = ask(
        &home,
        &sandbox,
        "forecast delete job/train-7f -n hasan-prod --cascade orphan",
        1,
    );
    assert!(text.contains("train-7f"), "{text}");
    ask(&home, &sandbox, "forecast clear-claim-ref pv/efs-client-logs-2025", 1);

    for (line, told) in [
        ("explain pvc/no-such-claim -n hasan-prod", "no-such-claim"),
        ("explain wishes/x -n hasan-prod", "wishes"),
        ("explain pvc -n hasan-prod", "pvc"),
        ("forecast delete job/no-such-job -n hasan-prod", "no-such-job"),
        ("forecast clear-claim-ref pvc/shared-data -n hasan-prod", "claimRef"),
    ] {
        let (text, _) = ask(&home, &sandbox, line, 2);
        assert!(text.contains(told), "{line}: {text}");
    }
}

/// A helm that renders a claim, a Secret and a hook, and knows a definition.
fn rendering_helm(directory: &std::path::Path) -> std::path::PathBuf {
    let manifest = "---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: new-data}\nspec: {storageClassName: efs-sc, \
                    accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n---\napiVersion: v1\nkind: Secret\n\
                    metadata: {name: db}\nstringData: {password: canary-7f3a}\n";
    let release = serde_json::json!({
        "name": "client", "namespace": "hasan-prod", "version": 1, "info": {"status": "pending-install"},
        "chart": {"metadata": {"name": "client", "version": "1.2.0"}}, "config": {"password": "canary-7f3a"}, "manifest": manifest,
    });
    rendering::rendering(directory, &release)
}

#[test]
fn an_install_is_forecast_on_what_helm_renders_and_tells_no_secret() {
    let (home, sandbox) = (Home::new(), sandbox("hasan-prod"));
    let directory = tempfile::tempdir().unwrap();
    let helm = rendering_helm(directory.path());
    let values = directory.path().join("values.yaml");
    std::fs::write(&values, "password: canary-7f3a\n").unwrap();
    let line = format!(
        "forecast helm-install client ./chart -f {} -n hasan-prod --helm {}",
        values.display(),
        helm.display()
    );
    let (text, json) = ask(&home, &sandbox, &line, 0);
    assert!(text.contains("pvc/new-data") && text.contains("Secret/db"), "{text}");
    assert!(
        !text.contains("canary") && !json.to_string().contains("canary"),
        "{text}"
    );
    let install = &json["act"]["helm"]["install"];
    assert_eq!(install["rendered"].as_str().map(str::len), Some(64), "{json:#}");
    assert_eq!(install["executor"]["major"], 3, "{json:#}");
    assert_eq!(json["act"]["means"]["program"], helm.display().to_string(), "{json:#}");
    // what is wrong with helm, or with a values file, is said with no secret in it
    for (line, told) in [
        (line.replace("-f ", "-f /nowhere/"), "cannot be read"),
        (line.replace("--helm ", "--helm /nowhere"), "there is no helm at"),
        (line.replace(helm.to_str().unwrap(), "3.22.0"), "names a version alone"),
        (
            line.replace("install client ./chart", "upgrade no-such ./chart"),
            "release/no-such in hasan-prod does not exist",
        ),
    ] {
        let (text, _) = ask(&home, &sandbox, &line, 2);
        assert!(text.contains(told) && !text.contains("canary"), "{line}: {text}");
    }
}

#[test]
fn an_uninstall_is_told_whole_in_text_and_in_json() {
    let (home, sandbox) = (Home::new(), sandbox("hasan-prod"));
    let line = "forecast helm-uninstall eks-1.0.4 -n hasan-prod --helm 3.22.0";
    let (text, json) = ask(&home, &sandbox, line, 1);
    assert!(text.contains("the disk efs.csi.aws.com"), "{text}");
    assert!(
        json["summary"]["disksDestroyed"][0]["volume"]["name"] == "efs-logs",
        "{json:#}"
    );
    // each object, of a kind that Pilothouse holds or not, stands in the text and under one question of the summary
    let list = |value: &Value| value.as_array().unwrap().clone();
    let others = list(&json["others"]);
    assert!(!others.is_empty(), "{json:#}");
    for other in &others {
        assert!(
            list(&json["summary"]["deleted"]).contains(&other["object"]),
            "{other:#}"
        );
        let named = format!(
            "{}/{}",
            other["object"]["kind"].as_str().unwrap(),
            other["object"]["name"].as_str().unwrap()
        );
        assert!(
            text.contains(&format!("DELETED    {named} is deleted")),
            "{named}: {text}"
        );
    }
    let summary = json["summary"].as_object().unwrap();
    let told: usize = summary.values().map(|objects| list(objects).len()).sum();
    assert_eq!(told, list(&json["entries"]).len() + others.len(), "{json:#}");
}

#[test]
fn a_calm_cluster_is_0_and_what_is_hidden_makes_it_3() {
    let (home, sandbox) = (Home::new(), sandbox("calm"));
    let (text, _) = ask(&home, &sandbox, "status", 0);
    assert!(text.contains("0 blocked") && text.contains("acme"), "{text}");
    let (text, _) = ask(&home, &sandbox, "explain pvc/data-db-0 -n acme", 0);
    assert!(text.contains("acme-db"), "{text}");
    let (text, _) = ask(&home, &sandbox, "forecast delete pod/db-0 -n acme", 0);
    assert!(text.contains("T1"), "{text}");
    ask(&home, &sandbox, "forecast delete pvc/data-db-0 -n acme", 1);

    for verb in ["list", "watch", "get"] {
        sandbox.access().deny(Denial::of(verb, "persistentvolumes"));
    }
    for line in [
        "status",
        "explain pvc/data-db-0 -n acme",
        "forecast delete pvc/data-db-0 -n acme",
    ] {
        let (text, _) = ask(&home, &sandbox, line, 3);
        assert!(text.contains("persistentvolumes"), "{line}: {text}");
    }
}

/// No trap fires where nothing is wrong; what fires in the other scenarios is pinned, by number and object.
#[test]
fn the_traps_of_each_scenario() {
    let home = Home::new();
    let list = |value: &Value| value.as_array().unwrap().clone();
    let fired = |json: &Value| -> Vec<String> {
        let mut told: Vec<String> = list(&json["tenants"])
            .iter()
            .flat_map(|tenant| list(&tenant["traps"]))
            .map(|trap| {
                let word = |field: &str| trap["object"][field].as_str().unwrap().to_owned();
                format!(
                    "{:>2} {} {}",
                    trap["number"].as_u64().unwrap(),
                    word("kind"),
                    word("name")
                )
            })
            .collect();
        told.sort();
        told
    };
    let calm = sandbox("calm");
    let (text, json) = ask(&home, &calm, "traps", 0);
    assert!(text.contains("✓ stands in no trap that is sensed"), "{text}");
    assert!(
        list(&json["tenants"])
            .iter()
            .all(|tenant| list(&tenant["unjudged"]).is_empty()),
        "{json:#}"
    );
    // vault-raft is sound before its migration begins: what it can step into is told at the acts
    for (scenario, code) in [("hasan-prod", 1), ("vault-raft", 0)] {
        let sandbox = sandbox(scenario);
        let (_, json) = ask(&home, &sandbox, "traps", code);
        insta::assert_snapshot!(format!("traps-{scenario}"), fired(&json).join("\n"));
    }
    let (text, _) = ask(&home, &calm, "traps nobody", 2);
    assert!(text.contains("there is no tenant nobody"), "{text}");
    for verb in ["list", "watch"] {
        calm.access().deny(Denial::of(verb, "persistentvolumes"));
    }
    let (text, _) = ask(&home, &calm, "traps acme", 3);
    assert!(text.contains("not judged: PVs: denied"), "{text}");
    assert!(!text.contains("beta"), "{text}");

    let whole = home.run(&["traps", "--catalogue", "-o", "json"]);
    assert_eq!(whole.status.code(), Some(0), "{}", said(&whole));
    let catalogue: Value = serde_json::from_slice(&whole.stdout).unwrap();
    assert_eq!(list(&catalogue["traps"]).len(), 60);
}

/// What the cockpit says of a release and of a way out, the command line says too.
#[test]
fn a_release_is_shown_told_and_compared_and_a_way_out_is_printed() {
    let home = Home::new();
    let served = Served::start(&home, "hasan-prod");
    let ask = |arguments: &[&str]| {
        let place = ["--kubeconfig", &served.kubeconfig, "-n", "hasan-prod"];
        home.run(&[arguments, &place].concat())
    };
    let json = |arguments: &[&str]| -> (i32, Value) {
        let output = ask(&[arguments, &["-o", "json"]].concat());
        let text = printed(&output);
        let value: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}\n{}", said(&output)));
        schema::fits_its_own(&value);
        (output.status.code().unwrap(), value)
    };
    let (code, shown) = json(&["release", "show", "eks-1.0.4"]);
    assert_eq!((code, shown["exitCode"].as_i64()), (1, Some(1)), "keep is live only");
    assert_eq!(shown["release"]["driver"], "secret");
    assert_eq!(shown["revision"]["revision"], 7);
    let live_only = |object: &&Value| object["keep"]["is"] == "liveOnly";
    assert_eq!(shown["objects"].as_array().unwrap().iter().filter(live_only).count(), 4);
    assert!(shown["values"].is_null(), "values are shown on demand only");
    let text = printed(&ask(&["release", "show", "eks-1.0.4", "--values"]));
    for told in [
        "an uninstall DELETES it",
        "storageclass/efs-sc (cluster-scoped)",
        "env: prod",
    ] {
        assert!(text.contains(told), "{told}:\n{text}");
    }
    let (code, history) = json(&["release", "history", "eks-1.0.4"]);
    assert_eq!(code, 0);
    let payloads = history["revisions"].as_array().unwrap();
    assert_eq!(payloads.len(), 7);
    assert_eq!(payloads[3]["payload"]["description"], "Rollback to 2");
    let (code, diff) = json(&["release", "diff", "eks-1.0.4", "--from", "1"]);
    assert_eq!((code, &diff["from"], &diff["to"]), (0, &1.into(), &7.into()));
    let (_, drift) = json(&["release", "diff", "eks-1.0.4", "--live"]);
    assert!(drift["changes"].is_null() && drift["live"].is_array(), "{drift}");
    refused(&ask(&["release", "show", "nobody"]), "nobody");
    refused(
        &ask(&["release", "show", "eks-1.0.4", "--revision", "99"]),
        "has no revision 99",
    );
    refused(
        &ask(&["release", "diff", "eks-1.0.4", "--to", "1"]),
        "no revision before 1",
    );
    refused(
        &ask(&["release", "show", "eks-1.0.4", "--driver", "configmap"]),
        "in ConfigMaps",
    );

    let (code, way) = json(&["unstick", "pvc/shared-data"]);
    assert_eq!(code, 1);
    let next = usize::try_from(way["next"].as_u64().unwrap()).unwrap();
    assert_eq!(way["steps"][next]["act"]["act"], "delete");
    assert_eq!(way["forecast"]["act"], way["steps"][next]["act"]);
    let text = printed(&ask(&["unstick", "pvc/shared-data", "-o", "text"]));
    assert!(text.contains("(next)") && text.contains("(later)"), "{text}");
    let (code, calm) = json(&["unstick", "pvc/mysql-pvc"]);
    assert_eq!((code, &calm["over"]), (0, &true.into()), "{calm}");
    refused(&ask(&["unstick", "pvc/shared-data"]), "needs a terminal");
}

#[test]
fn raft_peers_are_told_with_and_without_a_token() {
    let home = Home::new();
    let sandbox = sandbox("vault-raft");
    let (text, json) = ask(&home, &sandbox, "raft vault --window 1", 3);
    assert!(text.contains("vault/vault (vault): 3 of 3 voters healthy"), "{text}");
    assert!(text.contains("no token was given for it"), "{text}");
    let told = &json["clusters"][0]["told"];
    assert_eq!(
        (&told["leader"], &told["confirmed"]),
        (&"vault-2".into(), &false.into())
    );
    assert_eq!(told["peers"][0]["vote"], "voter?");

    let kubeconfig = sandbox.kubeconfig().to_str().unwrap();
    let arguments = ["raft", "--window", "1", "--with-token", "--kubeconfig", kubeconfig];
    let known = home.run_with(&[("VAULT_TOKEN", pilothouse::sandbox::raft::TOKEN)], &arguments);
    assert_eq!(known.status.code(), Some(0), "{}{}", printed(&known), said(&known));
    assert!(printed(&known).contains("vault-2 · leader · up"), "{}", printed(&known));
    assert!(!printed(&known).contains("hvs.") && !said(&known).contains("hvs."));
    let without = [("VAULT_TOKEN", ""), ("BAO_TOKEN", "")];
    refused(&home.run_with(&without, &arguments), "no token for vault/vault");

    sandbox
        .raft()
        .befall("vault", "vault-1", Some(pilothouse::sandbox::raft::Illness::Sealed));
    let (text, _) = ask(&home, &sandbox, "raft vault --window 1", 1);
    assert!(
        text.contains("● no spare voter") && text.contains("▲ peer vault-1 is sealed"),
        "{text}"
    );

    let (text, json) = ask(&home, &sandbox, "forecast delete pod/vault-0 -n vault", 1);
    assert!(text.contains("breaks the quorum of vault/vault"), "{text}");
    assert_eq!(
        (&json["tier"], &json["quorum"][0]["end"]),
        (&"T3".into(), &"broken".into())
    );
}

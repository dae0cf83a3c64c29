//! The command line as a script meets it: exit codes, one clear sentence, nothing on the wrong stream.

#[path = "support/home.rs"]
mod home;

use home::{Home, Served};
use std::process::Output;

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// One sentence on standard error, exit code 2, no panic, no error chain.
fn refused(output: &Output, told: &str) {
    let text = said(output);
    assert_eq!(output.status.code(), Some(2), "{text}");
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
    }
}

#[test]
fn a_kubeconfig_that_is_missing_broken_or_unreachable_is_told_in_one_sentence() {
    let home = Home::new();
    refused(&home.run(&["status"]), "no kubeconfig found");
    let path = home.path("kubeconfig");
    let file = path.to_str().unwrap();
    for (text, told) in [
        ("apiVersion: v1\nclusters: [\n", "line"),
        ("apiVersion: v1\nkind: Config\n", "no current context"),
        ("apiVersion: v1\nkind: Config\ncurrent-context: there\n", "there"),
        (&kubeconfig("http://127.0.0.1:1")[..], "connection refused"),
        (&kubeconfig("http://nowhere.invalid:6443")[..], "nowhere.invalid"),
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
}

#[test]
fn the_sandbox_answers_status_explain_and_forecast() {
    let home = Home::new();
    let served = Served::start(&home, "hasan-prod");
    let ask = |arguments: &[&str]| home.run(&[arguments, &["--kubeconfig", &served.kubeconfig]].concat());

    let status = ask(&["status"]);
    assert_eq!(status.status.code(), Some(1), "{}{}", printed(&status), said(&status));
    assert!(
        printed(&status).contains("hasan-prod") && printed(&status).contains("Terminating"),
        "{}",
        printed(&status)
    );

    let explained = ask(&["explain", "pvc/shared-data", "-n", "hasan-prod"]);
    assert!(
        printed(&explained).contains("train-") && printed(&explained).contains("Job"),
        "{}",
        printed(&explained)
    );

    let forecast = ask(&[
        "forecast",
        "delete",
        "pvc/shared-data",
        "-n",
        "hasan-prod",
        "-o",
        "json",
    ]);
    let json: serde_json::Value = serde_json::from_str(&printed(&forecast))
        .unwrap_or_else(|error| panic!("{error}: {}{}", printed(&forecast), said(&forecast)));
    assert_eq!(json["apiVersion"], "pilothouse.dev/v1", "{json:#}");

    refused(
        &ask(&["explain", "pvc/no-such-claim", "-n", "hasan-prod"]),
        "no-such-claim",
    );
    refused(&ask(&["explain", "wishes/x", "-n", "hasan-prod"]), "wishes");
}

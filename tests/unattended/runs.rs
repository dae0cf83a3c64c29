//! `run --headless` as a script meets it, in the built binary against a sandbox with a real socket between: what is asked,
//! what an approval is good for, how a run is left and taken up, and death at every record of a run.

use crate::headless::{Bed, Told};
use crate::home::{Home, printed, said};
use serde_json::Value;

const NAMESPACE: &str = "hasan-prod";

/// Steps that look, change, destroy and wait.
const NIGHT: &str = r#"apiVersion: pilothouse.dev/v1
kind: Runbook
metadata: { name: night, title: A short night, version: "1" }
tenant: { namespace: hasan-prod, release: eks-1.0.4 }
parameters:
  job: { type: name, default: train-7f }
steps:
  - id: look
    title: Somebody has looked
    gate:
      sensed: [feeds.fresh]
      attested: [The window is open]
      typed: "end ${job}"
    verify: { all: [namespace.active], within: 5m, onTimeout: stop }
  - id: keep
    title: Keep the disks
    when: { not: volumes.retained }
    act: { setReclaimPolicy: { each: volumes.not-retained, policy: Retain } }
    verify: { all: [act.done, volumes.retained], within: 5m, onTimeout: stop }
  - id: end
    title: End one Job
    act: { delete: { target: "job/${job}", propagation: Background } }
    gate:
      attested: [Its owner knows]
      typed: "${job}"
    verify: { all: [act.done], within: 5m, onTimeout: stop }
  - id: gone
    title: It is gone
    verify:
      all:
        - object.gone: "job/${job}"
      within: 5m
      onTimeout: stop
"#;

impl Bed {
    fn tapped_tenant() -> Self {
        Self::of(NAMESPACE, NAMESPACE).tapped()
    }

    /// A runbook in a file of its own.
    fn file(&self, text: &str) -> String {
        let path = self.home.path("night.yaml");
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// What `report` says of the newest run, held against its schema.
    fn account(&self) -> Value {
        let output = self.home.run(&["report", "-o", "json"]);
        let account: Value = serde_json::from_str(&printed(&output)).unwrap_or_else(|_| panic!("{}", said(&output)));
        assert_eq!(account["kind"], "RunAccount");
        crate::schema::fits_its_own(&account);
        account
    }

    fn journal(&self, arguments: &[&str]) -> String {
        let output = self.home.run(&[&["journal"], arguments].concat());
        assert_eq!(output.status.code(), Some(0), "{}{}", printed(&output), said(&output));
        printed(&output)
    }

    /// Goes on as somebody who approves all that is asked, until the run is over.
    fn walk(&self, mut told: Told) -> Told {
        for _ in 0..40 {
            if told.code == Some(0) {
                return told;
            }
            assert!(matches!(told.code, Some(1 | 4)), "{}", told.text);
            let words = self.next(&told);
            told = self.run(&words);
        }
        panic!("it does not end: {}", told.text);
    }

    /// How often the server was asked to delete the Job.
    fn deletions(&self) -> usize {
        let delete = format!("DELETE /apis/batch/v1/namespaces/{NAMESPACE}/jobs/");
        self.wire
            .writes()
            .iter()
            .filter(|line| line.starts_with(&delete))
            .count()
    }

    fn policies(&self) -> Vec<String> {
        let (_, volumes) = self.wire.get("/api/v1/persistentvolumes");
        let volumes = volumes["items"].as_array().unwrap();
        volumes
            .iter()
            .filter(|volume| volume["spec"]["claimRef"]["namespace"] == NAMESPACE)
            .map(|volume| volume["spec"]["persistentVolumeReclaimPolicy"].to_string())
            .collect()
    }
}

fn states(report: &Value) -> Vec<String> {
    let steps = report["steps"].as_array().unwrap();
    steps
        .iter()
        .map(|step| step["state"]["state"].as_str().unwrap().to_owned())
        .collect()
}

pub(crate) fn a_run_stops_at_what_needs_a_person_and_goes_on_with_an_approval_of_what_was_shown() {
    let bed = Bed::tapped_tenant();
    let file = bed.file(NIGHT);
    let told = bed.run(&[&file]);
    assert_eq!(told.code, Some(4), "{}", told.text);
    assert_eq!(
        (
            &told.report["apiVersion"],
            &told.report["kind"],
            &told.report["exitCode"]
        ),
        (&"pilothouse.dev/v1".into(), &"Run".into(), &4.into())
    );
    let asked = &told.report["asked"];
    assert_eq!((&asked["step"], &asked["act"]), (&"look".into(), &Value::Null));
    assert!(
        told.report["told"]
            .as_str()
            .unwrap()
            .contains(asked["digest"].as_str().unwrap())
    );

    // another digest, and half an answer: nothing passes
    let wrong = bed.run(&[
        "--resume",
        "--approve",
        &"0".repeat(64),
        "--by",
        "berta",
        "--reason",
        "ticket 4711",
    ]);
    assert_eq!(wrong.code, Some(4), "{}", wrong.text);
    assert!(
        wrong.report["told"]
            .as_str()
            .unwrap()
            .contains("something else than is shown"),
        "{}",
        wrong.text
    );
    let digest = asked["digest"].as_str().unwrap();
    assert_eq!(wrong.report["asked"]["digest"], digest, "the same is asked again");
    let half = bed.run(&[
        "--resume",
        "--approve",
        digest,
        "--by",
        "berta",
        "--reason",
        "ticket 4711",
    ]);
    assert_eq!(half.code, Some(4), "{}", half.text);
    assert!(
        half.report["told"].as_str().unwrap().contains("lacks something"),
        "{}",
        half.text
    );
    assert_eq!(states(&half.report)[0], "waiting");

    // the first step that changes something, and its text form
    let words = bed.next(&half);
    let told = bed.run(&words);
    assert_eq!(told.code, Some(4), "{}", told.text);
    assert_eq!(
        (states(&told.report)[0].as_str(), states(&told.report)[1].as_str()),
        ("done", "acting")
    );
    assert!(
        told.report["asked"]["request"].as_str().unwrap().starts_with("PATCH "),
        "{}",
        told.text
    );
    assert!(bed.wire.writes().is_empty(), "nothing left before it was approved");
    assert_eq!(bed.account()["over"], false);
    let whole = bed.walk(told);
    assert_eq!(whole.report["told"], "the run is over: complete");
    let account = bed.account();
    assert_eq!(
        (&account["over"], &account["steps"][2]["state"]),
        (&true.into(), &"done".into())
    );
    assert_eq!(states(&whole.report), ["done"; 4]);
    assert_eq!(bed.deletions(), 1);
    assert!(
        bed.policies().iter().all(|policy| policy == "\"Retain\""),
        "{:?}",
        bed.policies()
    );

    // who approved what stands in the journal, with the whole text
    let shown = bed.journal(&["show"]);
    assert!(
        shown.contains("end: act 1 was approved by berta: ticket 4711"),
        "{shown}"
    );
    let journal: Value = serde_json::from_str(&bed.journal(&["show", "-o", "json"])).unwrap();
    let story = &journal["items"][0]["journal"]["runs"][0];
    assert_eq!(story["opening"]["text"], NIGHT);
    assert_eq!(story["opening"]["parameters"][0]["text"], "train-7f");
    assert!(bed.journal(&["verify"]).starts_with('✓'));
    // it is over: there is nothing to take up
    let over = bed.run(&["--resume"]);
    assert_eq!(over.code, Some(1), "{}", over.text);
    assert!(over.text.contains("no such unfinished run"), "{}", over.text);
}

pub(crate) fn an_approval_dies_when_what_was_shown_has_changed() {
    let bed = Bed::tapped_tenant();
    let file = bed.file(&NIGHT.replace("    when: { not: volumes.retained }\n", "    when: volumes.retained\n"));
    let mut told = bed.run(&[&file]);
    let words = bed.next(&told);
    told = bed.run(&words);
    assert_eq!(
        told.report["asked"]["act"], "delete job/train-7f (Background)",
        "{}",
        told.text
    );
    let words = bed.next(&told);
    bed.wire.merge(
        &format!("/apis/batch/v1/namespaces/{NAMESPACE}/jobs/train-7f"),
        &serde_json::json!({"metadata": {"labels": {"changed": "meanwhile"}}}),
    );
    let stale = bed.run(&words);
    assert_eq!(stale.code, Some(4), "{}", stale.text);
    assert!(
        stale.report["told"]
            .as_str()
            .unwrap()
            .contains("something else than is shown"),
        "{}",
        stale.text
    );
    assert_ne!(stale.report["asked"]["digest"], told.report["asked"]["digest"]);
    assert_eq!(bed.deletions(), 0);
}

pub(crate) fn a_persons_words_are_kept_and_an_aborted_run_is_over() {
    let bed = Bed::tapped_tenant();
    let file = bed.file(NIGHT);
    let told = bed.run(&[&file]);
    assert_eq!(told.code, Some(4), "{}", told.text);
    // the same runbook is not begun a second time beside it
    let twin = bed.run(&[&file]);
    assert_eq!(twin.code, Some(1), "{}", twin.text);
    assert!(twin.text.contains("unfinished"), "{}", twin.text);
    let say = |word: &str| {
        bed.run(&[
            "--resume",
            "--decide",
            word,
            "--by",
            "berta",
            "--reason",
            "the window is shut",
        ])
    };
    let skipped = say("skip");
    assert_eq!(states(&skipped.report)[0], "skipped", "{}", skipped.text);
    let waived = say("waive");
    assert_eq!(
        states(&waived.report)[1],
        "acting",
        "a gate is not waived: {}",
        waived.text
    );
    let aborted = say("abort");
    assert_eq!(aborted.code, Some(1), "{}", aborted.text);
    assert!(
        aborted.report["told"]
            .as_str()
            .unwrap()
            .contains("aborted by berta: the window is shut"),
        "{}",
        aborted.text
    );
    assert!(bed.wire.writes().is_empty());
    let shown = bed.journal(&["show"]);
    assert!(shown.contains("look: skipped by berta: the window is shut"), "{shown}");
    assert!(shown.contains("the run is aborted by berta"), "{shown}");
}

pub(crate) fn a_changed_file_is_told_and_the_run_keeps_the_text_it_began_with() {
    let bed = Bed::tapped_tenant();
    let file = bed.file(NIGHT);
    let told = bed.run(&[&file]);
    let digest = told.report["digest"].clone();
    bed.file(&NIGHT.replace("job/${job}\", propagation", "job/train-80\", propagation"));
    let words = bed.next(&told);
    let resumed = bed.run(&words);
    assert_eq!(resumed.report["digest"], digest);
    let whole = bed.walk(resumed);
    assert!(
        bed.journal(&["show"])
            .contains("the runbook's file holds another text now")
    );
    assert_eq!(states(&whole.report), ["done"; 4]);
    let deleted = bed.wire.writes();
    assert!(
        deleted.iter().any(|line| line.ends_with("/jobs/train-7f")),
        "{deleted:?}"
    );
}

pub(crate) fn words_that_make_no_sense_are_told_before_a_cluster_is_asked() {
    let home = Home::new();
    for (arguments, told) in [
        (&["run", "--headless"][..], "which runbook?"),
        (&["run", "no-such", "--headless"], "no runbook"),
        (&["run", "unstick", "--headless"], "namespace is required"),
        (&["run", "unstick", "--approve", "x"], "--headless"),
        (&["run", "--resume", "--headless", "--approve", "x"], "--by"),
        (&["run", "--resume", "--set", "a=b"], "cannot be used"),
        (
            &["run", "--resume", "--headless", "--deadline", "soon"],
            "--deadline soon",
        ),
        (
            &[
                "run",
                "--resume",
                "--headless",
                "--decide",
                "skip",
                "--by",
                " ",
                "--reason",
                "x",
            ],
            "say nothing",
        ),
    ] {
        let output = home.run(arguments);
        assert_eq!(
            output.status.code(),
            Some(2),
            "{arguments:?}: {}{}",
            printed(&output),
            said(&output)
        );
        assert!(said(&output).contains(told), "{arguments:?}: {}", said(&output));
    }
}

/// Dies at each of these points in turn, in one run, and takes it up after each.
fn die_at_each(bed: &Bed, first: &[&str], points: &[String]) -> Told {
    let mut words: Vec<String> = first.iter().map(|word| (*word).to_owned()).collect();
    for point in points {
        let mut died = false;
        for _ in 0..8 {
            let told = bed.call(point, &words);
            if told.code.is_none() {
                died = true;
                // what was not opened is begun again; everything else is taken up
                if !point.starts_with("R0:opened") {
                    words = vec!["--resume".to_owned()];
                }
                break;
            }
            words = bed.next(&told);
        }
        assert!(died, "{point} was not passed");
        assert!(bed.journal(&["verify"]).starts_with('✓'), "{point}");
    }
    bed.walk(bed.run(&["--resume"]))
}

/// Every record of every step: before it is written, and when it is on disk. What was done is done once.
pub(crate) fn a_run_that_dies_at_each_of_its_records_is_taken_up_at_the_right_step() {
    let bed = Bed::tapped_tenant();
    let file = bed.file(NIGHT);
    let mut points = vec!["R0:opened".to_owned(), "R1:opened".to_owned()];
    let act = ["began", "sending", "ended", "acted", "verified"];
    let steps: [(&str, &[&str]); 4] = [
        ("look", &["signed", "acted", "verified"]),
        ("keep", &act),
        ("end", &act),
        ("gone", &["began", "acted", "verified"]),
    ];
    for (step, events) in steps {
        for event in events {
            points.extend(["R0", "R1"].map(|point| format!("{point}:{event}:{step}")));
        }
    }
    // the very last record ends the run: there is nothing to take up after it
    let last = points.pop().unwrap();
    assert_eq!(last, "R1:verified:gone");
    let told = die_at_each(&bed, &[&file], &points);
    assert_eq!(told.report["told"], "the run is over: complete", "{}", told.text);
    assert_eq!(states(&told.report), ["done"; 4]);
    assert_eq!(bed.deletions(), 1, "{:?}", bed.wire.writes());
    assert!(
        bed.policies().iter().all(|policy| policy == "\"Retain\""),
        "{:?}",
        bed.policies()
    );
    assert!(!bed.journal(&["show"]).contains("IN DOUBT"));
}

/// On the way of an act, too: the journal's doubt comes first, then the step is judged from the world.
pub(crate) fn a_run_that_dies_on_the_way_of_its_acts_settles_the_doubt_first_and_does_each_once() {
    let bed = Bed::tapped_tenant();
    let first = [
        "drain-foreign-jobs",
        "--set",
        "namespace=hasan-prod",
        "--set",
        "release=eks-1.0.4",
    ];
    let points: Vec<String> = ["J0", "J1", "J2", "J3", "J4", "J5", "J6"].map(str::to_owned).to_vec();
    let told = die_at_each(&bed, &first, &points);
    assert_eq!(told.report["told"], "the run is over: complete", "{}", told.text);
    assert_eq!(bed.deletions(), 9, "each of the nine once: {:?}", bed.wire.writes());
    let shown = bed.journal(&["show"]);
    assert!(shown.contains("settled") && !shown.contains("IN DOUBT"), "{shown}");
}

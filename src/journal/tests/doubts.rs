//! After a crash: the table of A4 row by row, and that nothing goes on before every row is settled.

use super::super::{
    DoubtfulStep, JournalError, Observed, Opened, Outcome, REQUEST_DEADLINE, Ruling, Verdict, judge, open, show,
};
use super::{advance, anna, at, clear_claim_ref, delete_claim, fresh, settled};
use crate::model::act::{HelmAct, Means, Standing, Upgrade};
use crate::model::{Act, Kind, Now, Object, ResourceVersion, Uid};
use std::time::Duration;

fn doubtful(act: Act, stage: usize) -> (tempfile::TempDir, super::super::Doubt) {
    let (dir, mut journal) = fresh();
    advance(&mut journal, act, stage);
    drop(journal);
    let Opened::InDoubt(doubt) = open(&dir.path().join("j"), &anna(), at(10)).unwrap() else {
        panic!("an unfinished step is in doubt");
    };
    (dir, doubt)
}

fn object(uid: &str, version: &str, deleting: bool, image_equal: bool) -> Observed {
    Observed::Object {
        uid: Uid::new(uid),
        resource_version: ResourceVersion::new(version),
        deleting,
        finalizers: if deleting {
            vec!["kubernetes.io/pvc-protection".into()]
        } else {
            Vec::new()
        },
        image_equal,
    }
}

fn ruling(step: &DoubtfulStep, observed: &Observed, now: Now) -> (Ruling, String) {
    let verdict = judge(step, observed, now);
    (verdict.ruling().clone(), verdict.evidence().to_owned())
}

/// Sent at 3 s; the server may be busy until 63 s.
const EARLY: u64 = 20;
const LATE: u64 = 64;

#[test]
fn the_table_for_delete() {
    for stage in [1, 2] {
        let (_dir, doubt) = doubtful(delete_claim(), stage);
        let step = &doubt.steps()[0];
        // What was cleared and not sent cannot be under way: `sent` is on disk before a request leaves.
        let (early, why_early, why_late) = if stage == 1 {
            (Ruling::NotApplied, "no request left", "no request left")
        } else {
            (Ruling::StillInDoubt, "look again in", "deadline has passed")
        };
        for (observed, now, expected, evidence) in [
            (Observed::Absent, EARLY, Ruling::Done, "by whose hand is not known"),
            (
                object("uid-2", "50", false, false),
                EARLY,
                Ruling::Conflict,
                "another one with uid uid-2",
            ),
            (
                object("uid-2", "50", true, false),
                EARLY,
                Ruling::Conflict,
                "another one with uid uid-2",
            ),
            (
                object("uid-1", "42", true, false),
                EARLY,
                Ruling::Accepted,
                "waits for kubernetes.io/pvc-protection",
            ),
            (object("uid-1", "41", false, false), EARLY, early, why_early),
            (object("uid-1", "41", false, false), LATE, Ruling::NotApplied, why_late),
            (
                Observed::Unreachable { why: "503".to_owned() },
                LATE,
                Ruling::StillInDoubt,
                "could not be read: 503",
            ),
        ] {
            let (found, text) = ruling(step, &observed, at(now));
            assert_eq!(found, expected, "{observed:?}");
            assert!(text.contains(evidence), "{text}");
        }
    }
}

#[test]
fn the_table_for_patch() {
    let (_dir, doubt) = doubtful(clear_claim_ref(), 2);
    let step = &doubt.steps()[0];
    for (observed, now, expected, evidence) in [
        (
            object("uid-1", "41", false, false),
            EARLY,
            Ruling::StillInDoubt,
            "look again in",
        ),
        (
            object("uid-1", "41", false, false),
            LATE,
            Ruling::NotApplied,
            "still at resourceVersion 41",
        ),
        (
            object("uid-1", "42", false, true),
            EARLY,
            Ruling::Done,
            "as the patch asked",
        ),
        (
            object("uid-1", "42", false, false),
            EARLY,
            Ruling::Conflict,
            "changed otherwise",
        ),
        (
            object("uid-2", "41", false, false),
            EARLY,
            Ruling::Conflict,
            "another object",
        ),
        (Observed::Absent, EARLY, Ruling::Conflict, "gone"),
        (
            Observed::Unreachable { why: "403".to_owned() },
            LATE,
            Ruling::StillInDoubt,
            "403",
        ),
    ] {
        let (found, text) = ruling(step, &observed, at(now));
        assert_eq!(found, expected, "{observed:?}");
        assert!(text.contains(evidence), "{text}");
    }
}

fn record(revision: u32, status: &str, version: &str) -> Standing {
    Standing {
        revision,
        status: status.into(),
        uid: Uid::new("uid-1"),
        resource_version: ResourceVersion::new(version),
    }
}

/// Helm may be at work for three timeouts and a minute, and the server a minute longer.
#[test]
fn the_table_for_helm() {
    const OVER: u64 = 3 + 3 * 5 + 60 + 60 + 1;
    let upgrade = || Act::Helm {
        release: super::pin(
            crate::model::Key::new(Kind::Release, "hasan-prod", "sh.helm.release.v1.eks.v7"),
            "uid-1",
        ),
        helm: HelmAct::Upgrade(Upgrade::default()),
        means: Some(Means {
            program: "/usr/bin/helm".into(),
            timeout: 5,
        }),
    };
    let old = || record(7, "deployed", "41");
    for stage in [1, 2] {
        let (_dir, doubt) = doubtful(upgrade(), stage);
        let step = &doubt.steps()[0];
        assert!(step.observe().contains("has a revision 8"), "{}", step.observe());
        let begun = |status: &str| vec![old(), record(8, status, "50")];
        let untouched = if stage == 1 {
            Ruling::NotApplied
        } else {
            Ruling::StillInDoubt
        };
        for (records, now, expected, evidence) in [
            (begun("deployed"), EARLY, Ruling::Done, "revision 8 of eks is deployed"),
            (vec![old()], LATE, untouched, "there is no revision 8"),
            (vec![old()], OVER, Ruling::NotApplied, "there is no revision 8"),
            (begun("failed"), EARLY, Ruling::Conflict, "revision 8 of eks is failed"),
            (begun("pending-upgrade"), OVER, Ruling::Conflict, "broke off"),
        ] {
            let told = format!("stage {stage}, {records:?} at {now}");
            let (found, text) = ruling(step, &Observed::Release { records }, at(now));
            assert_eq!(found, expected, "{told}: {text}");
            assert!(text.contains(evidence), "{told}: {text}");
        }
        let unread = Observed::Unreachable { why: "503".to_owned() };
        assert_eq!(ruling(step, &unread, at(OVER)).0, Ruling::StillInDoubt);
    }
    let (_dir, doubt) = doubtful(upgrade(), 2);
    let pending = Observed::Release {
        records: vec![old(), record(8, "pending-upgrade", "50")],
    };
    let (found, text) = ruling(&doubt.steps()[0], &pending, at(LATE));
    assert!(
        found == Ruling::StillInDoubt && text.contains("helm may still be at work"),
        "{text}"
    );
}

/// A helm that is known to be gone, or never to have been started, has not to be waited for: only what it asked of the server
/// last may still be carried out, from the moment its end was seen.
#[test]
fn no_helm_at_work_shortens_the_wait_to_what_the_server_may_take() {
    let upgrade = Act::Helm {
        release: super::pin(
            crate::model::Key::new(Kind::Release, "hasan-prod", "sh.helm.release.v1.eks.v7"),
            "uid-1",
        ),
        helm: HelmAct::Upgrade(Upgrade::default()),
        means: None,
    };
    let (_dir, mut doubt) = doubtful(upgrade, 2);
    let untouched = Observed::Release {
        records: vec![record(7, "deployed", "41")],
    };
    doubt.without_helm(at(EARLY), |_| false);
    let later = EARLY + REQUEST_DEADLINE.as_secs() + 10;
    assert_eq!(
        ruling(&doubt.steps()[0], &untouched, at(later)).0,
        Ruling::StillInDoubt,
        "helm may live"
    );
    let name = doubt.steps()[0].entry().step.clone();
    doubt.without_helm(at(later), |step| *step == *name);
    doubt.without_helm(at(later + 30), |step| *step == *name);
    let (found, text) = ruling(&doubt.steps()[0], &untouched, at(later + 59));
    assert!(
        found == Ruling::StillInDoubt && text.contains("no helm is at work any more"),
        "{text}"
    );
    let (found, text) = ruling(&doubt.steps()[0], &untouched, at(later + 61));
    assert_eq!(found, Ruling::NotApplied, "{text}");
}

#[test]
fn what_was_never_cleared_never_left() {
    for act in [delete_claim(), clear_claim_ref()] {
        let (_dir, doubt) = doubtful(act, 0);
        let step = &doubt.steps()[0];
        for observed in [
            Observed::Absent,
            object("uid-1", "41", false, false),
            Observed::Unreachable { why: "down".to_owned() },
        ] {
            let (found, evidence) = ruling(step, &observed, at(EARLY));
            assert_eq!(found, Ruling::NotApplied);
            assert!(evidence.contains("no request left"));
        }
        assert!(step.observe().starts_with("nothing"));
    }
}

#[test]
fn a_wall_clock_set_back_does_not_keep_a_doubt_alive() {
    let (_dir, doubt) = doubtful(delete_claim(), 2);
    let step = &doubt.steps()[0];
    let still_there = object("uid-1", "41", false, false);
    let back = |seconds: u64| Now {
        mono: at(seconds).mono,
        wall: at(0).wall - Duration::from_hours(1),
    };
    // Found at 10 s on this run's clock.
    assert_eq!(ruling(step, &still_there, back(30)).0, Ruling::StillInDoubt);
    assert_eq!(
        ruling(step, &still_there, back(10 + REQUEST_DEADLINE.as_secs())).0,
        Ruling::NotApplied
    );
}

#[test]
fn observations_are_read_off_objects() {
    let volume = |claim_ref: &str| {
        let json = format!(
            r#"{{"metadata":{{"name":"efs-data","uid":"uid-1","resourceVersion":"42"}},"spec":{{"claimRef":{claim_ref}}}}}"#
        );
        Object::decode(Kind::PersistentVolume, json.as_bytes()).unwrap()
    };
    for (claim_ref, equal) in [
        (r#"{"namespace":"a","name":"b"}"#, true),
        (r#"{"namespace":"a","name":"b","uid":"u"}"#, false),
        (r#"{"namespace":"a","name":"b","resourceVersion":"7"}"#, false),
        ("null", false),
    ] {
        let observed = Observed::of(&clear_claim_ref(), Some(&volume(claim_ref)));
        assert_eq!(observed, object("uid-1", "42", false, equal), "{claim_ref}");
    }
    assert_eq!(Observed::of(&delete_claim(), None), Observed::Absent);
}

#[test]
fn nothing_goes_on_before_every_doubt_is_settled() {
    let (dir, doubt) = doubtful(delete_claim(), 2);
    let (doubt, error) = doubt.settle(&[], at(11)).unwrap_err();
    assert!(matches!(error, JournalError::StillInDoubt { steps } if steps.len() == 1));
    let unreachable = judge(
        &doubt.steps()[0],
        &Observed::Unreachable { why: "503".to_owned() },
        at(11),
    );
    let (doubt, _) = doubt.settle(&[unreachable], at(11)).unwrap_err();
    assert_eq!(show(&dir.path().join("j")).unwrap().steps[0].stage.word(), "unfinished");

    let gone = judge(&doubt.steps()[0], &Observed::Absent, at(12));
    let journal = doubt.settle(&[gone], at(12)).unwrap();
    assert_eq!(journal.steps().next().unwrap().stage.word(), "done");
    drop(journal);
    settled(&dir.path().join("j"), at(20));
    let text = show(&dir.path().join("j")).unwrap().text();
    assert!(
        text.contains("settled  delete pvc/shared-data (Background): done, pvc/shared-data is gone"),
        "{text}"
    );
}

#[test]
fn a_person_may_settle_what_cannot_be_observed_and_signs_it() {
    let (dir, doubt) = doubtful(delete_claim(), 2);
    let mut bert = anna();
    bert.user = "bert@corp".into();
    let verdict = Verdict::by_person(&doubt.steps()[0], Ruling::NotApplied, &bert, "the cluster was rebuilt");
    drop(doubt.settle(&[verdict], at(12)).unwrap());
    let shown = show(&dir.path().join("j")).unwrap();
    let last = shown.entries.last().unwrap();
    assert_eq!(last.actor, "bert@corp@laptop");
    assert!(
        last.payload
            .to_string()
            .contains("bert@corp says: the cluster was rebuilt")
    );
}

#[test]
fn an_answer_that_did_not_tell_is_a_doubt_after_a_restart_and_an_accepted_delete_is_none() {
    let (dir, mut journal) = fresh();
    let ticket = advance(&mut journal, delete_claim(), 2);
    let accepted = Outcome::Accepted {
        evidence: "deletionTimestamp".to_owned(),
        waits_for: Vec::new(),
    };
    journal.close(&ticket, accepted, at(4)).unwrap();
    let ticket = advance(&mut journal, clear_claim_ref(), 2);
    journal
        .close(&ticket, Outcome::InDoubt { why: "504".to_owned() }, at(5))
        .unwrap();
    drop(journal);
    let Opened::InDoubt(doubt) = open(&dir.path().join("j"), &anna(), at(9)).unwrap() else {
        panic!("504 tells nothing");
    };
    assert_eq!(doubt.steps().len(), 1);
    assert_eq!(doubt.steps()[0].act(), &clear_claim_ref());
    assert_eq!(doubt.steps()[0].stood(), "sent; the answer did not tell");
}

//! Lines after `:` that ask for acts: which panel they open, and why none.

use super::*;
use crate::app::Mode;
use crate::app::fixture::{cockpit, press};
use crate::app::palette::completion;

fn opened(keys: &str) -> State {
    let mut state = cockpit(Mode::Operating, (100, 40));
    press(&mut state, &format!("<enter>{keys}<enter>"));
    state
}

#[test]
fn a_line_opens_the_panel_of_its_act_and_of_nothing_else() {
    for (line, told) in [
        (":delete pvc/mysql-pvc", "delete pvc/mysql-pvc (Background)"),
        (":delete job/train-7f orphan", "delete job/train-7f (Orphan)"),
        (
            ":annotate pvc/mysql-pvc helm.sh/resource-policy=keep",
            "annotate pvc/mysql-pvc helm.sh/resource-policy=keep",
        ),
        (
            ":stamp pvc/mysql-pvc hasan-prod/eks",
            "stamp pvc/mysql-pvc for release hasan-prod/eks",
        ),
        (":create-claim pvc/fresh size=1Gi", "create pvc/fresh"),
    ] {
        let state = opened(line);
        let gate = state.gate.as_ref().map(|gate| gate.panel.act().to_string());
        assert_eq!(gate.as_deref(), Some(told), "{line}: {:?}", state.flash);
    }
}

#[test]
fn what_cannot_be_asked_opens_nothing_and_says_why() {
    for (line, why) in [
        (":scale pvc/mysql-pvc 2", "has no scale"),
        (":delete pvc/none", "there is no pvc/none"),
        (":reclaim-policy pvc/mysql-pvc keep", "retain|delete"),
        (":annotate pvc/mysql-pvc example.com/x=1", "does not read"),
        (":create-claim fresh", ":create-claim pvc/NAME"),
        (":create-claim pvc/fresh", "size"),
        (":evict pvc/mysql-pvc", "no eviction"),
    ] {
        let state = opened(line);
        assert!(state.gate.is_none(), "{line}");
        let said = state
            .flash
            .as_ref()
            .map(|flash| flash.sentence.clone())
            .unwrap_or_default();
        assert!(said.contains(why), "{line}: {said}");
    }
}

#[test]
fn without_a_name_the_object_under_the_cursor_is_meant() {
    let state = opened(":jobs<enter>/train-7f<enter>g:delete");
    let gate = state.gate.as_ref().map(|gate| gate.panel.act().to_string());
    assert_eq!(gate.as_deref(), Some("delete job/train-7f (Background)"));
}

#[test]
fn objects_and_what_can_be_asked_of_them_complete() {
    let mut state = cockpit(Mode::Operating, (100, 40));
    press(&mut state, "<enter>");
    for (typed, rest) in [
        ("ann", "otate "),
        ("delete pvc/my", "sql-pvc"),
        ("delete pvc/mysql-pvc or", "phan"),
        ("annotate pvc/mysql-pvc helm.sh/r", "esource-policy=keep"),
        ("remove-finalizer pvc/mysql-pvc kub", "ernetes.io/pvc-protection"),
        ("scale ", ""),
    ] {
        assert_eq!(completion(&state, typed), rest, "{typed}");
    }
}

/// A release's name means it wherever its records are; one that two bear means neither.
#[test]
fn a_release_is_named_wherever_its_records_are_kept() {
    use crate::app::event::Effect;
    use crate::model::helm::Driver;
    use crate::model::{FeedId, Observation};
    let record = |driver: Driver, name: &str| {
        let object = serde_json::json!({ "metadata": {
            "name": format!("sh.helm.release.v1.{name}.v3"), "namespace": "hasan-prod", "uid": format!("{name}-{}", driver.word()),
            "resourceVersion": "9", "labels": { "owner": "helm", "name": name, "version": "3", "status": "deployed" },
        }});
        Object::from_value(driver.kind(), &object).unwrap()
    };
    let mut state = cockpit(Mode::Operating, (100, 40));
    let all = [
        record(Driver::ConfigMap, "map"),
        record(Driver::ConfigMap, "both"),
        record(Driver::Secret, "both"),
    ];
    for object in all {
        let observations = vec![Observation::Applied {
            feed: FeedId::cluster(object.kind()),
            object: Box::new(object),
            at: state.now.mono,
        }];
        crate::app::update(&mut state, crate::app::Event::Observed(observations));
    }
    press(&mut state, "<enter>");
    let mut asked = |line: &str| {
        let effects = press(&mut state, &format!("{line}<enter>"));
        let act = effects.into_iter().find_map(|effect| {
            if let Effect::PrepareHelm(act) = effect {
                Some(act.target().key.kind)
            } else {
                None
            }
        });
        let said = state.flash.as_ref().map(|flash| flash.sentence.clone());
        act.ok_or_else(|| said.unwrap_or_default())
    };
    assert_eq!(asked(":uninstall release/map"), Ok(Kind::ReleaseMap));
    assert_eq!(asked(":rollback release-configmap/both 1"), Ok(Kind::ReleaseMap));
    let both = asked(":uninstall release/both").unwrap_err();
    assert!(both.contains("is there twice") && both.contains("cursor"), "{both}");
    assert_eq!(asked(":install new ./chart"), Ok(Kind::Release));
    assert_eq!(asked(":install new ./chart driver=configmap"), Ok(Kind::ReleaseMap));
    let seen = asked(":upgrade release/map ./chart driver=secret").unwrap_err();
    assert!(seen.contains("is seen, and not asked"), "{seen}");
    assert!(
        asked(":install new ./chart driver=sql")
            .unwrap_err()
            .contains(":install NAME")
    );
}

//! One picture a screen and size.

use crate::app::fixture::{at, cockpit, press, started};
use crate::app::{Doubtful, Event, Fetched, Mode, State, update};
use crate::model::event::EventLine;
use crate::model::feed::FeedState;
use crate::model::{FeedId, Key, Kind, Moment, Observation};
use crate::ui::picture::letters;

/// The sizes every screen is drawn at.
const SIZES: [(u16, u16); 4] = [(20, 5), (80, 24), (120, 40), (300, 100)];

/// Draws the screen these keys lead to at every size.
fn pictures(name: &str, keys: &str) {
    for (width, height) in SIZES {
        let mut state = cockpit(Mode::Operating, (width, height));
        press(&mut state, keys);
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(format!("{name}-{width}x{height}"), letters(&state));
        });
    }
}

#[test]
fn the_fleet() {
    pictures("fleet", "");
}

#[test]
fn a_tenant() {
    pictures("tenant", ":tenant has<enter>");
}

#[test]
fn a_tenants_jobs() {
    pictures("jobs", ":tenant has<enter><tab>");
}

#[test]
fn the_chain_of_a_dying_claim() {
    pictures("chain", ":tenant has<enter>jj<enter>");
}

#[test]
fn why_a_claim_is_stuck() {
    pictures("explain", ":tenant has<enter>jjx");
}

#[test]
fn what_deleting_a_claim_would_do() {
    pictures("forecast", ":tenant has<enter>jf");
}

#[test]
fn all_keys() {
    pictures("help", "?");
}

#[test]
fn the_panel_in_front_of_deleting_a_job() {
    pictures("gate-job", ":tenant has<enter><tab><ctrl-d>");
}

#[test]
fn the_panel_in_front_of_deleting_a_claim() {
    pictures("gate-claim", ":tenant has<enter>j<ctrl-d>");
}

#[test]
fn the_panel_in_front_of_clearing_a_claim_ref() {
    pictures("gate-claimref", ":tenant has<enter>Gc");
}

/// Draws the state at every size after `change` was made to it.
fn changed(name: &str, mode: Mode, change: impl Fn(&mut State)) {
    for (width, height) in SIZES {
        let mut state = cockpit(mode, (width, height));
        change(&mut state);
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(format!("{name}-{width}x{height}"), letters(&state));
        });
    }
}

#[test]
fn a_lost_server() {
    changed("lost", Mode::Operating, |state| {
        let why = "connection refused (https://eu-central-1)".to_owned();
        update(state, Event::ConnectionLost { why });
        update(state, Event::Tick(at(13_000)));
    });
}

#[test]
fn a_denied_feed_and_a_stale_one() {
    changed("denied", Mode::Observing, |state| {
        press(state, "<enter>");
        let denied = FeedState::Denied {
            since: Moment::default(),
            why: "persistentvolumes is forbidden: User \"anna@corp\" cannot list resource".into(),
        };
        let stale = FeedState::Stale {
            since: Moment::default(),
            why: "connection reset by peer".into(),
        };
        let reports = [(Kind::PersistentVolume, denied), (Kind::Job, stale)]
            .into_iter()
            .map(|(kind, state)| Observation::Lost {
                feed: FeedId::cluster(kind),
                state,
            })
            .collect();
        update(state, Event::Observed(reports));
    });
}

#[test]
fn the_first_list_under_way() {
    for (width, height) in SIZES {
        let mut state = started(Mode::Observing, (width, height));
        update(&mut state, Event::Tick(at(3_000)));
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(format!("waiting-{width}x{height}"), letters(&state));
        });
    }
}

#[test]
fn the_yaml_of_a_claim() {
    changed("yaml", Mode::Observing, |state| {
        press(state, "<enter>jy");
        let key = Key::new(Kind::PersistentVolumeClaim, "hasan-prod", "mysql-pvc");
        let yaml = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata:\n  name: mysql-pvc\n  finalizers:\n  - kubernetes.io/pvc-protection\nspec:\n  volumeName: pvc-9f1c\n";
        let answer = Ok(yaml.to_owned());
        update(state, Event::Fetched(Fetched::Yaml { key, answer }));
    });
}

#[test]
fn the_events_of_a_claim() {
    changed("events", Mode::Observing, |state| {
        press(state, "<enter>je");
        let key = Key::new(Kind::PersistentVolumeClaim, "hasan-prod", "mysql-pvc");
        let line = EventLine {
            severity: "Warning".into(),
            reason: "ProvisioningFailed".into(),
            message: "storageclass.storage.k8s.io \"ebs-old\" not found".to_owned(),
            count: 12,
            last: Some(at(0).wall),
            source: "persistentvolume-controller".into(),
        };
        update(
            state,
            Event::Fetched(Fetched::Events {
                key,
                answer: Ok(vec![line]),
            }),
        );
    });
}

#[test]
fn steps_in_doubt() {
    changed("doubts", Mode::Operating, |state| {
        let doubt = Doubtful {
            step: "delete pvc/shared-data (Background)".into(),
            act: "delete pvc/shared-data (Background)".to_owned(),
            verdict: "accepted".to_owned(),
            evidence: vec![
                "sent; no answer is recorded".to_owned(),
                "pvc/shared-data still has the uid, deletionTimestamp is set; waits for kubernetes.io/pvc-protection"
                    .to_owned(),
            ],
            asks: false,
            settled: true,
        };
        let asked = Doubtful {
            step: "delete job/train-7f (Background)".into(),
            act: "delete job/train-7f (Background)".to_owned(),
            verdict: "in doubt".to_owned(),
            evidence: vec![
                "sent; no answer is recorded".to_owned(),
                "the server does not answer".to_owned(),
            ],
            asks: true,
            settled: false,
        };
        update(state, Event::Doubts(vec![doubt, asked]));
    });
}

#[test]
fn the_panel_in_front_of_deleting_a_pod() {
    pictures("gate-pod", ":tenant has<enter>:pods<enter><ctrl-d>");
}

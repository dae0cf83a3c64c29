//! The good days: A and C of the shipped `helm-handover` from end to end, with both helms, by the command line and by keys.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use pilothouse::app::Event;
use pilothouse::app::run::{Order, Wanted};
use pilothouse::model::helm::Ledger;
use pilothouse::runbook::{Given, Origin, Runbook, Source, parse, resolve};
use serde_json::json;

use super::disks::Disks;
use super::operator::{CALLS, Operator, Told};
use super::tenant::{DATABASE, FAMILY, NEW, OLD, Tenant};
use crate::cockpit::fly;
use crate::flight::Flight;
use crate::helm_acts::{FOUR, Helm, THREE};
use crate::support::persons::Person;
use crate::trial::{Trial, text};

const SHIPPED: &str = include_str!("../../../src/runbook/shipped/helm-handover.yaml");

/// The shipped runbook, but for its last day: a soak is over when it has been looked at twice.
fn shortened() -> String {
    let text = SHIPPED
        .replace(
            "    min: 10m\n    description: How long the new",
            "    min: 1s\n    description: How long the new",
        )
        .replace("      every: 1m\n", "      every: 5s\n")
        // other trials make and drop databases of their own on the same server meanwhile
        .replace(
            "not datistemplate order",
            "not datistemplate and datname = ''postgres'' order",
        );
    assert!(
        text.contains("min: 1s") && text.contains("every: 5s") && text.contains("datname = ''postgres''"),
        "its soak, or how rows are counted, is said otherwise"
    );
    text
}

/// The two ways that work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// A: the stored manifest of the old release keeps the claims.
    Keep,
    /// C: the claims go, the volumes stay and get new ones.
    Retain,
}

/// A handover, prepared: a tenant on disks that would be destroyed with their claims, and what a person does meanwhile.
pub(crate) struct Course<'trial> {
    pub(crate) tenant: Tenant<'trial>,
    pub(crate) before: Disks,
    way: Way,
}

impl<'trial> Course<'trial> {
    pub(crate) fn prepared(trial: &'trial Trial<'trial>, helm: Helm, way: Way) -> Self {
        let tenant = Tenant::installed(trial, helm);
        let before = tenant.disks();
        Self { tenant, before, way }
    }

    /// The values of the runbook's parameters.
    fn values(&self) -> Vec<(&'static str, String)> {
        let tenant = &self.tenant;
        let mut values = vec![
            ("namespace", tenant.trial.namespace.clone()),
            ("release", OLD.release.to_owned()),
            ("newRelease", NEW.release.to_owned()),
            ("chart", NEW.chart()),
            ("values", tenant.values(NEW, &json!({}))),
            ("settle", "2m".to_owned()),
            ("soak", "6s".to_owned()),
            ("storageClass", tenant.trial.namespace.clone()),
            ("engine", "postgres".to_owned()),
            ("databasePod", DATABASE.to_owned()),
            ("newDatabasePod", DATABASE.to_owned()),
            ("dumpTo", self.dump().display().to_string()),
        ];
        match self.way {
            Way::Keep => values.extend([
                ("path", "keep".to_owned()),
                ("keepChart", OLD.chart()),
                ("keepValues", tenant.values(OLD, &json!({"keep": true}))),
                ("backup", "command".to_owned()),
                (
                    "backupCommand",
                    self.program("save", "echo \"files of $1\" >\"$0-$1\"; echo \"identifier: $0-$1\""),
                ),
                ("backupCheck", self.program("check", "grep -q '^files of ' \"$1\"")),
            ]),
            Way::Retain => values.push(("path", "retain".to_owned())),
        }
        values
    }

    /// A program of the operator's: what a shell does with this line.
    fn program(&self, name: &str, line: &str) -> String {
        let path = self.tenant.file(name);
        std::fs::write(&path, format!("#!/bin/sh\n{line}\n")).expect("a program");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("a program");
        path.display().to_string()
    }

    /// The file of the database's dump.
    pub(crate) fn dump(&self) -> PathBuf {
        self.tenant.file(&format!("{:?}.sql", self.way))
    }

    /// What is walked, read.
    pub(crate) fn runbook() -> Runbook {
        let source = Source::new("handover.yaml", shortened());
        parse(&source).unwrap_or_else(|faults| panic!("{}", faults.text()))
    }

    /// The words that begin it.
    pub(crate) fn words(&self) -> Vec<String> {
        let runbook = self.tenant.file("handover.yaml");
        std::fs::write(&runbook, shortened()).expect("a runbook");
        let set = |(name, value): (&str, String)| ["--set".to_owned(), format!("{name}={value}")];
        let values = self.values().into_iter().flat_map(set);
        std::iter::once(runbook.display().to_string()).chain(values).collect()
    }

    /// Approves whatever is asked until this holds, or nothing is asked any more.
    pub(crate) fn walk_until(&self, operator: &Operator<'_>, told: Told, holds: impl Fn(&Told) -> bool) -> Told {
        let mut told = told;
        for _ in 0..CALLS {
            self.before.assert_all_there(self.tenant.trial);
            if told.code != Some(4) || holds(&told) {
                return told;
            }
            told = operator.approve(&told);
        }
        panic!("it does not end: {}", told.text);
    }

    /// To the end, whatever a person has to decide on the way.
    pub(crate) fn through(&self, operator: &Operator<'_>, told: Told) -> Told {
        let told = self.as_far_as_it_goes(operator, told);
        told.assert_complete();
        self.assert_handed_over();
        let journal = operator.journal();
        assert!(!journal.contains("IN DOUBT"), "{journal}");
        // the backup that the runbook had made: A by a program, C signed for
        let made = format!("save-{}; its check ended with exit code 0", self.tenant.trial.namespace);
        assert_eq!(journal.contains(&made), self.way == Way::Keep, "{journal}");
        told
    }

    /// As far as a person comes who approves what is asked and begins anew what stopped.
    pub(crate) fn as_far_as_it_goes(&self, operator: &Operator<'_>, told: Told) -> Told {
        let mut told = told;
        for _ in 0..CALLS {
            self.before.assert_all_there(self.tenant.trial);
            if told.sentence().starts_with("the run is over") {
                break;
            }
            let before = told.sentence().to_owned();
            told = operator.run(&operator.next(&told));
            // asked nothing, and told the same: nobody but another person gets any further
            if told.code != Some(4) && told.sentence() == before {
                break;
            }
        }
        told
    }

    /// The old release is gone, its claims are the new one's on the very volumes and kept where it counts, the database runs.
    pub(crate) fn assert_handed_over(&self) {
        let (tenant, trial) = (&self.tenant, self.tenant.trial);
        let after = tenant.disks();
        self.before.assert_the_same_volumes(&after);
        // A never touched the claims, C made others
        assert_eq!(self.before == after, self.way == Way::Keep);
        let gone = tenant.helm(&["status", OLD.release]);
        assert!(!gone.success, "{gone}");
        for claim in FAMILY {
            let claim = trial.claim(claim).expect("a claim");
            let owner = text(&claim["metadata"]["annotations"]["meta.helm.sh/release-name"]);
            assert_eq!(owner, NEW.release);
        }
        let kept = tenant.manifest(NEW).matches("helm.sh/resource-policy: keep").count();
        assert_eq!(kept, FAMILY.len());
        trial.wait_running(DATABASE);
        let class = format!("/apis/storage.k8s.io/v1/storageclasses/{}", trial.namespace);
        let class = trial.plane.get(&class).expect("the class");
        assert_eq!(class["provisioner"], trial.plane.csi().plain.name());
        let dump = std::fs::read_to_string(self.dump()).expect("the dump");
        assert!(
            dump.contains("PostgreSQL database cluster dump complete"),
            "{}",
            dump.len()
        );
    }
}

fn walked(trial: &Trial<'_>, helm: Helm, way: Way) {
    let course = Course::prepared(trial, helm, way);
    let operator = Operator::of(course.tenant);
    let told = course.walk_until(&operator, operator.run(&course.words()), |_| false);
    // a good day: nobody had to decide anything
    told.assert_complete();
    course.through(&operator, told);
}

pub(crate) fn kept_three(trial: &Trial<'_>) {
    walked(trial, THREE, Way::Keep);
}

pub(crate) fn kept_four(trial: &Trial<'_>) {
    walked(trial, FOUR, Way::Keep);
}

pub(crate) fn retained_three(trial: &Trial<'_>) {
    walked(trial, THREE, Way::Retain);
}

pub(crate) fn retained_four(trial: &Trial<'_>) {
    walked(trial, FOUR, Way::Retain);
}

/// C by keys into the cockpit, as an operator walks it on the night.
pub(crate) fn retained_by_keys(trial: &Trial<'_>) {
    let course = Course::prepared(trial, THREE, Way::Retain);
    let program = trial.plane.programs().kit.program(THREE.program);
    let given = |(name, text): (&str, String)| Given {
        name: name.to_owned(),
        text,
        origin: Origin::Flag,
    };
    let given: Vec<Given> = course.values().into_iter().map(given).collect();
    let order = Order {
        wanted: Wanted::New(Box::new(resolve(&Course::runbook(), &given).expect("values"))),
        executor: Some(THREE.executor),
        rendered: BTreeMap::new(),
        ledger: Ledger::default(),
        unattended: false,
        with_token: false,
        approver: None,
    };
    fly(async {
        let mut flight = Flight::with_helm(trial.plane.kubeconfig(Person::Anna), program).await;
        flight.take(Event::Resize {
            width: 170,
            height: 120,
        });
        // as `pilothouse run` begins it
        flight.take(Event::RunAsked(Box::new(order)));
        flight
            .until("a run to be on", |state| state.runs().on().is_some())
            .await;
        let ended = flight.walk_run(trial, || course.before.assert_all_there(trial)).await;
        assert_eq!(ended, "complete", "{}", flight.text());
    });
    course.assert_handed_over();
}

//! What an operator's hands do again and again: go to an object, open its panel, answer it.

use super::flight::{Flight, line};
use pilothouse::app::{Key, Phase, Step};
use pilothouse::journal::{self, RecordKind, Shown};
use pilothouse::model::{self, Kind, Object};
use pilothouse::sandbox::Objects as _;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

impl Flight {
    /// `:words`
    pub(super) fn order(&mut self, words: &str) {
        self.keys(":");
        self.keys(words);
        self.key(Key::Enter);
    }

    /// Goes to a tenant, and to the row of one of its panels that this text picks out.
    pub(super) async fn choose(&mut self, tenant: &str, panel: &str, text: &str) {
        self.key(Key::Esc);
        self.until_shown(tenant).await;
        self.order("fleet");
        self.order(&format!("tenant {tenant}"));
        self.order(panel);
        self.keys("/");
        self.key(Key::Ctrl('u'));
        self.keys(text);
        self.key(Key::Enter);
        self.keys("g");
    }

    /// Opens the panel in front of what the key leads to, with facts that were heard just now, and looks at it.
    pub(super) async fn open_panel(&mut self, key: Key) {
        self.key(key);
        assert!(self.state().at_gate(), "no panel opened:\n{}", self.text());
        self.until("the journal to be open", |state| {
            !line(state).contains("the journal is not open")
        })
        .await;
        self.fresh().await;
        self.pass(Duration::from_millis(800));
    }

    /// Signs everything that waits for a signature.
    pub(super) fn attest_all(&mut self) {
        for _ in 0..20 {
            self.key(Key::Up);
        }
        for _ in 0..20 {
            if self.text().lines().any(|line| line.contains("▸☐")) {
                self.keys(" ");
            }
            self.key(Key::Down);
        }
    }

    /// The fact that the panel asks for.
    pub(super) fn question(&self) -> String {
        let line = self.line();
        // what a runbook asks to be typed stands before the fact
        let mut typed = line.split(" type ").skip(1);
        let asked = typed.find(|rest| rest.starts_with("the ") || rest.starts_with("how "));
        let asked = asked.and_then(|rest| rest.split(':').next());
        asked
            .unwrap_or_else(|| panic!("nothing is asked:\n{}", self.text()))
            .to_owned()
    }

    /// The answer, as an operator finds it: from the objects that the question names.
    pub(super) fn fact(&self) -> String {
        let question = self.question();
        let between = |before: &str, after: &str| {
            let rest = question.strip_prefix(before)?.strip_suffix(after)?;
            Some(self.named(rest))
        };
        if let Some(object) = between("the last six of the uid of ", "") {
            return object.meta.uid.tail(6);
        }
        if let Some(object) = between("the last six of the disk's handle behind ", "") {
            let handle = object.body.volume().unwrap().spec.handle();
            return handle.chars().skip(handle.chars().count() - 6).collect();
        }
        if let Some(object) = between("how many pods ", " has") {
            return self.pods_of(&object).len().to_string();
        }
        if let Some(object) = between("the node that the pods of ", " run on") {
            return self.pods_of(&object)[0].body.pod().unwrap().spec.node_name.to_string();
        }
        let object = between("the node that ", " runs on").expect("a question this hand knows");
        object.body.pod().unwrap().spec.node_name.to_string()
    }

    fn pods_of(&self, owner: &Object) -> Vec<Arc<Object>> {
        let dependents = self.state().world().dependents_of(&owner.meta.uid);
        dependents
            .filter(|object| object.kind() == Kind::Pod)
            .cloned()
            .collect()
    }

    /// The object that the screen calls so, in the namespace of the panel.
    fn named(&self, name: &str) -> Arc<Object> {
        let title = self.text().lines().nth(1).unwrap().to_owned();
        let namespace = title.split(" in ").nth(1).and_then(|rest| rest.split(' ').next());
        let found = self.state().world().objects().find(|object| {
            let key = object.key();
            key.to_string() == name && (key.namespace.is_empty() || Some(key.namespace.as_str()) == namespace)
        });
        Arc::clone(found.unwrap_or_else(|| panic!("{name} is not there")))
    }

    /// Types, fast for a hand, but as one.
    pub(super) fn type_in(&mut self, text: &str) {
        for letter in text.chars() {
            self.pass(Duration::from_millis(10));
            self.key(Key::Char(letter));
        }
    }

    /// Signs and types all that is asked for.
    pub(super) fn answer(&mut self) {
        self.attest_all();
        let fact = self.fact();
        self.type_in(&fact);
    }

    /// How the screen tells whether APPROVE is open.
    pub(super) fn is_open(&self) -> bool {
        let text = self.text();
        let panel: Vec<&str> = text.lines().take(39).collect();
        let told = |word: &str| {
            panel
                .iter()
                .any(|line| line.trim_start().starts_with(&format!("APPROVE is {word}: ")))
        };
        assert_ne!(told("open"), told("closed"), "{text}");
        told("open")
    }

    /// Holds the key of a T1 act for somewhat longer than a second.
    pub(super) fn hold(&mut self) {
        for _ in 0..5 {
            self.keys(" ");
            self.pass(Duration::from_millis(300));
        }
    }

    /// APPROVE.
    pub(super) fn approve(&mut self) {
        self.key(Key::Ctrl('y'));
    }

    /// APPROVE, and it is open: a step begins.
    pub(super) fn yes(&mut self) {
        let before = self.state().steps().count();
        self.approve();
        assert_eq!(
            self.state().steps().count(),
            before + 1,
            "no step began:\n{}",
            self.text()
        );
    }

    /// The step taken last.
    pub(super) fn step(&self) -> &Step {
        self.state().steps().last().expect("a step was taken")
    }

    /// Waits until the server took the step's request, lets its controllers work, and waits for the end.
    pub(super) async fn until_over(&mut self) {
        self.until("the server's answer", |state| {
            state
                .steps()
                .last()
                .is_some_and(|step| step.over() || step.phase == Phase::Accepted)
        })
        .await;
        self.heard().await;
        for _ in 0..100 {
            if self.step().over() {
                break;
            }
            self.pass(Duration::from_secs(1));
            self.heard().await;
        }
        self.until("the step to be over", |state| {
            state.steps().last().is_some_and(Step::over)
        })
        .await;
    }

    /// Waits until the cockpit's world is the sandbox's.
    pub(super) async fn heard(&mut self) {
        let sandbox = Arc::clone(self.sandbox.as_ref().expect("on the sandbox"));
        let there: Vec<(model::Key, String)> = sandbox.read(|store| {
            let version = |object: &Value| {
                object["metadata"]["resourceVersion"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned()
            };
            store
                .all()
                .iter()
                .map(|(key, object)| (key.clone(), version(object)))
                .collect()
        });
        self.until("all that happened to be heard", |state| {
            let same = |(key, version): &(model::Key, String)| {
                state
                    .world()
                    .get(key)
                    .is_some_and(|object| object.meta.resource_version.to_string() == version.as_str())
            };
            state.world().len() == there.len() && there.iter().all(same)
        })
        .await;
    }

    /// Changes an object behind the cockpit's back.
    pub(super) fn meddle(&self, key: &model::Key, change: impl FnOnce(&mut Value)) {
        meddle(self.sandbox.as_ref().expect("on the sandbox"), key, change);
    }

    /// An object as the server has it.
    pub(super) fn server_has(&self, key: &model::Key) -> Option<Value> {
        self.sandbox
            .as_ref()
            .expect("on the sandbox")
            .read(|store| store.get(key))
    }

    /// The journal as far as it is written, verified.
    pub(super) fn recorded(&self) -> Shown {
        let path = self.journal();
        let verified = journal::verify(&path);
        assert!(verified.is_ok(), "{verified:?}");
        journal::show(&path).unwrap()
    }

    /// The kinds of the journal's records.
    pub(super) fn kinds(&self) -> Vec<RecordKind> {
        kinds(&self.recorded())
    }

    /// Waits until the journal holds so many records of a kind.
    pub(super) async fn until_recorded(&mut self, kind: RecordKind, count: usize) {
        let path = self.journal();
        self.until(&format!("{count} × {kind:?} in the journal"), move |_| {
            let held = journal::show(&path).map(|shown| kinds(&shown)).unwrap_or_default();
            held.iter().filter(|held| **held == kind).count() == count
        })
        .await;
    }
}

fn kinds(shown: &Shown) -> Vec<RecordKind> {
    shown.entries.iter().filter_map(journal::Record::known_kind).collect()
}

/// Changes an object of a sandbox as somebody else would.
pub(super) fn meddle(sandbox: &pilothouse::sandbox::Sandbox, key: &model::Key, change: impl FnOnce(&mut Value)) {
    sandbox.change(|store| {
        let mut object = store.get(key).unwrap_or_else(|| panic!("{key} is there"));
        change(&mut object);
        store.replace(object).unwrap();
    });
}

/// `job/train-7f` of hasan-prod, and its like.
pub(super) fn job(name: &str) -> model::Key {
    model::Key::new(Kind::Job, "hasan-prod", name)
}

pub(super) fn claim(name: &str) -> model::Key {
    model::Key::new(Kind::PersistentVolumeClaim, "hasan-prod", name)
}

pub(super) fn volume(name: &str) -> model::Key {
    model::Key::cluster(Kind::PersistentVolume, name)
}

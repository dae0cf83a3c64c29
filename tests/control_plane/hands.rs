//! What an operator's hands do at the keys: find an object, open its panel, read the panel and answer it, approve.
//!
//! They know the screen and nothing else: the fact to type is read off the cockpit's own facts, as a person reads it.

use std::time::Duration;

use pilothouse::app::{self, Event, Phase, Step};
use pilothouse::model::{Act, Kind, Object, Propagation, World};

use crate::flight::Flight;

/// Large enough for every panel to be seen whole.
const WIDE: Event = Event::Resize { width: 170, height: 80 };
/// Characters come no faster from a hand.
pub(crate) const FINGER: Duration = Duration::from_millis(6);
/// How often a key that is held repeats.
const REPEAT: Duration = Duration::from_millis(100);
/// Before a panel opens, and while nothing but its cool-down is missing, an operator waits no longer than this.
const PATIENCE: Duration = Duration::from_secs(20);
/// A panel that opens anew is answered so often, at most.
const TRIES: usize = 8;
/// What a person without a second person gives as the reason.
const REASON: &str = "a trial on a throw-away cluster";

impl Flight {
    /// Goes to the list of this kind in a tenant and narrows it to one name.
    pub(crate) fn find(&mut self, tenant: &str, kind: Kind, name: &str) {
        self.take(WIDE);
        self.key(app::Key::Esc);
        for line in ["fleet".to_owned(), format!("tenant {tenant}"), list(kind).to_owned()] {
            self.command(&line);
        }
        self.keys("/");
        self.keys(name);
        self.key(app::Key::Enter);
        self.key(app::Key::Char('g'));
    }

    /// Types a line after `:`.
    pub(crate) fn command(&mut self, line: &str) {
        self.keys(":");
        self.keys(line);
        self.key(app::Key::Enter);
    }

    /// Opens the panel in front of an act, from the fleet on.
    pub(crate) fn open_panel(&mut self, tenant: &str, act: &Act) {
        let target = &act.target().key;
        if act.creates() {
            self.key(app::Key::Esc);
            self.take(WIDE);
            self.command(&format!("tenant {tenant}"));
        } else {
            self.find(tenant, target.kind, &target.name);
        }
        match act {
            Act::Delete { propagation, .. } => {
                if *propagation != Act::usual_propagation(target) {
                    self.keys("f");
                    for _ in 0..presses(*propagation) {
                        self.keys("p");
                    }
                }
                self.key(app::Key::Ctrl('d'));
            }
            Act::ClearClaimRef { .. } => self.keys("c"),
            other => self.command(&line(other)),
        }
        let shown = self.text();
        assert!(self.state().at_gate(), "no panel opened for {act}:\n{shown}");
        assert!(
            shown.contains(&act.to_string()),
            "another panel than that of {act}:\n{shown}"
        );
    }

    /// Answers everything that a panel asks and a person may say. Returns why APPROVE is still closed.
    ///
    /// A panel that opens anew meanwhile, because something it rests on has changed, is looked at and answered again; so is
    /// one on a slow machine that had not been drawn yet when the keys came.
    pub(crate) async fn answer(&mut self, tenant: &str) -> Result<(), String> {
        for _ in 0..TRIES {
            let answered = self.answer_once(tenant).await;
            let Err(why) = &answered else { return answered };
            let unheard = why.contains("not attested") || why.contains("is not typed");
            if !unheard && !unready(&self.text()) {
                return answered;
            }
            eprintln!("a panel is answered again:\n{}", self.text());
        }
        Err(self.closed())
    }

    async fn answer_once(&mut self, tenant: &str) -> Result<(), String> {
        self.looked_at().await;
        self.attest();
        if self.text().contains("T1 disruptive") {
            // the key that is held is the approval; it is held where nothing is to be signed
            for _ in 0..20 {
                self.key(app::Key::Up);
            }
            return Ok(());
        }
        self.type_fact(tenant).await;
        if self.text().contains("T3 irreversible") && self.text().contains("break the glass") {
            self.key(app::Key::Ctrl('g'));
            self.keys(REASON);
            self.key(app::Key::Enter);
        }
        if !self.text().contains("cool-down") && !self.is_open() {
            return Err(self.closed());
        }
        self.within(PATIENCE, |state| {
            crate::flight::screen(state).contains("APPROVE is open")
        })
        .await;
        if self.is_open() { Ok(()) } else { Err(self.closed()) }
    }

    /// Gives the yes, and waits until the server has answered.
    pub(crate) async fn approve(&mut self, tenant: &str) -> Step {
        let before = self.state().steps().count();
        self.give_yes(tenant).await;
        self.until("the server's answer", move |state| {
            state.steps().count() > before
                && state
                    .steps()
                    .last()
                    .is_some_and(|step| matches!(step.phase, Phase::Accepted | Phase::Over(_)))
        })
        .await;
        self.state().steps().last().cloned().expect("a step")
    }

    /// Gives the yes: ctrl-y, or at T1 the held key. Waits until the panel has taken it.
    ///
    /// Where the machine was so slow that the feeds went stale under the finger, the panel has opened anew and what was
    /// answered is void: a person answers it again.
    pub(crate) async fn give_yes(&mut self, tenant: &str) {
        for _ in 0..TRIES {
            self.say_yes().await;
            if !self.state().at_gate() {
                return;
            }
            eprintln!("an approval is given again:\n{}", self.text());
            let answered = self.answer(tenant).await;
            assert!(answered.is_ok(), "{answered:?}\n{}", self.text());
        }
        panic!("the approval was not taken:\n{}", self.text());
    }

    async fn say_yes(&mut self) {
        if !self.text().contains("T1 disruptive") {
            return self.key(app::Key::Ctrl('y'));
        }
        for _ in 0..40 {
            if !self.state().at_gate() {
                break;
            }
            self.key(app::Key::Char(' '));
            self.live(REPEAT).await;
        }
    }

    /// Waits until keys are taken again: those that come too early were meant for what stood there before. And until what is
    /// shown is current: where the machine is slow, feeds go stale for a moment.
    pub(crate) async fn looked_at(&mut self) {
        self.within(PATIENCE, |state| !unready(&crate::flight::screen(state)))
            .await;
    }

    pub(crate) fn is_open(&self) -> bool {
        self.text().contains("APPROVE is open")
    }

    /// What the panel says keeps APPROVE shut; the rest of its screen where it says nothing.
    pub(crate) fn closed(&self) -> String {
        let shown = self.text();
        let said: Vec<&str> = inside(&shown)
            .skip_while(|line| !line.contains("APPROVE is closed"))
            .take_while(|line| !line.is_empty())
            .collect();
        if said.is_empty() { shown } else { said.join(" ") }
    }

    /// Signs every item that waits for a signature.
    pub(crate) fn attest(&mut self) {
        for _ in 0..20 {
            self.key(app::Key::Up);
        }
        for _ in 0..20 {
            let shown = self.text();
            let here = inside(&shown).find(|line| line.starts_with('▸'));
            if here.is_some_and(|line| line.contains('☐')) {
                self.key(app::Key::Char(' '));
            }
            self.key(app::Key::Down);
        }
    }

    /// Types the fact that the panel asks for.
    pub(crate) async fn type_fact(&mut self, tenant: &str) {
        let shown = self.text();
        let questions: Vec<&str> = inside(&shown)
            .filter_map(|line| Some(line.strip_prefix("type ")?.split_once(':')?.0))
            .collect();
        for question in &questions {
            for _ in 0..question.len() {
                self.key(app::Key::Backspace);
            }
        }
        for question in questions {
            // the text that a runbook asks for, before the fact
            let text = question.strip_prefix("what step ").and_then(|rest| {
                let (_, text) = rest.split_once(" asks for, ")?;
                text.split(" (without").next().map(str::to_owned)
            });
            let answer = text
                .or_else(|| fact(self.state().world(), tenant, question))
                .unwrap_or_else(|| panic!("what is {question:?}?\n{shown}"));
            self.type_in(&answer).await;
        }
    }

    /// Types a text as fingers do.
    pub(crate) async fn type_in(&mut self, text: &str) {
        for letter in text.chars() {
            self.key(app::Key::Char(letter));
            self.live(FINGER).await;
        }
    }
}

/// Whether a person would wait before he answers what this screen shows.
fn unready(shown: &str) -> bool {
    shown.contains("look first") || shown.contains(" stale · oldest ")
}

/// What an operator types for an act that has no key; the object meant is the one under the cursor.
fn line(act: &Act) -> String {
    match act {
        Act::Helm { .. } | Act::Task { .. } | Act::CreateClass { .. } | Act::CreateSet { .. } => {
            panic!("no line of the palette: {act}")
        }
        Act::Evict { .. } => "evict".to_owned(),
        Act::Scale { replicas, .. } => format!("scale {replicas}"),
        Act::RemoveFinalizer { finalizer, .. } => format!("remove-finalizer {finalizer}"),
        Act::SetReclaimPolicy { policy, .. } => format!("reclaim-policy {}", policy.word().to_lowercase()),
        Act::RetargetClaimRef { namespace, name, .. } => format!("retarget {namespace}/{name}"),
        Act::Annotate { annotation, value, .. } => match value {
            Some(value) => format!("annotate {annotation}={value}"),
            None => format!("annotate {annotation}-"),
        },
        Act::Stamp { release, namespace, .. } => format!("stamp {namespace}/{release}"),
        Act::CreateClaim { claim, draft, .. } => {
            let mut line = format!("create-claim pvc/{} size={}", claim.key.name, draft.storage.0);
            for (word, value) in [
                ("volume", Some(&draft.volume_name)),
                ("class", draft.storage_class_name.as_ref()),
            ] {
                if let Some(value) = value.filter(|value| !value.is_empty()) {
                    line = format!("{line} {word}={value}");
                }
            }
            line
        }
        Act::Delete { .. } | Act::ClearClaimRef { .. } => panic!("{act} has a key"),
    }
}

/// The lines of a screen without the frame of the panel on it.
fn inside(shown: &str) -> impl Iterator<Item = &str> {
    shown.lines().map(|line| line.trim_matches(['│', ' ']))
}

/// The word after `:` that leads to the objects of a kind.
fn list(kind: Kind) -> &'static str {
    match kind {
        Kind::PersistentVolumeClaim => "pvc",
        Kind::Job => "jobs",
        Kind::PersistentVolume => "pv",
        Kind::Pod => "pods",
        other => other.plural(),
    }
}

/// How often `p` leads from the usual propagation to this one.
const fn presses(propagation: Propagation) -> usize {
    match propagation {
        Propagation::Background => 0,
        Propagation::Foreground => 1,
        Propagation::Orphan => 2,
    }
}

/// The answer to a panel's question, from what the cockpit shows of the object it names.
fn fact(world: &World, tenant: &str, question: &str) -> Option<String> {
    let named = |key: &str| {
        let here = |object: &&std::sync::Arc<Object>| [tenant, ""].contains(&object.meta.namespace.as_str());
        world
            .objects()
            .filter(here)
            .find(|object| object.key().to_string() == key)
            .cloned()
    };
    if let Some(key) = question.strip_prefix("the last six of the uid of ") {
        return Some(named(key)?.meta.uid.tail(6));
    }
    if let Some(key) = question.strip_prefix("the last six of the disk's handle behind ") {
        let handle = named(key)?.body.volume()?.spec.csi.as_ref()?.volume_handle.to_string();
        return handle.get(handle.len().checked_sub(6)?..).map(str::to_owned);
    }
    let pods = |key: &str| {
        let owner = named(key)?;
        let pods = world.dependents_of(&owner.meta.uid);
        Some(
            pods.filter(|object| object.kind() == Kind::Pod)
                .cloned()
                .collect::<Vec<_>>(),
        )
    };
    let of_job = question.strip_prefix("the node that the pods of ");
    if let Some(key) = of_job.and_then(|rest| rest.strip_suffix(" run on")) {
        return Some(pods(key)?.first()?.body.pod()?.spec.node_name.to_string());
    }
    if let Some(key) = question
        .strip_prefix("the node that ")
        .and_then(|rest| rest.strip_suffix(" runs on"))
    {
        return Some(named(key)?.body.pod()?.spec.node_name.to_string());
    }
    let of_handle = question.strip_prefix("the last six of the disk's handle behind ");
    if let Some(key) = of_handle {
        let held = named(key)?;
        let handle = &held.body.volume()?.spec.csi.as_ref()?.volume_handle;
        return Some(handle.chars().skip(handle.chars().count() - 6).collect());
    }
    let key = question.strip_prefix("how many pods ")?.strip_suffix(" has")?;
    Some(pods(key)?.len().to_string())
}

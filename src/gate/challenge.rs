//! The fact to type: chosen by a seed from facts that differ between tenants, so that no finger knows it by heart
//! (`reference/safety-and-performance.md` A2, A3 rule 2).

use crate::model::{Act, Key, Kind, Moment, Object, World};
use std::collections::BTreeSet;
use std::time::Duration;

/// Characters closer together than this are not typed by a hand.
const FINGER: Duration = Duration::from_millis(3);

/// So many characters in a row without a finger's pause are a paste.
const PASTE: usize = 4;

/// The longest answer that is taken in.
const LONGEST: usize = 256;

/// The longest fact that is asked for.
const FACT: usize = 64;

/// A question about the objects on screen, and what was typed so far. The answer leaves this module only as yes or no.
///
/// ```compile_fail,E0616
/// fn peek(challenge: &pilothouse::gate::Challenge) -> &str { &challenge.answer }
/// ```
pub struct Challenge {
    question: String,
    answer: String,
    typed: String,
    last: Option<Moment>,
    hurried: usize,
    notice: Option<&'static str>,
}

impl std::fmt::Debug for Challenge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Challenge")
            .field("question", &self.question)
            .field("typed", &self.typed)
            .finish_non_exhaustive()
    }
}

impl Challenge {
    /// One of the facts of an act's objects, by seed. `None` when they have none to ask for: then nothing can pass.
    pub(super) fn choose(world: &World, act: &Act, seed: u64) -> Option<Self> {
        let mut facts = facts(world, act);
        facts.retain(|(_, answer)| !answer.trim().is_empty() && answer.chars().count() <= FACT);
        let count = u64::try_from(facts.len()).ok().filter(|count| *count > 0)?;
        let at = usize::try_from(scatter(seed) % count).ok()?;
        let (question, answer) = facts.into_iter().nth(at)?;
        Some(Self {
            question,
            answer,
            typed: String::new(),
            last: None,
            hurried: 0,
            notice: None,
        })
    }

    /// A text that a runbook asks for. Blanks are left out: the key for a blank signs items.
    pub(super) fn text(step: &str, text: &str) -> Self {
        let answer: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
        let blanks = if answer == text { "" } else { " (without the blanks)" };
        Self {
            question: format!("what step {step} asks for, {text}{blanks}"),
            answer,
            typed: String::new(),
            last: None,
            hurried: 0,
            notice: None,
        }
    }

    /// What was typed as a whole, in a line of its own.
    pub(super) fn replace(&mut self, text: &str) {
        self.notice = None;
        self.typed = text
            .chars()
            .filter(|letter| !letter.is_whitespace() && !letter.is_control())
            .take(LONGEST)
            .collect();
    }

    /// What to type, as a sentence: `the last six of the uid of pv/efs-data`.
    pub fn question(&self) -> &str {
        &self.question
    }

    pub fn typed(&self) -> &str {
        &self.typed
    }

    /// Why the last input was refused.
    pub const fn notice(&self) -> Option<&'static str> {
        self.notice
    }

    /// The same fact is asked for, with the same answer.
    pub(super) fn same(&self, other: &Self) -> bool {
        self.question == other.question && self.answer == other.answer
    }

    pub(super) fn answered(&self) -> bool {
        self.typed == self.answer
    }

    /// One typed character. A run of them faster than fingers is a paste, and is thrown away.
    pub(super) fn input(&mut self, letter: char, now: Moment) {
        self.notice = None;
        if letter.is_control() {
            return;
        }
        let quick = self.last.is_some_and(|last| last.age(now) < FINGER);
        self.hurried = if quick { self.hurried + 1 } else { 1 };
        self.last = Some(now);
        if self.hurried >= PASTE {
            self.refuse_paste();
        } else if self.typed.chars().count() < LONGEST {
            self.typed.push(letter);
        }
    }

    pub(super) fn erase(&mut self) {
        self.notice = None;
        self.typed.pop();
    }

    pub(super) fn refuse_paste(&mut self) {
        self.typed.clear();
        self.notice = Some("pasting is refused: read it and type it");
    }
}

/// Everything that may be asked: the question and its answer. Each of them stands in an item of the same panel.
fn facts(world: &World, act: &Act) -> Vec<(String, String)> {
    if let Act::CreateClaim { claim, draft, .. } = act {
        let volume = world.get(&Key::cluster(Kind::PersistentVolume, &draft.volume_name));
        let place = world.get(&Key::cluster(Kind::Namespace, &claim.key.namespace));
        let known = volume.into_iter().chain(place).map(|object| uid(object));
        return known.chain(volume.and_then(|volume| handle(volume))).collect();
    }
    if act.creates() {
        let place = Key::cluster(Kind::Namespace, &act.target().key.namespace);
        return world.get(&place).map(|object| uid(object)).into_iter().collect();
    }
    let Some(target) = world.pinned(act.target()) else {
        return Vec::new();
    };
    let mut facts = vec![uid(target)];
    if let Some(claim) = target.body.claim() {
        let volume = Key::cluster(Kind::PersistentVolume, &claim.spec.volume_name);
        if let Some(volume) = world.get(&volume) {
            facts.push(uid(volume));
            facts.extend(handle(volume));
        }
    }
    facts.extend(handle(target));
    if let Some(pod) = target.body.pod().filter(|pod| pod.scheduled()) {
        facts.push((
            format!("the node that {} runs on", target.key()),
            pod.spec.node_name.to_string(),
        ));
    }
    if target.kind() == Kind::Job {
        let pods: Vec<_> = world
            .dependents_of(&target.meta.uid)
            .filter(|object| object.kind() == Kind::Pod)
            .collect();
        if pods.len() > 1 {
            facts.push((format!("how many pods {} has", target.key()), pods.len().to_string()));
        }
        let nodes: BTreeSet<&str> = pods
            .iter()
            .filter_map(|object| object.body.pod().filter(|pod| pod.scheduled()))
            .map(|pod| pod.spec.node_name.as_str())
            .collect();
        if nodes.len() == 1 {
            let node = nodes.into_iter().collect();
            facts.push((format!("the node that the pods of {} run on", target.key()), node));
        }
    }
    facts
}

fn uid(object: &Object) -> (String, String) {
    (
        format!("the last six of the uid of {}", object.key()),
        object.meta.uid.tail(6),
    )
}

/// The last six of a volume's handle, if it has a long one.
fn handle(object: &Object) -> Option<(String, String)> {
    let csi = object.body.volume()?.spec.csi.as_ref()?;
    let letters: Vec<char> = csi.volume_handle.chars().collect();
    let tail = letters.len().checked_sub(6).and_then(|from| letters.get(from..))?;
    Some((
        format!("the last six of the disk's handle behind {}", object.key()),
        tail.iter().collect(),
    ))
}

/// `SplitMix64`: neighbouring seeds ask for different facts.
const fn scatter(seed: u64) -> u64 {
    let mut bits = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

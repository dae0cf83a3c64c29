//! Three ends of one act: what was forecast, what came on the sandbox, what came on the real control plane.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::sync::Arc;

use pilothouse::forecast::{Forecast, Outcome};
use pilothouse::model::storage::Volume;
use pilothouse::model::{Act, Kind, Object, Uid, World};

use crate::holders;
use crate::picture::{self, Frame, Picture};
use crate::support::helm::seen_outside;

mod helmed;

pub(crate) use helmed::{Helmed, Others, Standing};

/// What one act came to, everywhere.
pub(crate) struct Ends<'a> {
    pub(crate) forecast: &'a Forecast,
    /// The world as the laws leave it.
    pub(crate) foretold: &'a Picture,
    pub(crate) before: &'a World,
    pub(crate) came: &'a World,
    /// Whether the disk behind a volume is still there.
    pub(crate) disk: &'a dyn Fn(&Volume) -> bool,
    /// The handles of the disks that were not there before.
    pub(crate) lost: &'a BTreeSet<String>,
    pub(crate) twin_forecast: &'a Forecast,
    pub(crate) twin_before: &'a World,
    pub(crate) twin_came: &'a World,
    /// The disks that were destroyed, by the evidence of those who hold them.
    pub(crate) disks: &'a Lost,
    pub(crate) twin_disks: &'a Lost,
    /// Where it was helm's act.
    pub(crate) helmed: Option<Helmed<'a>>,
}

/// Destroyed disks, by the label of the volume they were behind, and how many bear it.
pub(crate) type Lost = BTreeMap<String, usize>;

/// What a comparison says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Agreed,
    /// The forecast says of some object that it cannot know, and why; of all others it was right.
    Unknown(String),
    Disagreed(String),
    /// Wrong this time and right another time: the real one decides it either way.
    Race(String),
    /// The real one did not come to rest.
    Unsettled(String),
}

impl Verdict {
    /// The word it is counted under.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Agreed => "agreed",
            Self::Unknown(_) => "unknown",
            Self::Disagreed(_) => "disagreed",
            Self::Race(_) => "race",
            Self::Unsettled(_) => "unsettled",
        }
    }

    pub(crate) fn note(&self) -> &str {
        match self {
            Self::Agreed => "",
            Self::Unknown(note) | Self::Disagreed(note) | Self::Race(note) | Self::Unsettled(note) => note,
        }
    }
}

impl Ends<'_> {
    pub(crate) fn verdict(&self) -> Verdict {
        let unknown = self.unknown();
        let known = |label: &String| !unknown.contains_key(label);
        let of_known = |label: &String| unknown.keys().all(|object| !label.starts_with(object.as_str()));
        let came = picture::picture(self.came, self.before, &Frame::Whole);
        let twin = picture::picture(self.twin_came, self.twin_before, &Frame::Whole);
        let mut words = picture::foretold(self.forecast, &Frame::Whole);
        let mut twin_words = picture::foretold(self.twin_forecast, &Frame::Whole);
        let mut fates = picture::fates(self.before, self.came, &Frame::Whole, self.disk, self.lost);
        let hung = Hung::of(self.before, self.came);
        hung.leave_out(&mut words, |uid| hangs(self.forecast, uid));
        hung.leave_out(&mut fates, |uid| {
            self.came.by_uid(uid).is_some_and(|object| holders::is_held(object))
        });
        let twin_hung = Hung::of(self.twin_before, self.twin_came);
        twin_hung.leave_out(&mut twin_words, |uid| hangs(self.twin_forecast, uid));
        if let Some(label) = self.stripped() {
            fates
                .entry(label)
                .or_insert_with(|| BTreeSet::from(["changed".to_owned()]));
        }
        if self.helmed.is_some() {
            let outside = fates.clone();
            for words in [&mut words, &mut twin_words] {
                seen_outside(words, &outside);
                words.retain(|object, _| !object.contains("/release/"));
            }
        }
        let told = holders::foretold(self.forecast);
        // a forecast tells only who holds what the act, or the operator's question, is about
        let real = holders::real(self.came, &|object| hangs(self.forecast, &object.meta.uid));

        let mut wrong = Vec::new();
        differences(("laws", self.foretold), ("real", &came), &known, &mut wrong);
        // what nobody can know the sandbox decides one way
        differences(("sandbox", &twin), ("real", &came), &known, &mut wrong);
        differences(("forecast", &words), ("real", &fates), &known, &mut wrong);
        differences(
            ("forecast on the sandbox", &twin_words),
            ("forecast", &words),
            &|_| true,
            &mut wrong,
        );
        differences(
            (
                "disks forecast to be destroyed",
                &foretold_lost(self.forecast, self.before),
            ),
            ("disks destroyed", self.disks),
            &of_known,
            &mut wrong,
        );
        differences(
            ("disks destroyed on the sandbox", self.twin_disks),
            ("disks destroyed", self.disks),
            &of_known,
            &mut wrong,
        );
        differences(("forecast holders", &told), ("real holders", &real), &known, &mut wrong);
        if let Some(helmed) = &self.helmed {
            helmed.differences(self.forecast, self.before, self.came, self.twin_came, &mut wrong);
        }
        if !wrong.is_empty() {
            return Verdict::Disagreed(wrong.join("\n"));
        }
        if unknown.is_empty() {
            return Verdict::Agreed;
        }
        let reasons: BTreeSet<&str> = unknown.values().map(String::as_str).collect();
        Verdict::Unknown(reasons.into_iter().collect::<Vec<_>>().join("; "))
    }

    /// The target of a strip that has lost its finalizer for good; where nothing else came of it, that is what changed.
    fn stripped(&self) -> Option<String> {
        let Act::RemoveFinalizer { target, finalizer } = &self.forecast.act else {
            return None;
        };
        let left = self.came.by_uid(&target.uid)?;
        let lost = !left.meta.has_finalizer(finalizer) && !left.meta.deleting();
        lost.then(|| Frame::Whole.label(&target.key))
    }

    fn unknown(&self) -> BTreeMap<String, String> {
        let entries = self.forecast.entries.iter();
        let entries = entries.map(|entry| (Frame::Whole.label(&entry.object), &entry.outcome));
        let others = self.forecast.others.iter();
        let others = others.map(|other| (other.object.to_string(), &other.outcome));
        entries
            .chain(others)
            .filter_map(|(label, outcome)| match outcome {
                Outcome::Unknown { missing } => Some((label, missing.clone())),
                _ => None,
            })
            .collect()
    }
}

/// Whether a forecast says of an object that it hangs.
fn hangs(forecast: &Forecast, uid: &Uid) -> bool {
    let mut entries = forecast.entries.iter();
    entries.any(|entry| entry.uid == *uid && matches!(entry.outcome, Outcome::Hangs { .. }))
}

/// What was going before the act and goes on hanging may be told again, or not; the objects, by label.
struct Hung<'w> {
    before: &'w World,
    labels: BTreeMap<String, BTreeSet<Uid>>,
}

impl<'w> Hung<'w> {
    fn of(before: &'w World, came: &World) -> Self {
        let waits = |object: &Object| object.body.volume().is_some_and(picture::waits);
        let goes = |object: &Object| came.by_uid(&object.meta.uid).is_some_and(|now| now.meta.deleting());
        let hung = |object: &&Arc<Object>| object.meta.deleting() || waits(object) && !goes(object);
        let mut labels: BTreeMap<String, BTreeSet<Uid>> = BTreeMap::new();
        for object in before.objects().filter(hung) {
            let label = Frame::Whole.label(&object.key());
            labels.entry(label).or_default().insert(object.meta.uid.clone());
        }
        Self { before, labels }
    }

    /// Takes the word off, unless it is said of another object of the same label too: all provisioned volumes bear one.
    fn leave_out(&self, words: &mut BTreeMap<String, BTreeSet<String>>, said: impl Fn(&Uid) -> bool) {
        for (label, uids) in &self.labels {
            let mut others = self.before.objects().map(|object| (object.key(), &object.meta.uid));
            if others.any(|(key, uid)| !uids.contains(uid) && Frame::Whole.label(&key) == *label && said(uid)) {
                continue;
            }
            if let Some(told) = words.get_mut(label) {
                told.remove("hangs");
                if told.is_empty() {
                    words.remove(label);
                }
            }
        }
    }
}

/// Before an act both sides show the same.
pub(crate) fn before(real: &World, twin: &World) -> Verdict {
    let (here, there) = (
        picture::picture(real, real, &Frame::Whole),
        picture::picture(twin, twin, &Frame::Whole),
    );
    let mut wrong = Vec::new();
    differences(("sandbox", &there), ("real", &here), &|_| true, &mut wrong);
    if wrong.is_empty() {
        Verdict::Agreed
    } else {
        Verdict::Disagreed(wrong.join("\n"))
    }
}

/// What of some volumes is lost, by label; a provisioned volume is told by its claim, because all bear one label.
pub(crate) fn lost<'w>(world: &'w World, gone: impl Fn(&'w Object, &'w Volume) -> bool) -> Lost {
    let mut lost = Lost::new();
    for object in world.of_kind(Kind::PersistentVolume) {
        let volume = object.body.volume().filter(|volume| gone(object, volume));
        if let Some(volume) = volume {
            let claim = volume.spec.claim_ref.as_ref();
            let claim = claim.map(|claim| format!(" of {}/{}", claim.namespace, claim.name));
            let label = format!("{}{}", Frame::Whole.label(&object.key()), claim.unwrap_or_default());
            *lost.entry(label).or_default() += 1;
        }
    }
    lost
}

fn foretold_lost(forecast: &Forecast, before: &World) -> Lost {
    lost(before, |object, _| {
        forecast
            .entries
            .iter()
            .any(|entry| entry.uid == object.meta.uid && matches!(entry.outcome, Outcome::VolumeDestroyed { .. }))
    })
}

/// What a forecast says the server answers, where it says that it refuses: the code at the beginning of its words.
pub(crate) fn refusal(forecast: &Forecast) -> Option<u16> {
    forecast.entries.iter().find_map(|entry| {
        let Outcome::Rejected { error } = &entry.outcome else {
            return None;
        };
        let code = error.split(|letter: char| !letter.is_ascii_digit()).next()?;
        Some(code.parse().unwrap_or_default())
    })
}

/// The outcome of the act's own target, in a word.
pub(crate) fn outcome(forecast: &Forecast) -> String {
    let target = &forecast.act.target().key;
    let entry = forecast.entries.iter().find(|entry| entry.object == *target);
    let worst = forecast
        .entries
        .iter()
        .any(|entry| matches!(entry.outcome, Outcome::VolumeDestroyed { .. }));
    let word = entry.map_or("nothing", |entry| match entry.outcome {
        Outcome::Deleted | Outcome::DeletedLater { .. } => "gone",
        Outcome::Kept => "kept",
        Outcome::Hangs { .. } => "hangs",
        Outcome::VolumeDestroyed { .. } => "destroyed",
        Outcome::VolumeRetained { .. } => "released",
        Outcome::VolumeLeaked { .. } => "leaked",
        Outcome::Recreated { .. } => "made anew",
        Outcome::Patched { .. } => "changed",
        Outcome::Orphaned => "orphaned",
        Outcome::Rejected { .. } => "refused",
        Outcome::Created => "created",
        Outcome::Unknown { .. } => "unknown",
    });
    if worst && word != "destroyed" {
        format!("{word}, a disk destroyed")
    } else {
        word.to_owned()
    }
}

fn differences<T: PartialEq + Debug>(
    (who, said): (&str, &BTreeMap<String, T>),
    (whom, came): (&str, &BTreeMap<String, T>),
    known: &dyn Fn(&String) -> bool,
    wrong: &mut Vec<String>,
) {
    let labels: BTreeSet<&String> = said.keys().chain(came.keys()).collect();
    for label in labels.into_iter().filter(|label| known(label)) {
        if said.get(label) != came.get(label) {
            let show = |side: &BTreeMap<String, T>| {
                side.get(label)
                    .map_or_else(|| "nothing".to_owned(), |value| format!("{value:?}"))
            };
            wrong.push(format!("{label}: {who} {} / {whom} {}", show(said), show(came)));
        }
    }
}

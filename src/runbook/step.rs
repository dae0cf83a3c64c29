//! One step of a runbook: when it is needed, what it does, what lets it pass, how its end is seen, and the way back.

mod gate;

pub use gate::Gate;

use super::condition::{Condition, Place};
use super::deed::{self, Deed, Slot};
use super::inventory::{self, Wanted};
use super::parameter::Parameters;
use super::reading::{Fields, Reader};
use super::soak::Soak;
use super::template::Template;
use super::value::{self, Type};
use crate::forecast::Tier;
use crate::model::yaml::{Node, Word};
use std::ops::Range;
use std::time::Duration;

const STEP: &[&str] = &[
    "id",
    "title",
    "description",
    "when",
    "inventory",
    "act",
    "gate",
    "verify",
    "soak",
    "undo",
];
const VERIFY: &[&str] = &["all", "any", "within", "onTimeout"];
const UNDO: &[&str] = &["rollback", "manual", "none"];
/// How long the end of an act that can take nothing away is waited for when the runbook says nothing.
const USUAL: Duration = Duration::from_mins(2);

/// One step.
#[derive(Clone, Debug)]
pub struct Step {
    pub id: String,
    pub title: String,
    pub description: String,
    /// The step is needed only where this holds.
    pub when: Option<Condition>,
    /// `None`: the step only looks, waits or asks a person.
    pub deed: Option<Deed>,
    /// It takes the tenant's claims and volumes down for the steps after it.
    pub inventory: Option<Wanted>,
    pub gate: Gate,
    /// `None`: a person's word is all there is to wait for.
    pub verify: Option<Verify>,
    /// The tenant is watched for so long.
    pub soak: Option<Soak>,
    pub undo: Undo,
    pub(super) at: Range<usize>,
}

/// How the end of a step is seen.
#[derive(Clone, Debug)]
pub struct Verify {
    /// All of these, and one of `any` where there are such.
    pub all: Vec<Condition>,
    pub any: Vec<Condition>,
    pub within: Slot<Duration>,
    pub on_timeout: OnTimeout,
}

/// What happens when a step's end is not seen in time. No act is ever sent again by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnTimeout {
    /// The run stops here; a person decides.
    Stop,
    /// The end is waited for once more, as long again; then the run stops.
    Retry,
    /// The run goes on and the step is told as in doubt, to the end and in the report. Not for what can take something away.
    ContinueWithDoubt,
}

impl OnTimeout {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("stop", Self::Stop),
        ("retry", Self::Retry),
        ("continue-with-doubt", Self::ContinueWithDoubt),
    ];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Retry => "retry",
            Self::ContinueWithDoubt => "continue-with-doubt",
        }
    }
}

/// The way back from a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undo {
    /// The runbook does not say; the forecast of the act does.
    Unsaid,
    /// Steps of `rollback`, in this order.
    Rollback(Vec<String>),
    /// What a person does.
    Manual(String),
    /// There is none, and why.
    None(String),
}

impl Step {
    /// It goes by what raft peers say.
    pub(super) fn asks_raft(&self) -> bool {
        let verified = self
            .verify
            .iter()
            .flat_map(|verify| verify.all.iter().chain(&verify.any));
        let probed = self.soak.iter().flat_map(|soak| &soak.probes);
        let mut conditions = self.when.iter().chain(&self.gate.sensed).chain(verified).chain(probed);
        self.deed.as_ref().is_some_and(Deed::asks_raft) || conditions.any(Condition::asks_raft)
    }

    pub(super) fn read(reader: &mut Reader<'_>, node: &Node, mut place: Place<'_>) -> Option<Self> {
        let fields = reader.fields(node, "a step", STEP)?;
        let id = fields.need(reader, "id", "give it a short name, as in stop-jobs");
        let id = id.and_then(|node| identifier(reader, node));
        let title = fields.need(reader, "title", "say what it does, in one line");
        let title = title.and_then(|node| reader.text(node, "`title`"));
        let description = fields
            .get("description")
            .and_then(|node| reader.text(node, "`description`"));
        place.acts = false;
        let when = fields.get("when").map(|node| Condition::read(reader, node, place));
        let act = fields.get("act");
        let deed = act.and_then(|node| deed::read(reader, node, place));
        // an act that cannot be read is told once, where it stands
        place.acts = act.is_some();
        let gate = fields
            .get("gate")
            .map(|node| Gate::read(reader, node, place, deed.as_ref()));
        let verify = match fields.get("verify") {
            Some(node) => Some(Verify::read(reader, node, place, deed.as_ref())?),
            None => unverified(reader, fields, deed.as_ref()),
        };
        let undo = fields
            .get("undo")
            .map_or(Some(Undo::Unsaid), |node| Undo::read(reader, node));
        let gate = gate.unwrap_or_default();
        let inventory = match fields.get("inventory") {
            Some(node) => Some(inventory::read(reader, node, place, act.is_some())?),
            None => None,
        };
        place.acts = false;
        let soak = match fields.get("soak") {
            Some(node) => Some(Soak::of_step(reader, fields, node, (place, &gate))?),
            None => None,
        };
        if act.is_none()
            && inventory.is_none()
            && verify.is_none()
            && soak.is_none()
            && gate.attested.is_empty()
            && gate.sensed.is_empty()
        {
            reader.fault(
                fields.at,
                "the step does nothing, looks at nothing and asks nobody",
                "add an `act`, a `verify`, or a `gate` with items",
            );
        }
        if act.is_some() && deed.is_none() {
            return None;
        }
        Some(Self {
            id: id?,
            title: title?.text,
            description: description.map(|said| said.text).unwrap_or_default(),
            when: match when {
                Some(read) => Some(read?),
                None => None,
            },
            deed,
            inventory,
            gate,
            verify,
            soak,
            undo: undo?,
            at: node.at.clone(),
        })
    }

    /// The least this step's tier can be, whatever the world.
    pub fn floor(&self) -> Tier {
        let act = self.deed.as_ref().map_or(Tier::T0, Deed::floor);
        self.gate.tier.map_or(act, |raised| raised.max(act))
    }
}

fn identifier(reader: &mut Reader<'_>, node: &Node) -> Option<String> {
    let said = reader.text(node, "`id`")?;
    if value::is_name(&said.text) && !said.text.contains('.') && said.text.len() <= 63 {
        return Some(said.text);
    }
    reader.fault(
        &said.at,
        format!("`{}` is no id of a step", said.text),
        "write lower-case letters, digits and `-`, as in stop-jobs",
    );
    None
}

/// A step without `verify`: what can take something away does not load, what cannot is waited for by its own end.
fn unverified(reader: &mut Reader<'_>, fields: Fields<'_>, deed: Option<&Deed>) -> Option<Verify> {
    let deed = deed?;
    if deed.destructive() {
        reader.fault(
            fields.at,
            format!(
                "`{}` can take something away, and nothing says how its end is seen",
                deed.word()
            ),
            "add `verify: { all: [act.done], within: 5m, onTimeout: stop }`, or what you really expect",
        );
        return None;
    }
    Some(Verify {
        all: vec![Condition::Done],
        any: Vec::new(),
        within: Slot::Fixed(USUAL),
        on_timeout: OnTimeout::Stop,
    })
}

impl Verify {
    fn read(reader: &mut Reader<'_>, node: &Node, place: Place<'_>, deed: Option<&Deed>) -> Option<Self> {
        let fields = reader.fields(node, "`verify`", VERIFY)?;
        let mut list = |name: &str, what: &str| {
            let node = fields.get(name);
            node.map_or_else(Vec::new, |node| Condition::list(reader, node, what, place))
        };
        let (all, any) = (list("all", "`all`"), list("any", "`any`"));
        if !fields.has("all") && !fields.has("any") {
            reader.fault(fields.at, "`verify` asks nothing", "add `all: […]` or `any: […]`");
        }
        let within = fields.need(reader, "within", "say how long it may take, as in 10m");
        let within = within.and_then(|node| time(reader, node, "within", place.parameters));
        let words = "`stop`, `retry` or `continue-with-doubt`: what happens when the time is over";
        let on_timeout = fields.need(reader, "onTimeout", words).and_then(|node| {
            let chosen = reader.word(node, "`onTimeout`", OnTimeout::WORDS)?;
            let destructive = deed.filter(|deed| deed.destructive());
            if let (OnTimeout::ContinueWithDoubt, Some(deed)) = (chosen, destructive) {
                let told = format!(
                    "`{}` can take something away: nobody goes on from it in doubt",
                    deed.word()
                );
                reader.fault(&node.at, told, "write `stop` or `retry`");
                return None;
            }
            Some(chosen)
        });
        Some(Self {
            all,
            any,
            within: within?,
            on_timeout: on_timeout?,
        })
    }
}

/// A time, or a parameter of type duration.
pub(super) fn time(
    reader: &mut Reader<'_>,
    node: &Node,
    name: &str,
    parameters: &Parameters,
) -> Option<Slot<Duration>> {
    let said = reader.text(node, &format!("`{name}`"))?;
    if said.text.contains("${") {
        let template = Template::read(reader, &said, parameters)?;
        let of_duration = template.only().filter(|name| {
            let parameter = parameters.get(name);
            parameter.is_some_and(|parameter| parameter.kind == Type::Duration)
        });
        if of_duration.is_none() {
            reader.fault(
                &said.at,
                format!("`{name}` is a time, or a parameter of type duration"),
                "write 10m, or \"${settle}\" with `type: duration`",
            );
        }
        return of_duration.map(|name| Slot::Parameter(name.to_owned()));
    }
    match value::duration(&said.text) {
        Ok(time) => Some(Slot::Fixed(time)),
        Err(why) => {
            reader.fault(&said.at, format!("`{name}` cannot be `{}`", said.text), why);
            None
        }
    }
}

impl Undo {
    fn read(reader: &mut Reader<'_>, node: &Node) -> Option<Self> {
        let fields = reader.fields(node, "`undo`", UNDO)?;
        let given: Vec<&str> = UNDO.iter().copied().filter(|name| fields.has(name)).collect();
        let [word] = given.as_slice() else {
            reader.fault(
                fields.at,
                "`undo` says one thing",
                "write `rollback: [step, …]`, `manual: what a person does`, or `none: why there is no way back`",
            );
            return None;
        };
        let node = fields.get(word)?;
        match *word {
            "rollback" => {
                let items = reader.list(node, "`rollback`");
                let ids = items.iter().filter_map(|item| identifier(reader, item));
                Some(Self::Rollback(ids.collect()))
            }
            "manual" => reader.filled(node, "`manual`").map(|said| Self::Manual(said.text)),
            _ => reader.filled(node, "`none`").map(|said| Self::None(said.text)),
        }
    }

    /// Ids that name no step of `rollback` are faults where they stand.
    pub(super) fn judge(reader: &mut Reader<'_>, node: &Node, known: &[&str]) {
        let crate::model::yaml::Tree::Map(entries) = &node.tree else {
            return;
        };
        let Some((_, list)) = entries.iter().find(|(word, _)| word.text == "rollback") else {
            return;
        };
        let crate::model::yaml::Tree::List(items) = &list.tree else {
            return;
        };
        for item in items {
            if let crate::model::yaml::Tree::Text(id) = &item.tree
                && !known.contains(&id.as_str())
            {
                let word = Word {
                    at: item.at.clone(),
                    text: id.clone(),
                };
                if known.is_empty() {
                    let told = format!("`undo` names the step `{id}`, and there is no `rollback`");
                    reader.fault(&item.at, told, "write the steps of the way back under `rollback`");
                } else {
                    reader.unknown(&word, "`rollback` has no step", known);
                }
            }
        }
    }
}

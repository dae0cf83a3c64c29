//! One step of a runbook: when it is needed, what it does, what lets it pass, how its end is seen, and the way back.

use super::condition::{Condition, Place};
use super::deed::{self, Deed, Slot};
use super::document::{Node, Word};
use super::parameter::Parameters;
use super::reading::{Fields, Reader};
use super::template::Template;
use super::value::{self, Type};
use crate::forecast::Tier;
use std::ops::Range;
use std::time::Duration;

const STEP: &[&str] = &["id", "title", "description", "when", "act", "gate", "verify", "undo"];
const GATE: &[&str] = &["tier", "sensed", "attested", "typed"];
const VERIFY: &[&str] = &["all", "any", "within", "onTimeout"];
const UNDO: &[&str] = &["rollback", "manual", "none"];
/// Items of one checklist: more are not read any more (`reference/safety-and-performance.md` A2).
const ITEMS: usize = 9;
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
    pub gate: Gate,
    /// `None`: a person's word is all there is to wait for.
    pub verify: Option<Verify>,
    pub undo: Undo,
    pub(super) at: Range<usize>,
}

/// What lets a step pass, besides what the cockpit asks of such an act anyway.
#[derive(Clone, Debug, Default)]
pub struct Gate {
    /// Raises the tier that the forecast gives; it never lowers it.
    pub tier: Option<Tier>,
    pub sensed: Vec<Condition>,
    pub attested: Vec<Template>,
    /// What has to be typed.
    pub typed: Option<Template>,
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
    pub(super) fn read(reader: &mut Reader<'_>, node: &Node, parameters: &Parameters, released: bool) -> Option<Self> {
        let fields = reader.fields(node, "a step", STEP)?;
        let id = fields.need(reader, "id", "give it a short name, as in stop-jobs");
        let id = id.and_then(|node| identifier(reader, node));
        let title = fields.need(reader, "title", "say what it does, in one line");
        let title = title.and_then(|node| reader.text(node, "`title`"));
        let description = fields
            .get("description")
            .and_then(|node| reader.text(node, "`description`"));
        let mut place = Place {
            parameters,
            released,
            acts: false,
        };
        let when = fields.get("when").map(|node| Condition::read(reader, node, place));
        let act = fields.get("act");
        let deed = act.and_then(|node| deed::read(reader, node, parameters));
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
        if act.is_none() && verify.is_none() && gate.attested.is_empty() && gate.sensed.is_empty() {
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
            gate,
            verify,
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

impl Gate {
    fn read(reader: &mut Reader<'_>, node: &Node, mut place: Place<'_>, deed: Option<&Deed>) -> Self {
        place.acts = false;
        let Some(fields) = reader.fields(node, "a gate", GATE) else {
            return Self::default();
        };
        let tier = fields.get("tier").and_then(|node| {
            let known = [("T0", Tier::T0), ("T1", Tier::T1), ("T2", Tier::T2), ("T3", Tier::T3)];
            let tier = reader.word(node, "`tier`", &known)?;
            let floor = deed.map_or(Tier::T0, Deed::floor);
            if tier < floor {
                let word = deed.map_or("", Deed::word);
                reader.fault(
                    &node.at,
                    format!("`{word}` is at least {floor:?}, and a runbook cannot lower a tier to {tier:?}"),
                    format!("the forecast says how bad a mistake would be: drop `tier`, or raise it above {floor:?}"),
                );
                return None;
            }
            Some(tier)
        });
        let sensed = fields
            .get("sensed")
            .map_or_else(Vec::new, |node| Condition::list(reader, node, "`sensed`", place));
        let attested = fields.get("attested").map_or_else(Vec::new, |node| {
            let items = reader.list(node, "`attested`");
            let read = items.iter().filter_map(|item| {
                let said = reader.filled(item, "what is attested")?;
                Template::read(reader, &said, place.parameters)
            });
            read.collect()
        });
        if sensed.len() + attested.len() > ITEMS {
            let told = format!("the gate has {} items", sensed.len() + attested.len());
            reader.fault(
                fields.at,
                told,
                format!("nobody reads more than {ITEMS}: make two steps of it"),
            );
        }
        let typed = fields.get("typed").and_then(|node| typed(reader, node, place));
        Self {
            tier,
            sensed,
            attested,
            typed,
        }
    }
}

/// What is typed must differ from run to run, or it is typed from habit.
fn typed(reader: &mut Reader<'_>, node: &Node, place: Place<'_>) -> Option<Template> {
    let said = reader.filled(node, "`typed`")?;
    let template = Template::read(reader, &said, place.parameters)?;
    if template.fixed() {
        reader.fault(
            &said.at,
            "what is the same each time is typed from habit",
            "put a parameter in it, as in \"${release}\"",
        );
        return None;
    }
    Some(template)
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
        let within = within.and_then(|node| within_of(reader, node, place));
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
fn within_of(reader: &mut Reader<'_>, node: &Node, place: Place<'_>) -> Option<Slot<Duration>> {
    let said = reader.text(node, "`within`")?;
    if said.text.contains("${") {
        let template = Template::read(reader, &said, place.parameters)?;
        let of_duration = template.only().filter(|name| {
            let parameter = place.parameters.get(name);
            parameter.is_some_and(|parameter| parameter.kind == Type::Duration)
        });
        if of_duration.is_none() {
            reader.fault(
                &said.at,
                "`within` is a time, or a parameter of type duration",
                "write 10m, or \"${settle}\" with `type: duration`",
            );
        }
        return of_duration.map(|name| Slot::Parameter(name.to_owned()));
    }
    match value::duration(&said.text) {
        Ok(time) => Some(Slot::Fixed(time)),
        Err(why) => {
            reader.fault(&said.at, format!("`within` cannot be `{}`", said.text), why);
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
        let super::document::Tree::Map(entries) = &node.tree else {
            return;
        };
        let Some((_, list)) = entries.iter().find(|(word, _)| word.text == "rollback") else {
            return;
        };
        let super::document::Tree::List(items) = &list.tree else {
            return;
        };
        for item in items {
            if let super::document::Tree::Text(id) = &item.tree
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

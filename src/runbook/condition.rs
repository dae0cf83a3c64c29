//! What has to hold: named checks and users' own, alone or joined by `all`, `any` and `not`.
//!
//! Three-valued: what is unknown stays unknown unless the rest decides.

#![cfg_attr(not(test), deny(clippy::wildcard_enum_match_arm))]

use super::check::{About, Check, all, filled_in, none_of};
use super::expression::Expression;
use super::parameter::Parameters;
use super::reading::Reader;
use super::template::{Template, Values};
use super::tenancy::Tenancy;
use super::value::{duration, is_name};
use crate::diagnose::Found;
use crate::model::act::{After, Standing};
use crate::model::yaml::{Node, Tree, Word};
use crate::model::{Act, Key, Kind};

/// The check of a step's own act: only a step knows it.
const DONE: &str = "act.done";

/// What has to hold.
#[derive(Clone, Debug)]
pub enum Condition {
    Named {
        check: &'static Check,
        /// What it is about, where it is about one object.
        object: Option<Template>,
    },
    /// A user's own.
    Own {
        title: String,
        expression: Expression,
    },
    /// The step's own act has come to what it asked for.
    Done,
    Not(Box<Self>),
    All(Vec<Self>),
    Any(Vec<Self>),
}

/// Where a condition stands, which decides what it may ask.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'p> {
    pub(super) parameters: &'p Parameters,
    /// The runbook names a release.
    pub(super) released: bool,
    /// A step before takes an inventory.
    pub(super) inventoried: bool,
    /// The step's own act may be asked about: in `verify` of a step that has one.
    pub(super) acts: bool,
}

/// What a condition is judged on.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    pub tenancy: Tenancy<'a>,
    pub values: &'a Values,
    /// What the step did, for `act.done`.
    pub acts: &'a [Act],
}

impl Condition {
    /// Reads one entry: `name`, `name: object`, `{cel: …, title: …}`, `{not: …}`, `{all: […]}`, `{any: […]}`.
    pub(super) fn read(reader: &mut Reader<'_>, node: &Node, place: Place<'_>) -> Option<Self> {
        match &node.tree {
            Tree::Text(_) => {
                let said = reader.text(node, "a check")?;
                let word = Word {
                    at: said.at,
                    text: said.text,
                };
                named(reader, &word, None, place)
            }
            Tree::Map(entries) => match entries.as_slice() {
                [(word, body)] if word.text == "not" => Some(Self::Not(Box::new(Self::read(reader, body, place)?))),
                [(word, body)] if word.text == "all" => Some(Self::All(Self::list(reader, body, "`all`", place))),
                [(word, body)] if word.text == "any" => Some(Self::Any(Self::list(reader, body, "`any`", place))),
                entries if entries.iter().any(|(word, _)| word.text == "cel") => own(reader, node, place),
                [(word, body)] => named(reader, word, Some(body), place),
                _ => {
                    reader.fault(
                        &node.at,
                        "a check is one name",
                        "put each check on a line of its own, after a dash",
                    );
                    None
                }
            },
            Tree::Nothing | Tree::Flag(_) | Tree::Number(_) | Tree::Fraction | Tree::List(_) => {
                let told = format!("a check is a name or an expression, not {}", node.tree.noun());
                reader.fault(&node.at, told, "write a name from docs/runbooks.md, or `cel: …`");
                None
            }
        }
    }

    pub(super) fn list(reader: &mut Reader<'_>, node: &Node, what: &str, place: Place<'_>) -> Vec<Self> {
        let items = reader.list(node, what);
        if items.is_empty() && matches!(node.tree, Tree::List(_)) {
            reader.fault(
                &node.at,
                format!("{what} asks nothing"),
                "name a check, or leave it out",
            );
        }
        items
            .iter()
            .filter_map(|item| Self::read(reader, item, place))
            .collect()
    }

    pub fn judge(&self, facts: Facts<'_>) -> Found {
        match self {
            Self::Named { check, .. } if check.about == About::Parameters => filled_in(facts.values),
            Self::Named { check, object } => match key(check, object.as_ref(), facts) {
                Ok(key) => check.judge(facts.tenancy, &key),
                Err(why) => Found::untold(why),
            },
            Self::Own { expression, .. } => expression.judge(facts.tenancy, facts.values),
            Self::Done => done(facts),
            Self::Not(inner) => {
                let found = inner.judge(facts);
                Found {
                    holds: found.holds.map(|holds| !holds),
                    value: found.value,
                }
            }
            Self::All(inner) => joined(inner, facts, false),
            Self::Any(inner) => joined(inner, facts, true),
        }
    }

    /// The kinds it reads; of a check of one object, that object's too.
    pub fn reads(&self) -> Vec<Kind> {
        let mut kinds = match self {
            Self::Named { check, .. } => {
                let own = match check.about {
                    About::One(kind) => Some(kind),
                    About::Tenant
                    | About::Release
                    | About::Parameters
                    | About::Inventory
                    | About::Span
                    | About::Any => None,
                };
                check.reads.iter().copied().chain(own).collect()
            }
            Self::Own { expression, .. } => expression.kinds(),
            Self::Done => Vec::new(),
            Self::Not(inner) => inner.reads(),
            Self::All(inner) | Self::Any(inner) => inner.iter().flat_map(Self::reads).collect(),
        };
        kinds.sort();
        kinds.dedup();
        kinds
    }

    /// It goes by what raft peers say.
    pub(super) fn asks_raft(&self) -> bool {
        match self {
            Self::Named { check, .. } => check.name.starts_with("raft."),
            Self::Own { .. } | Self::Done => false,
            Self::Not(inner) => inner.asks_raft(),
            Self::All(inner) | Self::Any(inner) => inner.iter().any(Self::asks_raft),
        }
    }

    /// The releases it asks after by name, besides the tenant's.
    pub fn releases(&self, values: &Values) -> Vec<String> {
        match self {
            Self::Named {
                check,
                object: Some(object),
            } if matches!(check.about, About::One(kind) if kind.is_record()) => vec![object.fill(values)],
            Self::Named { .. } | Self::Own { .. } | Self::Done => Vec::new(),
            Self::Not(inner) => inner.releases(values),
            Self::All(inner) | Self::Any(inner) => inner.iter().flat_map(|inner| inner.releases(values)).collect(),
        }
    }

    /// As it is shown, parameters filled in: `claim.bound mysql-pvc`.
    pub fn title(&self, values: &Values) -> String {
        let several = |word: &str, inner: &[Self]| {
            let titles: Vec<String> = inner.iter().map(|inner| inner.title(values)).collect();
            format!("{word}({})", titles.join(", "))
        };
        match self {
            Self::Named { check, object: None } => check.name.to_owned(),
            Self::Named {
                check,
                object: Some(object),
            } => format!("{} {}", check.name, object.fill(values)),
            Self::Own { title, .. } => title.clone(),
            Self::Done => DONE.to_owned(),
            Self::Not(inner) => format!("not {}", inner.title(values)),
            Self::All(inner) => several("all", inner),
            Self::Any(inner) => several("any", inner),
        }
    }
}

/// `all`: the first that fails decides; `any`: the first that holds. Else what is unknown stays so.
fn joined(inner: &[Condition], facts: Facts<'_>, decides: bool) -> Found {
    let found: Vec<(String, Found)> = inner
        .iter()
        .map(|inner| (inner.title(facts.values), inner.judge(facts)))
        .collect();
    let told = |(title, found): &(String, Found)| format!("{title}: {}", found.value);
    if let Some(decisive) = found.iter().find(|(_, found)| found.holds == Some(decides)) {
        return Found {
            holds: Some(decides),
            value: told(decisive),
        };
    }
    if let Some(unknown) = found.iter().find(|(_, found)| found.holds.is_none()) {
        return Found::untold(told(unknown));
    }
    let all: Vec<String> = found.iter().map(told).collect();
    Found {
        holds: Some(!decides),
        value: all.join("; "),
    }
}

fn named(reader: &mut Reader<'_>, word: &Word, body: Option<&Node>, place: Place<'_>) -> Option<Condition> {
    if word.text == DONE {
        if !place.acts {
            reader.fault(
                &word.at,
                "`act.done` asks after the step's own act",
                "it stands under `verify` of a step that has an `act`",
            );
            return None;
        }
        return no_object(reader, body, DONE).then_some(Condition::Done);
    }
    let Some(check) = Check::named(&word.text) else {
        let mut names: Vec<&str> = all().map(|check| check.name).collect();
        names.push(DONE);
        reader.unknown(word, "there is no check", &names);
        return None;
    };
    let object = match (check.about, body) {
        (About::Tenant | About::Parameters, body) => {
            no_object(reader, body, check.name).then_some(())?;
            None
        }
        (About::Release, body) => {
            no_object(reader, body, check.name).then_some(())?;
            if !place.released {
                let told = format!("`{}` asks after the tenant's release, and there is none", check.name);
                reader.fault(&word.at, told, "add `release` under `tenant`");
                return None;
            }
            None
        }
        (About::Inventory, body) => {
            no_object(reader, body, check.name).then_some(())?;
            if !place.inventoried {
                let told = format!(
                    "`{}` asks after what was taken down, and no step before takes an inventory",
                    check.name
                );
                reader.fault(&word.at, told, "add `inventory: { of: claims.all }` to a step before");
                return None;
            }
            None
        }
        (About::One(_) | About::Any | About::Span, None) => {
            let told = format!("`{}` asks after one object", check.name);
            reader.fault(
                &word.at,
                told,
                format!("write `{}: {}`", check.name, example(check.about)),
            );
            return None;
        }
        (about @ (About::One(_) | About::Any | About::Span), Some(body)) => {
            Some(object(reader, body, check, about, place)?)
        }
    };
    Some(Condition::Named { check, object })
}

fn object(reader: &mut Reader<'_>, node: &Node, check: &Check, about: About, place: Place<'_>) -> Option<Template> {
    let said = reader.filled(node, &format!("what `{}` asks after", check.name))?;
    let template = Template::read(reader, &said, place.parameters)?;
    if template.fixed() {
        let known = match about {
            About::Any => placed(template.written(), "").is_ok(),
            About::Span => duration(template.written()).is_ok(),
            About::Tenant | About::Release | About::Parameters | About::Inventory | About::One(_) => {
                is_name(template.written())
            }
        };
        if !known {
            let told = format!("`{}` is nothing `{}` can ask after", template.written(), check.name);
            reader.fault(&said.at, told, format!("write `{}: {}`", check.name, example(about)));
            return None;
        }
    }
    Some(template)
}

const fn example(about: About) -> &'static str {
    match about {
        About::Tenant | About::Release | About::Parameters | About::Inventory => "",
        About::One(_) => "NAME",
        About::Any => "KIND/NAME",
        About::Span => "60s",
    }
}

fn no_object(reader: &mut Reader<'_>, body: Option<&Node>, name: &str) -> bool {
    if let Some(body) = body {
        let told = format!("`{name}` asks after the tenant, not after one object");
        reader.fault(&body.at, told, format!("write `- {name}`"));
        return false;
    }
    true
}

fn own(reader: &mut Reader<'_>, node: &Node, place: Place<'_>) -> Option<Condition> {
    let fields = reader.fields(node, "a check of your own", &["cel", "title"])?;
    let title = fields.need(reader, "title", "say what it asks, as the checklist will show it");
    let title = title.and_then(|node| reader.text(node, "`title`"));
    let said = reader.text(fields.get("cel")?, "`cel`")?;
    let expression = Expression::read(reader, &said, place.parameters)?;
    Some(Condition::Own {
        title: title?.text,
        expression,
    })
}

/// `pvc/data`; `namespace` counts for kinds that live in one.
fn placed(text: &str, namespace: &str) -> Result<Key, String> {
    let found = text.split_once('/').and_then(|(word, name)| {
        let kind = Kind::from_word(word)?;
        is_name(name).then(|| Key::new(kind, namespace, name))
    });
    found.ok_or_else(|| format!("{text:?} names no object"))
}

/// What a named check is asked about.
fn key(check: &Check, object: Option<&Template>, facts: Facts<'_>) -> Result<Key, String> {
    let namespace = facts.tenancy.namespace;
    let name = object.map(|object| object.fill(facts.values)).unwrap_or_default();
    match check.about {
        About::Tenant | About::Release | About::Parameters | About::Inventory => {
            Ok(Key::cluster(Kind::Namespace, namespace))
        }
        About::Any => placed(&name, namespace),
        About::Span if duration(&name).is_ok() => Ok(Key::new(Kind::Namespace, namespace, &name)),
        About::Span => Err(format!("{name:?} is no time")),
        About::One(kind) if is_name(&name) => Ok(Key::new(kind, namespace, &name)),
        About::One(kind) => Err(format!("{name:?} is no name of a {kind}")),
    }
}

/// Every object that the step acted on is as was asked: gone, or changed.
fn done(facts: Facts<'_>) -> Found {
    let look = facts.tenancy.look;
    let mut left = Vec::new();
    for act in facts.acts {
        let pin = act.target();
        if let Some(gap) = look.gap(pin.key.kind, &pin.key.namespace) {
            return Found::untold(gap);
        }
        let live = if act.creates() {
            look.world.get(&pin.key)
        } else {
            look.world.pinned(pin)
        };
        let ends = match act {
            Act::Delete { .. } | Act::Evict { .. } => live.is_none(),
            Act::Helm { release, helm, .. } => match helm.after(release, &Standing::all(look.world, release)) {
                After::Reached(_) => true,
                After::Untouched(_) | After::Halfway(_) | After::Otherwise(_) => false,
            },
            Act::Scale { .. }
            | Act::RemoveFinalizer { .. }
            | Act::SetReclaimPolicy { .. }
            | Act::ClearClaimRef { .. }
            | Act::RetargetClaimRef { .. }
            | Act::Annotate { .. }
            | Act::Stamp { .. } => live.is_some_and(|live| act.stands(live, look.world)),
            // its own outcome is the evidence, and its end is not waited for before there is one
            Act::Task { .. } => true,
            // whoever made it, the claim that was asked for has to be there
            Act::CreateClaim { .. } | Act::CreateClass { .. } | Act::CreateSet { .. } => {
                live.is_some_and(|live| !live.meta.deleting())
            }
        };
        if !ends {
            left.push(act.to_string());
        }
    }
    none_of(&left, "as asked", "not yet")
}

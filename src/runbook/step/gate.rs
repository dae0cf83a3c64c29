//! What lets a step pass: what is sensed, what a person attests, what is typed, and how grave it is at least.

use crate::forecast::Tier;
use crate::model::yaml::{Node, Word};
use crate::runbook::condition::{Condition, Place};
use crate::runbook::deed::Deed;
use crate::runbook::reading::Reader;
use crate::runbook::step::Step;
use crate::runbook::template::Template;

const GATE: &[&str] = &["tier", "sensed", "attested", "typed", "renew"];
/// Items of one checklist: more are not read any more (`reference/safety-and-performance.md` A2).
const ITEMS: usize = 9;

/// What lets a step pass, besides what the cockpit asks of such an act anyway.
#[derive(Clone, Debug, Default)]
pub struct Gate {
    /// Raises the tier that the forecast gives; it never lowers it.
    pub tier: Option<Tier>,
    pub sensed: Vec<Condition>,
    pub attested: Vec<Template>,
    /// What has to be typed.
    pub typed: Option<Template>,
    /// A step before, begun anew when its `when` holds again while this one waits for a person: what it gave has worn off.
    pub(in crate::runbook) renew: Option<Word>,
}

impl Gate {
    pub(super) fn read(reader: &mut Reader<'_>, node: &Node, mut place: Place<'_>, deed: Option<&Deed>) -> Self {
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
        let renew = fields.get("renew").and_then(|node| {
            let said = reader.text(node, "`renew`")?;
            Some(Word {
                at: said.at,
                text: said.text,
            })
        });
        Self {
            tier,
            sensed,
            attested,
            typed,
            renew,
        }
    }

    /// What is begun anew is a step before, and says itself when it is needed.
    pub(in crate::runbook) fn judge(&self, reader: &mut Reader<'_>, before: &[Step]) {
        let Some(renew) = &self.renew else { return };
        let known: Vec<&str> = before.iter().map(|step| step.id.as_str()).collect();
        match before.iter().find(|step| step.id == renew.text) {
            None => reader.unknown(
                renew,
                "`renew` names a step before this one, and there is none called",
                &known,
            ),
            Some(step) if step.when.is_none() => reader.fault(
                &renew.at,
                format!("`{}` has no `when`: nothing says when it is needed anew", step.id),
                "give that step a `when`, or drop `renew`",
            ),
            Some(_) => {}
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

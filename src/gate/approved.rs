//! An approval: what was shown, who said yes to it, and until when.

use super::demand::Demand;
use super::fingerprint;
use super::item::{Item, ItemState};
use super::request::Request;
use crate::forecast::{Forecast, Tier};
use crate::journal::{Intent, Waiver};
use crate::model::{Act, ClusterIdentity, Moment, Operator, Pin};
use serde_json::{Value, json};
use std::time::Duration;

/// How long an approval lives, on the monotonic clock (A3 rule 3).
pub const APPROVAL_LIFE: Duration = Duration::from_mins(2);

/// A yes, bound to the very objects that were shown. Made by [`super::Panel::approve`] alone, used once by being moved.
///
/// It cannot be copied, made from nothing, or read from text:
/// ```compile_fail,E0599
/// fn twice(approved: pilothouse::gate::Approved) { let second = approved.clone(); }
/// ```
/// ```compile_fail,E0599
/// let approved = pilothouse::gate::Approved::default();
/// ```
/// ```compile_fail,E0277
/// let approved: pilothouse::gate::Approved = serde_json::from_str("{}").unwrap();
/// ```
/// It cannot be cleared before it is on disk:
/// ```compile_fail,E0308
/// use pilothouse::gate::{Approved, Fresh, clear};
/// fn skip(approved: Approved, fresh: &Fresh, now: pilothouse::model::Now) { clear(approved, fresh, now).ok(); }
/// ```
/// It cannot be logged twice:
/// ```compile_fail,E0382
/// use pilothouse::journal::{Journal, Saved};
/// fn twice(journal: &mut Journal, approved: pilothouse::gate::Approved, now: pilothouse::model::Now) {
///     let first = journal.record(approved, &Saved::new(), now).is_ok();
///     let second = journal.record(approved, &Saved::new(), now).is_ok();
/// }
/// ```
#[derive(Debug)]
pub struct Approved {
    pub(super) act: Act,
    pub(super) request: Request,
    pub(super) pins: Vec<Pin>,
    pub(super) forecast_digest: String,
    pub(super) forecast: Forecast,
    pub(super) cluster: ClusterIdentity,
    pub(super) at: Moment,
    /// The tier that a runbook raises the forecast's to.
    pub(super) raised: Option<Tier>,
    operator: Operator,
    digest: String,
    answers: Value,
    waivers: Vec<Waiver>,
}

/// What a panel hands over when it is approved.
pub(super) struct Shown<'a> {
    pub(super) forecast: &'a Forecast,
    pub(super) request: &'a Request,
    pub(super) pins: Vec<Pin>,
    pub(super) items: &'a [Item],
    pub(super) question: Option<&'a str>,
    pub(super) cluster: &'a ClusterIdentity,
    pub(super) operator: &'a Operator,
    pub(super) waiver: Option<Waiver>,
    pub(super) demand: Option<&'a Demand>,
}

impl Approved {
    pub(super) fn new(shown: Shown<'_>, at: Moment) -> Self {
        let forecast_digest = fingerprint::forecast(shown.forecast);
        let digest = fingerprint::approval(
            &forecast_digest,
            &shown.pins,
            shown.request,
            shown.items,
            shown.cluster,
            shown.operator,
            shown.demand,
        );
        let items: Vec<Value> = shown.items.iter().map(answer).collect();
        Self {
            act: shown.forecast.act.clone(),
            request: shown.request.clone(),
            pins: shown.pins,
            forecast_digest,
            forecast: shown.forecast.clone(),
            cluster: shown.cluster.clone(),
            at,
            raised: shown.demand.and_then(Demand::tier),
            operator: shown.operator.clone(),
            digest,
            answers: json!({
                "tier": shown.forecast.tier.word(),
                "undo": shown.forecast.undo,
                "forecast": shown.forecast.entries.iter().map(|entry| json!([entry.object, entry.uid, entry.outcome])).collect::<Vec<_>>(),
                "items": items,
                "typed": shown.question,
                "runbook": shown.demand.map(Demand::binding),
            }),
            waivers: shown.waiver.into_iter().collect(),
        }
    }

    /// The objects it is bound to: the target first.
    pub fn pins(&self) -> &[Pin] {
        &self.pins
    }

    pub const fn sends(&self) -> &Request {
        &self.request
    }

    /// When it dies, on the monotonic clock.
    pub fn expires(&self) -> Moment {
        self.at + APPROVAL_LIFE
    }

    pub(super) fn alive(&self, now: Moment) -> bool {
        self.at <= now && now < self.expires()
    }
}

fn answer(item: &Item) -> Value {
    let by_person = match item.state {
        ItemState::Attested | ItemState::Waived => true,
        ItemState::True | ItemState::False | ItemState::Unknown | ItemState::Unattested => false,
    };
    json!({
        "id": item.id,
        "title": item.title,
        "value": item.value,
        "state": item.state.word(),
        "byPerson": by_person,
        "source": item.source,
    })
}

impl Intent for Approved {
    fn step(&self) -> String {
        self.act.to_string()
    }

    fn act(&self) -> &Act {
        &self.act
    }

    fn request(&self) -> &str {
        self.request.text()
    }

    fn digest(&self) -> String {
        self.digest.clone()
    }

    fn operator(&self) -> &Operator {
        &self.operator
    }

    fn cluster(&self) -> &ClusterIdentity {
        &self.cluster
    }

    fn answers(&self) -> Value {
        self.answers.clone()
    }

    fn waivers(&self) -> Vec<Waiver> {
        self.waivers.clone()
    }
}

//! The panel of an act: what is shown before a yes, sensed again with every change, shut by whatever is not as it must be.

use super::approved::{Approved, Shown};
use super::challenge::Challenge;
use super::checklist::{self, Sight};
use super::demand::Demand;
use super::fingerprint::{self, Picture};
use super::item::{Item, ItemState, SECOND_PERSON};
use super::request::{Request, Unsendable};
use crate::diagnose::Look;
use crate::forecast::{Forecast, Tier, forecast};
use crate::journal::Waiver;
use crate::laws::Conditions;
use crate::model::helm::Home;
use crate::model::{Act, ClusterIdentity, Key, Kind, Moment, Now, Operator, Pin, World, feed};
use std::collections::BTreeMap;
use std::time::Duration;

mod answers;
mod verdict;

/// Keys are thrown away for this long after a panel opens or opens anew: they were typed for what stood there before.
pub const SETTLE: Duration = Duration::from_millis(700);

/// How long the key of a T1 act is held.
pub const HOLD: Duration = Duration::from_secs(1);

/// How long a T3 act waits after everything else is answered.
pub const COOL_DOWN: Duration = Duration::from_secs(10);

/// A pause in the key's repeats that ends a hold: the longest delay before terminals begin to repeat.
const HOLD_GAP: Duration = Duration::from_millis(600);

/// How many lines of changes are kept.
const KEPT_CHANGES: usize = 60;

/// A panel gives one approval.
const APPROVED_BEFORE: &str = "it was approved already";

/// A reason to break the glass has at least this many characters.
const REASON: usize = 10;

/// One act, before it is approved.
#[derive(Debug)]
pub struct Panel {
    forecast: Forecast,
    request: Result<Request, Unsendable>,
    /// The request's text, or why there is none.
    request_text: String,
    pins: Vec<Pin>,
    cluster: ClusterIdentity,
    operator: Operator,
    items: Vec<Item>,
    attested: BTreeMap<&'static str, Moment>,
    waiver: Option<Waiver>,
    challenge: Option<Challenge>,
    /// What the runbook of a run adds.
    demand: Option<Demand>,
    /// What the runbook asks to be typed, before the fact.
    typed: Option<Challenge>,
    seed: u64,
    hold: Option<Hold>,
    opened_at: Moment,
    sensed_at: Moment,
    /// Since when nothing but the cool-down is missing.
    complete_since: Option<Moment>,
    picture: Picture,
    changes: Vec<String>,
    spent: bool,
}

/// A key held down: a row of repeats without a gap.
#[derive(Clone, Copy, Debug)]
struct Hold {
    since: Moment,
    last: Moment,
}

impl Panel {
    /// Opens the panel of a forecast that was made of what `look` sees; `seed` chooses the fact to type.
    pub fn open(forecast: Forecast, look: Look<'_>, cluster: &ClusterIdentity, operator: &Operator, seed: u64) -> Self {
        Self::demanded(forecast, look, cluster, operator, seed, None)
    }

    /// [`Self::open`] with what the step of a run adds.
    pub fn demanded(
        forecast: Forecast,
        look: Look<'_>,
        cluster: &ClusterIdentity,
        operator: &Operator,
        seed: u64,
        demand: Option<Demand>,
    ) -> Self {
        let now = look.now;
        let mut panel = Self {
            forecast: raise(demand.as_ref(), forecast),
            request: Err(Unsendable::TargetGone),
            request_text: String::new(),
            pins: Vec::new(),
            cluster: cluster.clone(),
            operator: operator.clone(),
            items: Vec::new(),
            attested: BTreeMap::new(),
            waiver: None,
            challenge: None,
            typed: demand.as_ref().and_then(Demand::typed),
            demand,
            seed,
            hold: None,
            opened_at: now.mono,
            sensed_at: now.mono,
            complete_since: None,
            picture: Picture::default(),
            changes: Vec::new(),
            spent: false,
        };
        panel.look(look);
        panel.ask(look.world);
        panel.picture = panel.draw(look.world);
        panel
    }

    /// Forecasts the act anew on the world as it is, and senses every item again. Anything that changed voids all
    /// answers, is kept in [`Self::changes`], and opens the panel anew. Returns whether that happened. To be called
    /// whenever the world changed, and at least once a second: a panel that was not sensed for 5 s is closed.
    pub fn resense(&mut self, world: &World, conditions: &Conditions, now: Now, quiet: Duration) -> bool {
        let forecast = forecast(world, &self.act_now(world), conditions, now, quiet);
        self.refresh(
            Look {
                world,
                conditions,
                now,
                quiet,
            },
            forecast,
        )
    }

    fn refresh(&mut self, look: Look<'_>, forecast: Forecast) -> bool {
        let Look { world, now, .. } = look;
        if self.sensed_at.age(now.mono) > feed::PROMISE {
            self.complete_since = None;
        }
        self.forecast = raise(self.demand.as_ref(), forecast);
        self.look(look);
        let picture = self.draw(world);
        let asked_anew = match (&self.challenge, Challenge::choose(world, &self.forecast.act, self.seed)) {
            (Some(held), Some(new)) => !held.same(&new),
            (None, None) => false,
            (Some(_), None) | (None, Some(_)) => self.forecast.tier >= Tier::T2,
        };
        if picture == self.picture && !asked_anew {
            self.settle(now.mono);
            return false;
        }
        self.changes.extend(fingerprint::diff(&self.picture, &picture));
        let surplus = self.changes.len().saturating_sub(KEPT_CHANGES);
        self.changes.drain(..surplus);
        self.void(world, now.mono);
        self.picture = self.draw(world);
        true
    }

    /// The act on its target as it is now: the same object at its present resource version. An object of another uid is
    /// never taken for the one that was shown.
    pub fn act_now(&self, world: &World) -> Act {
        let mut act = self.forecast.act.clone();
        if let Some(live) = world.pinned(act.target()) {
            act.target_mut().resource_version = live.meta.resource_version.clone();
        }
        act
    }

    /// Reads request, pins and items off the world; keeps what was answered.
    fn look(&mut self, look: Look<'_>) {
        let Look {
            world,
            conditions,
            now,
            quiet,
        } = look;
        let act = &self.forecast.act;
        let target = if act.creates() {
            world.get(&act.target().key)
        } else {
            world.pinned(act.target())
        };
        let target = target.cloned();
        self.request = Request::of(&self.forecast.act, target.as_deref());
        self.request_text = match &self.request {
            Ok(request) => request.text().to_owned(),
            Err(why) => format!("no request: {why}"),
        };
        self.pins = pins(world, &self.forecast);
        self.items = checklist::items(Sight {
            world,
            forecast: &self.forecast,
            conditions,
            now,
            quiet,
        });
        self.demand_items(look);
        self.sensed_at = now.mono;
        self.fill_in(now.mono);
    }

    /// The runbook's items: what is sensed before what a person signs, the second person last.
    fn demand_items(&mut self, look: Look<'_>) {
        let Some(demand) = &self.demand else {
            return;
        };
        let asked = |item: &Item| item.asks_person();
        let sensed = self.items.iter().position(asked).unwrap_or(self.items.len());
        self.items.splice(sensed..sensed, demand.sensed(look));
        let second = |item: &Item| item.id == SECOND_PERSON;
        let signed = self.items.iter().position(second).unwrap_or(self.items.len());
        self.items.splice(signed..signed, demand.attested());
    }

    fn ask(&mut self, world: &World) {
        self.challenge = (self.forecast.tier >= Tier::T2)
            .then(|| Challenge::choose(world, &self.forecast.act, self.seed))
            .flatten();
    }

    fn draw(&self, world: &World) -> Picture {
        let target = world.get(&self.forecast.act.target().key);
        Picture::of(target.map(AsRef::as_ref), &self.forecast, &self.items)
    }

    /// All answers are for what stood here before: they go, another fact is asked for, and keys under way are thrown away.
    fn void(&mut self, world: &World, now: Moment) {
        self.attested.clear();
        self.waiver = None;
        self.hold = None;
        self.complete_since = None;
        self.seed = self.seed.wrapping_add(1);
        self.typed = self.demand.as_ref().and_then(Demand::typed);
        self.opened_at = now;
        for item in &mut self.items {
            if item.state == ItemState::Attested {
                item.state = ItemState::Unattested;
                item.value.clear();
            }
            if item.id == SECOND_PERSON {
                item.state = ItemState::False;
            }
        }
        self.ask(world);
    }

    /// The items, in the order they are shown.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// The fact to type, for T2 and T3.
    pub const fn challenge(&self) -> Option<&Challenge> {
        self.challenge.as_ref()
    }

    /// What the runbook asks to be typed.
    pub const fn typed(&self) -> Option<&Challenge> {
        self.typed.as_ref()
    }

    /// What the step of a run adds.
    pub const fn demand(&self) -> Option<&Demand> {
        self.demand.as_ref()
    }

    /// The exact request that will be sent, or why there is none.
    pub fn request(&self) -> &str {
        &self.request_text
    }

    pub const fn forecast(&self) -> &Forecast {
        &self.forecast
    }

    pub const fn act(&self) -> &Act {
        &self.forecast.act
    }

    /// How much the panel asks for: the forecast's tier, or what the runbook raises it to.
    pub const fn tier(&self) -> Tier {
        self.forecast.tier
    }

    /// The objects that an approval would be bound to, the target first.
    pub fn pins(&self) -> &[Pin] {
        &self.pins
    }

    /// What changed since the panel was opened, oldest first: `- name was`, `+ name is`.
    pub fn changes(&self) -> &[String] {
        &self.changes
    }

    /// When it was opened, or opened anew because something changed.
    pub const fn opened_at(&self) -> Moment {
        self.opened_at
    }

    /// The digest that an approval given now would carry. `None` when there is no request.
    pub fn digest(&self) -> Option<String> {
        let request = self.request.as_ref().ok()?;
        Some(fingerprint::approval(
            &fingerprint::forecast(&self.forecast),
            &self.pins,
            request,
            &self.items,
            &self.cluster,
            &self.operator,
            self.demand.as_ref(),
        ))
    }

    /// The digest of what is shown, whatever was answered: act and pins, forecast, request, items, questions, cluster and
    /// person. An approval that is given elsewhere is for this digest and no other. `None` when there is no request.
    pub fn shown(&self) -> Option<String> {
        let request = self.request.as_ref().ok()?;
        let asked: Vec<Item> = self.items.iter().map(Item::unanswered).collect();
        let questions = [&self.typed, &self.challenge].map(|held| held.as_ref().map(Challenge::question));
        let rests_on = fingerprint::approval(
            &fingerprint::forecast(&self.forecast),
            &self.pins,
            request,
            &asked,
            &self.cluster,
            &self.operator,
            self.demand.as_ref(),
        );
        let titles: Vec<&str> = asked.iter().map(|item| item.title.as_str()).collect();
        let whole = serde_json::json!([rests_on, titles, questions]);
        Some(crate::journal::sha256(whole.to_string().as_bytes()))
    }
}

/// The forecast with the tier that a runbook raises it to.
fn raise(demand: Option<&Demand>, forecast: Forecast) -> Forecast {
    match demand {
        Some(demand) => demand.raise(forecast),
        None => forecast,
    }
}

/// Of an act of Helm's, besides its newest record: the release's other records, and every claim and volume that is there and
/// that the act touches.
fn around(world: &World, release: &Pin, forecast: &Forecast) -> Vec<Pin> {
    let home = Home::at(&release.key);
    let records = home.iter().flat_map(|home| home.records(world));
    let records = records
        .map(|(_, object)| object)
        .filter(|object| !object.at(&release.key));
    let disks = forecast.entries.iter().filter_map(|entry| {
        let disk = matches!(entry.object.kind, Kind::PersistentVolumeClaim | Kind::PersistentVolume);
        world.get(&entry.object).filter(|_| disk)
    });
    records.chain(disks).map(|object| object.pin()).collect()
}

/// The target, and the other half of its claim–volume pair; for a claim to be made, the volume it names; for an act of
/// Helm's, its records, claims and volumes.
fn pins(world: &World, forecast: &Forecast) -> Vec<Pin> {
    let act = &forecast.act;
    let target = act.target();
    let mut pins = vec![target.clone()];
    if let Act::CreateClaim { draft, .. } = act {
        let volume = Key::cluster(Kind::PersistentVolume, &draft.volume_name);
        pins.extend(world.get(&volume).map(|volume| volume.pin()));
        return pins;
    }
    if let Act::Helm { release, .. } = act {
        pins.extend(around(world, release, forecast));
        return pins;
    }
    if let Some(object) = world.pinned(target)
        && let Some(claim) = object.body.claim()
    {
        let volume = Key::cluster(Kind::PersistentVolume, &claim.spec.volume_name);
        pins.extend(world.get(&volume).map(|volume| volume.pin()));
    }
    pins
}

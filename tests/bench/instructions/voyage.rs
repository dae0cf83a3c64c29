//! The cockpit at full load, brought to each piece of work in turn: what runs under callgrind.
//!
//! It knows the files that [`crate::hold`] wrote and calls each of [`crate::measured`] once. Must not know callgrind.

use crate::hold::Hold;
use crate::measured::{self, Screen};
use pilothouse::app::{Event, Key as KeyPress, Mode, Start, State, update};
use pilothouse::cluster::WatchEvent;
use pilothouse::diagnose::Look;
use pilothouse::forecast::forecast;
use pilothouse::gate::Panel;
use pilothouse::laws::Conditions;
use pilothouse::model::tenant::Globs;
use pilothouse::model::{
    Act, ClusterIdentity, FeedId, Kind, Moment, Now, Object, Observation, Operator, TenantRule, Uid, feed,
};
use pilothouse::ui::Theme;
use pilothouse::ui::theme::Depth;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};
use std::error::Error;
use std::hint::black_box;
use std::time::Duration;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Columns and rows of the terminal.
const SIZE: (u16, u16) = (120, 40);

/// Runs every piece of work once.
pub(crate) fn sail(hold: &Hold) -> Outcome<()> {
    let page = measured::decode_page_of_500_pods(black_box(&hold.page))?;
    if page.objects.len() != 500 {
        return Err(format!("{} pods of the page decoded, not 500", page.objects.len()).into());
    }
    let lines: Vec<&[u8]> = hold
        .events
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .collect();
    let events = measured::decode_100_watch_events(black_box(&lines));
    let changed = changed_pods(&events)?;
    protobuf_is_the_same(hold, &page.objects, &changed)?;

    let mut cockpit = Cockpit::launched()?;
    cockpit.list(hold)?;
    cockpit.applies(&page.objects, &changed)?;
    cockpit.looks_at_the_fleet(&changed)?;
    cockpit.looks_at_a_tenant(&changed)?;
    cockpit.acts()
}

/// Decodes the same page and events in protobuf, into the same facts.
fn protobuf_is_the_same(hold: &Hold, page: &[Object], changed: &[Object]) -> Outcome<()> {
    let again = measured::decode_protobuf_page_of_500_pods(black_box(&hold.protobuf_page))?;
    let mut frames = Vec::new();
    let mut rest = hold.frames.as_slice();
    while let Some((length, after)) = rest.split_first_chunk() {
        let length = usize::try_from(u32::from_be_bytes(*length))?;
        let (frame, behind) = after.split_at_checked(length).ok_or("a frame is cut")?;
        frames.push(frame);
        rest = behind;
    }
    let events = measured::decode_100_protobuf_watch_events(black_box(&frames));
    if again.objects == page && changed_pods(&events)? == changed {
        Ok(())
    } else {
        Err("protobuf and JSON are decoded into other facts".into())
    }
}

/// The pods of these events. They are in the world already, with another status.
fn changed_pods(events: &[WatchEvent]) -> Outcome<Vec<Object>> {
    let mut pods = Vec::new();
    for event in events {
        let WatchEvent::Applied { object } = event else {
            return Err(format!("not an event that changes a pod: {event:?}").into());
        };
        pods.push(Object::clone(object));
    }
    if pods.len() == 100 {
        Ok(pods)
    } else {
        Err(format!("{} changed pods, not 100", pods.len()).into())
    }
}

fn applied(object: &Object) -> Observation {
    Observation::Applied {
        feed: FeedId::cluster(object.kind()),
        object: Box::new(object.clone()),
        at: Moment::from_millis(1),
    }
}

struct Cockpit {
    state: State,
    screen: Screen,
    theme: Theme,
    now: Now,
}

impl Cockpit {
    fn launched() -> Outcome<Self> {
        let now = Now {
            mono: Moment::default(),
            wall: "2026-04-27T14:02:00Z".parse()?,
        };
        let mut state = State::new(Start {
            rule: TenantRule::Pattern(Globs::parse("*,!kube-*")?),
            mode: Mode::Observing,
            context: "prod".to_owned(),
            quiet: Duration::from_hours(1),
            now,
            size: SIZE,
        });
        for kind in Kind::ALL {
            state.expect(FeedId::cluster(kind));
        }
        let viewport = Viewport::Fixed(Rect::new(0, 0, SIZE.0, SIZE.1));
        let screen = Terminal::with_options(CrosstermBackend::new(Vec::new()), TerminalOptions { viewport })?;
        Ok(Self {
            state,
            screen,
            theme: Theme::usual(Depth::Full),
            now,
        })
    }

    /// Takes the first lists in, and looks until every tenant is judged.
    fn list(&mut self, hold: &Hold) -> Outcome<()> {
        let at = self.now.mono;
        update(&mut self.state, connected());
        let mut batch = Vec::new();
        for kind in Kind::ALL {
            let feed = FeedId::cluster(kind);
            batch.push(Observation::ListBegan { feed: feed.clone(), at });
            for json in hold.objects(kind) {
                let object = Object::decode(kind, json)?;
                batch.push(Observation::Applied {
                    feed: feed.clone(),
                    object: Box::new(object),
                    at,
                });
            }
            batch.push(Observation::ListEnded { feed, at });
        }
        update(&mut self.state, Event::Observed(batch));
        while self.state.behind() {
            update(&mut self.state, Event::Onward);
        }
        Ok(())
    }

    fn tick(&mut self) -> Event {
        self.now = Now {
            mono: self.now.mono + Duration::from_secs(1),
            wall: self.now.wall + Duration::from_secs(1),
        };
        Event::Tick(self.now)
    }

    fn press(&mut self, key: KeyPress) {
        let at = self.now;
        update(&mut self.state, Event::Key { key, at });
    }

    /// A page of pods that are new, and a hundred that changed, into worlds of their own.
    fn applies(&self, page: &[Object], changed: &[Object]) -> Outcome<()> {
        let mut world = self.state.world().clone();
        for pod in page {
            world.take(&pod.key());
        }
        let new = page.iter().map(applied).collect();
        took(measured::apply_page_of_500_pods(black_box(&mut world), new), 500)?;
        let events = changed.iter().map(applied).collect();
        took(measured::apply_100_changed_pods(black_box(&mut world), events), 100)
    }

    /// The fleet: ten pods change, a second goes by, a frame, a key of the filter.
    fn looks_at_the_fleet(&mut self, changed: &[Object]) -> Outcome<()> {
        self.screen
            .draw(|frame| pilothouse::ui::render(&self.state, &self.theme, frame))?;
        let events = observed(changed.iter().take(10));
        let effects = measured::update_fleet_10_events(&mut self.state, black_box(events));
        black_box(effects);
        let tick = self.tick();
        black_box(measured::update_fleet_tick(&mut self.state, tick));
        measured::draw_fleet(&self.state, &self.theme, &mut self.screen)?;
        self.press(KeyPress::Char('/'));
        let at = self.now;
        let key = KeyPress::Char('1');
        black_box(measured::update_fleet_filter_key(
            &mut self.state,
            Event::Key { key, at },
        ));
        self.press(KeyPress::Esc);
        Ok(())
    }

    /// The tenant on the fleet's first row: two of its pods change one after the other, a second goes by, a frame.
    fn looks_at_a_tenant(&mut self, changed: &[Object]) -> Outcome<()> {
        self.press(KeyPress::Home);
        self.press(KeyPress::Enter);
        self.screen
            .draw(|frame| pilothouse::ui::render(&self.state, &self.theme, frame))?;
        let pod = changed.last().ok_or("no pod")?;
        let namespace = self.tenant_on_screen()?;
        let mut pods: Vec<Object> = Vec::new();
        for held in self.state.world().in_namespace(Kind::Pod, &namespace).take(2) {
            let mut pod_now = Object::clone(held);
            pod_now.body = pod.body.clone();
            pod_now.meta.resource_version = pod.meta.resource_version.clone();
            pods.push(pod_now);
        }
        took(pods.len(), 2)?;
        let events = observed(pods.iter());
        black_box(measured::update_tenant_2_events(&mut self.state, black_box(events)));
        let tick = self.tick();
        black_box(measured::update_tenant_tick(&mut self.state, tick));
        Ok(measured::draw_tenant(&self.state, &self.theme, &mut self.screen)?)
    }

    /// The name of the tenant whose screen is open: its one namespace.
    fn tenant_on_screen(&self) -> Outcome<String> {
        let judged = self.state.judged().map(|(tenant, _)| tenant.name.to_string());
        let crumbs = pilothouse::app::scene(&self.state).crumbs.text();
        judged
            .filter(|name| crumbs.contains(name.as_str()))
            .max_by_key(String::len)
            .ok_or_else(|| format!("no tenant in {crumbs:?}").into())
    }

    /// The forecast of deleting a claim that a pod holds, and the panel in front of that act, sensed again.
    fn acts(&mut self) -> Outcome<()> {
        let heard = Kind::ALL.map(|kind| Observation::Heard {
            feed: FeedId::cluster(kind),
            at: self.now.mono,
        });
        update(&mut self.state, Event::Observed(heard.into()));
        let world = self.state.world();
        let conditions = conditions();
        let used = world
            .of_kind(Kind::PersistentVolumeClaim)
            .find(|claim| world.users_of(&claim.key()).next().is_some())
            .ok_or("no claim is used by a pod")?;
        let act = delete(used);
        black_box(measured::forecast_delete_of_used_claim(
            world,
            black_box(&act),
            &conditions,
            self.now,
        ));
        let told = forecast(world, &act, &conditions, self.now, feed::PROMISE);
        let look = Look {
            world,
            conditions: &conditions,
            now: self.now,
            quiet: feed::PROMISE,
        };
        let mut panel = Panel::open(told, look, &identity(), &operator(), 7);
        if measured::resense_gate(&mut panel, black_box(world), &conditions, self.now) {
            return Err("nothing changed, and the gate says something did".into());
        }
        Ok(())
    }
}

fn observed<'a>(objects: impl Iterator<Item = &'a Object>) -> Vec<Event> {
    objects.map(|object| Event::Observed(vec![applied(object)])).collect()
}

fn took(count: usize, expected: usize) -> Outcome<()> {
    if count == expected {
        Ok(())
    } else {
        Err(format!("{count} where {expected} were expected: the work measured is not what its name says").into())
    }
}

fn delete(object: &Object) -> Act {
    let target = object.pin();
    let propagation = Act::usual_propagation(&target.key);
    Act::Delete { target, propagation }
}

fn conditions() -> Conditions {
    Conditions {
        server_minor: Some(33),
        ..Conditions::default()
    }
}

fn identity() -> ClusterIdentity {
    ClusterIdentity {
        context: "prod".into(),
        server: "https://prod".into(),
        ca: "".into(),
        kube_system: Uid::new("0f0a5b1e-9c1f-4b6a-8c11-0000000000ff"),
        user: "anna".into(),
    }
}

fn operator() -> Operator {
    Operator {
        user: "anna".into(),
        host: "bridge".into(),
    }
}

fn connected() -> Event {
    Event::Connected {
        identity: identity(),
        operator: operator(),
        conditions: conditions(),
    }
}

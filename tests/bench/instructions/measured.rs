//! The measured pieces of work, one function each: what callgrind counts runs in here and nowhere else.
//!
//! Each does enough of the same work that one unlucky growth of a table does not show. What they need is made before,
//! and what they make is dropped by their caller. Each names itself to a black box: functions that are otherwise the same
//! would be merged into one, and callgrind would see only that.

use pilothouse::app::{Effect, Event, State, update};
use pilothouse::cluster::{Page, WatchEvent, decode_event, decode_page, decode_protobuf_event, decode_protobuf_page};
use pilothouse::forecast::{Forecast, forecast};
use pilothouse::gate::Panel;
use pilothouse::laws::Conditions;
use pilothouse::model::{Act, Kind, Now, Observation, World, feed};
use pilothouse::ui::{self, Theme};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use std::hint::black_box;

/// A terminal that keeps its bytes.
pub(crate) type Screen = Terminal<CrosstermBackend<Vec<u8>>>;

/// Their names, as callgrind is told them and as the file keeps them.
pub(crate) const NAMES: [&str; 15] = [
    "decode_protobuf_page_of_500_pods",
    "decode_100_protobuf_watch_events",
    "decode_page_of_500_pods",
    "decode_100_watch_events",
    "apply_page_of_500_pods",
    "apply_100_changed_pods",
    "update_fleet_10_events",
    "update_fleet_tick",
    "update_fleet_filter_key",
    "draw_fleet",
    "update_tenant_2_events",
    "update_tenant_tick",
    "draw_tenant",
    "forecast_delete_of_used_claim",
    "resense_gate",
];

#[inline(never)]
pub(crate) fn decode_page_of_500_pods(body: &[u8]) -> Result<Page, String> {
    black_box("decode_page_of_500_pods");
    decode_page(Kind::Pod, body)
}

#[inline(never)]
pub(crate) fn decode_100_watch_events(lines: &[&[u8]]) -> Vec<WatchEvent> {
    black_box("decode_100_watch_events");
    lines.iter().map(|line| decode_event(Kind::Pod, line)).collect()
}

#[inline(never)]
pub(crate) fn decode_protobuf_page_of_500_pods(body: &[u8]) -> Result<Page, String> {
    black_box("decode_protobuf_page_of_500_pods");
    decode_protobuf_page(Kind::Pod, body)
}

#[inline(never)]
pub(crate) fn decode_100_protobuf_watch_events(frames: &[&[u8]]) -> Vec<WatchEvent> {
    black_box("decode_100_protobuf_watch_events");
    frames
        .iter()
        .map(|frame| decode_protobuf_event(Kind::Pod, frame))
        .collect()
}

#[inline(never)]
pub(crate) fn apply_page_of_500_pods(world: &mut World, page: Vec<Observation>) -> usize {
    black_box("apply_page_of_500_pods");
    apply(world, page)
}

#[inline(never)]
pub(crate) fn apply_100_changed_pods(world: &mut World, events: Vec<Observation>) -> usize {
    black_box("apply_100_changed_pods");
    apply(world, events)
}

#[inline(never)]
pub(crate) fn update_fleet_10_events(state: &mut State, events: Vec<Event>) -> Vec<Effect> {
    black_box("update_fleet_10_events");
    update_each(state, events)
}

#[inline(never)]
pub(crate) fn update_fleet_tick(state: &mut State, tick: Event) -> Vec<Effect> {
    black_box("update_fleet_tick");
    update(state, tick)
}

#[inline(never)]
pub(crate) fn update_fleet_filter_key(state: &mut State, key: Event) -> Vec<Effect> {
    black_box("update_fleet_filter_key");
    update(state, key)
}

#[inline(never)]
pub(crate) fn draw_fleet(state: &State, theme: &Theme, screen: &mut Screen) -> std::io::Result<()> {
    black_box("draw_fleet");
    draw(state, theme, screen)
}

#[inline(never)]
pub(crate) fn update_tenant_2_events(state: &mut State, events: Vec<Event>) -> Vec<Effect> {
    black_box("update_tenant_2_events");
    update_each(state, events)
}

#[inline(never)]
pub(crate) fn update_tenant_tick(state: &mut State, tick: Event) -> Vec<Effect> {
    black_box("update_tenant_tick");
    update(state, tick)
}

#[inline(never)]
pub(crate) fn draw_tenant(state: &State, theme: &Theme, screen: &mut Screen) -> std::io::Result<()> {
    black_box("draw_tenant");
    draw(state, theme, screen)
}

#[inline(never)]
pub(crate) fn forecast_delete_of_used_claim(world: &World, act: &Act, conditions: &Conditions, now: Now) -> Forecast {
    black_box("forecast_delete_of_used_claim");
    forecast(world, act, conditions, now, feed::PROMISE)
}

#[inline(never)]
pub(crate) fn resense_gate(panel: &mut Panel, world: &World, conditions: &Conditions, now: Now) -> bool {
    black_box("resense_gate");
    panel.resense(world, conditions, now, feed::PROMISE)
}

fn apply(world: &mut World, observations: Vec<Observation>) -> usize {
    observations
        .into_iter()
        .map(|observation| usize::from(world.apply(observation)))
        .sum()
}

fn update_each(state: &mut State, events: Vec<Event>) -> Vec<Effect> {
    events.into_iter().flat_map(|event| update(state, event)).collect()
}

fn draw(state: &State, theme: &Theme, screen: &mut Screen) -> std::io::Result<()> {
    screen.draw(|frame| ui::render(state, theme, frame)).map(|_| ())
}

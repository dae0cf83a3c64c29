//! A Helm release: its revisions, the objects of one of them and how they stand, hooks, values, what a revision changed, and
//! in what the live objects are not as it says.

mod changes;
mod hooks;
mod objects;
mod revisions;
mod values;

use super::Look;
use crate::app::release::{Aspect, Dossier, Section};
use crate::app::state::{Fetch, State};
use crate::app::update::release::{base, shown};
use crate::app::words::{Line, Page, RowId, Span, Tone};
use crate::model::Now;
use crate::model::helm::{Address, Opened, Opening};
use crate::model::time::short_span;
use std::sync::Arc;

/// The release as a page, one section of it.
pub fn page(look: Look<'_>, aspect: &Aspect, state: &State, width: usize) -> Page {
    let home = &aspect.home;
    let mut page = Page::titled(format!("release {home}"));
    let revisions = state.revisions(home);
    let Some(newest) = revisions.last() else {
        absent(look, aspect, &mut page, width);
        return page;
    };
    page.push(tabs(aspect.section));
    let Some((revision, dossier)) = shown(aspect, &revisions).zip(state.dossier.as_ref()) else {
        return page;
    };
    let newest = newest.body.release().map_or(0, |facts| facts.revision);
    let mut own = revisions.iter().filter_map(|object| object.body.release());
    let status = own
        .find(|facts| facts.revision == revision)
        .map(|facts| facts.status.as_str());
    let of = if revision == newest { ", the newest" } else { "" };
    page.push(Line::of([
        Span::new(format!("r{revision}"), Tone::Strong),
        Span::plain(format!(" {}{of}", status.unwrap_or("?"))),
        Span::dim(format!(
            " · {} kept as {} in {} (driver {})",
            super::freshness::grouped(revisions.len()),
            home.driver.objects(),
            home.namespace,
            home.driver.word()
        )),
    ]));
    page.blank();
    match aspect.section {
        Section::Revisions => revisions::fill(&mut page, look, aspect, dossier, &revisions, width),
        Section::Objects => {
            if let Some(opened) = opened(&mut page, look.now, dossier, revision, width) {
                objects::fill(&mut page, look, dossier, opened, width);
            }
        }
        Section::Hooks => {
            if let Some(opened) = opened(&mut page, look.now, dossier, revision, width) {
                hooks::fill(&mut page, look, dossier, opened, width);
            }
        }
        Section::Values => {
            if let Some(opened) = opened(&mut page, look.now, dossier, revision, width) {
                values::fill(&mut page, &opened.contents.values, dossier.values, width);
            }
        }
        Section::Changes => match base(aspect, &revisions) {
            Some(from) => {
                let both = opened(&mut page, look.now, dossier, from, width).is_some()
                    && opened(&mut page, look.now, dossier, revision, width).is_some();
                if both {
                    changes::fill(&mut page, dossier, (from, revision), width);
                }
            }
            None => page.push(Line::toned(
                format!("r{revision} is the oldest revision kept: there is none to tell changes from"),
                Tone::Dim,
            )),
        },
        Section::Drift => {
            if opened(&mut page, look.now, dossier, revision, width).is_some() {
                changes::drift(&mut page, look.now, dossier, revision, width);
            }
        }
    }
    page
}

/// Why there is no revision to show.
fn absent(look: Look<'_>, aspect: &Aspect, page: &mut Page, width: usize) {
    let home = &aspect.home;
    let gone = format!("release {home} has no record left: it was uninstalled, or its records were deleted.");
    match look.gap(home.driver.kind(), &home.namespace) {
        Some(gap) => page.sentence(0, &format!("? {gap}"), Tone::Unknown, width),
        None => page.sentence(0, &gone, Tone::Warn, width),
    }
    page.push(Line::toned("esc leads back.", Tone::Dim));
}

/// ` revisions │ objects │ …`, the one that is shown between brackets.
fn tabs(section: Section) -> Line {
    let tab = |one: Section| {
        if one == section {
            Span::new(format!("[{}]", one.title()), Tone::Strong)
        } else {
            Span::dim(format!(" {} ", one.title()))
        }
    };
    Line::of(Section::ALL.map(tab))
}

/// What the cursor rests on where a page names an object.
fn row(address: &Address, at: usize) -> RowId {
    match address.key() {
        Some(key) => RowId::Mention(key, at),
        None => RowId::Document(format!("{}/{}/{}", address.kind, address.namespace, address.name).into()),
    }
}

/// A revision that was read and could be decoded; else the page says what is waited for, or what is wrong with it.
fn opened<'a>(page: &mut Page, now: Now, dossier: &'a Dossier, revision: u32, width: usize) -> Option<&'a Opened> {
    let Some(read) = dossier.revisions.get(&revision) else {
        page.push(Line::toned(format!("r{revision} waits to be read"), Tone::Unknown));
        return None;
    };
    let awaited = format!("the record of r{revision}");
    let opening: &Arc<Opening> = answered(page, now, &read.fetch, &awaited, width)?;
    match opening.as_ref() {
        Opening::Opened(opened) => Some(opened),
        Opening::Undecodable(why) => {
            page.sentence(0, &format!("✗ r{revision} is {why}"), Tone::Bad, width);
            page.sentence(
                2,
                "helm cannot read it either, or not safely; what stands in it cannot be told, and no act on it can be forecast",
                Tone::Dim,
                width,
            );
            None
        }
    }
}

/// What was answered, if it was; says since when an answer is awaited, and why there is none.
fn answered<'a, T>(page: &mut Page, now: Now, fetch: &'a Fetch<T>, awaited: &str, width: usize) -> Option<&'a T> {
    match &fetch.answer {
        None => {
            let waited = short_span(fetch.asked.age(now.mono));
            let line = format!("waiting {waited} for {awaited} … esc leaves");
            page.push(Line::toned(line, Tone::Unknown));
            None
        }
        Some((at, Err(why))) => {
            page.sentence(0, &format!("✗ {why}"), Tone::Bad, width);
            let asked = short_span(at.mono.age(now.mono));
            page.push(Line::toned(format!("asked {asked} ago; r reads again"), Tone::Dim));
            None
        }
        Some((_, Ok(answer))) => Some(answer),
    }
}

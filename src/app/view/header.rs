//! The header and the breadcrumbs: is what I see current, who am I, and may I act?

use crate::app::screen::Screen;
use crate::app::state::{Connection, Mode, State};
use crate::app::words::{Line, Span, Tone};
use crate::model::feed::Freshness;
use crate::model::time::short_span;

/// The header's parts; the least important is dropped first when there is no room.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Header {
    /// `Pilothouse  prod-eks ▸ https://…   as anna@corp`
    pub whose: Vec<Span>,
    /// `OBSERVING` or `OPERATING`.
    pub mode: Span,
    /// `feeds 9/9 live`, and how old the oldest facts are where a feed no longer keeps its promise.
    pub feeds: Span,
    /// `9/9 live`: the same where there is little room.
    pub feeds_short: Span,
    /// Hours and minutes; seconds too while a gate is open or a step is under way, because then they count.
    pub clock: Span,
    /// A lost server, said loudly in place of everything else.
    pub lost: Option<String>,
}

pub fn header(state: &State) -> Header {
    let (context, user) = state.identity.as_ref().map_or_else(
        || (state.context.clone(), None),
        |identity| {
            (
                format!("{} ▸ {}", identity.context, host(&identity.server)),
                Some(identity.user.clone()),
            )
        },
    );
    let (feeds, feeds_short) = feeds(state);
    let mut whose = vec![
        Span::new("Pilothouse", Tone::Strong),
        Span::new(format!("  {context}"), Tone::Accent),
    ];
    if let Some(user) = user {
        whose.push(Span::dim(format!("  as {user}")));
    }
    Header {
        whose,
        mode: match state.mode {
            Mode::Observing => Span::plain(state.mode.word()),
            Mode::Operating => Span::new(state.mode.word(), Tone::Warn),
        },
        feeds,
        feeds_short,
        clock: clock(state),
        lost: lost(state),
    }
}

fn clock(state: &State) -> Span {
    let time = super::raw::clock(state.now.wall);
    let busy = state.at_gate() || state.running().next().is_some();
    let minutes = time.rsplit_once(':').map_or(time.as_str(), |(minutes, _)| minutes);
    Span::dim(format!("{}Z", if busy { &time } else { minutes }))
}

fn lost(state: &State) -> Option<String> {
    match &state.connection {
        Connection::Up => None,
        Connection::Waiting { since } => {
            let waited = since.age(state.now.mono);
            (waited.as_secs() >= 2).then(|| {
                format!(
                    "connecting to {} for {}: no answer yet",
                    state.context,
                    short_span(waited)
                )
            })
        }
        Connection::Lost { since, why } => Some(format!(
            "SERVER LOST {}: {why} · all gates shut",
            short_span(since.age(state.now.mono))
        )),
    }
}

/// The server without its scheme.
fn host(server: &str) -> &str {
    server.split_once("://").map_or(server, |(_, host)| host)
}

fn feeds(state: &State) -> (Span, Span) {
    let (mut all, mut live, mut oldest) = (0_usize, 0_usize, std::time::Duration::ZERO);
    let (mut denied, mut lost) = (0_usize, 0_usize);
    for (_, feed) in state.world.feeds() {
        all += 1;
        match feed.freshness(state.now.mono, state.quiet()) {
            Freshness::Live { .. } => live += 1,
            Freshness::Stale { age, .. } => {
                lost += 1;
                oldest = oldest.max(age);
            }
            Freshness::Denied { .. } => denied += 1,
            Freshness::Listing { .. } | Freshness::Waiting { .. } | Freshness::Unserved => {}
        }
    }
    let mut text = format!("feeds {live}/{all} live");
    if denied > 0 {
        text = format!("{text} · {denied} denied");
    }
    if lost > 0 {
        text = format!("{text} · {lost} stale · oldest {}", short_span(oldest));
    }
    let tone = if live == all && all > 0 { Tone::Dim } else { Tone::Warn };
    let short = if lost > 0 {
        format!("{live}/{all} live · {}", short_span(oldest))
    } else {
        format!("{live}/{all} live")
    };
    (Span::new(text, tone), Span::new(short, tone))
}

/// `fleet ▸ hasan-prod ▸ pvc/mysql-pvc`, and the steps that are running.
pub fn crumbs(state: &State) -> Line {
    let mut spans = vec![Span::plain(" ")];
    let last = state.visits.len().saturating_sub(1);
    for (at, visit) in state.visits.iter().enumerate() {
        if at > 0 {
            spans.push(Span::dim(" ▸ "));
        }
        let tone = if at == last { Tone::Strong } else { Tone::Dim };
        spans.push(Span::new(visit.screen.crumb(), tone));
    }
    let visit = state.visit();
    if !visit.filter.is_empty() && visit.screen != Screen::Fleet {
        spans.push(Span::new(format!("   filter: {}", visit.filter), Tone::Accent));
    }
    for step in state.running() {
        let (mark, tone, word) = super::steps::standing(step);
        spans.push(Span::new(
            format!("   {mark} step {} {word}: {}", step.number, step.act),
            tone,
        ));
    }
    if let Some(on) = state.runs.on()
        && visit.screen != Screen::Run
    {
        spans.push(Span::plain("   "));
        spans.push(super::run::brief(on));
    }
    if state.doubts.iter().any(|doubt| !doubt.settled) {
        spans.push(Span::new("   ? steps in doubt (:doubts)", Tone::Bad));
    }
    if let crate::app::event::JournalState::ReadOnly { why } = &state.journal {
        spans.push(Span::new(format!("   ✗ journal read-only: {why}"), Tone::Bad));
    }
    Line::of(spans)
}

//! Raft clusters: each peer in a line of a tenant's panel, and everything that is known of one cluster as a page.

use super::{Look, freshness};
use crate::app::words::{Column, Fit, Line, Page, Row, RowId, Span, Table, Tone, tone};
use crate::diagnose::Severity;
use crate::diagnose::raft::{self as judged, Worry, worries};
use crate::model::raft::{EnsembleId, Movement, Peer, PeerState, Picture, Roster, Sounding, Vote};
use crate::model::time::short_span;
use crate::model::{Key, Kind, Tenant, Text};

/// What was said longer ago than this is told in doubt.
const STALE: std::time::Duration = std::time::Duration::from_secs(15);

/// The kinds by which raft systems are found.
const KINDS: &[Kind] = &[Kind::StatefulSet, Kind::Pod];

static COLUMNS: &[Column] = &[
    column("PEER", Fit::Name, 9, 0),
    column("VOTE", Fit::Name, 6, 0),
    column("STATE", Fit::Name, 6, 0),
    column("LAST LOG", Fit::Number, 8, 1),
    column("MOVED", Fit::Number, 5, 2),
    column("LAG", Fit::Number, 3, 1),
    column("IF LOST", Fit::Number, 7, 3),
    column("APPLIED", Fit::Number, 8, 4),
    column("CONTACT", Fit::Number, 7, 5),
    column("NODE", Fit::Name, 6, 6),
    column("VERSION", Fit::Name, 6, 7),
    column("VOLUME", Fit::Name, 10, 8),
];

const fn column(title: &'static str, fit: Fit, least: usize, rank: u8) -> Column {
    Column {
        title,
        fit,
        least,
        rank,
    }
}

/// The raft clusters of a tenant.
pub fn rosters(look: Look<'_>, tenant: &Tenant) -> Vec<(Roster, Option<Picture>)> {
    let namespaces = tenant.namespaces.iter();
    namespaces
        .flat_map(|namespace| look.conditions.raft.pictures(look.world, namespace))
        .collect()
}

/// A tenant's panel: its table, and when its peers were asked.
pub fn panel(look: Look<'_>, tenant: &Tenant) -> (Table, Span) {
    let clusters = rosters(look, tenant);
    if clusters.is_empty() {
        let of = freshness::worst(look, Some(tenant), KINDS);
        let none = "no raft system that Pilothouse knows runs in this tenant";
        let none = freshness::emptiness(&of, look, none);
        return (Table::of(COLUMNS, Vec::new(), none), freshness::words(&of, look));
    }
    let mut rows = Vec::new();
    let mut oldest = Span::dim("not asked yet");
    for (roster, picture) in &clusters {
        match (picture, look.conditions.raft.get(&roster.id)) {
            (Some(picture), Some(sounding)) => {
                oldest = asked(look, picture);
                rows.extend(told(look, roster, picture, sounding));
            }
            _ => rows.push(head(
                look,
                roster,
                Span::new("?", Tone::Unknown),
                &judged::unasked(roster),
                Tone::Unknown,
            )),
        }
    }
    (Table::of(COLUMNS, rows, Span::default()), oldest)
}

fn asked(look: Look<'_>, picture: &Picture) -> Span {
    let age = picture.at.age(look.now.mono);
    let tone = if age > STALE { Tone::Unknown } else { Tone::Dim };
    Span::new(format!("asked {} ago", short_span(age)), tone)
}

fn told(look: Look<'_>, roster: &Roster, picture: &Picture, sounding: &Sounding) -> Vec<Row> {
    let worries = worries(picture, &picture.concerns(sounding));
    let whole = worries.iter().find(|worry| worry.pod.is_none());
    let (sentence, sentence_tone) = match whole {
        Some(worry) => (worry.sentence.clone(), tone(worry.severity)),
        None => (judged::tolerance(picture), Tone::Dim),
    };
    let (count, count_tone) = cell(picture);
    let mut rows = vec![head(
        look,
        roster,
        Span::new(count, count_tone),
        &sentence,
        sentence_tone,
    )];
    rows.extend(
        picture
            .peers
            .iter()
            .map(|peer| row(look, roster, picture, peer, &worries)),
    );
    rows
}

/// `2/3 ▲` for the fleet's list.
pub fn cell(picture: &Picture) -> (String, Tone) {
    let count = judged::count(picture);
    if picture.unclear() {
        return (format!("{}/{}?", picture.healthy(), picture.voters), Tone::Unknown);
    }
    match picture.tolerance() {
        lost if lost < 0 => (format!("{count} ●"), Tone::Bad),
        0 if picture.voters > 1 => (format!("{count} ▲"), Tone::Warn),
        _ if picture.confirmed() => (count, Tone::Plain),
        _ => (count, Tone::Unknown),
    }
}

/// The fleet's cell of a tenant: its worst cluster.
pub fn of_tenant(look: Look<'_>, tenant: &Tenant) -> Span {
    let clusters = rosters(look, tenant);
    let worst = clusters
        .iter()
        .min_by_key(|(_, picture)| picture.as_ref().map(Picture::tolerance));
    match worst {
        None => freshness::count(
            &freshness::worst(look, Some(tenant), KINDS),
            0,
            "–".to_owned(),
            Tone::Dim,
        ),
        Some((_, None)) => Span::new("?", Tone::Unknown),
        Some((_, Some(picture))) if picture.at.age(look.now.mono) > STALE => Span::new(
            format!("{}?", judged::count(picture).trim_end_matches('?')),
            Tone::Unknown,
        ),
        Some((_, Some(picture))) => {
            let (text, tone) = cell(picture);
            Span::new(text, tone)
        }
    }
}

/// The line of a whole cluster: stands for the set that makes its pods.
fn head(look: Look<'_>, roster: &Roster, count: Span, under: &str, under_tone: Tone) -> Row {
    let key = Key::new(Kind::StatefulSet, &roster.id.namespace, &roster.id.name);
    let uid = look.world.get(&key).map(|set| set.meta.uid.clone());
    let mut cells = vec![
        Span::new(roster.id.name.as_str(), Tone::Strong),
        count,
        Span::dim(roster.system.word()),
    ];
    cells.resize(COLUMNS.len(), Span::default());
    Row {
        id: match uid {
            Some(uid) => RowId::Object(key, uid),
            None => RowId::Peer(roster.id.name.clone()),
        },
        cells: cells.into(),
        under: Some(Span::new(format!(" {under}"), under_tone)),
    }
}

fn row(look: Look<'_>, roster: &Roster, picture: &Picture, peer: &Peer, worries: &[Worry]) -> Row {
    let number = |number: Option<u64>| number.map_or_else(|| Span::dim("?"), |number| Span::plain(number.to_string()));
    let (vote, vote_tone) = vote(peer);
    let own = worries.iter().find(|worry| worry.pod.as_deref() == Some(peer.name()));
    let moved = peer
        .movement
        .map_or_else(|| Span::dim("–"), |movement| Span::plain(movement_words(movement)));
    let lost = peer.pod.as_ref().map(|pod| picture.tolerance_without(&[pod]));
    let mut name = format!(" {}", peer.name());
    if peer.leaving {
        name.push_str(" ✗");
    }
    Row {
        id: id(look, roster, peer),
        cells: vec![
            Span::plain(name),
            Span::new(vote, vote_tone),
            state(peer),
            number(peer.last_log),
            moved,
            number(peer.lag),
            lost.map_or_else(|| Span::dim("–"), if_lost),
            number(peer.applied),
            peer.last_contact.map_or_else(
                || Span::dim("–"),
                |span| Span::plain(format!("{:.1}s", span.as_secs_f64())),
            ),
            Span::plain(peer.node.as_str()),
            Span::plain(peer.version.as_str()),
            Span::plain(volumes(peer)),
        ]
        .into(),
        under: own.map(|worry| Span::new(format!("   └ {}", worry.sentence), tone(worry.severity))),
    }
}

fn id(look: Look<'_>, roster: &Roster, peer: &Peer) -> RowId {
    let key = peer
        .pod
        .as_ref()
        .map(|pod| Key::new(Kind::Pod, &roster.id.namespace, pod));
    let held = key.and_then(|key| look.world.get(&key).map(|pod| (key, pod.meta.uid.clone())));
    match held {
        Some((key, uid)) => RowId::Object(key, uid),
        None => RowId::Peer(peer.name().into()),
    }
}

fn if_lost(tolerance: i64) -> Span {
    match tolerance {
        lost if lost < 0 => Span::new("OUTAGE", Tone::Warn),
        0 => Span::plain("0 spare"),
        more => Span::plain(format!("{more} spare")),
    }
}

fn vote(peer: &Peer) -> (&'static str, Tone) {
    match (peer.leads, peer.vote) {
        (true, _) => ("leader", Tone::Strong),
        (_, Vote::Voter) => ("voter", Tone::Plain),
        (_, Vote::NonVoter) => ("non-voter", Tone::Warn),
        (_, Vote::Learner) => ("learner", Tone::Warn),
        (_, Vote::Outside) => ("outside", Tone::Warn),
        (_, Vote::Assumed) => ("voter?", Tone::Unknown),
    }
}

fn state(peer: &Peer) -> Span {
    let tone = match &peer.state {
        PeerState::Up if peer.autopilot == Some(false) => return Span::new("unfit", Tone::Warn),
        PeerState::Up => Tone::Plain,
        PeerState::NotAsked => Tone::Unknown,
        PeerState::Silent(_) | PeerState::Removed | PeerState::NoPod => Tone::Bad,
        PeerState::Sealed { .. } | PeerState::Uninitialised | PeerState::Unread => Tone::Warn,
    };
    Span::new(peer.state.word(), tone)
}

/// `+2/90s`.
fn movement_words(movement: Movement) -> String {
    format!("{:+}/{}", movement.by, short_span(movement.over))
}

/// `data-vault-0→pvc-1d4e`.
fn volumes(peer: &Peer) -> String {
    let claims = peer.claims.iter().map(|(claim, volume)| {
        let volume = if volume.is_empty() { "unbound" } else { volume.as_str() };
        format!("{claim}→{volume}")
    });
    claims.collect::<Vec<_>>().join(", ")
}

/// Everything that is known of one cluster.
pub fn page(look: Look<'_>, id: &EnsembleId, width: usize) -> Page {
    let all = look.conditions.raft.pictures(look.world, &id.namespace);
    let found = all.into_iter().find(|(roster, _)| roster.id == *id);
    let mut page = Page::titled(format!("raft {id}"));
    let Some((roster, picture)) = found else {
        page.push(Line::toned(format!("no pod of {id} is left"), Tone::Bad));
        return page;
    };
    let (Some(picture), Some(sounding)) = (picture, look.conditions.raft.get(id)) else {
        page.sentence(0, &judged::unasked(&roster), Tone::Unknown, width);
        return page;
    };
    let asked = asked(look, &picture);
    page.title = format!("raft {id} · {} · {}", roster.system.word(), asked.text);
    page.sentence(0, &judged::tolerance(&picture), cell(&picture).1, width);
    let leader = picture.leader().map_or_else(
        || "nobody leads".to_owned(),
        |leader| format!("{} leads", leader.name()),
    );
    let theirs = picture
        .autopilot_tolerance
        .map_or_else(String::new, |theirs| format!("; autopilot: {theirs} may fail"));
    page.sentence(0, &format!("{leader}{theirs}"), Tone::Plain, width);
    if let Some(identity) = picture.identity {
        page.sentence(0, &format!("identity {}", identity.words()), Tone::Plain, width);
    }
    if picture.removal_trap() {
        let trap = "remove-peer and a return under the same id shut a peer out for good in this version (hashicorp/vault#31732)";
        page.sentence(0, trap, Tone::Warn, width);
    }
    if let Some(cleanup) = picture.cleanup.told().filter(|cleanup| cleanup.on) {
        page.sentence(
            0,
            &format!("{}: a slow move loses its peer", cleanup.words()),
            Tone::Warn,
            width,
        );
    }
    for gap in &picture.gaps {
        page.sentence(0, &format!("? {gap}"), Tone::Unknown, width);
    }
    page.blank();
    let worries = worries(&picture, &picture.concerns(sounding));
    for worry in &worries {
        let mark = crate::app::words::glyph(worry.severity);
        page.sentence(0, &format!("{mark} {}", worry.sentence), tone(worry.severity), width);
    }
    if worries.iter().all(|worry| worry.severity == Severity::Clean) {
        page.sentence(0, "nothing is wrong with it, as far as its peers say", Tone::Dim, width);
    }
    for peer in &picture.peers {
        peer_lines(look, &roster, &picture, peer, &mut page, width);
    }
    page
}

fn peer_lines(look: Look<'_>, roster: &Roster, picture: &Picture, peer: &Peer, page: &mut Page, width: usize) {
    page.blank();
    let (vote, vote_tone) = vote(peer);
    page.push(
        Line::of([
            Span::new(peer.name(), Tone::Accent),
            Span::new(format!("  {vote}  "), vote_tone),
            Span::new(peer.state.words(), state(peer).tone),
        ])
        .standing_for(id(look, roster, peer)),
    );
    let known = |name: &str, value: &str| (!value.is_empty()).then(|| format!("{name} {value}"));
    let number = |name: &str, value: Option<u64>| value.map(|value| format!("{name} {value}"));
    let facts = [
        known("id", &peer.id),
        known("at", &peer.address),
        known("version", &peer.version),
        known("seal", &peer.seal),
    ];
    let log = [
        number("last log", peer.last_log),
        number("applied", peer.applied),
        peer.movement
            .map(|movement| format!("moved {}", movement_words(movement))),
        number("behind the leader", peer.lag),
        number("term", peer.term),
        peer.last_contact
            .map(|span| format!("last contact {:.1}s", span.as_secs_f64())),
        peer.autopilot.map(|fit| {
            if fit {
                "autopilot: healthy"
            } else {
                "autopilot: not healthy"
            }
            .to_owned()
        }),
    ];
    let place = [known("node", &peer.node), known("volumes", &volumes(peer))];
    for line in [facts.to_vec(), log.to_vec(), place.to_vec()] {
        let line: Vec<String> = line.into_iter().flatten().collect();
        if !line.is_empty() {
            page.sentence(2, &line.join(" · "), Tone::Plain, width);
        }
    }
    if let Some(pod) = &peer.pod {
        let left = picture.tolerance_without(&[pod]);
        let lost = if left < 0 {
            "losing it is an outage".to_owned()
        } else {
            format!("losing it leaves {left} to spare")
        };
        page.sentence(2, &lost, if left < 0 { Tone::Warn } else { Tone::Dim }, width);
    }
}

/// The cluster that a row of the panel belongs to.
pub fn ensemble_of(look: Look<'_>, tenant: &Tenant, at: &RowId) -> Option<EnsembleId> {
    let name: Text = match at {
        RowId::Peer(name) => name.clone(),
        other => other.object()?.name.clone(),
    };
    let of = |(roster, picture): &(Roster, Option<Picture>)| {
        let peers = picture.iter().flat_map(|picture| &picture.peers);
        roster.id.name == name || roster.member(&name).is_some() || peers.into_iter().any(|peer| peer.name() == name)
    };
    rosters(look, tenant).into_iter().find(of).map(|(roster, _)| roster.id)
}

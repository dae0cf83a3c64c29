//! What has changed since the start, who watches, and what they are told.

use super::super::shapes::Cluster;
use super::Server;
use super::line::{self, Line, What};
use super::selection::Selection;
use super::shelf::{Form, Format};
use super::stats::Stamp;
use super::stock::Stock;
use bytes::Bytes;
use pilothouse::model::Kind;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Lines a slow watcher may be behind before its watch is ended, as a real server does.
const BACKLOG: usize = 20_000;
/// How often a watcher is told where it is.
const BOOKMARKS: Duration = Duration::from_mins(1);

/// An object that is no longer what it was at the start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turned {
    pub(super) turn: u32,
    pub(super) version: u64,
    pub(super) gone: bool,
}

/// One thing that happened; its bytes are made when they are asked for.
#[derive(Clone, Copy, Debug)]
struct Happening {
    version: u64,
    kind: Kind,
    n: usize,
    turn: u32,
    what: What,
}

/// An open watch.
struct Watcher {
    wish: Wish,
    lines: mpsc::Sender<Line>,
}

/// What a watch wants to see.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    pub(super) kind: Kind,
    pub(super) form: Form,
    pub(super) format: Format,
    pub(super) namespace: Option<String>,
    pub(super) selection: Selection,
    pub(super) bookmarks: bool,
    /// Everything after this version; `None`: what there is first.
    pub(super) after: Option<u64>,
    /// Mark the end of what there was.
    pub(super) marks: bool,
}

/// A watch that cannot be: its history is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Expired;

pub(super) struct Live {
    cluster: Arc<Cluster>,
    version: u64,
    turned: BTreeMap<(Kind, usize), Turned>,
    history: Vec<Happening>,
    /// Versions before this one are refused.
    horizon: u64,
    watchers: Vec<Watcher>,
    /// Watches of what is never there.
    silent: Vec<mpsc::Sender<Line>>,
    stock: Arc<Stock>,
}

impl Live {
    pub(super) fn new(cluster: Arc<Cluster>) -> Self {
        let version = cluster.latest();
        let turned = BTreeMap::new();
        let stock = Arc::new(Stock::of(&cluster, version, &turned, None));
        Self {
            cluster,
            version,
            turned,
            history: Vec::new(),
            horizon: 0,
            watchers: Vec::new(),
            silent: Vec::new(),
            stock,
        }
    }

    pub(super) fn stock(&self) -> Arc<Stock> {
        Arc::clone(&self.stock)
    }

    /// An object as it is now, as an item of a list; `None` when it is gone.
    pub(super) fn item(&self, kind: Kind, n: usize) -> Option<Vec<u8>> {
        match self.turned.get(&(kind, n)) {
            Some(it) if it.gone => None,
            Some(it) => Some(self.cluster.json_at(kind, n, it.turn, it.version)),
            None => (n < self.cluster.count(kind)).then(|| self.cluster.json(kind, n)),
        }
    }

    /// Lists show everything from now on; what happened before is forgotten only by [`Live::expire`].
    pub(super) fn settle(&mut self) {
        if self.stock.version < self.version {
            self.stock = Arc::new(Stock::of(&self.cluster, self.version, &self.turned, Some(&self.stock)));
        }
    }

    /// Everybody has to list again: watches end with a 410, and no older version is taken from now on.
    pub(super) fn expire(&mut self) -> usize {
        self.settle();
        self.history.clear();
        self.horizon = self.stock.version;
        let ended = self.watchers.len();
        for watcher in self.watchers.drain(..) {
            // one that is too far behind to hear it is ended all the same
            drop(watcher.lines.try_send(Line {
                bytes: line::expired(watcher.wish.format),
                stamp: None,
            }));
        }
        ended
    }

    /// Turns an object's status so many times and tells its watchers; how many they are.
    pub(super) fn turn(&mut self, kind: Kind, n: usize, by: u32, stamp: Option<&Arc<Stamp>>) -> usize {
        let turn = self.turned.get(&(kind, n)).map_or(0, |it| it.turn).wrapping_add(by);
        self.happen(kind, n, turn, What::Modified, stamp)
    }

    /// A visitor comes, or goes if it is there.
    pub(super) fn visit(&mut self, n: usize, stamp: Option<&Arc<Stamp>>) -> usize {
        match self.turned.get(&(Kind::Pod, n)).copied() {
            Some(it) if !it.gone => self.happen(Kind::Pod, n, it.turn, What::Deleted, stamp),
            before => {
                let turn = before.map_or(0, |it| it.turn.wrapping_add(1));
                self.happen(Kind::Pod, n, turn, What::Added, stamp)
            }
        }
    }

    fn happen(&mut self, kind: Kind, n: usize, turn: u32, what: What, stamp: Option<&Arc<Stamp>>) -> usize {
        self.version += 1;
        let happening = Happening {
            version: self.version,
            kind,
            n,
            turn,
            what,
        };
        let turned = Turned {
            turn,
            version: self.version,
            gone: what == What::Deleted,
        };
        self.turned.insert((kind, n), turned);
        self.history.push(happening);
        let mut lines = Lines::new(&self.cluster, happening);
        let mut told = 0;
        self.watchers.retain(|watcher| {
            if watcher.wish.kind != kind {
                return !watcher.lines.is_closed();
            }
            let Some(bytes) = lines.for_wish(&watcher.wish) else {
                return !watcher.lines.is_closed();
            };
            let stamp = stamp.map(Arc::clone);
            let heard = watcher.lines.try_send(Line { bytes, stamp }).is_ok();
            told += usize::from(heard);
            heard
        });
        told
    }

    /// Opens a watch. What is to be told first comes as an iterator of bytes, made as they are sent; then come the lines.
    pub(super) fn watch(&mut self, wish: Wish) -> Result<(Vec<Bytes>, mpsc::Receiver<Line>), Expired> {
        if wish.after.is_some_and(|after| after < self.horizon) {
            return Err(Expired);
        }
        let mut first = Vec::new();
        let since = if let Some(after) = wish.after {
            after
        } else {
            self.settle();
            self.show_all(&wish, &mut first);
            self.stock.version
        };
        let from = self.history.partition_point(|happening| happening.version <= since);
        for happening in self.history.get(from..).unwrap_or_default() {
            if happening.kind == wish.kind {
                first.extend(Lines::new(&self.cluster, *happening).for_wish(&wish));
            }
        }
        if wish.marks {
            first.push(line::bookmark(wish.kind, (wish.form, wish.format), self.version, true));
        }
        let (lines, receiver) = mpsc::channel(BACKLOG);
        self.watchers.push(Watcher { wish, lines });
        Ok((first, receiver))
    }

    /// The lines of a watch that nothing is ever said to, and that stays open all the same.
    pub(super) fn silence(&mut self) -> mpsc::Receiver<Line> {
        let (lines, receiver) = mpsc::channel(1);
        self.silent.retain(|lines| !lines.is_closed());
        self.silent.push(lines);
        receiver
    }

    /// What there is, as ADDED events, in blocks of many.
    fn show_all(&self, wish: &Wish, first: &mut Vec<Bytes>) {
        let Some(listed) = self.stock.shelf(wish.kind) else {
            return;
        };
        let mut block = Vec::new();
        for place in listed.places(wish.namespace.as_deref()) {
            let item = listed.item(place);
            if wish.selection.admits(wish.kind, &item) {
                block.extend_from_slice(&line::event(What::Added, wish.kind, (wish.form, wish.format), &item));
            }
            if block.len() > 1 << 20 {
                first.push(Bytes::from(std::mem::take(&mut block)));
            }
        }
        if !block.is_empty() {
            first.push(Bytes::from(block));
        }
    }

    fn tell_where(&mut self) {
        let version = self.version;
        self.watchers.retain(|watcher| {
            if !watcher.wish.bookmarks {
                return !watcher.lines.is_closed();
            }
            let how = (watcher.wish.form, watcher.wish.format);
            let bytes = line::bookmark(watcher.wish.kind, how, version, false);
            watcher.lines.try_send(Line { bytes, stamp: None }).is_ok()
        });
    }
}

/// One happening's line, made once for each form and format.
struct Lines<'a> {
    cluster: &'a Cluster,
    happening: Happening,
    item: Option<Vec<u8>>,
    made: Vec<((Form, Format), Bytes)>,
}

impl<'a> Lines<'a> {
    const fn new(cluster: &'a Cluster, happening: Happening) -> Self {
        Self {
            cluster,
            happening,
            item: None,
            made: Vec::new(),
        }
    }

    fn for_wish(&mut self, wish: &Wish) -> Option<Bytes> {
        let Happening {
            version,
            kind,
            n,
            turn,
            what,
        } = self.happening;
        let namespace = self.cluster.namespace_of(kind, n);
        if wish.namespace.as_deref().is_some_and(|wanted| wanted != namespace) {
            return None;
        }
        let cluster = self.cluster;
        let item = self.item.get_or_insert_with(|| cluster.json_at(kind, n, turn, version));
        if !wish.selection.admits(kind, item) {
            return None;
        }
        let how = (wish.form, wish.format);
        if let Some((_, line)) = self.made.iter().find(|(made, _)| *made == how) {
            return Some(line.clone());
        }
        let line = Bytes::from(line::event(what, kind, how, item));
        self.made.push((how, line.clone()));
        Some(line)
    }
}

/// Tells every watcher where it is, once a minute.
pub(super) fn bookmark(server: &Arc<Server>) {
    let server = Arc::downgrade(server);
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(BOOKMARKS).await;
            let Some(server) = server.upgrade() else { return };
            server.live().tell_where();
        }
    });
}

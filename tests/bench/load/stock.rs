//! What there is to list: every kind's items side by side in one run of bytes, so that any page is a slice of it; and
//! the compressed pages, each made once.

use super::super::shapes::{Cluster, LIST_TAIL, list_head, list_head_of};
use super::live::Turned;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use pilothouse::model::{Kind, Text};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashMap};
use std::io::Write as _;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// Smaller bodies are sent as they are (`apiserver/pkg/endpoints/handlers/responsewriters`, `defaultGzipThresholdBytes`).
const PACKED_FROM: usize = 128 << 10;
/// How hard the API server compresses (`defaultGzipContentEncodingLevel`).
const LEVEL: Compression = Compression::new(1);
/// The page that clients ask for: client-go, kubectl and the cockpit alike.
const PAGE: usize = 500;

/// How much of an object is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Form {
    Whole,
    Metadata,
}

/// Which items of a shelf, by their places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Places {
    Run(Range<usize>),
    Some(Vec<usize>),
}

impl Places {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Run(run) => run.len(),
            Self::Some(places) => places.len(),
        }
    }

    /// From the nth on, so many.
    pub(super) fn part(&self, from: usize, count: usize) -> Self {
        let end = from.saturating_add(count).min(self.len());
        let from = from.min(end);
        match self {
            Self::Run(run) => Self::Run(run.start + from..run.start + end),
            Self::Some(places) => Self::Some(places.get(from..end).unwrap_or_default().to_vec()),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        let (run, some) = match self {
            Self::Run(run) => (run.clone(), &[][..]),
            Self::Some(places) => (0..0, places.as_slice()),
        };
        run.chain(some.iter().copied())
    }
}

/// A body in parts, and how many bytes it has uncompressed.
#[derive(Clone, Debug)]
pub(super) struct Body {
    pub(super) parts: Vec<Bytes>,
    pub(super) identity: usize,
    pub(super) packed: bool,
}

/// All lists as of one resource version.
#[derive(Debug)]
pub(super) struct Stock {
    pub(super) version: u64,
    shelves: Vec<Shelf>,
    /// The payloads that Secrets share, compressed as members of their own.
    payloads: Vec<Bytes>,
}

/// A compressed page: its form, its places, and how many more follow.
type Page = (Form, Range<usize>, usize);

#[derive(Debug)]
pub(super) struct Shelf {
    kind: Kind,
    /// The objects' numbers, in the order of the list.
    pub(super) members: Vec<usize>,
    items: Bytes,
    /// Where each item begins, and at the end where the next would.
    starts: Vec<usize>,
    namespaces: HashMap<Text, Range<usize>>,
    /// Of Secrets: the whole ones.
    secrets: Vec<Whole>,
    packed: Mutex<HashMap<Page, Body>>,
}

/// A whole Secret: what is its own, and the payload it shares.
#[derive(Debug)]
struct Whole {
    head: Bytes,
    payload: Bytes,
    tail: &'static [u8],
    which: usize,
}

impl Stock {
    /// Makes all items, and the compressed pages that every client asks for.
    pub(super) fn of(cluster: &Cluster, version: u64, turned: &BTreeMap<(Kind, usize), Turned>) -> Self {
        let shelves: Vec<Shelf> = Kind::ALL.map(|kind| Shelf::of(cluster, kind, turned)).into();
        let mut payloads: Vec<Bytes> = Vec::new();
        let secrets = shelves.iter().flat_map(|shelf| &shelf.secrets);
        let mut shared: BTreeMap<usize, &Bytes> = BTreeMap::new();
        for secret in secrets {
            shared.entry(secret.which).or_insert(&secret.payload);
        }
        for which in 0..shared.keys().max().map_or(0, |most| most + 1) {
            let payload = shared.get(&which).map(|payload| packed(payload)).unwrap_or_default();
            payloads.push(payload);
        }
        let stock = Self {
            version,
            shelves,
            payloads,
        };
        for shelf in &stock.shelves {
            let form = if shelf.kind == Kind::Release {
                Form::Metadata
            } else {
                Form::Whole
            };
            for start in (0..shelf.members.len()).step_by(PAGE) {
                let end = (start + PAGE).min(shelf.members.len());
                let left = shelf.members.len() - end;
                drop(stock.body(
                    shelf.kind,
                    form,
                    &Places::Run(start..end),
                    left,
                    &token(version, end),
                    true,
                ));
            }
        }
        stock
    }

    pub(super) fn shelf(&self, kind: Kind) -> Option<&Shelf> {
        self.shelves.iter().find(|shelf| shelf.kind == kind)
    }

    /// Bytes of the whole lists, by resource; Secrets as metadata, and whole as `secrets (whole)`.
    pub(super) fn bytes(&self) -> Value {
        let mut bytes = Map::new();
        for shelf in &self.shelves {
            bytes.insert(shelf.kind.plural().to_owned(), json!(shelf.items.len()));
            let whole: usize = shelf.secrets.iter().map(Whole::len).sum();
            if whole > 0 {
                bytes.insert("secrets (whole)".to_owned(), json!(whole));
            }
        }
        Value::Object(bytes)
    }

    /// The body of a list of these places; `left` more follow, from `token` on. Compressed only where it is worth it.
    pub(super) fn body(&self, kind: Kind, form: Form, places: &Places, left: usize, token: &str, pack: bool) -> Body {
        let more = (left > 0).then_some((token, left));
        let head = match (kind, form) {
            (Kind::Release, Form::Whole) => list_head_of("v1", "SecretList", self.version, more),
            (_, Form::Whole) | (Kind::Release, Form::Metadata) => list_head(kind, self.version, more),
            (_, Form::Metadata) => list_head_of("meta.k8s.io/v1", "PartialObjectMetadataList", self.version, more),
        };
        let Some(listed) = self.shelf(kind) else {
            return whole(vec![Bytes::from(head), Bytes::from_static(LIST_TAIL)]);
        };
        let cached = match places {
            Places::Run(run) if pack => Some((form, run.clone(), left)),
            _ => None,
        };
        if let Some(body) = cached.as_ref().and_then(|key| listed.held(key)) {
            return body;
        }
        let mut parts = vec![Part::Own(Bytes::from(head))];
        listed.parts(form, places, &mut parts);
        parts.push(Part::Own(Bytes::from_static(LIST_TAIL)));
        let identity: usize = parts.iter().map(Part::len).sum();
        if !pack || identity < PACKED_FROM {
            return whole(parts.into_iter().map(Part::into_bytes).collect());
        }
        let body = Body {
            parts: self.pack(parts),
            identity,
            packed: true,
        };
        if let Some(key) = cached {
            listed.hold(key, body.clone());
        }
        body
    }

    /// One gzip stream: what is a list's own compressed anew, shared payloads as the members they are.
    fn pack(&self, parts: Vec<Part>) -> Vec<Bytes> {
        let mut members = Vec::new();
        let mut own = GzEncoder::new(Vec::new(), LEVEL);
        for part in parts {
            match part {
                // writing to a Vec cannot fail
                Part::Own(bytes) => own.write_all(&bytes).unwrap_or_default(),
                Part::Shared(_, which) => {
                    let done = std::mem::replace(&mut own, GzEncoder::new(Vec::new(), LEVEL));
                    members.push(Bytes::from(done.finish().unwrap_or_default()));
                    members.extend(self.payloads.get(which).cloned());
                }
            }
        }
        members.push(Bytes::from(own.finish().unwrap_or_default()));
        members
    }
}

/// Where a list goes on: at this place of the stock of this version.
pub(super) fn token(version: u64, place: usize) -> String {
    format!("v{version}p{place}")
}

/// The version and place of a token.
pub(super) fn read_token(token: &str) -> Option<(u64, usize)> {
    let (version, place) = token.strip_prefix('v')?.split_once('p')?;
    Some((version.parse().ok()?, place.parse().ok()?))
}

fn whole(parts: Vec<Bytes>) -> Body {
    Body {
        identity: parts.iter().map(Bytes::len).sum(),
        parts,
        packed: false,
    }
}

fn packed(bytes: &[u8]) -> Bytes {
    let mut gzip = GzEncoder::new(Vec::new(), LEVEL);
    // writing to a Vec cannot fail
    gzip.write_all(bytes).unwrap_or_default();
    Bytes::from(gzip.finish().unwrap_or_default())
}

/// A part of a body: its own bytes, or a payload that many share, by its number.
enum Part {
    Own(Bytes),
    Shared(Bytes, usize),
}

impl Part {
    fn len(&self) -> usize {
        match self {
            Self::Own(bytes) | Self::Shared(bytes, _) => bytes.len(),
        }
    }

    fn into_bytes(self) -> Bytes {
        match self {
            Self::Own(bytes) | Self::Shared(bytes, _) => bytes,
        }
    }
}

impl Whole {
    fn len(&self) -> usize {
        self.head.len() + self.payload.len() + self.tail.len()
    }
}

impl Shelf {
    fn of(cluster: &Cluster, kind: Kind, turned: &BTreeMap<(Kind, usize), Turned>) -> Self {
        let changed = |n: usize| turned.get(&(kind, n));
        let mut members: Vec<usize> = (0..cluster.count(kind))
            .filter(|n| changed(*n).is_none_or(|it| !it.gone))
            .collect();
        let visitors = turned.range((kind, cluster.count(kind))..=(kind, usize::MAX));
        let before = members.len();
        members.extend(visitors.filter(|(_, it)| !it.gone).map(|((_, n), _)| *n));
        if members.len() > before {
            members.sort_by_key(|n| cluster.tenant_of(kind, *n));
        }
        let mut items = Vec::new();
        let mut starts = Vec::with_capacity(members.len() + 1);
        let mut namespaces: HashMap<Text, Range<usize>> = HashMap::new();
        for (place, n) in members.iter().enumerate() {
            if place > 0 {
                items.push(b',');
            }
            starts.push(items.len());
            let item = match changed(*n) {
                Some(it) => cluster.json_at(kind, *n, it.turn, it.version),
                None => cluster.json(kind, *n),
            };
            items.extend_from_slice(&item);
            let run = namespaces
                .entry(cluster.namespace_of(kind, *n).into())
                .or_insert(place..place);
            run.end = place + 1;
        }
        starts.push(items.len() + 1);
        items.shrink_to_fit();
        let secrets = if kind == Kind::Release {
            members.iter().map(|n| secret(cluster, *n)).collect()
        } else {
            Vec::new()
        };
        Self {
            kind,
            members,
            items: Bytes::from(items),
            starts,
            namespaces,
            secrets,
            packed: Mutex::default(),
        }
    }

    /// All, or those of a namespace.
    pub(super) fn places(&self, namespace: Option<&str>) -> Range<usize> {
        match namespace {
            None => 0..self.members.len(),
            Some(namespace) => self.namespaces.get(namespace).cloned().unwrap_or(0..0),
        }
    }

    /// An item as it stands in the list.
    pub(super) fn item(&self, place: usize) -> Bytes {
        self.run(place..place + 1)
    }

    fn run(&self, run: Range<usize>) -> Bytes {
        match (self.starts.get(run.start), self.starts.get(run.end)) {
            (Some(start), Some(end)) if start < end => self.items.slice(*start..end - 1),
            _ => Bytes::new(),
        }
    }

    fn parts(&self, form: Form, places: &Places, parts: &mut Vec<Part>) {
        let sliced = (form == Form::Metadata) == (self.kind == Kind::Release);
        if let (true, Places::Run(run)) = (sliced, places) {
            parts.push(Part::Own(self.run(run.clone())));
            return;
        }
        for (nth, place) in places.iter().enumerate() {
            if nth > 0 {
                parts.push(Part::Own(Bytes::from_static(b",")));
            }
            match (form, self.secrets.get(place)) {
                (Form::Whole, Some(secret)) => {
                    parts.push(Part::Own(secret.head.clone()));
                    parts.push(Part::Shared(secret.payload.clone(), secret.which));
                    parts.push(Part::Own(Bytes::from_static(secret.tail)));
                }
                (Form::Metadata, None) => parts.push(Part::Own(Bytes::from(metadata_only(&self.item(place))))),
                (Form::Whole, None) | (Form::Metadata, Some(_)) => parts.push(Part::Own(self.item(place))),
            }
        }
    }

    fn held(&self, key: &Page) -> Option<Body> {
        let packed = self.packed.lock().unwrap_or_else(PoisonError::into_inner);
        packed.get(key).cloned()
    }

    fn hold(&self, key: Page, body: Body) {
        let mut packed = self.packed.lock().unwrap_or_else(PoisonError::into_inner);
        packed.insert(key, body);
    }
}

fn secret(cluster: &Cluster, n: usize) -> Whole {
    let secret = cluster.secret(n);
    Whole {
        head: Bytes::from(secret.head),
        payload: secret.payload,
        tail: secret.tail,
        which: secret.which,
    }
}

/// An item as `PartialObjectMetadata`.
pub(super) fn metadata_only(item: &[u8]) -> Vec<u8> {
    #[derive(Deserialize)]
    struct Item<'a> {
        #[serde(borrow)]
        metadata: &'a RawValue,
    }
    let metadata = serde_json::from_slice::<Item<'_>>(item).map_or("{}", |item| item.metadata.get());
    format!("{{\"kind\":\"PartialObjectMetadata\",\"apiVersion\":\"meta.k8s.io/v1\",\"metadata\":{metadata}}}")
        .into_bytes()
}

impl Stock {
    /// Shared: lists under way go on from the stock they began with.
    pub(super) fn shared(self) -> Arc<Self> {
        Arc::new(self)
    }
}

//! One kind's items side by side in one run of bytes, so that any page is a slice of it.

use super::super::encode;
use super::super::shapes::Cluster;
use super::live::Turned;
use super::stock::Body;
use bytes::Bytes;
use pilothouse::model::{Kind, Text};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// How much of an object is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Form {
    Whole,
    Metadata,
}

/// How it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Format {
    Json,
    Protobuf,
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

/// A compressed page: its form and format, its places, and how many more follow.
pub(super) type Page = (Form, Format, Range<usize>, usize);

#[derive(Debug)]
pub(super) struct Shelf {
    pub(super) kind: Kind,
    /// The objects' numbers, in the order of the list.
    pub(super) members: Vec<usize>,
    /// As of which version each of them is.
    versions: Vec<u64>,
    pub(super) items: Bytes,
    /// Where each item begins, and at the end where the next would.
    starts: Vec<usize>,
    /// The same items as messages, each a field of its list.
    messages: Bytes,
    message_starts: Vec<usize>,
    namespaces: HashMap<Text, Range<usize>>,
    /// Of Secrets: the whole ones.
    pub(super) secrets: Vec<Whole>,
    packed: Mutex<HashMap<Page, Body>>,
}

/// A whole Secret: what is its own, and the payload it shares.
#[derive(Debug)]
pub(super) struct Whole {
    head: Bytes,
    pub(super) payload: Bytes,
    tail: &'static [u8],
    pub(super) which: usize,
}

/// A part of a body: its own bytes, or a payload that many share, by its number.
pub(super) enum Part {
    Own(Bytes),
    Shared(Bytes, usize),
}

impl Part {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Own(bytes) | Self::Shared(bytes, _) => bytes.len(),
        }
    }

    pub(super) fn into_bytes(self) -> Bytes {
        match self {
            Self::Own(bytes) | Self::Shared(bytes, _) => bytes,
        }
    }
}

impl Whole {
    pub(super) fn len(&self) -> usize {
        self.head.len() + self.payload.len() + self.tail.len()
    }
}

impl Shelf {
    /// What has not changed since `before` is not written in protobuf once more.
    pub(super) fn of(
        cluster: &Cluster,
        kind: Kind,
        turned: &BTreeMap<(Kind, usize), Turned>,
        before: Option<&Self>,
    ) -> Self {
        let changed = |n: usize| turned.get(&(kind, n));
        let mut members: Vec<usize> = (0..cluster.count(kind))
            .filter(|n| changed(*n).is_none_or(|it| !it.gone))
            .collect();
        let visitors = turned.range((kind, cluster.count(kind))..=(kind, usize::MAX));
        let native = members.len();
        members.extend(visitors.filter(|(_, it)| !it.gone).map(|((_, n), _)| *n));
        if members.len() > native {
            members.sort_by_key(|n| cluster.tenant_of(kind, *n));
        }
        let mut items = Vec::new();
        let mut starts = Vec::with_capacity(members.len() + 1);
        let mut messages = Messages::after(before, members.len());
        let mut versions = Vec::with_capacity(members.len());
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
            let version = changed(*n).map_or_else(|| cluster.version(kind, *n), |it| it.version);
            versions.push(version);
            messages.add(kind, *n, version, &item);
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
            versions,
            items: Bytes::from(items),
            starts,
            message_starts: messages.starts,
            messages: Bytes::from(messages.bytes),
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

    pub(super) fn parts(&self, form: Form, places: &Places, parts: &mut Vec<Part>) {
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

    /// The items of a list in protobuf, each a field of it; the whole of a release is not among them.
    pub(super) fn messages(&self, form: Form, places: &Places) -> Vec<Bytes> {
        let sliced = form == Form::Whole || self.kind == Kind::Release;
        match (sliced, places) {
            (true, Places::Run(run)) => vec![self.message_run(run.clone())],
            (true, Places::Some(_)) => places.iter().map(|place| self.message_run(place..place + 1)).collect(),
            (false, _) => {
                let lean = places.iter().map(|place| {
                    let mut field = Vec::new();
                    encode::field(2, &message(Form::Metadata, self.kind, &self.item(place)), &mut field);
                    Bytes::from(field)
                });
                lean.collect()
            }
        }
    }

    fn message_run(&self, run: Range<usize>) -> Bytes {
        match (self.message_starts.get(run.start), self.message_starts.get(run.end)) {
            (Some(start), Some(end)) if start < end => self.messages.slice(*start..*end),
            _ => Bytes::new(),
        }
    }

    pub(super) fn held(&self, key: &Page) -> Option<Body> {
        let packed = self.packed.lock().unwrap_or_else(PoisonError::into_inner);
        packed.get(key).cloned()
    }

    pub(super) fn hold(&self, key: Page, body: Body) {
        let mut packed = self.packed.lock().unwrap_or_else(PoisonError::into_inner);
        packed.insert(key, body);
    }
}

/// The messages of a shelf as they are made.
struct Messages<'a> {
    bytes: Vec<u8>,
    starts: Vec<usize>,
    before: Option<&'a Shelf>,
    /// Where each object was before, by its number.
    places: HashMap<usize, usize>,
}

impl<'a> Messages<'a> {
    fn after(before: Option<&'a Shelf>, count: usize) -> Self {
        let places = before.map(|before| {
            before
                .members
                .iter()
                .enumerate()
                .map(|(place, n)| (*n, place))
                .collect()
        });
        let mut starts = Vec::with_capacity(count + 1);
        starts.push(0);
        Self {
            bytes: Vec::new(),
            starts,
            before,
            places: places.unwrap_or_default(),
        }
    }

    fn add(&mut self, kind: Kind, n: usize, version: u64, item: &[u8]) {
        let held = self.before.zip(self.places.get(&n).copied());
        let held = held.filter(|(before, place)| before.versions.get(*place) == Some(&version));
        match held {
            Some((before, place)) => self.bytes.extend_from_slice(&before.message_run(place..place + 1)),
            None => encode::field(2, &message(Form::Whole, kind, item), &mut self.bytes),
        }
        self.starts.push(self.bytes.len());
    }
}

/// An item of a list as a message; of a release there is only the metadata.
pub(super) fn message(form: Form, kind: Kind, item: &[u8]) -> Vec<u8> {
    let mut value: Value = serde_json::from_slice(item).unwrap_or_default();
    let name = match (form, kind) {
        (Form::Whole, kind) if kind != Kind::Release => kind.name(),
        _ => {
            if let Some(fields) = value.as_object_mut() {
                fields.retain(|name, _| name == "metadata");
            }
            "PartialObjectMetadata"
        }
    };
    // that every shape can be written is tested; a message that is none would be seen as an object without a name
    encode::message(name, &value).unwrap_or_default()
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

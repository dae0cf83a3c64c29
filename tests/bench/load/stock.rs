//! All lists as of one resource version, in bytes, and the compressed pages, each made once.

use super::super::encode;
use super::super::shapes::{Cluster, LIST_TAIL, list_head, list_head_of};
use super::live::Turned;
use super::shelf::{Form, Format, Part, Places, Shelf, Whole};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use pilothouse::model::Kind;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::io::Write as _;

/// Smaller bodies are sent as they are (`apiserver/pkg/endpoints/handlers/responsewriters`, `defaultGzipThresholdBytes`).
const PACKED_FROM: usize = 128 << 10;
/// As hard as the API server compresses: it says 1 (`defaultGzipContentEncodingLevel`), but Go's 1 fits its Huffman codes to
/// the text, which zlib-rs does from 2 on; at its 1 a release record would not shrink at all.
const LEVEL: Compression = Compression::new(2);
/// The page that clients ask for: client-go, kubectl and the cockpit alike.
const PAGE: usize = 500;

/// A body in parts, and how many bytes it has uncompressed.
#[derive(Clone, Debug)]
pub(super) struct Body {
    pub(super) parts: Vec<Bytes>,
    pub(super) identity: usize,
    pub(super) packed: bool,
    pub(super) format: Format,
}

/// All lists as of one resource version.
#[derive(Debug)]
pub(super) struct Stock {
    pub(super) version: u64,
    shelves: Vec<Shelf>,
    /// The payloads that Secrets share, compressed as members of their own.
    payloads: Vec<Bytes>,
}

impl Stock {
    /// Makes all items, and the compressed pages that every client asks for.
    pub(super) fn of(
        cluster: &Cluster,
        version: u64,
        turned: &BTreeMap<(Kind, usize), Turned>,
        before: Option<&Self>,
    ) -> Self {
        let shelf = |kind| Shelf::of(cluster, kind, turned, before.and_then(|before| before.shelf(kind)));
        let shelves: Vec<Shelf> = Kind::ALL.map(shelf).into();
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
                for format in [Format::Json, Format::Protobuf] {
                    let places = Places::Run(start..end);
                    let how = (form, format);
                    drop(stock.body(shelf.kind, how, &places, left, &token(version, end), true));
                }
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
    pub(super) fn body(
        &self,
        kind: Kind,
        (form, format): (Form, Format),
        places: &Places,
        left: usize,
        token: &str,
        pack: bool,
    ) -> Body {
        let more = (left > 0).then_some((token, left));
        let cached = match places {
            Places::Run(run) if pack => Some((form, format, run.clone(), left)),
            _ => None,
        };
        let held = self.shelf(kind).zip(cached.as_ref());
        if let Some(body) = held.and_then(|(shelf, key)| shelf.held(key)) {
            return body;
        }
        let parts = match format {
            Format::Json => self.json(kind, form, places, more),
            Format::Protobuf => self.protobuf(kind, form, places, more),
        };
        let identity: usize = parts.iter().map(Part::len).sum();
        if !pack || identity < PACKED_FROM {
            return whole(format, parts.into_iter().map(Part::into_bytes).collect());
        }
        let body = Body {
            parts: self.pack(parts),
            identity,
            packed: true,
            format,
        };
        if let Some((shelf, key)) = self.shelf(kind).zip(cached) {
            shelf.hold(key, body.clone());
        }
        body
    }

    fn json(&self, kind: Kind, form: Form, places: &Places, more: Option<(&str, usize)>) -> Vec<Part> {
        let head = match (kind, form) {
            (Kind::Release, Form::Whole) => list_head_of("v1", "SecretList", self.version, more),
            (_, Form::Whole) | (Kind::Release, Form::Metadata) => list_head(kind, self.version, more),
            (_, Form::Metadata) => list_head_of("meta.k8s.io/v1", "PartialObjectMetadataList", self.version, more),
        };
        let mut parts = vec![Part::Own(Bytes::from(head))];
        if let Some(listed) = self.shelf(kind) {
            listed.parts(form, places, &mut parts);
        }
        parts.push(Part::Own(Bytes::from_static(LIST_TAIL)));
        parts
    }

    fn protobuf(&self, kind: Kind, form: Form, places: &Places, more: Option<(&str, usize)>) -> Vec<Part> {
        let (token, left) = more.map_or(("", None), |(token, left)| (token, Some(left)));
        let meta = encode::list_meta(&self.version.to_string(), token, left);
        let items = self
            .shelf(kind)
            .map(|shelf| shelf.messages(form, places))
            .unwrap_or_default();
        let length = meta.len() + items.iter().map(Bytes::len).sum::<usize>();
        let mut head = match (kind, form) {
            (Kind::Release, _) | (_, Form::Metadata) => {
                encode::envelope("meta.k8s.io/v1", "PartialObjectMetadataList", length)
            }
            (kind, Form::Whole) => encode::envelope(&kind.api_version(), &format!("{}List", kind.name()), length),
        };
        head.extend_from_slice(&meta);
        let mut parts = vec![Part::Own(Bytes::from(head))];
        parts.extend(items.into_iter().map(Part::Own));
        parts.push(Part::Own(Bytes::from_static(encode::TAIL)));
        parts
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

fn whole(format: Format, parts: Vec<Bytes>) -> Body {
    Body {
        format,
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

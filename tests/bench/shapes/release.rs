//! Helm's release records: a small head, and a payload of 170 KB that hardly compresses.
//!
//! The payload is `base64(base64(gzip(JSON)))` as Helm writes it (`reference/semantics.md` §2.1). A gzip stream may have
//! several members: the first tells name, revision and status and is each record's own, the second, with the manifest, is
//! one of four that all records share. That is what lets a server hold 850 MB of Secrets in a few.

use super::chance::Chance;
use super::managed;
use super::plan::{self, REVISIONS};
use super::template::{Template, Values};
use super::{Cluster, number};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use pilothouse::model::Kind;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::OnceLock;

/// How many different payloads there are.
const PAYLOADS: u64 = 4;
/// Bytes of a manifest before compression.
const MANIFEST: usize = 320_000;
/// Bytes of a payload as it stands in the Secret.
const PAYLOAD: usize = 168_000;

/// A release record as a whole, in parts that follow each other: an item of a Secret list.
#[derive(Clone, Debug)]
pub(crate) struct Secret {
    /// Metadata, and the beginning of the payload.
    pub(crate) head: Vec<u8>,
    /// The part of the payload that many records share.
    pub(crate) payload: Bytes,
    pub(crate) tail: &'static [u8],
    /// Which of the shared payloads it is.
    pub(crate) which: usize,
}

impl Secret {
    pub(crate) fn joined(&self) -> Vec<u8> {
        [self.head.as_slice(), &self.payload, self.tail].concat()
    }
}

#[derive(Debug)]
pub(super) struct Templates {
    metadata: Template,
    seed: u64,
    /// Made when the first whole Secret is asked for.
    payloads: OnceLock<Vec<Bytes>>,
}

impl Templates {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            metadata: Template::of(&metadata()),
            seed,
            payloads: OnceLock::new(),
        }
    }

    fn payload(&self, which: usize) -> Bytes {
        let make = || (0..PAYLOADS).map(|n| payload(Chance(self.seed), n)).collect();
        self.payloads.get_or_init(make).get(which).cloned().unwrap_or_default()
    }
}

impl Cluster {
    /// Chart and revision of a tenant's record.
    fn revision_of(&self, n: usize) -> (usize, usize, &'static str) {
        let (tenant, nth) = self.plan.place(Kind::Release, n);
        let (chart, revision) = (nth / REVISIONS, nth % REVISIONS + 1);
        let newest = revision == self.plan.revisions(tenant, chart);
        let status = match tenant % 40 {
            _ if !newest => "superseded",
            11 if chart == 0 => "pending-upgrade",
            23 if chart == 1 => "failed",
            _ => "deployed",
        };
        (chart, revision, status)
    }

    pub(super) fn record_name(&self, n: usize) -> String {
        let (chart, revision, _) = self.revision_of(n);
        format!("sh.helm.release.v1.{}.v{revision}", plan::chart_name(chart))
    }

    fn metadata_of(&self, n: usize, values: &mut Values) -> Vec<u8> {
        let (chart, revision, status) = self.revision_of(n);
        let made = self.base.as_second() - i64::try_from(self.age(Kind::Release, n)).unwrap_or(0);
        values.set("release", plan::chart_name(chart));
        values.set("revision", revision.to_string());
        values.set("status", status.to_owned());
        values.set("modified", made.to_string());
        values.set("changed", self.ago(self.age(Kind::Release, n)));
        self.releases.metadata.fill(values)
    }

    /// As `PartialObjectMetadata`: all the cockpit asks for.
    pub(super) fn record(&self, n: usize, values: &mut Values) -> Vec<u8> {
        let mut object = br#"{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":"#.to_vec();
        object.extend_from_slice(&self.metadata_of(n, values));
        object.push(b'}');
        object
    }

    /// As the Secret it is.
    pub(crate) fn secret(&self, n: usize) -> Secret {
        let mut values = self.common(Kind::Release, n, 0, self.version(Kind::Release, n));
        let mut head = b"{\"metadata\":".to_vec();
        head.extend_from_slice(&self.metadata_of(n, &mut values));
        head.extend_from_slice(b",\"data\":{\"release\":\"");
        head.extend_from_slice(twice(&self.record_head(n)).as_bytes());
        let which = usize::try_from(self.chance.draw("payload", number(n)) % PAYLOADS).unwrap_or(0);
        Secret {
            head,
            payload: self.releases.payload(which),
            tail: b"\"},\"type\":\"helm.sh/release.v1\"}",
            which,
        }
    }

    /// The first member of the gzip stream: all of the record but its manifest, stored and padded so that base64 of base64
    /// ends on a whole character, and what follows can be encoded on its own.
    fn record_head(&self, n: usize) -> Vec<u8> {
        let (chart, revision, status) = self.revision_of(n);
        let made = self.ago(self.age(Kind::Release, n));
        let record = json!({
            "name": plan::chart_name(chart),
            "info": { "first_deployed": made, "last_deployed": made, "deleted": "", "description": "Upgrade complete", "status": status },
            "chart": {
                "metadata": { "name": plan::chart_name(chart), "version": format!("1.{revision}.0"), "appVersion": "3.11.0", "apiVersion": "v2" },
                "lock": null, "templates": [], "values": {}, "schema": null, "files": null,
            },
            "version": revision,
            "namespace": self.plan.namespace(Kind::Release, n),
        });
        let text = record.to_string();
        let text = text.strip_suffix('}').unwrap_or(&text);
        let mut stored = stored(text);
        // a blank more makes the stored member a byte longer
        let missing = (9 - stored.len() % 9) % 9;
        if missing > 0 {
            stored = self::stored(&format!("{text}{}", " ".repeat(missing)));
        }
        stored
    }
}

fn twice(bytes: &[u8]) -> String {
    STANDARD.encode(STANDARD.encode(bytes))
}

fn stored(text: &str) -> Vec<u8> {
    packed(text, Compression::none())
}

fn packed(text: &str, level: Compression) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), level);
    // writing to a Vec cannot fail
    gzip.write_all(text.as_bytes()).unwrap_or_default();
    gzip.finish().unwrap_or_default()
}

/// The shared member: a manifest with enough chance in it to weigh what real ones weigh.
fn payload(chance: Chance, n: u64) -> Bytes {
    let mut manifest = String::with_capacity(MANIFEST + 1_000);
    let mut line = 0_u64;
    // by trial: so many hex digits make a payload of the wanted size, compressed and encoded twice
    let random = PAYLOAD * 87 / 100;
    let plain = (MANIFEST - random).max(1);
    while manifest.len() < MANIFEST {
        let digits = chance.hex("manifest", n << 32 | line, 48);
        let words = "# Source: client/templates/store.yaml\\n  annotations: ";
        let words: String = words.chars().cycle().take(48 * plain / random).collect();
        // writing to a String cannot fail
        write!(manifest, "{words}{digits}").unwrap_or_default();
        line += 1;
    }
    let member = packed(
        &format!(",\"manifest\":\"{}\"}}", manifest.replace('\\', "")),
        Compression::best(),
    );
    Bytes::from(twice(&member))
}

fn metadata() -> Value {
    let labels = json!({
        "modifiedAt": "«modified»", "name": "«release»", "owner": "helm", "status": "«status»", "version": "«revision»",
    });
    json!({
        "name": "«name»", "namespace": "«namespace»", "uid": "«uid»", "resourceVersion": "«rv»", "creationTimestamp": "«created»",
        "labels": labels,
        "managedFields": [managed::entry("Helm", None, "v1", &json!({ "data": { "release": "" }, "metadata": { "labels": labels }, "type": "" }))],
    })
}

//! What is read of bytes as Go writes them; and that no bytes whatever are more than an error.

use super::schema::Schema;
use super::*;
use proptest::prelude::*;
use serde::Deserialize as _;
use serde_json::{Value, json};

/// A field of bytes: its tag, its length, itself.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut written = Vec::new();
    for mut value in [u64::from(number) << 3 | 2, u64::try_from(bytes.len()).unwrap()] {
        while value >= 0x80 {
            written.push(u8::try_from(value & 0x7f).unwrap() | 0x80);
            value >>= 7;
        }
        written.push(u8::try_from(value).unwrap());
    }
    written.extend(bytes);
    written
}

fn body(api_version: &str, kind: &str, raw: &[u8]) -> Vec<u8> {
    let meta = [field(1, api_version.as_bytes()), field(2, kind.as_bytes())].concat();
    [MAGIC.to_vec(), field(1, &meta), field(2, raw)].concat()
}

fn read(kind: &str, raw: &[u8]) -> Result<Value, Error> {
    Value::deserialize(Message::of(kind, raw)?)
}

#[test]
fn delete_options_are_read_with_their_zeros() {
    let raw = [
        vec![1 << 3, 0],
        field(2, &field(1, b"uid-1")),
        field(4, b"Background"),
        field(5, b"All"),
    ]
    .concat();
    let whole = body("v1", "DeleteOptions", &raw);
    let envelope = Envelope::read(&whole).unwrap();
    assert_eq!((envelope.api_version, envelope.kind), ("v1", "DeleteOptions"));
    assert_eq!(
        Value::deserialize(envelope.message().unwrap()).unwrap(),
        json!({
            "gracePeriodSeconds": 0, "preconditions": { "uid": "uid-1" },
            "propagationPolicy": "Background", "dryRun": ["All"],
        })
    );
}

#[test]
fn maps_bytes_and_empty_fields_are_read_as_go_means_them() {
    let label = |key: &[u8], value: &[u8]| field(11, &[field(1, key), field(2, value)].concat());
    let meta = [
        field(1, b"s"),
        field(3, b""),
        field(8, b""),
        label(b"empty", b""),
        label(b"owner", b"helm"),
    ]
    .concat();
    let data = [field(1, b"release"), field(2, b"hi")].concat();
    let raw = [field(1, &meta), field(2, &data), field(3, b"helm.sh/release.v1")].concat();
    assert_eq!(
        read("Secret", &raw).unwrap(),
        json!({
            "metadata": { "name": "s", "labels": { "empty": "", "owner": "helm" } },
            "data": { "release": "aGk=" }, "type": "helm.sh/release.v1",
        })
    );
}

#[test]
fn times_shares_quantities_and_raw_json_read_as_their_json() {
    // 2026-04-27T14:02:00Z
    let seconds = field(8, &[1 << 3, 0xd8, 0xd8, 0xbd, 0xcf, 0x06]);
    let entry = [field(1, b"kubectl"), field(7, &field(1, br#"{"f:spec":{}}"#))].concat();
    let meta = [seconds, field(17, &entry)].concat();
    assert_eq!(
        read("ObjectMeta", &meta).unwrap(),
        json!({
            "creationTimestamp": "2026-04-27T14:02:00Z",
            "managedFields": [{ "manager": "kubectl", "fieldsV1": { "f:spec": {} } }],
        })
    );
    let share = |number: u8, kind: u8, count: u8, text: &[u8]| {
        field(number, &[vec![1 << 3, kind, 2 << 3, count], field(3, text)].concat())
    };
    assert_eq!(
        read(
            "PodDisruptionBudgetSpec",
            &[share(1, 1, 0, b"25%"), share(3, 0, 0, b"")].concat()
        )
        .unwrap(),
        json!({ "minAvailable": "25%", "maxUnavailable": 0 })
    );
    let storage = [field(1, b"storage"), field(2, &field(1, b"10Gi"))].concat();
    assert_eq!(
        read(
            "PersistentVolumeSpec",
            &[
                field(1, &storage),
                field(2, &field(3, &field(1, b"/srv"))),
                field(6, b"slow")
            ]
            .concat()
        )
        .unwrap(),
        json!({ "capacity": { "storage": "10Gi" }, "hostPath": { "path": "/srv" }, "storageClassName": "slow" })
    );
}

#[test]
fn a_list_names_its_metadata_and_its_items_and_a_cut_one_is_none() {
    let meta = [field(2, b"7"), field(3, b"next")].concat();
    let raw = [field(1, &meta), field(2, b""), field(2, b"\x0a\x00")].concat();
    let list = List::read(&raw).unwrap();
    assert_eq!(
        (list.metadata.text("resourceVersion"), list.metadata.text("continue")),
        ("7", "next")
    );
    assert_eq!(list.items().collect::<Vec<_>>(), [&b""[..], b"\x0a\x00"]);
    assert!(List::read(&raw[..raw.len() - 1]).is_err());
}

#[test]
fn an_error_names_the_field_it_stands_in() {
    let volume = field(1, &field(1, b"\xff"));
    let raw = field(2, &volume);
    assert_eq!(
        read("Pod", &raw).unwrap_err().to_string(),
        "spec.volumes.name: text that is not UTF-8"
    );
    assert!(read("Podling", b"").is_err());
    let endless = (0..60).fold(Vec::new(), |inner, _| {
        let inner = inner.get(..100.min(inner.len())).unwrap().to_vec();
        field(1, &inner)
    });
    drop(read("Pod", &endless));
}

#[test]
fn a_body_cut_anywhere_is_refused_or_shorter_and_never_more() {
    let raw = field(1, &field(1, b"name"));
    let whole = body("v1", "ConfigMap", &raw);
    assert!(Envelope::read(&whole).unwrap().message().is_ok());
    for end in 0..whole.len() {
        let read = Envelope::read(&whole[..end]).and_then(|envelope| Value::deserialize(envelope.message()?));
        if let Ok(value) = read {
            assert_ne!(value["metadata"]["name"], "name", "cut at {end}");
        }
    }
}

/// A pod with something of everything, as Go writes it.
fn pod() -> Vec<u8> {
    let label = [field(1, b"app"), field(2, b"db")].concat();
    let meta = [
        field(1, b"db-0"),
        field(3, b"prod"),
        field(8, &[1 << 3, 0xd8, 0xd8, 0xbd, 0xcf, 0x06]),
        field(11, &label),
        field(14, b"x/y"),
    ]
    .concat();
    let volume = [field(1, b"data"), field(2, &field(10, &field(1, b"data-db-0")))].concat();
    let spec = [
        field(1, &volume),
        field(3, b"Always"),
        field(10, b"node-1"),
        vec![11 << 3, 0],
    ]
    .concat();
    let waiting = field(1, &field(1, b"CrashLoopBackOff"));
    let container = [field(1, b"db"), field(2, &waiting), vec![5 << 3, 3]].concat();
    let condition = [field(1, b"Ready"), field(2, b"False")].concat();
    let status = [field(1, b"Running"), field(2, &condition), field(8, &container)].concat();
    [field(1, &meta), field(2, &spec), field(3, &status)].concat()
}

proptest! {
    #[test]
    fn no_bytes_are_more_than_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200), place in 0_usize..400) {
        let schema = Schema::get();
        if let Some(shape) = schema.at(place) {
            drop(read(shape.name, &bytes));
        }
        drop(List::read(&bytes).map(|list| list.items().count()));
        drop(Event::read(&bytes));
        drop(Envelope::read(&[&MAGIC, &bytes[..]].concat()));
    }

    #[test]
    fn no_damage_is_more_than_an_error(at in any::<proptest::sample::Index>(), byte in any::<u8>(), end in any::<proptest::sample::Index>()) {
        let mut damaged = pod();
        let at = at.index(damaged.len());
        damaged[at] = byte;
        damaged.truncate(end.index(damaged.len() + 1));
        drop(read("Pod", &damaged));
    }
}

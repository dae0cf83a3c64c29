//! Records as Helm writes them, and as an enemy would.

use super::*;
use crate::model::helm::Opening;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use std::io::Write as _;

fn packed(bytes: &[u8]) -> String {
    // what is long and hard to pack need not be packed well
    let level = if bytes.len() > 16 << 20 {
        Compression::fast()
    } else {
        Compression::best()
    };
    let mut gzip = GzEncoder::new(Vec::new(), level);
    gzip.write_all(bytes).unwrap();
    STANDARD.encode(gzip.finish().unwrap())
}

fn stored() -> Value {
    json!({
        "name": "app", "namespace": "shop", "version": 3,
        "info": {"status": "deployed", "first_deployed": "", "notes": "the password is hunter2"},
        "chart": {"metadata": {"name": "shop", "version": "1.2.3", "appVersion": "8"}, "values": null},
        "config": {"mysql": {"rootPassword": "hunter2", "replicas": 2}},
        "manifest": "---\napiVersion: v1\nkind: Secret\nmetadata: {name: login}\nstringData: {password: hunter2}\n",
        "hooks": [{
            "name": "setup", "kind": "Job", "path": "app/templates/a.yaml", "events": ["pre-upgrade"], "weight": 2,
            "manifest": "apiVersion: batch/v1\nkind: Job\nmetadata: {name: setup}",
            "delete_policies": ["before-hook-creation"],
            "last_run": {"started_at": "2026-04-01T00:00:00Z", "completed_at": "", "phase": "Succeeded"},
        }],
    })
}

#[test]
fn a_record_is_read_from_a_secret_and_from_a_config_map() {
    let payload = packed(stored().to_string().as_bytes());
    let secret = json!({"data": {"release": STANDARD.encode(&payload)}});
    let reading = Reading::of_secret(secret.to_string().as_bytes());
    let record = reading.record().unwrap();
    assert_eq!(
        (record.name.as_str(), record.revision, record.status.as_str()),
        ("app", 3, "deployed")
    );
    assert_eq!(
        (record.chart.version.as_str(), record.chart.app_version.as_str()),
        ("1.2.3", "8")
    );
    assert_eq!(record.hooks[0].weight, 2);
    assert_eq!(record.hooks[0].last_run.as_ref().unwrap().phase, "Succeeded");
    let paths: Vec<&String> = record.values.keys().collect();
    assert_eq!(paths, ["mysql.replicas", "mysql.rootPassword"]);

    let map = json!({"data": {"release": payload}});
    assert_eq!(Reading::of_config_map(map.to_string().as_bytes()), reading);
    let plain = STANDARD.encode(stored().to_string());
    assert_eq!(
        Record::decode(&plain).as_ref(),
        Ok(record),
        "a payload that is not packed is JSON already"
    );
}

#[test]
fn no_secret_leaves_a_record() {
    let payload = packed(stored().to_string().as_bytes());
    assert!(!format!("{:?}", Record::decode(&payload)).contains("hunter2"));
    for broken in [
        stored().to_string().replace("\"version\":3", "\"version\":\"hunter2\""),
        stored().to_string().replace("stringData: {", "stringData: {{{"),
        stored().to_string().replace("\"weight\":2", "\"weight\":\"hunter2\""),
    ] {
        assert!(
            !format!("{:?}", Record::decode(&packed(broken.as_bytes()))).contains("hunter2"),
            "{broken}"
        );
    }
}

#[test]
fn what_cannot_be_read_says_why() {
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    let mut nested = stored();
    nested["config"] = json!("DEEP");
    let deep = nested.to_string().replace("\"DEEP\"", &deep);
    let bomb = vec![b' '; 8 << 20];
    let noise: Vec<u8> = (0..400_000_u32)
        .flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes())
        .collect();
    let mut long = noise.clone();
    long.resize(34 << 20, b' ');
    let mut cut = STANDARD.decode(packed(stored().to_string().as_bytes())).unwrap();
    let mut flipped = cut.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0xff;
    flipped[middle + 1] ^= 0xff;
    cut.truncate(cut.len() / 2);
    let whole = packed(stored().to_string().as_bytes());
    let twice = STANDARD.decode(&whole).unwrap();
    let text = stored().to_string();
    let half = &text.as_bytes()[..text.len() / 2];
    for (payload, why) in [
        ("%%%".to_owned(), "no base64"),
        (packed(&bomb), "more than 200 times its size"),
        (packed(&long), "more than 32 MiB"),
        (STANDARD.encode(&cut), "the gzip stream is cut short"),
        (STANDARD.encode(&flipped), "the gzip stream is broken"),
        (packed(twice.as_slice()), "cannot be read at line 1"),
        (
            whole.trim_end_matches('=').chars().take(401).collect(),
            "base64 of the payload is cut short",
        ),
        (packed(half), "its JSON is cut short"),
        (packed(b""), "its JSON is cut short"),
        (packed(b"{}"), "no release"),
        (packed(b"not json"), "cannot be read at line 1"),
        (packed(deep.as_bytes()), "deeper than 128 levels"),
    ] {
        let found = Record::decode(&payload).unwrap_err();
        assert!(found.why.contains(why), "{found} is not about {why}");
    }
    for (secret, why) in [
        (json!({}), "no key \"release\""),
        (json!({"data": null}), "no key \"release\""),
        (json!({"data": {"release": "%"}}), "the Secret's data is no base64"),
        (json!({"data": {"release": STANDARD.encode([0xff, 0xfe])}}), "no base64"),
        (json!({"data": {"release": 7}}), "no Secret or ConfigMap"),
        (json!("x"), "no Secret or ConfigMap"),
    ] {
        let reading = Reading::of_secret(secret.to_string().as_bytes());
        assert!(
            matches!(&reading, Reading::Undecodable(found) if found.why.contains(why)),
            "{secret}: {reading:?} is not about {why}"
        );
    }
}

#[test]
fn a_document_that_is_too_deep_is_told_and_the_others_are_read() {
    let deep = format!("spec: {}1{}", "[".repeat(200), "]".repeat(200));
    let mut nested = stored();
    nested["manifest"] = json!(format!(
        "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: deep}}\n{deep}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: fine}}\n"
    ));
    let record = Record::decode(&packed(nested.to_string().as_bytes())).unwrap();
    assert_eq!(record.manifest.broken, ["document 1 is deeper than 128 levels"]);
    assert_eq!(record.manifest.documents.len(), 1);
}

#[test]
fn what_is_opened_shows_no_secret() {
    let payload = packed(stored().to_string().as_bytes());
    let map = json!({"data": {"release": payload}}).to_string();
    let opening = Opening::of_config_map(map.as_bytes());
    let opened = opening.opened().unwrap();
    assert!(!format!("{opened:?}").contains("hunter2"));
    let values = &opened.contents.values;
    assert!(values.get("mysql.rootPassword").unwrap().shown().is_none());
    assert_eq!(values.get("mysql.replicas").unwrap().shown().unwrap(), "2");
    assert_eq!(opened.contents.documents.len(), 1);
    assert_eq!(opened.contents.hooks.len(), 1);
    assert_eq!(opening.reading(), Reading::of_config_map(map.as_bytes()));
    assert_eq!(
        opened.record.story.first_deployed, None,
        "helm 3 writes a zero time as an empty text"
    );
}

#[test]
fn a_description_keeps_no_secret_and_no_end() {
    let mut failed = stored();
    failed["info"]["description"] = json!(format!("cannot patch: password: hunter2 {}", "x".repeat(5_000)));
    let record = Record::decode(&packed(failed.to_string().as_bytes())).unwrap();
    let told = &record.story.description;
    assert!(
        !told.contains("hunter2") && told.starts_with("cannot patch") && told.len() <= 1_000,
        "{told}"
    );
}

/// Whatever bytes stand there, reading them ends, and says what it found or why it found nothing.
fn read(bytes: &[u8]) {
    let secret = json!({"data": {"release": STANDARD.encode(STANDARD.encode(bytes))}}).to_string();
    let opening = Opening::of_secret(secret.as_bytes());
    if let Opening::Undecodable(why) = &opening {
        assert!(!why.why.is_empty());
    }
    let reading = Reading::of_secret(secret.as_bytes());
    assert_eq!(reading.record().is_some(), opening.opened().is_some());
    assert!(!format!("{opening:?} {reading:?}").contains("hunter2"));
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(128))]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..2_048)) {
        read(&bytes);
        let mut gzip = vec![0x1f, 0x8b, 0x08];
        gzip.extend(bytes);
        read(&gzip);
    }

    #[test]
    fn a_record_cut_anywhere_is_refused(at: proptest::sample::Index) {
        let whole = STANDARD.decode(packed(stored().to_string().as_bytes())).unwrap();
        let at = at.index(whole.len());
        read(&whole[..at]);
        proptest::prop_assert!(Record::decode(&STANDARD.encode(&whole[..at])).is_err());
    }

    #[test]
    fn a_record_with_a_flipped_bit_is_read_or_refused(at: proptest::sample::Index, bit in 0..8_u8, packed_first: bool) {
        let plain = stored().to_string().into_bytes();
        let mut bytes = if packed_first { STANDARD.decode(packed(&plain)).unwrap() } else { plain };
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        // a flipped letter of the canary, or of what hides it, may show what is no canary any more
        let secret = json!({"data": {"release": STANDARD.encode(STANDARD.encode(&bytes))}}).to_string();
        let opening = Opening::of_secret(secret.as_bytes());
        proptest::prop_assert_eq!(opening.opened().is_some(), Reading::of_secret(secret.as_bytes()).record().is_some());
    }
}

//! Records as Helm writes them, and as an enemy would.

use super::*;
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
    cut.truncate(cut.len() / 2);
    for (payload, why) in [
        ("%%%".to_owned(), "no base64"),
        (packed(&bomb), "more than 200 times its size"),
        (packed(&long), "more than 32 MiB"),
        (STANDARD.encode(&cut), "gzip stream is broken"),
        (packed(b"{}"), "no release"),
        (packed(b"not json"), "cannot be read at line 1"),
        (packed(deep.as_bytes()), "cannot be read at line 1"),
    ] {
        let found = Record::decode(&payload).unwrap_err();
        assert!(found.why.contains(why), "{found} is not about {why}");
    }
    assert!(matches!(Reading::of_secret(b"{}"), Reading::Undecodable(_)));
}

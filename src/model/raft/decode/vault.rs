//! Vault and OpenBao: what stands in the bodies of `sys/health`, `sys/leader`, `sys/seal-status` (anybody may ask) and of
//! raft configuration, autopilot and `ha-status` (`reference/raft.md` §1a, §1b).

use super::{MOST_PEERS, go_duration, json, number, text};
use crate::model::Text;
use crate::model::raft::{Autopilot, Cleanup, Configuration, Health, Said, Server};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::time::Duration;

/// `sys/health`: read the body, not the code.
pub fn health(said: &mut Said, status: u16, body: &[u8]) -> Result<(), String> {
    #[derive(Deserialize)]
    struct Body<'a> {
        initialized: bool,
        sealed: bool,
        #[serde(default, borrow)]
        version: std::borrow::Cow<'a, str>,
        #[serde(default, borrow)]
        cluster_id: std::borrow::Cow<'a, str>,
        #[serde(default)]
        removed_from_cluster: Option<bool>,
        #[serde(default)]
        server_time_utc: Option<i64>,
    }
    let body: Body<'_> = json(body)?;
    said.initialised = Some(body.initialized);
    said.sealed = Some(body.sealed);
    said.version = text(&body.version);
    said.cluster = text(&body.cluster_id);
    said.removed = status == 530 || body.removed_from_cluster == Some(true);
    said.clock = body
        .server_time_utc
        .and_then(|seconds| Timestamp::from_second(seconds).ok());
    Ok(())
}

/// `sys/leader`: each pod speaks for itself, of its own indexes too. To be read after [`health`], which tells its clock.
pub fn leader(said: &mut Said, body: &[u8]) -> Result<(), String> {
    let body: Map<String, Value> = json(body)?;
    match body.get("ha_enabled") {
        Some(Value::Bool(_)) => {}
        _ => return Err("it does not say whether it is in a cluster (ha_enabled)".to_owned()),
    }
    // omitted when false
    said.leads = Some(body.get("is_self").and_then(Value::as_bool).unwrap_or(false));
    said.led = led(said, &body);
    said.leader = word(&body, "leader_cluster_address");
    if said.leader.is_empty() {
        said.leader = word(&body, "leader_address");
    }
    said.last_log = number(body.get("raft_committed_index"));
    said.applied = number(body.get("raft_applied_index"));
    Ok(())
}

/// The clock of health counts whole seconds, so the span may come out one short. One that ends before it begins is of a
/// clock that was put back, and tells nothing.
fn led(said: &Said, body: &Map<String, Value>) -> Option<Duration> {
    let active: Timestamp = body.get("active_time")?.as_str()?.parse().ok()?;
    let led = said.clock?.as_second().checked_sub(active.as_second())?;
    // of a standby, Vault writes the year 1
    (said.leads == Some(true) && active > Timestamp::UNIX_EPOCH)
        .then(|| u64::try_from(led).ok().map(Duration::from_secs))
        .flatten()
}

/// `sys/seal-status`.
pub fn seal_status(said: &mut Said, body: &[u8]) -> Result<(), String> {
    let body: Map<String, Value> = json(body)?;
    let sealed = body.get("sealed").and_then(Value::as_bool);
    let sealed = sealed.ok_or("it does not say whether it is sealed")?;
    said.sealed = Some(sealed);
    said.seal = word(&body, "type");
    said.storage = word(&body, "storage_type");
    said.removed |= body.get("removed_from_cluster").and_then(Value::as_bool) == Some(true);
    if sealed && let (Some(given), Some(needed)) = (number(body.get("progress")), number(body.get("t"))) {
        said.unsealing = Some((given, needed));
    }
    if said.version.is_empty() {
        said.version = word(&body, "version");
    }
    Ok(())
}

/// `sys/storage/raft/configuration`.
pub fn configuration(body: &[u8]) -> Result<Configuration, String> {
    #[derive(Deserialize)]
    struct One {
        node_id: String,
        address: String,
        #[serde(default)]
        leader: bool,
        voter: bool,
    }
    #[derive(Deserialize)]
    struct Inner {
        servers: Vec<One>,
    }
    #[derive(Deserialize)]
    struct Config {
        config: Inner,
    }
    #[derive(Deserialize)]
    struct Body {
        data: Config,
    }
    let body: Body = json(body)?;
    let servers = body.data.config.servers;
    bounded(servers.len())?;
    let servers = servers.into_iter().map(|one| Server {
        id: text(&one.node_id),
        name: Text::default(),
        address: text(&one.address),
        voter: one.voter,
        learner: false,
        leader: one.leader,
    });
    Ok(Configuration {
        servers: servers.collect(),
    })
}

/// `sys/storage/raft/autopilot/state`; `None` when autopilot has nothing to say (just elected, or off). Old versions write
/// CamelCase keys.
pub fn autopilot(body: &[u8]) -> Result<Option<Autopilot>, String> {
    #[derive(Deserialize)]
    struct Body {
        data: Option<Map<String, Value>>,
    }
    let Some(data) = json::<Body>(body)?.data else {
        return Ok(None);
    };
    let healthy = field(&data, "healthy").and_then(Value::as_bool);
    let healthy = healthy.ok_or("autopilot does not say whether all is healthy")?;
    let none = Map::new();
    let servers = field(&data, "servers").and_then(Value::as_object).unwrap_or(&none);
    bounded(servers.len())?;
    let servers = servers.iter().map(|(id, one)| {
        let health = one.as_object().map_or_else(Health::default, |one| Health {
            healthy: field(one, "healthy").and_then(Value::as_bool).unwrap_or(false),
            last_contact: field(one, "last_contact").and_then(Value::as_str).and_then(go_duration),
            last_index: number(field(one, "last_index")),
            last_term: number(field(one, "last_term")),
            status: word_of(field(one, "status")),
            stable_since: word_of(field(one, "stable_since")),
        });
        (text(id), health)
    });
    Ok(Some(Autopilot {
        healthy,
        tolerance: number(field(&data, "failure_tolerance")),
        servers: servers.collect(),
    }))
}

/// `sys/storage/raft/autopilot/configuration`: whether, and when, dead servers are removed by themselves.
pub fn cleanup(body: &[u8]) -> Result<Cleanup, String> {
    #[derive(Deserialize)]
    struct Data {
        cleanup_dead_servers: bool,
        #[serde(default)]
        dead_server_last_contact_threshold: Value,
        #[serde(default)]
        min_quorum: Value,
    }
    #[derive(Deserialize)]
    struct Body {
        data: Data,
    }
    let data = json::<Body>(body)?.data;
    Ok(Cleanup {
        on: data.cleanup_dead_servers,
        after: data.dead_server_last_contact_threshold.as_str().and_then(go_duration),
        keeps: number(Some(&data.min_quorum)).unwrap_or_default(),
    })
}

/// `sys/ha-status`: which host name stands behind which cluster address; on Kubernetes the host name is the pod's.
pub fn hosts(body: &[u8]) -> Result<Vec<(Text, Text)>, String> {
    let body: Map<String, Value> = json(body)?;
    let data = body.get("data").and_then(Value::as_object).unwrap_or(&body);
    let nodes = field(data, "nodes").and_then(Value::as_array);
    let nodes = nodes.ok_or("it names no nodes")?;
    bounded(nodes.len())?;
    let nodes = nodes.iter().filter_map(Value::as_object);
    Ok(nodes
        .map(|node| {
            (
                word_of(field(node, "cluster_address")),
                word_of(field(node, "hostname")),
            )
        })
        .collect())
}

/// The words of an answer that refuses: `{"errors": ["permission denied"]}`.
pub fn errors(body: &[u8]) -> String {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Body {
        errors: Vec<String>,
    }
    let errors = json::<Body>(body).unwrap_or_default().errors;
    text(&errors.into_iter().take(4).collect::<Vec<_>>().join("; ")).to_string()
}

fn bounded(count: usize) -> Result<(), String> {
    if count > MOST_PEERS {
        return Err(format!("it names {count} peers, more than a raft cluster has"));
    }
    Ok(())
}

fn word(body: &Map<String, Value>, key: &str) -> Text {
    word_of(body.get(key))
}

fn word_of(value: Option<&Value>) -> Text {
    value.and_then(Value::as_str).map(text).unwrap_or_default()
}

/// A field by its `snake_case` name, or as old versions write it: `last_contact`, `LastContact`.
fn field<'a>(body: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    body.get(name).or_else(|| {
        let camel: String = name
            .split('_')
            .flat_map(|part| {
                let mut letters = part.chars();
                letters
                    .next()
                    .map(|first| first.to_ascii_uppercase())
                    .into_iter()
                    .chain(letters)
            })
            .collect();
        body.get(&camel)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_standby_says_how_it_stands() {
        let mut said = Said::default();
        health(
            &mut said,
            429,
            br#"{"initialized":true,"sealed":false,"standby":true,"version":"1.21.0","cluster_id":"c-1"}"#,
        )
        .expect("health");
        leader(&mut said, br#"{"ha_enabled":true,"is_self":false,"leader_address":"http://10.0.0.2:8200","leader_cluster_address":"https://vault-2.vault-internal:8201","raft_committed_index":2730012,"raft_applied_index":2730010}"#).expect("leader");
        seal_status(
            &mut said,
            br#"{"type":"shamir","sealed":false,"t":3,"progress":0,"storage_type":"raft","version":"1.21.0"}"#,
        )
        .expect("seal");
        assert_eq!(
            (said.sealed, said.leads, said.removed),
            (Some(false), Some(false), false)
        );
        assert_eq!((said.last_log, said.applied), (Some(2_730_012), Some(2_730_010)));
        assert_eq!((said.seal.as_str(), said.storage.as_str()), ("shamir", "raft"));
        assert_eq!(said.leader, "https://vault-2.vault-internal:8201");
        assert_eq!(said.unsealing, None);
        assert_eq!(said.led, None);
    }

    #[test]
    fn how_long_it_has_led_is_told_by_its_own_clock() {
        let active = |time: &str| format!(r#","active_time":"{time}""#);
        let clock = Some(1_777_284_000_i64); // 2026-04-27T10:00:00Z
        for (case, clock, is_self, active, led) in [
            (
                "for an hour",
                clock,
                true,
                active("2026-04-27T08:59:59.75Z"),
                Some(3_601),
            ),
            (
                "in another zone",
                clock,
                true,
                active("2026-04-27T11:00:00+02:00"),
                Some(3_600),
            ),
            ("since now", clock, true, active("2026-04-27T10:00:00Z"), Some(0)),
            ("a clock put back", clock, true, active("2026-04-27T10:00:05Z"), None),
            ("no clock", None, true, active("2026-04-27T09:00:00Z"), None),
            ("of a standby", clock, false, active("0001-01-01T00:00:00Z"), None),
            ("the year 1", clock, true, active("0001-01-01T00:00:00Z"), None),
            ("no time", clock, true, String::new(), None),
            ("another text", clock, true, active("yesterday"), None),
        ] {
            let mut said = Said::default();
            let time = clock.map_or_else(String::new, |clock| format!(r#","server_time_utc":{clock}"#));
            let body = format!(r#"{{"initialized":true,"sealed":false{time}}}"#);
            health(&mut said, 200, body.as_bytes()).expect("health");
            let body = format!(r#"{{"ha_enabled":true,"is_self":{is_self}{active}}}"#);
            leader(&mut said, body.as_bytes()).expect("leader");
            assert_eq!(said.led, led.map(Duration::from_secs), "{case}");
        }
    }

    #[test]
    fn what_autopilot_does_with_the_dead_is_told_as_far_as_it_says() {
        let of = |data: &str| cleanup(format!("{{\"data\":{data}}}").as_bytes());
        let told = of(r#"{"cleanup_dead_servers":true,"dead_server_last_contact_threshold":"24h0m0s","min_quorum":3}"#);
        let wanted = Cleanup {
            on: true,
            after: Some(Duration::from_hours(24)),
            keeps: 3,
        };
        assert_eq!(told, Ok(wanted));
        assert_eq!(
            of(r#"{"cleanup_dead_servers":false,"dead_server_last_contact_threshold":7}"#),
            Ok(Cleanup::default())
        );
        assert!(of("{}").is_err());
    }

    #[test]
    fn a_removed_peer_says_so_by_its_code_or_its_body() {
        for (status, body) in [
            (530, r#"{"initialized":true,"sealed":true}"#),
            (200, r#"{"initialized":true,"sealed":true,"removed_from_cluster":true}"#),
        ] {
            let mut said = Said::default();
            health(&mut said, status, body.as_bytes()).expect("health");
            assert!(said.removed, "{status}");
        }
    }

    #[test]
    fn the_configuration_and_both_spellings_of_autopilot() {
        let told = configuration(br#"{"data":{"config":{"index":1,"servers":[{"node_id":"vault-0","address":"vault-0.vault-internal:8201","leader":true,"voter":true,"protocol_version":"\u0003"},{"node_id":"x","address":"127.0.0.1:8201","leader":false,"voter":false}]}}}"#).expect("configuration");
        assert_eq!(told.servers.len(), 2);
        assert!(told.servers[0].leader && told.servers[0].voter && !told.servers[1].voter);
        for body in [
            r#"{"data":{"healthy":true,"failure_tolerance":1,"servers":{"vault-0":{"healthy":true,"last_contact":"678.6ms","last_index":9,"status":"voter"}}}}"#,
            r#"{"data":{"Healthy":true,"FailureTolerance":1,"Servers":{"vault-0":{"Healthy":true,"LastContact":"678.6ms","LastIndex":9,"Status":"voter"}}}}"#,
        ] {
            let told = autopilot(body.as_bytes()).expect("autopilot").expect("some");
            assert_eq!((told.healthy, told.tolerance), (true, Some(1)));
            assert_eq!(told.servers[0].1.last_contact, Some(Duration::from_micros(678_600)));
            assert_eq!(told.servers[0].1.last_index, Some(9));
        }
        assert_eq!(autopilot(br#"{"data":null}"#), Ok(None));
    }

    #[test]
    fn what_has_another_shape_is_an_error_in_words() {
        let mut said = Said::default();
        for body in [
            "",
            "{",
            "[]",
            "null",
            "\"x\"",
            "{}",
            "{\"sealed\":\"no\"}",
            "<html>",
            "{\"initialized\":1,\"sealed\":0}",
        ] {
            assert!(health(&mut said, 200, body.as_bytes()).is_err(), "{body}");
            assert!(leader(&mut said, body.as_bytes()).is_err(), "{body}");
            assert!(configuration(body.as_bytes()).is_err(), "{body}");
            assert!(hosts(body.as_bytes()).is_err(), "{body}");
        }
        assert_eq!(said, Said::default());
        let many = vec![r#"{"node_id":"a","address":"b","voter":true}"#; 65].join(",");
        let body = format!(r#"{{"data":{{"config":{{"servers":[{many}]}}}}}}"#);
        assert_eq!(
            configuration(body.as_bytes()),
            Err("it names 65 peers, more than a raft cluster has".to_owned())
        );
    }
}

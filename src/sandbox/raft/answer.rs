//! What a Vault answers: the paths a probe asks, as its server writes them, and as an ill one does.

use super::{Change, Illness, POOR_TOKEN, Seen, TOKEN, View};
use bytes::Bytes;
use serde_json::{Map, Value, json};

/// A question to a process.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct Asked {
    /// `GET`, `PUT` or `POST`.
    pub(in crate::sandbox) method: String,
    pub(in crate::sandbox) path: String,
    pub(in crate::sandbox) body: Bytes,
    pub(in crate::sandbox) token: String,
}

/// Its answer.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct Answered {
    pub(in crate::sandbox) code: u16,
    pub(in crate::sandbox) location: Option<String>,
    pub(in crate::sandbox) body: Bytes,
}

impl Answered {
    fn json(code: u16, body: &Value) -> Self {
        Self {
            code,
            location: None,
            body: body.to_string().into_bytes().into(),
        }
    }

    fn errors(code: u16, why: &str) -> Self {
        Self::json(code, &json!({ "errors": [why] }))
    }
}

impl View {
    /// The port on which it listens.
    pub(in crate::sandbox) const PORT: u16 = 8200;

    /// What it changes in its cluster, where it is asked to and may be. A standby hands it on to its leader, as Vault does.
    pub(in crate::sandbox) fn change(&self, asked: &Asked) -> Option<Change> {
        let ill = self.me().and_then(|me| me.ill);
        let deaf = matches!(ill, Some(Illness::Stuck | Illness::HalfStuck)) || Self::sealed(ill);
        if asked.method == "GET" || deaf || self.revoked || asked.token != TOKEN {
            return None;
        }
        let (namespace, set) = (self.own.namespace.clone(), self.own.set.clone());
        let leader = self.leader.clone()?;
        match asked.path.as_str() {
            "/v1/sys/step-down" => Some(Change::Lead {
                to: self.successor(&leader)?,
                namespace,
                set,
            }),
            "/v1/sys/storage/raft/remove-peer" => {
                let body: Value = serde_json::from_slice(&asked.body).ok()?;
                let id = body.get("server_id")?.as_str()?.to_owned();
                Some(Change::Remove { namespace, id })
            }
            _ => None,
        }
    }

    /// Who is elected when the leader steps down: the longest log, and of equal ones the first.
    fn successor(&self, leader: &str) -> Option<String> {
        let able = self.seen.iter().filter(|seen| seen.pod != leader && seen.ill.is_none());
        let best = able.max_by(|one, other| one.index.cmp(&other.index).then(other.pod.cmp(&one.pod)));
        best.map(|seen| seen.pod.clone())
    }

    /// The answer; `None` when it says nothing, for as long as anybody waits.
    pub(in crate::sandbox) fn answer(&self, asked: &Asked) -> Option<Answered> {
        let ill = self.me().and_then(|me| me.ill);
        match ill {
            Some(Illness::Stuck) => return None,
            Some(Illness::HalfStuck) if asked.path.contains("/storage/raft/") => return None,
            Some(Illness::Malformed) => {
                return Some(Answered {
                    code: 200,
                    location: None,
                    body: Bytes::from_static(b"{\"initialized\": tru\x07e, \"sealed\""),
                });
            }
            Some(Illness::Huge) => {
                return Some(Answered {
                    code: 200,
                    location: None,
                    body: vec![b' '; 10 << 20].into(),
                });
            }
            Some(Illness::Redirecting) => {
                return Some(Answered {
                    code: 307,
                    location: Some("http://169.254.169.254/latest/meta-data".to_owned()),
                    body: Bytes::new(),
                });
            }
            _ => {}
        }
        let path = asked.path.split('?').next().unwrap_or_default();
        Some(match path {
            "/v1/sys/health" => self.health(ill),
            "/v1/sys/seal-status" => self.seal_status(ill),
            "/v1/sys/leader" => self.leader(ill),
            path => self.guarded(path, &asked.token, ill),
        })
    }

    fn me(&self) -> Option<&Seen> {
        self.seen.iter().find(|seen| seen.pod == self.own.pod)
    }

    fn leads(&self, ill: Option<Illness>) -> bool {
        ill == Some(Illness::Usurper) || self.leader.as_ref() == Some(&self.own.pod)
    }

    fn version(&self, ill: Option<Illness>) -> String {
        if ill == Some(Illness::Hostile) {
            return format!("{}\u{1b}[2J\u{202e}", self.own.version);
        }
        self.own.version.clone()
    }

    fn cluster(&self, ill: Option<Illness>) -> String {
        let of = if ill == Some(Illness::Stranger) {
            &self.own.pod
        } else {
            &self.own.set
        };
        format!("cluster-of-{of}")
    }

    const fn sealed(ill: Option<Illness>) -> bool {
        matches!(ill, Some(Illness::Sealed | Illness::Uninitialised | Illness::Removed))
    }

    fn health(&self, ill: Option<Illness>) -> Answered {
        let mut body = json!({
            "initialized": ill != Some(Illness::Uninitialised),
            "sealed": Self::sealed(ill),
            "standby": !self.leads(ill),
            "performance_standby": false,
            "replication_performance_mode": "disabled",
            "replication_dr_mode": "disabled",
            "server_time_utc": self.now.as_second(),
            "version": self.version(ill),
        });
        if ill == Some(Illness::Removed) {
            put(&mut body, "removed_from_cluster", true);
            return Answered::json(530, &body);
        }
        if !Self::sealed(ill) {
            put(&mut body, "cluster_name", self.own.set.clone());
            put(&mut body, "cluster_id", self.cluster(ill));
        }
        Answered::json(200, &body)
    }

    fn seal_status(&self, ill: Option<Illness>) -> Answered {
        Answered::json(
            200,
            &json!({
                "type": "shamir", "initialized": ill != Some(Illness::Uninitialised), "sealed": Self::sealed(ill),
                "t": 3, "n": 5, "progress": u8::from(ill == Some(Illness::Sealed)), "nonce": "",
                "version": self.version(ill), "migration": false, "recovery_seal": false, "storage_type": "raft",
            }),
        )
    }

    fn leader(&self, ill: Option<Illness>) -> Answered {
        if Self::sealed(ill) {
            return Answered::errors(503, "Vault is sealed");
        }
        let index = self.me().map_or(self.head, |me| me.index);
        let applied = if ill == Some(Illness::Unmoved) {
            index.saturating_sub(40)
        } else {
            index
        };
        let mut body = json!({
            "ha_enabled": true, "is_self": self.leads(ill), "performance_standby": false,
            "performance_standby_last_remote_wal": 0, "raft_committed_index": index, "raft_applied_index": applied,
        });
        if self.leads(ill) {
            put(&mut body, "active_time", self.leads_since.to_string());
        }
        if let Some(leader) = &self.leader {
            put(
                &mut body,
                "leader_address",
                format!("http://{leader}.{}-internal:8200", self.own.set),
            );
            put(
                &mut body,
                "leader_cluster_address",
                format!("https://{}", self.address(leader)),
            );
        }
        Answered::json(200, &body)
    }

    fn address(&self, pod: &str) -> String {
        format!("{pod}.{}-internal:8201", self.own.set)
    }

    fn guarded(&self, path: &str, token: &str, ill: Option<Illness>) -> Answered {
        if self.revoked || ![TOKEN, POOR_TOKEN].contains(&token) {
            return Answered::errors(403, "permission denied");
        }
        if path == "/v1/auth/token/lookup-self" {
            return Answered::json(200, &json!({ "data": { "policies": ["raft"] } }));
        }
        if token == POOR_TOKEN && path.contains("autopilot") {
            return Answered::errors(403, "1 error occurred: permission denied");
        }
        if self.leader.is_none() {
            return Answered::errors(500, "local node not active but active cluster node not found");
        }
        match path {
            "/v1/sys/step-down" | "/v1/sys/storage/raft/remove-peer" => Answered {
                code: 204,
                location: None,
                body: Bytes::new(),
            },
            "/v1/sys/storage/raft/snapshot" => self.snapshot(ill),
            "/v1/sys/storage/raft/configuration" => {
                let servers: Vec<Value> = self.servers(ill);
                let config = json!({ "index": 0, "servers": servers });
                Answered::json(200, &json!({ "data": { "config": config } }))
            }
            "/v1/sys/storage/raft/autopilot/state" => Answered::json(200, &self.autopilot(ill)),
            "/v1/sys/storage/raft/autopilot/configuration" => Answered::json(
                200,
                &json!({ "data": { "cleanup_dead_servers": false, "last_contact_threshold": "10s",
                    "max_trailing_logs": 1000, "min_quorum": 0, "server_stabilization_time": "10s" } }),
            ),
            "/v1/sys/ha-status" => {
                let nodes: Vec<Value> = self
                    .seen
                    .iter()
                    .map(|seen| {
                        json!({ "hostname": seen.pod, "cluster_address": format!("https://{}", self.address(&seen.pod)),
                            "active_node": self.leader.as_ref() == Some(&seen.pod), "version": self.own.version })
                    })
                    .collect();
                Answered::json(200, &json!({ "data": { "nodes": nodes } }))
            }
            _ => Answered::errors(404, "unsupported path"),
        }
    }

    /// All of its data; a standby sends whoever asks to its leader, under a name that only pods know.
    fn snapshot(&self, ill: Option<Illness>) -> Answered {
        if let Some(leader) = self.leader.as_ref().filter(|leader| **leader != self.own.pod) {
            return Answered {
                code: 307,
                location: Some(format!(
                    "http://{leader}.{}-internal:8200/v1/sys/storage/raft/snapshot",
                    self.own.set
                )),
                body: Bytes::new(),
            };
        }
        let mut packed = super::archive::snapshot(self.head, 17);
        if ill == Some(Illness::CutSnapshot) {
            packed.truncate(packed.len() / 2);
        }
        Answered {
            code: 200,
            location: None,
            body: packed.into(),
        }
    }

    fn servers(&self, ill: Option<Illness>) -> Vec<Value> {
        let own = self
            .seen
            .iter()
            .filter(|seen| !matches!(seen.ill, Some(Illness::Stranger | Illness::Removed)));
        let own = own.map(|seen| {
            let hostile = if ill == Some(Illness::Hostile) { "\u{1b}]0;owned\u{7}" } else { "" };
            let address = if seen.ill == Some(Illness::Loopback) {
                "127.0.0.1:8201".to_owned()
            } else {
                self.address(&seen.pod)
            };
            json!({ "node_id": format!("{}{hostile}", seen.pod), "address": address,
                "leader": self.own.pod == seen.pod, "voter": seen.ill != Some(Illness::LeftBehind), "protocol_version": "3" })
        });
        let orphans = self.orphans.iter().map(|id| {
            json!({ "node_id": id, "address": format!("10.42.7.9:{}", 8201), "leader": false, "voter": true,
                "protocol_version": "3" })
        });
        own.chain(orphans).collect()
    }

    fn autopilot(&self, ill: Option<Illness>) -> Value {
        if ill == Some(Illness::Silenced) {
            return json!({ "data": null });
        }
        let mut servers = Map::new();
        let (mut voters, mut healthy) = (0_u64, 0_u64);
        for seen in &self.seen {
            let has_vote = seen.ill != Some(Illness::LeftBehind);
            let well = !matches!(
                seen.ill,
                Some(Illness::Stuck | Illness::Sealed | Illness::Uninitialised | Illness::Removed)
            );
            let leads = self.leader.as_ref() == Some(&seen.pod);
            voters += u64::from(has_vote);
            healthy += u64::from(has_vote && well);
            let status = match (leads, has_vote) {
                (true, _) => "leader",
                (_, true) => "voter",
                (_, false) => "non-voter",
            };
            let contact = match (leads, well) {
                (true, _) => "0s",
                (_, true) => "678.6ms",
                (_, false) => "14m2.5s",
            };
            let server = json!({ "id": seen.pod, "name": seen.pod, "address": self.address(&seen.pod),
                "node_status": "alive", "last_contact": contact, "last_term": 17, "last_index": seen.index,
                "healthy": well, "stable_since": super::STABLE.to_string(), "status": status, "version": self.own.version });
            servers.insert(seen.pod.clone(), server);
        }
        voters += self.orphans.len() as u64;
        let tolerance = healthy.saturating_sub(voters / 2 + 1);
        json!({ "data": { "healthy": healthy == voters, "failure_tolerance": tolerance, "leader": self.leader,
            "servers": servers } })
    }
}

fn put(body: &mut Value, field: &str, value: impl Into<Value>) {
    if let Value::Object(fields) = body {
        fields.insert(field.to_owned(), value.into());
    }
}

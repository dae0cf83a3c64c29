//! What a pod template says of a raft system: which one it is, on which port it answers, how its peers are called.

use super::System;
use crate::model::Text;
use serde_json::Value;

/// Read from a StatefulSet's template, because the pods' own lean facts hold no images.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RaftTemplate {
    pub system: System,
    /// The port of the system's API.
    pub port: u16,
    /// The API speaks TLS; `None` where the template does not tell.
    pub tls: Option<bool>,
    /// The raft id is given to the process (`VAULT_RAFT_NODE_ID`; the chart's `setNodeId: true`), so that a pod with an empty
    /// volume comes back under its old id. False: it is made up anew and kept on the volume (`reference/raft.md` §5b).
    pub fixed_id: bool,
    /// `spec.securityContext.fsGroup`: to whom a new block volume is given. `None`: to root alone.
    pub fs_group: Option<Text>,
}

/// The system an image's name stands for: its last part, without registry, tag and digest.
pub fn system_of_image(image: &str) -> Option<System> {
    let name = image.rsplit('/').next().unwrap_or_default();
    let name = name.split(['@', ':']).next().unwrap_or_default();
    match name {
        "vault" | "vault-enterprise" | "vault-k8s-server" => Some(System::Vault),
        "openbao" | "openbao-ubi" | "bao" => Some(System::OpenBao),
        "etcd" | "etcd-amd64" => Some(System::Etcd),
        _ => None,
    }
}

impl RaftTemplate {
    /// Reads a pod template; `None` where no container runs a raft system that is known.
    pub fn read(template: &Value) -> Option<Self> {
        let containers = template.pointer("/spec/containers")?.as_array()?;
        containers.iter().find_map(|container| {
            let system = system_of_image(container.get("image")?.as_str()?)?;
            let group = template.pointer("/spec/securityContext/fsGroup");
            Some(Self {
                fs_group: group
                    .filter(|group| group.is_number())
                    .map(|group| group.to_string().into()),
                ..Self::of(system, container)
            })
        })
    }

    fn of(system: System, container: &Value) -> Self {
        let ports: Vec<(&str, u16)> = items(container, "ports")
            .filter_map(|port| {
                let number = u16::try_from(port.get("containerPort")?.as_u64()?).ok()?;
                Some((port.get("name").and_then(Value::as_str).unwrap_or_default(), number))
            })
            .collect();
        let named = |name: &str| ports.iter().find(|(own, _)| *own == name).map(|(_, port)| *port);
        let env = |name: &str| {
            items(container, "env")
                .find(|entry| entry.get("name").and_then(Value::as_str) == Some(name))
                .map(|entry| entry.get("value").and_then(Value::as_str).unwrap_or_default())
        };
        let secure = |url: &str| {
            if url.starts_with("https:") {
                Some(true)
            } else {
                url.starts_with("http:").then_some(false)
            }
        };
        if system == System::Etcd {
            let words = items(container, "command").chain(items(container, "args"));
            let listens = words
                .filter_map(Value::as_str)
                .flat_map(str::split_whitespace)
                .find_map(|word| word.strip_prefix("--listen-client-urls="));
            let told = listens.or_else(|| env("ETCD_LISTEN_CLIENT_URLS"));
            return Self {
                port: named("client").unwrap_or(2379),
                tls: told.and_then(secure),
                // a wiped member must be removed and added anew, under a new id: `reference/raft.md` §2
                fixed_id: false,
                fs_group: None,
                system,
            };
        }
        // the chart names the port after its scheme
        let (port, tls) = match (named("https"), named("http")) {
            (Some(port), _) => (port, Some(true)),
            (None, Some(port)) => (port, Some(false)),
            (None, None) => (8200, None),
        };
        Self {
            port,
            tls: tls.or_else(|| env("VAULT_ADDR").or_else(|| env("BAO_ADDR")).and_then(secure)),
            fixed_id: env("VAULT_RAFT_NODE_ID").or_else(|| env("BAO_RAFT_NODE_ID")).is_some(),
            fs_group: None,
            system,
        }
    }
}

fn items<'a>(container: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    container.get(field).and_then(Value::as_array).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn images_are_told_by_their_last_part() {
        for (image, expected) in [
            ("hashicorp/vault:1.21.0", Some(System::Vault)),
            ("registry.example:5000/hashicorp/vault@sha256:00", Some(System::Vault)),
            ("quay.io/openbao/openbao:2.6.2", Some(System::OpenBao)),
            ("registry.k8s.io/etcd:3.6.1-0", Some(System::Etcd)),
            ("hashicorp/vault-k8s:1.7", None),
            ("vault-auto-unseal:1.4", None),
            ("", None),
        ] {
            assert_eq!(system_of_image(image), expected, "{image}");
        }
    }

    #[test]
    fn a_template_says_port_scheme_and_identity() {
        let of =
            |container: Value| RaftTemplate::read(&json!({"spec": {"containers": [{"image": "sidecar"}, container]}}));
        let vault = of(
            json!({"image": "vault:1.21.0", "ports": [{"name": "https", "containerPort": 8200}],
            "env": [{"name": "VAULT_RAFT_NODE_ID", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]}),
        );
        let vault = vault.expect("a vault");
        assert_eq!((vault.port, vault.tls, vault.fixed_id), (8200, Some(true), true));
        let etcd =
            of(json!({"image": "etcd", "args": ["--listen-client-urls=https://0.0.0.0:2379"]})).expect("an etcd");
        assert_eq!((etcd.port, etcd.tls, etcd.fixed_id), (2379, Some(true), false));
        assert_eq!(of(json!({"image": "nginx"})), None);
        assert_eq!(RaftTemplate::read(&json!({"spec": {"containers": "none"}})), None);
    }
}

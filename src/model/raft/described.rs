//! A raft system that the operator describes in a file: one HTTP GET or one command a pod, and where in its JSON the answers
//! stand.

use super::decode::{json, number, text};
use super::template::RaftTemplate;
use super::{Said, System};
use crate::model::Text;
use serde::Deserialize;
use serde_json::Value;

/// One description, as it stands in the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Described {
    /// What the system is called: `qdrant`.
    pub name: Text,
    /// The StatefulSet whose pods are its peers.
    pub set: Text,
    /// Its namespace; without one, that of every tenant with such a set.
    pub namespace: Option<Text>,
    pub asks: Asks,
    /// Where the peer's raft id stands, as a JSON pointer (RFC 6901): `/result/peer_id`.
    pub id: Text,
    /// Where its role stands; `leader` in any case means that it leads, `learner`, `non-voter` or `nonvoter` that it has no vote.
    pub role: Text,
    /// Where its last log index stands.
    pub index: Text,
}

/// How each pod is asked. Either way it answers in JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asks {
    /// An HTTP GET of this path.
    Get { port: u16, tls: bool, path: Text },
    /// A command in the pod, without a shell, that only reads and prints on its standard output.
    Exec {
        argv: Vec<Text>,
        /// Empty: the pod's default container.
        container: Text,
    },
}

/// As it is written.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Written {
    name: Text,
    set: Text,
    namespace: Option<Text>,
    port: Option<u16>,
    tls: Option<bool>,
    path: Option<Text>,
    exec: Option<Vec<Text>>,
    container: Option<Text>,
    id: Text,
    role: Text,
    index: Text,
}

impl TryFrom<Written> for Described {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let asks = match (written.path, written.exec) {
            (Some(_), Some(_)) => {
                return Err("`path` and `exec` both say how a pod is asked: keep one of them".to_owned());
            }
            (None, None) => return Err("nothing says how a pod is asked: add `port` and `path`, or `exec`".to_owned()),
            (Some(path), None) => {
                if written.container.is_some() {
                    return Err("`container` is where `exec` runs: drop it, or ask by `exec`".to_owned());
                }
                if !path.starts_with('/') {
                    return Err(format!("`path` is {path:?}: begin it with a slash, as in \"/cluster\""));
                }
                let port = written.port.filter(|port| *port != 0);
                Asks::Get {
                    port: port.ok_or("`path` is asked on a port: add `port = 6333`, or whichever it is")?,
                    tls: written.tls.unwrap_or_default(),
                    path,
                }
            }
            (None, Some(argv)) => {
                if written.port.is_some() || written.tls.is_some() {
                    return Err("`port` and `tls` go with `path`: `exec` needs neither, drop them".to_owned());
                }
                if argv.first().is_none_or(|program| program.trim().is_empty()) {
                    return Err("`exec` names no program: write it as in [\"rqlite\", \"-f\", \"json\"]".to_owned());
                }
                Asks::Exec {
                    argv,
                    container: written.container.unwrap_or_default(),
                }
            }
        };
        for (name, pointer) in [("id", &written.id), ("role", &written.role), ("index", &written.index)] {
            if !pointer.starts_with('/') {
                return Err(format!(
                    "`{name}` is {pointer:?}, no JSON pointer: begin it with a slash, as in \"/result/{name}\""
                ));
            }
        }
        Ok(Self {
            name: written.name,
            set: written.set,
            namespace: written.namespace,
            asks,
            id: written.id,
            role: written.role,
            index: written.index,
        })
    }
}

impl Described {
    pub fn fits(&self, namespace: &str, set: &str) -> bool {
        self.set == set && self.namespace.as_ref().is_none_or(|own| own == namespace)
    }

    pub fn template(&self) -> RaftTemplate {
        let (port, tls) = match self.asks {
            Asks::Get { port, tls, .. } => (port, Some(tls)),
            Asks::Exec { .. } => (0, None),
        };
        RaftTemplate {
            system: System::Described(self.name.clone()),
            port,
            tls,
            fixed_id: false,
            fs_group: None,
        }
    }

    /// Reads a peer's answer.
    pub fn read(&self, said: &mut Said, body: &[u8]) -> Result<(), String> {
        let body: Value = json(body)?;
        let at = |pointer: &Text| {
            body.pointer(pointer)
                .ok_or_else(|| format!("nothing stands at {pointer}"))
        };
        said.id = match at(&self.id)? {
            Value::String(id) => text(id),
            Value::Number(id) => id.to_string().into(),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
                return Err(format!("no id stands at {}", self.id));
            }
        };
        let role = at(&self.role)?.as_str().map(str::to_ascii_lowercase);
        let role = role.ok_or_else(|| format!("no word stands at {}", self.role))?;
        let index = number(Some(at(&self.index)?)).ok_or_else(|| format!("no index stands at {}", self.index))?;
        said.leads = Some(role == "leader");
        said.learner = Some(matches!(role.as_str(), "learner" | "non-voter" | "nonvoter"));
        said.last_log = Some(index);
        said.initialised = Some(true);
        said.sealed = Some(false);
        said.storage = "raft".into();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_where_the_description_says() {
        let described = Described {
            name: "qdrant".into(),
            set: "qdrant".into(),
            namespace: None,
            asks: Asks::Get {
                port: 6333,
                tls: false,
                path: "/cluster".into(),
            },
            id: "/result/peer_id".into(),
            role: "/result/raft_info/role".into(),
            index: "/result/raft_info/commit".into(),
        };
        let mut said = Said::default();
        let body = br#"{"result":{"peer_id":7,"raft_info":{"role":"Leader","commit":"42"}}}"#;
        described.read(&mut said, body).expect("read");
        assert_eq!(
            (said.id.as_str(), said.leads, said.last_log),
            ("7", Some(true), Some(42))
        );
        for wrong in [
            "{}",
            "[]",
            r#"{"result":{"peer_id":[],"raft_info":{"role":"x","commit":1}}}"#,
        ] {
            assert!(
                described.read(&mut Said::default(), wrong.as_bytes()).is_err(),
                "{wrong}"
            );
        }
    }
}

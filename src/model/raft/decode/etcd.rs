//! etcd's own JSON gateway (`reference/raft.md` §2): 64-bit numbers are strings, and what is zero, false or empty is left out.

use super::{MOST_PEERS, json, number, text};
use crate::model::raft::{Configuration, Known, Said, Server};
use serde_json::{Map, Value};

/// `/v3/maintenance/status`. `raftIndex` is the committed index, `raftAppliedIndex` what the store holds.
pub fn status(said: &mut Said, body: &[u8]) -> Result<(), String> {
    let body: Map<String, Value> = json(body)?;
    refused(&body)?;
    let header = body.get("header").and_then(Value::as_object);
    let header = header.ok_or("the status has no header")?;
    said.id = word(header, "member_id");
    if said.id.is_empty() {
        return Err("the status does not say which member answers".to_owned());
    }
    said.cluster = word(header, "cluster_id");
    said.version = word(&body, "version");
    said.term = number(body.get("raftTerm"));
    said.last_log = Some(number(body.get("raftIndex")).unwrap_or(0));
    said.applied = Some(number(body.get("raftAppliedIndex")).unwrap_or(0));
    said.leader = word(&body, "leader");
    said.leads = Some(said.leader == said.id);
    said.learner = Some(body.get("isLearner").and_then(Value::as_bool).unwrap_or(false));
    said.initialised = Some(true);
    said.sealed = Some(false);
    said.storage = "raft".into();
    Ok(())
}

/// `/v3/cluster/member/list`. A learner does not answer it.
pub fn members(body: &[u8], leader: &str) -> Result<Configuration, String> {
    let body: Map<String, Value> = json(body)?;
    refused(&body)?;
    let members = body.get("members").and_then(Value::as_array);
    let members = members.ok_or("it names no members")?;
    if members.len() > MOST_PEERS {
        return Err(format!(
            "it names {} members, more than a raft cluster has",
            members.len()
        ));
    }
    let servers = members.iter().filter_map(Value::as_object).map(|member| {
        let urls = member.get("peerURLs").and_then(Value::as_array);
        let address = urls.and_then(|urls| urls.first()).and_then(Value::as_str);
        let learner = member.get("isLearner").and_then(Value::as_bool).unwrap_or(false);
        let id = word(member, "ID");
        Server {
            name: word(member, "name"),
            address: address.map(text).unwrap_or_default(),
            voter: !learner,
            learner,
            leader: !id.is_empty() && id == leader,
            id,
        }
    });
    Ok(Configuration {
        servers: servers.collect(),
    })
}

/// Takes a member list into what a peer said.
pub fn listed(said: &mut Said, body: &[u8]) -> Result<(), String> {
    said.configuration = Known::Told(members(body, &said.leader)?);
    Ok(())
}

/// `{"error": "etcdserver: …", "code": 14}`.
fn refused(body: &Map<String, Value>) -> Result<(), String> {
    let said = body
        .get("error")
        .or_else(|| body.get("message"))
        .and_then(Value::as_str);
    match said {
        Some(words) => Err(text(words).to_string()),
        None => Ok(()),
    }
}

fn word(body: &Map<String, Value>, key: &str) -> crate::model::Text {
    body.get(key).and_then(Value::as_str).map(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_says_how_it_stands() {
        let mut said = Said::default();
        status(&mut said, br#"{"header":{"cluster_id":"12","member_id":"17","revision":"1","raft_term":"2"},"version":"3.6.1","leader":"17","raftIndex":"8","raftTerm":"2","raftAppliedIndex":"8"}"#).expect("status");
        assert_eq!(
            (said.last_log, said.applied, said.term, said.leads),
            (Some(8), Some(8), Some(2), Some(true))
        );
        listed(&mut said, br#"{"header":{},"members":[{"ID":"17","name":"n2","peerURLs":["http://127.0.0.1:22380"]},{"ID":"18","peerURLs":["http://e:2380"],"isLearner":true}]}"#).expect("list");
        let servers = &said.configuration.told().expect("told").servers;
        assert!(servers[0].voter && servers[0].leader);
        assert!(servers[1].learner && !servers[1].voter && servers[1].name.is_empty());
    }

    #[test]
    fn without_quorum_there_is_no_leader() {
        let mut said = Said::default();
        status(&mut said, br#"{"header":{"cluster_id":"12","member_id":"17"},"version":"3.6.1","raftIndex":"8","raftTerm":"3","raftAppliedIndex":"8","errors":["etcdserver: no leader"]}"#).expect("status");
        assert_eq!((said.leads, said.leader.as_str()), (Some(false), ""));
    }

    #[test]
    fn a_refusal_is_told_in_its_own_words() {
        let body = br#"{"error":"etcdserver: rpc not supported for learner","code":14}"#;
        assert_eq!(
            members(body, ""),
            Err("etcdserver: rpc not supported for learner".to_owned())
        );
        for body in ["", "{}", "[1]", "{\"header\":{}}", "{\"header\":7}"] {
            assert!(status(&mut Said::default(), body.as_bytes()).is_err(), "{body}");
            assert!(members(body.as_bytes(), "").is_err(), "{body}");
        }
    }
}

//! A raft snapshot brought into a file: streamed from the leader, read as an archive to its end, and only then called by its
//! name. Beside it stands a receipt with the step, the checksum and the index.

use super::super::manifest::{hex, part, private, sync_directory};
use super::super::{Hear, not_applied, size};
use super::{TOKEN, archive, words};
use crate::cluster::raft::{Ask, Line, Way};
use crate::cluster::said;
use crate::journal::Outcome;
use crate::model::act::After;
use crate::model::act::task::{RaftSaved, RaftTask};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::fs;
use tokio::io::AsyncWriteExt as _;
use tokio::time::timeout;

const PATH: &str = "/v1/sys/storage/raft/snapshot";
/// How long the next bytes may take.
const QUIET: Duration = Duration::from_mins(1);
/// So many bytes, and it is told how far it is.
const TOLD: u64 = 16 << 20;

/// What is kept beside the file.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Receipt {
    /// The step of the journal that took it.
    step: String,
    cluster: String,
    leader: String,
    bytes: u64,
    sha256: String,
    index: u64,
    term: u64,
}

impl Receipt {
    fn saved(&self) -> RaftSaved {
        RaftSaved {
            bytes: self.bytes,
            sha256: self.sha256.as_str().into(),
            index: self.index,
            term: self.term,
            leader: self.leader.as_str().into(),
        }
    }
}

fn beside(to: &str) -> PathBuf {
    PathBuf::from(format!("{to}.receipt.json"))
}

/// Takes one. Whatever goes wrong, nothing of the cluster was changed, and no file bears the name.
pub(super) async fn taken(
    line: &mut Line<'_>,
    way: &Way,
    task: &RaftTask,
    leader: &str,
    (to, step): (&str, &str),
    hear: Hear<'_>,
) -> Outcome {
    match fs::symlink_metadata(to).await {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Ok(_) => return not_applied(format!("{to} is there already, and nothing is ever written over")),
        Err(error) => return not_applied(format!("{to} cannot be looked at: {error}")),
    }
    let fetched = timeout(task.deadline(), fetched(line, way, to, hear)).await;
    let fetched = fetched.unwrap_or_else(|_elapsed| Err(format!("it was not there within {} s", task.within)));
    let kept = match fetched {
        Ok((bytes, sha256)) => kept(way, leader, (to, step), bytes, sha256).await,
        Err(why) => Err(why),
    };
    match kept {
        Ok(evidence) => Outcome::Done { evidence },
        Err(why) => {
            let left = fs::remove_file(part(to)).await;
            let left = left.err().filter(|error| error.kind() != io::ErrorKind::NotFound);
            let left = left.map_or_else(String::new, |error| {
                format!("; {} could not be taken away: {error}", part(to).display())
            });
            not_applied(format!("no snapshot was kept: {why}{left}"))
        }
    }
}

/// Brings it into the part beside the name.
async fn fetched(line: &mut Line<'_>, way: &Way, to: &str, hear: Hear<'_>) -> Result<(u64, String), String> {
    let token = way.token().ok_or("no token was given for it")?;
    let ask = Ask::get(PATH).with(TOKEN, token.expose_secret());
    let response = timeout(QUIET, line.stream(&ask)).await;
    let response = response.map_err(|_elapsed| format!("no answer within {} s", QUIET.as_secs()))?;
    let response = response.map_err(|unanswered| words(&unanswered))?;
    let status = response.status().as_u16();
    if status != 200 {
        return Err(format!(
            "the leader answered {status}{}",
            if status == 403 {
                ": the token's policy lacks read on sys/storage/raft/snapshot"
            } else {
                ""
            }
        ));
    }
    let path = part(to);
    let told = |error: io::Error| format!("{} cannot be written: {error}", path.display());
    match fs::remove_file(&path).await {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(told(error)),
        _ => {}
    }
    let mut file = private(true).open(&path).await.map_err(told)?;
    let (mut digest, mut bytes, mut next) = (Sha256::new(), 0_u64, TOLD);
    let mut body: Incoming = response.into_body();
    loop {
        let frame = timeout(QUIET, body.frame()).await;
        let frame = frame.map_err(|_elapsed| format!("it stood still for {} s", QUIET.as_secs()))?;
        let Some(frame) = frame else { break };
        let frame = frame.map_err(|error| said::plain(&format!("it broke off: {error}")))?;
        if let Ok(data) = frame.into_data() {
            digest.update(&data);
            bytes += data.len() as u64;
            file.write_all(&data).await.map_err(told)?;
        }
        if bytes >= next {
            next = bytes + TOLD;
            hear(format!("{} received", size(bytes)));
        }
    }
    file.flush().await.map_err(told)?;
    file.sync_all().await.map_err(told)?;
    Ok((bytes, hex(digest)))
}

/// Reads what was brought as the archive it must be, writes the receipt, and gives it its name.
async fn kept(way: &Way, leader: &str, (to, step): (&str, &str), bytes: u64, sha256: String) -> Result<String, String> {
    let path = part(to);
    let read = tokio::task::spawn_blocking(move || archive::read(&path)).await;
    let whole = read.map_err(|error| format!("it was not read to its end: {error}"))??;
    let receipt = Receipt {
        step: step.to_owned(),
        cluster: way.id().to_string(),
        leader: leader.to_owned(),
        bytes,
        sha256,
        index: whole.index,
        term: whole.term,
    };
    let text = serde_json::to_vec_pretty(&receipt).map_err(|error| error.to_string())?;
    let put = async {
        // of an earlier try, whose file never got its name
        match fs::remove_file(beside(to)).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = private(true).open(beside(to)).await?;
        file.write_all(&text).await?;
        file.flush().await?;
        file.sync_all().await?;
        fs::rename(part(to), to).await?;
        sync_directory(Path::new(to)).await
    };
    put.await
        .map_err(|error: io::Error| format!("{to} cannot be written: {error}"))?;
    Ok(format!(
        "{} into {to}; its archive was read to its end, its checksums match, its state has {}",
        receipt.saved(),
        size(whole.state)
    ))
}

/// What became of one that was under way: the file bears its name only when it is whole.
pub(super) async fn standing(to: &str, step: &str) -> Result<After, String> {
    let there = match fs::symlink_metadata(to).await {
        Ok(_) => true,
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) => return Err(format!("{to} cannot be looked at: {error}")),
    };
    if !there {
        return Ok(After::Untouched(format!(
            "there is no {to}; what was not whole changed nothing"
        )));
    }
    let text = fs::read(beside(to))
        .await
        .map_err(|error| format!("the receipt of {to} cannot be read: {error}"))?;
    let receipt: Receipt = serde_json::from_slice(&text).map_err(|_error| format!("the receipt of {to} is none"))?;
    Ok(if receipt.step == step {
        After::Reached(format!("{} into {to}", receipt.saved()))
    } else {
        After::Otherwise(format!("{to} is there, and another step took it"))
    })
}

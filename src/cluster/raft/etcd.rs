//! etcd, asked through its own JSON gateway. Both questions are POSTs by protocol and change nothing.

use super::line::{Ask, Line};
use super::put;
use crate::model::raft::decode::etcd;
use crate::model::raft::{Gap, Known, Said, Silence};
use std::time::Duration;

/// How long the member list may take, which is read with the consent of a quorum.
const LISTED: Duration = Duration::from_secs(1);

pub(super) async fn ask(line: &mut Line<'_>) -> Result<Said, Silence> {
    let mut said = Said {
        autopilot: Known::Untold(Gap::NeverSaid),
        cleanup: Known::Untold(Gap::NeverSaid),
        hosts: Known::Untold(Gap::NeverSaid),
        ..Said::default()
    };
    let read = |said: &mut Said, _status: u16, body: &[u8]| etcd::status(said, body);
    put(
        line,
        &mut said,
        &Ask::post("/v3/maintenance/status"),
        "maintenance/status",
        read,
    )
    .await?;
    if said.learner == Some(true) || said.leader.is_empty() {
        // a learner does not answer it, and without quorum nobody does
        if said.leader.is_empty() {
            said.configuration = Known::Untold(Gap::NoLeader);
        }
        return Ok(said);
    }
    let read = |said: &mut Said, _status: u16, body: &[u8]| etcd::listed(said, body);
    let ask = Ask::post("/v3/cluster/member/list");
    let listed = put(line, &mut said, &ask, "cluster/member/list", read);
    if let Ok(listed) = tokio::time::timeout(LISTED, listed).await {
        listed?;
    } else {
        // it asks its peers first: while these are gone it hangs, and the member itself is well
        let why = format!(
            "the member list does not come within {}s: its peers do not answer",
            LISTED.as_secs()
        );
        said.configuration = Known::Untold(Gap::Unread { why: why.into() });
    }
    Ok(said)
}

//! Trap 46: a raft cluster has no voter to spare, or fewer than decide. What else is wrong with it is rule `raft`'s.

use super::super::finding::Finding;
use super::super::look::Look;
use super::super::ward::Ward;
use super::raft::judged;

pub(super) fn find(look: Look<'_>, ward: &Ward<'_>) -> Vec<Finding> {
    judged(look, ward, "raft_quorum", |worry| worry.of_quorum)
}

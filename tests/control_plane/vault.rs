//! Three real Vaults behind the pods of a StatefulSet on the real control plane: what Pilothouse says of them and what they say
//! themselves, what it forecasts and what then comes, while a client writes and reads back.

mod bad_days;
mod bed;
mod forecasts;
mod peers;
mod roll;
mod roll_disturbed;
mod roll_killed;

pub(crate) use bad_days::bad_days;
pub(crate) use forecasts::forecasts;
pub(crate) use peers::peers;
pub(crate) use roll::fixed_ids;
pub(crate) use roll_disturbed::{claim_of_the_leader_deleted, distrusted, disturbed};
pub(crate) use roll_killed::after_every_step;

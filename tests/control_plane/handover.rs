//! The handover of seed 000 on a real control plane: a tenant of the old chart family, its claims on a CSI driver's disks,
//! handed to the new family by the built program and real helms, on good days and on bad ones. What counts at the end is
//! that every disk is there and bound to the right claim, or that the program says what is not.

mod charts;
mod courses;
mod disks;
mod dump;
mod far_side;
mod intruders;
mod keys;
mod killed;
pub(crate) mod operator;
mod outage;
mod stripped;
mod tenant;

pub(crate) use charts::*;
pub(crate) use courses::*;
pub(crate) use dump::*;
pub(crate) use far_side::exec;
pub(crate) use intruders::*;
pub(crate) use killed::after_every_step;
pub(crate) use outage::in_the_middle;
pub(crate) use stripped::*;

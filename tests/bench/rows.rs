//! The rows of the table, a file for each measurement that is made in one go; several rows may come from one.

pub(crate) mod cut;
pub(crate) mod fleet_churn;
pub(crate) mod forecast;
pub(crate) mod gate;
pub(crate) mod growth;
pub(crate) mod idle;
pub(crate) mod releases;
pub(crate) mod resume;
pub(crate) mod slow_link;
pub(crate) mod start;

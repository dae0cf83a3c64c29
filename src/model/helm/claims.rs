//! Which releases name an object in what they have deployed.

use super::{Address, Home};
use std::collections::BTreeMap;

/// What other releases' deployed revisions name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    pub by: BTreeMap<Home, Vec<Address>>,
    /// Releases that were not compared with, each with the reason.
    pub left: BTreeMap<Home, String>,
}

impl Claims {
    /// The other releases that name this object.
    pub fn of(&self, object: &Address, own: &Home) -> Vec<Home> {
        self.by
            .iter()
            .filter(|(home, _)| *home != own)
            .filter(|(_, named)| named.iter().any(|other| other.same(object)))
            .map(|(home, _)| home.clone())
            .collect()
    }
}

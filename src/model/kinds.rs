//! A set of kinds: what a rule reads, and what a change touches. Of each kind apart: which objects there are and their
//! metadata, and what stands in them besides (`spec`, `status`), which changes far more often. Of pods apart as well: their
//! health, which changes most often of all and which hardly a rule reads, and of claims which volume they name, which is all
//! that most rules read of their bodies.

use super::Kind;

/// A set of [`Kind`]s, in one word: a bit for the objects and their metadata, another for their bodies, and one each for the
/// health of pods, the pods of provisioners, what claims are bound to, and how current all of it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Kinds(u64);

/// The bits of the bodies stand so far from those of the objects.
const BODIES: u32 = 32;

impl Kinds {
    pub const NONE: Self = Self(0);
    pub const ALL: Self = Self::of(&Kind::ALL).and(Self::FRESHNESS);
    /// What the conditions and the containers of pods say: `status.conditions`, `status.containerStatuses`.
    pub const HEALTH: Self = Self(1 << 63);
    /// All of the pods that may run an external provisioner ([`Pod::may_provision`](super::workload::Pod::may_provision)).
    pub const PROVISIONERS: Self = Self(1 << 62);
    /// Which volume and which class claims name: `spec.volumeName`, `spec.storageClassName`. It is settled once, while
    /// their phases and sizes change.
    pub const BINDINGS: Self = Self(1 << 61);
    /// How current the facts are. Whether they are complete is more than that: it counts as a change of everything.
    pub const FRESHNESS: Self = Self(1 << 60);

    pub const fn of(kinds: &[Kind]) -> Self {
        let mut set = Self::NONE;
        let mut rest = kinds;
        while let [kind, more @ ..] = rest {
            set = set.with(*kind);
            rest = more;
        }
        set
    }

    #[must_use]
    pub const fn with(self, kind: Kind) -> Self {
        let own = (1 | 1 << BODIES) << kind as u32;
        let apart = match kind {
            Kind::Pod => Self::HEALTH.0 | Self::PROVISIONERS.0,
            Kind::PersistentVolumeClaim => Self::BINDINGS.0,
            _ => 0,
        };
        Self(self.0 | own | apart)
    }

    /// Of this set only those.
    #[must_use]
    pub const fn only(self, those: Self) -> Self {
        Self(self.0 & those.0)
    }

    /// The same without those.
    #[must_use]
    pub const fn but(self, those: Self) -> Self {
        Self(self.0 & !those.0)
    }

    /// Of these kinds which objects there are and their metadata, and nothing of their bodies.
    #[must_use]
    pub const fn heads(self) -> Self {
        Self(self.0 & ((1 << BODIES) - 1))
    }

    /// Of these kinds the bodies, and neither which objects there are nor their metadata.
    #[must_use]
    pub const fn bodies(self) -> Self {
        Self(self.0 & !((1 << BODIES) - 1))
    }

    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub const fn overlaps(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Every kind of this set is in the other one.
    pub const fn within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }
}

impl From<Kind> for Kinds {
    fn from(kind: Kind) -> Self {
        Self::NONE.with(kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_place_of_its_own() {
        for kind in Kind::ALL {
            let own = Kinds::from(kind);
            assert!(own.within(Kinds::ALL) && own.overlaps(Kinds::ALL));
            assert!(
                Kind::ALL
                    .into_iter()
                    .all(|other| (other == kind) == own.overlaps(other.into()))
            );
        }
        let two = Kinds::of(&[Kind::Pod, Kind::Job]);
        assert_eq!(two, Kinds::from(Kind::Pod).and(Kind::Job.into()));
        assert!(!two.within(Kind::Pod.into()) && !Kinds::NONE.overlaps(Kinds::ALL));
        for set in [two, Kinds::ALL, Kind::Release.into()] {
            assert!(!set.heads().overlaps(set.bodies()) && set.heads().and(set.bodies()) == set);
            assert!(set.heads() != Kinds::NONE && set.bodies() != Kinds::NONE);
            assert_eq!(Kinds::HEALTH.within(set), Kinds::from(Kind::Pod).within(set));
            assert!(
                !set.but(Kinds::HEALTH).overlaps(Kinds::HEALTH)
                    && set.but(Kinds::HEALTH).and(Kinds::HEALTH).within(Kinds::ALL)
            );
        }
    }
}

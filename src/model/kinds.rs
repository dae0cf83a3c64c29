//! A set of kinds: what a rule reads, and what a change touches.

use super::Kind;

/// A set of [`Kind`]s, in one word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Kinds(u16);

impl Kinds {
    pub const NONE: Self = Self(0);
    pub const ALL: Self = Self::of(&Kind::ALL);

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
        Self(self.0 | 1 << kind as u16)
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
    }
}

//! One line of a checklist: what was found, where, how fresh it is, and whether it lets the act pass.

use crate::diagnose::Found;
use crate::model::Text;
use crate::model::feed::Freshness;

/// The item that only a second person, or a waiver, can fill.
pub(super) const SECOND_PERSON: &str = "second-person";

/// Where an item stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ItemState {
    /// Sensed, fresh, and as it must be.
    True,
    /// Sensed, fresh, and not as it must be.
    False,
    /// Its facts are stale, denied or not yet listed. Blocks.
    Unknown,
    /// A person signed it.
    Attested,
    /// Waits for a person to sign it.
    Unattested,
    /// A person did without it and said why. Only the second person can be waived.
    Waived,
}

impl ItemState {
    /// The act may pass this item.
    pub const fn passes(self) -> bool {
        match self {
            Self::True | Self::Attested | Self::Waived => true,
            Self::False | Self::Unknown | Self::Unattested => false,
        }
    }

    pub const fn word(self) -> &'static str {
        match self {
            Self::True => "true",
            Self::False => "false",
            Self::Unknown => "unknown",
            Self::Attested => "attested",
            Self::Unattested => "not attested",
            Self::Waived => "waived",
        }
    }
}

/// A checklist item. The raw value stands beside the tick, never a tick alone
/// (`reference/safety-and-performance.md` A2). The value carries no age: that is what `freshness` is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The same from panel to panel: `claim.no-foreign-holders`.
    pub id: &'static str,
    pub title: String,
    pub value: String,
    pub state: ItemState,
    pub freshness: Freshness,
    /// The feed and field it was read from.
    pub source: String,
}

impl Item {
    /// A sensed item: what the facts say, unless they are not fresh.
    pub(super) fn sensed(
        id: &'static str,
        title: impl Into<String>,
        found: Found,
        freshness: Freshness,
        source: &str,
    ) -> Self {
        let state = match (freshness.is_live(), found.holds) {
            (false, _) | (true, None) => ItemState::Unknown,
            (true, Some(true)) => ItemState::True,
            (true, Some(false)) => ItemState::False,
        };
        Self {
            id,
            title: title.into(),
            value: found.value,
            state,
            freshness,
            source: source.to_owned(),
        }
    }

    /// An item that waits for a person.
    pub(super) fn to_attest(id: &'static str, title: impl Into<String>) -> Self {
        Self {
            id,
            title: title.into(),
            value: String::new(),
            state: ItemState::Unattested,
            freshness: Freshness::Live {
                age: std::time::Duration::ZERO,
            },
            source: "a person".to_owned(),
        }
    }

    /// The item waits for a person or was signed by one.
    pub const fn attestable(&self) -> bool {
        match self.state {
            ItemState::Attested | ItemState::Unattested => true,
            ItemState::True | ItemState::False | ItemState::Unknown | ItemState::Waived => false,
        }
    }

    /// The item is a person's to fill, not the world's.
    pub fn asks_person(&self) -> bool {
        self.attestable() || self.id == SECOND_PERSON
    }

    /// The item as it stands before a person has answered it.
    pub(super) fn unanswered(&self) -> Self {
        let mut item = self.clone();
        if self.asks_person() {
            item.state = ItemState::Unattested;
            item.value.clear();
        }
        item
    }

    /// What of a sensed item an approval rests on. The wording of what is not known may change freely.
    pub(super) fn rests_on(&self) -> (&'static str, &'static str, Text) {
        let value = match self.state {
            ItemState::True | ItemState::False => self.value.as_str(),
            ItemState::Unknown | ItemState::Attested | ItemState::Unattested | ItemState::Waived => "",
        };
        (self.id, self.state.word(), value.into())
    }
}

//! Raft clusters that are looked at: when each was last asked, whether an answer is on its way, and how it stands with tokens.
//!
//! Must not know how peers are reached, and never holds a token but while it is being typed.

use crate::model::Moment;
use crate::model::raft::EnsembleId;
use secrecy::SecretString;
use std::collections::BTreeMap;

/// What the cockpit knows of its own asking.
#[derive(Debug, Default)]
pub struct Asking {
    pub(in crate::app) by_id: BTreeMap<EnsembleId, Asked>,
    /// The second in which it was last looked for clusters to ask.
    pub(in crate::app) looked: Option<u64>,
}

/// One cluster's asking.
#[derive(Clone, Debug)]
pub struct Asked {
    /// When the last question went out; `None` asks at once.
    pub at: Option<Moment>,
    /// No answer has come to it yet.
    pub under_way: bool,
    pub token: TokenState,
}

/// How it stands with the token of one cluster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TokenState {
    #[default]
    None,
    Given,
    /// It was given and is not valid any more; the operator has been told.
    Lapsed,
}

/// What the operator gives as a token for one cluster.
#[derive(Debug)]
pub enum TokenGift {
    Typed(SecretString),
    /// From where the configuration says, else from the environment or the token file.
    Configured,
}

/// A token while it is being typed: neither printed nor shown.
#[derive(Clone, Default)]
pub struct Typing(SecretString);

impl std::fmt::Debug for Typing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Typing")
    }
}

/// Two of them are never told apart: what is typed says nothing to anybody.
impl PartialEq for Typing {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl Eq for Typing {}

impl Typing {
    /// Changes what is typed; the text before is wiped.
    pub(in crate::app) fn edit(&mut self, change: impl FnOnce(&mut String)) {
        let mut text = secrecy::ExposeSecret::expose_secret(&self.0).to_owned();
        change(&mut text);
        self.0 = SecretString::from(text);
    }

    /// What was typed; the configured source where nothing was.
    pub(in crate::app) fn into_gift(self) -> TokenGift {
        match secrecy::ExposeSecret::expose_secret(&self.0).trim() {
            "" => TokenGift::Configured,
            token => TokenGift::Typed(SecretString::from(token)),
        }
    }
}

//! What does the cockpit know and want? Events in, effects out; pure and synchronous.
//!
//! This room knows no clock, disk, network, async or terminal: time arrives in events, keys arrive as its own [`key::Key`].

pub mod derived;
pub mod event;
#[cfg(test)]
pub(crate) mod fixture;
pub mod history;
pub mod key;
pub mod keys;
pub mod palette;
pub mod places;
pub mod raft;
pub mod release;
pub mod run;
pub mod screen;
pub mod state;
pub mod step;
pub mod text;
pub mod update;
pub mod view;
pub mod words;

pub use event::{Answer, Doubtful, Effect, Event, Fetched, JournalState, Rhythm, StepNumber, StepProgress};
pub use key::Key;
pub use screen::{Part, Screen, Sort, Subject};
pub use state::{Connection, Mode, Start, State};
pub use step::{Ending, Phase, Step};
pub use update::update;
pub use view::{Body, Overlay, Panel, Scene, scene};

//! The one table of keys: dispatch, footer, `?` and `docs/keys.md` all read it, so that help cannot disagree with the keys.
//!
//! Must not know what a command does; `update` does.

mod table;

use crate::app::key::Key;
pub use table::TABLE;

/// Everything a key can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    Down,
    Up,
    Top,
    Bottom,
    PageDown,
    PageUp,
    NextPanel,
    PreviousPanel,
    Open,
    Back,
    Leave,
    Quit,
    Filter,
    Palette,
    Help,
    Log,
    Sort,
    CopyName,
    Yaml,
    Events,
    Explain,
    Forecast,
    History,
    Propagation,
    // of a release
    OlderRevision,
    NewerRevision,
    BaseRevision,
    ShowValues,
    CompareAll,
    ReadAgain,
    // of a tenant
    Traps,
    ReadTraps,
    // of a raft cluster
    RaftToken,
    StepDownPanel,
    // the way out
    Unstick,
    OpenStep,
    DeletePanel,
    ClearClaimRefPanel,
    ObserveDoubts,
    DoubtDone,
    DoubtNotApplied,
    Run,
    RunAct,
    RunItem,
    RunSign,
    RunTyped,
    RunParameters,
    RunHalt,
    RunResume,
    RunSkip,
    RunWaive,
    RunBack,
    RunAbort,
    Suspend,
    Redraw,
    // at a gate
    ItemDown,
    ItemUp,
    Hold,
    Approve,
    Erase,
    BreakGlass,
    LeaveGate,
    Inert,
    // while typing
    Accept,
    Cancel,
    EraseTyped,
    ClearTyped,
    Complete,
}

impl Command {
    /// It moves the cursor or the page, and changes nothing that is shown besides.
    pub const fn only_moves(self) -> bool {
        matches!(
            self,
            Self::Down | Self::Up | Self::Top | Self::Bottom | Self::PageDown | Self::PageUp
        )
    }
}

/// Where a binding holds. A screen asks its own places first, then the general ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// A tenant's panels.
    Tenant,
    /// The traps of a tenant.
    Traps,
    /// A forecast.
    Forecast,
    /// An explanation.
    Explain,
    /// The way out of what is stuck.
    Unstick,
    /// A Helm release.
    Release,
    /// A raft cluster, or the raft panel of a tenant.
    Raft,
    /// Steps an earlier session left in doubt.
    Doubts,
    /// The run of a runbook.
    Run,
    /// A row, or a screen, that is about one object.
    Object,
    /// A list with a cursor that can be filtered and sorted.
    List,
    /// Anything with rows or lines.
    Rows,
    Anywhere,
    /// The panel in front of an act.
    Gate,
    /// The line being typed after `:` or `/`.
    Prompt,
}

impl Place {
    /// How the place is called in help and documentation.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Tenant => "in a tenant",
            Self::Traps => "with the traps of a tenant",
            Self::Forecast => "in a forecast",
            Self::Explain => "in an explanation",
            Self::Unstick => "on a way out",
            Self::Release => "in a release",
            Self::Raft => "with a raft cluster",
            Self::Doubts => "with steps in doubt",
            Self::Run => "in a run",
            Self::Object => "on an object",
            Self::List => "in a list",
            Self::Rows => "moving",
            Self::Anywhere => "anywhere",
            Self::Gate => "at a gate",
            Self::Prompt => "while typing",
        }
    }

    /// Every place, in the order of help and documentation.
    pub const ALL: [Self; 15] = [
        Self::Rows,
        Self::List,
        Self::Object,
        Self::Tenant,
        Self::Traps,
        Self::Release,
        Self::Raft,
        Self::Explain,
        Self::Unstick,
        Self::Forecast,
        Self::Gate,
        Self::Prompt,
        Self::Doubts,
        Self::Run,
        Self::Anywhere,
    ];
}

/// One line of the table.
#[derive(Clone, Copy, Debug, Hash)]
pub struct Binding {
    pub keys: &'static [Key],
    pub place: Place,
    pub command: Command,
    /// The word in the footer; empty keeps it out of the footer.
    pub word: &'static str,
    /// One line for help and documentation.
    pub text: &'static str,
    /// Leads towards a change of the cluster: only ever opens a panel, or acts inside one.
    pub destructive: bool,
}

/// The binding of a key in the first of these places that has one.
pub fn find(places: &[Place], key: Key) -> Option<&'static Binding> {
    places.iter().find_map(|place| {
        TABLE
            .iter()
            .find(|binding| binding.place == *place && binding.keys.contains(&key))
    })
}

/// The bindings that hold in these places, as the footer and `?` show them.
pub fn holding(places: &[Place]) -> impl Iterator<Item = &'static Binding> {
    places
        .iter()
        .flat_map(|place| TABLE.iter().filter(move |binding| binding.place == *place))
}

impl Binding {
    /// `j ↓`: all keys of the binding, as they are written on screen.
    pub fn shown(&self) -> String {
        let keys: Vec<String> = self.keys.iter().map(Key::to_string).collect();
        keys.join(" ")
    }
}

/// `docs/keys.md`, whole.
pub fn markdown() -> String {
    let mut page = String::from(
        "# Keys\n\nMade from the table in `src/app/keys.rs` by `keys::markdown()`; the footer and `?` come from the same \
         table.\nKeys marked **!** lead towards a change of the cluster: they only open a panel, or act inside one.\n",
    );
    for place in Place::ALL {
        let title = place.words();
        page.extend([format!("\n## {title}\n\n| key | what it does |\n|---|---|\n")]);
        for binding in holding(&[place]) {
            let keys: Vec<String> = binding.keys.iter().map(|key| format!("`{key}`")).collect();
            let mark = if binding.destructive { " **!**" } else { "" };
            page.extend([format!("| {}{mark} | {} |\n", keys.join(" "), binding.text)]);
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_key_means_two_things_in_one_place() {
        let mut seen = HashSet::new();
        for binding in TABLE {
            for key in binding.keys {
                assert!(
                    seen.insert((binding.place, *key)),
                    "{key} twice {}",
                    binding.place.words()
                );
            }
        }
    }

    #[test]
    fn destruction_is_never_one_habitual_key_away() {
        for binding in TABLE {
            assert!(!binding.keys.contains(&Key::Ctrl('k')), "k9s#319");
            if binding.destructive {
                assert!(!binding.keys.contains(&Key::Enter), "Enter never approves");
                assert!(!binding.keys.contains(&Key::Char('y')), "y is yaml");
            }
        }
    }

    #[test]
    fn the_documentation_names_every_binding() {
        let page = markdown();
        for binding in TABLE {
            assert!(page.contains(binding.text), "{}", binding.text);
        }
        assert!(Place::ALL.iter().all(|place| page.contains(place.words())));
    }
}

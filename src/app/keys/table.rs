//! The table itself: every key, where it holds, and its one line of text.

use super::{Binding, Command, Place};
use crate::app::key::Key;

const fn bind(place: Place, keys: &'static [Key], command: Command, word: &'static str, text: &'static str) -> Binding {
    Binding {
        keys,
        place,
        command,
        word,
        text,
        destructive: false,
    }
}

const fn destructive(
    place: Place,
    keys: &'static [Key],
    command: Command,
    word: &'static str,
    text: &'static str,
) -> Binding {
    Binding {
        keys,
        place,
        command,
        word,
        text,
        destructive: true,
    }
}

/// The table. No key is bound twice in one place; `ctrl-k` is bound nowhere (k9s#319).
pub static TABLE: &[Binding] = {
    use Command as C;
    use Key::{Char, Ctrl};
    use Place as P;
    &[
        bind(
            P::Tenant,
            &[Key::Tab, Key::Right],
            C::NextPanel,
            "panel",
            "the next panel",
        ),
        bind(
            P::Tenant,
            &[Key::BackTab, Key::Left],
            C::PreviousPanel,
            "",
            "the panel before",
        ),
        bind(
            P::Forecast,
            &[Char('p')],
            C::Propagation,
            "propagation",
            "forecast with the next propagation policy: Background, Foreground, Orphan",
        ),
        bind(
            P::Doubts,
            &[Char('r')],
            C::ObserveDoubts,
            "observe again",
            "observe again what became of the steps in doubt",
        ),
        bind(
            P::Doubts,
            &[Char('D')],
            C::DoubtDone,
            "it was done",
            "say, as the person you are, that the step was done",
        ),
        bind(
            P::Doubts,
            &[Char('N')],
            C::DoubtNotApplied,
            "it was not",
            "say, as the person you are, that the step was not applied",
        ),
        bind(
            P::Object,
            &[Char('x')],
            C::Explain,
            "explain",
            "why it is as it is, what holds it, and the safe way out",
        ),
        bind(
            P::Object,
            &[Char('f')],
            C::Forecast,
            "forecast",
            "what deleting it would do, object by object",
        ),
        bind(
            P::Object,
            &[Char('y')],
            C::Yaml,
            "yaml",
            "the object as the server has it, secrets redacted",
        ),
        bind(P::Object, &[Char('e')], C::Events, "events", "its events"),
        bind(
            P::Object,
            &[Char('h')],
            C::History,
            "history",
            "what changed in it since the cockpit began to look",
        ),
        bind(
            P::Object,
            &[Char('n')],
            C::CopyName,
            "",
            "copy its name to the clipboard (through the terminal, OSC 52)",
        ),
        destructive(
            P::Object,
            &[Ctrl('d')],
            C::DeletePanel,
            "delete…",
            "open the panel in front of deleting it",
        ),
        destructive(
            P::Object,
            &[Char('c')],
            C::ClearClaimRefPanel,
            "",
            "open the panel in front of clearing a Released volume's claimRef uid",
        ),
        bind(
            P::List,
            &[Char('/')],
            C::Filter,
            "filter",
            "show only rows that contain a text; !text those that do not",
        ),
        bind(P::List, &[Char('s')], C::Sort, "sort", "sort by the next order"),
        bind(P::Rows, &[Char('j'), Key::Down], C::Down, "", "one row down"),
        bind(P::Rows, &[Char('k'), Key::Up], C::Up, "", "one row up"),
        bind(P::Rows, &[Char('g'), Key::Home], C::Top, "", "to the first row"),
        bind(P::Rows, &[Char('G'), Key::End], C::Bottom, "", "to the last row"),
        bind(P::Rows, &[Key::PageDown, Ctrl('f')], C::PageDown, "", "a page down"),
        bind(P::Rows, &[Key::PageUp, Ctrl('b')], C::PageUp, "", "a page up"),
        bind(P::Rows, &[Key::Enter], C::Open, "open", "open what is under the cursor"),
        bind(P::Gate, &[Key::Down, Key::Tab], C::ItemDown, "", "the next item"),
        bind(P::Gate, &[Key::Up, Key::BackTab], C::ItemUp, "", "the item before"),
        bind(
            P::Gate,
            &[Char(' ')],
            C::Hold,
            "attest, or hold 1 s",
            "attest the item under the cursor; at T1 hold it for a second",
        ),
        destructive(
            P::Gate,
            &[Ctrl('y')],
            C::Approve,
            "APPROVE",
            "approve the act; closed until every item is true and the fact is typed",
        ),
        bind(
            P::Gate,
            &[Key::Backspace],
            C::Erase,
            "",
            "erase the last character of the fact",
        ),
        destructive(
            P::Gate,
            &[Ctrl('g')],
            C::BreakGlass,
            "",
            "break the glass: do without the second person, for a reason that is recorded",
        ),
        bind(
            P::Gate,
            &[Key::Esc, Ctrl('c')],
            C::LeaveGate,
            "leave",
            "leave without harm",
        ),
        bind(P::Gate, &[Key::Enter], C::Inert, "", "nothing: Enter never approves"),
        bind(P::Prompt, &[Key::Enter], C::Accept, "go", "take what was typed"),
        bind(
            P::Prompt,
            &[Key::Esc, Ctrl('c')],
            C::Cancel,
            "leave",
            "leave without taking it",
        ),
        bind(P::Prompt, &[Key::Tab], C::Complete, "complete", "complete the command"),
        bind(
            P::Prompt,
            &[Key::Backspace],
            C::EraseTyped,
            "",
            "erase the last character",
        ),
        bind(P::Prompt, &[Ctrl('u')], C::ClearTyped, "", "erase the line"),
        bind(
            P::Anywhere,
            &[Char(':')],
            C::Palette,
            "command",
            "a command: fleet, tenant NAME, pvc, jobs, pods, log, journal, help, theme NAME, quit",
        ),
        bind(P::Anywhere, &[Char('?')], C::Help, "help", "all keys"),
        bind(P::Anywhere, &[Char('l')], C::Log, "", "the program's own log"),
        bind(
            P::Anywhere,
            &[Key::Esc],
            C::Back,
            "",
            "back: leave the filter, then the screen",
        ),
        bind(
            P::Anywhere,
            &[Char('q')],
            C::Leave,
            "back",
            "back; from the fleet, quit (asks once while a step is running)",
        ),
        bind(P::Anywhere, &[Ctrl('l')], C::Redraw, "", "draw the screen anew"),
        bind(
            P::Anywhere,
            &[Ctrl('z')],
            C::Suspend,
            "",
            "suspend the cockpit; `fg` continues it",
        ),
        bind(P::Anywhere, &[Ctrl('c')], C::Quit, "", "quit"),
    ]
};

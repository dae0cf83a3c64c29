//! What the terminal says, as the cockpit's own events.

use crate::app::{Event, Key};
use crate::model::Now;
use crossterm::event::{Event as Input, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use std::io;
use tokio::sync::mpsc::{Receiver, channel};

/// How much may be typed ahead of the loop; what is more waits in the terminal.
const AHEAD: usize = 64;

/// The terminal, read by a thread of its own.
///
/// Not crossterm's `EventStream`: that one reads on the task that polls it, and where the terminal was closed under the
/// program its reader goes round for ever over the error, so that the loop never sees the hang-up.
pub(super) struct Keyboard {
    inputs: Receiver<io::Result<Input>>,
}

impl Keyboard {
    pub(super) fn open() -> io::Result<Self> {
        let (sender, inputs) = channel(AHEAD);
        // ends with the process: a read cannot be called back
        std::thread::Builder::new().name("keyboard".to_owned()).spawn(move || {
            loop {
                let input = crossterm::event::read();
                let lost = input.is_err();
                if sender.blocking_send(input).is_err() || lost {
                    return;
                }
            }
        })?;
        Ok(Self { inputs })
    }

    /// What was typed next; an error when the terminal is lost, `None` ever after.
    pub(super) async fn next(&mut self) -> Option<io::Result<Input>> {
        self.inputs.recv().await
    }
}

/// An input as an event; `None` for what means nothing to the cockpit (key releases, focus, mouse).
pub(super) fn translate(input: Input, at: Now) -> Option<Event> {
    match input {
        Input::Key(key) => pressed(key).map(|key| Event::Key { key, at }),
        Input::Paste(text) => Some(Event::Paste { text, at }),
        Input::Resize(width, height) => Some(Event::Resize { width, height }),
        Input::FocusGained | Input::FocusLost | Input::Mouse(_) => None,
    }
}

fn pressed(key: KeyEvent) -> Option<Key> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    if key.modifiers.contains(KeyModifiers::ALT) {
        return None;
    }
    match key.code {
        KeyCode::Char(character) if control => Some(Key::Ctrl(character.to_ascii_lowercase())),
        KeyCode::Char(character) => Some(Key::Char(character)),
        KeyCode::Enter => Some(Key::Enter),
        KeyCode::Esc => Some(Key::Esc),
        KeyCode::Tab => Some(Key::Tab),
        KeyCode::BackTab => Some(Key::BackTab),
        KeyCode::Up => Some(Key::Up),
        KeyCode::Down => Some(Key::Down),
        KeyCode::Left => Some(Key::Left),
        KeyCode::Right => Some(Key::Right),
        KeyCode::Home => Some(Key::Home),
        KeyCode::End => Some(Key::End),
        KeyCode::PageUp => Some(Key::PageUp),
        KeyCode::PageDown => Some(Key::PageDown),
        KeyCode::Backspace => Some(Key::Backspace),
        _ => None,
    }
}

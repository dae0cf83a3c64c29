//! What the terminal says, as the cockpit's own events.

use crate::app::{Event, Key};
use crate::model::Now;
use crossterm::event::{Event as Input, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

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

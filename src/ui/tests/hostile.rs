//! What must hold for any size, any name and any keys: no panic, and nothing but plain characters in a cell.

use crate::app::fixture::{applied, at, claim, cockpit, connected, namespace, objects, press, volume};
use crate::app::{Event, Fetched, Key, Mode, State, text, update};
use crate::model::event::EventLine;
use crate::model::{Moment, Object};
use crate::ui::picture::{buffer, letters, svg};
use crate::ui::theme::{Depth, Theme};
use proptest::prelude::*;

/// Every cell of the screen holds only characters that a terminal shows as themselves.
fn only_plain(state: &State) {
    let buffer = buffer(state, &Theme::usual(Depth::Full));
    for cell in &buffer.content {
        assert!(cell.symbol().chars().all(text::is_plain), "{:?}", cell.symbol());
    }
}

/// A world in which everything that can carry a hostile name carries it.
fn named(name: &str) -> Vec<Object> {
    let mut all = objects();
    all.push(namespace(name, 200));
    all.push(claim("hasan-prod", name, name, 201));
    all.push(claim(name, name, name, 202));
    all.push(volume(name, name, name, 202, "Released", "Retain", 203));
    for object in &mut all {
        object.meta.finalizers.push(name.into());
    }
    all
}

const SCREENS: [&str; 8] = [
    "",
    "<enter>",
    "<enter><tab><tab>",
    "<enter>x",
    "<enter>f",
    "<enter><enter>",
    "<enter>y",
    "<enter>e",
];

fn hostile_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("\u{1b}[2J\u{1b}]52;c;cm0=\u{7}".to_owned()),
        Just("\u{9b}31m".to_owned()),
        Just("\u{1b}]8;;http://x\u{1b}\\".to_owned()),
        Just("a\r\nb\tc".to_owned()),
        Just("\u{202e}\u{2066}\u{200b}\u{feff}".to_owned()),
        Just("e\u{301}\u{301}\u{301}\u{301}".to_owned()),
        Just("👩\u{200d}🚀日本\u{fe0f}".to_owned()),
        "[a-z]{1,8}",
        any::<String>(),
    ];
    prop::collection::vec(piece, 1..4)
        .prop_map(|pieces| pieces.concat())
        .prop_filter("an object has a name", |name| !name.is_empty())
}

fn any_key() -> impl Strategy<Value = Key> {
    prop_oneof![
        6 => "[ -~]".prop_map(|text| Key::Char(text.chars().next().unwrap_or('x'))),
        3 => prop::sample::select(vec![
            Key::Enter, Key::Esc, Key::Tab, Key::BackTab, Key::Up, Key::Down, Key::Left, Key::Right,
            Key::Home, Key::End, Key::PageUp, Key::PageDown, Key::Backspace,
        ]),
        1 => "[a-z]".prop_map(|text| Key::Ctrl(text.chars().next().unwrap_or('x'))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn no_name_reaches_a_cell_as_it_is(name in hostile_text(), width in 20_u16..140, height in 5_u16..45) {
        for keys in SCREENS {
            let mut state = connected(Mode::Operating, (width, height), &named(&name));
            press(&mut state, keys);
            if let Some(subject) = state.meant() {
                let key = subject.key.clone();
                update(&mut state, Event::Fetched(Fetched::Yaml { key: key.clone(), answer: Ok(name.clone()) }));
                let line = EventLine {
                    severity: "Warning".into(),
                    reason: name.as_str().into(),
                    message: name.clone(),
                    count: 2,
                    last: None,
                    source: name.as_str().into(),
                };
                update(&mut state, Event::Fetched(Fetched::Events { key, answer: Ok(vec![line]) }));
            }
            only_plain(&state);
            press(&mut state, "<ctrl-d>");
            only_plain(&state);
            update(&mut state, Event::ConnectionLost { why: name.clone() });
            only_plain(&state);
        }
    }

    #[test]
    fn no_keys_at_no_size_can_break_it(
        keys in prop::collection::vec(any_key(), 0..60),
        sizes in prop::collection::vec((0_u16..150, 0_u16..60), 1..6),
    ) {
        let mut state = cockpit(Mode::Operating, (80, 24));
        let chunk = keys.len() / sizes.len() + 1;
        let mut time = 2_000;
        for (keys, (width, height)) in keys.chunks(chunk).zip(&sizes) {
            update(&mut state, Event::Resize { width: *width, height: *height });
            for key in keys {
                time += 100;
                update(&mut state, Event::Key { key: *key, at: at(time) });
            }
            only_plain(&state);
        }
        prop_assert!(state.steps().count() == 0, "no row of keys approves by chance");
    }
}

#[test]
fn the_smallest_and_the_largest_screens_are_drawn() {
    for (width, height) in [
        (0, 0),
        (1, 1),
        (0, 30),
        (30, 0),
        (2, 2),
        (39, 7),
        (40, 8),
        (300, 100),
        (1_000, 50),
    ] {
        for keys in SCREENS {
            let mut state = cockpit(Mode::Operating, (width, height));
            press(&mut state, keys);
            press(&mut state, "<ctrl-d>");
            only_plain(&state);
        }
    }
}

#[test]
fn a_svg_picture_is_the_same_twice_and_closes_what_it_opens() {
    let theme = Theme::usual(Depth::Full);
    let state = cockpit(Mode::Observing, (120, 40));
    let picture = svg(&buffer(&state, &theme), &theme);
    assert_eq!(picture, svg(&buffer(&state, &theme), &theme));
    assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"));
    assert!(picture.contains("hasan-prod"));
    assert_eq!(picture.matches("<text ").count(), picture.matches("</text>").count());
}

#[test]
fn a_change_is_on_the_screen_with_its_event() {
    let mut state = cockpit(Mode::Observing, (120, 40));
    let before = letters(&state);
    update(
        &mut state,
        Event::Observed(vec![applied(claim("acme", "new", "", 300), Moment::default())]),
    );
    assert_ne!(letters(&state), before);
}

//! Looking about: screens, panels, filter, palette, copying, leaving.

use crate::app::fixture::{cockpit, press};
use crate::app::{Effect, Mode, Part, Screen, State};

fn screen(state: &State) -> &Screen {
    &state.visit().screen
}

fn start() -> State {
    cockpit(Mode::Observing, (120, 40))
}

#[test]
fn enter_goes_in_and_esc_comes_back() {
    let mut state = start();
    press(&mut state, "<enter>");
    assert_eq!(*screen(&state), Screen::Tenant("hasan-prod".into()));
    press(&mut state, "jj<enter>");
    assert!(matches!(screen(&state), Screen::Chain(subject) if subject.key.name == "shared-data"));
    press(&mut state, "<esc><esc><esc><esc>");
    assert_eq!(*screen(&state), Screen::Fleet);
}

#[test]
fn each_key_on_an_object_opens_its_screen() {
    for (key, crumb) in [
        ("x", "explain pvc/logs-pvc"),
        ("f", "forecast delete pvc/logs-pvc"),
        ("y", "yaml of pvc/logs-pvc"),
        ("e", "events of pvc/logs-pvc"),
        ("h", "history of pvc/logs-pvc"),
    ] {
        let mut state = start();
        let effects = press(&mut state, &format!("<enter>{key}"));
        assert_eq!(screen(&state).crumb(), crumb);
        let asked = effects
            .iter()
            .any(|effect| matches!(effect, Effect::FetchYaml(_) | Effect::FetchEvents(_)));
        assert_eq!(asked, key == "y" || key == "e");
    }
}

#[test]
fn p_goes_through_the_propagation_policies() {
    let mut state = start();
    press(&mut state, "<enter>f");
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(state.derived.page.title.clone());
        press(&mut state, "p");
    }
    let policies = ["Background", "Foreground", "Orphan", "Background"];
    for (title, policy) in seen.iter().zip(policies) {
        assert!(title.contains(policy), "{title}");
    }
}

#[test]
fn tab_goes_round_the_panels_and_each_keeps_its_cursor() {
    let mut state = start();
    press(&mut state, "<enter>jj<tab>");
    assert_eq!(state.visit().part, Part::Jobs);
    assert_eq!(state.meant().unwrap().key.name, "train-7f");
    press(&mut state, "<backtab>");
    assert_eq!(state.meant().unwrap().key.name, "shared-data");
}

#[test]
fn a_filter_narrows_as_it_is_typed_and_esc_takes_it_back() {
    let mut state = start();
    press(&mut state, "/acm");
    assert_eq!(state.derived.view(Part::Whole).table.ids.len(), 1);
    press(&mut state, "<enter>");
    assert_eq!(state.derived.view(Part::Whole).table.ids.len(), 1);
    press(&mut state, "<esc>");
    assert_eq!(state.derived.view(Part::Whole).table.ids.len(), 2);
    press(&mut state, "/!acme<enter>");
    assert_eq!(state.derived.view(Part::Whole).table.ids.len(), 1);
}

#[test]
fn keys_typed_into_a_prompt_are_no_commands() {
    let mut state = start();
    let effects = press(&mut state, "/q<ctrl-d>x<esc>:yq<esc>");
    assert!(effects.is_empty());
    assert_eq!(*screen(&state), Screen::Fleet);
    assert!(state.gate.is_none());
}

#[test]
fn the_palette_goes_where_it_is_told() {
    for (typed, crumb) in [
        (":t acme<enter>", "acme"),
        (":jou<enter>", "journal"),
        (":pods<enter>", "pods"),
        (":log<enter>", "log"),
        (":te<tab>has<tab><enter>", "hasan-prod"),
    ] {
        let mut state = start();
        press(&mut state, typed);
        assert_eq!(screen(&state).crumb(), crumb, "{typed}");
    }
    let mut state = start();
    press(&mut state, ":jobs<enter>");
    assert_eq!(
        (screen(&state).crumb().as_str(), state.visit().part),
        ("hasan-prod", Part::Jobs)
    );
    press(&mut state, ":nonsense<enter>");
    assert!(state.flash.as_ref().is_some_and(|flash| flash.failed));
}

#[test]
fn n_copies_the_name_and_theme_asks_for_a_theme() {
    let mut state = start();
    press(&mut state, "<enter>");
    let effects = press(&mut state, "n");
    assert!(matches!(effects.as_slice(), [Effect::CopyToClipboard(name)] if name == "logs-pvc"));
    let effects = press(&mut state, ":theme light<enter>");
    assert!(matches!(effects.as_slice(), [Effect::SetTheme(name)] if name == "light"));
}

#[test]
fn q_leaves_from_the_fleet_only() {
    let mut state = start();
    press(&mut state, "<enter>");
    assert!(press(&mut state, "q").is_empty());
    assert!(matches!(press(&mut state, "q").as_slice(), [Effect::Quit]));
    assert!(matches!(press(&mut state, "<ctrl-c>").as_slice(), [Effect::Quit]));
}

//! `:unstick [KIND/NAME]`: the way out of an object, as `u` leads to it.

use super::acts::{everything, pointed};
use crate::app::screen::Subject;
use crate::app::state::State;
use crate::app::update::newest;
use crate::model::{Kind, Text};

/// What stands after the word, as help and warnings say it.
pub const USAGE: &str = ":unstick [KIND/NAME]";

/// The object that a line names, or the one under the cursor; of a release the record of its newest revision.
pub fn subject(state: &State, rest: &str) -> Result<Subject, String> {
    let target = match rest {
        "" => None,
        named => {
            let (kind, name) = named.split_once('/').ok_or(USAGE)?;
            let kind = Kind::from_word(kind).filter(|_| !name.is_empty() && !name.contains(['/', ' ']));
            Some((kind.ok_or(USAGE)?, Text::from(name)))
        }
    };
    let object = pointed(state, target.as_ref(), USAGE)?;
    let pin = match object.kind() {
        kind if kind.is_record() => newest(state, &object)?,
        _ => object.pin(),
    };
    Ok(Subject {
        key: pin.key,
        uid: pin.uid,
    })
}

/// What would complete a line that begins with the word.
pub(super) fn completions(state: &State, typed: &str) -> Vec<String> {
    let Some((lead, begun)) = typed.split_once(' ') else {
        return Vec::new();
    };
    let words = everything(state).filter(|word| !begun.is_empty() && word.len() > begun.len());
    words
        .filter(|word| word.starts_with(begun))
        .map(|word| format!("{lead} {word}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::Mode;
    use crate::app::fixture::{cockpit, press};
    use crate::app::palette::completion;
    use crate::app::screen::Screen;

    fn typed(keys: &str) -> State {
        let mut state = cockpit(Mode::Observing, (100, 40));
        press(&mut state, &format!("<enter>{keys}"));
        state
    }

    #[test]
    fn a_line_leads_to_the_way_out_of_what_it_names() {
        for line in [":unstick pvc/mysql-pvc<enter>", ":unst pvc/mysql-pvc<enter>"] {
            let state = typed(line);
            let Screen::Unstick(subject) = &state.visit().screen else {
                panic!("{line}: {:?}", state.flash);
            };
            assert_eq!(subject.key.to_string(), "pvc/mysql-pvc");
        }
        for (line, why) in [
            (":unstick pvc/none<enter>", "there is no pvc/none"),
            (":unstick mysql-pvc<enter>", USAGE),
            (":unstick pvc/a/b<enter>", USAGE),
            (":unstick release/none<enter>", "there is no release none"),
        ] {
            let state = typed(line);
            assert!(!matches!(state.visit().screen, Screen::Unstick(_)), "{line}");
            let told = state
                .flash
                .as_ref()
                .map(|flash| flash.sentence.clone())
                .unwrap_or_default();
            assert!(told.contains(why), "{line}: {told}");
        }
    }

    #[test]
    fn tab_completes_the_word_and_the_object() {
        let state = typed("");
        assert_eq!(completion(&state, "unst"), "ick ");
        assert_eq!(completion(&state, "unstick pvc/mysql"), "-pvc");
        assert_eq!(completion(&state, "unstick "), "");
    }
}

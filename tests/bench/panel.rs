//! The panel in front of an act, read back from the screen, and the next key that an operator would press to open it.
//! Knows no key that approves.

/// What `resourceVersion`s the panel names: they differ once the object under it has changed.
pub(crate) fn versions(screen: &str) -> Vec<String> {
    let whole = joined(screen);
    let numbers = whole.split("resourceVersion ").skip(1).map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        rest.split_at(end).0.to_owned()
    });
    numbers.filter(|number| !number.is_empty()).collect()
}

/// Whether APPROVE is open; `None` when no panel is on the screen.
pub(crate) fn open(screen: &str) -> Option<bool> {
    if screen.contains("APPROVE is open") {
        return Some(true);
    }
    screen.contains("APPROVE is closed").then_some(false)
}

/// Whether the panel asks for a fact to be typed, as one in front of a running Job does.
pub(crate) fn destructive(screen: &str) -> bool {
    screen.contains("T2 destructive ── delete")
}

/// `delete job/train-7f (Background) in …`: the object the panel is about.
pub(crate) fn object(screen: &str) -> Option<&str> {
    screen.split_once("delete job/")?.1.split_whitespace().next()
}

/// The next key on the way to an open panel: types what is asked for, attests what must be attested. `None` when the
/// screen does not tell.
pub(crate) fn next_key(screen: &str) -> Option<String> {
    let (question, typed) = asked(screen);
    let fact = if question.is_empty() {
        String::new()
    } else {
        fact(screen, &question)?
    };
    match fact.strip_prefix(&typed) {
        None => Some("\x7f".to_owned()),
        Some("") if screen.contains("▸☐") => Some(" ".to_owned()),
        Some("") => Some("\x1b[B".to_owned()),
        Some(rest) => rest.chars().next().map(String::from),
    }
}

/// The question, and what was typed so far.
fn asked(screen: &str) -> (String, String) {
    let whole = joined(screen);
    let text = whole
        .split_once(" type ")
        .map_or("", |(_, rest)| rest)
        .split('▏')
        .next()
        .unwrap_or_default();
    let (question, typed) = text.rsplit_once(':').unwrap_or_default();
    (question.trim().to_owned(), typed.trim().to_owned())
}

/// The answer, which stands in an item of the same panel.
fn fact(screen: &str, question: &str) -> Option<String> {
    let whole = joined(screen);
    let after = |lead: &str| {
        Some(
            whole
                .split_once(lead)?
                .1
                .split_whitespace()
                .next()?
                .trim_end_matches([';', ',']),
        )
    };
    if question.contains("the last six of the uid of") {
        let uid = after(" uid ")?;
        return uid.get(uid.len().checked_sub(6)?..).map(str::to_owned);
    }
    // `2 pods, 1 active: train-x on node-7; they name …`
    let work = whole.split_once("what its pods do and hold is known")?.1;
    if question.contains("how many pods") {
        return work.split_whitespace().next().map(str::to_owned);
    }
    if question.contains("the node that the pods of") {
        let node = work.split_once(" on ")?.1.split_whitespace().next()?;
        return Some(node.trim_end_matches([';', ',']).to_owned());
    }
    None
}

/// The screen as one text: borders off, wrapped lines joined by a space.
fn joined(screen: &str) -> String {
    let lines = screen.lines().map(|line| line.trim_matches(['│', ' ']));
    lines.collect::<Vec<_>>().join(" ")
}

//! What the cockpit's screens say, read back from their text: are the lists complete, which rows, what do they say.

/// `feeds 14/14 live`: live feeds and all feeds, from the header.
pub(crate) fn feeds(screen: &str) -> Option<(usize, usize)> {
    let head = screen.lines().next()?;
    let told = head
        .split_once("feeds ")
        .map_or(head, |(_, rest)| rest)
        .split_whitespace()
        .find(|word| word.contains('/') && word.chars().all(|c| c.is_ascii_digit() || c == '/'))?;
    let (live, all) = told.split_once('/')?;
    Some((live.parse().ok()?, all.parse().ok()?))
}

/// The rows of the table: what stands between its column titles and its lower border, borders cut off.
pub(crate) fn rows(screen: &str) -> Vec<String> {
    screen
        .lines()
        .skip_while(|line| !line.contains("TENANT"))
        .skip(1)
        .take_while(|line| line.starts_with('│'))
        .map(|line| line.trim_matches('│').trim_end().to_owned())
        .filter(|line| !line.trim().is_empty())
        .collect()
}

/// The picture is complete: every feed is live, no cell waits, the fleet's title says how fresh it is.
pub(crate) fn complete(screen: &str) -> bool {
    let live = feeds(screen).is_some_and(|(live, all)| live == all && all > 0);
    let rows = rows(screen);
    let waiting = |row: &String| row.split_whitespace().any(|word| word == "…") || row.contains(" listing ");
    live && !rows.is_empty() && !rows.iter().any(waiting) && title(screen).is_some_and(|title| title.contains(" live "))
}

/// At least one tenant has a row.
pub(crate) fn useful(screen: &str) -> bool {
    rows(screen).iter().any(|row| tenant(row).is_some())
}

/// ` fleet ── 500 ── live 1s `
fn title(screen: &str) -> Option<&str> {
    screen
        .lines()
        .find(|line| line.starts_with('┌') && line.contains(" fleet "))
}

/// How many tenants the title counts.
pub(crate) fn tenants(screen: &str) -> Option<usize> {
    let counted = title(screen)?.split_once("fleet ── ")?.1;
    counted.split_whitespace().next()?.replace(',', "").parse().ok()
}

/// The tenant of a row: the word after its mark.
pub(crate) fn tenant(row: &str) -> Option<&str> {
    let mut words = row.split_whitespace();
    let mark = words.next()?;
    words.next().filter(|_| mark.chars().count() == 1)
}

/// The counts above the table and its rows, with everything taken out that time alone changes: ages such as `3h12m`.
pub(crate) fn timeless(screen: &str) -> Vec<String> {
    let ageless = |row: String| {
        let words = row.split(' ').map(|word| if is_age(word) { "~" } else { word });
        words.collect::<Vec<_>>().join(" ")
    };
    let counts = screen.lines().find(|line| line.contains("sort: ")).map(str::to_owned);
    counts
        .into_iter()
        .chain(rows(screen).into_iter().map(ageless))
        .collect()
}

/// `3h12m`, `41d`, `7s,`: digits and units, beginning with a digit.
fn is_age(word: &str) -> bool {
    let word = word.trim_end_matches([',', '…']);
    let known = |c: char| c.is_ascii_digit() || "dhms".contains(c);
    word.starts_with(|c: char| c.is_ascii_digit()) && word.ends_with(['d', 'h', 'm', 's']) && word.chars().all(known)
}

/// The number before a word of a row: 9 of `… 9 active …`; 0 where the cell is empty.
pub(crate) fn jobs(row: &str) -> usize {
    let words: Vec<&str> = row.split_whitespace().collect();
    let counted = words.windows(2).find_map(|pair| match pair {
        [count, "active" | "foreign"] => count.parse().ok(),
        _ => None,
    });
    counted.unwrap_or(0)
}

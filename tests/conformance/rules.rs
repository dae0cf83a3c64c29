//! Which rules a case was played with: a digest of the code that decides what is forecast and what the sandbox does. Words
//! about the code are no rules: comments, layout and tests are left out, and so is what only shows objects.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

/// What is in these rooms and decides nothing.
const ASIDE: [&str; 18] = [
    "model/redact.rs",
    "model/tenant.rs",
    "forecast/summary.rs",
    "forecast/tier.rs",
    "forecast/tier/",
    "sandbox/authorization.rs",
    "sandbox/controllers/complaints.rs",
    "sandbox/controllers/voice.rs",
    "sandbox/discovery.rs",
    "sandbox/discovery/",
    "sandbox/events.rs",
    "sandbox/faults.rs",
    "sandbox/kubeconfig.rs",
    "sandbox/scenario.rs",
    "sandbox/scenario/",
    "sandbox/table.rs",
    "sandbox/table/",
    "sandbox/view.rs",
];

/// The digest, in eight letters.
pub(crate) fn digest() -> String {
    let house = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    for room in ["model", "laws", "forecast", "sandbox"] {
        files.push(house.join(format!("{room}.rs")));
        collect(&house.join(room), &mut files);
    }
    files.sort();
    let mut digest = Sha256::new();
    for file in files.iter().filter(|file| decides(file, &house)) {
        digest.update(code(&fs::read_to_string(file).expect("a source")));
    }
    digest.finalize().iter().take(4).fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("to write into a string");
        text
    })
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).expect("the sources").flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

fn decides(file: &Path, house: &Path) -> bool {
    let name = file
        .strip_prefix(house)
        .expect("a source")
        .to_string_lossy()
        .into_owned();
    let test = name.contains("/tests/") || name.ends_with("/tests.rs") || name.ends_with("/fixture.rs");
    !test && !ASIDE.iter().any(|aside| name.starts_with(aside))
}

/// The code of a file without comments, without blanks outside of strings, up to its tests.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let mut code = String::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '/' if letters.peek() == Some(&'/') => {
                letters.by_ref().find(|letter| *letter == '\n');
            }
            '"' => {
                code.push(letter);
                while let Some(letter) = letters.next() {
                    code.push(letter);
                    match letter {
                        '\\' => code.extend(letters.next()),
                        '"' => break,
                        _ => {}
                    }
                }
            }
            // a quote as a letter opens no string
            '\'' if letters.peek() == Some(&'"') => code.extend([Some(letter), letters.next()].into_iter().flatten()),
            blank if blank.is_whitespace() => {}
            other => code.push(other),
        }
    }
    code
}

//! Where a token comes from: an environment variable, a file, a helper's standard output. Never an argument of ours, and
//! never printed: not in an error either.

use secrecy::SecretString;
use std::fmt;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

/// How long a helper may think; some ask a browser.
const HELPER: Duration = Duration::from_mins(1);
/// No token is longer, in bytes.
const LONGEST: usize = 16 << 10;

/// Where to look for a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Environment(String),
    File(PathBuf),
    /// A program and its arguments, started without a shell; it prints the token.
    Helper(Vec<String>),
}

/// Why there is none. Says nothing of what was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenError {
    Unset {
        variable: String,
    },
    Unread {
        path: PathBuf,
        why: String,
    },
    Failed {
        program: String,
        why: String,
    },
    /// What came is no token: empty, of several lines, or far too long.
    Unfit {
        whence: String,
    },
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unset { variable } => write!(f, "{variable} is not set"),
            Self::Unread { path, why } => write!(f, "the token file {} cannot be read: {why}", path.display()),
            Self::Failed { program, why } => write!(f, "the token helper {program} {why}"),
            Self::Unfit { whence } => write!(f, "what {whence} holds is no token"),
        }
    }
}

impl std::error::Error for TokenError {}

/// Fetches a token anew: a source may have another one now.
pub async fn fetch(source: &Source) -> Result<SecretString, TokenError> {
    match source {
        Source::Environment(variable) => {
            let unset = || TokenError::Unset {
                variable: variable.clone(),
            };
            let value = std::env::var(variable).map_err(|_unset| unset())?;
            fit(value, variable)
        }
        Source::File(path) => {
            let unread = |error: &std::io::Error| TokenError::Unread {
                path: path.clone(),
                why: error.to_string(),
            };
            let text = tokio::fs::read_to_string(path).await.map_err(|error| unread(&error))?;
            fit(text, &path.display().to_string())
        }
        Source::Helper(argv) => helped(argv).await,
    }
}

async fn helped(argv: &[String]) -> Result<SecretString, TokenError> {
    let program = argv.first().cloned().unwrap_or_default();
    let failed = |why: String| TokenError::Failed {
        program: program.clone(),
        why,
    };
    let output = tokio::process::Command::new(&program)
        .args(argv.iter().skip(1))
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(HELPER, output)
        .await
        .map_err(|_elapsed| failed(format!("said nothing within {}s", HELPER.as_secs())))?
        .map_err(|error| failed(format!("cannot be started: {error}")))?;
    if !output.status.success() {
        return Err(failed(format!("ended with {}", output.status)));
    }
    let text = String::from_utf8(output.stdout).unwrap_or_default();
    fit(text, &format!("the output of {program}"))
}

fn fit(text: String, whence: &str) -> Result<SecretString, TokenError> {
    // wiped when it is dropped, with the line end it may have
    let whole = SecretString::from(text);
    let token = secrecy::ExposeSecret::expose_secret(&whole).trim();
    let sound = !token.is_empty() && token.len() <= LONGEST && token.bytes().all(|byte| byte.is_ascii_graphic());
    if sound {
        Ok(SecretString::from(token))
    } else {
        Err(TokenError::Unfit {
            whence: whence.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;

    #[tokio::test]
    async fn a_token_comes_from_a_file_or_a_helper_and_is_never_told() {
        let home = tempfile::tempdir().expect("a directory");
        let path = home.path().join("token");
        std::fs::write(&path, "hvs.abc\n").expect("written");
        let token = fetch(&Source::File(path.clone())).await.expect("a token");
        assert_eq!(token.expose_secret(), "hvs.abc");
        assert!(!format!("{token:?}").contains("abc"));
        let helper = |words: &[&str]| Source::Helper(words.iter().map(|word| (*word).to_owned()).collect());
        let token = fetch(&helper(&["printf", "hvs.def"])).await.expect("a token");
        assert_eq!(token.expose_secret(), "hvs.def");
        for wrong in ["", "two words", "two\nlines", "\u{1b}[2J"] {
            std::fs::write(&path, wrong).expect("written");
            let told = fetch(&Source::File(path.clone()))
                .await
                .expect_err("no token")
                .to_string();
            assert!(told.ends_with("is no token"), "{told}");
        }
        let told = fetch(&helper(&["false"])).await.expect_err("failed").to_string();
        assert!(told.contains("ended with"), "{told}");
        let told = fetch(&Source::Environment("PILOTHOUSE_NO_SUCH".to_owned()))
            .await
            .expect_err("unset");
        assert_eq!(told.to_string(), "PILOTHOUSE_NO_SUCH is not set");
    }
}

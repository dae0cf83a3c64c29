//! The words of a command line, as Pilothouse writes them for helm (`gate::Command`). What is not known is refused.

use crate::model::helm::Driver;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Install,
    Upgrade,
    Uninstall,
    Rollback,
    /// `show crds`.
    ShowDefinitions,
}

/// A command line, read.
#[derive(Clone, Debug)]
pub(super) struct Words {
    pub(super) verb: Verb,
    pub(super) release: String,
    pub(super) chart: String,
    pub(super) version: String,
    pub(super) namespace: String,
    /// `HELM_DRIVER`.
    pub(super) driver: Driver,
    pub(super) values: Vec<String>,
    /// Only render.
    pub(super) dry: bool,
    pub(super) take_ownership: bool,
    pub(super) keep_history: bool,
    /// The revision that a rollback goes back to; 0: the one before.
    pub(super) to: u32,
}

impl Words {
    pub(super) fn read(words: &[String], driver: &str) -> Result<Self, String> {
        let driver = match driver {
            "" => Driver::default(),
            word => Driver::from_word(word).ok_or_else(|| format!("unknown driver {word:?}"))?,
        };
        let (flags, plain): (Vec<&str>, Vec<&str>) = words
            .iter()
            .map(String::as_str)
            .partition(|word| word.starts_with("--"));
        let (verb, plain) = match plain.as_slice() {
            ["show", "crds", rest @ ..] => (Verb::ShowDefinitions, rest),
            ["install", rest @ ..] => (Verb::Install, rest),
            ["upgrade", rest @ ..] => (Verb::Upgrade, rest),
            ["uninstall", rest @ ..] => (Verb::Uninstall, rest),
            ["rollback", rest @ ..] => (Verb::Rollback, rest),
            _ => {
                let told = "it installs, upgrades, rolls back and uninstalls, and nothing else";
                return Err(format!(
                    "{} is rehearsed by the laws of this sandbox: {told}",
                    super::NAME
                ));
            }
        };
        let word = |at: usize| plain.get(at).copied().unwrap_or_default().to_owned();
        let mut read = Self {
            verb,
            release: word(0),
            chart: word(1),
            version: String::new(),
            namespace: "default".to_owned(),
            driver,
            values: Vec::new(),
            dry: false,
            take_ownership: false,
            keep_history: false,
            to: 0,
        };
        if verb == Verb::Rollback {
            let to = word(1);
            read.to = if to.is_empty() {
                0
            } else {
                to.parse().map_err(|_error| format!("{to:?} is no revision"))?
            };
        }
        for flag in flags {
            read.flag(flag)?;
        }
        Ok(read)
    }

    fn flag(&mut self, flag: &str) -> Result<(), String> {
        let (name, value) = flag.split_once('=').unwrap_or((flag, ""));
        match name {
            "--namespace" => value.clone_into(&mut self.namespace),
            "--version" => value.clone_into(&mut self.version),
            "--values" => self.values.push(value.to_owned()),
            "--dry-run" => self.dry = true,
            "--take-ownership" => self.take_ownership = true,
            "--keep-history" => self.keep_history = true,
            // nothing is waited for, deletions are all in the background, and the charts have no hooks here
            "--cascade" | "--no-hooks" | "--wait" | "--timeout" | "--output" => {}
            _ => return Err(format!("unknown flag: {name}")),
        }
        Ok(())
    }
}

//! The configuration file and the flags that override it. Errors name file, line, column and the fix.

use super::Failure;
use super::args::LookArgs;
use crate::model::{Globs, TenantRule, Text};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// What the operator chose; every field has a default.
#[derive(Clone, Debug, Default)]
pub struct Config {
    pub tenants: TenantChoice,
    /// Namespaces to fall back to where the cluster may not be listed.
    pub namespaces: Vec<Text>,
    /// A shipped theme's name or a file.
    pub theme: Option<String>,
}

/// A tenant rule as written: checked when the file or flag is read.
#[derive(Clone, Debug)]
pub struct TenantChoice(pub TenantRule);

impl Default for TenantChoice {
    /// Every namespace but Kubernetes' own.
    fn default() -> Self {
        Self(TenantRule::Pattern(Globs::parse("!kube-*").unwrap_or_default()))
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    tenants: Option<toml::Spanned<String>>,
    #[serde(default)]
    namespaces: Vec<String>,
    theme: Option<String>,
}

impl Config {
    /// Reads the file the flags name, else the user's own if there is one; flags win.
    pub fn load(flags: &LookArgs) -> Result<Self, Failure> {
        let (path, required) = match &flags.config {
            Some(path) => (Some(path.clone()), true),
            None => (default_path(), false),
        };
        let mut config = match path {
            Some(path) if required || path.exists() => Self::read(&path)?,
            Some(_) | None => Self::default(),
        };
        if !flags.namespaces.is_empty() {
            config.namespaces = flags.namespaces.iter().map(Text::new).collect();
        }
        if let Some(rule) = &flags.tenants {
            config.tenants = TenantChoice::parse(rule)
                .map_err(|what| Failure::new(format!("--tenants {rule}: {what}"), TENANT_RULES))?;
        }
        if flags.theme.is_some() {
            config.theme.clone_from(&flags.theme);
        }
        Ok(config)
    }

    fn read(path: &Path) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            Failure::new(
                format!("the configuration {} cannot be read: {error}", path.display()),
                "check the path, or leave --config out",
            )
        })?;
        Self::parse(&text, path)
    }

    fn parse(text: &str, path: &Path) -> Result<Self, Failure> {
        let file: File = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            Failure::new(
                format!("{}:{}: {}", path.display(), position(text, at), error.message()),
                "known keys are tenants, namespaces and theme",
            )
        })?;
        let tenants = match file.tenants {
            None => TenantChoice::default(),
            Some(rule) => {
                let at = rule.span().start;
                TenantChoice::parse(rule.get_ref()).map_err(|what| {
                    Failure::new(
                        format!("{}:{}: tenants: {what}", path.display(), position(text, at)),
                        TENANT_RULES,
                    )
                })?
            }
        };
        Ok(Self {
            tenants,
            namespaces: file.namespaces.into_iter().map(Text::from).collect(),
            theme: file.theme,
        })
    }
}

const TENANT_RULES: &str = "pattern=GLOB[,GLOB], label=KEY or release=GLOB, for instance tenants=pattern=*-prod";

impl TenantChoice {
    /// Parses `pattern=…`, `label=…` or `release=…`.
    fn parse(rule: &str) -> Result<Self, String> {
        let Some((by, value)) = rule.split_once('=') else {
            return Err(format!("`{rule}` has no `=`"));
        };
        if value.is_empty() {
            return Err(format!("`{by}=` names nothing"));
        }
        let globs = || Globs::parse(value).map_err(|error| error.to_string());
        match by {
            "pattern" => Ok(Self(TenantRule::Pattern(globs()?))),
            "label" => Ok(Self(TenantRule::Label(value.into()))),
            "release" => Ok(Self(TenantRule::Release(globs()?))),
            other => Err(format!("`{other}` is no way to tell tenants apart")),
        }
    }
}

/// `LINE:COLUMN` of a byte offset, both from 1.
pub(super) fn position(text: &str, at: usize) -> String {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |tail| tail.chars().count()) + 1;
    format!("{line}:{column}")
}

fn default_path() -> Option<PathBuf> {
    use etcetera::BaseStrategy as _;
    etcetera::choose_base_strategy()
        .ok()
        .map(|dirs| dirs.config_dir().join("pilothouse/config.toml"))
}

/// Where journals live: `$XDG_STATE_HOME/pilothouse`, one directory a cluster.
pub(super) fn state_dir() -> Result<PathBuf, Failure> {
    use etcetera::BaseStrategy as _;
    let dirs = etcetera::choose_base_strategy().map_err(|error| {
        Failure::new(
            format!("no home directory for the journal: {error}"),
            "set HOME or XDG_STATE_HOME",
        )
    })?;
    Ok(dirs.state_dir().unwrap_or_else(|| dirs.data_dir()).join("pilothouse"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_default_every_namespace_but_kubernetes_own_is_a_tenant() {
        let TenantRule::Pattern(globs) = TenantChoice::default().0 else {
            panic!("the default is a pattern")
        };
        for (name, tenant) in [
            ("default", true),
            ("kubecost", true),
            ("kube-system", false),
            ("kube-public", false),
        ] {
            assert_eq!(globs.matches(name), tenant, "{name}");
        }
    }

    #[test]
    fn a_bad_file_is_told_with_line_column_and_fix() {
        let path = Path::new("config.toml");
        for (text, told) in [
            ("theme = 3\n", "config.toml:1:9"),
            ("\ntenant = \"label=x\"\n", "config.toml:2:1"),
            ("theme = \"dark\"\ntenants = \"colour=red\"\n", "config.toml:2:11"),
            ("tenants = \"pattern=[\"\n", "config.toml:1:11"),
        ] {
            let failure = Config::parse(text, path).unwrap_err().to_string();
            assert!(failure.starts_with(told), "{failure}");
        }
    }
}

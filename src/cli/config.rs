//! The configuration file and the flags that override it. Errors name file, line, column and the fix.

use super::args::LookArgs;
use crate::model::{Globs, TenantRule, Text};
use crate::shell::{Config, Failure};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    tenants: Option<toml::Spanned<String>>,
    #[serde(default)]
    namespaces: Vec<String>,
    theme: Option<String>,
    helm: Option<PathBuf>,
}

/// Reads the file the flags name, else the user's own if there is one; flags win.
pub(super) fn load(flags: &LookArgs) -> Result<Config, Failure> {
    let (path, required) = match &flags.config {
        Some(path) => (Some(path.clone()), true),
        None => (default_path(), false),
    };
    let mut config = match path {
        Some(path) if required || path.exists() => read(&path)?,
        Some(_) | None => Config::default(),
    };
    if !flags.namespaces.is_empty() {
        config.namespaces = flags.namespaces.iter().map(Text::new).collect();
    }
    if let Some(rule) = &flags.tenants {
        config.tenants =
            tenant_rule(rule).map_err(|what| Failure::new(format!("--tenants {rule}: {what}"), TENANT_RULES))?;
    }
    config.dead_provisioners = flags.dead_provisioners.iter().map(Text::new).collect();
    if flags.theme.is_some() {
        config.theme.clone_from(&flags.theme);
    }
    Ok(config)
}

fn read(path: &Path) -> Result<Config, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::new(
            format!("the configuration {} cannot be read: {error}", path.display()),
            "check the path, or leave --config out",
        )
    })?;
    parse(&text, path)
}

fn parse(text: &str, path: &Path) -> Result<Config, Failure> {
    let file: File = toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        Failure::new(
            format!("{}:{}: {}", path.display(), position(text, at), error.message()),
            "known keys are tenants, namespaces, theme and helm",
        )
    })?;
    let tenants = match file.tenants {
        None => Config::default().tenants,
        Some(rule) => {
            let at = rule.span().start;
            tenant_rule(rule.get_ref()).map_err(|what| {
                Failure::new(
                    format!("{}:{}: tenants: {what}", path.display(), position(text, at)),
                    TENANT_RULES,
                )
            })?
        }
    };
    Ok(Config {
        tenants,
        namespaces: file.namespaces.into_iter().map(Text::from).collect(),
        theme: file.theme,
        dead_provisioners: BTreeSet::new(),
        helm: file.helm,
    })
}

const TENANT_RULES: &str = "pattern=GLOB[,GLOB], label=KEY or release=GLOB, for instance tenants=pattern=*-prod";

/// Reads `pattern=…`, `label=…` or `release=…`.
fn tenant_rule(rule: &str) -> Result<TenantRule, String> {
    let Some((by, value)) = rule.split_once('=') else {
        return Err(format!("`{rule}` has no `=`"));
    };
    if value.is_empty() {
        return Err(format!("`{by}=` names nothing"));
    }
    let globs = || Globs::parse(value).map_err(|error| error.to_string());
    match by {
        "pattern" => Ok(TenantRule::Pattern(globs()?)),
        "label" => Ok(TenantRule::Label(value.into())),
        "release" => Ok(TenantRule::Release(globs()?)),
        other => Err(format!("`{other}` is no way to tell tenants apart")),
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

/// Where a person's own runbooks live: `$XDG_CONFIG_HOME/pilothouse/runbooks`.
pub(super) fn runbook_dir() -> Option<PathBuf> {
    use etcetera::BaseStrategy as _;
    etcetera::choose_base_strategy()
        .ok()
        .map(|dirs| dirs.config_dir().join("pilothouse/runbooks"))
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
        let TenantRule::Pattern(globs) = Config::default().tenants else {
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
            let failure = parse(text, path).unwrap_err().to_string();
            assert!(failure.starts_with(told), "{failure}");
        }
    }
}

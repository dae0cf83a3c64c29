//! The configuration file and the flags that override it. Errors name file, line, column and the fix.

use super::args::LookArgs;
use crate::cluster::raft::{Source, Trust};
use crate::model::raft::described::Described;
use crate::model::{Globs, TenantRule, Text};
use crate::shell::raft::{ClusterConfig, RaftConfig};
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
    #[serde(default)]
    raft: Vec<RaftCluster>,
    #[serde(default, rename = "raft-system")]
    described: Vec<Described>,
}

/// One raft cluster: `[[raft]]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RaftCluster {
    /// `namespace/name`.
    cluster: String,
    token_env: Option<String>,
    token_file: Option<PathBuf>,
    token_helper: Option<Vec<String>>,
    tls: Option<bool>,
    authority: Option<PathBuf>,
    server_name: Option<String>,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
}

impl RaftCluster {
    fn read(self) -> (String, ClusterConfig) {
        let environment = self.token_env.map(Source::Environment);
        let token = environment
            .or_else(|| self.token_file.map(Source::File))
            .or_else(|| self.token_helper.map(Source::Helper));
        let trust = Trust {
            tls: self.tls,
            authority: self.authority,
            server_name: self.server_name,
            identity: self.certificate.zip(self.key),
        };
        (self.cluster, ClusterConfig { token, trust })
    }
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
            "known keys are tenants, namespaces, theme, helm, [[raft]] and [[raft-system]]",
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
        raft: RaftConfig {
            clusters: file.raft.into_iter().map(RaftCluster::read).collect(),
            described: file.described,
        },
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
    fn a_raft_system_is_asked_in_one_way_and_what_is_wrong_is_told_with_its_place_and_the_fix() {
        let path = Path::new("config.toml");
        let file = |asks: &str, id: &str| {
            format!(
                "theme = \"dark\"\n[[raft-system]]\nname = \"q\"\nset = \"q\"\n{asks}\nid = \"{id}\"\nrole = \"/b\"\nindex = \"/c\"\n"
            )
        };
        for asks in [
            "port = 6333\npath = \"/cluster\"",
            "exec = [\"rqlite\", \"-f\", \"json\"]\ncontainer = \"main\"",
        ] {
            let config = parse(&file(asks, "/a"), path).unwrap();
            assert_eq!(config.raft.described.len(), 1, "{asks}");
        }
        for (asks, id, told) in [
            ("", "/a", "add `port` and `path`, or `exec`"),
            ("port = 1\npath = \"/x\"\nexec = [\"x\"]", "/a", "keep one of them"),
            ("path = \"/x\"", "/a", "add `port"),
            ("port = 1\npath = \"x\"", "/a", "begin it with a slash"),
            (
                "port = 1\npath = \"/x\"\ncontainer = \"y\"",
                "/a",
                "`container` is where `exec` runs",
            ),
            ("exec = []", "/a", "names no program"),
            ("exec = \"rqlite -f json\"", "/a", "invalid type: string"),
            ("exec = [\"x\"]\nport = 1", "/a", "drop them"),
            ("exec = [\"x\"]", "a", "no JSON pointer"),
        ] {
            let failure = parse(&file(asks, id), path).unwrap_err().to_string();
            assert!(failure.contains(told), "{failure}");
            let place = failure.strip_prefix("config.toml:").unwrap();
            let line: usize = place.split(':').next().unwrap().parse().unwrap();
            assert!((2..=8).contains(&line), "{failure}");
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
            (
                "\n[[raft-system]]\nname = \"q\"\nset = \"q\"\nport = \"x\"\n",
                "config.toml:5:8",
            ),
        ] {
            let failure = parse(text, path).unwrap_err().to_string();
            assert!(failure.starts_with(told), "{failure}");
        }
    }
}

//! Which cluster does the operator mean? Finds the kubeconfig files and the context in them, and says what is wrong
//! with them in words that help. Never quotes a file's text: it holds secrets.

use super::error::ClusterError;
use super::said;
use kube::Config;
use kube::config::{
    AuthInfo, Cluster, Context, ExecInteractiveMode, KubeConfigOptions, Kubeconfig, KubeconfigError, NamedAuthInfo,
    NamedCluster, NamedContext,
};
use std::path::{Path, PathBuf};

/// What the files say about the context chosen.
pub(super) struct Chosen {
    pub(super) context: String,
    /// The user's name in the kubeconfig; empty when the context names none.
    pub(super) user: String,
    pub(super) config: Config,
    /// The same as a kubeconfig of its own: this context, its cluster and its user, nothing else.
    pub(super) alone: Kubeconfig,
}

/// Reads `--kubeconfig`, else every file of `KUBECONFIG`, else `~/.kube/config`, and loads the context asked for, else
/// the current one. Without any file, a pod's own service account is taken when there is one.
pub(super) async fn choose(file: Option<&Path>, context: Option<&str>) -> Result<Chosen, ClusterError> {
    let looked = file.map_or_else(candidates, |file| vec![file.to_owned()]);
    let present: Vec<&PathBuf> = looked.iter().filter(|path| file.is_some() || path.exists()).collect();
    if present.is_empty() {
        return in_cluster().ok_or(ClusterError::NoKubeconfig { looked });
    }
    let mut merged = Kubeconfig::default();
    for path in present {
        let read = Kubeconfig::read_from(path).map_err(|error| unreadable(path, &error))?;
        merged = merged.merge(read).map_err(|error| ClusterError::KubeconfigBroken {
            path: path.clone(),
            line: 0,
            column: 0,
            why: said::plain(&error.to_string()),
        })?;
    }
    let known: Vec<String> = merged.contexts.iter().map(|named| said::plain(&named.name)).collect();
    let current = merged.current_context.clone().filter(|name| !name.is_empty());
    let Some(name) = context.map(ToOwned::to_owned).or(current) else {
        return Err(ClusterError::NoCurrentContext { known, looked });
    };
    let Some(named) = merged.contexts.iter().find(|named| named.name == name) else {
        return Err(ClusterError::UnknownContext {
            context: name,
            known,
            looked,
        });
    };
    let user = named
        .context
        .as_ref()
        .and_then(|context| context.user.clone())
        .unwrap_or_default();
    let alone = alone(&merged, &name, &user);
    let options = KubeConfigOptions {
        context: Some(name.clone()),
        ..KubeConfigOptions::default()
    };
    let config = Config::from_custom_kubeconfig(merged, &options)
        .await
        .map_err(|error| ClusterError::BadContext {
            context: name.clone(),
            why: said::plain(&error.to_string()),
        })?;
    Ok(Chosen {
        context: name,
        user,
        config,
        alone,
    })
}

/// One context of a kubeconfig, with what it names.
fn alone(merged: &Kubeconfig, context: &str, user: &str) -> Kubeconfig {
    let contexts: Vec<_> = merged
        .contexts
        .iter()
        .filter(|named| named.name == context)
        .take(1)
        .cloned()
        .collect();
    let cluster = contexts
        .iter()
        .find_map(|named| named.context.as_ref())
        .map(|context| context.cluster.clone());
    let mut auth_infos: Vec<_> = merged
        .auth_infos
        .iter()
        .filter(|named| named.name == user)
        .take(1)
        .cloned()
        .collect();
    for named in &mut auth_infos {
        // a credential plugin may not talk to the terminal behind the screen
        if let Some(exec) = named.auth_info.as_mut().and_then(|user| user.exec.as_mut()) {
            exec.interactive_mode = Some(ExecInteractiveMode::Never);
        }
    }
    let clusters = merged
        .clusters
        .iter()
        .filter(|named| Some(&named.name) == cluster.as_ref())
        .take(1);
    Kubeconfig {
        clusters: clusters.cloned().collect(),
        auth_infos,
        contexts,
        current_context: Some(context.to_owned()),
        kind: Some("Config".to_owned()),
        api_version: Some("v1".to_owned()),
        ..Kubeconfig::default()
    }
}

/// The files of `KUBECONFIG`, else the usual one.
fn candidates() -> Vec<PathBuf> {
    let listed: Vec<PathBuf> = std::env::var_os("KUBECONFIG")
        .map(|value| std::env::split_paths(&value).collect())
        .unwrap_or_default();
    let listed: Vec<PathBuf> = listed.into_iter().filter(|path| !path.as_os_str().is_empty()).collect();
    if !listed.is_empty() {
        return listed;
    }
    std::env::home_dir()
        .map(|home| home.join(".kube").join("config"))
        .into_iter()
        .collect()
}

/// The service account of the pod we run in, if any.
fn in_cluster() -> Option<Chosen> {
    const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
    let config = Config::incluster().ok()?;
    let (context, user) = ("in-cluster".to_owned(), "service account".to_owned());
    let merged = Kubeconfig {
        clusters: vec![NamedCluster {
            name: context.clone(),
            cluster: Some(Cluster {
                server: Some(config.cluster_url.to_string()),
                certificate_authority: Some(format!("{ACCOUNT}/ca.crt")),
                ..Cluster::default()
            }),
            ..NamedCluster::default()
        }],
        auth_infos: vec![NamedAuthInfo {
            name: user.clone(),
            auth_info: Some(AuthInfo {
                token_file: Some(format!("{ACCOUNT}/token")),
                ..AuthInfo::default()
            }),
            ..NamedAuthInfo::default()
        }],
        contexts: vec![NamedContext {
            name: context.clone(),
            context: Some(Context {
                cluster: context.clone(),
                user: Some(user.clone()),
                ..Context::default()
            }),
            ..NamedContext::default()
        }],
        ..Kubeconfig::default()
    };
    Some(Chosen {
        alone: alone(&merged, &context, &user),
        context,
        user,
        config,
    })
}

fn unreadable(path: &Path, error: &KubeconfigError) -> ClusterError {
    match error {
        KubeconfigError::ReadConfig(why, path) if why.kind() == std::io::ErrorKind::NotFound => {
            ClusterError::NoKubeconfig {
                looked: vec![path.clone()],
            }
        }
        KubeconfigError::ReadConfig(why, path) => ClusterError::KubeconfigUnreadable {
            path: path.clone(),
            why: said::plain(&why.to_string()),
        },
        KubeconfigError::Parse(why) => {
            let place = why.location();
            ClusterError::KubeconfigBroken {
                path: path.to_owned(),
                line: place.map_or(0, |place| place.line()),
                column: place.map_or(0, |place| place.column()),
                why: said::plain(&first_line(&why.without_snippet().to_string())),
            }
        }
        other => ClusterError::KubeconfigBroken {
            path: path.to_owned(),
            line: 0,
            column: 0,
            why: said::plain(&other.to_string()),
        },
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

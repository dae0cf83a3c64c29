//! What helm itself would apply, rendered for this cluster (`--dry-run=server`) with the operator's own helm. Of what it prints
//! only `model::helm` facts leave this file, and a mask of what must never be shown.

use super::{Pinned, values};
use crate::cluster::connect::Connection;
use crate::cluster::process::{End, Errand, Mask, Ran, Surroundings, run};
use crate::cluster::said;
use crate::gate::Command;
use crate::model::act::{HelmAct, Source};
use crate::model::helm::{Blank, Driver, Manifest, Rendering, Said, Valued, record_parts};
use crate::model::{Pin, Text};
use serde_json::Value;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a rendering may take: a chart may have to be fetched for it.
const DEADLINE: Duration = Duration::from_mins(2);

/// Why there is no rendering.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unrendered {
    /// Something of ours: a file that cannot be read or written.
    Broken {
        why: String,
    },
    Unstartable {
        why: String,
    },
    /// Helm gave up; its own words, with nothing secret in them.
    Refused {
        how: String,
        said: String,
    },
    /// It ended well, and what it printed is no release.
    Unreadable {
        why: String,
    },
}

impl fmt::Display for Unrendered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken { why } => f.write_str(why),
            Self::Unstartable { why } => write!(f, "helm cannot be started: {why}"),
            Self::Refused { how, said } => write!(f, "helm does not render it, it {how}: {said}"),
            Self::Unreadable { why } => write!(f, "what helm rendered cannot be read: {why}"),
        }
    }
}

/// One rendering, and what must not be shown of it.
pub(in crate::cluster) struct Rendered {
    pub(in crate::cluster) rendering: Rendering,
    pub(in crate::cluster) mask: Mask,
    /// What is left to fill in in each file of values.
    pub(in crate::cluster) blanks: Vec<(Text, Vec<Blank>)>,
    /// What it was rendered with, value by value.
    pub(in crate::cluster) valued: Vec<Valued>,
}

/// Who renders what, where.
#[derive(Clone, Copy)]
pub(in crate::cluster) struct Order<'a> {
    pub(in crate::cluster) connection: &'a Connection,
    pub(in crate::cluster) program: &'a Path,
    pub(in crate::cluster) release: &'a Pin,
    pub(in crate::cluster) helm: &'a HelmAct,
}

/// Renders, once more than is shown: what is another in the second rendering is another each time.
pub(in crate::cluster) async fn render(order: Order<'_>) -> Result<Rendered, Unrendered> {
    let mut rendered = again(order).await?;
    let second = again(order).await?.rendering;
    let first = &mut rendered.rendering.manifest;
    first.learn_unsteady(&second.manifest);
    if let (HelmAct::Install(_), Some(source)) = (order.helm, order.helm.source()) {
        first.definitions = definitions(order, source).await?;
    }
    Ok(rendered)
}

/// Renders, once.
pub(in crate::cluster) async fn again(order: Order<'_>) -> Result<Rendered, Unrendered> {
    let broken = |why: String| Unrendered::Broken { why };
    let Some(arguments) = Command::rehearsal(order.release, order.helm, 60) else {
        return Err(broken("this act brings no chart".to_owned()));
    };
    let mut mask = Mask::default();
    let mut files = Vec::new();
    if let Some(source) = order.helm.source() {
        files = read_values(source, &mut mask).await.map_err(broken)?;
    }
    let ran = asked(order, &arguments, &mask).await?;
    let unreadable = |why: String| Unrendered::Unreadable { why };
    let rendering = Rendering::read(&ran.stdout).map_err(|why| unreadable(why.why))?;
    // the parser's own words may quote a value
    let release: Value =
        serde_json::from_slice(&ran.stdout).map_err(|_error| unreadable("it is no JSON".to_owned()))?;
    mask.hide_release(&release);
    let (blanks, said): (Vec<_>, Vec<Said>) = files.into_iter().unzip();
    let valued = valued(order, &release, &said);
    Ok(Rendered {
        rendering,
        mask,
        blanks,
        valued,
    })
}

/// What helm says it has rendered the chart with.
fn valued(order: Order<'_>, release: &Value, said: &[Said]) -> Vec<Valued> {
    let before = match order.helm {
        HelmAct::Upgrade(options) => {
            let none = options.source.as_ref().is_some_and(|source| source.values.is_empty());
            let newest = record_parts(&order.release.key.name).filter(|_| none);
            newest.map(|(_, revision)| revision)
        }
        HelmAct::Install(_) | HelmAct::Uninstall(_) | HelmAct::Rollback(_) => None,
    };
    let defaults = release.pointer("/chart/values").unwrap_or(&Value::Null);
    let given = release.get("config").unwrap_or(&Value::Null);
    Valued::all(defaults, given, said, before)
}

/// What stands in the values files is hidden from everything that is shown. One that is fetched from elsewhere is helm's to
/// read.
async fn read_values(source: &Source, mask: &mut Mask) -> Result<Vec<((Text, Vec<Blank>), Said)>, String> {
    let mut files = Vec::new();
    for path in source.values.iter().filter(|path| !path.contains("://")) {
        let file = values::read(path).await?;
        mask.hide_values(&file.values);
        files.push(((path.clone(), file.blanks), file.said));
    }
    Ok(files)
}

/// The definitions that the chart's `crds/` hold, its dependencies' among them.
async fn definitions(order: Order<'_>, source: &Source) -> Result<Vec<crate::model::helm::Document>, Unrendered> {
    let mut arguments = vec!["show".to_owned(), "crds".to_owned(), source.chart.to_string()];
    if !source.version.is_empty() {
        arguments.push(format!("--version={}", source.version));
    }
    let ran = asked(order, &arguments, &Mask::default()).await?;
    let text = String::from_utf8_lossy(&ran.stdout);
    let manifest = Manifest::parse(&text, &order.release.key.namespace);
    match manifest.broken.into_iter().next() {
        Some(why) => Err(Unrendered::Unreadable {
            why: format!("crds/: {why}"),
        }),
        None => Ok(manifest.documents),
    }
}

async fn asked(order: Order<'_>, arguments: &[String], mask: &Mask) -> Result<Ran, Unrendered> {
    let pinned = Pinned::of(order.connection).map_err(|why| Unrendered::Broken { why })?;
    let errand = Errand {
        program: order.program,
        arguments,
        surroundings: Surroundings::Helms {
            variables: &Command::set(Driver::of(order.release.key.kind)),
            kubeconfig: Some(pinned.path()),
            lifeline: None,
        },
        deadline: DEADLINE,
    };
    let ran = run(errand, None).await.map_err(|why| Unrendered::Unstartable { why })?;
    if ran.end == End::Exited(0) {
        return Ok(ran);
    }
    Err(Unrendered::Refused {
        how: ran.end.to_string(),
        said: said::plain(&mask.line(&ran.tail.join(" "))),
    })
}

/// A path as helm will find it wherever it is started; a reference stays one.
pub(in crate::cluster) async fn whole(source: Source) -> Source {
    let chart = PathBuf::from(source.chart.as_str());
    let here = tokio::fs::try_exists(&chart).await.unwrap_or(false);
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_error| path.to_owned());
    Source {
        chart: if here {
            absolute(&chart).display().to_string().into()
        } else {
            source.chart
        },
        values: source
            .values
            .iter()
            .map(|path| {
                if path.contains("://") {
                    path.clone()
                } else {
                    absolute(Path::new(path.as_str())).display().to_string().into()
                }
            })
            .collect(),
        version: source.version,
    }
}

//! Everything an act of Helm's rests on, before its panel opens: which helm, what the records say, what it would apply, and
//! what stands live where the world does not look. And the same once more before it is sent.

use super::render::{self, Order, Unrendered, whole};
use super::{Helm, Unhelmed, find};
use crate::cluster::connect::Connection;
use crate::cluster::error::ClusterError;
use crate::cluster::process::Mask;
use crate::cluster::read;
use crate::laws::Conditions;
use crate::laws::helm::reach;
use crate::model::act::{HelmAct, Means, Standing};
use crate::model::helm::{Address, Home, Ledger, Reading, record_parts};
use crate::model::{Act, Key, Object, Pin, World};
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// An act of Helm's that can be forecast, shown and sent.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// With the helm that would do it, and the digest of what it rendered.
    pub act: Act,
    pub ledger: Ledger,
    pub helm: Helm,
}

/// Why it cannot be.
#[derive(Debug)]
pub enum Unprepared {
    Unhelmed(Unhelmed),
    Unrendered(Unrendered),
    Cluster(ClusterError),
    Misfit { why: String },
}

impl fmt::Display for Unprepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unhelmed(why) => write!(f, "{why}; {}", why.way_out()),
            Self::Unrendered(why) => why.fmt(f),
            Self::Cluster(why) => why.fmt(f),
            Self::Misfit { why } => f.write_str(why),
        }
    }
}

impl From<ClusterError> for Unprepared {
    fn from(error: ClusterError) -> Self {
        Self::Cluster(error)
    }
}

/// Finds helm, has it render what the act brings, and reads what the act rests on. `named` is the path or the name of helm;
/// without it, `helm` on `PATH`.
pub async fn prepare(
    connection: &Connection,
    named: Option<&Path>,
    world: &World,
    act: Act,
) -> Result<Prepared, Unprepared> {
    let misfit = |why: String| Unprepared::Misfit { why };
    let Act::Helm { release, helm, means } = act else {
        return Err(misfit(format!("{act} is no act of helm's")));
    };
    let tool = find(named).await.map_err(Unprepared::Unhelmed)?;
    let Some(program) = tool.program.to_str() else {
        return Err(misfit("the path of helm is no UTF-8".to_owned()));
    };
    let means = Means {
        program: program.into(),
        timeout: means.map_or(Means::TIMEOUT, |means| means.timeout),
    };
    let mut helm = numbered(helm.by(tool.version), &release);
    let mut ledger = Ledger::default();
    if let Some(source) = helm.source().cloned() {
        helm.render(whole(source).await, String::new().into());
        if let Some(why) = helm.misfit(&release) {
            return Err(misfit(why));
        }
        let order = Order {
            connection,
            program: &tool.program,
            release: &release,
            helm: &helm,
        };
        let rendered = render::render(order).await.map_err(Unprepared::Unrendered)?;
        for (file, blanks) in rendered.blanks {
            ledger.enter_values(file, Ok(blanks));
        }
        let rendering = rendered.rendering;
        ledger.enter_valued(rendering.digest.clone(), rendered.valued);
        ledger.enter_given(rendering.digest.clone(), rendering.given);
        ledger.enter_rendered(rendering.digest.clone(), rendering.manifest);
        if let Some(source) = helm.source().cloned() {
            helm.render(source, rendering.digest);
        }
    }
    study(connection, world, &release, &helm, &mut ledger).await?;
    Ok(Prepared {
        act: Act::Helm {
            release,
            helm,
            means: Some(means),
        },
        ledger,
        helm: tool,
    })
}

/// The revision before the newest, by its number: what is shown is what is asked.
fn numbered(helm: HelmAct, release: &Pin) -> HelmAct {
    match (helm, record_parts(&release.key.name)) {
        (HelmAct::Rollback(mut options), Some((_, newest))) if options.to == 0 => {
            options.to = newest.saturating_sub(1);
            HelmAct::Rollback(options)
        }
        (helm, _) => helm,
    }
}

/// Reads the records the act rests on, and whatever it may touch of kinds that the world does not hold.
pub async fn study(
    connection: &Connection,
    world: &World,
    release: &Pin,
    helm: &HelmAct,
    ledger: &mut Ledger,
) -> Result<(), ClusterError> {
    for key in records(world, release, helm) {
        let (pin, reading) = read::record(connection, &key).await?;
        ledger.enter(pin, reading);
    }
    look(connection, world, release, helm, ledger).await;
    Ok(())
}

/// Looks again at whatever the act may touch of kinds that the world does not hold. What cannot be looked at is unknown.
pub async fn look(connection: &Connection, world: &World, release: &Pin, helm: &HelmAct, ledger: &mut Ledger) {
    let conditions = Conditions {
        helm: Arc::new(ledger.clone()),
        ..Conditions::default()
    };
    let addresses = reach(release, helm, &conditions, world);
    let applied = match helm {
        HelmAct::Install(_) | HelmAct::Upgrade(_) | HelmAct::Rollback(_) => true,
        // it asks for no field
        HelmAct::Uninstall(_) => false,
    };
    if !applied {
        for (address, live) in read::live(connection, &addresses).await {
            ledger.enter_live(address, live);
        }
        return;
    }
    let there = |address: &Address| address.key().is_some_and(|key| world.get(&key).is_some());
    for found in read::found(connection, &addresses, there).await {
        if let Some(firm) = found.firm {
            ledger.enter_firm(found.address.clone(), firm);
        }
        if found.address.key().is_none() {
            ledger.enter_live(found.address, found.live);
        }
    }
}

/// The records an act rests on, and no others: the newest, and the one it is compared with or goes back to.
fn records(world: &World, release: &Pin, helm: &HelmAct) -> Vec<Key> {
    let (Some(home), Some((_, newest))) = (Home::at(&release.key), record_parts(&release.key.name)) else {
        return Vec::new();
    };
    let deployed = |object: &Object| object.body.release().is_some_and(|facts| facts.status == "deployed");
    let mut revisions: Vec<(u32, Key, bool)> = home
        .records(world)
        .map(|(revision, object)| (revision, object.key(), deployed(object)))
        .collect();
    revisions.sort();
    let second = match helm {
        HelmAct::Install(_) => return Vec::new(),
        HelmAct::Uninstall(_) => None,
        HelmAct::Upgrade(_) => revisions.iter().rev().find(|(.., deployed)| *deployed),
        HelmAct::Rollback(options) => {
            let to = if options.to == 0 {
                newest.saturating_sub(1)
            } else {
                options.to
            };
            revisions.iter().find(|(revision, ..)| *revision == to)
        }
    };
    let mut keys = vec![release.key.clone()];
    keys.extend(second.map(|(_, key, _)| key.clone()));
    keys.dedup();
    keys
}

/// What an act of Helm's would do now, asked again before it is sent.
#[derive(Debug)]
pub struct Rehearsal {
    /// What helm renders otherwise than was shown: the approval is void.
    pub strays: Vec<String>,
    /// What must not be shown of helm's words.
    pub(in crate::cluster) mask: Mask,
}

/// Has helm render again what the act brings, and compares; learns what must not be shown of what it will say.
pub async fn rehearse(connection: &Connection, act: &Act, ledger: &Ledger) -> Result<Rehearsal, Unprepared> {
    let Act::Helm {
        release,
        helm,
        means: Some(means),
    } = act
    else {
        let why = format!("{act} is forecast only");
        return Err(Unprepared::Misfit { why });
    };
    let mut rehearsal = Rehearsal {
        strays: Vec::new(),
        mask: Mask::default(),
    };
    if let Some(shown) = helm.rendered() {
        let order = Order {
            connection,
            program: Path::new(means.program.as_str()),
            release,
            helm,
        };
        let now = render::again(order).await.map_err(Unprepared::Unrendered)?;
        rehearsal.mask = now.mask;
        // what the panel found filled in is read again now
        let left = now.blanks.iter().flat_map(|(_, blanks)| blanks);
        let left: Vec<String> = left.map(|blank| format!("{blank} is not filled in")).collect();
        rehearsal.strays = match ledger.rendered(shown) {
            Some(manifest) if now.rendering.digest != *shown => manifest.strays(&now.rendering.manifest),
            Some(_) => Vec::new(),
            None => vec!["what was rendered for the panel is not known any more".to_owned()],
        };
        rehearsal.strays.extend(left);
    }
    let stored = match helm {
        HelmAct::Install(_) => Vec::new(),
        HelmAct::Uninstall(_) | HelmAct::Upgrade(_) => vec![release.key.clone()],
        HelmAct::Rollback(options) => {
            let target = Home::at(&release.key).map(|home| home.record(options.to));
            std::iter::once(release.key.clone()).chain(target).collect()
        }
    };
    for key in stored {
        if let Some(release) = read::unveiled(connection, &key).await? {
            rehearsal.mask.hide_release(&release);
        }
    }
    Ok(rehearsal)
}

/// What the record that the act has made holds otherwise than was rendered for it; nothing, where it brings no manifest.
pub async fn stored(connection: &Connection, act: &Act, ledger: &Ledger) -> Result<Vec<String>, ClusterError> {
    let Act::Helm { release, helm, .. } = act else {
        return Ok(Vec::new());
    };
    let rendered = helm.rendered().and_then(|digest| ledger.rendered(digest));
    let revision = record_parts(&release.key.name).map(|(_, revision)| revision);
    let (Some(rendered), Some(home), Some(revision)) = (rendered, Home::at(&release.key), revision) else {
        return Ok(Vec::new());
    };
    let made = match helm {
        HelmAct::Install(_) => revision,
        HelmAct::Uninstall(_) | HelmAct::Upgrade(_) | HelmAct::Rollback(_) => revision.saturating_add(1),
    };
    let (_, reading) = read::record(connection, &home.record(made)).await?;
    Ok(match reading {
        Reading::Read(record) => {
            let mut held = record.manifest;
            held.hooks = record.hooks;
            rendered.strays(&held)
        }
        Reading::Undecodable(why) => vec![why.to_string()],
    })
}

/// Every record of the release that the pin names, as it stands in the store now.
pub async fn standing(connection: &Connection, release: &Pin) -> Result<Vec<Standing>, ClusterError> {
    let Some(home) = Home::at(&release.key) else {
        return Ok(Vec::new());
    };
    let objects: Vec<Object> = read::records(connection, &home).await?;
    let own = objects.iter().filter(|object| object.is_meant());
    Ok(own.filter_map(|object| Standing::of(object, &home.name)).collect())
}

//! Acts of Helm's after `:`. A release is named by its own name, not by its record's.

use super::{Asked, Verb, meant, namespaces};
use crate::app::state::State;
use crate::app::update::newest;
use crate::model::act::{HelmAct, Install, Means, Rollback, Source, Uninstall, Upgrade, words};
use crate::model::helm::{Driver, Home};
use crate::model::{Act, Kind, Object, Pin, Text};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What may stand after a release, taken off the words one by one.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a word of its own on the line")]
struct Options {
    source: Source,
    take_ownership: bool,
    wait: bool,
    no_hooks: bool,
    keep_history: bool,
    timeout: Option<u32>,
    /// Where an install keeps its records; of what is there, its records say it.
    driver: Option<Driver>,
    /// Words that are none of these, in order.
    rest: Vec<Text>,
}

impl Options {
    fn read(words: &[Text]) -> Option<Self> {
        let mut options = Self::default();
        for word in words {
            match word.split_once('=') {
                Some(("version", version)) => options.source.version = version.into(),
                Some(("values", path)) => options.source.values.push(path.into()),
                Some(("driver", word)) => options.driver = Some(Driver::from_word(word)?),
                Some(("timeout", seconds)) => options.timeout = Some(seconds.parse().ok().filter(|held| *held > 0)?),
                Some(_) | None => match word.as_str() {
                    "take-ownership" => options.take_ownership = true,
                    "wait" => options.wait = true,
                    "no-hooks" => options.no_hooks = true,
                    "keep-history" => options.keep_history = true,
                    _ => options.rest.push(word.clone()),
                },
            }
        }
        Some(options)
    }

    /// The one word that is left, if there is one; more is wrong.
    fn only(&self) -> Result<Option<&Text>, ()> {
        match self.rest.as_slice() {
            [] => Ok(None),
            [word] => Ok(Some(word)),
            _ => Err(()),
        }
    }

    /// Nothing of a chart stands among them.
    fn without_chart(&self) -> bool {
        self.source == Source::default() && !self.take_ownership
    }
}

/// The act that a line asks for, still without the helm that would do it.
pub(super) fn act(state: &State, asked: &Asked) -> Result<Act, String> {
    let usage = || asked.verb.usage().to_owned();
    let mut options = Options::read(&asked.rest).ok_or_else(usage)?;
    if asked.verb == Verb::Install {
        return install(state, options, asked.verb.usage());
    }
    let word = options.only().map_err(|()| usage())?.cloned();
    if options.driver.is_some() {
        return Err(format!(
            "where a release is kept is seen, and not asked: release/NAME or {}/NAME names it; {}",
            Kind::ReleaseMap,
            usage()
        ));
    }
    let helm = match asked.verb {
        Verb::Upgrade => {
            options.source.chart = word.filter(|_| !options.keep_history).ok_or_else(usage)?;
            HelmAct::Upgrade(Upgrade {
                source: Some(options.source.clone()),
                take_ownership: options.take_ownership,
                wait: options.wait,
                no_hooks: options.no_hooks,
                ..Upgrade::default()
            })
        }
        Verb::Rollback if options.without_chart() && !options.keep_history => HelmAct::Rollback(Rollback {
            to: word.map_or(Some(0), |word| word.parse().ok()).ok_or_else(usage)?,
            wait: options.wait,
            no_hooks: options.no_hooks,
            ..Rollback::default()
        }),
        Verb::Uninstall if options.without_chart() => {
            let plain = Uninstall::plain(None);
            HelmAct::Uninstall(Uninstall {
                cascade: word
                    .map_or(Some(plain.cascade), |word| words::propagation(&word))
                    .ok_or_else(usage)?,
                keep_history: options.keep_history,
                wait: options.wait,
                no_hooks: options.no_hooks,
                ..plain
            })
        }
        _ => return Err(usage()),
    };
    let release = release(state, asked)?;
    fitting(Act::Helm {
        release,
        helm,
        means: means(&options),
    })
}

fn install(state: &State, mut options: Options, usage: &str) -> Result<Act, String> {
    let [name, chart] = options.rest.as_slice() else {
        return Err(usage.to_owned());
    };
    if options.keep_history {
        return Err(usage.to_owned());
    }
    options.source.chart = chart.clone();
    let namespaces = namespaces(state);
    let [namespace] = namespaces.as_slice() else {
        return Err("in which namespace? go to a tenant of one namespace, or to an object in it".to_owned());
    };
    let install = Install {
        source: Some(options.source.clone()),
        take_ownership: options.take_ownership,
        wait: options.wait,
        no_hooks: options.no_hooks,
        ..Install::default()
    };
    let home = Home::new(namespace, name, options.driver.unwrap_or_default());
    let mut act = Act::install(&home, install);
    if let Act::Helm { means: held, .. } = &mut act {
        *held = means(&options);
    }
    fitting(act)
}

fn fitting(act: Act) -> Result<Act, String> {
    act.misfit().map_or(Ok(act), Err)
}

/// How long helm may wait, where the line says so; which helm it is comes later.
fn means(options: &Options) -> Option<Means> {
    options.timeout.map(|timeout| Means {
        program: Text::default(),
        timeout,
    })
}

/// The newest record of the release that a line names, or of the one under the cursor.
fn release(state: &State, asked: &Asked) -> Result<Pin, String> {
    let record = match &asked.target {
        Some((kind, name)) if !kind.is_record() => return Err(format!("{kind}/{name} is no release")),
        Some(_) | None => meant(state, asked)?,
    };
    if !record.kind().is_record() {
        return Err(format!("{} is no release; {}", record.key(), asked.verb.usage()));
    }
    newest(state, &record)
}

/// A record of the release of this name, in this tenant: `release/NAME` means it wherever its records are kept,
/// `release-configmap/NAME` that in `ConfigMap`s.
pub(super) fn named(state: &State, kind: Kind, name: &str) -> Result<Arc<Object>, String> {
    let mut held: Vec<&Arc<Object>> = Vec::new();
    for namespace in namespaces(state) {
        let home = if kind == Kind::ReleaseMap {
            Some(Home::new(&namespace, name, Driver::ConfigMap))
        } else {
            Home::called(&state.world, &namespace, name).map_err(|twofold| {
                format!("{twofold}: put the cursor on the one that is meant, and leave its name out")
            })?
        };
        held.extend(home.and_then(|home| home.newest(&state.world)));
    }
    match held.as_slice() {
        [only] => Ok(Arc::clone(only)),
        [] => Err(format!("there is no release {name} in this tenant")),
        _ => Err(format!(
            "release {name} is there in more than one namespace of this tenant"
        )),
    }
}

/// `release/NAME` of every release in this tenant.
pub(super) fn releases(state: &State) -> BTreeSet<String> {
    let places = namespaces(state);
    let records = state.world.records();
    records
        .filter(|object| places.contains(&object.meta.namespace))
        .filter_map(|object| Some(format!("release/{}", object.body.release()?.name)))
        .collect()
}

/// What may stand after the release.
pub(super) fn arguments(state: &State, asked: &Asked) -> Vec<String> {
    let mut all: Vec<String> = ["wait", "no-hooks", "timeout="].map(str::to_owned).to_vec();
    match asked.verb {
        Verb::Install | Verb::Upgrade => {
            all.extend(["version=", "values=", "take-ownership"].map(str::to_owned));
            let driven = (asked.verb == Verb::Install).then(|| format!("driver={}", Driver::ConfigMap.word()));
            all.extend(driven);
        }
        Verb::Uninstall => all.extend(["background", "foreground", "orphan", "keep-history"].map(str::to_owned)),
        Verb::Rollback => {
            let home = release(state, asked).ok().and_then(|pin| Home::at(&pin.key));
            let revisions = home.iter().flat_map(|home| home.records(&state.world));
            all.extend(revisions.map(|(revision, _)| revision.to_string()));
        }
        _ => {}
    }
    all
}

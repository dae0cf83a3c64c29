//! `pilothouse release show|history|diff`: the records of a release, read now, and what their objects are.

use super::args::{ConnectArgs, DriverArg, Output, ReleaseCommand, Which};
use super::report::{Sight, look, print, width};
use crate::cluster::read;
use crate::diagnose::Look;
use crate::headless::{self, RevisionLine};
use crate::model::helm::{Address, Claims, Contents, Driver, Home, Opening, Whole};
use crate::model::{Key, Object};
use crate::shell::{Config, Failure, QUIET};
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;

pub(super) async fn run(connect: &ConnectArgs, config: &Config, command: &ReleaseCommand) -> Result<ExitCode, Failure> {
    let (which, output) = match command {
        ReleaseCommand::Show { which, output, .. }
        | ReleaseCommand::History { which, output }
        | ReleaseCommand::Diff { which, output, .. } => (which, *output),
    };
    let sight = look(connect, config).await?;
    let asked = Asked::of(&sight, config, which)?;
    match command {
        ReleaseCommand::Show { revision, values, .. } => asked.show(*revision, *values, output).await,
        ReleaseCommand::History { .. } => asked.history(output).await,
        ReleaseCommand::Diff { from, to, live, .. } => asked.diff(*from, *to, *live, output).await,
    }
}

/// The release that is meant, and its records as their labels tell, oldest first.
struct Asked<'a> {
    sight: &'a Sight,
    home: Home,
    revisions: Vec<Arc<Object>>,
    /// Every other release in sight, with the revision it has deployed.
    others: Vec<(Home, u32)>,
}

impl<'a> Asked<'a> {
    fn of(sight: &'a Sight, config: &Config, which: &Which) -> Result<Self, Failure> {
        let namespace = config
            .namespaces
            .first()
            .map_or("default", |namespace| namespace.as_str());
        let own = |driver: Driver| {
            let records = sight.world.in_namespace(driver.kind(), namespace);
            let mut own: Vec<Arc<Object>> = records
                .filter(|object| {
                    object
                        .body
                        .release()
                        .is_some_and(|facts| facts.name == which.release.as_str())
                })
                .map(Arc::clone)
                .collect();
            own.sort_by_key(|object| number(object));
            own
        };
        let (by_secret, by_map) = (own(Driver::Secret), own(Driver::ConfigMap));
        let (driver, revisions) = match which.driver {
            Some(DriverArg::Configmap) => (Driver::ConfigMap, by_map),
            None if by_secret.is_empty() && !by_map.is_empty() => (Driver::ConfigMap, by_map),
            Some(DriverArg::Secret) | None => (Driver::Secret, by_secret),
        };
        let home = Home::new(namespace, &which.release, driver);
        if revisions.is_empty() {
            let key = Key::new(driver.kind(), namespace, &which.release);
            // says why where records cannot be seen
            let found = headless::locate(&sight.world, &key, sight.now, QUIET);
            if let Err(error) = found
                && (driver == Driver::Secret || matches!(error, headless::TargetError::Unseen { .. }))
            {
                return Err(Failure::new(error.to_string(), "say which namespace with -n"));
            }
            return Err(Failure::new(
                format!("there is no release {home} in {}", driver.objects()),
                "say which namespace with -n, and with --driver where helm keeps its records",
            ));
        }
        let others = home.others(sight.world.records().map(AsRef::as_ref));
        Ok(Self {
            sight,
            home,
            revisions,
            others,
        })
    }

    fn newest(&self) -> u32 {
        self.revisions.last().map_or(0, |object| number(object))
    }

    fn revision(&self, number_asked: u32) -> Result<&Arc<Object>, Failure> {
        let held = self.revisions.iter().find(|object| number(object) == number_asked);
        held.ok_or_else(|| {
            let all: Vec<String> = self.revisions.iter().map(|object| number(object).to_string()).collect();
            Failure::new(
                format!("{} has no revision {number_asked}", self.home),
                format!("its revisions are {}", all.join(", ")),
            )
        })
    }

    async fn open(&self, revision: u32) -> Result<Opening, String> {
        let answer = read::open(&self.sight.connection, &self.home, revision).await;
        answer.map(|(_, opening)| opening).map_err(|error| error.to_string())
    }

    async fn show(&self, revision: Option<u32>, values: bool, output: Output) -> Result<ExitCode, Failure> {
        let object = self.revision(revision.unwrap_or_else(|| self.newest()))?;
        let answer = self.open(number(object)).await;
        let mut live = BTreeMap::new();
        let mut claims = Claims::default();
        if let Some(opened) = answer.as_ref().ok().and_then(Opening::opened) {
            let documents = opened.record.manifest.documents.iter();
            let addresses: Vec<Address> = documents.map(|document| document.address.clone()).collect();
            live = read::live(&self.sight.connection, &addresses)
                .await
                .into_iter()
                .collect();
            claims = read::claims(&self.sight.connection, self.others.clone()).await;
        }
        let look = Look {
            world: &self.sight.world,
            conditions: &self.sight.conditions,
            now: self.sight.now,
            quiet: QUIET,
        };
        let report = headless::show(look, &self.home, (object, &answer), (&live, &claims), values);
        print(&report, &report.text(width()), report.exit(), output)
    }

    async fn history(&self, output: Output) -> Result<ExitCode, Failure> {
        let mut lines = Vec::new();
        for object in &self.revisions {
            lines.push(RevisionLine::of(object, &self.open(number(object)).await));
        }
        let report = headless::history(&self.home, lines, self.sight.now);
        print(&report, &report.text(width()), report.exit(), output)
    }

    async fn diff(&self, from: Option<u32>, to: Option<u32>, live: bool, output: Output) -> Result<ExitCode, Failure> {
        let now = self.sight.now;
        if live {
            let revision = from.unwrap_or_else(|| self.newest());
            let contents = self.contents(revision).await?;
            let addresses = contents.documents.iter().map(|(address, _)| address.clone());
            let found: BTreeMap<Address, Whole> = read::whole(&self.sight.connection, addresses.collect())
                .await
                .into_iter()
                .collect();
            let report = headless::drifted(&self.home, (revision, &contents), &found, now);
            return print(&report, &report.text(width()), report.exit(), output);
        }
        let to = to.unwrap_or_else(|| self.newest());
        let before = self
            .revisions
            .iter()
            .map(|object| number(object))
            .filter(|revision| *revision < to);
        let Some(from) = from.or_else(|| before.max()) else {
            return Err(Failure::new(
                format!("{} has no revision before {to}", self.home),
                "say with --from which one to compare with, or --live",
            ));
        };
        let (before, after) = (self.contents(from).await?, self.contents(to).await?);
        let report = headless::revised(&self.home, (from, &before), (to, &after), now);
        print(&report, &report.text(width()), report.exit(), output)
    }

    /// What a revision holds; one that cannot be read has nothing to be compared.
    async fn contents(&self, revision: u32) -> Result<Contents, Failure> {
        self.revision(revision)?;
        let hint = "`pilothouse release history` tells of every revision whether it can be read";
        match self.open(revision).await {
            Ok(Opening::Opened(opened)) => Ok(opened.contents),
            Ok(Opening::Undecodable(why)) => Err(Failure::new(format!("r{revision} of {} is {why}", self.home), hint)),
            Err(why) => Err(Failure::new(why, hint)),
        }
    }
}

fn number(object: &Object) -> u32 {
    object.body.release().map_or(0, |facts| facts.revision)
}

//! Helm on a slot: releases installed, what Pilothouse reads of them, and the real helm doing on both sides what was
//! forecast.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use pilothouse::cluster::{ConnectOptions, Connection, connect};
use pilothouse::forecast::forecast;
use pilothouse::laws::Conditions;
use pilothouse::model::helm::{Address, MANAGED_BY, Manifest, RELEASE_NAME, RELEASE_NAMESPACE, RESOURCE_POLICY};
use pilothouse::model::{Act, Key, Kind, Pin, World};
use serde_json::{Value, json};

use super::act::{Both, Done};
use super::patience::PATIENCE;
use super::{QUIET, Slot, Stop, TRIES, restless, setting_up};
use crate::api::Api;
use crate::case::{Case, Deed, Errand, Hand, Line, Member, Touch, helm};
use crate::compare::{Others, Standing, Verdict};
use crate::manifest::{FOREIGN, Ground};
use crate::support::helm::{Helm, ledger, newest, template, write_chart};
use crate::support::run::Ran;
use crate::twin::Twin;

/// How often a sandbox's controllers are let do what they want while helm waits for them.
const BEAT: Duration = Duration::from_millis(40);

/// How the real helm ended on both sides, and what was there before that the world does not hold.
pub(super) struct Errands {
    pub(super) real: Ran,
    pub(super) twin: Ran,
    pub(super) others: Others,
}

impl Slot {
    /// Installs the release of a line on both sides.
    pub(super) async fn install(&self, line: &Line, case: &Case, twin: &Twin) -> Result<(), Stop> {
        let wrong = || Stop::Void(format!("{line}: no release"));
        let (Some(chart), Some(helm)) = (line.field("chart"), line.field("helm").and_then(helm)) else {
            return Err(wrong());
        };
        // also the disks of what a later revision brings: nobody else makes them
        let ground = self.ground(&BTreeMap::new(), |ground| {
            let members = case.members.iter().filter_map(Member::line);
            members.map(|line| ground.manifest(&line)).collect::<Vec<Value>>()
        });
        for object in &ground {
            self.prepare_disk(object).map_err(Stop::Void)?;
        }
        let chart = self.chart(case, chart);
        let namespace = format!("{}-{}", self.name, line.place.namespace);
        let words = [
            "--namespace",
            &namespace,
            "install",
            &line.place.name,
            &chart,
            "--timeout=20s",
        ];
        let (real, twin) = self.on_both(helm, &words.map(str::to_owned), twin).await?;
        match (real.success, twin.success) {
            (true, true) => Ok(()),
            (false, false) => Err(Stop::Void(format!("{line}: {}", real.stderr))),
            _ => Err(Stop::Step(setting_up(Verdict::Disagreed(format!(
                "{line}: real {real}\nsandbox {twin}"
            ))))),
        }
    }

    fn ground<T>(&self, uids: &BTreeMap<Key, String>, look: impl FnOnce(&Ground<'_>) -> T) -> T {
        look(&Ground {
            slot: &self.name,
            disks: [&self.disks[0], &self.disks[1]],
            uids,
        })
    }

    /// Writes a chart of the case; its path.
    fn chart(&self, case: &Case, name: &str) -> String {
        let templates: Vec<Value> = self.ground(&BTreeMap::new(), |ground| {
            case.chart(name).map(|member| ground.member(member)).collect()
        });
        let path = self.charts.join(&self.name).join(name);
        write_chart(&path, &templates);
        path.display().to_string()
    }

    async fn run(&self, kubeconfig: &Path, helm: Helm, arguments: &[String]) -> Result<Ran, Stop> {
        let (programs, kubeconfig) = (self.programs.clone(), kubeconfig.to_owned());
        let arguments = arguments.to_vec();
        let ran = tokio::task::spawn_blocking(move || {
            let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
            programs.run(&kubeconfig, helm.program, &words, "", &[])
        });
        ran.await.map_err(|error| Stop::Void(error.to_string()))
    }

    /// Runs helm on both sides at once; the sandbox's controllers go on meanwhile.
    async fn on_both(&self, helm: Helm, arguments: &[String], twin: &Twin) -> Result<(Ran, Ran), Stop> {
        let on_twin = async {
            let mut run = std::pin::pin!(self.run(twin.kubeconfig(), helm, arguments));
            loop {
                tokio::select! {
                    ran = &mut run => return ran,
                    () = tokio::time::sleep(BEAT) => restless(twin.settle())?,
                }
            }
        };
        let (real, twin) = tokio::join!(self.run(&self.kubeconfig, helm, arguments), on_twin);
        Ok((real?, twin?))
    }

    /// Does by hand what a case says, on both sides.
    pub(super) async fn touch(&self, hand: &Hand, twin: &Twin) -> Result<(), Stop> {
        let path = hand.thing.path(&hand.place, &self.name);
        for api in [&self.api, &twin.api] {
            let mut tries = 0;
            loop {
                tries += 1;
                let Some(object) = api.read(&path).await.map_err(Stop::Void)? else {
                    return Err(Stop::Void(format!("{hand}: it is not there")));
                };
                let done = if hand.touch == Touch::Delete {
                    let options = json!({"propagationPolicy": "Background"});
                    api.delete_at(&path, &options).await
                } else {
                    api.merge_at(&path, &change(hand.touch, &object)).await
                };
                match done {
                    Ok(_) => break,
                    Err(no) if no.code == 409 && tries < TRIES => {}
                    Err(no) => return Err(Stop::Void(format!("{hand}: {no}"))),
                }
            }
        }
        Ok(())
    }

    /// Forecasts what helm does on both sides, and has it do so.
    pub(super) async fn send(&self, case: &Case, deed: &Deed, errand: &Errand, twin: &Twin) -> Result<Both, Stop> {
        let namespace = format!("{}-{}", self.name, deed.place.namespace);
        let release = deed.place.name.as_str();
        self.see_records(&namespace).await?;
        let missing_target = || Stop::Skip(format!("no target for {deed}"));
        let chart = match &errand.task {
            crate::case::Task::Upgrade { chart, .. } => self.chart(case, chart),
            _ => String::new(),
        };
        let rendered = if chart.is_empty() {
            None
        } else {
            let words = template(&namespace, release, &chart).map(str::to_owned);
            let ran = self.run(&self.kubeconfig, errand.helm, &words).await?;
            if !ran.success {
                return Err(Stop::Void(ran.to_string()));
            }
            Some(ran.stdout)
        };
        let helm = errand.act(rendered.as_deref().map(Manifest::digest).unwrap_or_default());
        let act = |pin: Pin| Act::Helm {
            release: pin,
            helm: helm.clone(),
            means: None,
        };

        let before = self.mirror.part(&self.name);
        let (.., pin) = newest(&before, &namespace, release).ok_or_else(missing_target)?;
        let conditions = self
            .read(case, &self.connection, &before, &pin, &helm, rendered.as_deref())
            .await?;
        let foretold = forecast(
            &self.mirror.whole(),
            &act(pin.clone()),
            &conditions,
            self.clock.now(),
            QUIET,
        );
        let missing = self.missing(&before, &self.disks_now().await.map_err(Stop::Void)?);

        let twin_before = twin.world();
        let (.., twin_pin) = newest(&twin_before, &namespace, release).ok_or_else(missing_target)?;
        let options = ConnectOptions {
            kubeconfig: Some(twin.kubeconfig().to_owned()),
            ..ConnectOptions::default()
        };
        let there = connect(&options, self.clock.clone()).await;
        let there = there.map_err(|error| Stop::Void(error.to_string()))?;
        let twin_conditions = self
            .read(case, &there, &twin_before, &twin_pin, &helm, rendered.as_deref())
            .await?;
        let twin_forecast = self.forecast_alone(&twin_before, &act(twin_pin), &twin_conditions);
        let twin_lost = twin.destroyed();

        let others = self.others(&self.api, case).await?;
        let arguments = errand.arguments(&namespace, release, &chart);
        let (real, ran_on_twin) = self.on_both(errand.helm, &arguments, twin).await?;
        Ok(Both {
            done: Done {
                before,
                act: act(pin),
                forecast: foretold,
                answer: Ok(()),
                missing,
            },
            conditions,
            twin_before,
            twin_forecast,
            twin_lost,
            twin_answer: Ok(()),
            errands: Some(Errands {
                real,
                twin: ran_on_twin,
                others,
            }),
        })
    }

    /// What Pilothouse reads for the act, with the question what happens when those hooks fail that will.
    async fn read(
        &self,
        case: &Case,
        connection: &Connection,
        world: &World,
        release: &Pin,
        act: &pilothouse::model::act::HelmAct,
        rendered: Option<&str>,
    ) -> Result<Conditions, Stop> {
        let mut ledger = ledger(connection, world, release, act, rendered)
            .await
            .map_err(Stop::Void)?;
        for member in case.members.iter().filter(|member| member.fails()) {
            let namespace = format!("{}-{}", self.name, member.place.namespace);
            let kind = Kind::Job;
            let hook = Address::new(&kind.api_version(), kind.name(), &namespace, &member.place.name, "");
            ledger.let_fail(hook);
        }
        Ok(Conditions {
            helm: Arc::new(ledger),
            ..self.conditions.clone()
        })
    }

    /// Waits until the mirror shows the records as the server has them.
    async fn see_records(&self, namespace: &str) -> Result<(), Stop> {
        let path = format!("/api/v1/namespaces/{namespace}/secrets?labelSelector=owner%3Dhelm");
        let list = self.api.read(&path).await.map_err(Stop::Void)?;
        let items = list.as_ref().and_then(|list| list["items"].as_array());
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let records: Vec<(Key, String)> = items
            .into_iter()
            .flatten()
            .map(|item| {
                let meta = &item["metadata"];
                let key = Key::new(Kind::Release, namespace, &text(&meta["name"]));
                (key, text(&meta["resourceVersion"]))
            })
            .collect();
        let seen = |world: &World| {
            records.iter().all(|(key, version)| {
                let held = world.get(key);
                held.is_some_and(|held| held.meta.resource_version.to_string() == *version)
            })
        };
        if self.mirror.until(&self.name, PATIENCE.grace, seen).await {
            Ok(())
        } else {
            Err(Stop::Void("the records are not seen as they are".to_owned()))
        }
    }

    /// Where each object of a kind that the world does not hold stands.
    pub(super) async fn others(&self, api: &Api, case: &Case) -> Result<Others, Stop> {
        let mut others = Others::new();
        for (thing, place) in case.others() {
            let found = api.read(&thing.path(place, &self.name)).await.map_err(Stop::Void)?;
            let label = format!("{}-{}/{}/{}", self.name, place.namespace, thing.name(), place.name);
            let going = |object: &Value| !object["metadata"]["deletionTimestamp"].is_null();
            let standing = match found {
                None => Standing::Absent,
                Some(object) if going(&object) => Standing::Going,
                Some(_) => Standing::There,
            };
            others.insert(label, standing);
        }
        Ok(others)
    }

    /// Where this slot's charts are.
    pub(super) fn own_charts(&self) -> PathBuf {
        self.charts.join(&self.name)
    }
}

/// What a hand sets on an object, as it is now.
fn change(touch: Touch, object: &Value) -> Value {
    let meta = &object["metadata"];
    let annotation = |value: Value| json!({"annotations": {RESOURCE_POLICY: value}});
    let stamp = |by: Value, release: Value, namespace: Value| json!({"labels": {MANAGED_BY: by}, "annotations": {RELEASE_NAME: release, RELEASE_NAMESPACE: namespace}});
    let mut change = match touch {
        Touch::Keep => annotation(json!("keep")),
        Touch::Misspell => annotation(json!("Keep")),
        Touch::Unkeep => annotation(Value::Null),
        Touch::Disown => stamp(Value::Null, Value::Null, Value::Null),
        Touch::Stamp => stamp(json!("Helm"), json!("shop"), json!("releases")),
        Touch::Hold => {
            let held = meta["finalizers"].as_array().cloned().unwrap_or_default();
            json!({"finalizers": held.into_iter().chain([json!(FOREIGN)]).collect::<Vec<_>>()})
        }
        Touch::Delete | Touch::Scale => json!({}),
    };
    change["resourceVersion"] = meta["resourceVersion"].clone();
    let mut change = json!({"metadata": change});
    if touch == Touch::Scale {
        change["spec"] = json!({"replicas": 2});
    }
    change
}

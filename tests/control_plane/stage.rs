//! A stage with two sides, the real control plane and a sandbox: the same objects on both, the same acts, and a cockpit
//! of Pilothouse on each, through whose watches everything is seen.

pub(crate) mod change;
mod helm;
mod panel;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use pilothouse::app::{Phase, State};
use pilothouse::forecast::{Forecast, forecast};
use pilothouse::model::workload::Pod;
use pilothouse::model::{Act, Key, Kind, Propagation, World};
use pilothouse::sandbox::{Clock, Options, Sandbox, scenario};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

pub(crate) use helm::{Errand, Errands};

use crate::flight::Flight;
use crate::picture::{self, Frame, Picture};
use crate::support::csi::DEAD_DRIVER;
use crate::support::door::Api;
use crate::support::run::Ran;
use crate::trial::{Trial, merge, pod_spec};
use pilothouse::model::storage::Volume;

/// A side that shows what was foretold is at rest when it has shown it for so long.
const QUIET: Duration = Duration::from_secs(2);
/// A side that shows anything else gets this long to come to it.
const PATIENCE: Duration = Duration::from_secs(20);

/// Acts whose forecast was compared with both ends, and how many of them the cockpit itself carried out on the real
/// control plane.
static COMPARED: AtomicUsize = AtomicUsize::new(0);
static CLEARED: AtomicUsize = AtomicUsize::new(0);
/// Changes that no act makes, and evictions, whose end was compared with what the laws say.
static CHANGED: AtomicUsize = AtomicUsize::new(0);

/// How many acts were compared, for the end of a run.
pub(crate) fn tally() -> String {
    let (compared, cleared) = (COMPARED.load(Ordering::Relaxed), CLEARED.load(Ordering::Relaxed));
    let changed = CHANGED.load(Ordering::Relaxed);
    format!(
        "{changed} changes and evictions came as the laws say; {compared} acts came as forecast on the real control plane and on the sandbox, {cleared} of them through the cockpit's panel"
    )
}

/// The empty cluster a sandbox begins with: the control plane of the trials has no more.
const EMPTY: &str = "
scenario: both
title: One node, nothing on it
attachless: [share.kit]
---
apiVersion: v1
kind: Node
metadata: {name: node-0}
status: {conditions: [{type: Ready, status: 'True'}]}
";

pub(crate) struct Stage<'plane> {
    pub(crate) trial: &'plane Trial<'plane>,
    real: Side,
    twin: Side,
    runtime: Runtime,
    sandbox_api: Api,
    _sandbox: Sandbox,
}

struct Side {
    name: &'static str,
    kubeconfig: PathBuf,
    flight: Flight,
}

/// What an act came to on one side.
struct End {
    forecast: Forecast,
    foretold: Picture,
    came: Picture,
    before: World,
    after: World,
    /// The handles of the disks that were not there before.
    lost: BTreeSet<String>,
    by_cockpit: bool,
}

impl<'plane> Stage<'plane> {
    /// Both sides with the trial's namespace and its class, a cockpit open on each.
    pub(crate) fn new(trial: &'plane Trial<'plane>) -> Self {
        Self::of_class(
            trial,
            &json!({"provisioner": "kubernetes.io/no-provisioner", "volumeBindingMode": "Immediate"}),
        )
    }

    /// The same with a class of these fields.
    pub(crate) fn of_class(trial: &'plane Trial<'plane>, fields: &Value) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        let scenario = scenario::parse("both.yaml", EMPTY).unwrap_or_else(|error| panic!("{error}"));
        let mut options = Options::of(&scenario, Clock::Real, 7).unwrap_or_else(|error| panic!("{error}"));
        let given = options.conditions.get_or_insert_with(|| scenario.conditions());
        given.dead_provisioners.insert(DEAD_DRIVER.into());
        let sandbox = Sandbox::start(options).expect("a sandbox");
        let open = |name: &'static str, kubeconfig: PathBuf| Side {
            name,
            flight: runtime.block_on(Flight::on_cluster_without(kubeconfig.clone(), DEAD_DRIVER)),
            kubeconfig,
        };
        let real = open("real", trial.plane.kubeconfig(crate::support::persons::Person::Anna));
        let twin = open("sandbox", sandbox.kubeconfig().to_owned());
        let mut stage = Self {
            trial,
            real,
            twin,
            runtime,
            sandbox_api: Api::of_sandbox(sandbox.address()),
            _sandbox: sandbox,
        };
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": trial.namespace}});
        stage.create_at(&stage.sandbox_api, &namespace);
        let mut class = json!({
            "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": trial.namespace},
        });
        merge(&mut class, fields);
        stage.create(&[class]);
        stage
    }

    /// Creates the same objects on both sides; those that are of a namespace in the trial's.
    pub(crate) fn create(&mut self, objects: &[Value]) {
        for object in objects {
            for api in [self.trial.plane.api(), &self.sandbox_api] {
                self.create_at(api, object);
            }
        }
    }

    fn create_at(&self, api: &Api, object: &Value) {
        let made = api.create(&self.trial.namespace, object);
        assert!(made.is_ok(), "{}: {made:?}\n{object}", self.trial.namespace);
    }

    /// The same command on both sides, in the trial's namespace.
    pub(crate) fn by_kubectl(&mut self, arguments: &[&str]) {
        for side in [&self.real, &self.twin] {
            side.kubectl(self.trial, arguments, "").ok();
        }
    }

    /// Waits until both cockpits see this.
    pub(crate) fn until(&mut self, what: &str, seen: impl Fn(&World) -> bool) {
        for side in [&mut self.real, &mut self.twin] {
            let what = format!("{what}, on the {} side", side.name);
            self.runtime
                .block_on(side.flight.until(&what, |state| seen(state.world())));
        }
    }

    pub(crate) fn until_running(&mut self, pod: &str) {
        let namespace = self.trial.namespace.clone();
        self.until(&format!("{pod} to run"), |world| {
            world.in_namespace(Kind::Pod, &namespace).any(|object| {
                let runs = object.body.pod().is_some_and(Pod::ready);
                object.meta.name.starts_with(pod) && runs
            })
        });
    }

    pub(crate) fn until_bound(&mut self, claim: &str) {
        let namespace = self.trial.namespace.clone();
        self.until(&format!("{claim} to be bound"), |world| {
            picture::bound(world, &namespace, claim)
        });
    }

    /// Deletes, as [`Self::act`].
    pub(crate) fn delete(&mut self, kind: Kind, name: &str, propagation: Propagation) -> bool {
        let key = Key::new(kind, &self.trial.namespace, name);
        self.act(&|world| Act::Delete {
            target: world.get(&key).unwrap_or_else(|| panic!("no {key}")).pin(),
            propagation,
        })
    }

    /// Carries an act out on both sides, and compares: what was foretold on the real side, what came there, what came on
    /// the sandbox. Says whether it went through the cockpit's panel.
    pub(crate) fn act(&mut self, act: &dyn Fn(&World) -> Act) -> bool {
        self.compare_now();
        let (real, twin) = (&mut self.real, &mut self.twin);
        let (real, twin) = self
            .runtime
            .block_on(async { tokio::join!(end(real, self.trial, act), end(twin, self.trial, act)) });
        let told = &real.forecast.act;
        assert_same("the laws", &real.foretold, "the real control plane", &real.came, told);
        assert_same("the sandbox", &twin.came, "the real control plane", &real.came, told);
        let frame = Frame::Namespace(self.trial.namespace.clone());
        let words = picture::foretold(&real.forecast, &frame);
        let books = self.trial.plane.disks();
        let disk = |volume: &Volume| picture::disk(volume, &books);
        let fates = picture::fates(&real.before, &real.after, &frame, &disk, &real.lost);
        assert_same("the forecast", &words, "the real control plane", &fates, told);
        let twins = picture::foretold(&twin.forecast, &frame);
        assert_same(
            "the forecast on the sandbox",
            &twins,
            "that on the real control plane",
            &words,
            told,
        );
        assert_eq!(
            real.by_cockpit, twin.by_cockpit,
            "one panel opened, the other did not: {told}"
        );
        COMPARED.fetch_add(1, Ordering::Relaxed);
        CLEARED.fetch_add(usize::from(real.by_cockpit), Ordering::Relaxed);
        real.by_cockpit
    }

    /// Whether a forecast that knows nothing of some objects is told from what comes.
    pub(crate) fn notices(&mut self, unknown: Kind, act: &dyn Fn(&World) -> Act) -> bool {
        let state = self.real.flight.state();
        let blind = state
            .world()
            .excerpt(state.world().objects().filter(|object| object.kind() != unknown));
        let told = forecast(&blind, &act(&blind), state.conditions(), state.now(), state.quiet());
        let real = self.runtime.block_on(end(&mut self.real, self.trial, act));
        let frame = Frame::Namespace(self.trial.namespace.clone());
        let books = self.trial.plane.disks();
        let disk = |volume: &Volume| picture::disk(volume, &books);
        picture::foretold(&told, &frame) != picture::fates(&real.before, &real.after, &frame, &disk, &real.lost)
    }

    /// Both sides show the same now, and go on showing it.
    pub(crate) fn compare_now(&mut self) {
        let namespace = &self.trial.namespace;
        let nothing = World::default();
        let (real, twin) = (&mut self.real.flight, &mut self.twin.flight);
        let (here, there) = self.runtime.block_on(async {
            let (here, _) = tokio::join!(
                rest(real, &nothing, namespace, None),
                rest(twin, &nothing, namespace, None)
            );
            let there = rest(twin, &nothing, namespace, Some(&here)).await;
            (here, there)
        });
        assert_eq!(
            there, here,
            "sandbox (left) and real control plane (right) before the act"
        );
    }

    /// A volume of the trial's class on a directory of its own, which is there; gives back its full name.
    pub(crate) fn volume(&self, name: &str, policy: &str) -> (String, Value) {
        let name = format!("{}-{name}", self.trial.namespace);
        let disk = self.trial.plane.path("disks/tmp").join(&name);
        std::fs::create_dir_all(&disk).expect("a directory for the disk");
        let volume = json!({
            "apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name},
            "spec": {
                "storageClassName": self.trial.namespace, "capacity": {"storage": "1Gi"},
                "accessModes": ["ReadWriteOnce"], "persistentVolumeReclaimPolicy": policy, "hostPath": {"path": disk},
            },
        });
        (name, volume)
    }

    pub(crate) fn claim(&self, name: &str) -> Value {
        json!({
            "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name},
            "spec": self.claim_spec(),
        })
    }

    pub(crate) fn claim_spec(&self) -> Value {
        json!({
            "storageClassName": self.trial.namespace, "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
        })
    }
}

impl Side {
    fn kubectl(&self, trial: &Trial<'_>, arguments: &[&str], input: &str) -> Ran {
        let arguments = [&["--namespace", &trial.namespace], arguments].concat();
        trial.plane.run_on(&self.kubeconfig, "kubectl", &arguments, input)
    }

    fn do_by_kubectl(&self, trial: &Trial<'_>, act: &Act) {
        let Act::Delete { target, propagation } = act else {
            panic!("only the cockpit does this: {act}");
        };
        let object = format!("{}/{}", target.key.kind.plural(), target.key.name);
        let cascade = format!("--cascade={}", propagation.word().to_lowercase());
        self.kubectl(trial, &["delete", &object, &cascade, "--wait=false"], "")
            .ok();
    }
}

/// Forecasts an act, carries it out by the cockpit if that lets one, and waits until all is at rest.
async fn end(side: &mut Side, trial: &Trial<'_>, act: &dyn Fn(&World) -> Act) -> End {
    let namespace = &trial.namespace;
    let state = side.flight.state();
    let before = state.world().clone();
    let act = act(&before);
    let forecast = forecast(&before, &act, state.conditions(), state.now(), state.quiet());
    let end = picture::end(&before, &act, state.conditions());
    let foretold = picture::picture(&end, &before, &Frame::Namespace(namespace.clone()));
    let lost = picture::without_disk(&before);

    let panel = by_cockpit(&mut side.flight, namespace, &act).await;
    let by_cockpit = panel.is_ok();
    if let Err(why) = panel {
        eprintln!(
            "{namespace}, {}: kubectl in place of the cockpit for {act}: {why}",
            side.name
        );
        side.do_by_kubectl(trial, &act);
    }
    let came = rest(&mut side.flight, &before, namespace, Some(&foretold)).await;
    End {
        forecast,
        foretold,
        came,
        after: side.flight.state().world().clone(),
        before,
        lost,
        by_cockpit,
    }
}

/// A pod of its own on a claim.
pub(crate) fn pod(name: &str, claim: &str, metadata: &Value) -> Value {
    let mut pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": pod_spec(claim)});
    merge(&mut pod["metadata"], metadata);
    pod
}

/// Through the panel, as an operator; why not, where the panel stays closed or there is none.
async fn by_cockpit(flight: &mut Flight, tenant: &str, act: &Act) -> Result<(), String> {
    if !act.performed() {
        return Err("the cockpit does not delete this kind".to_owned());
    }
    flight.open_panel(tenant, act);
    if let Err(why) = flight.answer(tenant).await {
        flight.key(pilothouse::app::Key::Esc);
        return Err(why);
    }
    let step = flight.approve(tenant).await;
    let taken = match &step.phase {
        Phase::Over(ending) => matches!(ending, pilothouse::app::Ending::Observed { .. }),
        _ => true,
    };
    assert!(taken, "{step:?}\n{}", flight.text());
    Ok(())
}

/// Waits until a side shows what is wanted and goes on showing it; or, when it does not come to that, what it shows.
async fn rest(flight: &mut Flight, before: &World, namespace: &str, wanted: Option<&Picture>) -> Picture {
    rest_within(flight, before, namespace, wanted, PATIENCE).await
}

/// The same, where what is wanted may take longer to come.
async fn rest_within(
    flight: &mut Flight,
    before: &World,
    namespace: &str,
    wanted: Option<&Picture>,
    patience: Duration,
) -> Picture {
    let frame = Frame::Namespace(namespace.to_owned());
    let look = |state: &State| picture::picture(state.world(), before, &frame);
    let last = RefCell::new((look(flight.state()), Instant::now()));
    flight
        .within(patience * 2, |state| {
            let now = look(state);
            let mut last = last.borrow_mut();
            if last.0 != now {
                *last = (now, Instant::now());
            }
            let still = last.1.elapsed();
            let enough = wanted.is_none_or(|wanted| *wanted == last.0);
            still >= if enough { QUIET } else { patience }
        })
        .await;
    last.into_inner().0
}

fn assert_same<T: PartialEq + std::fmt::Debug>(
    who: &str,
    said: &std::collections::BTreeMap<String, T>,
    whom: &str,
    came: &std::collections::BTreeMap<String, T>,
    act: &dyn std::fmt::Display,
) {
    let lines = |one: &std::collections::BTreeMap<String, T>, other: &std::collections::BTreeMap<String, T>| {
        one.iter()
            .filter(|(key, value)| other.get(*key) != Some(*value))
            .map(|(key, value)| format!("  {key}: {value:?}"))
            .collect::<Vec<_>>()
            .join("\n")
    };
    assert!(
        said == came,
        "{act}\n{who}:\n{}\n{whom}:\n{}",
        lines(said, came),
        lines(came, said)
    );
}

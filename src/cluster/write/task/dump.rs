//! A dump: a command's output in a pod, brought here in chunks whose checksums both ends computed.
//!
//! The command runs in the pod on its own and leaves its output in a private directory there, so that neither a cut connection
//! nor a killed cockpit ends it; then it is fetched by ranges, and what has been fetched, checked and synced is never fetched
//! again. Where the pod has no room the output is streamed straight, and every cut begins it anew. A pod or container that
//! was started anew has none of it: then it begins anew in a new file, and the old one is kept under a name that says so.

mod fetch;
mod file;
mod stage;
mod straight;

use super::far::{Far, Wrong};
use super::manifest::{self, Manifest, State, VERSION};
use super::{Hear, not_applied, rows, size};
use crate::cluster::connect::Connection;
use crate::journal::Outcome;
use crate::model::Pin;
use crate::model::act::After;
use crate::model::act::task::{Dump, far};
use file::Part;
use std::time::Duration;
use tokio::time::timeout;

/// Bytes of one chunk, [`far::BLOCK`] times [`BLOCKS`].
const CHUNK: u64 = far::BLOCK * BLOCKS;
const BLOCKS: u64 = 64;
/// How often a dump is begun anew by itself before a person has to look.
const BEGINNINGS: usize = 4;
/// How long a command in the pod may take to stop when its time is over.
const STOPPING: Duration = Duration::from_secs(10);

/// Why a dump is not whole.
enum Cut {
    /// The container is another one, or a stream broke that cannot be taken up: begin anew.
    Anew(String),
    /// A person looks.
    Ended(String),
}

impl From<Wrong> for Cut {
    fn from(wrong: Wrong) -> Self {
        match wrong {
            Wrong::Restarted(why) => Self::Anew(why),
            Wrong::Trouble(_) | Wrong::Said(..) | Wrong::Garbled(_) | Wrong::PodGone(_) => {
                Self::Ended(wrong.to_string())
            }
        }
    }
}

/// Everything one dump needs.
struct Work<'a> {
    far: Far<'a>,
    dump: &'a Dump,
    /// The step's name in the journal.
    step: &'a str,
    hear: Hear<'a>,
    manifest: Manifest,
}

pub(super) async fn carry(connection: &Connection, target: &Pin, dump: &Dump, step: &str, hear: Hear<'_>) -> Outcome {
    let (namespace, pod) = match super::pod(target) {
        Ok(place) => place,
        Err(why) => return not_applied(why),
    };
    let far = Far {
        connection,
        target,
        namespace,
        pod,
        container: &dump.container,
        quiet: dump.bounds.quiet(),
    };
    let mut directory = String::new();
    let worked = timeout(dump.bounds.within(), whole(far, dump, step, hear, &mut directory)).await;
    match worked {
        Ok(Ok(evidence)) => Outcome::Done { evidence },
        Ok(Err(why)) => not_applied(why),
        Err(_) => {
            if !directory.is_empty() {
                let stopped = timeout(STOPPING, far.once(far::STOP, &[&directory])).await;
                tracing::info!(stopped = stopped.is_ok_and(|stopped| stopped.is_ok()), "out of time");
            }
            not_applied(format!(
                "not whole within {} s; what was fetched is kept beside {}",
                dump.bounds.within, dump.to
            ))
        }
    }
}

/// What it left, for a step of this name that was under way when its cockpit ended.
pub(super) async fn standing(dump: &Dump, step: &str) -> Result<After, String> {
    let Some(held) = manifest::read(&dump.to)
        .await?
        .filter(|held| held.steps.iter().any(|own| own == step))
    else {
        return Ok(After::Untouched(format!(
            "no manifest of {} is of this step: nothing was begun",
            dump.to
        )));
    };
    if held.state == State::Begun {
        let of = held.size.map_or_else(String::new, |all| format!(" of {}", size(all)));
        return Ok(After::Untouched(format!(
            "cut off with {}{of} fetched and checked; that is kept, and the step goes on from it when it begins anew",
            size(held.fetched())
        )));
    }
    file::named(&dump.to).await?;
    Ok(match held.receipt() {
        Some(receipt) => After::Reached(format!("{receipt} in {}", dump.to)),
        None => After::Otherwise(format!("the manifest of {} is whole and says nothing of it", dump.to)),
    })
}

/// From the beginning, or from where it was left, to its end.
async fn whole(
    far: Far<'_>,
    dump: &Dump,
    step: &str,
    hear: Hear<'_>,
    directory: &mut String,
) -> Result<String, String> {
    let container = far.container().await.map_err(|wrong| wrong.to_string())?;
    let held = manifest::read(&dump.to).await?;
    if let Some(held) = held.as_ref().filter(|held| held.state == State::Whole) {
        return Err(format!(
            "{} holds a whole dump already, ended {}: nothing is written over; name another file, or move it",
            dump.to,
            held.ended.as_deref().unwrap_or_default()
        ));
    }
    if held.is_none() {
        file::free(&dump.to).await?;
    }
    let fresh = Manifest {
        api_version: VERSION.to_owned(),
        state: State::Begun,
        namespace: far.namespace.to_owned(),
        pod: far.pod.to_owned(),
        container,
        command: dump.command.iter().map(ToString::to_string).collect(),
        steps: Vec::new(),
        directory: String::new(),
        begun: String::new(),
        ended: None,
        exit: None,
        size: None,
        sha256: None,
        chunk_size: CHUNK,
        chunks: Vec::new(),
        rows: None,
        removed: false,
        abandoned: Vec::new(),
    };
    let mut work = Work {
        far,
        dump,
        step,
        hear,
        manifest: fresh,
    };
    match held {
        Some(held) if work.fits(&held) => {
            work.manifest = held;
            work.enter();
            manifest::write(&dump.to, &work.manifest).await?;
            work.tell(format!(
                "going on from {} that were fetched and checked before",
                size(work.manifest.fetched())
            ));
        }
        Some(held) => {
            work.manifest.abandoned.clone_from(&held.abandoned);
            work.abandon("it was begun by another command, or in a container that is gone")
                .await?;
        }
        None => {}
    }
    let mut tries = 0;
    loop {
        directory.clone_from(&work.manifest.directory);
        match work.once(tries > 0, directory).await {
            Ok(()) => return work.finish().await,
            Err(Cut::Ended(why)) => return Err(why),
            Err(Cut::Anew(why)) if tries + 1 < BEGINNINGS => {
                tries += 1;
                work.tell(format!("{why}: beginning anew"));
                work.abandon(&why).await?;
                let container = work.far.container().await.map_err(|wrong| wrong.to_string())?;
                work.manifest.container = container;
            }
            Err(Cut::Anew(why)) => return Err(format!("{why}, and it was begun {BEGINNINGS} times")),
        }
    }
}

impl Work<'_> {
    fn tell(&mut self, line: String) {
        (self.hear)(line);
    }

    /// What was begun before is the same dump, of the same container.
    fn fits(&self, held: &Manifest) -> bool {
        let own = &self.manifest;
        held.namespace == own.namespace
            && held.pod == own.pod
            && held.container == own.container
            && held.command == own.command
            && held.chunk_size == own.chunk_size
            && !held.directory.is_empty()
            && !self.dump.stage.is_empty()
            && held.directory.starts_with(self.dump.stage.as_str())
    }

    /// The manifest is this step's, too.
    fn enter(&mut self) {
        if !self.manifest.steps.iter().any(|step| step == self.step) {
            self.manifest.steps.push(self.step.to_owned());
        }
    }

    /// Everything there is of the dump is put aside under another name.
    async fn abandon(&mut self, why: &str) -> Result<(), String> {
        let aside = file::aside(&self.dump.to).await?;
        if let Some(aside) = aside {
            self.tell(format!("what was fetched is kept as {aside}"));
            self.manifest.abandoned.push(format!("{aside}: {why}"));
        }
        let Manifest {
            directory,
            begun,
            size,
            sha256,
            exit,
            chunks,
            rows,
            ..
        } = &mut self.manifest;
        directory.clear();
        begun.clear();
        chunks.clear();
        (*size, *sha256, *exit, *rows) = (None, None, None, None);
        Ok(())
    }

    async fn save(&mut self) -> Result<(), Cut> {
        manifest::write(&self.dump.to, &self.manifest).await.map_err(Cut::Ended)
    }

    /// One beginning, to its end.
    async fn once(&mut self, again: bool, directory: &mut String) -> Result<(), Cut> {
        if self.manifest.directory.is_empty() {
            if !self.dump.rows.is_empty() {
                let counted = rows::count(&self.far, &self.dump.rows).await.map_err(Cut::Ended)?;
                let tally = counted.tally();
                self.tell(format!("counted {} rows in {} tables before", tally.rows, tally.tables));
                self.manifest.rows = Some(counted);
            }
            self.manifest.directory = self.private();
            directory.clone_from(&self.manifest.directory);
            self.manifest.begun = self.now();
            self.enter();
            // before anything runs: what a killed cockpit began has to be found again
            self.save().await?;
            if !self.dump.stage.is_empty() {
                self.begin(again).await?;
            }
        }
        if self.dump.stage.is_empty() {
            return self.straight().await;
        }
        if self.manifest.size.is_none() {
            self.wait().await?;
        }
        let (part, digest) = Part::open(&self.dump.to, &mut self.manifest)
            .await
            .map_err(Cut::Ended)?;
        self.fetch(part, digest).await
    }

    /// A directory in the pod that is nobody else's.
    fn private(&self) -> String {
        let now = self.far.connection.clock().now().wall.as_nanosecond();
        let stage = if self.dump.stage.is_empty() {
            "/tmp"
        } else {
            self.dump.stage.trim_end_matches('/')
        };
        format!("{stage}/.pilothouse-{:x}-{}", now, std::process::id())
    }

    fn now(&self) -> String {
        self.far.connection.clock().now().wall.to_string()
    }

    /// The file gets its name, and what is left in the pod goes.
    async fn finish(&mut self) -> Result<String, String> {
        self.manifest.state = State::Whole;
        self.manifest.ended = Some(self.now());
        manifest::write(&self.dump.to, &self.manifest).await?;
        file::named(&self.dump.to).await?;
        let mut left = String::new();
        if !self.dump.stage.is_empty() {
            match self.far.ask(far::REMOVE, &[&self.manifest.directory]).await {
                Ok(_) => {
                    self.manifest.removed = true;
                    manifest::write(&self.dump.to, &self.manifest).await?;
                }
                Err(wrong) => left = format!("; what stands in {} of the pod stays: {wrong}", self.manifest.directory),
            }
        }
        if !self.manifest.abandoned.is_empty() {
            left.push_str("; begun anew, given up: ");
            left.push_str(&self.manifest.abandoned.join(", "));
        }
        let receipt = self.manifest.receipt().ok_or("the manifest says nothing of its end")?;
        Ok(format!("{receipt} in {}{left}", self.dump.to))
    }
}

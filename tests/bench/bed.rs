//! What the rows stand on: the options, the load server with workload L, the requests a cockpit makes of it, the budget.

use super::clock::Instant;
use super::control::{Control, Which};
use super::options::Options;
use super::raw::{self, Course, Format, Transfer, Whole};
use super::served::Served;
use super::shapes::{Cluster, Shape};
use super::tool;
use pilothouse::model::Kind;
use std::time::Duration;

/// How long one raw transfer may take.
const TRANSFER: Duration = Duration::from_secs(200);

pub(crate) struct Bed {
    pub(crate) options: Options,
    pub(crate) served: Served,
    /// What a cockpit asks for at its start, page by page.
    pub(crate) courses: Vec<Course>,
    /// No row begins after this.
    pub(crate) until: Instant,
}

impl Bed {
    pub(crate) fn make(options: Options, budget: Duration) -> Result<Self, String> {
        let until = Instant::now().plus(budget);
        let served = Served::start(&["--shape", shape(&options)])?;
        let courses = raw::on_one_thread(raw::courses(served.authority(), &Kind::ALL, Whole::Never))?;
        Ok(Self {
            options,
            served,
            courses,
            until,
        })
    }

    /// Another load server with the same workload, in place of this one.
    pub(crate) fn renew(&mut self) -> Result<(), String> {
        self.served = Served::start(&["--shape", shape(&self.options)])?;
        self.courses = raw::on_one_thread(raw::courses(self.served.authority(), &Kind::ALL, Whole::Never))?;
        Ok(())
    }

    /// A short window in a quick run, the whole one otherwise.
    pub(crate) fn window(&self, seconds: u64) -> Duration {
        if self.options.quick {
            Duration::from_secs(seconds.div_ceil(10).max(2))
        } else {
            Duration::from_secs(seconds)
        }
    }

    /// A few samples in a quick run, all of them otherwise.
    pub(crate) fn times(&self, count: usize) -> usize {
        if self.options.quick { count.div_ceil(10) } else { count }
    }

    /// How many pages a cockpit lists at its start.
    pub(crate) fn pages(&self) -> u64 {
        self.courses.iter().map(|course| course.paths.len() as u64).sum()
    }

    /// Transfers what a cockpit asks for, and throws it away.
    pub(crate) fn raw(&self, format: Format, encoding: &str) -> Result<Transfer, String> {
        let courses: Vec<Course> = self.courses.iter().map(|course| course.asking(format)).collect();
        transfer(self.served.authority(), &courses, encoding)
    }

    /// How many pods the workload has.
    pub(crate) fn pods(&self) -> usize {
        let shape = if self.options.quick { Shape::THOUSAND } else { Shape::L };
        Cluster::new(shape, 0).count(Kind::Pod)
    }

    /// Starts a control and waits until it has everything.
    pub(crate) fn control(&self, which: Which) -> Result<Control, String> {
        Control::start(which, &self.served.url)
    }
}

fn shape(options: &Options) -> &'static str {
    if options.quick { "thousand" } else { "L" }
}

/// Transfers these courses in a process of its own on the tool's core.
pub(crate) fn transfer(authority: &str, courses: &[Course], encoding: &str) -> Result<Transfer, String> {
    let program = std::env::current_exe().map_err(|error| format!("where am I? {error}"))?;
    let file = tempfile::NamedTempFile::new().map_err(|error| format!("no temporary file: {error}"))?;
    let text = serde_json::to_string(courses).map_err(|error| error.to_string())?;
    std::fs::write(file.path(), text).map_err(|error| format!("no temporary file: {error}"))?;
    let arguments = [
        "raw".to_owned(),
        authority.to_owned(),
        encoding.to_owned(),
        file.path().display().to_string(),
    ];
    let ran = tool::run(&program, &arguments, &[], true, TRANSFER)?;
    serde_json::from_str(&ran.output).map_err(|error| format!("the raw transfer wrote {:?}: {error}", ran.output))
}

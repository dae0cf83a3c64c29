//! The physical limit: a bare HTTP client that makes the cockpit's own requests and throws the bodies away, in a process
//! of its own on the tool's core. Nothing is decompressed and nothing is parsed while the clock runs: which pages there
//! are is found out before.

use super::bare::Bare;
use super::clock::Instant;
use bytes::Bytes;
use pilothouse::model::Kind;
use serde::{Deserialize, Serialize};
use std::process::ExitCode;
use std::time::Duration;
use tokio::task::JoinSet;

/// The longest a whole transfer may take.
const LIMIT: Duration = Duration::from_mins(3);
/// Objects a page, as the cockpit asks.
const PAGE: u32 = 500;

/// What is asked of one kind: a page after the other, over one connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Course {
    pub(crate) kind: String,
    pub(crate) paths: Vec<String>,
    pub(crate) accept: String,
}

/// In which format a transfer asks for what the cockpit asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    /// As the cockpit's `Accept` ends with a server that has both.
    Protobuf,
}

impl Course {
    /// The same pages in this format: a page is the same objects in both, and so is its continue token.
    pub(crate) fn asking(&self, format: Format) -> Self {
        let accept = match format {
            Format::Json => self.accept.clone(),
            Format::Protobuf => self
                .accept
                .replace("application/json", pilothouse::protobuf::CONTENT_TYPE),
        };
        Self { accept, ..self.clone() }
    }
}

/// What a transfer came to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Transfer {
    pub(crate) started_ns: u64,
    pub(crate) first_page_ns: u64,
    pub(crate) ended_ns: u64,
    /// Bytes of bodies as they travelled.
    pub(crate) bytes: u64,
    pub(crate) requests: u64,
}

impl Transfer {
    pub(crate) fn ms(&self) -> f64 {
        Instant(self.ended_ns).ms_since(Instant(self.started_ns))
    }

    pub(crate) fn first_page_ms(&self) -> f64 {
        Instant(self.first_page_ns).ms_since(Instant(self.started_ns))
    }
}

/// How a kind is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whole {
    /// As the cockpit does: of Secrets, the metadata only.
    Never,
    /// Secrets with their bodies, as Helm does.
    Secrets,
}

fn collection(kind: Kind) -> String {
    match kind.group() {
        "" => format!("/api/v1/{}", kind.plural()),
        group => format!("/apis/{group}/v1/{}", kind.plural()),
    }
}

/// Walks the lists of these kinds once and notes each page's path.
pub(crate) async fn courses(authority: &str, kinds: &[Kind], secrets: Whole) -> Result<Vec<Course>, String> {
    let mut courses = Vec::new();
    for kind in kinds {
        let release = *kind == Kind::Release;
        let accept = if release && secrets == Whole::Never {
            "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
        } else {
            "application/json"
        };
        let selector = if release {
            "&fieldSelector=type%3Dhelm.sh%2Frelease.v1"
        } else {
            ""
        };
        let first = format!("{}?limit={PAGE}{selector}", collection(*kind));
        let mut course = Course {
            kind: kind.plural().to_owned(),
            paths: vec![first.clone()],
            accept: accept.to_owned(),
        };
        let mut bare = Bare::connect(authority).await?;
        loop {
            let path = course.paths.last().cloned().unwrap_or_default();
            let body = whole(&mut bare, &path, accept).await?;
            let more = more(&body)?;
            if more.is_empty() {
                break;
            }
            course.paths.push(format!("{first}&continue={}", escaped(&more)));
        }
        courses.push(course);
    }
    Ok(courses)
}

#[derive(Deserialize)]
struct Page {
    metadata: PageMeta,
}

#[derive(Deserialize)]
struct PageMeta {
    #[serde(default, rename = "continue")]
    more: String,
}

fn more(body: &[u8]) -> Result<String, String> {
    let page: Page = serde_json::from_slice(body).map_err(|error| format!("a page is no list: {error}"))?;
    Ok(page.metadata.more)
}

fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    text.bytes()
        .map(|byte| {
            if plain(byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

/// A whole body, uncompressed; anything but a 200 is an error.
async fn whole(bare: &mut Bare, path: &str, accept: &str) -> Result<Bytes, String> {
    match bare.get(path, accept, "identity").await? {
        (200, body) => Ok(body),
        (status, _) => Err(format!("GET {path}: {status}")),
    }
}

/// One whole body over a connection of its own.
pub(crate) async fn once(authority: &str, path: &str) -> Result<Bytes, String> {
    let mut bare = Bare::connect(authority).await?;
    whole(&mut bare, path, "application/json").await
}

/// All courses at once, each over a connection of its own, every body thrown away as it comes.
async fn transfer(authority: String, courses: Vec<Course>, encoding: String) -> Result<Transfer, String> {
    let started = Instant::now();
    let mut under_way = JoinSet::new();
    for course in courses {
        let (authority, encoding) = (authority.clone(), encoding.clone());
        under_way.spawn(async move {
            let mut bare = Bare::connect(&authority).await?;
            let (mut bytes, mut first) = (0_u64, None);
            for path in &course.paths {
                bytes += bare.drain(path, &course.accept, &encoding).await?;
                first.get_or_insert_with(Instant::now);
            }
            Ok::<_, String>((first.unwrap_or(started), bytes, course.paths.len() as u64))
        });
    }
    let mut whole = Transfer {
        started_ns: started.0,
        first_page_ns: u64::MAX,
        ended_ns: started.0,
        bytes: 0,
        requests: 0,
    };
    while let Some(joined) = under_way.join_next().await {
        let (first, bytes, requests) = joined.map_err(|error| error.to_string())??;
        whole.first_page_ns = whole.first_page_ns.min(first.0);
        whole.ended_ns = Instant::now().0;
        whole.bytes += bytes;
        whole.requests += requests;
    }
    Ok(whole)
}

/// `raw AUTHORITY ENCODING FILE`: transfers the courses in the file, prints what it came to.
pub(crate) fn run(arguments: &[String]) -> ExitCode {
    let [authority, encoding, file] = arguments else {
        eprintln!("raw: needs host:port, an encoding and a file");
        return ExitCode::from(2);
    };
    let told = read(file).and_then(|courses| {
        on_one_thread(async {
            tokio::time::timeout(LIMIT, transfer(authority.clone(), courses, encoding.clone()))
                .await
                .map_err(|_late| format!("not done in {} s", LIMIT.as_secs()))?
        })
    });
    match told.and_then(|transfer| serde_json::to_string(&transfer).map_err(|error| error.to_string())) {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("raw: {why}");
            ExitCode::FAILURE
        }
    }
}

fn read(file: &str) -> Result<Vec<Course>, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
    serde_json::from_str(&text).map_err(|error| format!("{file}: {error}"))
}

/// Runs a future of this module to its end.
pub(crate) fn on_one_thread<T>(future: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime
        .map_err(|error| format!("no runtime: {error}"))?
        .block_on(future)
}

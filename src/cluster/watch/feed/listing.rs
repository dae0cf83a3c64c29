//! The list of a feed: page by page, each a batch of observations. What it does not name by its end is gone.

use super::{End, Feed, MOST_PAGES, Place, lost, refusal};
use crate::cluster::body::{self, Answer, Format};
use crate::cluster::page::{self, Page};
use crate::cluster::paths;
use crate::cluster::watch::report::Closed;
use crate::cluster::wire::{self, EITHER, EITHER_METADATA_LIST, Question, Trouble};
use crate::model::{Object, Observation};
use http::StatusCode;
use kube::client::Client;

impl Feed {
    pub(super) async fn list(&mut self) -> Result<End, Closed> {
        let accept = if self.kind().is_record() {
            EITHER_METADATA_LIST
        } else {
            EITHER
        };
        let mut more = String::new();
        for number in 0..MOST_PAGES {
            let path = self.list_path(&more);
            let clients = self.connection.clients();
            let asking = self.ask_page(&clients.reading, &path, accept);
            let asked = tokio::time::timeout(self.pace.page_deadline, asking).await;
            let answer = match asked.unwrap_or(Err(Trouble::Deadline(self.pace.page_deadline))) {
                Ok(answer) => answer,
                Err(trouble) => return Ok(lost(Place::Unlisted, trouble.words())),
            };
            self.count(answer.travelled);
            if answer.status != StatusCode::OK {
                return Ok(refusal(Place::Unlisted, &answer, clients.generation));
            }
            let page = match page::read(Format::of(&answer.headers), self.kind(), &answer.body) {
                Ok(page) => page,
                Err(why) => return Ok(lost(Place::Unlisted, format!("the list cannot be read: {why}"))),
            };
            drop(answer);
            if page.resource_version.is_empty() {
                return Ok(lost(Place::Unlisted, "the list has no resourceVersion".to_owned()));
            }
            self.refused_credentials = None;
            let (last, version) = (page.more.is_empty(), page.resource_version.clone());
            let next = page.more.clone();
            let mut batch = self.observations(page, number == 0);
            if last {
                let (feed, at) = (self.reporter.feed().clone(), self.reporter.now());
                batch.push(Observation::ListEnded { feed, at });
                self.reporter.listed(batch).await?;
                return Ok(End::Onward(Place::At(version)));
            }
            self.reporter.send(batch).await?;
            if next == more {
                return Ok(lost(Place::Unlisted, "the list repeats its continue token".to_owned()));
            }
            more = next;
        }
        Ok(lost(
            Place::Unlisted,
            format!("the list has not ended after {MOST_PAGES} pages"),
        ))
    }

    /// One page, in the coding that the pages before it speak for.
    async fn ask_page(&self, client: &Client, path: &str, accept: &'static str) -> Result<Answer, Trouble> {
        let coding = self.coding.wish();
        let response = wire::open(client, Question::Coded { path, accept, coding }).await?;
        let began = self.reporter.now();
        let arrived = body::arrive(response).await?;
        let took = began.age(self.reporter.now());
        self.coding.learn(arrived.is_packed(), arrived.travelled(), took);
        arrived.unpack()
    }

    fn list_path(&self, more: &str) -> String {
        let limit = self.pace.page.to_string();
        let selector = paths::selector(self.kind());
        let mut pairs = vec![("limit", limit.as_str())];
        if let Some((name, selector)) = &selector {
            pairs.push((name, selector));
        }
        if !more.is_empty() {
            pairs.push(("continue", more));
        }
        paths::collection(self.reporter.feed()) + &paths::query(&pairs)
    }

    fn observations(&self, page: Page, first: bool) -> Vec<Observation> {
        let (feed, at) = (self.reporter.feed(), self.reporter.now());
        let mut batch = Vec::with_capacity(page.objects.len() + page.malformed.len() + 2);
        if first {
            batch.push(Observation::ListBegan { feed: feed.clone(), at });
        }
        for object in page.objects.into_iter().filter(Object::is_meant) {
            batch.push(Observation::Applied {
                feed: feed.clone(),
                object: Box::new(object),
                at,
            });
        }
        for malformed in page.malformed {
            tracing::warn!(key = %malformed.key, namespace = %malformed.key.namespace, why = %malformed.why, "malformed object");
            batch.push(Observation::Malformed {
                feed: feed.clone(),
                malformed,
                at,
            });
        }
        batch
    }
}

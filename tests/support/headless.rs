//! `run --headless` of the built binary against a sandbox that it serves itself: what a call said, the facts an approval asks
//! for, read off the server, and the words of the next call.

#![allow(
    dead_code,
    reason = "each test target uses a part of it; `expect` would fail in one that uses all"
)]

use super::home::{Home, Served, printed, said};
use super::schema;
use super::wire::Wire;
use serde_json::Value;
use std::path::Path;

pub(crate) struct Bed {
    pub(crate) home: Home,
    pub(crate) wire: Wire,
    pub(crate) kubeconfig: String,
    namespace: &'static str,
    /// Said with every call.
    always: Vec<&'static str>,
    /// Given to every call in its environment, and told by none.
    secrets: Vec<(&'static str, &'static str)>,
    /// Where the binary serves the sandbox itself.
    served: Option<Served>,
}

/// How a call ended.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) code: Option<i32>,
    pub(crate) report: Value,
    pub(crate) text: String,
}

impl Told {
    pub(crate) fn told(&self) -> &str {
        self.report["told"].as_str().unwrap_or_default()
    }
}

impl Bed {
    /// A scenario served, by name or from a file, whose tenant lives in this namespace.
    pub(crate) fn of(scenario: &str, namespace: &'static str) -> Self {
        Self::in_home(Home::new(), scenario, namespace)
    }

    pub(crate) fn in_home(home: Home, scenario: &str, namespace: &'static str) -> Self {
        let served = Served::start(&home, scenario);
        let mut bed = Self::to(home, Path::new(&served.kubeconfig), namespace);
        bed.served = Some(served);
        bed
    }

    /// To a sandbox that somebody else has started and holds.
    pub(crate) fn to(home: Home, kubeconfig: &Path, namespace: &'static str) -> Self {
        Self {
            wire: Wire::of_kubeconfig(&std::fs::read_to_string(kubeconfig).unwrap()),
            kubeconfig: kubeconfig.to_str().unwrap().to_owned(),
            home,
            namespace,
            always: Vec::new(),
            secrets: Vec::new(),
            served: None,
        }
    }

    /// With the binary's own requests on the wire's tap.
    pub(crate) fn tapped(mut self) -> Self {
        let text = std::fs::read_to_string(&self.kubeconfig).unwrap();
        let path = self.home.path("tapped");
        std::fs::write(&path, self.wire.tapped(&text)).unwrap();
        path.to_str().unwrap().clone_into(&mut self.kubeconfig);
        self
    }

    /// With this word in every call, and this secret in its environment.
    pub(crate) fn with_secret(mut self, word: &'static str, secret: (&'static str, &'static str)) -> Self {
        self.always.push(word);
        self.secrets.push(secret);
        self
    }

    /// The whole command line of a call.
    pub(crate) fn arguments(&self, words: &[impl AsRef<str>]) -> Vec<String> {
        let fixed = [
            "--headless",
            "--kubeconfig",
            &self.kubeconfig,
            "-o",
            "json",
            "--deadline",
            "5m",
        ];
        let words = words.iter().map(AsRef::as_ref);
        std::iter::once("run")
            .chain(words)
            .chain(fixed)
            .chain(self.always.iter().copied())
            .map(str::to_owned)
            .collect()
    }

    /// One call of `run`, to its end or to its death at `point`. What it says fits its schema, and tells no secret.
    pub(crate) fn call(&self, point: &str, words: &[impl AsRef<str>]) -> Told {
        let arguments = self.arguments(words);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let environment = [self.secrets.as_slice(), &[("PILOTHOUSE_FAILPOINT", point)]].concat();
        let output = self.home.run_with(&environment, &arguments);
        let text = printed(&output) + &said(&output);
        for (name, secret) in &self.secrets {
            assert!(!text.contains(secret), "what {name} is, is told: {text}");
        }
        let report: Value = serde_json::from_str(&printed(&output)).unwrap_or_default();
        schema::fits_its_own(&report);
        Told {
            code: output.status.code(),
            report,
            text,
        }
    }

    pub(crate) fn run(&self, words: &[impl AsRef<str>]) -> Told {
        self.call("", words)
    }

    /// The objects of a list.
    pub(crate) fn items(&self, path: &str) -> Vec<Value> {
        let (code, list) = self.wire.get(path);
        assert_eq!(code, 200, "{path}: {list:#}");
        list["items"].as_array().unwrap().clone()
    }

    /// The fact that is asked for, from the server itself.
    pub(crate) fn fact(&self, question: &str) -> String {
        let (kind, name) = question.split(' ').find_map(|word| word.split_once('/')).unwrap();
        let home = format!("namespaces/{}", self.namespace);
        let path = match kind {
            "pvc" => format!("/api/v1/{home}/persistentvolumeclaims/{name}"),
            "pod" => format!("/api/v1/{home}/pods/{name}"),
            "job" => format!("/apis/batch/v1/{home}/jobs/{name}"),
            "sts" | "statefulset" => format!("/apis/apps/v1/{home}/statefulsets/{name}"),
            "pv" => format!("/api/v1/persistentvolumes/{name}"),
            "ns" | "namespace" => format!("/api/v1/namespaces/{name}"),
            other => panic!("{other}: {question}"),
        };
        let (code, object) = self.wire.get(&path);
        assert_eq!(code, 200, "{question}: {object:#}");
        let tail = |text: &Value| {
            let text = text.as_str().unwrap();
            text[text.len() - 6..].to_owned()
        };
        let uid = &object["metadata"]["uid"];
        if question.contains("uid") {
            return tail(uid);
        }
        if question.contains("handle") {
            return tail(&object["spec"]["csi"]["volumeHandle"]);
        }
        if kind == "pod" {
            return object["spec"]["nodeName"].as_str().unwrap().to_owned();
        }
        let mut pods = self.items(&format!("/api/v1/{home}/pods"));
        pods.retain(|pod| pod["metadata"]["ownerReferences"][0]["uid"] == *uid);
        if question.contains("how many") {
            pods.len().to_string()
        } else {
            pods[0]["spec"]["nodeName"].as_str().unwrap().to_owned()
        }
    }

    /// The words that answer what a call asked, and approve it.
    pub(crate) fn answers(&self, told: &Told) -> Vec<String> {
        let asked = &told.report["asked"];
        let digest = asked["digest"].as_str().unwrap_or_else(|| panic!("{}", told.text));
        let mut words = word("ticket 4711");
        words.extend(["--approve", digest].map(str::to_owned));
        for item in asked["items"].as_array().unwrap() {
            if item["person"] == true {
                words.extend(["--attest".to_owned(), item["number"].to_string()]);
            }
        }
        if let Some(question) = asked["typed"].as_str() {
            let text = question.rsplit(", ").next().unwrap();
            let text = text.split(" (without").next().unwrap();
            words.extend(["--type", text].map(str::to_owned));
        }
        if let Some(question) = asked["fact"].as_str() {
            words.extend(["--fact".to_owned(), self.fact(question)]);
        }
        words
    }

    /// The next words, by what a call told: an approval of what was asked, a stopped step begun anew, else nothing but to
    /// take the run up.
    pub(crate) fn next(&self, told: &Told) -> Vec<String> {
        let mut words = vec!["--resume".to_owned()];
        match told.code {
            Some(4) if told.report["asked"]["digest"].is_string() => words.extend(self.answers(told)),
            Some(1) if told.told().starts_with("stopped") => {
                words.extend(["--decide", "again"].map(str::to_owned));
                words.extend(word("it was not done"));
            }
            _ => {}
        }
        words
    }
}

/// Who says a word of a run, and why.
fn word(reason: &str) -> Vec<String> {
    ["--by", "berta", "--reason", reason].map(str::to_owned).to_vec()
}

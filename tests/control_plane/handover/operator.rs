//! A person at `pilothouse run --headless`, at a handover or at a roll: reads what is asked, looks the fact up on the server, approves that digest.
//! It knows the words of the command line and of the report, and the cluster; nothing of the program's inside.

use std::path::PathBuf;
use std::process::Child;

use serde_json::Value;

use super::tenant::Tenant;
use crate::home::{Home, printed, said};
use crate::support::persons::Person;
use crate::support::run::Ran;
use crate::trial::{Trial, text, uid};

/// No run asks more often.
pub(super) const CALLS: usize = 80;

pub(crate) struct Operator<'trial> {
    trial: &'trial Trial<'trial>,
    /// The program that is the operator's helm, where a run needs one.
    helm: Option<&'static str>,
    /// What the run may ask raft peers with.
    token: Option<String>,
    home: Home,
}

/// How a call ended.
pub(crate) struct Told {
    /// `None`: killed.
    pub(crate) code: Option<i32>,
    pub(crate) report: Value,
    pub(crate) text: String,
}

impl Told {
    /// The sentence it ends with.
    pub(crate) fn sentence(&self) -> &str {
        self.report["told"].as_str().unwrap_or(&self.text)
    }

    /// The step that asks a person.
    pub(crate) fn step(&self) -> &str {
        self.report["asked"]["step"].as_str().unwrap_or_default()
    }

    /// The state of a step.
    pub(crate) fn state(&self, id: &str) -> &str {
        let steps = self.report["steps"].as_array().expect("steps");
        let step = steps.iter().find(|step| step["id"] == id);
        let step = step.unwrap_or_else(|| panic!("no step {id}: {}", self.text));
        text(&step["state"]["state"])
    }

    pub(crate) fn assert_complete(&self) {
        assert_eq!(
            (self.code, self.sentence()),
            (Some(0), "the run is over: complete"),
            "{}",
            self.text
        );
    }
}

impl<'trial> Operator<'trial> {
    pub(crate) fn of(tenant: Tenant<'trial>) -> Self {
        Self {
            trial: tenant.trial,
            helm: Some(tenant.helm.program),
            token: None,
            home: Home::new(),
        }
    }

    /// One who rolls a raft cluster.
    pub(crate) fn with_token(trial: &'trial Trial<'trial>, token: &str) -> Self {
        Self {
            trial,
            helm: None,
            token: Some(token.to_owned()),
            home: Home::new(),
        }
    }

    /// Gives another token from now on.
    pub(crate) fn give(&mut self, token: &str) {
        self.token = Some(token.to_owned());
    }

    /// A file of his.
    pub(crate) fn file(&self, name: &str, text: &str) -> String {
        let path = self.home.path(name);
        std::fs::write(&path, text).expect("a file");
        path.display().to_string()
    }

    /// The path of a file of his.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path(name)
    }

    /// `run --headless WORDS` on the plane, with the operator's helm and token.
    fn words(&self, words: &[&str]) -> Vec<String> {
        let plane = self.trial.plane;
        let fixed = ["--headless", "-o", "json", "--deadline", "3m"];
        let mut all: Vec<String> = [&["run"], words, &fixed]
            .concat()
            .into_iter()
            .map(str::to_owned)
            .collect();
        let helm = self
            .helm
            .map(|program| ("--helm", plane.programs().kit.program(program)));
        let kubeconfig = ("--kubeconfig", plane.kubeconfig(Person::Anna));
        for (flag, path) in std::iter::once(kubeconfig).chain(helm) {
            all.extend([flag.to_owned(), path.display().to_string()]);
        }
        all.extend(self.token.iter().map(|_| "--with-token".to_owned()));
        all
    }

    /// The same, killed at this point of the journal.
    pub(crate) fn run_to(&self, point: &str, words: &[&str]) -> Told {
        let words = self.words(words);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let mut environment = vec![("PILOTHOUSE_FAILPOINT", point)];
        environment.extend(self.token.iter().map(|token| ("VAULT_TOKEN", token.as_str())));
        let output = self.home.run_with(&environment, &words);
        let (printed, said) = (printed(&output), said(&output));
        let told = |token: &String| printed.contains(token) || said.contains(token);
        assert!(!self.token.iter().any(told), "a token is told");
        Told {
            code: output.status.code(),
            report: serde_json::from_str(&printed).unwrap_or_default(),
            text: printed + &said,
        }
    }

    /// The same, left running.
    pub(crate) fn start(&self, words: &[String]) -> Child {
        let words = self.words(&words.iter().map(String::as_str).collect::<Vec<_>>());
        self.home.start(&words.iter().map(String::as_str).collect::<Vec<_>>())
    }

    pub(crate) fn run(&self, words: &[String]) -> Told {
        self.run_to("", &words.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Begins a runbook with these values.
    pub(crate) fn begin(&self, runbook: &str, values: &[(&str, &str)]) -> Told {
        let mut words = vec![runbook.to_owned()];
        for (name, value) in values {
            words.extend(["--set".to_owned(), format!("{name}={value}")]);
        }
        self.run(&words)
    }

    /// The words that answer all that was asked, and approve it.
    pub(crate) fn answers(&self, told: &Told) -> Vec<String> {
        let asked = &told.report["asked"];
        let digest = asked["digest"]
            .as_str()
            .unwrap_or_else(|| panic!("nothing can be approved: {}", told.text));
        let mut words = [
            "--resume",
            "--by",
            "berta",
            "--reason",
            "the window is open",
            "--approve",
            digest,
        ]
        .map(str::to_owned)
        .to_vec();
        for item in asked["items"].as_array().expect("items") {
            if item["person"] == true {
                words.extend(["--attest".to_owned(), item["number"].to_string()]);
            }
        }
        if let Some(question) = asked["typed"].as_str() {
            let wanted = question.rsplit(", ").next().expect("a text");
            let wanted = wanted.split(" (without").next().expect("a text");
            words.extend(["--type".to_owned(), wanted.to_owned()]);
        }
        if let Some(question) = asked["fact"].as_str() {
            words.extend(["--fact".to_owned(), self.fact(question)]);
        }
        words
    }

    /// The next words, by what a call told: an approval of what was asked, a stopped step begun anew, else nothing but to
    /// take the run up.
    pub(crate) fn next(&self, told: &Told) -> Vec<String> {
        match told.code {
            Some(4) => self.answers(told),
            Some(1) if told.sentence().starts_with("stopped") => [
                "--resume",
                "--decide",
                "again",
                "--by",
                "berta",
                "--reason",
                "it was not done",
            ]
            .map(str::to_owned)
            .to_vec(),
            _ => vec!["--resume".to_owned()],
        }
    }

    /// Approves exactly what was asked.
    pub(crate) fn approve(&self, told: &Told) -> Told {
        assert_eq!(told.code, Some(4), "nobody is asked: {}", told.text);
        self.run(&self.answers(told))
    }

    /// Approves whatever is asked until a step asks that is called so, or nothing is asked any more.
    pub(crate) fn walk_to(&self, step: &str, mut told: Told) -> Told {
        for _ in 0..CALLS {
            if told.code != Some(4) || told.step() == step {
                return told;
            }
            told = self.approve(&told);
        }
        panic!("it does not end: {}", told.text);
    }

    /// Approves whatever is asked, to the end.
    pub(crate) fn walk(&self, told: Told) -> Told {
        let told = self.walk_to("", told);
        told.assert_complete();
        told
    }

    pub(crate) fn resume(&self) -> Told {
        self.run(&["--resume".to_owned()])
    }

    /// The journal, as it is shown; it verifies.
    pub(crate) fn journal(&self) -> String {
        let verified = self.home.run(&["journal", "verify"]);
        assert!(
            printed(&verified).starts_with('✓'),
            "{}{}",
            printed(&verified),
            said(&verified)
        );
        printed(&self.home.run(&["journal", "show"]))
    }

    /// The fact that is asked for, from the server itself.
    fn fact(&self, question: &str) -> String {
        let named = question
            .split(' ')
            .find(|word| word.contains('/'))
            .unwrap_or_else(|| panic!("what is {question:?}?"));
        let (kind, name) = named.rsplit_once('/').expect("kind/name");
        let kind = if kind == "release" { "secret" } else { kind };
        let asked: Ran = self.trial.kubectl(&["get", &format!("{kind}/{name}"), "-o", "json"]);
        let object = asked.json();
        let last = |text: &str| text.chars().skip(text.chars().count() - 6).collect::<String>();
        if question.contains("uid") {
            return last(uid(&object));
        }
        if question.contains("handle") {
            let volume = match kind {
                "pvc" => self.trial.volume(text(&object["spec"]["volumeName"])),
                _ => Some(object),
            };
            return last(text(&volume.expect("a volume")["spec"]["csi"]["volumeHandle"]));
        }
        let selector = format!("--selector=batch.kubernetes.io/controller-uid={}", uid(&object));
        let pods = self.trial.kubectl(&["get", "pods", &selector, "-o", "json"]).json();
        if question.contains("how many") {
            return pods["items"].as_array().expect("pods").len().to_string();
        }
        match kind {
            "pod" => text(&object["spec"]["nodeName"]).to_owned(),
            _ => text(&pods["items"][0]["spec"]["nodeName"]).to_owned(),
        }
    }
}

//! What an exec into a pod of the kit is: a command on this machine, over the API server and kwok's own kubelet. A dump and
//! a restore rest on these facts.

use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, AttachParams, AttachedProcess};
use kube::config::{KubeConfigOptions, Kubeconfig};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::cockpit::fly;
use crate::support::persons::Person;
use crate::trial::Trial;

const LARGE: usize = 50_000_000;
/// What comes over loopback comes within this.
const LIMIT: Duration = Duration::from_mins(1);
/// A command that reads to the end of its input would have ended by now, if the end had reached it.
const HANGING: Duration = Duration::from_secs(3);

struct Far(Api<Pod>);

impl Far {
    async fn start(&self, words: &[&str], stdin: bool) -> AttachedProcess {
        let asked = AttachParams::default().stdin(stdin);
        self.0.exec("far", words.to_vec(), &asked).await.expect("an exec")
    }

    /// What it prints, and what the server says of its end.
    async fn end(mut process: AttachedProcess) -> (usize, String, String) {
        let mut out = process.stdout().expect("an output");
        let mut told = String::new();
        let (mut length, mut buffer) = (0, vec![0; 1 << 16]);
        let read = async {
            loop {
                let count = out.read(&mut buffer).await.expect("bytes");
                if count == 0 {
                    break;
                }
                if length < buffer.len() {
                    told.push_str(&String::from_utf8_lossy(&buffer[..count.min(100)]));
                }
                length += count;
            }
        };
        tokio::time::timeout(LIMIT, read).await.expect("an end of the output");
        let status = process.take_status().expect("a status");
        let status = tokio::time::timeout(LIMIT, status).await.expect("a status in time");
        (length, told, json!(status).to_string())
    }
}

pub(crate) fn exec(trial: &Trial<'_>) {
    let database = trial.plane.postgres();
    trial.create(json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "far"},
        "spec": {"terminationGracePeriodSeconds": 1, "containers": [{"name": "main", "image": "none"}]},
    }));
    trial.wait_running("far");
    database.psql("postgres", "create database far template template0").ok();
    database
        .psql("far", "create table t as select generate_series(1, 1000) as n")
        .ok();
    fly(async {
        let text = std::fs::read_to_string(trial.plane.kubeconfig(Person::Anna)).expect("a kubeconfig");
        let config = Kubeconfig::from_yaml(&text).expect("a kubeconfig");
        let config = kube::Config::from_custom_kubeconfig(config, &KubeConfigOptions::default()).await;
        let client = kube::Client::try_from(config.expect("a configuration")).expect("a client");
        let far = Far(Api::namespaced(client, &trial.namespace));

        let words = ["head", "-c", &LARGE.to_string(), "/dev/zero"];
        let (length, _, status) = Far::end(far.start(&words, false).await).await;
        assert_eq!(length, LARGE, "{status}");
        assert!(status.contains("Success"), "{status}");

        // the exit code stands in a sentence
        let words = ["sh", "-c", "echo told; exit 7"];
        let (_, told, status) = Far::end(far.start(&words, false).await).await;
        assert_eq!(told, "told\n");
        assert!(status.contains("Failure") && status.contains('7'), "{status}");
        eprintln!("an exit with 7 is told as {status}");

        // input of a known length is read; its end is nowhere
        let mut process = far.start(&["head", "-c", "5"], true).await;
        let mut input = process.stdin().expect("an input");
        input.write_all(b"12345678").await.expect("written");
        let (_, told, status) = Far::end(process).await;
        assert_eq!(told, "12345", "{status}");
        let mut process = far.start(&["cat"], true).await;
        let mut input = process.stdin().expect("an input");
        input.write_all(b"12345").await.expect("written");
        input.shutdown().await.expect("shut");
        drop(input);
        let (mut out, mut told) = (process.stdout().expect("an output"), Vec::new());
        let ended = tokio::time::timeout(HANGING, out.read_to_end(&mut told)).await;
        eprintln!(
            "cat with its input shut: {ended:?}, {:?}",
            String::from_utf8_lossy(&told)
        );
        assert!(
            ended.is_err(),
            "the end of the input was passed on: a restore may rely on it now"
        );
        process.abort();

        // the database behind every pod
        let words = ["pg_dump", "--data-only", "--inserts", "far"];
        let (_, told, status) = Far::end(far.start(&words, false).await).await;
        assert!(told.contains("PostgreSQL database dump"), "{told} {status}");
    });
}

//! Vault and OpenBao, asked: three questions that anybody may put to any pod, and four that take a token and go to a leader.

use super::line::{Ask, Line, Unanswered};
use super::put;
use crate::model::Text;
use crate::model::raft::decode::vault;
use crate::model::raft::{Fault, Gap, Known, Said, Silence};
use secrecy::{ExposeSecret as _, SecretString};
use std::time::Duration;

/// The body says all; the codes are asked to stay out of the way of proxies.
const HEALTH: &str = "/v1/sys/health?standbyok=true&perfstandbyok=true&sealedcode=200&uninitcode=200";

/// How long a leader may take for what it tells of all.
const LEADING: Duration = Duration::from_secs(2);

pub(super) async fn ask(line: &mut Line<'_>, token: Option<&SecretString>) -> Result<Said, Silence> {
    let mut said = Said::default();
    put(line, &mut said, &Ask::get(HEALTH), "sys/health", vault::health).await?;
    let read = |said: &mut Said, _status: u16, body: &[u8]| vault::seal_status(said, body);
    put(
        line,
        &mut said,
        &Ask::get("/v1/sys/seal-status"),
        "sys/seal-status",
        read,
    )
    .await?;
    if said.sealed == Some(true) || said.initialised == Some(false) {
        // sys/leader is an error while it is sealed
        said.leads = Some(false);
        return Ok(said);
    }
    let read = |said: &mut Said, _status: u16, body: &[u8]| vault::leader(said, body);
    put(line, &mut said, &Ask::get("/v1/sys/leader"), "sys/leader", read).await?;
    if said.leads == Some(true) {
        match tokio::time::timeout(LEADING, lead(line, &mut said, token)).await {
            Ok(led) => led?,
            Err(_elapsed) => hung(&mut said),
        }
    }
    Ok(said)
}

/// A leader that says it leads and does not answer for all: seed 003's post-mortem has one whose autopilot hung.
fn hung(said: &mut Said) {
    let why = Text::from(format!(
        "no answer within {}s from a leader that answers otherwise",
        LEADING.as_secs()
    ));
    said.faults.push(Fault {
        asked: "sys/storage/raft",
        why: why.clone(),
    });
    if said.configuration.gap() == Some(&Gap::NotAsked) {
        said.configuration = Known::Untold(Gap::Unread { why: why.clone() });
    }
    if said.autopilot.gap() == Some(&Gap::NotAsked) {
        said.autopilot = Known::Untold(Gap::Unread { why });
    }
}

/// What a leader tells of all.
async fn lead(line: &mut Line<'_>, said: &mut Said, token: Option<&SecretString>) -> Result<(), Silence> {
    let Some(token) = token.filter(|_| line.private()) else {
        said.configuration = Known::Untold(Gap::NoToken);
        said.autopilot = Known::Untold(Gap::NoToken);
        said.cleanup = Known::Untold(Gap::NoToken);
        said.hosts = Known::Untold(Gap::NoToken);
        return Ok(());
    };
    let (line, faults) = (&mut *line, &mut said.faults);
    let path = "sys/storage/raft/configuration";
    said.configuration = shared(line, token, path, faults, |body| vault::configuration(body).map(Some)).await?;
    if said.configuration.gap() == Some(&Gap::Lapsed) {
        said.autopilot = Known::Untold(Gap::Lapsed);
        said.cleanup = Known::Untold(Gap::Lapsed);
        said.hosts = Known::Untold(Gap::Lapsed);
        return Ok(());
    }
    let path = "sys/storage/raft/autopilot/state";
    said.autopilot = shared(line, token, path, faults, vault::autopilot).await?;
    let path = "sys/storage/raft/autopilot/configuration";
    said.cleanup = shared(line, token, path, faults, |body| vault::cleanup(body).map(Some)).await?;
    said.hosts = shared(line, token, "sys/ha-status", faults, |body| {
        vault::hosts(body).map(Some)
    })
    .await?;
    Ok(())
}

/// One question that takes a token. `None` of the reader: the system itself does not know now.
async fn shared<T>(
    line: &mut Line<'_>,
    token: &SecretString,
    path: &'static str,
    faults: &mut Vec<Fault>,
    read: impl FnOnce(&[u8]) -> Result<Option<T>, String>,
) -> Result<Known<T>, Silence> {
    let uri = format!("/v1/{path}");
    let ask = Ask::get(&uri).with("x-vault-token", token.expose_secret());
    let answer = match line.ask(&ask).await {
        Ok(answer) => answer,
        Err(Unanswered::Silent(_)) if !faults.is_empty() => {
            let why = "not asked: an answer before it ended the connection".into();
            return Ok(Known::Untold(Gap::Unread { why }));
        }
        Err(Unanswered::Silent(silence)) => return Err(silence),
        Err(Unanswered::Odd(why)) => return Ok(odd(faults, path, why)),
    };
    if answer.status == 403 {
        return Ok(Known::Untold(if valid(line, token).await? {
            Gap::Denied { path }
        } else {
            Gap::Lapsed
        }));
    }
    if answer.status >= 400 {
        let why = format!("{}: {}", answer.status, vault::errors(answer.body()));
        return Ok(Known::Untold(Gap::Unread { why: why.into() }));
    }
    let read = answer.plain().and_then(read);
    Ok(match read {
        Ok(Some(value)) => Known::Told(value),
        Ok(None) => Known::Untold(Gap::Unread {
            why: "it says nothing of it now (just elected, or switched off)".into(),
        }),
        Err(why) => odd(faults, path, why),
    })
}

fn odd<T>(faults: &mut Vec<Fault>, asked: &'static str, why: String) -> Known<T> {
    let why = Text::from(why);
    faults.push(Fault {
        asked,
        why: why.clone(),
    });
    Known::Untold(Gap::Unread { why })
}

/// Whether the token is good for anything: every token may look itself up, by the default policy.
async fn valid(line: &mut Line<'_>, token: &SecretString) -> Result<bool, Silence> {
    let ask = Ask::get("/v1/auth/token/lookup-self").with("x-vault-token", token.expose_secret());
    match line.ask(&ask).await {
        Ok(answer) => Ok(answer.status != 403),
        Err(Unanswered::Silent(silence)) => Err(silence),
        Err(Unanswered::Odd(_)) => Ok(true),
    }
}

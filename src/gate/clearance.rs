//! The second judgement: on what is, after the intent is on disk and before the request leaves.

use super::approved::Approved;
use super::demand::raised;
use super::fingerprint::{self, Picture};
use super::request::Request;
use crate::forecast::Forecast;
use crate::journal::{Logged, Ticket};
use crate::model::{Act, ClusterIdentity, Key, Now, Object, Pin};

/// What is: read through from the server just now, not from a watch.
#[derive(Clone, Debug)]
pub struct Fresh {
    /// The target at least; `None` is a 404. Any other pinned object found here must be as it was shown, too.
    pub objects: Vec<(Key, Option<Object>)>,
    /// Who the server says it is and who it says we are, asked just now.
    pub cluster: ClusterIdentity,
    /// The forecast of the same act, recomputed with these objects in place.
    pub forecast: Forecast,
}

/// The right to send one request once. Made by [`clear`] alone; `cluster::write::perform` consumes it.
///
/// ```compile_fail,E0599
/// fn twice(clearance: pilothouse::gate::Clearance) { let second = clearance.clone(); }
/// ```
/// ```compile_fail,E0451
/// use pilothouse::{gate::{Clearance, Request}, journal::Ticket, model::{Act, ClusterIdentity}};
/// fn forge(act: Act, request: Request, ticket: Ticket, cluster: ClusterIdentity) -> Clearance {
///     Clearance { act, request, ticket, cluster }
/// }
/// ```
#[derive(Debug)]
pub struct Clearance {
    act: Act,
    request: Request,
    ticket: Ticket,
    cluster: ClusterIdentity,
}

impl Clearance {
    pub const fn act(&self) -> &Act {
        &self.act
    }

    /// The request that was shown and hashed: to be sent as it is.
    pub const fn request(&self) -> &Request {
        &self.request
    }

    pub const fn ticket(&self) -> &Ticket {
        &self.ticket
    }

    /// The cluster and the person it is for: `cluster::write` compares them with its connection.
    pub const fn cluster(&self) -> &ClusterIdentity {
        &self.cluster
    }
}

/// The approval died: what is differs from what was approved. The panel opens again with these lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voided {
    pub ticket: Ticket,
    /// Lines of a diff (`- was`, `+ is`), or sentences.
    pub changes: Vec<String>,
}

/// Judges a logged approval once more on what is, and turns it into the right to send.
///
/// # Errors
/// [`Voided`] with everything that differs: the cluster or the person, an object's uid or resource version, the
/// forecast, or its age.
pub fn clear(logged: Logged<Approved>, fresh: &Fresh, now: Now) -> Result<Clearance, Voided> {
    let (approved, ticket) = logged.into_parts();
    let mut changes = Vec::new();
    if !approved.alive(now.mono) {
        changes.push("the approval is older than 120 s".to_owned());
    }
    if !approved.cluster.same(&fresh.cluster) {
        changes.extend(identity(&approved.cluster, &fresh.cluster));
    }
    changes.extend(pins(&approved, fresh));
    let forecast = raised(fresh.forecast.clone(), approved.raised);
    if approved.forecast_digest != fingerprint::forecast(&forecast) {
        changes.push("the forecast is another one now".to_owned());
        changes.extend(fingerprint::diff(
            &Picture::of(None, &approved.forecast, &[]),
            &Picture::of(None, &forecast, &[]),
        ));
    }
    if changes.is_empty() {
        return Ok(Clearance {
            act: approved.act,
            request: approved.request,
            ticket,
            cluster: approved.cluster,
        });
    }
    Err(Voided { ticket, changes })
}

fn identity(approved: &ClusterIdentity, found: &ClusterIdentity) -> Vec<String> {
    let mut lines = Vec::new();
    let kube_system = (approved.kube_system.to_string(), found.kube_system.to_string());
    for (name, was, is) in [
        ("server", approved.server.as_str(), found.server.as_str()),
        ("CA", approved.ca.as_str(), found.ca.as_str()),
        ("kube-system uid", kube_system.0.as_str(), kube_system.1.as_str()),
        ("user", approved.user.as_str(), found.user.as_str()),
    ] {
        if was != is {
            lines.push(format!("- {name} {was}"));
            lines.push(format!("+ {name} {is}"));
        }
    }
    lines
}

fn pins(approved: &Approved, fresh: &Fresh) -> Vec<String> {
    let mut lines = Vec::new();
    for pin in &approved.pins {
        if approved.act.creates() && pin == approved.act.target() {
            lines.extend(made_meanwhile(pin, fresh));
            continue;
        }
        let read = fresh.objects.iter().find(|(key, _)| *key == pin.key);
        match read {
            Some((_, Some(object))) => lines.extend(moved(pin, object)),
            Some((_, None)) => lines.push(format!("- {} uid {} (gone)", pin.key, pin.uid)),
            None if pin == approved.act.target() => lines.push(format!("{} was not read again", pin.key)),
            None => {}
        }
        if pin == approved.act.target()
            && let Some((_, Some(object))) = read
            && lines.is_empty()
            && Request::of(&approved.act, Some(object)).as_ref() != Ok(&approved.request)
        {
            lines.push("the request would be another one now".to_owned());
        }
    }
    lines
}

/// A create is cleared for a name that nothing bears; it must have been looked for.
fn made_meanwhile(pin: &Pin, fresh: &Fresh) -> Option<String> {
    match fresh.objects.iter().find(|(key, _)| *key == pin.key) {
        None => Some(format!("{} was not looked for again", pin.key)),
        Some((_, Some(object))) => Some(format!("+ {} uid {}", pin.key, object.meta.uid)),
        Some((_, None)) => None,
    }
}

fn moved(pin: &Pin, object: &Object) -> Vec<String> {
    let found = object.pin();
    if found == *pin {
        return Vec::new();
    }
    vec![
        format!("- {} uid {} resourceVersion {}", pin.key, pin.uid, pin.resource_version),
        format!(
            "+ {} uid {} resourceVersion {}",
            found.key, found.uid, found.resource_version
        ),
    ]
}

//! The commands, each one JSON object with `do`, each answered with one object:
//!
//! - `stats` → requests, lists, watches open (`watches`) and opened (`watched`), bytes of bodies (`identity`, `wire`) and of
//!   sockets, all and by resource, since the last `reset`; `first_page_ns`; `churned`, the events that
//!   churns have made, ever
//! - `reset`
//! - `churn`, `rate` events a second (0 ends it), for `seconds` or until told otherwise
//! - `flip` → `at_ns`, when the bytes were handed to the first socket, and how many `watchers` were told. `kind`: `jobs` (active
//!   or not, the tenant's first active one unless `name` is given), `pods` (ready or not), `persistentvolumeclaims` (its
//!   capacity), or `visitor` (a pod that mounts the tenant's claim number `slot` comes, or goes); `namespace`: the tenant
//! - `expire` → `at_ns`, `ended`: every watch ends with a 410 and no older version is taken
//! - `settle`: lists show everything that has happened so far
//! - `cut` for `ms` → `at_ns`: every connection ends, new ones are refused meanwhile
//! - `shape` with `rtt_ms` and `mbit` (0: none): a slow network
//! - `rate` → megabytes a second that a bare client takes in of all lists
//! - `quit`

use super::Server;
use super::churn;
use super::rate;
use super::stats::{Stamp, now_ns};
use pilothouse::model::Kind;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// How long a flip may take to reach a socket.
const HANDED: Duration = Duration::from_secs(2);

pub(super) async fn carry_out(server: &Arc<Server>, command: &Value) -> Value {
    let text = |name: &str| command.get(name).and_then(Value::as_str).unwrap_or_default();
    let number = |name: &str| command.get(name).and_then(Value::as_u64);
    match text("do") {
        "stats" => server.stats.told(),
        "reset" => {
            server.stats.reset();
            json!({})
        }
        "churn" => {
            churn::start(
                server,
                number("rate").unwrap_or(1_000),
                number("seconds").map(Duration::from_secs),
            );
            json!({})
        }
        "flip" => flip(server, text("kind"), text("namespace"), text("name"), number("slot"))
            .await
            .unwrap_or_else(|why| json!({ "error": why })),
        "expire" => {
            let mut live = server.live();
            // first what takes its time
            live.settle();
            let at = now_ns();
            json!({ "at_ns": at, "ended": live.expire() })
        }
        "settle" => {
            server.live().settle();
            json!({})
        }
        "cut" => {
            let at = now_ns();
            server.port.cut(Duration::from_millis(number("ms").unwrap_or(0)));
            json!({ "at_ns": at, "ended": server.port.connections() })
        }
        "shape" => {
            let round_trip = Duration::from_millis(number("rtt_ms").unwrap_or(0));
            server.port.shape(round_trip, number("mbit").unwrap_or(0));
            json!({})
        }
        "rate" => rate::measure(server.port.address())
            .await
            .unwrap_or_else(|why| json!({ "error": why })),
        "quit" => json!({ "quit": true }),
        other => json!({ "error": format!("what is {other:?}?") }),
    }
}

async fn flip(
    server: &Arc<Server>,
    kind: &str,
    namespace: &str,
    name: &str,
    slot: Option<u64>,
) -> Result<Value, String> {
    let cluster = &server.cluster;
    let tenant = match namespace {
        "" => Some(0),
        namespace => cluster.tenants().iter().position(|tenant| tenant == namespace),
    };
    let tenant = tenant.ok_or_else(|| format!("there is no tenant {namespace}"))?;
    let named = |kind: Kind| {
        let mut all = cluster.of_tenant(kind, tenant);
        match name {
            "" => all.next(),
            name => all.find(|n| cluster.key(kind, *n).name == name),
        }
    };
    let stamp = Arc::new(Stamp::default());
    let nothing = || format!("there is no {kind} {name} in {namespace}");
    let watchers = match kind {
        "visitor" => {
            let slot = slot.and_then(|slot| usize::try_from(slot).ok()).unwrap_or(0);
            server.live().visit(cluster.visitor(tenant, slot), Some(&stamp))
        }
        "jobs" => {
            let active = || cluster.active_jobs(tenant).next();
            let n = if name.is_empty() { active() } else { None };
            let n = n.or_else(|| named(Kind::Job)).ok_or_else(nothing)?;
            server.live().turn(Kind::Job, n, 1, Some(&stamp))
        }
        "pods" => server
            .live()
            .turn(Kind::Pod, named(Kind::Pod).ok_or_else(nothing)?, 1, Some(&stamp)),
        "persistentvolumeclaims" => {
            let n = named(Kind::PersistentVolumeClaim).ok_or_else(nothing)?;
            server.live().turn(Kind::PersistentVolumeClaim, n, 1, Some(&stamp))
        }
        _ => return Err(format!("there is no flip of {kind:?}")),
    };
    if watchers == 0 {
        return Ok(json!({ "at_ns": now_ns(), "watchers": 0 }));
    }
    let at = tokio::time::timeout(HANDED, stamp.wait()).await;
    let at = at.map_err(|_late| format!("no socket took it within {} s", HANDED.as_secs()))?;
    Ok(json!({ "at_ns": at, "watchers": watchers }))
}

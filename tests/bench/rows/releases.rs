//! B8: the overview of all Helm releases: metadata only, against what Helm itself reads.

use crate::bed::{Bed, transfer};
use crate::figures::Samples;
use crate::home::Home;
use crate::raw::{self, Whole};
use crate::session::Session;
use crate::table::{Line, Of, Target};
use crate::tool;
use pilothouse::model::Kind;
use std::time::Duration;

/// How long `helm list -A` may take.
const HELM: Duration = Duration::from_secs(150);
const HELMS: [&str; 3] = ["helm", "helm4", "helm3"];

pub(crate) fn lines(bed: &mut Bed) -> Vec<Line> {
    measure(bed).unwrap_or_else(|why| vec![Line::failed("B8", "the overview of all Helm releases", &why)])
}

#[expect(clippy::cast_precision_loss, reason = "bytes of one measurement")]
fn measure(bed: &mut Bed) -> Result<Vec<Line>, String> {
    bed.served.reset()?;
    let (session, opening) = Session::open(&bed.served, false)?;
    let ours = bed.served.stats()?.of("secrets");
    session.leave()?;
    let authority = bed.served.authority().to_owned();
    let metadata = raw::on_one_thread(raw::courses(&authority, &[Kind::Release], Whole::Never))?;
    let metadata = transfer(&authority, &metadata, "gzip")?;
    let whole = raw::on_one_thread(raw::courses(&authority, &[Kind::Release], Whole::Secrets))?;
    let whole = transfer(&authority, &whole, "gzip")?;
    let helm = helm(bed);
    let mb = |bytes: u64| Samples::one(bytes as f64 / 1e6);
    let (helm_ms, helm_bytes) = match helm {
        Ok((ms, bytes)) => (Ok(Samples::one(ms)), Ok(mb(bytes))),
        Err(why) => (Err(why.clone()), Err(why)),
    };
    Ok(vec![
        Line::new("B8", "Helm overview: bytes received", "MB", Of::Median, mb(ours))
            .target(Target::RatioAtMost(0.01))
            .against("the Secrets listed whole", Ok(mb(whole.bytes)))
            .against("helm list -A", helm_bytes)
            .against("raw metadata list", Ok(mb(metadata.bytes))),
        Line::new(
            "B8",
            "Helm overview: time, with everything else",
            "ms",
            Of::Median,
            Samples::one(opening.complete),
        )
        .against("helm list -A", helm_ms)
        .against("the Secrets transferred whole", Ok(Samples::one(whole.ms())))
        .against("raw metadata list", Ok(Samples::one(metadata.ms())))
        .note("the cockpit's time is that of its whole first picture: all kinds, not the releases alone"),
    ])
}

/// Helm's own overview: its time and the bytes of Secrets it received.
fn helm(bed: &mut Bed) -> Result<(f64, u64), String> {
    let program = HELMS.iter().find_map(|name| tool::find(name).ok()).ok_or("not here")?;
    let home = Home::new(&bed.served.url)?;
    bed.served.reset()?;
    let arguments = ["list", "-A", "--max", "0"].map(str::to_owned);
    let ran = tool::run(&program, &arguments, &home.environment(), true, HELM)?;
    if ran.output.lines().count() < 2 {
        return Err("helm lists no release".to_owned());
    }
    Ok((ran.ms, bed.served.stats()?.of("secrets")))
}

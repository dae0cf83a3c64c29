//! What helm cannot be asked at all, whatever is there: names it does not take, arguments it would read otherwise.

use super::{HelmAct, Source};
use crate::model::Pin;
use crate::model::helm::record_parts;

/// The longest name of a release (`pkg/chart/common/util/validate_name.go`).
const LONGEST: usize = 53;

impl HelmAct {
    /// Why helm cannot be asked this of the release that `pin` names.
    pub fn misfit(&self, pin: &Pin) -> Option<String> {
        let Some((release, revision)) = record_parts(&pin.key.name) else {
            return Some(format!("{} is no name of a record of Helm's", pin.key.name));
        };
        if !named(release) {
            return Some(format!(
                "{release:?} is no name of a release: small letters, digits, - and ., {LONGEST} at most"
            ));
        }
        if matches!(self, Self::Install(_)) && revision != 1 {
            return Some("an install makes the first revision".to_owned());
        }
        self.source().and_then(strange)
    }
}

/// Small letters, digits and `-`, in parts between `.`, none of which begins or ends with `-`.
fn named(release: &str) -> bool {
    let part = |part: &str| {
        let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
        !part.is_empty() && part.chars().all(plain) && !part.starts_with('-') && !part.ends_with('-')
    };
    release.len() <= LONGEST && release.split('.').all(part)
}

/// An argument that helm would take for something else.
fn strange(source: &Source) -> Option<String> {
    let flag = |word: &str| word.starts_with('-');
    let broken = |word: &str| word.chars().any(char::is_control);
    if source.chart.is_empty() {
        return Some("a chart is named by its path or its reference".to_owned());
    }
    if flag(&source.chart) || broken(&source.chart) {
        return Some(format!("{:?} is no chart", source.chart.as_str()));
    }
    if flag(&source.version) || broken(&source.version) {
        return Some(format!("{:?} is no version of a chart", source.version.as_str()));
    }
    // helm splits the value of --values at commas, and reads quotes
    let values = source.values.iter().find(|path| {
        let path = path.as_str();
        path.is_empty() || flag(path) || broken(path) || path.contains([',', '"'])
    });
    values.map(|path| {
        format!(
            "{:?} is no path that helm takes for --values: no comma, no quote, no - at its beginning",
            path.as_str()
        )
    })
}

#[cfg(test)]
mod tests {
    use crate::model::act::{HelmAct, Install, Source, Uninstall};
    use crate::model::{Key, Kind, Pin, ResourceVersion, Uid};

    fn told(record: &str, act: &HelmAct) -> String {
        let pin = Pin {
            key: Key::new(Kind::Release, "shop", record),
            uid: Uid::default(),
            resource_version: ResourceVersion::default(),
        };
        act.misfit(&pin).unwrap_or_default()
    }

    #[test]
    fn what_helm_would_read_otherwise_is_not_asked() {
        let uninstall = HelmAct::Uninstall(Uninstall::plain(None));
        let install = |chart: &str, values: &str| {
            HelmAct::Install(Install {
                source: Some(Source {
                    chart: chart.into(),
                    values: vec![values.into()],
                    ..Source::default()
                }),
                ..Install::default()
            })
        };
        let first = "sh.helm.release.v1.app.v1";
        for (record, act, why) in [
            (first, uninstall.clone(), ""),
            ("sh.helm.release.v1.eks-1.0.4.v12", uninstall.clone(), ""),
            ("app", uninstall.clone(), "no name of a record"),
            ("sh.helm.release.v1.-x.v1", uninstall.clone(), "no name of a release"),
            ("sh.helm.release.v1.App.v1", uninstall, "no name of a release"),
            (first, install("./chart", "/tmp/values.yaml"), ""),
            ("sh.helm.release.v1.app.v2", install("./chart", "v"), "first revision"),
            (first, install("", "v"), "named by its path"),
            (first, install("--post-renderer=x", "v"), "no chart"),
            (first, install("chart", "a,b"), "no comma"),
            (first, install("chart", "--set=a"), "no comma"),
        ] {
            let told = told(record, &act);
            assert!(
                told.contains(why) && told.is_empty() == why.is_empty(),
                "{record} {act}: {told}"
            );
        }
    }
}

//! Installs: the name, the namespace, what is there already, `crds/`, hooks, and the record.

use super::*;
use crate::model::act::Install;
use crate::model::helm::record_name;
use crate::model::{Kind, ResourceVersion, Uid};

const CONFIG: &str = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\n";
const HOOK: &str = "---\napiVersion: batch/v1\nkind: Job\nmetadata: {name: setup, annotations: {helm.sh/hook: pre-install}}\nspec: {template: {spec: {restartPolicy: Never}}}\n";
const CRD: &str =
    "---\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: wishes.example.com}\n";
const WISH: &str = "---\napiVersion: example.com/v1\nkind: Wish\nmetadata: {name: one}\n";

/// `release` installed in `namespace` from this rendered text, and what was asked set otherwise.
fn installed(
    case: Case,
    (namespace, release): (&str, &str),
    rendered: &str,
    set: impl FnOnce(&mut Install, &mut Manifest, &mut Ledger),
) -> (Vec<String>, Vec<String>) {
    let mut case = case;
    let mut manifest = Manifest::parse(rendered, namespace);
    let mut options = Install {
        executor: THREE,
        rendered: NEW.into(),
        ..Install::default()
    };
    set(&mut options, &mut manifest, &mut case.ledger);
    case.ledger.enter_rendered(NEW.into(), manifest);
    case.release = Pin {
        key: Key::new(Kind::Release, namespace, &record_name(release, 1)),
        uid: Uid::default(),
        resource_version: ResourceVersion::default(),
    };
    let (steps, granted) = case.heard(&HelmAct::Install(options));
    let short = |step: String| step.replace("Secret/other", "record");
    (steps.into_iter().map(short).collect(), granted)
}

fn plain(live: &str, rendered: &str) -> Vec<String> {
    let case = Case::manifest(live, "").live("ConfigMap", "settings", Live::Absent);
    installed(case, ("shop", "other"), rendered, |_, _, _| {}).0
}

#[test]
fn an_install_makes_what_it_lists_and_then_its_record() {
    assert_eq!(
        plain("[]", &format!("{}{CONFIG}", claim("data", ""))),
        ["create pvc/data", "create ConfigMap/settings", "create record.v1"]
    );
}

#[test]
fn a_name_in_use_a_namespace_that_is_not_there_and_a_broken_manifest_stop_it() {
    let refused = |place: (&str, &str), rendered: &str| {
        let case = Case::manifest("[]", "").live("ConfigMap", "settings", Live::Absent);
        installed(case, place, rendered, |_, _, _| {}).0.concat()
    };
    for (place, rendered, told) in [
        (("shop", "app"), CONFIG, "cannot re-use a name that is still in use"),
        (("nowhere", "other"), CONFIG, "namespaces \"nowhere\" not found"),
        (("shop", "other"), "---\n{", "YAML parse error"),
    ] {
        let steps = refused(place, rendered);
        assert!(steps.contains("refuse") && steps.contains(told), "{steps}");
        assert!(!steps.contains("create ConfigMap"), "{steps}");
    }
}

#[test]
fn what_is_there_already_is_adopted_only_when_it_is_the_releases_own_or_taken_over() {
    let mine = OWN.replace("release-name: app", "release-name: other");
    assert_eq!(
        plain(&live_claim(&mine), &claim("data", "")),
        [
            "patch pvc/data [metadata.annotations, spec.storageClassName]",
            "create record.v1"
        ]
    );
    let steps = plain(&live_claim(OWN), &format!("{}{CONFIG}", claim("data", "")));
    assert!(
        steps.len() == 1
            && steps[0].contains("cannot be imported")
            && steps[0].contains("Unable to continue with install"),
        "{steps:?}"
    );
    let case = Case::manifest(&live_claim(OWN), "");
    let (steps, _) = installed(case, ("shop", "other"), &claim("data", ""), |options, _, _| {
        options.take_ownership = true;
    });
    assert!(
        steps[0].starts_with("patch pvc/data") && steps[1] == "create record.v1",
        "{steps:?}"
    );
    // by server-side apply: what another release's helm has written is helm's; what anybody else has is a conflict
    let stated = "app.kubernetes.io/name: new";
    let rendered = claim("data", "").replace(
        "metadata: {name: data",
        &format!("metadata: {{labels: {{{stated}}}, name: data"),
    );
    assert!(rendered.contains(stated), "{rendered}");
    for (meta, first) in [
        (OWN.to_owned(), "patch pvc/data"),
        ("labels: {app.kubernetes.io/name: old}".to_owned(), "refuse pvc/data"),
    ] {
        let case = Case::manifest(&live_claim(&meta), "");
        let (steps, _) = installed(case, ("shop", "other"), &rendered, |options, _, _| {
            options.take_ownership = true;
            options.executor = FOUR;
        });
        assert!(steps[0].starts_with(first), "{meta}: {steps:?}");
    }
}

#[test]
fn a_hook_runs_before_and_one_that_fails_leaves_a_failed_record_and_nothing_else() {
    let steps = |fails: bool| {
        let case = Case::manifest("[]", "").live("ConfigMap", "settings", Live::Absent);
        installed(
            case,
            ("shop", "other"),
            &format!("{HOOK}{CONFIG}"),
            |_, manifest, ledger| {
                if fails {
                    ledger.let_fail(manifest.hooks[0].document.address.clone());
                }
            },
        )
        .0
    };
    assert_eq!(
        steps(false),
        ["create job/setup", "create ConfigMap/settings", "create record.v1"]
    );
    assert_eq!(
        steps(true),
        ["create job/setup", "patch record.v1 [revision 1: failed]"]
    );
}

#[test]
fn definitions_come_first_and_bring_the_kinds_of_the_chart() {
    let definition = || -> Vec<Document> { Manifest::parse(CRD, "shop").documents };
    let address = definition()[0].address.clone();
    let steps = |executor: Option<Executor>, live: Live| {
        let mut case = Case::manifest("[]", "");
        let wish = Manifest::parse(WISH, "shop").documents[0].address.clone();
        let served = if live == Live::Absent {
            Live::Unserved
        } else {
            Live::Absent
        };
        case.ledger.enter_live(wish, served);
        case.ledger.enter_live(address.clone(), live);
        installed(case, ("shop", "other"), WISH, |options, manifest, _| {
            options.executor = executor;
            manifest.definitions = definition();
        })
        .0
    };
    let name = "CustomResourceDefinition/wishes.example.com";
    let there = || Live::There(Stamp::default());
    assert_eq!(
        steps(THREE, Live::Absent),
        [&format!("create {name}"), "create Wish/one", "create record.v1"]
    );
    assert_eq!(steps(THREE, there())[0], format!("keep {name}"));
    assert!(steps(FOUR, there())[0].starts_with(&format!("unknown {name}")));
}

#[test]
fn waiting_is_taken_to_end_well_and_said() {
    let case = Case::manifest("[]", "").live("ConfigMap", "settings", Live::Absent);
    let (_, granted) = installed(case, ("shop", "other"), CONFIG, |options, _, _| options.wait = true);
    assert!(granted.iter().any(|told| told.contains("--wait")), "{granted:?}");
}

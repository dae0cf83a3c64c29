//! Whatever stands where helm should: a stated result, with the next thing to try.

use super::*;
use std::os::unix::fs::PermissionsExt as _;

fn script(directory: &Path, name: &str, body: &str, mode: u32) -> PathBuf {
    let path = directory.join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    path
}

#[tokio::test]
async fn whatever_is_wrong_with_helm_is_said_with_a_way_out() {
    let directory = tempfile::tempdir().unwrap();
    let held = directory.path();
    std::fs::create_dir(held.join("directory")).unwrap();
    std::fs::write(held.join("text"), "no program").unwrap();
    std::fs::set_permissions(held.join("text"), std::fs::Permissions::from_mode(0o755)).unwrap();
    for (path, told) in [
        (held.join("nowhere"), "there is no helm at"),
        (held.join("directory"), "is not executable"),
        (script(held, "lame", "echo v3.22.0", 0o644), "is not executable"),
        (held.join("text"), "cannot be started"),
        (
            script(held, "fails", "echo broken >&2; exit 3", 0o755),
            "ended with exit code 3: broken",
        ),
        (
            script(held, "garbage", "printf 'v\\033[2J'", 0o755),
            "said what is none",
        ),
        (script(held, "silent", "exit 0", 0o755), "said what is none"),
        (
            script(held, "two", "echo v2.17.0", 0o755),
            "is helm 2.17.0; 3.17 is the oldest",
        ),
        (script(held, "old", "echo v3.16.4", 0o755), "3.17 is the oldest"),
        (
            script(held, "new", "echo v5.0.0", 0o755),
            "of which nothing is known yet",
        ),
    ] {
        let why = find(Some(&path)).await.unwrap_err();
        let said = why.to_string();
        assert!(
            said.contains(told) && !said.contains('\u{1b}'),
            "{}: {said}",
            path.display()
        );
        assert!(!why.way_out().is_empty());
    }
    let why = find(Some(Path::new("no-such-helm-anywhere"))).await.unwrap_err();
    assert!(
        matches!(&why, Unhelmed::Missing { name, .. } if name == "no-such-helm-anywhere"),
        "{why}"
    );
}

#[tokio::test]
async fn a_helm_that_answers_is_known_by_path_and_version() {
    let directory = tempfile::tempdir().unwrap();
    for (said, version) in [
        ("v3.17.0", Executor::new(3, 17, 0)),
        ("v3.22.0+g1234567", Executor::new(3, 22, 0)),
        ("v4.3.1", Executor::new(4, 3, 1)),
    ] {
        let program = script(directory.path(), "helm", &format!("echo {said}"), 0o755);
        assert_eq!(find(Some(&program)).await, Ok(Helm { program, version }));
    }
}

#[tokio::test]
async fn one_that_does_not_answer_is_stopped() {
    let directory = tempfile::tempdir().unwrap();
    let program = script(directory.path(), "helm", "exec sleep 600", 0o755);
    let why = ask(program, Duration::from_millis(300)).await.unwrap_err();
    assert!(matches!(why, Unhelmed::Hangs { .. }), "{why}");
}

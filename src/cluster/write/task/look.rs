//! How far a command in a pod is, as the fixed text `LOOK` tells it.

/// What a look says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) size: u64,
    pub(super) stand: Stand,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stand {
    Running,
    Ended(i32),
    Gone,
    /// Nothing was begun.
    Idle,
}

/// Reads a look. It comes from a stranger.
pub(super) fn read(text: &str) -> Result<Seen, String> {
    let garbled = || "what the pod says of the command makes no sense".to_owned();
    let mut lines = text.lines();
    let size = lines
        .next()
        .and_then(|line| line.strip_prefix("size "))
        .ok_or_else(garbled)?;
    let size = size.trim().parse().map_err(|_error| garbled())?;
    let stand = match lines.next().map(str::trim) {
        Some("running") => Stand::Running,
        Some("gone") => Stand::Gone,
        Some("idle") => Stand::Idle,
        Some(line) => {
            let code = line.strip_prefix("status ").and_then(|code| code.trim().parse().ok());
            Stand::Ended(code.ok_or_else(garbled)?)
        }
        None => return Err(garbled()),
    };
    Ok(Seen { size, stand })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_is_read_and_nonsense_is_not() {
        for (text, size, stand) in [
            ("size 0\nrunning\n", 0, Stand::Running),
            ("size 12\nstatus 0\n", 12, Stand::Ended(0)),
            ("size 12\nstatus 137", 12, Stand::Ended(137)),
            ("size 3\ngone\n", 3, Stand::Gone),
            ("size 0\nidle\n", 0, Stand::Idle),
        ] {
            assert_eq!(read(text), Ok(Seen { size, stand }), "{text:?}");
        }
        for text in [
            "",
            "size",
            "size x\nrunning",
            "size -1\nrunning",
            "size 1",
            "size 1\nstatus",
            "size 1\nstatus x",
        ] {
            assert!(read(text).is_err(), "{text:?}");
        }
    }
}

//! The program that stands in for helm: this very binary under another name. It carries the words to a sandbox on loopback and
//! prints what comes back; to anything that is not a sandbox it carries nothing.

use super::{NAME, PATH, VERSION};
use serde_json::{Map, Value, json};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

/// How long a sandbox may take to answer.
const DEADLINE: Duration = Duration::from_secs(30);

/// What is to be printed, and the exit code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Came {
    pub out: String,
    pub err: String,
    pub code: u8,
}

/// Whether the program was started under the name of the stand-in.
pub fn meant(program: &str) -> bool {
    Path::new(program).file_name().is_some_and(|name| name == NAME)
}

/// Carries the words out. `kubeconfig` is the file that `KUBECONFIG` names, `driver` what `HELM_DRIVER` says.
pub fn run(words: &[String], kubeconfig: Option<&Path>, driver: &str) -> Came {
    if words.first().map(String::as_str) == Some("version") {
        let plain = words.iter().any(|word| word.contains(".Version"));
        let tail = if plain {
            ""
        } else {
            " (rehearsed by the laws of a sandbox; this is no helm)\n"
        };
        return Came {
            out: format!("v{}.{}.{}{tail}", VERSION.major, VERSION.minor, VERSION.patch),
            err: String::new(),
            code: 0,
        };
    }
    carried(words, kubeconfig, driver).unwrap_or_else(|why| Came {
        out: String::new(),
        err: format!("Error: {why}\n"),
        code: 1,
    })
}

fn carried(words: &[String], kubeconfig: Option<&Path>, driver: &str) -> Result<Came, String> {
    let file = kubeconfig.ok_or("KUBECONFIG names no file")?;
    let text = std::fs::read_to_string(file).map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    let config: Value = serde_saphyr::from_str(&text).map_err(|_error| format!("{} is no YAML", file.display()))?;
    let (address, token) = sandbox(&config)?;
    let mut files = Map::new();
    for path in words.iter().filter_map(|word| word.strip_prefix("--values=")) {
        let text = std::fs::read_to_string(path).map_err(|error| format!("open {path}: {error}"))?;
        files.insert(path.to_owned(), Value::String(text));
    }
    let body = json!({ "words": words, "files": files, "driver": driver }).to_string();
    let answer = posted(address, &token, &body).map_err(|error| format!("the sandbox does not answer: {error}"))?;
    let text = |field: &str| answer.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    let code = answer.get("code").and_then(Value::as_u64);
    let code = code.ok_or_else(|| format!("{NAME} stands in for helm in a sandbox alone, and {address} is none"))?;
    Ok(Came {
        out: text("out"),
        err: text("err"),
        code: u8::try_from(code).unwrap_or(1),
    })
}

/// The sandbox that a kubeconfig leads to: plain HTTP on a loopback address, and nothing else.
fn sandbox(config: &Value) -> Result<(SocketAddr, String), String> {
    let server = config
        .pointer("/clusters/0/cluster/server")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let address = server
        .strip_prefix("http://")
        .and_then(|rest| rest.trim_end_matches('/').parse::<SocketAddr>().ok())
        .filter(|address| address.ip().is_loopback())
        .ok_or_else(|| format!("{NAME} stands in for helm in a sandbox alone, and {server} is none"))?;
    let token = config
        .pointer("/users/0/user/token")
        .and_then(Value::as_str)
        .unwrap_or_default();
    Ok((address, token.to_owned()))
}

fn posted(address: SocketAddr, token: &str, body: &str) -> std::io::Result<Value> {
    let mut stream = TcpStream::connect_timeout(&address, DEADLINE)?;
    stream.set_read_timeout(Some(DEADLINE))?;
    stream.set_write_timeout(Some(DEADLINE))?;
    let head = format!(
        "POST {PATH} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
         Accept: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())?;
    let mut answer = String::new();
    stream.take(64 << 20).read_to_string(&mut answer)?;
    let (_, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    Ok(serde_json::from_str(body).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No kubeconfig of a real cluster leads anywhere.
    #[test]
    fn only_plain_loopback_is_a_sandbox() {
        for (server, is) in [
            ("http://127.0.0.1:4711", true),
            ("http://127.0.0.1:4711/", true),
            ("http://[::1]:4711", true),
            ("https://127.0.0.1:6443", false),
            ("http://10.0.0.1:8080", false),
            ("http://localhost:8080", false),
            ("https://prod.example.com", false),
            ("", false),
        ] {
            let config = json!({ "clusters": [{ "cluster": { "server": server } }] });
            assert_eq!(sandbox(&config).is_ok(), is, "{server}");
        }
        let came = run(&["uninstall".to_owned(), "x".to_owned()], None, "");
        assert_eq!(came.code, 1);
        assert_eq!(
            run(&["version".to_owned(), "--template={{.Version}}".to_owned()], None, "").out,
            "v4.3.1"
        );
    }
}

//! Who may talk to the control plane of a test: one token and one kubeconfig file each.

use std::fmt::Write as _;
use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Somebody the API server knows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Person {
    /// Runs the programs of the control plane itself.
    Machinery,
    /// May do everything (`system:masters`).
    Anna,
    /// May do nothing until a test binds a role to `ben`.
    Ben,
    /// May do nothing until a test binds a role to `dora`, over the whole cluster.
    Dora,
    /// May read everything the `view` role shows, and nodes, volumes and storage classes.
    Viewer,
}

impl Person {
    pub(crate) const ALL: [Self; 5] = [Self::Machinery, Self::Anna, Self::Ben, Self::Dora, Self::Viewer];

    /// The user name the API server gives the bearer of the token.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Machinery => "machinery",
            Self::Anna => "anna",
            Self::Ben => "ben",
            Self::Dora => "dora",
            Self::Viewer => "viewer",
        }
    }

    fn groups(self) -> &'static str {
        match self {
            Self::Machinery | Self::Anna => "system:masters",
            Self::Ben | Self::Dora | Self::Viewer => "people",
        }
    }
}

/// The tokens of one control plane, drawn anew for each.
#[derive(Debug)]
pub(crate) struct Tokens([String; Person::ALL.len()]);

impl Tokens {
    pub(crate) fn draw() -> Result<Self, String> {
        let mut tokens = [const { String::new() }; Person::ALL.len()];
        for token in &mut tokens {
            for byte in random::<24>()? {
                write!(token, "{byte:02x}").map_err(|error| error.to_string())?;
            }
        }
        Ok(Self(tokens))
    }

    pub(crate) fn of(&self, person: Person) -> &str {
        &self.0[person as usize]
    }

    /// What `kube-apiserver --token-auth-file` reads: token, name, uid, groups.
    pub(crate) fn file(&self) -> String {
        let line = |person: Person| {
            let name = person.name();
            format!("{},{name},uid-of-{name},\"{}\"\n", self.of(person), person.groups())
        };
        Person::ALL.into_iter().map(line).collect()
    }

    /// A kubeconfig that stands on its own, as most people's does.
    pub(crate) fn kubeconfig(&self, person: Person, server: &str, authority: &[u8]) -> String {
        let (name, token, authority) = (person.name(), self.of(person), STANDARD.encode(authority));
        format!(
            "apiVersion: v1
kind: Config
current-context: {name}@kit
clusters:
- name: kit
  cluster: {{server: '{server}', certificate-authority-data: {authority}}}
users:
- name: {name}
  user: {{token: {token}}}
contexts:
- name: {name}@kit
  context: {{cluster: kit, user: {name}}}
"
        )
    }
}

/// A fresh private key for the API server to sign service account tokens with, as PEM.
///
/// Any 32 bytes below the order of the curve are a P-256 private key, and the public half may be left out of its
/// `SEC 1` form because it follows; so no program that makes keys is needed.
pub(crate) fn signing_key() -> Result<String, String> {
    let mut scalar = random::<32>()?;
    scalar[0] &= 0x7f; // below the order, whatever was drawn
    let mut der = vec![0x30, 0x31, 0x02, 0x01, 0x01, 0x04, 0x20];
    der.extend_from_slice(&scalar);
    der.extend_from_slice(&[0xa0, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07]);
    Ok(format!(
        "-----BEGIN EC PRIVATE KEY-----\n{}\n-----END EC PRIVATE KEY-----\n",
        STANDARD.encode(der)
    ))
}

/// Writes a file only its owner can read.
pub(crate) fn write_private(path: &Path, content: &str) -> Result<(), String> {
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(content.as_bytes()))
        .map_err(|error| format!("cannot write {}: {error}", path.display()))
}

fn random<const N: usize>() -> Result<[u8; N], String> {
    let mut bytes = [0; N];
    fs::File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut bytes))
        .map_err(|error| format!("no random bytes: {error}"))?;
    Ok(bytes)
}

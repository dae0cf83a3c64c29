//! The addresses of Vaults on loopback, and where kwok's port-forwards lead.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, TcpListener};

use super::{API, PEERS};

/// The namespaces in which Vaults may stand, one at a time in each; kwok is told of them before it starts.
pub(crate) const NAMESPACES: [&str; 8] = [
    "vault-peers",
    "vault-bad-days",
    "vault-forecasts",
    "vault-roll",
    "vault-roll-killed",
    "vault-roll-disturbed",
    "vault-roll-distrusted",
    "vault-roll-claim-gone",
];

/// The addresses of a plane's Vaults: a network of loopback that no other plane on this machine has.
#[derive(Debug)]
pub(crate) struct Network {
    second: u8,
    /// Held as long as the network is.
    _lock: TcpListener,
}

impl Network {
    pub(in super::super) fn claim() -> Result<Self, String> {
        let own = std::process::id();
        let free = |step: u32| {
            let second = u8::try_from(10 + (own * 7 + step) % 200).unwrap_or(10);
            let lock = TcpListener::bind((Ipv4Addr::new(127, second, 255, 1), API)).ok()?;
            Some(Self { second, _lock: lock })
        };
        (0..200)
            .find_map(free)
            .ok_or_else(|| "no loopback network is free".to_owned())
    }

    pub(super) fn of(&self, namespace: &str) -> [Ipv4Addr; PEERS] {
        let third = NAMESPACES.iter().position(|own| *own == namespace);
        let third = third.unwrap_or_else(|| panic!("no Vaults can stand in {namespace}: kwok was not told"));
        let third = u8::try_from(third).expect("few namespaces");
        [10, 11, 12].map(|fourth| Ipv4Addr::new(127, self.second, third, fourth))
    }

    /// What kwok is told: where the port of each pod leads.
    pub(in super::super) fn forwards(&self) -> String {
        let mut text = String::new();
        for namespace in NAMESPACES {
            for (ordinal, address) in self.of(namespace).into_iter().enumerate() {
                // writing to a String cannot fail
                write!(
                    text,
                    "---\napiVersion: kwok.x-k8s.io/v1alpha1\nkind: PortForward\nmetadata: {{ name: vault-{ordinal}, namespace: \
                     {namespace} }}\nspec:\n  forwards:\n  - ports: [{API}]\n    target: {{ port: {API}, address: {address} }}\n"
                )
                .unwrap_or_default();
            }
        }
        text
    }
}

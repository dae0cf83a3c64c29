//! TLS inside a port-forward: whom we trust, and under which name. The API server picks the pod; the name proves the system.

use super::super::said;
use crate::model::raft::Silence;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{CertificateError, ClientConfig, Error, RootCertStore};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// The name asked for where none is said: charts put it into every server certificate, for the pod's own use.
const LOOPBACK: &str = "127.0.0.1";

/// Whom to trust, as the configuration says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    /// The API speaks TLS, whatever the pod template says.
    pub tls: Option<bool>,
    /// A PEM file with the authority of the servers' certificates.
    pub authority: Option<PathBuf>,
    /// The name or address that the certificates must bear.
    pub server_name: Option<String>,
    /// A PEM file with our own certificate, and one with its key.
    pub identity: Option<(PathBuf, PathBuf)>,
}

impl Trust {
    fn name(&self) -> &str {
        self.server_name.as_deref().unwrap_or(LOOPBACK)
    }
}

pub(super) async fn wrap<S>(stream: S, trust: &Trust) -> Result<TlsStream<S>, Silence>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let lost = |why: String| Silence::Tls { why: why.into() };
    let config = configured(trust).map_err(lost)?;
    let name = ServerName::try_from(trust.name().to_owned());
    let name = name.map_err(|_unfit| lost(format!("{} is no name a server can have", said::plain(trust.name()))))?;
    let connector = TlsConnector::from(Arc::new(config));
    connector.connect(name, stream).await.map_err(|error| {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
        lost(inner.map_or_else(|| said::plain(&error.to_string()), |inner| words(inner, trust)))
    })
}

fn configured(trust: &Trust) -> Result<ClientConfig, String> {
    let Some(authority) = &trust.authority else {
        return Err(
            "no authority is known for its certificate: say it with `authority` in the configuration".to_owned(),
        );
    };
    let unread = |path: &PathBuf, why: String| format!("{} cannot be used: {}", path.display(), said::plain(&why));
    let mut roots = RootCertStore::empty();
    let read = CertificateDer::pem_file_iter(authority).map_err(|error| unread(authority, error.to_string()))?;
    for certificate in read {
        let certificate = certificate.map_err(|error| unread(authority, error.to_string()))?;
        roots
            .add(certificate)
            .map_err(|error| unread(authority, error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(unread(authority, "it holds no certificate".to_owned()));
    }
    let config = ClientConfig::builder().with_root_certificates(roots);
    let Some((certificate, key)) = &trust.identity else {
        return Ok(config.with_no_client_auth());
    };
    let chain = CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let chain = chain.map_err(|error| unread(certificate, error.to_string()))?;
    // says nothing of what stands in the file
    let own = PrivateKeyDer::from_pem_file(key).map_err(|_unfit| unread(key, "no private key".to_owned()))?;
    config
        .with_client_auth_cert(chain, own)
        .map_err(|error| unread(certificate, error.to_string()))
}

/// What is wrong with a server's certificate, and what to say so that it is right.
fn words(error: &Error, trust: &Trust) -> String {
    let name = said::plain(trust.name());
    match error {
        Error::InvalidCertificate(CertificateError::NotValidForName) => {
            format!("the certificate is not for {name}: say the right name with `server-name` in the configuration")
        }
        Error::InvalidCertificate(CertificateError::NotValidForNameContext { presented, .. }) => {
            let presented = said::plain(&presented.join(", "));
            format!("the certificate is for {presented}, not for {name}: say the right name with `server-name`")
        }
        // an authority of the same name with another key
        Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature) => {
            "the certificate is from an authority that is not the one in `authority`".to_owned()
        }
        other => said::plain(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
    use rustls::ServerConfig;
    use rustls::pki_types::PrivatePkcs8KeyDer;
    use tokio_rustls::TlsAcceptor;

    /// An authority's PEM, and a server with a certificate of it for this name.
    fn server(name: &str) -> (String, TlsAcceptor) {
        let own = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = params.self_signed(&own).unwrap().pem();
        let issuer = Issuer::new(params, own);
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let leaf = leaf.signed_by(&key, &issuer).unwrap();
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], key.into())
            .unwrap();
        (authority, TlsAcceptor::from(Arc::new(config)))
    }

    async fn met(authority: &str, acceptor: &TlsAcceptor, name: Option<&str>) -> Result<(), String> {
        drop(rustls::crypto::ring::default_provider().install_default());
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("ca.pem");
        std::fs::write(&path, authority).unwrap();
        let trust = Trust {
            authority: Some(path),
            server_name: name.map(str::to_owned),
            ..Trust::default()
        };
        let (near, far) = tokio::io::duplex(64 << 10);
        let (met, _served) = tokio::join!(wrap(near, &trust), acceptor.accept(far));
        met.map(drop).map_err(|silence| silence.words())
    }

    #[tokio::test]
    async fn a_name_is_checked_and_a_wrong_one_is_told_with_the_right_one() {
        let (authority, acceptor) = server("vault.vault.svc");
        assert_eq!(met(&authority, &acceptor, Some("vault.vault.svc")).await, Ok(()));
        let told = met(&authority, &acceptor, None).await.unwrap_err();
        assert!(
            told.contains("vault.vault.svc") && told.contains("not for 127.0.0.1"),
            "{told}"
        );
        let told = met(&authority, &acceptor, Some("not a name\u{7}")).await.unwrap_err();
        assert!(
            told.contains("no name a server can have") && !told.contains('\u{7}'),
            "{told}"
        );
    }

    #[tokio::test]
    async fn an_address_may_be_the_name_and_another_authority_is_refused() {
        let (authority, acceptor) = server("127.0.0.1");
        assert_eq!(met(&authority, &acceptor, None).await, Ok(()));
        let (other, _) = server("127.0.0.1");
        let told = met(&other, &acceptor, None).await.unwrap_err();
        assert!(told.contains("authority"), "{told}");
        let told = met("no PEM", &acceptor, None).await.unwrap_err();
        assert!(told.starts_with("TLS: "), "{told}");
    }
}

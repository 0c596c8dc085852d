//! Which authorities a server's certificate is judged by: the system's own, and those that `SSL_CERT_FILE` and
//! `SSL_CERT_DIR` name.
//!
//! Both count. Whoever names the authority of a server of theirs would else lose every other one: rustls-native-certs
//! reads the places that the variables name *instead of* the system's.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls_native_certs::{CertificateResult, load_certs_from_paths};
use rustls_platform_verifier::Verifier;

use crate::error::Distrust;
use crate::failure;

/// Why nothing can be judged.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub(crate) struct Unjudged {
    pub(crate) fault: Distrust,
    pub(crate) reason: String,
}

/// What the two variables name, as they stand in the environment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Named {
    file: Option<OsString>,
    folders: Option<OsString>,
}

const FILE: &str = "SSL_CERT_FILE";
const FOLDERS: &str = "SSL_CERT_DIR";

impl Named {
    pub(crate) fn in_environment() -> Self {
        Self { file: std::env::var_os(FILE), folders: std::env::var_os(FOLDERS) }
    }

    /// Every certificate that they name; the error says which variable names nothing of use, and why.
    fn certificates(&self) -> Result<Vec<CertificateDer<'static>>, Unjudged> {
        let mut found = vec![];
        let file = self.file.iter().filter(|file| !file.is_empty());
        let folders = self.folders.iter().filter(|folders| !folders.is_empty());
        for file in file {
            found.extend(of_use(FILE, file, [PathBuf::from(file)])?);
        }
        for folders in folders {
            found.extend(of_use(FOLDERS, folders, std::env::split_paths(folders))?);
        }
        Ok(found)
    }

    fn is_set(&self) -> bool {
        self.file.is_some() || self.folders.is_some()
    }
}

/// The judge of certificates.
pub(crate) fn judge(crypto: Arc<CryptoProvider>) -> Result<Verifier, Unjudged> {
    judge_by(&Named::in_environment(), &own_places(), crypto)
}

/// The same, by what variables name and by what lies at the system's own places; those are looked at only beside
/// variables: without any, the system is asked in its own way.
fn judge_by(named: &Named, own: &[PathBuf], crypto: Arc<CryptoProvider>) -> Result<Verifier, Unjudged> {
    let mut beside = named.certificates()?;
    if named.is_set() {
        beside.extend(own.iter().flat_map(|place| usable(at(place))));
    }
    Verifier::new_with_extra_roots(beside, crypto).map_err(|error| no_trust(&error))
}

/// Where a system keeps its own, where it is not asked for them whatever the variables say.
fn own_places() -> Vec<PathBuf> {
    if cfg!(target_vendor = "apple") {
        return vec![];
    }
    let folders: Vec<PathBuf> = openssl_probe::candidate_cert_dirs().map(Path::to_owned).collect();
    // Of most systems these lie in such a folder.
    let files =
        ["/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"];
    if folders.is_empty() { files.into_iter().map(PathBuf::from).collect() } else { folders }
}

fn at(place: &Path) -> CertificateResult {
    if place.is_dir() {
        load_certs_from_paths(None, Some(place))
    } else {
        load_certs_from_paths(Some(place), None)
    }
}

/// Those that can be the root of a chain. What lies among a system's own and is none is nothing to fail for.
fn usable(read: CertificateResult) -> Vec<CertificateDer<'static>> {
    let mut scratch = RootCertStore::empty();
    read.certs.into_iter().filter(|one| scratch.add(one.clone()).is_ok()).collect()
}

/// What a variable names: at least one certificate.
fn of_use(
    variable: &str,
    value: &OsStr,
    places: impl IntoIterator<Item = PathBuf>,
) -> Result<Vec<CertificateDer<'static>>, Unjudged> {
    let (mut found, mut why) = (vec![], None);
    for place in places.into_iter().filter(|place| !place.as_os_str().is_empty()) {
        let read = at(&place);
        why = why.or_else(|| read.errors.first().map(|error| failure::innermost(error)));
        found.extend(usable(read));
    }
    if found.is_empty() {
        let why = why.unwrap_or_else(|| "it holds no certificate in PEM form".to_owned());
        let reason = format!("{variable} is {}, where no certificate can be read: {why}", value.display());
        return Err(Unjudged { fault: Distrust::Variable, reason });
    }
    Ok(found)
}

fn no_trust(error: &rustls::Error) -> Unjudged {
    let reason = failure::innermost(error);
    if reason.contains("No CA certificates") || reason.contains("no CA certificates") {
        let reason = "this system has no certificates to judge others by".to_owned();
        return Unjudged { fault: Distrust::NoList, reason };
    }
    Unjudged { fault: Distrust::Signer, reason }
}

// A Mac judges by its own clock and its own rules.
#[cfg(all(test, not(target_vendor = "apple")))]
mod tests {
    use std::error::Error;
    use std::time::Duration;

    use rustls::client::danger::ServerCertVerifier;
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{ServerName, UnixTime};

    use super::*;

    fn place(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/certificates").join(name)
    }

    fn named(file: Option<&str>, folders: Option<&str>) -> Named {
        let value = |name: &str| if name.is_empty() { OsString::new() } else { place(name).into_os_string() };
        Named { file: file.map(value), folders: folders.map(value) }
    }

    fn crypto() -> Arc<CryptoProvider> {
        Arc::new(rustls::crypto::ring::default_provider())
    }

    /// What is thought in 2030 of a server of that name that shows this certificate.
    fn judged(certificate: &str, name: &'static str, named: &Named) -> Result<(), Box<dyn Error>> {
        let judge = judge_by(named, &[place("system-authority.pem")], crypto())?;
        let shown = CertificateDer::from_pem_file(place(certificate)).map_err(std::io::Error::other)?;
        let now = UnixTime::since_unix_epoch(Duration::from_hours(525_960));
        judge.verify_server_cert(&shown, &[], &ServerName::try_from(name)?, &[], now)?;
        Ok(())
    }

    #[test]
    fn who_names_an_authority_keeps_those_of_the_system() {
        let authority = "named-authority.pem";
        for (file, folders, of_system, of_named) in [
            (None, None, false, false),
            (Some(""), None, true, false),
            (Some(authority), None, true, true),
            (Some(authority), Some(""), true, true),
            (None, Some(""), true, false),
            (None, Some("."), true, true),
        ] {
            let named = named(file, folders);
            for (certificate, is_trusted) in [("by-system.pem", of_system), ("by-named.pem", of_named)] {
                let told = judged(certificate, "localhost", &named).map_err(|error| error.to_string());
                let unknown = Err("invalid peer certificate: UnknownIssuer".to_owned());
                assert_eq!(told, if is_trusted { Ok(()) } else { unknown }, "{certificate} by {named:?}");
            }
        }
    }

    #[test]
    fn a_variable_that_names_no_certificate_is_told_with_its_value() {
        let there = place("").display().to_string();
        for (file, folders, expect) in [
            (
                Some("none.pem"),
                None,
                "SSL_CERT_FILE is {}none.pem, where no certificate can be read: no such file or directory",
            ),
            (
                Some("README.md"),
                None,
                "SSL_CERT_FILE is {}README.md, where no certificate can be read: it holds no certificate in PEM form",
            ),
            (
                Some("by-named.pem"),
                Some("none"),
                "SSL_CERT_DIR is {}none, where no certificate can be read: no such file or directory",
            ),
        ] {
            let told = judge_by(&named(file, folders), &[], crypto()).unwrap_err().to_string();
            assert_eq!(told, expect.replace("{}", &there));
        }
    }

    #[test]
    fn what_is_wrong_with_a_certificate_is_told_by_its_fault() {
        for (certificate, name, by, expect) in [
            ("self-signed.pem", "localhost", "self-signed.pem", None),
            (
                "self-signed-authority.pem",
                "localhost",
                "self-signed-authority.pem",
                Some((
                    Distrust::Authority,
                    "it shows the certificate of an authority as its own, which nothing makes trusted (CaUsedAsEndEntity)",
                )),
            ),
            (
                "by-named.pem",
                "127.0.0.1",
                "named-authority.pem",
                Some((Distrust::Name, "its certificate is not for 127.0.0.1, but for localhost")),
            ),
            (
                "by-named.pem",
                "localhost",
                "self-signed.pem",
                Some((Distrust::Signer, "its certificate is not trusted by this system (UnknownIssuer)")),
            ),
        ] {
            let told = judged(certificate, name, &named(Some(by), None)).err();
            let told = told.and_then(|error| failure::untrusted(&*error));
            assert_eq!(
                told,
                expect.map(|(fault, reason)| (fault, reason.to_owned())),
                "{certificate} as {name}"
            );
        }
    }
}

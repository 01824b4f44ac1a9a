//! The two files of a key pair: reading, checking, writing.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::certificate::Certificate;
use super::key_pair::KeyPair;
use super::private_key::PrivateKey;
use super::{SignatureKind, pem};
use crate::exit::{ExitStatus, Failure};
use crate::files::{self, FileError, StagedFile, put_aside, read_closed_secret, read_secret};

/// Bytes of a key or certificate file; a real one has less than 4 KiB.
const MAX_LENGTH: u64 = 64 * 1024;
const REMEDY: &str = "or remove both files and a new pair is made at the next start";

pub(super) struct KeyPairFiles {
    kind: SignatureKind,
    key: PathBuf,
    certificate: PathBuf,
}

/// What the two files hold.
pub(super) enum PairState {
    Complete(KeyPair),
    /// Neither file is there.
    Missing,
    /// The key is whole, its certificate is not there or damaged.
    Uncertified {
        key: PrivateKey,
        found: Unusable,
    },
    /// Without a whole key a pair can only be made anew.
    Damaged {
        found: Unusable,
    },
}

/// A file that cannot be used.
pub(super) struct Unusable {
    /// A sentence without a full stop.
    pub(super) what: String,
    /// What its owner can do.
    cure: String,
    status: ExitStatus,
    /// A failure of this moment, which says nothing about the file.
    pub(super) transient: bool,
}

impl KeyPairFiles {
    pub(super) fn of(directory: &Path, kind: SignatureKind) -> Self {
        let name = kind.name();
        Self {
            kind,
            key: directory.join(format!("{name}.key")),
            certificate: directory.join(format!("{name}.pem")),
        }
    }

    /// The pair, or what is left of it. `warnings` gets what is wrong with files that can be used.
    ///
    /// A pair whose certificate is not of our making is the user's own: that it cannot be used is a failure, as no
    /// other pair would verify what its owner signs.
    pub(super) fn read(&self, warnings: &mut Vec<String>) -> Result<PairState, Failure> {
        match (self.read_key(warnings), self.read_certificate()) {
            (Ok(Some(key)), Ok(Some(certificate))) if certificate.public_key == key.public_key() => {
                Ok(PairState::Complete(KeyPair { key, certificate }))
            }
            (Ok(None), Ok(None)) => Ok(PairState::Missing),
            (key, Ok(Some(certificate))) => {
                let found = match key {
                    Ok(Some(_)) => self.mismatch(),
                    Ok(None) => self.incomplete(),
                    Err(found) => found,
                };
                if certificate.is_ours() { Ok(PairState::Damaged { found }) } else { Err(found.into()) }
            }
            (Ok(Some(key)), certificate) => {
                let missing = || Unusable::new(format!("{} is not there", self.certificate.display()), "");
                Ok(PairState::Uncertified { key, found: certificate.err().unwrap_or_else(missing) })
            }
            (Err(found), _) | (_, Err(found)) => Ok(PairState::Damaged { found }),
        }
    }

    /// Both files have the form that they should have, and the certificate is of our making. Whether the key's numbers fit
    /// together takes milliseconds to find out.
    pub(super) fn seem_whole_and_ours(&self) -> bool {
        let key = read_closed_secret(&self.key, MAX_LENGTH);
        let key = key.and_then(|bytes| pem::decode(pem::PRIVATE_KEY, &text(bytes)));
        key.is_some_and(|der| PrivateKey::is_pkcs8(&der))
            && matches!(self.read_certificate(), Ok(Some(certificate)) if certificate.is_ours())
    }

    fn read_key(&self, warnings: &mut Vec<String>) -> Result<Option<PrivateKey>, Unusable> {
        let (name, size, shown) = (self.kind.name(), self.kind.key_size(), self.key.display());
        let text = match read_secret(&self.key, MAX_LENGTH) {
            Ok(secret) => {
                warnings.extend(secret.warning);
                text(secret.bytes)
            }
            Err(error) if is_absent(&self.key, &error) => return Ok(None),
            Err(error) => return Err(Unusable::of(&self.key, &error)),
        };
        let der = pem::decode(pem::PRIVATE_KEY, &text).ok_or_else(|| {
            let cure =
                "put an unencrypted PKCS#8 key there (openssl pkcs8 -topk8 -nocrypt converts other forms)";
            Unusable::new(format!("{shown} holds no PEM block \"PRIVATE KEY\""), cure)
        })?;
        let key = PrivateKey::from_pkcs8(self.kind, &der).map_err(|found| {
            Unusable::new(format!("{shown} {found}, {name} needs {size}"), "put such a key there")
        })?;
        Ok(Some(key))
    }

    fn read_certificate(&self) -> Result<Option<Certificate>, Unusable> {
        let text = match files::read(&self.certificate, MAX_LENGTH) {
            Ok(bytes) => text(bytes),
            Err(error) if is_absent(&self.certificate, &error) => return Ok(None),
            Err(error) => return Err(Unusable::of(&self.certificate, &error)),
        };
        let certificate = pem::decode(pem::CERTIFICATE, &text)
            .and_then(|der| Certificate::from_der(der).ok())
            .ok_or_else(|| {
                let shown = self.certificate.display();
                Unusable::new(format!("{shown} holds no X.509 certificate in PEM"), "")
            })?;
        Ok(Some(certificate))
    }

    fn mismatch(&self) -> Unusable {
        let (key, certificate) = (self.key.display(), self.certificate.display());
        let what = format!("{certificate} certifies another key than the one in {key}");
        Unusable::new(what, "put the files there that belong together")
    }

    fn incomplete(&self) -> Unusable {
        let (there, missing) = (self.certificate.display(), self.key.display());
        Unusable::new(format!("{there} is there, {missing} is not"), "put that one there too")
    }

    /// Writes both files; other processes see each whole or not at all. What was there gets other names, which are
    /// given.
    pub(super) fn write(&self, pair: &KeyPair) -> io::Result<Vec<PathBuf>> {
        let key = pem::encode(pem::PRIVATE_KEY, pair.key.to_pkcs8().as_bytes());
        let key = StagedFile::write(&self.key, key.as_bytes(), 0o600)?;
        let certificate = self.stage_certificate(pair)?;
        let mut aside = Vec::from_iter(clear(&self.key)?);
        aside.extend(clear(&self.certificate)?);
        key.place()?;
        certificate.place()?;
        Ok(aside)
    }

    /// Writes the certificate of a key that is there.
    pub(super) fn write_certificate(&self, pair: &KeyPair) -> io::Result<Vec<PathBuf>> {
        let certificate = self.stage_certificate(pair)?;
        let aside = clear(&self.certificate)?;
        certificate.place()?;
        Ok(Vec::from_iter(aside))
    }

    /// Under a name that [`finish_interrupted`](Self::finish_interrupted) knows. The directory's lock keeps others from it.
    fn stage_certificate(&self, pair: &KeyPair) -> io::Result<StagedFile> {
        let content = pem::encode(pem::CERTIFICATE, &pair.certificate.der);
        StagedFile::write_as(temporary(&self.certificate), &self.certificate, content.as_bytes(), 0o644)
    }

    /// Does the second rename of [`KeyPairFiles::write`] after a crash between the two.
    pub(super) fn finish_interrupted(&self) {
        let certificate = temporary(&self.certificate);
        let pair = Self { kind: self.kind, key: self.key.clone(), certificate };
        let is_absent = self.certificate.symlink_metadata().is_err();
        if is_absent && matches!(pair.read(&mut vec![]), Ok(PairState::Complete(_))) {
            // When this fails, the key is certified anew.
            let _ = fs::rename(&pair.certificate, &self.certificate);
        }
    }
}

impl Unusable {
    fn new(what: String, cure: &str) -> Self {
        Self { what, cure: cure.to_owned(), status: ExitStatus::Config, transient: false }
    }

    fn of(path: &Path, error: &FileError) -> Self {
        let status = if error.is_permission_denied() { ExitStatus::NoPermission } else { ExitStatus::Config };
        let cure = error.remedy().to_owned();
        Self { what: format!("{} {error}", path.display()), cure, status, transient: error.is_transient() }
    }
}

/// Of a pair of the user's own.
impl From<Unusable> for Failure {
    fn from(found: Unusable) -> Self {
        Self::new(found.status, format!("{}: {}, {REMEDY}", found.what, found.cure))
    }
}

/// Only ASCII matters to PEM; other text may stand around it.
fn text(bytes: Vec<u8>) -> String {
    // Nearly always it is text, which takes an eighth of the time to see.
    String::from_utf8(bytes).unwrap_or_else(|other| String::from_utf8_lossy(other.as_bytes()).into_owned())
}

/// A link to nothing is somebody's file too.
fn is_absent(path: &Path, error: &FileError) -> bool {
    error.is_missing() && !path.is_symlink()
}

/// Gives what is at a path another name.
fn clear(path: &Path) -> io::Result<Option<PathBuf>> {
    match put_aside(path) {
        Ok(aside) => Ok(Some(aside)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The certificate that is written, and then renamed to `file`.
fn temporary(file: &Path) -> PathBuf {
    let name = file.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    file.with_file_name(format!(".{name}.new"))
}

//! The two files of a key pair: reading, checking, writing.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::certificate::Certificate;
use super::key_pair::KeyPair;
use super::private_key::PrivateKey;
use super::{SignatureKind, pem};
use crate::exit::{ExitStatus, Failure};

/// Bytes of a key or certificate file; a real one has less than 4 KiB.
const MAX_LENGTH: u64 = 64 * 1024;
const REMEDY: &str = "or remove both files and a new pair is made at the next start";

pub(super) struct KeyPairFiles {
    kind: SignatureKind,
    key: PathBuf,
    certificate: PathBuf,
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

    /// The pair; `None` unless both files exist.
    pub(super) fn read_complete(&self) -> Result<Option<KeyPair>, Failure> {
        match (read_file(&self.key)?, read_file(&self.certificate)?) {
            (Some(key), Some(certificate)) => self.parse(&key, &certificate).map(Some),
            _ => Ok(None),
        }
    }

    /// The pair; `None` when neither file exists, a failure when only one does.
    pub(super) fn read(&self) -> Result<Option<KeyPair>, Failure> {
        let incomplete = |there: &Path, missing: &Path| {
            let (there, missing) = (there.display(), missing.display());
            config_error(format!(
                "{there} is there, {missing} is not: put that one there too, or remove the other and a new pair is \
                 made at the next start"
            ))
        };
        match (read_file(&self.key)?, read_file(&self.certificate)?) {
            (Some(key), Some(certificate)) => self.parse(&key, &certificate).map(Some),
            (None, None) => Ok(None),
            (Some(_), None) => Err(incomplete(&self.key, &self.certificate)),
            (None, Some(_)) => Err(incomplete(&self.certificate, &self.key)),
        }
    }

    fn parse(&self, key: &str, certificate: &str) -> Result<KeyPair, Failure> {
        let (name, size) = (self.kind.name(), self.kind.key_size());
        let (key_file, certificate_file) = (self.key.display(), self.certificate.display());
        let key = pem::decode(pem::PRIVATE_KEY, key).ok_or_else(|| {
            config_error(format!(
                "{key_file} holds no PEM block \"PRIVATE KEY\": put an unencrypted PKCS#8 key there (openssl pkcs8 \
                 -topk8 -nocrypt converts other forms), {REMEDY}"
            ))
        })?;
        let key = PrivateKey::from_pkcs8(self.kind, &key).map_err(|found| {
            config_error(format!("{key_file} {found}, {name} needs {size}: put such a key there, {REMEDY}"))
        })?;
        let certificate = pem::decode(pem::CERTIFICATE, certificate)
            .and_then(|der| Certificate::from_der(der).ok())
            .ok_or_else(|| {
                config_error(format!(
                    "{certificate_file} holds no X.509 certificate in PEM: put the one of {key_file} there, {REMEDY}"
                ))
            })?;
        if certificate.public_key != key.public_key() {
            return Err(config_error(format!(
                "{certificate_file} certifies another key than the one in {key_file}: put the files there that \
                 belong together, {REMEDY}"
            )));
        }
        Ok(KeyPair { key, certificate })
    }

    /// Writes both files; other processes see each whole or not at all.
    pub(super) fn write(&self, pair: &KeyPair) -> io::Result<()> {
        let key = pem::encode(pem::PRIVATE_KEY, pair.key.to_pkcs8().as_bytes());
        let certificate = pem::encode(pem::CERTIFICATE, &pair.certificate.der);
        write_temporary(&self.key, &key, 0o600)?;
        write_temporary(&self.certificate, &certificate, 0o644)?;
        fs::rename(temporary(&self.key), &self.key)?;
        fs::rename(temporary(&self.certificate), &self.certificate)?;
        File::open(self.key.parent().unwrap_or(Path::new(".")))?.sync_all()
    }

    /// Does the second rename of [`KeyPairFiles::write`] after a crash between the two.
    pub(super) fn finish_interrupted(&self) {
        let certificate = temporary(&self.certificate);
        let pair = Self { kind: self.kind, key: self.key.clone(), certificate };
        if !self.certificate.exists() && matches!(pair.read_complete(), Ok(Some(_))) {
            // When this fails, the half pair is reported.
            let _ = fs::rename(&pair.certificate, &self.certificate);
        }
    }
}

/// The file that is written, and then renamed to `file`.
fn temporary(file: &Path) -> PathBuf {
    let name = file.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    file.with_file_name(format!(".{name}.new"))
}

fn write_temporary(file: &Path, content: &str, mode: u32) -> io::Result<()> {
    let path = temporary(file);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    file.set_permissions(Permissions::from_mode(mode))?;
    file.write_all(content.as_bytes())?;
    file.sync_all()
}

/// The text; `None` when there is no such file.
fn read_file(path: &Path) -> Result<Option<String>, Failure> {
    let shown = path.display();
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        // A link to nothing is somebody's file too: it must not be replaced by a new key.
        Err(error) if error.kind() == ErrorKind::NotFound && !path.is_symlink() => return Ok(None),
        Err(error) => return Err(unreadable(path, &error)),
    };
    if !metadata.is_file() {
        return Err(config_error(format!("{shown} is no regular file: put a PEM file there, or remove it")));
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    file.take(MAX_LENGTH + 1).read_to_end(&mut bytes).map_err(|error| unreadable(path, &error))?;
    if bytes.len() as u64 > MAX_LENGTH {
        return Err(config_error(format!(
            "{shown} is larger than 64 KiB: put a PEM file there, or remove it"
        )));
    }
    // Only ASCII matters to PEM; other text may stand around it.
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let shown = path.display();
    match error.kind() {
        ErrorKind::PermissionDenied => Failure::new(
            ExitStatus::NoPermission,
            format!("cannot read {shown}: {error}; make it readable for the user that runs mock-imds"),
        ),
        _ => config_error(format!("cannot read {shown}: {error}; repair the path, or remove it")),
    }
}

fn config_error(message: String) -> Failure {
    Failure::new(ExitStatus::Config, message)
}

//! The two files of a leaf: how they are read, checked and written.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::certificate::Certificate;
use super::keys::PrivateKey;
use super::ring::KeyPair;
use super::{SignatureKind, pem};
use crate::exit::{ExitStatus, Failure};

/// Bytes that are read of a key or certificate file; a real one has less than 4 KiB.
const LIMIT: u64 = 64 * 1024;
const REMEDY: &str = "or remove both files and a new pair is made at the next start";

/// The files of one pair.
pub(super) struct KeyPairFiles {
    leaf: SignatureKind,
    key: PathBuf,
    certificate: PathBuf,
}

impl KeyPairFiles {
    pub(super) fn of(directory: &Path, leaf: SignatureKind) -> Self {
        let name = leaf.name();
        Self {
            leaf,
            key: directory.join(format!("{name}.key")),
            certificate: directory.join(format!("{name}.pem")),
        }
    }

    /// The pair, when both files are there.
    pub(super) fn whole(&self) -> Result<Option<KeyPair>, Failure> {
        match (read(&self.key)?, read(&self.certificate)?) {
            (Some(key), Some(certificate)) => self.parse(&key, &certificate).map(Some),
            _ => Ok(None),
        }
    }

    /// The pair, `None` when neither file is there, a failure when only one is.
    pub(super) fn pair(&self) -> Result<Option<KeyPair>, Failure> {
        let half = |there: &Path, missing: &Path| {
            let (there, missing) = (there.display(), missing.display());
            config(format!(
                "{there} is there, {missing} is not: put that one there too, or remove the other and a new pair is \
                 made at the next start"
            ))
        };
        match (read(&self.key)?, read(&self.certificate)?) {
            (Some(key), Some(certificate)) => self.parse(&key, &certificate).map(Some),
            (None, None) => Ok(None),
            (Some(_), None) => Err(half(&self.key, &self.certificate)),
            (None, Some(_)) => Err(half(&self.certificate, &self.key)),
        }
    }

    fn parse(&self, key: &str, certificate: &str) -> Result<KeyPair, Failure> {
        let (name, bits) = (self.leaf.name(), self.leaf.bits());
        let (key_file, certificate_file) = (self.key.display(), self.certificate.display());
        let key = pem::decode(pem::PRIVATE_KEY, key).ok_or_else(|| {
            config(format!(
                "{key_file} holds no PEM block \"PRIVATE KEY\": put an unencrypted PKCS#8 key there (openssl pkcs8 \
                 -topk8 -nocrypt converts other forms), {REMEDY}"
            ))
        })?;
        let key = PrivateKey::from_pkcs8(self.leaf, &key).map_err(|found| {
            config(format!("{key_file} {found}, {name} needs {bits}: put such a key there, {REMEDY}"))
        })?;
        let certificate = pem::decode(pem::CERTIFICATE, certificate)
            .and_then(|der| Certificate::from_der(der).ok())
            .ok_or_else(|| {
                config(format!(
                    "{certificate_file} holds no X.509 certificate in PEM: put the one of {key_file} there, {REMEDY}"
                ))
            })?;
        if certificate.public_key != key.public_key() {
            return Err(config(format!(
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
        prepare(&self.key, &key, 0o600)?;
        prepare(&self.certificate, &certificate, 0o644)?;
        fs::rename(prepared(&self.key), &self.key)?;
        fs::rename(prepared(&self.certificate), &self.certificate)?;
        File::open(self.key.parent().unwrap_or(Path::new(".")))?.sync_all()
    }

    /// After a crash between the two renames of [`KeyPairFiles::write`]: the second one.
    pub(super) fn finish_interrupted(&self) {
        let certificate = prepared(&self.certificate);
        let pair = Self { leaf: self.leaf, key: self.key.clone(), certificate };
        if !self.certificate.exists() && matches!(pair.whole(), Ok(Some(_))) {
            // When this fails, the half pair is reported.
            let _ = fs::rename(&pair.certificate, &self.certificate);
        }
    }
}

/// The name under which a file is written before it gets its own.
fn prepared(file: &Path) -> PathBuf {
    let name = file.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    file.with_file_name(format!(".{name}.new"))
}

fn prepare(file: &Path, content: &str, mode: u32) -> io::Result<()> {
    let path = prepared(file);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    file.set_permissions(Permissions::from_mode(mode))?;
    file.write_all(content.as_bytes())?;
    file.sync_all()
}

/// The text of a key or certificate file; `None` when there is no such file.
fn read(path: &Path) -> Result<Option<String>, Failure> {
    let shown = path.display();
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        // A link to nothing is somebody's file too: it must not be replaced by a new key.
        Err(error) if error.kind() == ErrorKind::NotFound && !path.is_symlink() => return Ok(None),
        Err(error) => return Err(unreadable(path, &error)),
    };
    if !metadata.is_file() {
        return Err(config(format!("{shown} is no regular file: put a PEM file there, or remove it")));
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    file.take(LIMIT + 1).read_to_end(&mut bytes).map_err(|error| unreadable(path, &error))?;
    if bytes.len() as u64 > LIMIT {
        return Err(config(format!("{shown} is larger than 64 KiB: put a PEM file there, or remove it")));
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
        _ => config(format!("cannot read {shown}: {error}; repair the path, or remove it")),
    }
}

fn config(message: String) -> Failure {
    Failure::new(ExitStatus::Config, message)
}

//! `mock-imds import DIR|FILE`: finds out what it is.

use std::path::Path;

use super::import_dump::{self, ImportSource};
use super::{import_aemm, import_ec2, output};
use crate::cli::{ImportArgs, ImportFormat};
use crate::exit::{ExitStatus, Failure};

/// Extensions of files that only amazon-ec2-metadata-mock has among those that are read.
const OF_AEMM: [&str; 2] = ["yaml", "yml"];

/// The names of its own files, which may say nothing at all.
const NAMES_OF_AEMM: [&str; 2] = ["aemm-config", ".aemm-config-used"];

pub(crate) fn exec(import: &ImportArgs) -> Result<(), Failure> {
    match (&import.format, &import.path) {
        (Some(ImportFormat::Aemm(args)), _) => import_aemm::exec(args),
        (Some(ImportFormat::Dump(args)), _) => import_dump::exec(args),
        (Some(ImportFormat::Ec2(args)), _) => import_ec2::exec(args),
        (None, Some(path)) => any(path, import),
        (None, None) => Err(Failure::new(ExitStatus::Usage, "import: name a file or a directory")),
    }
}

fn any(path: &Path, import: &ImportArgs) -> Result<(), Failure> {
    output::check_writable(&import.output)?;
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    if extension == "toml" {
        let found = "a .toml file is a scenario, or amazon-ec2-metadata-mock's: `mock-imds check` reads the one, `mock-imds import aemm` the other";
        return Err(import_dump::not_importable(path, found));
    }
    let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
    let is_aemm = (OF_AEMM.contains(&extension) || NAMES_OF_AEMM.contains(&name)) && path.is_file();
    let source = if is_aemm {
        ImportSource::AemmConfig
    } else {
        import_dump::recognise(path, &import.secrets, &import.list)?
    };
    match source {
        ImportSource::Metadata(reading) => {
            unfit(
                path,
                reading.shape,
                &[("--mode", import.aemm.mode.is_some()), ("--exact", import.aemm.exact)],
            )?;
            import_dump::write(path, *reading, "mock-imds import", &import.output)
        }
        ImportSource::AemmConfig => {
            let kind = "a configuration of amazon-ec2-metadata-mock, whose user data is always taken along";
            unfit(path, kind, &[("--with-user-data", import.secrets.with_user_data)])?;
            let kind = "a configuration of amazon-ec2-metadata-mock, which is of one instance";
            unfit(path, kind, &[("--instance", import.list.instance.is_some())])?;
            let with_credentials = import.secrets.credentials.with_credentials;
            import_aemm::convert(path, &import.aemm, with_credentials, &import.output)
        }
    }
}

/// Refuses options that mean nothing for the kind of file that was found.
fn unfit(path: &Path, kind: &str, options: &[(&str, bool)]) -> Result<(), Failure> {
    match options.iter().find(|(_, is_set)| *is_set) {
        Some((option, _)) => Err(Failure::new(
            ExitStatus::Usage,
            format!("{option} does not go with {}: it is {kind}; leave the option out", path.display()),
        )),
        None => Ok(()),
    }
}

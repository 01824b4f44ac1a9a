//! `mock-imds schema`: the JSON Schema of a file, for editors.

use super::print::print_bytes;
use crate::cli::SchemaArgs;
use crate::exit::Failure;
use crate::schema;

pub(crate) fn exec(args: &SchemaArgs) -> Result<(), Failure> {
    print_bytes(schema::text(args.subject).as_bytes())
}

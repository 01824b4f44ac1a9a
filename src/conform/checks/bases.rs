//! The sources that several tables of checks cite: pages of the EC2 User Guide, and published captures.

use crate::conform::check::Basis;

/// The guide's table of categories.
pub(super) const CATEGORIES: Basis = Basis::Documented("EC2 User Guide, Instance metadata categories");
pub(super) const RETRIEVAL: Basis = Basis::Documented("EC2 User Guide, Access instance metadata");
pub(super) const TOKENS: Basis = Basis::Documented("EC2 User Guide, Use the Instance Metadata Service");
pub(super) const IDENTITY_DOCUMENTS: Basis =
    Basis::Documented("EC2 User Guide, Verify instance identity documents");
pub(super) const CAPTURES: Basis = Basis::Observed("published captures of Nitro instances, 2019 to 2024");

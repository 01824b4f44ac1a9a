//! A scenario: everything that a file says, and the defaults of what it does not say.

/// What is served. The default is the built-in instance.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scenario {}

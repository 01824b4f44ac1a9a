//! Its tests are what matters.

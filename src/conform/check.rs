//! A check: what is asked, what is expected, why, and who depends on it.

use serde::Serialize;
use strum::VariantArray as _;

use super::expectation::Expectation;
use super::finding::Judgement;
use super::forms::ValueForm;
use super::probe::CheckProbe;
use super::service::ServiceUnderTest;

/// What a check is about. The reports have them in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, strum::VariantArray, strum::IntoStaticStr)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub(crate) enum CheckGroup {
    /// The list of versions, and the tree as of a version.
    Versions,
    /// Directories, slashes, and what is listed.
    Listings,
    /// Values below `meta-data` and `dynamic`.
    Leaves,
    /// Values of network interfaces.
    Interfaces,
    /// `PUT /latest/api/token`, and requests with tokens.
    Tokens,
    /// Statuses and bodies of errors.
    Errors,
    /// Headers of answers.
    Headers,
    /// Bytes on the connection, and time.
    Framing,
    /// The identity document and its signatures.
    Identity,
    /// Keys of the role and of the instance.
    Credentials,
    /// Facts that stand at two places.
    Consistency,
    /// Interruption notices.
    Spot,
    /// Scheduled maintenance, rebalance recommendations, lifecycle states.
    Events,
}

impl CheckGroup {
    pub(crate) fn all() -> &'static [Self] {
        Self::VARIANTS
    }

    pub(crate) fn name(self) -> &'static str {
        self.into()
    }
}

/// How sure an expectation is, and where it is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Basis {
    /// AWS documents it.
    Documented(&'static str),
    /// Published captures of instances show it.
    Observed(&'static str),
    /// Sources of widespread clients need it.
    ReliedOn(&'static str),
}

impl Basis {
    /// One word for the kind.
    pub(crate) fn confidence(self) -> &'static str {
        match self {
            Self::Documented(_) => "documented",
            Self::Observed(_) => "observed",
            Self::ReliedOn(_) => "relied-on",
        }
    }

    /// The document, the captures, or the clients.
    pub(crate) fn source(self) -> &'static str {
        match self {
            Self::Documented(source) | Self::Observed(source) | Self::ReliedOn(source) => source,
        }
    }
}

/// A check of the suite.
#[derive(Debug, Clone)]
pub(crate) struct ConformanceCheck {
    /// Unique, of small letters, digits, dots and dashes.
    pub name: String,
    pub group: CheckGroup,
    /// The request, or the paths.
    pub asked: String,
    /// What a service that conforms answers.
    pub expected: String,
    pub basis: Basis,
    /// The clients that fail, or act wrongly, where this is not so. Empty if none is known.
    pub breaks: &'static str,
    pub(super) test: CheckTest,
}

/// How a check is carried out.
#[derive(Debug, Clone)]
pub(super) enum CheckTest {
    /// All expectations hold of the answer to one request.
    Answer(CheckProbe, &'static [Expectation]),
    /// GET answers 200.
    Answers(String),
    /// Facts are compared.
    Facts(fn(&mut ServiceUnderTest<'_>) -> Judgement),
    /// The value at a path has its form; if the path ends in `{each}`, all that the directory lists.
    Form(String, ValueForm),
    /// The value of each interface has its form; `always`: each interface has one.
    InterfaceForm { leaf: &'static str, form: ValueForm, always: bool },
    /// A path is listed by its directory, if and only if it answers.
    ListedIfThere { directory: String, name: &'static str },
    /// Before this version the path answers 404.
    Since { below: &'static str, introduced: &'static str },
}

/// A row of a table. Its group is that of the table.
pub(super) struct CheckRow {
    pub(super) name: &'static str,
    /// What is asked, if the test does not say.
    pub(super) asked: &'static str,
    /// What is expected, if the test does not say.
    pub(super) expected: &'static str,
    pub(super) basis: Basis,
    pub(super) breaks: &'static str,
    pub(super) test: RowTest,
}

pub(super) enum RowTest {
    Answer(CheckProbe, &'static [Expectation]),
    Facts(fn(&mut ServiceUnderTest<'_>) -> Judgement),
}

/// A row whose expectations are about one answer.
pub(super) const fn answer(
    name: &'static str,
    probe: CheckProbe,
    expectations: &'static [Expectation],
    basis: Basis,
    breaks: &'static str,
) -> CheckRow {
    CheckRow { name, asked: "", expected: "", basis, breaks, test: RowTest::Answer(probe, expectations) }
}

/// A row that needs a function.
pub(super) const fn facts(
    name: &'static str,
    asked: &'static str,
    expected: &'static str,
    test: fn(&mut ServiceUnderTest<'_>) -> Judgement,
    basis: Basis,
    breaks: &'static str,
) -> CheckRow {
    CheckRow { name, asked, expected, basis, breaks, test: RowTest::Facts(test) }
}

impl CheckRow {
    pub(super) fn check(&self, group: CheckGroup) -> ConformanceCheck {
        let (asked, expected, test) = match &self.test {
            RowTest::Answer(probe, expectations) => {
                let expected: Vec<String> = expectations.iter().map(ToString::to_string).collect();
                (probe.to_string(), expected.join("; "), CheckTest::Answer(*probe, expectations))
            }
            RowTest::Facts(test) => {
                (self.asked.to_owned(), self.expected.to_owned(), CheckTest::Facts(*test))
            }
        };
        let (name, basis, breaks) = (self.name.to_owned(), self.basis, self.breaks);
        ConformanceCheck { name, group, asked, expected, basis, breaks, test }
    }
}

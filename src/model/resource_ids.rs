//! Ids of resources and accounts. Those of EC2's form are usual; others are taken, and told apart.

use std::fmt;
use std::str::FromStr;

use super::ids::{Accepted, identifier, is_token};

/// An id whose form on EC2 is known. One of another form is taken all the same: the ids of tests have any form.
pub(crate) trait UsualForm: FromStr {
    /// The form on EC2, which follows "as on EC2: " in messages.
    const USUAL: &'static str;

    /// Whether it has the form that it has on EC2.
    fn has_usual_form(&self) -> bool;
}

/// Makes a struct around a `String` an id of any visible form, with EC2's form and its rule.
macro_rules! lenient_identifier {
    ($name:ident, $usual:expr, $form:literal) => {
        identifier!(
            $name,
            |t| is_token(t, 64),
            concat!($form, "; an id of another form: up to 64 letters, digits and - _ . : that start with a letter or a digit")
        );

        impl UsualForm for $name {
            const USUAL: &'static str = $form;

            fn has_usual_form(&self) -> bool {
                let usual: fn(&str) -> bool = $usual;
                usual(&self.0)
            }
        }
    };
}

/// `i-` and 8 or 17 hexadecimal digits, or another token.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceId(String);
lenient_identifier!(
    InstanceId,
    |t| resource_id(t, "i-"),
    "\"i-\" and 8 or 17 lower-case hexadecimal digits, such as \"i-1234567890abcdef0\""
);

/// `ami-` and 8 or 17 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AmiId(String);
lenient_identifier!(
    AmiId,
    |t| resource_id(t, "ami-"),
    "\"ami-\" and 8 or 17 lower-case hexadecimal digits, such as \"ami-0a887e401f7654935\""
);

/// `r-` and 8 or 17 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReservationId(String);
lenient_identifier!(
    ReservationId,
    |t| resource_id(t, "r-"),
    "\"r-\" and 8 or 17 lower-case hexadecimal digits, such as \"r-046cb3eca3e201d2f\""
);

/// `eni-` and 8 or 17 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InterfaceId(String);
lenient_identifier!(
    InterfaceId,
    |t| resource_id(t, "eni-"),
    "\"eni-\" and 8 or 17 lower-case hexadecimal digits, such as \"eni-0f95d3625f5c521cc\""
);

/// `subnet-` and 8 or 17 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubnetId(String);
lenient_identifier!(
    SubnetId,
    |t| resource_id(t, "subnet-"),
    "\"subnet-\" and 8 or 17 lower-case hexadecimal digits, such as \"subnet-0ac62554\""
);

/// `vpc-` and 8 or 17 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VpcId(String);
lenient_identifier!(
    VpcId,
    |t| resource_id(t, "vpc-"),
    "\"vpc-\" and 8 or 17 lower-case hexadecimal digits, such as \"vpc-d295a6a7\""
);

/// `sg-` and 8 or 17 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecurityGroupId(String);
lenient_identifier!(
    SecurityGroupId,
    |t| resource_id(t, "sg-"),
    "\"sg-\" and 8 or 17 lower-case hexadecimal digits, such as \"sg-0b07f8f6cb485d4df\""
);

/// The id of an account: twelve digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(String);
lenient_identifier!(
    AccountId,
    |t| t.len() == 12 && t.bytes().all(|b| b.is_ascii_digit()),
    "12 digits, such as \"123456789012\""
);

/// `aki-` and 8 or 17 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KernelId(String);
lenient_identifier!(
    KernelId,
    |t| resource_id(t, "aki-"),
    "\"aki-\" and 8 or 17 lower-case hexadecimal digits, such as \"aki-5c21674b\""
);

/// `ari-` and 8 or 17 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RamdiskId(String);
lenient_identifier!(
    RamdiskId,
    |t| resource_id(t, "ari-"),
    "\"ari-\" and 8 or 17 lower-case hexadecimal digits, such as \"ari-01bb5768\""
);

/// `h-` and 8 or 17 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostId(String);
lenient_identifier!(
    HostId,
    |t| resource_id(t, "h-"),
    "\"h-\" and 8 or 17 lower-case hexadecimal digits, such as \"h-0da999999f9999fb9\""
);

/// Whether a text is `prefix` and 8 or 17 lower-case hexadecimal digits.
fn resource_id(text: &str, prefix: &str) -> bool {
    let lower_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    text.strip_prefix(prefix).is_some_and(|rest| matches!(rest.len(), 8 | 17) && rest.bytes().all(lower_hex))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_no_characters_that_mean_something_elsewhere() {
        assert!("i-1234567890abcdef0".parse::<InstanceId>().is_ok());
        assert!("i-1234abcd".parse::<InstanceId>().is_ok());
        for wrong in ["", "-", "i 123", "i/123", "i-1\n", "\u{fc}", &"i".repeat(65)] {
            assert!(wrong.parse::<InstanceId>().is_err(), "{wrong:?} was accepted as an instance id");
        }
    }

    #[test]
    fn ids_of_other_forms_are_taken_and_told_apart() {
        let usual = |text: &str| text.parse::<InstanceId>().expect(text).has_usual_form();
        assert!(usual("i-1234567890abcdef0") && usual("i-1234abcd"));
        for other in [
            "i-123",
            "I-1234abcd",
            "i-1234ABCD",
            "i-1234567890abcdefg",
            "ami-1234abcd",
            "mock-instance-id",
            "i-0test123456",
        ] {
            assert!(!usual(other), "{other:?} passed for an id of EC2's");
        }
        let account = |text: &str| text.parse::<AccountId>().expect(text).has_usual_form();
        assert!(account("123456789012") && !account("0123456789"));
    }
}

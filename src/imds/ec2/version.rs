//! API versions: which are served, and what each shows.
//!
//! `GET /` lists them. Under a dated version only what was introduced by then is there.
//! Sources: EC2 User Guide, "Instance metadata categories"; listings of hosts from August 2024 on.

/// A version as a number that orders as versions do: `1.0` first, `latest` last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(u32);

/// The listing of `GET /`, in its order.
pub const SERVED: [&str; 29] = [
    "1.0",
    "2007-01-19",
    "2007-03-01",
    "2007-08-29",
    "2007-10-10",
    "2007-12-15",
    "2008-02-01",
    "2008-09-01",
    "2009-04-04",
    "2011-01-01",
    "2011-05-01",
    "2012-01-12",
    "2014-02-25",
    "2014-11-05",
    "2015-10-20",
    "2016-04-19",
    "2016-06-30",
    "2016-09-02",
    "2018-03-28",
    "2018-08-17",
    "2018-09-24",
    "2019-10-01",
    "2020-10-27",
    "2021-01-03",
    "2021-03-23",
    "2021-07-15",
    "2022-09-24",
    "2024-04-11",
    "latest",
];

impl Version {
    /// `1.0`, which has everything that was always there.
    pub(crate) const FIRST: Self = Self(0);
    /// `latest`, which has everything.
    pub(crate) const LATEST: Self = Self(u32::MAX);

    /// A version or an introduction date: a date need not be a served version.
    pub(crate) const fn of(name: &str) -> Self {
        let bytes = name.as_bytes();
        if bytes.len() == 10 {
            let mut number = 0;
            let mut at = 0;
            while at < 10 {
                if at != 4 && at != 7 {
                    number = number * 10 + (bytes[at] - b'0') as u32;
                }
                at += 1;
            }
            Self(number)
        } else if bytes.len() == 3 {
            Self::FIRST
        } else {
            Self::LATEST
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_order_from_first_to_latest() {
        let numbers: Vec<Version> = SERVED.iter().map(|name| Version::of(name)).collect();
        assert!(numbers.is_sorted(), "{numbers:?}");
        assert_eq!(numbers.first(), Some(&Version::FIRST));
        assert_eq!(numbers.last(), Some(&Version::LATEST));
        assert_eq!(Version::of("2016-11-30"), Version(20_161_130));
    }
}

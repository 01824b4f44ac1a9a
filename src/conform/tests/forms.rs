//! Which texts have a form.

use crate::conform::all_checks;
use crate::conform::forms::{self, ValueForm, region_of};

type Case = (ValueForm, &'static [&'static str], &'static [&'static str]);

#[track_caller]
fn judged(cases: &[Case]) {
    for (form, of_it, others) in cases {
        let all = of_it.iter().map(|text| (text, true)).chain(others.iter().map(|text| (text, false)));
        for (text, expected) in all {
            assert_eq!((form.holds)(text), expected, "{text:?} as {:?}", form.what);
        }
    }
}

#[test]
fn ids_and_numbers_have_their_forms() {
    judged(&[
        (
            forms::AMI,
            &["ami-0123abcd", "ami-0123456789abcdef0"],
            &[
                "",
                "ami-",
                "ami-0123abc",
                "ami-0123abcde",
                "ami-0123ABCD",
                "ami-0123abcg",
                "i-0123abcd",
                "ami-0123abcd\n",
            ],
        ),
        (
            forms::AMIS,
            &["ami-0123abcd", "ami-0123abcd\nami-0123abce"],
            &["", "ami-0123abcd\n", "ami-0123abcd\ni-0123abcd"],
        ),
        (forms::GROUP_IDS, &["sg-0123abcd\nsg-0123abce"], &["", "sg-0123abcd,sg-0123abce"]),
        (forms::ACCOUNT, &["111122223333"], &["11112222333", "1111222233334", "11112222333a", ""]),
        (forms::NUMBER, &["0", "17"], &["", "-1", "1a", "1\n"]),
        (
            forms::INSTANCE_TYPE,
            &["m5.large", "u-6tb1.metal"],
            &["", "m5", "m5.", ".large", "M5.large", "m5.large\n"],
        ),
        (forms::PROFILE, &["default-hvm"], &["default-", "hvm", "default-HVM"]),
        (forms::PARTITION, &["aws", "aws-cn", "aws-us-gov"], &["", "amazon", "aws-CN", "aws_cn", "awsx"]),
        (
            forms::INSTANT,
            &["2026-01-15T12:00:00Z"],
            &[
                "",
                "2026-01-15T12:00:00.5Z",
                "2026-01-15T12:00:00+00:00",
                "2026-01-15 12:00:00Z",
                "2026-99-15T12:00:00Z",
                "2026-01-15T12:00Z",
            ],
        ),
    ]);
}

#[test]
fn addresses_have_their_forms() {
    judged(&[
        (forms::IPV4, &["10.0.0.5"], &["", "10.0.0", "10.0.0.5\n", "2001:db8::5"]),
        (forms::IPV6, &["2001:db8::5", "fe80::1"], &["", "10.0.0.5", "2001:db8::5/64"]),
        (forms::IPV4S, &["10.0.0.5", "10.0.0.5\n10.0.0.6"], &["", "10.0.0.5\n", "10.0.0.5 10.0.0.6"]),
        (forms::IPV6S, &["2001:db8::5\n2001:db8::6"], &["", "2001:db8::5\n10.0.0.5"]),
        (forms::CIDR4, &["10.0.0.0/16"], &["", "10.0.0.0", "10.0.0.0/33", "2001:db8::/64"]),
        (forms::CIDR4S, &["10.0.0.0/16\n10.1.0.0/16"], &["", "10.0.0.0/16\n"]),
        (
            forms::CIDR6S,
            &["2001:db8::/56", "2001:db8::/56\n2001:db8:1::/56"],
            &["", "2001:db8::", "10.0.0.0/16"],
        ),
        (
            forms::MAC,
            &["0e:49:61:0f:c3:11"],
            &[
                "",
                "0E:49:61:0F:C3:11",
                "0e:49:61:0f:c3",
                "0e:49:61:0f:c3:1",
                "0e:49:61:0f:c3:11:22",
                "0g:49:61:0f:c3:11",
                "0e49610fc311",
            ],
        ),
        (forms::HOST_NAME, &["a.example", "a.example b.example"], &["", " ", "a_b", "a  b", "a.example "]),
        (forms::PUBLIC_NAME, &["", "a.example"], &["a b", "a_b"]),
        (forms::DOMAIN, &["amazonaws.com"], &["", "amazonaws", "amazon_aws.com"]),
    ]);
}

#[test]
fn places_have_their_forms() {
    judged(&[
        (
            forms::REGION,
            &["us-east-2", "us-gov-west-1", "ap-southeast-10"],
            &["", "us-east", "useast-2", "us-east-x", "us-EAST-2", "us-east-", "us-e1st-2"],
        ),
        (
            forms::ZONE,
            &["us-east-2b", "us-west-2-lax-1a", "us-gov-west-1a"],
            &["", "us-east-2", "us-east-2B", "us-west-2-lax-1", "a", "b2-a"],
        ),
        (
            forms::ZONE_ID,
            &["use2-az2", "usw2-lax1-az1"],
            &["", "use2", "use2-az", "use2-azx", "us-az1", "USE2-az1"],
        ),
        (forms::DEVICE, &["sda1", "/dev/xvda", "dm-0", "a_b"], &["", "sd a", "/dev/xvda\n", "sd:a"]),
    ]);
    for (zone, region) in [
        ("us-east-2b", Some("us-east-2")),
        ("us-west-2-lax-1a", Some("us-west-2")),
        ("us-east-2", None),
        ("elsewhere", None),
        ("x-y-1", None),
    ] {
        assert_eq!(region_of(zone), region, "{zone}");
    }
}

#[test]
fn texts_have_their_forms() {
    judged(&[
        (forms::LINE, &["a", " a"], &["", "  ", "a\n", "a\nb", "a\r"]),
        (forms::LINES, &["a", "a\nb"], &["", "a\n", "a\n\nb", "a\r\nb"]),
        (forms::VALUE, &["", "a", "a\nb"], &["a\n", "\n"]),
        (forms::MANIFEST, &["(unknown)", "bucket/image.xml"], &["", "a\n"]),
        (
            forms::PUBLIC_KEY,
            &["ssh-rsa AAAA me\n"],
            &["", "ssh-rsa AAAA me", "ssh-rsa\n", "ssh-rsa A a\nssh-rsa B b\n", "\n"],
        ),
        (forms::JSON_OBJECT, &["{}", "{\"a\": 1}"], &["", "{}\n", "[]", "{", "1"]),
        (forms::JSON_ARRAY, &["[]", "[\n]"], &["", "[]\n", "{}", "["]),
        (forms::BASE64, &["AAA=", "AA+/\nBBBB"], &["", "AAA=\n", "AA\n\nBB", "AA A", "AA-_"]),
        (forms::LIFECYCLE, &["InService", "Warmed:Stopped"], &["", "Warmed:InService", "inservice"]),
        (forms::XML, &["<?xml version=\"1.0\" encoding=\"UTF-8\"?>"], &["", "<?xml version=\"1.0\"?>"]),
    ]);
}

/// A check that asks for another leaf than its name says finds nothing, or what is another's.
#[test]
fn checks_of_an_interface_ask_for_the_leaf_of_their_name() {
    let mut found = 0;
    for check in all_checks() {
        let Some(leaf) = check.name.strip_prefix("since-interface-") else { continue };
        let expected = format!("/meta-data/network/interfaces/macs/{{mac}}/{leaf},");
        assert!(
            check.asked.contains(&expected),
            "{}: expected {expected:?} in {:?}",
            check.name,
            check.asked
        );
        found += 1;
    }
    assert!(found >= 5, "expected 5 such checks or more, found {found}");
}

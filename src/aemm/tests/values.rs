//! Numbers, times and lists of settings, and what of them is no problem.

use super::*;

#[test]
fn a_whole_number_keeps_all_its_digits() {
    for text in ["9007199254740993", "-9007199254740993", "18446744073709551615", "0", "-1"] {
        assert_eq!(plain(&serde_json::from_str(text).expect("a number")), text);
    }
    for (text, expected) in [("1e3", "1000"), ("-0.5", "-0.5"), ("2.0", "2")] {
        assert_eq!(plain(&serde_json::from_str(text).expect("a number")), expected);
    }
}

#[test]
fn a_time_has_24_hours_of_60_minutes_of_60_seconds() {
    for (text, expected) in [
        ("2020-01-07T23:59:59Z", true),
        ("2020-01-07T24:00:00Z", false),
        ("2020-01-07T25:00:00Z", false),
        ("2020-01-07T01:60:00Z", false),
        ("2020-01-07T01:61:00Z", false),
        ("2020-01-07T01:00:60Z", false),
        ("2020-01-07T01:00:61Z", false),
        ("2020-01-07T01:00:00+24:60", true),
        ("2020-01-07T01:00:00+25:00", false),
        ("2020-01-07T01:00:00+00:61", false),
        ("2020-01-07T01:00:00+01:00x", false),
    ] {
        assert_eq!(go::is_rfc3339(text), expected, "{text}");
    }
    for (text, expected) in [
        ("1970-01-01T01:02:03Z", 3_723),
        ("1970-01-01T01:02:03+01:02", 3),
        ("1970-01-01T01:02:03-01:02", 7_443),
        ("1970-01-02T00:00:00Z", 86_400),
    ] {
        assert_eq!(go::instant(text).map(jiff::Timestamp::as_second), Some(expected), "{text}");
    }
}

#[test]
fn an_empty_list_says_nothing_where_an_object_may_be() {
    let with = |file: Value| {
        let Value::Object(file) = file else { panic!("no object") };
        decode(&AemmSettings::defaults().with_file(file), AemmMode::All)
    };
    for key in ["spot", "server", "events"] {
        assert!(with(json!({ key: [] })).is_ok(), "{key}");
        let why = with(json!({ key: [1] })).expect_err("a list is no object");
        assert!(why.ends_with(&format!("\n* '{key}' must be an object; got [1]")), "{why}");
    }
}

#[test]
fn a_text_is_a_list_of_what_stands_between_its_commas() {
    let list = |text: &str| {
        let document = json!({ "marketplaceproductcodes": text });
        let file = json!({ "dynamic": { "values": { "instance-identity-document": document } } });
        let Value::Object(file) = file else { panic!("no object") };
        let config = decode(&AemmSettings::defaults().with_file(file), AemmMode::All).expect("it is valid");
        let Some(ConfigValue::Object(fields)) = config.dynamic.values.get("instance-identity-document")
        else {
            panic!("no document")
        };
        let codes = fields.iter().find(|(name, _)| name.eq_ignore_ascii_case("marketplaceproductcodes"));
        codes.map(|(_, value)| value.clone())
    };
    let texts =
        |texts: &[&str]| Some(ConfigValue::List(texts.iter().map(|text| (*text).to_owned()).collect()));
    assert_eq!(list(""), texts(&[]));
    assert_eq!(list("a"), texts(&["a"]));
    assert_eq!(list("a,b"), texts(&["a", "b"]));
}

#[test]
fn exactly_a_hundred_problems_are_all_listed() {
    let with = |count: usize| {
        let codes: Vec<Value> = (0..count).map(|_| json!({})).collect();
        let document = json!({ "marketplaceproductcodes": codes });
        let file = json!({ "dynamic": { "values": { "instance-identity-document": document } } });
        let Value::Object(file) = file else { panic!("no object") };
        decode(&AemmSettings::defaults().with_file(file), AemmMode::All).expect_err("none is a text")
    };
    for (count, listed, more) in
        [(99, 99, None), (100, 100, None), (101, 101, Some("\n* 1 more are not listed"))]
    {
        let found = with(count);
        assert_eq!(found.matches("\n* ").count(), listed, "{found}");
        assert_eq!(found.contains("not listed"), more.is_some(), "{found}");
        assert!(more.is_none_or(|more| found.ends_with(more)), "{found}");
    }
}

#[test]
fn a_number_turns_a_switch_on_unless_it_is_zero() {
    for (value, expected) in [
        (json!(1), true),
        (json!(-1), true),
        (json!(0.5), true),
        (json!(0), false),
        (json!(0.0), false),
        (json!(""), false),
        (json!("t"), true),
        (json!("0"), false),
        (Value::Null, false),
    ] {
        let Value::Object(file) = json!({ "imdsv2": value }) else { panic!("no object") };
        let config = decode(&AemmSettings::defaults().with_file(file), AemmMode::All);
        assert_eq!(config.map(|config| config.imdsv2), Ok(expected), "{value}");
    }
}

//! YAML and TOML: words, numbers and depth, as the original's libraries take them.

use super::*;

fn yaml(text: &str) -> Result<Value, String> {
    file::parse("yaml", text).map(Value::Object)
}

#[test]
fn switches_and_nothing_have_three_spellings_each() {
    for (text, expected) in [
        ("true", json!(true)),
        ("True", json!(true)),
        ("TRUE", json!(true)),
        ("false", json!(false)),
        ("False", json!(false)),
        ("FALSE", json!(false)),
        ("null", Value::Null),
        ("Null", Value::Null),
        ("NULL", Value::Null),
        ("~", Value::Null),
        ("tRUE", json!("tRUE")),
        ("'false'", json!("false")),
        ("!!str false", json!("false")),
        ("-7", json!(-7)),
        ("+7", json!(7)),
        (".5", json!(0.5)),
        ("7 days", json!("7 days")),
    ] {
        assert_eq!(yaml(&format!("a: {text}\n")), Ok(json!({ "a": expected })), "{text}");
    }
}

#[test]
fn an_alias_is_a_key_as_any_other() {
    assert_eq!(yaml("a: &k name\n*k : 2\n"), Ok(json!({ "a": "name", "name": 2 })));
    assert_eq!(yaml("a: &k 7\nb: {*k : 2}\n"), Ok(json!({ "a": 7, "b": { "7": 2 } })));
    assert_eq!(yaml("? [a]\n: 1\n"), Err("While parsing config: yaml: a key is no text".to_owned()));
}

#[test]
fn a_document_has_64_levels_below_the_first_at_most() {
    let deep = "While parsing config: yaml: more than 64 levels";
    let list = |levels: usize| yaml(&format!("a: {}{}\n", "[".repeat(levels), "]".repeat(levels)));
    assert!(list(64).is_ok(), "{:?}", list(64).err());
    assert_eq!(list(65), Err(deep.to_owned()));
    assert_eq!(list(66), Err(deep.to_owned()));
    let object = |levels: usize| yaml(&format!("{}{}\n", "{a: ".repeat(levels), "}".repeat(levels)));
    assert!(object(64).is_ok(), "{:?}", object(64).err());
    assert_eq!(object(65), Err(deep.to_owned()));
    assert_eq!(object(66), Err(deep.to_owned()));
}

/// Each value is counted once on its own level and once on each above it.
#[test]
fn a_document_has_100_000_values_at_most() {
    let grown = Err("While parsing config: yaml: document contains excessive aliasing".to_owned());
    let list = |length: usize| format!("[{}]", "x,".repeat(length));
    // One for the outermost object, and one more on its level for each value in it.
    let of = |values: &str| yaml(&format!("a: {values}\n"));
    // 3 n + 3: each element on three levels, the list on two, the object.
    assert!(of(&list(33_332)).is_ok());
    assert_eq!(of(&list(33_333)), grown);
    let exactly = format!("{}\nb: x\nc: x", list(33_331));
    assert!(of(&exactly).is_ok(), "it has 100,000");
    let object = |length: usize| {
        let fields: Vec<String> = (0..length).map(|n| format!("k{n}: x,")).collect();
        format!("{{{}}}", fields.concat())
    };
    assert!(of(&object(33_332)).is_ok());
    assert_eq!(of(&object(33_333)), grown);
}

#[test]
fn toml_has_a_limit_of_its_own_for_brackets() {
    let text = format!("a = {}{}", "[".repeat(201), "]".repeat(201));
    let why = file::parse("toml", &text).expect_err("it is too deep");
    assert_eq!(why, "While parsing config: brackets are nested too deep");
    assert!(file::parse("toml", "a = [[1]]").is_ok());
}

#[test]
fn words_that_only_begin_as_numbers_stay_words() {
    for word in ["x7", "e7", "E5", "-e", "+.", ".", "1e", "1.2.3", "0x", "1 2", "é7", "٣"] {
        assert_eq!(yaml(&format!("a: {word}\n")), Ok(json!({ "a": word })), "{word}");
    }
}

#[test]
fn what_follows_a_document_is_read_to_its_end() {
    assert_eq!(yaml("a: 1\n---\nb: 2\n"), Ok(json!({ "a": 1 })), "the first one counts");
    assert_eq!(yaml("a: 1\n...\n"), Ok(json!({ "a": 1 })));
    for text in ["{a: 1} x\n", "{a: 1}\n}\n", "[1]\n]\n", "a: 1\n...\n}\n"] {
        let why = yaml(text).expect_err("it goes on wrong");
        assert!(why.starts_with("While parsing config: yaml: "), "{text}: {why}");
    }
}

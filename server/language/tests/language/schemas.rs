//! The committed schemas are the print of the types. `UPDATE_SCHEMAS=1` writes them anew.

use std::path::Path;

use copydesk_language::{SCHEMAS, print_schema, schema};

#[test]
fn the_committed_schemas_are_the_generated_ones() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas");
    for name in SCHEMAS {
        let path = folder.join(format!("{name}.schema.json"));
        let generated = print_schema(&schema(name).expect("a schema that is listed"));
        if std::env::var_os("UPDATE_SCHEMAS").is_some() {
            std::fs::write(&path, &generated).expect("a schema is written");
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(committed == generated, "{name} has changed: run the tests with UPDATE_SCHEMAS=1 and commit");
    }
}

#[test]
fn every_key_and_every_word_has_help() {
    for name in SCHEMAS {
        let schema = schema(name).expect("a schema that is listed");
        let mut silent = Vec::new();
        find_silent(&schema, name, &mut silent);
        assert_eq!(silent, Vec::<String>::new());
    }
}

fn find_silent(value: &serde_json::Value, path: &str, silent: &mut Vec<String>) {
    let Some(map) = value.as_object() else {
        for (at, item) in value.as_array().into_iter().flatten().enumerate() {
            find_silent(item, &format!("{path}/{at}"), silent);
        }
        return;
    };
    let conditions = path.ends_with("/if");
    for (name, property) in map.get("properties").and_then(|value| value.as_object()).into_iter().flatten() {
        if property.get("description").is_none() && !conditions {
            silent.push(format!("{path}.{name}"));
        }
    }
    if map.contains_key("const") && !map.contains_key("description") && !path.contains("/if/") {
        silent.push(path.to_owned());
    }
    for (key, value) in map {
        find_silent(value, &format!("{path}/{key}"), silent);
    }
}

#[test]
fn schemas_stand_alone() {
    for name in SCHEMAS {
        let text = schema(name).expect("a schema that is listed").to_string();
        for reference in text.split("\"$ref\":\"").skip(1) {
            assert!(reference.starts_with("#/$defs/"), "{name}: {}", &reference[..40]);
        }
    }
    assert_eq!(schema("nothing"), None);
}

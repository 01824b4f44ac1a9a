//! The `OpenAPI` description of the control socket, `packaging/openapi/control.json`, made of the types in
//! [`api`](super::api), and held against the routes.

mod operations;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value, json};

use super::api::{METRICS, POSITION, REQUESTS, ReadyNotice, Refusal, Rejected};
use super::query::Query;
use super::request_query::RequestQuery;
use super::routes::ROUTES;
use operations::{OPERATIONS, Operation, QueryParameter, RequestBody};

const FILE: &str = "packaging/openapi/control.json";
const SCENARIO_SCHEMA: &str = "packaging/schema/scenario.schema.json";
const DESCRIPTION: &str = "HTTP on the unix socket of a running mock-imds. docs/control-api.md has examples. A connection \
    carries one request. A reader ignores keys that it does not know.";

fn read(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap_or_default()
}

/// Generators of what the server writes, and of what it reads.
struct Generators {
    answers: SchemaGenerator,
    requests: SchemaGenerator,
}

impl Generators {
    fn new() -> Self {
        let mut settings = SchemaSettings::draft2020_12();
        settings.definitions_path = "/components/schemas".into();
        Self {
            answers: settings.clone().for_serialize().into_generator(),
            requests: settings.for_deserialize().into_generator(),
        }
    }

    /// The types that both have met. One that both have met must be the same.
    fn components(mut self) -> Map<String, Value> {
        let mut components = self.answers.take_definitions(true);
        for (name, schema) in self.requests.take_definitions(true) {
            if let Some(other) = components.insert(name.clone(), schema.clone()) {
                assert_eq!(other, schema, "{name} differs as it is read and as it is written");
            }
        }
        components
    }
}

fn document() -> Value {
    let mut generators = Generators::new();
    let refusal = content(generators.answers.subschema_for::<Refusal>());
    let rejected = content(generators.answers.subschema_for::<Rejected>());
    let _ = generators.answers.subschema_for::<ReadyNotice>();
    let mut paths = Map::new();
    for operation in OPERATIONS {
        let described = describe(operation, &mut generators);
        let methods = paths.entry(operation.path).or_insert_with(|| json!({}));
        methods[operation.method.to_lowercase()] = described;
    }
    let mut components = generators.components();
    components.extend(scenario_components());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "The control socket of mock-imds",
            "description": DESCRIPTION,
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "http://mock-imds", "description": "Whatever the name: the unix socket decides." }],
        "paths": paths,
        "components": {
            "schemas": components,
            "responses": {
                "Refused": { "description": "Not understood, or not now: there is no such route, the body is too large or late, \
                    or this user has too many connections.", "content": refusal },
                "Rejected": { "description": "Rejected; nothing has changed.", "content": rejected },
            },
        },
    })
}

fn content(schema: impl Into<Value>) -> Value {
    let schema = schema.into();
    json!({ "application/json": { "schema": schema } })
}

fn describe(operation: &Operation, generators: &mut Generators) -> Value {
    let mut done = json!({
        "description": "Done.",
        "content": content((operation.gives)(&mut generators.answers)),
    });
    if operation.path == METRICS {
        done["content"] = json!({ "text/plain": { "schema": { "type": "string" } } });
    }
    if operation.path == REQUESTS {
        let description = "The `since` that goes on after this answer.";
        done["headers"] =
            json!({ POSITION: { "description": description, "schema": { "type": "integer" } } });
    }
    let mut described = json!({
        "operationId": operation.id,
        "summary": operation.summary,
        "responses": { "200": done, "default": { "$ref": "#/components/responses/Refused" } },
    });
    let body = match &operation.takes {
        RequestBody::Nothing => None,
        RequestBody::Optional(body) => Some((false, body(&mut generators.requests).to_value())),
        RequestBody::Type(body) => Some((true, body(&mut generators.requests).to_value())),
        RequestBody::Component(name) => {
            Some((true, json!({ "$ref": format!("#/components/schemas/{name}") })))
        }
    };
    if let Some((required, schema)) = body {
        described["requestBody"] = json!({ "required": required, "content": content(schema) });
    }
    if operation.method != "GET" {
        described["responses"]["422"] = json!({ "$ref": "#/components/responses/Rejected" });
    }
    if !operation.parameters.is_empty() {
        described["parameters"] = operation.parameters.iter().map(parameter).collect();
    }
    described
}

fn parameter(parameter: &QueryParameter) -> Value {
    json!({
        "name": parameter.name,
        "in": "query",
        "required": parameter.required,
        "description": parameter.description,
        "schema": { "type": parameter.kind },
    })
}

/// Events and faults have the keys of scenario files, and `in`.
fn scenario_components() -> Map<String, Value> {
    let schema: Value = serde_json::from_str(&read(SCENARIO_SCHEMA)).expect("the shipped schema is JSON");
    let delay = json!({
        "type": "string",
        "description": "A delay on the scenario's clock, such as \"30s\"; not with a time.",
    });
    let element = |table: &str| {
        let mut element = schema["properties"][table]["items"].clone();
        assert!(element["properties"].is_object(), "{SCENARIO_SCHEMA} has [[{table}]]");
        element["description"] = schema["properties"][table]["description"].clone();
        element["properties"]["in"] = delay.clone();
        element
    };
    let (event, fault) = (element("event"), element("fault"));
    let mut change = fault.clone();
    change["required"] = json!(["name"]);
    change["description"] = json!("Keys of a fault, and its name. null removes a key.");
    let keys = change["properties"].as_object_mut().expect("it is an object");
    for (_, form) in keys.iter_mut().filter(|(name, _)| *name != "name") {
        *form = json!({ "anyOf": [form.clone(), { "type": "null" }] });
    }
    let defined = schema["definitions"].as_object().expect("it has definitions").iter();
    let defined = defined.map(|(name, form)| (component(name), form.clone()));
    let named = [("Event", event), ("Fault", fault), ("FaultChange", change)];
    let all = named.map(|(name, form)| (name.to_owned(), form)).into_iter().chain(defined);
    all.map(|(name, form)| (name, rebased(form))).collect()
}

/// The component of a definition: `content` is `ScenarioValueContent`.
fn component(definition: &str) -> String {
    let (first, rest) = definition.split_at(1);
    format!("ScenarioValue{}{rest}", first.to_uppercase())
}

/// With references to definitions as references to components.
fn rebased(schema: Value) -> Value {
    match schema {
        Value::Object(members) => {
            let member = |(key, value): (String, Value)| match value.as_str() {
                Some(target) if key == "$ref" => {
                    let name = target.strip_prefix("#/definitions/").expect("it refers to a definition");
                    (key, json!(format!("#/components/schemas/{}", component(name))))
                }
                _ => (key, rebased(value)),
            };
            Value::Object(members.into_iter().map(member).collect())
        }
        Value::Array(elements) => elements.into_iter().map(rebased).collect(),
        other => other,
    }
}

#[test]
fn each_route_is_described() {
    let routes: Vec<_> = ROUTES.iter().map(|route| (route.0.as_str(), route.1)).collect();
    let described: Vec<_> = OPERATIONS.iter().map(|operation| (operation.method, operation.path)).collect();
    assert_eq!(described, routes, "OPERATIONS of src/control/openapi, and ROUTES");
}

#[test]
fn the_parameters_of_requests_are_those_that_it_takes() {
    let refused = RequestQuery::read(Query::read(Some("?=x"))).expect_err("no parameter has this name");
    let (_, taken) = refused.split_once("accepted: ").expect("it lists them");
    let operation = OPERATIONS.iter().find(|operation| operation.path == REQUESTS).expect("it is described");
    let described: BTreeSet<&str> = operation.parameters.iter().map(|parameter| parameter.name).collect();
    assert_eq!(described, taken.split(", ").collect::<BTreeSet<_>>());
}

#[test]
fn the_shipped_description_is_made_of_the_types() {
    let made = format!("{:#}\n", document());
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    if std::env::var_os("UPDATE_SHIPPED").is_some() {
        fs::write(&file, &made).expect("the sources are writable");
        return;
    }
    let differs =
        format!("{FILE} is not what the types make it: UPDATE_SHIPPED=1 cargo test --lib openapi writes it");
    assert!(read(FILE) == made, "{differs}");
}

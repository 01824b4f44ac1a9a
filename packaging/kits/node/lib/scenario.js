"use strict";

const fs = require("node:fs");
const path = require("node:path");

const { ImdsError } = require("./errors.js");

/** What `--scenario` takes; a text is written to a file of the directory. */
function scenarioArgument(scenario, directory) {
  if (scenario === undefined) {
    // Without a name the server would read the scenario of whoever runs the tests.
    return "default";
  }
  const named = scenarioName(scenario);
  if (named) {
    return named;
  }
  const file = path.join(directory, "scenario.toml");
  fs.writeFileSync(file, scenarioText(scenario));
  return file;
}

/** The name of one of the library, or the absolute path of a file; undefined for an object and for TOML. */
function scenarioName(scenario) {
  if (typeof scenario !== "string") {
    return undefined;
  }
  if (/^[a-z0-9-]+$/.test(scenario)) {
    return scenario;
  }
  return !scenario.includes("\n") && scenario.endsWith(".toml") ? path.resolve(scenario) : undefined;
}

/** A scenario as TOML. */
function scenarioText(scenario) {
  if (typeof scenario === "string") {
    return scenario;
  }
  return members(scenario).map((member) => `${member}\n`).join("");
}

/** A duration as the server reads it; numbers are milliseconds. */
function duration(span) {
  return typeof span === "number" ? `${Math.round(span)}ms` : span;
}

function members(table) {
  const present = Object.entries(table).filter(([, value]) => value !== undefined);
  return present.map(([key, value]) => `${text(key)} = ${toml(value)}`);
}

function toml(value) {
  if (typeof value === "string") {
    return text(value);
  }
  if (typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value))) {
    return String(value);
  }
  if (value instanceof Date) {
    return text(value.toISOString());
  }
  if (Array.isArray(value)) {
    return `[${value.map(toml).join(", ")}]`;
  }
  if (typeof value === "object" && value !== null) {
    return `{${members(value).join(", ")}}`;
  }
  throw new ImdsError(`a scenario cannot hold ${value}; accepted: string, boolean, number, object, array, Date`);
}

/** TOML's basic strings have JSON's escapes; DEL must be escaped. */
function text(value) {
  return JSON.stringify(value).replaceAll("\x7f", "\\u007f");
}

module.exports = { duration, scenarioArgument, scenarioName, scenarioText };

"use strict";

const UNSET = [
  "AWS_ACCESS_KEY_ID",
  "AWS_CONTAINER_AUTHORIZATION_TOKEN",
  "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
  "AWS_CONTAINER_CREDENTIALS_FULL_URI",
  "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
  "AWS_DEFAULT_PROFILE",
  "AWS_EC2_METADATA_DISABLED",
  "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
  "AWS_EC2_METADATA_V1_DISABLED",
  "AWS_PROFILE",
  "AWS_ROLE_ARN",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SECURITY_TOKEN",
  "AWS_SESSION_TOKEN",
  "AWS_WEB_IDENTITY_TOKEN_FILE",
];
const HOST = "127.0.0.1";

/** The variables that lead AWS SDKs to a server, and past everything that they would ask before it; undefined for one
 * that is not to be set. */
function sdkEnvironment(url) {
  const variables = Object.fromEntries(UNSET.map((name) => [name, undefined]));
  variables.AWS_EC2_METADATA_SERVICE_ENDPOINT = url;
  // The keys of a profile go before those of an instance.
  variables.AWS_CONFIG_FILE = variables.AWS_SHARED_CREDENTIALS_FILE = "/dev/null";
  const { NO_PROXY, no_proxy } = process.env;
  // Clients read one of the two: where only one is set it counts for both.
  for (const [name, given] of [["NO_PROXY", NO_PROXY || no_proxy || ""], ["no_proxy", no_proxy || NO_PROXY || ""]]) {
    const others = given.split(",").filter(Boolean);
    // A star, which stands for all hosts, does so only alone.
    variables[name] = given.trim() === "*" ? given : [...others.filter((other) => other !== HOST), HOST].join(",");
  }
  return variables;
}

/** Sets them; the function that it gives restores what was there. */
function changeEnvironment(variables) {
  const before = Object.fromEntries(Object.keys(variables).map((name) => [name, process.env[name]]));
  set(variables);
  return () => set(before);
}

function set(variables) {
  for (const [name, value] of Object.entries(variables)) {
    if (value === undefined) {
      delete process.env[name];
    } else {
      process.env[name] = value;
    }
  }
}

module.exports = { changeEnvironment, sdkEnvironment };

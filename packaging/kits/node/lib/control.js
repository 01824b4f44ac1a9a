"use strict";

const http = require("node:http");

const { ImdsError, RejectedError } = require("./errors.js");

/** Milliseconds: longer than the server takes for any order. */
const TIMEOUT = 90_000;

/** One request over the control socket, on a connection of its own: the answer, and where the journal goes on after it. */
async function ask(socketPath, method, route, { body, query, timeout = TIMEOUT } = {}) {
  const given = Object.entries(query ?? {}).filter(([, value]) => value !== undefined);
  const asked = given.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&");
  const path = asked ? `${route}?${asked}` : route;
  const { status, headers, text } = await exchange(socketPath, method, path, body, timeout);
  const answer = JSON.parse(text);
  if (status === 422) {
    throw new RejectedError(answer.report || answer.message, answer.problems);
  }
  if (status !== 200) {
    throw new ImdsError(answer.error ?? `${method} ${route}: ${status}`);
  }
  return { answer, position: headers["journal-position"] };
}

function exchange(socketPath, method, path, body, timeout) {
  return new Promise((resolve, reject) => {
    const failed = (error) => reject(new ImdsError(`no server answers at ${socketPath}: ${error.message}`));
    const encoded = body === undefined ? undefined : JSON.stringify(body);
    const headers = encoded === undefined ? {} : { "content-length": Buffer.byteLength(encoded) };
    const request = http.request({ socketPath, method, path, headers, timeout, agent: false }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", failed);
      response.on("end", () => {
        resolve({ status: response.statusCode, headers: response.headers, text: Buffer.concat(chunks).toString() });
      });
    });
    request.on("error", failed);
    request.on("timeout", () => request.destroy(new Error(`nothing came within ${timeout / 1000} s`)));
    request.end(encoded);
  });
}

module.exports = { ask };

"use strict";

const http = require("node:http");

const { ImdsError, RejectedError } = require("./errors.js");

/** One request over the control socket, on a connection of its own: the answer, and where the journal goes on after it. */
async function ask(socketPath, method, route, { body, query } = {}) {
  const given = Object.entries(query ?? {}).filter(([, value]) => value !== undefined);
  const asked = given.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&");
  const path = asked ? `${route}?${asked}` : route;
  const { status, headers, text } = await exchange(socketPath, method, path, body);
  const answer = JSON.parse(text);
  if (status === 422) {
    throw new RejectedError(answer.report || answer.message, answer.problems);
  }
  if (status !== 200) {
    throw new ImdsError(answer.error ?? `${method} ${route}: ${status}`);
  }
  return { answer, position: headers["journal-position"] };
}

function exchange(socketPath, method, path, body) {
  return new Promise((resolve, reject) => {
    const failed = (error) => reject(new ImdsError(`no server answers at ${socketPath}: ${error.message}`));
    const encoded = body === undefined ? undefined : JSON.stringify(body);
    const headers = encoded === undefined ? {} : { "content-length": Buffer.byteLength(encoded) };
    const request = http.request({ socketPath, method, path, headers, agent: false }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", failed);
      response.on("end", () => {
        resolve({ status: response.statusCode, headers: response.headers, text: Buffer.concat(chunks).toString() });
      });
    });
    request.on("error", failed);
    request.end(encoded);
  });
}

module.exports = { ask };

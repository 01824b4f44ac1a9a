"use strict";

const { ask } = require("./control.js");
const { changeEnvironment, sdkEnvironment } = require("./environment.js");
const { ImdsError, NoRequestError } = require("./errors.js");
const { duration, scenarioName, scenarioText } = require("./scenario.js");
const { Server } = require("./server.js");

/** Seconds: the server waits no longer in one answer. */
const LONGEST_WAIT = 60;
const SHOWN = 20;
/** Milliseconds: a test that failed waits no longer for the requests that it shows, and no wait for an answer that is late. */
const PATIENCE = 5_000;

/** A fault that was injected. */
class Fault {
  #imds;

  constructor(imds, { name, message }) {
    this.#imds = imds;
    this.name = name;
    this.message = message;
  }

  async remove() {
    await this.#imds.order("/v1/faults/remove", { names: [this.name] });
  }

  /** How many requests it had an effect on. */
  async hits() {
    const { answer } = await ask(this.#imds.controlSocket, "GET", "/v1/faults");
    const found = answer.find((fault) => fault.name === this.name);
    if (!found) {
      throw new ImdsError(`there is no fault "${this.name}" any more`);
    }
    return found.hits;
  }
}

/** The scenario's clock: events happen by it. */
class Clock {
  #imds;

  constructor(imds) {
    this.#imds = imds;
  }

  seek(to) {
    return this.#imds.order("/v1/clock", { seek: duration(to) });
  }

  pause() {
    return this.#imds.order("/v1/clock", { pause: true });
  }

  resume() {
    return this.#imds.order("/v1/clock", { resume: true });
  }
}

/** A metadata service of one test. */
class Imds {
  #server;

  static async start(scenario, options) {
    return new Imds(await Server.start(scenario, options));
  }

  constructor(server) {
    this.#server = server;
    const { url, control_socket, pid, instance_id } = server.ready;
    Object.assign(this, { url, controlSocket: control_socket, pid, instanceId: instance_id });
    this.clock = new Clock(this);
  }

  async stop() {
    await this.#server.stop();
  }

  async [Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")]() {
    await this.stop();
  }

  get environment() {
    return sdkEnvironment(this.url);
  }

  setEnvironment() {
    return changeEnvironment(this.environment);
  }

  log() {
    return this.#server.log();
  }

  // --- orders ---

  async order(route, body) {
    return (await ask(this.controlSocket, "POST", route, { body })).answer;
  }

  event(event) {
    return this.order("/v1/events", event);
  }

  spot({ action = "terminate", notice = "2m", ...when } = {}) {
    return this.event({ "spot-interruption": { action, notice: duration(notice) }, ...times(when) });
  }

  rebalance(when = {}) {
    return this.event({ "rebalance-recommendation": {}, ...times(when) });
  }

  lifecycle(state, when = {}) {
    return this.event({ "target-lifecycle-state": state, ...times(when) });
  }

  set(path, value) {
    return this.event({ set: { [path]: value } });
  }

  unset(...paths) {
    return this.event({ unset: paths });
  }

  async fault(keys) {
    return new Fault(this, await this.order("/v1/faults", times(keys)));
  }

  clear(what = "all") {
    return this.order("/v1/clear", { what });
  }

  use(scenario) {
    const named = scenarioName(scenario);
    return this.order("/v1/use", named ? { scenario: named } : { content: { text: scenarioText(scenario) } });
  }

  reload({ keep = false } = {}) {
    return this.order("/v1/reload", { keep });
  }

  // --- what is served, and who asked ---

  async status() {
    return (await ask(this.controlSocket, "GET", "/v1/status")).answer;
  }

  async show(path) {
    const { answer } = await ask(this.controlSocket, "GET", "/v1/show", { query: { path } });
    if (answer.status !== 200) {
      return undefined;
    }
    return answer.base64 === undefined ? answer.body : Buffer.from(answer.base64, "base64").toString("latin1");
  }

  requests(filter = {}) {
    return this.#requests({ query: filter });
  }

  async #requests(options) {
    const { answer } = await ask(this.controlSocket, "GET", "/v1/requests", options);
    return answer.filter((entry) => entry.number !== undefined);
  }

  async waitFor(path, { timeout = 30_000, ...filter } = {}) {
    const deadline = performance.now() + timeout;
    let since = "start";
    for (;;) {
      const left = Math.max(0, deadline - performance.now()) / 1000;
      const wait = Math.min(left, LONGEST_WAIT);
      const query = { path, ...filter, since, limit: 1, wait: wait.toFixed(3) };
      // A server that hangs keeps nobody longer.
      const limit = { query, timeout: Math.round(wait * 1000) + PATIENCE };
      const { answer, position } = await ask(this.controlSocket, "GET", "/v1/requests", limit);
      const found = answer.find((entry) => entry.number !== undefined);
      if (found) {
        return found;
      }
      if (left === 0) {
        throw new NoRequestError(await this.#noRequest(path, timeout, filter));
      }
      since = position;
    }
  }

  async #noRequest(path, timeout, filter) {
    const wanted = Object.entries(filter).map(([name, value]) => `, ${name}=${value}`).join("");
    return `no request for ${path}${wanted} within ${timeout} ms; ${await this.#whatCame()}`;
  }

  async #whatCame() {
    let came;
    try {
      came = await this.#requests({ timeout: PATIENCE });
    } catch (error) {
      return `what came is not known: ${error.message}`;
    }
    const line = ({ method, path, status, version }) => `\n  ${method} ${path} ${status} (${version})`;
    const shown = came.slice(-SHOWN).map(line).join("") || " none";
    return `${came.length} came, the last ones:${shown}`;
  }
}

function times(keys) {
  const spans = ["in", "for"].filter((name) => keys[name] !== undefined);
  return { ...keys, ...Object.fromEntries(spans.map((name) => [name, duration(keys[name])])) };
}

/** A service for each test, with the variables that lead AWS SDKs to it; by the hooks of node:test, vitest or jest. */
function imdsForEach({ beforeEach, afterEach }, scenario, options) {
  let imds;
  let restore;
  beforeEach(async () => {
    imds = await Imds.start(scenario, options);
    restore = imds.setEnvironment();
  });
  afterEach(async () => {
    restore?.();
    await imds?.stop();
    imds = restore = undefined;
  });
  return () => imds;
}

module.exports = { Clock, Fault, Imds, imdsForEach };

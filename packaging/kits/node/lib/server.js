"use strict";

const { spawn } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

const { ImdsError } = require("./errors.js");
const { scenarioArgument } = require("./scenario.js");

/** What a service manager, or the user, sets for another server. */
const NOT_OURS = [
  "CONFIGURATION_DIRECTORY",
  "LISTEN_FDS",
  "LISTEN_FDNAMES",
  "LISTEN_PID",
  "MOCK_IMDS_NODE",
  "MOCK_IMDS_NODE_ADDRESSES",
  "NOTIFY_SOCKET",
  "RUNTIME_DIRECTORY",
  "STATE_DIRECTORY",
  "WATCHDOG_PID",
  "WATCHDOG_USEC",
];
/** A socket's path has 107 bytes at most, and more than one is made beside it. */
const LONGEST_DIRECTORY = 70;
/** Milliseconds: a loaded machine may take its time. */
const START = 30_000;
/** Requests that are being answered may finish so long. */
const END = 1_000;

/** A server as a child process, which never outlives this one. `ready` is the line that it printed. */
class Server {
  static async start(scenario, { program, args = [] } = {}) {
    const found = program ?? process.env.MOCK_IMDS_PROGRAM ?? "mock-imds";
    const parent = Buffer.byteLength(os.tmpdir()) > LONGEST_DIRECTORY ? "/tmp" : os.tmpdir();
    const server = new Server(fs.mkdtempSync(path.join(parent, "mock-imds-")));
    try {
      server.spawn(found, scenario, args);
      server.ready = await server.readReady(found);
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  constructor(directory) {
    this.directory = directory;
  }

  spawn(program, scenario, more) {
    const args = ["serve", "--listen", "127.0.0.1:0", "--ready-json", "--until-stdin-closes"];
    args.push("--control", path.join(this.directory, "c.sock"));
    args.push("--scenario", scenarioArgument(scenario, this.directory), ...more);
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !NOT_OURS.includes(name)));
    const log = fs.openSync(path.join(this.directory, "log"), "w");
    this.child = spawn(program, args, { stdio: ["pipe", "pipe", log], env });
    fs.closeSync(log);
    this.ended = new Promise((resolve) => {
      this.child.on("exit", (code, signal) => resolve(code ?? signal));
      this.child.on("error", (error) => resolve(error.code === "ENOENT" ? "ENOENT" : error.message));
    });
    this.child.stdin.on("error", () => {});
  }

  async readReady(program) {
    let timer;
    const late = new Promise((resolve) => (timer = setTimeout(resolve, START, `not ready after ${START / 1000} s`)));
    const line = new Promise((resolve) => {
      let read = "";
      this.child.stdout.on("data", (chunk) => {
        read += chunk;
        if (read.endsWith("\n")) resolve({ read });
      });
    });
    const first = await Promise.race([line, this.ended, late]);
    clearTimeout(timer);
    if (first === "ENOENT") {
      throw new ImdsError(`${program} is not found; install mock-imds, or name the program with MOCK_IMDS_PROGRAM`);
    }
    if (first?.read === undefined) {
      throw new ImdsError(`mock-imds: ${first}: ${this.log().trim()}`);
    }
    const ready = JSON.parse(first.read);
    if (ready.control_socket === null) {
      throw new ImdsError(`mock-imds has no control socket: ${this.log().trim()}`);
    }
    // A server that nobody stops ends with this process, and does not keep it from its end.
    this.child.unref();
    this.child.stdin.unref();
    this.child.stdout.unref();
    return ready;
  }

  /** What the server has written to stderr; empty once it has been stopped. */
  log() {
    try {
      return fs.readFileSync(path.join(this.directory, "log"), "utf8");
    } catch {
      return "";
    }
  }

  /** Ends the server, and removes its files. The second signal waits for no request. */
  async stop() {
    if (this.child) {
      this.child.ref();
      this.child.stdin.destroy();
      const timers = [
        setTimeout(() => this.child.kill("SIGTERM"), END),
        setTimeout(() => this.child.kill("SIGKILL"), 2 * END),
      ];
      await this.ended;
      timers.forEach(clearTimeout);
    }
    fs.rmSync(this.directory, { recursive: true, force: true });
  }
}

module.exports = { Server };

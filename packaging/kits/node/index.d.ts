/// <reference lib="esnext.disposable" />

/** A scenario: an object, TOML, a path that ends in .toml, or a name of the library. */
export type Scenario = string | { [key: string]: unknown };

/** Text such as "1m30s", or milliseconds. */
export type Duration = string | number;

export interface StartOptions {
  /** The program; else `MOCK_IMDS_PROGRAM`, else `mock-imds` in PATH. */
  program?: string;
  /** More options of `mock-imds serve`. */
  args?: string[];
}

/** When an event happens, and to whom: now, and to all, unless set. */
export interface EventTime {
  /** A delay on the scenario's clock. */
  in?: Duration;
  /** An RFC 3339 timestamp, or a duration since the load. */
  at?: string;
  instance?: string;
  client?: string;
}

export interface SpotOptions extends EventTime {
  action?: "terminate" | "stop" | "hibernate";
  /** The time between the notice and the action: two minutes unless set. */
  notice?: Duration;
}

/** The keys of `[[fault]]`, and `in`. */
export interface FaultKeys {
  path?: string;
  name?: string;
  status?: number;
  latency?: string | { min: string; max: string };
  probability?: number;
  count?: number;
  in?: Duration;
  for?: Duration;
  [key: string]: unknown;
}

export interface RequestFilter {
  /** A path, in which * stands for a part and ** for any number of parts. */
  path?: string;
  /** Such as 200, "4xx" or "none". */
  status?: number | string;
  method?: string;
  v?: "v1" | "v2" | "token";
  client?: string;
}

/** A request that a client sent. */
export interface ImdsRequest {
  number: number;
  at: string;
  client: string;
  method: string;
  path: string;
  /** "token" for one that asks for a token. */
  version: "v1" | "v2" | "token";
  /** The status of the reply; null if there was none. */
  status: number | null;
  latency_us: number;
}

/** What the server answers to an order. */
export interface Answer {
  message: string;
  [key: string]: unknown;
}

/** A fault that was injected. */
export interface Fault {
  readonly name: string;
  readonly message: string;
  remove(): Promise<void>;
  /** How many requests it had an effect on; an ImdsError once it is removed. */
  hits(): Promise<number>;
}

/** The scenario's clock: events happen by it. */
export interface Clock {
  /** Moves it: to "1m30s" since the load, or by "+30s" or "-30s". */
  seek(to: Duration): Promise<Answer>;
  pause(): Promise<Answer>;
  resume(): Promise<Answer>;
}

/** A metadata service of one test. */
export class Imds {
  private constructor();
  /** Starts one; the built-in instance unless there is a scenario. */
  static start(scenario?: Scenario, options?: StartOptions): Promise<Imds>;
  readonly url: string;
  readonly controlSocket: string;
  readonly pid: number;
  readonly instanceId: string;
  readonly clock: Clock;
  /** The variables that lead AWS SDKs here; undefined for one that must not be set. */
  readonly environment: Record<string, string | undefined>;
  /** Sets them in this process; the function that it gives restores what was there. */
  setEnvironment(): () => void;
  stop(): Promise<void>;
  /** So that `await using` stops it. */
  [Symbol.asyncDispose](): Promise<void>;

  /** Triggers an event with the keys of `[[event]]`, and `in`. */
  event(event: { [key: string]: unknown }): Promise<Answer>;
  /** Issues a spot interruption notice. */
  spot(options?: SpotOptions): Promise<Answer>;
  rebalance(when?: EventTime): Promise<Answer>;
  /** Sets the target lifecycle state of an Auto Scaling group. */
  lifecycle(state: string, when?: EventTime): Promise<Answer>;
  /** Overrides the value of a path; false removes the path. */
  set(path: string, value: string | false | { [key: string]: unknown }): Promise<Answer>;
  unset(...paths: string[]): Promise<Answer>;
  fault(keys: FaultKeys): Promise<Fault>;
  /** Takes back what was ordered. */
  clear(what?: "all" | "faults" | "pending"): Promise<Answer>;
  /** Switches to another scenario until `reload()`. */
  use(scenario: Scenario): Promise<Answer>;
  reload(options?: { keep?: boolean }): Promise<Answer>;

  status(): Promise<{ [key: string]: unknown }>;
  /** What the service answers at a path; undefined if that is not 200. It leaves no request. */
  show(path: string): Promise<string | undefined>;
  /** The requests of clients, the oldest first. */
  requests(filter?: RequestFilter): Promise<ImdsRequest[]>;
  /** Waits for a request for a path, and gives the first one. One that has come already counts: with `status: 200` only one
   * that found something there. `timeout` is in milliseconds, 30,000 unless set. */
  waitFor(path: string, options?: Omit<RequestFilter, "path"> & { timeout?: number }): Promise<ImdsRequest>;
  /** What the server has written to stderr. */
  log(): string;
}

type Hook = (run: () => Promise<void>) => unknown;

/** A service for each test, with the variables that lead AWS SDKs to it; by the hooks of node:test, vitest or jest. */
export function imdsForEach(
  hooks: { beforeEach: Hook; afterEach: Hook },
  scenario?: Scenario,
  options?: StartOptions,
): () => Imds;

/** The server did not start, or did not understand. */
export class ImdsError extends Error {}
/** A scenario, an event or a fault was rejected; nothing has changed. The message is the server's report. */
export class RejectedError extends ImdsError {
  readonly problems: { severity: "error" | "warning"; line?: number; column?: number; found: string; help: string[] }[];
}
/** No such request came in time. */
export class NoRequestError extends Error {}

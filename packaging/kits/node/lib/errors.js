"use strict";

/** The server did not start, or did not understand. */
class ImdsError extends Error {
  name = "ImdsError";
}

/** A scenario, an event or a fault was rejected; nothing has changed. The message is the server's report. */
class RejectedError extends ImdsError {
  name = "RejectedError";

  constructor(report, problems) {
    super(report);
    this.problems = problems;
  }
}

/** No such request came in time. */
class NoRequestError extends Error {
  name = "NoRequestError";
}

module.exports = { ImdsError, NoRequestError, RejectedError };

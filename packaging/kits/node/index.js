"use strict";

const { ImdsError, NoRequestError, RejectedError } = require("./lib/errors.js");
const { Imds, imdsForEach } = require("./lib/imds.js");

exports.Imds = Imds;
exports.ImdsError = ImdsError;
exports.NoRequestError = NoRequestError;
exports.RejectedError = RejectedError;
exports.imdsForEach = imdsForEach;

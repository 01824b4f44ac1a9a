import { afterEach, beforeEach, test } from "node:test";
import { defineTests } from "./spot.mjs";

defineTests({ test, beforeEach, afterEach });

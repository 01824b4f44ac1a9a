import { afterEach, beforeEach, test } from "vitest";
import { defineTests } from "./spot.mjs";

defineTests({ test, beforeEach, afterEach });

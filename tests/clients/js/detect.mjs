// Prints as JSON what OpenTelemetry's detector finds out about the task.
import { awsEcsDetector } from "@opentelemetry/resource-detector-aws";

const { attributes } = awsEcsDetector.detect();
const entries = Object.entries(attributes).map(async ([name, value]) => [name, await value]);
console.log(JSON.stringify(Object.fromEntries(await Promise.all(entries))));

// Prints as JSON whose keys the provider of the AWS SDK for JavaScript has at each of these times of the service's clock.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fromInstanceMetadata } from "@smithy/credential-provider-imds";

const manifest = new URL("node_modules/@smithy/credential-provider-imds/package.json", import.meta.url);
const report = { version: JSON.parse(readFileSync(manifest)).version };
const [seek, ...words] = process.env.SEEK.split(" ");
const provider = fromInstanceMetadata({ timeout: 1000, maxRetries: 0 });
const seen = [];

const keys = async () => {
    const { accessKeyId, expiration } = await provider();
    let known = seen.findIndex((it) => it.accessKeyId === accessKeyId);
    if (known < 0) {
        known = seen.push({ accessKeyId, expiration: expiration.getTime() }) - 1;
    }
    const isMoved = seen[known].expiration !== expiration.getTime();
    return `keys ${known + 1}${isMoved ? ", expiration moved" : ""}`;
};

for (const at of process.argv.slice(2)) {
    execFileSync(seek, [...words, at], { stdio: "ignore" });
    report[at] = await keys().catch((error) => error.name);
}
console.log(JSON.stringify(report));

// Prints as JSON what the AWS SDK for JavaScript gets from the endpoint of a container: a second time when the first token
// has expired, if CLIENT_WAITS is set.
import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { defaultProvider } from "@aws-sdk/credential-provider-node";

const tokenExpires = () => {
    const token = readFileSync(process.env.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE, "utf8");
    return JSON.parse(Buffer.from(token.split(".")[1], "base64url")).exp;
};
const provider = defaultProvider();
const keys = async () => {
    const found = await provider();
    return {
        "access-key-id": found.accessKeyId,
        "secret-access-key": found.secretAccessKey,
        "session-token": found.sessionToken,
    };
};

const found = [await keys()];
if (process.env.CLIENT_WAITS) {
    const first = tokenExpires();
    while (Date.now() / 1000 <= first || tokenExpires() === first) {
        await setTimeout(50);
    }
    found.push(await keys());
}
console.log(JSON.stringify({ keys: found }));

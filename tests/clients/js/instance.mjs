// Prints as JSON what the AWS SDK for JavaScript finds out about the instance.
import { defaultProvider } from "@aws-sdk/credential-provider-node";
import { MetadataService } from "@aws-sdk/ec2-metadata-service";
import { fromInstanceMetadata } from "@smithy/credential-provider-imds";
import { resolveDefaultsModeConfig } from "@smithy/util-defaults-mode-node";

const service = new MetadataService();
const region = await service.request("/latest/meta-data/placement/region", {});

const keys = (found) => ({
    "access-key-id": found.accessKeyId,
    "secret-access-key": found.secretAccessKey,
    "session-token": found.sessionToken,
    expires: found.expiration.getTime() / 1000,
});

console.log(
    JSON.stringify({
        region,
        "instance-id": await service.request("/latest/meta-data/instance-id", {}),
        macs: await service.request("/latest/meta-data/network/interfaces/macs/", {}),
        document: JSON.parse(await service.request("/latest/dynamic/instance-identity/document", {})),
        missing: await service.request("/latest/meta-data/spot/instance-action", {}).then(
            () => 200,
            (error) => error.$metadata.httpStatusCode,
        ),
        "token-length": (await service.fetchMetadataToken()).length,
        "instance-metadata": keys(await fromInstanceMetadata()()),
        "default-chain": keys(await defaultProvider()()),
        // Compares a configured region with the instance's.
        mode: await resolveDefaultsModeConfig({ region: async () => region, defaultsMode: "auto" })(),
    }),
);

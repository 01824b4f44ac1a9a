// jest has its hooks as globals, and modules of CommonJS.
const { imdsForEach } = require("mock-imds");

const imds = imdsForEach({ beforeEach, afterEach }, "spot-idle");

test("a notice is served, and its poll is seen", async () => {
  await imds().spot();
  const reply = await fetch(`${process.env.AWS_EC2_METADATA_SERVICE_ENDPOINT}/latest/meta-data/spot/instance-action`);
  expect((await reply.json()).action).toBe("terminate");
  expect((await imds().waitFor("meta-data/spot/instance-action", { status: 200 })).version).toBe("v1");
});

test("each test has a service of its own", async () => {
  expect(await imds().requests()).toEqual([]);
});

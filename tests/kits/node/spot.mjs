// A spot instance's program, as its author would test it, by whichever framework runs the file that imports this.
import { strict as assert } from "node:assert";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

import { fromInstanceMetadata } from "@smithy/credential-provider-imds";
import { Imds, ImdsError, imdsForEach, NoRequestError, RejectedError } from "mock-imds";

const NOTICE = "meta-data/spot/instance-action";

/** What the author's program asks with: HTTP, as documented for IMDSv2. */
async function metadata(path) {
  const service = process.env.AWS_EC2_METADATA_SERVICE_ENDPOINT;
  const ttl = { "x-aws-ec2-metadata-token-ttl-seconds": "60" };
  const token = await (await fetch(`${service}/latest/api/token`, { method: "PUT", headers: ttl })).text();
  const reply = await fetch(`${service}/latest/${path}`, { headers: { "x-aws-ec2-metadata-token": token } });
  return reply.ok ? reply.text() : undefined;
}

/** The program under test: it stops when its instance is to be interrupted. */
class Worker {
  running = true;

  async poll() {
    const notice = await metadata(NOTICE);
    if (notice && JSON.parse(notice).action === "terminate") {
      this.running = false;
    }
  }
}

export function defineTests({ test, beforeEach, afterEach }) {
  const imds = imdsForEach({ beforeEach, afterEach }, { instance: { "life-cycle": "spot", tags: { Name: 'a "quoted" one' } } });

  test("the SDK has the credentials of the role", async () => {
    const credentials = await fromInstanceMetadata({ maxRetries: 0, timeout: 5000 })();
    assert.match(credentials.accessKeyId, /EXAMPLE$/);
    assert.equal((await imds().requests())[0].version, "token");
  });

  test("the worker stops at a notice", async () => {
    const worker = new Worker();
    await worker.poll();
    assert(worker.running);
    assert.equal((await imds().waitFor(NOTICE)).status, 404);

    await imds().spot();
    await worker.poll();
    assert(!worker.running);
    assert.equal((await imds().waitFor(NOTICE, { status: 200 })).version, "v2");
  });

  test("a later notice comes with the clock", async () => {
    await imds().spot({ in: 600_000 });
    assert.equal(await imds().show(NOTICE), undefined);
    assert.equal((await imds().clock.seek("+10m")).happened.length, 1);
    assert.match(await imds().show(NOTICE), /terminate/);
  });

  test("other scenarios are used, and left", async () => {
    assert.equal(await imds().show("meta-data/instance-life-cycle"), "spot");
    await imds().use('[instance]\ninstance-type = "t3.micro"\n');
    assert.equal(await imds().show("meta-data/instance-type"), "t3.micro");
    await imds().use("govcloud");
    assert.match(await imds().show("meta-data/placement/region"), /^us-gov-/);
    await imds().reload();
    assert.equal(await imds().show("meta-data/placement/region"), "us-east-1");
  });

  test("a file is served with the files that it names", async () => {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), "sample-"));
    fs.writeFileSync(path.join(directory, "mine.toml"), "[instance]\nuser-data = { file = 'boot.sh' }\n");
    fs.writeFileSync(path.join(directory, "boot.sh"), "#!/bin/sh\n");
    const other = await Imds.start(path.join(directory, "mine.toml"));
    assert.equal(await other.show("user-data"), "#!/bin/sh\n");
    await other.stop();
    assert.equal(await imds().show("user-data"), undefined);
    await imds().use(path.relative(process.cwd(), path.join(directory, "mine.toml")));
    assert.equal(await imds().show("user-data"), "#!/bin/sh\n");
    fs.rmSync(directory, { recursive: true });
  });

  test("a fault is met and removed", async () => {
    const fault = await imds().fault({ path: "meta-data/instance-id", status: 503, for: "1m" });
    assert.equal(await metadata("meta-data/instance-id"), undefined);
    assert.equal(await fault.hits(), 1);
    await fault.remove();
    await assert.rejects(fault.hits(), (error) => error instanceof ImdsError && error.message.includes("there is no fault"));
    assert.equal(await metadata("meta-data/instance-id"), imds().instanceId);
    const came = await imds().requests({ path: "meta-data/instance-id" });
    assert.deepEqual(came.map((request) => request.status), [503, 200]);
  });

  test("a path may have spaces and pluses", async () => {
    await imds().set("meta-data/tags/instance/a b+c", "found");
    assert.equal(await imds().show("meta-data/tags/instance/a b+c"), "found");
    assert.equal(await imds().show("meta-data/tags/instance/a b c"), undefined);
  });

  test("mistakes say what is accepted", async () => {
    await assert.rejects(imds().spot({ action: "explode" }), (error) => {
      return error instanceof RejectedError && error.message.includes('accepted: "terminate", "stop", "hibernate"');
    });
    await assert.rejects(imds().waitFor("meta-data/ami-id", { timeout: 100 }), (error) => {
      return error instanceof NoRequestError && error.message.startsWith("no request for meta-data/ami-id within 100 ms; 0 came");
    });
    await assert.rejects(Imds.start({ instance: { "instance-type": "c7g large" } }), (error) => {
      return error instanceof ImdsError && error.message.includes('instance.instance-type is "c7g large"');
    });
    await assert.rejects(Imds.start(undefined, { program: "no-such-program" }), /no-such-program is not found/);
  });

  test("a server that hangs keeps no wait", async () => {
    const begun = performance.now();
    process.kill(imds().pid, "SIGSTOP");
    try {
      await assert.rejects(imds().waitFor("meta-data/ami-id", { timeout: 100 }), /nothing came within 5/);
    } finally {
      process.kill(imds().pid, "SIGCONT");
    }
    assert(performance.now() - begun < 30_000, "an order would wait 90 seconds");
  }, 40_000);

  test("twenty at once", async () => {
    const servers = await Promise.all(Array.from({ length: 20 }, () => Imds.start()));
    assert.equal(new Set(servers.map((server) => server.url)).size, 20);
    const ids = await Promise.all(servers.map(async (server, n) => {
      await server.set("meta-data/ami-id", `ami-${n}`);
      return server.show("meta-data/ami-id");
    }));
    assert.deepEqual(ids, servers.map((_, n) => `ami-${n}`));
    await Promise.all(servers.map((server) => server.stop()));
  });

  test("the environment is given back", async () => {
    process.env.AWS_PROFILE = "work";
    process.env.NO_PROXY = "*";
    delete process.env.no_proxy;
    const before = { ...process.env };
    const restore = imds().setEnvironment();
    assert.equal(process.env.AWS_PROFILE, undefined);
    assert.equal(process.env.NO_PROXY, "*");
    assert.equal(process.env.no_proxy, "*");
    restore();
    assert.deepEqual({ ...process.env }, before);
    delete process.env.AWS_PROFILE;
    delete process.env.NO_PROXY;
  });
}

// It is compiled, not run: the types accept what the kit takes, and nothing else.
import { type Fault, Imds, imdsForEach, type ImdsRequest } from "mock-imds";
import { afterEach, beforeEach } from "node:test";

const imds: () => Imds = imdsForEach({ beforeEach, afterEach }, { instance: { "life-cycle": "spot" } });

export async function use(): Promise<ImdsRequest> {
  await imds().spot({ action: "stop", notice: "5m", in: 1000 });
  // @ts-expect-error there is no such action
  await imds().spot({ action: "explode" });
  const fault: Fault = await imds().fault({ path: "meta-data/**", status: 503, "clock-skew": "5m" });
  const hits: number = await fault.hits();
  // @ts-expect-error a path is text
  await imds().show(hits);
  await imds()[Symbol.asyncDispose]();
  return imds().waitFor("meta-data/spot/**", { status: "2xx", v: "v2" });
}

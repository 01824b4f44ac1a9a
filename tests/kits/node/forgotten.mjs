// A server that nobody stops does not keep the program from its end.
import fs from "node:fs";
import { Imds } from "mock-imds";

fs.writeSync(1, `${(await Imds.start()).pid}\n`);

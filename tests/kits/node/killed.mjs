// A test run that is killed: prints the process id of its server first.
import fs from "node:fs";
import { Imds } from "mock-imds";

fs.writeSync(1, `${(await Imds.start()).pid}\n`);
process.kill(process.pid, "SIGKILL");

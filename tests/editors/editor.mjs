// An editor with one file open: asks the language server of Even Better TOML for completions, descriptions and problems.
//   node editor.mjs FILE <QUESTIONS
// QUESTIONS is a JSON array of {"ask": "completion" | "hover", "line": N, "character": N}, counted from 0. Prints
// {"answers": […], "problems": […]}.
import { createRequire } from "node:module";
import { existsSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, isAbsolute, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const { TaploLsp } = createRequire(import.meta.url)("@taplo/lsp");
const file = resolve(process.argv[2]);
const questions = JSON.parse(readFileSync(0, "utf8"));

const nobody = async () => new Uint8Array();
const environment = {
  now: () => new Date(),
  envVar: () => undefined,
  envVars: () => [],
  stdErrAtty: () => false,
  stdin: nobody,
  stdout: async (bytes) => bytes.length,
  stderr: async (bytes) => bytes.length,
  glob: () => [file],
  readFile,
  writeFile: async () => {},
  urlToFilePath: fileURLToPath,
  isAbsolute,
  cwd: () => process.cwd(),
  findConfigFile: () => undefined,
};

const waiting = new Map();
let problems;
const published = new Promise((found) => (problems = found));
const server = await TaploLsp.initialize(environment, {
  onMessage(message) {
    if (message.method === undefined) {
      waiting.get(message.id)?.(message.result);
    } else if (message.method === "workspace/configuration") {
      server.send({ jsonrpc: "2.0", id: message.id, result: message.params.items.map(() => null) });
    } else if (message.id !== undefined) {
      server.send({ jsonrpc: "2.0", id: message.id, result: null });
    } else if (message.method === "textDocument/publishDiagnostics") {
      const found = message.params.diagnostics.map((problem) => problem.message);
      if (found.length > 0) problems(found);
    }
  },
});
let id = 0;
const ask = (method, params) =>
  new Promise((answered) => {
    id += 1;
    waiting.set(id, answered);
    server.send({ jsonrpc: "2.0", id, method, params });
  });
const tell = (method, params) => server.send({ jsonrpc: "2.0", method, params });

const uri = pathToFileURL(file).href;
const root = pathToFileURL(dirname(file)).href;
await ask("initialize", {
  processId: null,
  rootUri: root,
  workspaceFolders: [{ uri: root, name: "root" }],
  capabilities: { workspace: { workspaceFolders: true, configuration: true } },
});
tell("initialized", {});
const text = readFileSync(file, "utf8");
tell("textDocument/didOpen", { textDocument: { uri, languageId: "toml", version: 1, text } });
const answers = [];
for (const { ask: what, line, character } of questions) {
  answers.push(await ask(`textDocument/${what}`, { textDocument: { uri }, position: { line, character } }));
}
// Without a question the problems are what is asked for; a file without any has none to wait for.
const found = questions.length > 0 ? [] : await published;
console.log(JSON.stringify({ answers, problems: found }));
process.exit(0);

// A scenario of the reader's own: a file that the browser reads, or text that is typed or pasted. Its content is sent, with the
// files that it names, as `mock-imds use FILE` sends them.

const MIB = 1 << 20;
// What the server takes of a scenario, and of it with the files that it names.
const TEXT_BYTES = MIB;
const ALL_BYTES = 2 * MIB;
const TEXT_ACCEPTED = 'at most 1 MiB; put large values into files of their own';
const FILE_ACCEPTED = 'a file that is as it was when it was chosen; choose it again';

// What was chosen last, and how the text area shows it: with line feeds only.
let chosen = null;
let reading = Promise.resolve();

const bytesOf = (text) => new TextEncoder().encode(text).length;
const refuse = (what, accepted) => new Error(`${what}; nothing was sent. Accepted: ${accepted}`);

// What is not UTF-8 would be sent as something else than it is.
async function read(file) {
  if (file.size > TEXT_BYTES) throw refuse(`${file.name} has ${file.size} bytes`, TEXT_ACCEPTED);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await file.arrayBuffer());
  } catch (error) {
    if (error instanceof TypeError) throw refuse(`${file.name} is not UTF-8`, 'a scenario in TOML; save the file as UTF-8');
    throw refuse(`${file.name} cannot be read: ${error.message}`, FILE_ACCEPTED);
  }
}

function base64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.split(',')[1] ?? '');
    reader.onerror = () => reject(refuse(`${file.name} cannot be read: ${reader.error.message}`, FILE_ACCEPTED));
    reader.readAsDataURL(file);
  });
}

// By the names that the text has for them: a browser tells of no directory. One that two names may mean is not sent, and the
// server says which name it misses.
function named(text, files) {
  const found = text.matchAll(/\bfile\s*=\s*(?:"([^"\n]+)"|'([^'\n]+)')/g);
  const names = [...new Set([...found].map(([, basic, literal]) => basic ?? literal))];
  return files.flatMap((file) => {
    const meant = names.filter((name) => name === file.name || name.endsWith(`/${file.name}`));
    return meant.length === 1 ? [[meant[0], file]] : [];
  });
}

// The text of a file that was chosen, for whoever wants to read or change it before it is served.
export async function takeFile({ elements: { file, text } }, changed) {
  if (changed === text) reading = Promise.resolve();
  if (changed !== file || !file.files[0]) return;
  const [it] = file.files;
  chosen = null;
  text.value = '';
  reading = read(it).then((content) => {
    text.value = content;
    chosen = { name: it.name, content, shown: text.value };
  });
  await reading;
}

const unchanged = (v) => (chosen?.shown === v.text ? chosen : null);

// Without a slash or `.toml` it would be a name of the library.
const asPath = (name) => (name.endsWith('.toml') ? name : `./${name}`);

// The command serves a file: what was typed has to be in one first.
export const words = (v) => {
  const it = unchanged(v);
  return ['mock-imds', 'use', it ? asPath(it.name) : 'FILE'];
};

export async function order(v, form) {
  // What was chosen is read by now; why it could not be is said again.
  await reading;
  const text = form.elements.text.value;
  const it = unchanged({ text });
  if (!it && !text.trim()) throw refuse('There is no scenario', 'a file, or text in TOML');
  const whole = it?.name ?? 'The scenario';
  if (bytesOf(text) > TEXT_BYTES) throw refuse(`${whole} has ${bytesOf(text)} bytes`, TEXT_ACCEPTED);
  const files = named(text, v.files);
  const bytes = bytesOf(text) + files.reduce((all, [, { size }]) => all + size, 0);
  if (bytes > ALL_BYTES) throw refuse(`${whole} has ${bytes} bytes, with the files that it names`, 'at most 2 MiB together');
  const sent = await Promise.all(files.map(async ([name, file]) => [name, { base64: await base64(file) }]));
  return {
    path: '/v1/use', words: words({ text }),
    body: { content: { ...(it ? { path: it.name } : {}), text: it?.content ?? text, files: Object.fromEntries(sent) } },
  };
}

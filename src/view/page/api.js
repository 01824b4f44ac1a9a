// The way to the server. The token comes in the address, once, and stays in this tab: no other site, no other port and no
// later tab of this browser has it.

const KEY = 'mock-imds-token';

export function takeToken() {
  const found = /^#token=([\w-]+)$/.exec(location.hash);
  if (found) {
    sessionStorage.setItem(KEY, found[1]);
    history.replaceState(null, '', location.pathname);
  }
  return sessionStorage.getItem(KEY);
}

export const setToken = (token) => sessionStorage.setItem(KEY, token.trim());
export const dropToken = () => sessionStorage.removeItem(KEY);

export class Unauthorized extends Error {}

async function ask(method, path, body, signal) {
  const headers = { Authorization: `Bearer ${sessionStorage.getItem(KEY)}` };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  const response = await fetch(`/api${path}`, {
    method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body), cache: 'no-store',
  });
  if (response.status === 401) throw new Unauthorized('The token is not accepted.');
  return response;
}

// The answer, and whether it is one: an order that is rejected has an answer too, with a report.
export async function api(method, path, body) {
  const response = await ask(method, path, body);
  return { ok: response.ok, status: response.status, answer: await response.json() };
}

// Server-sent events, until the server ends them.
export async function live(since, onEvent, signal) {
  const response = await ask('GET', `/live${since === null ? '' : `?since=${since}`}`, undefined, signal);
  if (!response.ok) throw new Error((await response.json()).error);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value;
    const events = text.split('\n\n');
    text = events.pop();
    for (const event of events) {
      const field = (name) => event.split('\n').filter((line) => line.startsWith(`${name}: `)).map((line) => line.slice(name.length + 2));
      const data = field('data').join('\n');
      if (data) onEvent(field('event')[0], JSON.parse(data));
    }
  }
}

// Every path with its value now, and what changed since the reader last said that it was seen.

import { api } from './api.js';
import { byId, command, el } from './dom.js';

const HIDDEN = { secret: 'hidden, because it may be a secret', large: 'not shown, because it is large', signature: 'a signature of the document' };
let seen = null;
let latest = new Map();

const valueOf = (entry) => entry.body ?? (entry.base64 !== undefined ? `(base64) ${entry.base64}` : HIDDEN[entry.hidden]);

function frame(refresh) {
  const root = byId('tree');
  if (root.firstChild) return;
  const filter = el('input', { id: 'tree-filter', type: 'search', placeholder: 'spot, iam, …', autocomplete: 'off' });
  filter.addEventListener('input', draw);
  const instance = el('select', { id: 'tree-instance' }, el('option', { value: '' }, '[instance]'));
  instance.addEventListener('change', () => { seen = null; refresh(); });
  root.append(
    el('div', { class: 'fields' },
      el('div', { class: 'filter' }, el('label', { for: 'tree-filter' }, 'Paths with'), filter),
      el('div', {}, el('label', { for: 'tree-instance' }, 'Instance'), instance),
      el('button', { type: 'button', class: 'small', id: 'tree-seen', onclick: () => { seen = new Map(latest); draw(); } }, 'Mark as seen')),
    el('p', { id: 'tree-changes', class: 'dim', role: 'status', 'aria-live': 'polite' }),
    el('div', { id: 'leaves' }));
}

async function reveal(path, into) {
  const { ok, answer } = await api('GET', `/v1/show?path=${encodeURIComponent(`/latest/${path}`)}`);
  into.replaceChildren(el('div', { class: 'value mono' }, ok ? answer.body ?? answer.base64 : answer.error),
    command(['mock-imds', 'show', path]));
}

function leaf(path, value, entry, state) {
  const shown = el('div', { class: 'value mono' }, value || '(empty)');
  const right = el('div', {}, entry?.hidden ? el('span', { class: 'dim' }, value, ' ') : shown);
  if (entry?.hidden && !byId('tree-instance').value) {
    const button = el('button', { type: 'button', class: 'small', 'aria-label': `Show ${path}` }, 'Show');
    button.addEventListener('click', () => reveal(path, right));
    right.append(button);
  }
  return el('div', { class: `leaf ${state}` }, el('div', { class: 'mono' }, path), right);
}

function draw() {
  const filter = byId('tree-filter').value.trim();
  const before = seen ?? latest;
  const paths = [...new Set([...latest.keys(), ...before.keys()])].sort();
  const leaves = [];
  let changed = 0;
  for (const path of paths) {
    const [entry, old] = [latest.get(path), before.get(path)];
    const differs = entry?.digest !== old?.digest;
    changed += differs ? 1 : 0;
    if (!path.includes(filter)) continue;
    const state = !differs ? '' : entry ? 'changed' : 'changed gone';
    leaves.push([differs, leaf(path, valueOf(entry ?? old), entry, state)]);
  }
  // What changed comes first.
  leaves.sort(([a], [b]) => Number(b) - Number(a));
  byId('leaves').replaceChildren(...leaves.map(([, node]) => node));
  byId('tree-changes').textContent = changed ? `${changed} of ${paths.length} paths changed` : `${paths.length} paths, none changed`;
  byId('tree-seen').disabled = changed === 0;
}

export function showInstanceNames(names) {
  frame(refreshTree);
  const select = byId('tree-instance');
  const known = [...select.options].map(({ value }) => value);
  if (known.join('\n') === ['', ...names].join('\n')) return;
  const chosen = select.value;
  select.replaceChildren(el('option', { value: '' }, '[instance]'), ...names.map((name) => el('option', { value: name }, name)));
  select.value = names.includes(chosen) ? chosen : '';
}

export async function refreshTree() {
  frame(refreshTree);
  const instance = byId('tree-instance').value;
  const { ok, answer } = await api('GET', `/v1/tree${instance ? `?instance=${encodeURIComponent(instance)}` : ''}`);
  if (!ok) {
    byId('tree-changes').textContent = answer.error;
    return;
  }
  const entries = answer.paths.map((entry) => [entry.path, entry]);
  const next = new Map(entries);
  const same = next.size === latest.size && entries.every(([path, { digest }]) => latest.get(path)?.digest === digest);
  const first = seen === null;
  latest = next;
  if (first) seen = new Map(next);
  if (!same || first) draw();
}

// The MAC addresses that the tree has.
export function interfaces() {
  const found = [...latest.keys()].map((path) => /network\/interfaces\/macs\/([^/]+)\//.exec(path)?.[1]);
  return [...new Set(found.filter(Boolean))];
}

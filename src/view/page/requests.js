// Requests as they come, a chart of their rate, and what became of them for each client.

import { byId, el, svg, time } from './dom.js';

const KEPT = 500;
const SHOWN = 60;
const SECONDS = 60;
let kept = [];

const KINDS = ['ok', 'missing', 'refused', 'failed'];
const STYLES = { ok: 'good', missing: 'info', refused: 'warn', failed: 'bad' };
const none = () => Object.fromEntries(KINDS.map((kind) => [kind, 0]));
const sum = (counts) => KINDS.reduce((all, kind) => all + counts[kind], 0);

// Most paths that are polled for an event are not there before it: that is no failure.
function outcome({ status }) {
  if (status === null || status >= 500) return 'failed';
  if (status === 404) return 'missing';
  return status >= 400 ? 'refused' : 'ok';
}

export function addRequests(lines) {
  // A stream that begins anew, after the server was away, begins with the newest: some are there already.
  const name = ({ number, at }) => `${number} ${at}`;
  const known = new Set(kept.map(name));
  kept = [...kept, ...lines.filter((line) => line.number && !known.has(name(line)))].slice(-KEPT);
}

function chart(now) {
  const buckets = Array.from({ length: SECONDS }, none);
  for (const record of kept) {
    const age = Math.floor((now - Date.parse(record.at)) / 1000);
    if (age >= 0 && age < SECONDS) buckets[SECONDS - 1 - age][outcome(record)] += 1;
  }
  const most = Math.max(4, ...buckets.map(sum));
  const bars = buckets.flatMap((bucket, index) => {
    let base = 60;
    return KINDS.filter((kind) => bucket[kind]).map((kind) => {
      const height = (bucket[kind] / most) * 56;
      base -= height;
      return svg('rect', { class: kind, x: index * 10 + 1, y: base, width: 8, height });
    });
  });
  const total = buckets.reduce((all, bucket) => all + sum(bucket), 0);
  return svg('svg', { class: 'chart', viewBox: '0 0 600 62', preserveAspectRatio: 'none', role: 'img',
    'aria-label': `${total} requests in the last minute, at most ${Math.max(...buckets.map(sum))} in a second` },
    svg('line', { class: 'base', x1: 0, x2: 600, y1: 60.5, y2: 60.5 }), ...bars);
}

function clients() {
  const by = new Map();
  for (const record of kept) {
    const client = record.ingress === 'host' ? 'host' : record.client;
    const counts = by.get(client) ?? { v1: 0, v2: 0, token: 0, ...none() };
    // The endpoints of containers have no versions.
    if (!record.endpoint) counts[record.version] += 1;
    counts[outcome(record)] += 1;
    by.set(client, counts);
  }
  const names = ['Client', 'v1', 'v2', 'Tokens', 'Answered', 'Not found', 'Refused', 'Failed'];
  const body = [...by].map(([client, c]) => el('tr', {},
    ...[client, c.v1, c.v2, c.token, c.ok, c.missing, c.refused, c.failed].map((value) => el('td', {}, String(value)))));
  return el('table', {}, el('thead', {}, el('tr', {}, ...names.map((name) => el('th', { scope: 'col' }, name)))),
    el('tbody', {}, ...body));
}

function table() {
  const names = [['Time'], ['Client'], ['Path'], ['Version', 'optional'], ['Status'], ['Latency', 'optional']];
  const body = kept.slice(-SHOWN).reverse().map((record) => {
    const kind = STYLES[outcome(record)];
    const why = record.refused ? ` ${record.refused}` : record.fault === null ? '' : ' by a fault';
    return el('tr', {},
      el('td', { class: 'nowrap' }, time(record.at)),
      el('td', {}, record.ingress === 'host' ? 'host' : record.client, record.instance ? ` (${record.instance})` : ''),
      el('td', { class: 'path mono' }, `${record.method} ${record.path}`),
      el('td', { class: 'optional' }, record.endpoint ?? record.version),
      el('td', { class: kind }, (record.status === null ? 'none' : String(record.status)) + why),
      el('td', { class: 'nowrap optional' }, `${(record.latency_us / 1000).toFixed(1)} ms`));
  });
  const head = names.map(([name, style]) => el('th', { scope: 'col', class: style }, name));
  return el('table', {}, el('thead', {}, el('tr', {}, ...head)), el('tbody', {}, ...body));
}

function frame() {
  const root = byId('requests');
  if (root.firstChild) return;
  const region = (id, label) => el('div', { id, class: 'table', tabindex: '0', role: 'region', 'aria-label': label });
  root.append(
    el('div', { id: 'chart' }),
    el('p', { class: 'legend' }, el('span', { class: 'good' }, 'answered'),
      el('span', { class: 'info' }, 'not found'), el('span', { class: 'warn' }, 'refused'), el('span', { class: 'bad' }, 'failed'), 'The last minute; a bar is a second.'),
    region('requests-table', 'The newest requests'),
    el('h3', { id: 'by-client' }, 'By client'),
    region('clients-table', 'Requests by client'));
}

export function showChart(now) {
  frame();
  byId('chart').replaceChildren(chart(now));
}

export function showRequests(now) {
  showChart(now);
  byId('by-client').hidden = kept.length === 0;
  if (kept.length === 0) {
    byId('requests-table').replaceChildren(el('p', { class: 'dim' }, 'No request has come yet.'));
    byId('clients-table').replaceChildren();
    return;
  }
  byId('requests-table').replaceChildren(table());
  byId('clients-table').replaceChildren(clients());
}

// What can be done, each with the command that does the same. Nothing here decides what is right: the server does, and
// what it says of a mistake is shown as it says it.

import { api } from './api.js';
import { byId, command, el } from './dom.js';

const field = (name, label, more = {}) => ({ name, label, ...more });
const timing = [field('in', 'In (now, if empty)', { placeholder: '30s' }), field('instance', 'Instance', { from: 'instances' })];
// The flags and keys that all events have.
const flags = (v) => [...(v.in ? ['--in', v.in] : []), ...(v.instance ? ['--instance', v.instance] : [])];
const keys = (v) => ({ ...(v.in ? { in: v.in } : {}), ...(v.instance ? { instance: v.instance } : {}) });
const event = (v, words, body) => ({ path: '/v1/events', body: { ...body, ...keys(v) }, words: ['mock-imds', ...words, ...flags(v)] });
const given = (v, names) => Object.fromEntries(names.filter((name) => v[name]).map((name) => [name, v[name]]));
const asFlags = (v, names) => names.filter((name) => v[name]).flatMap((name) => [`--${name}`, v[name]]);

const ACTIONS = [
  {
    id: 'spot', title: 'Spot interruption', button: 'Issue the notice',
    fields: [field('action', 'Action', { options: ['terminate', 'stop', 'hibernate'] }), field('notice', 'Notice', { placeholder: '2m' }), ...timing],
    order: (v) => event(v, ['spot', '--action', v.action, ...asFlags(v, ['notice'])],
      { 'spot-interruption': { action: v.action, ...given(v, ['notice']) } }),
  },
  {
    id: 'rebalance', title: 'Rebalance recommendation', button: 'Recommend', fields: timing,
    order: (v) => event(v, ['rebalance'], { 'rebalance-recommendation': {} }),
  },
  {
    id: 'maintenance', title: 'Maintenance', button: 'Schedule',
    fields: [
      field('code', 'Code', { options: ['system-reboot', 'instance-reboot', 'instance-retirement', 'instance-stop', 'system-maintenance'] }),
      field('state', 'State', { options: ['active', 'completed', 'canceled'] }),
      field('not-before', 'Not before', { placeholder: '2h' }), ...timing],
    order: (v) => event(v, ['maintenance', ...asFlags(v, ['code', 'state', 'not-before'])],
      { maintenance: given(v, ['code', 'state', 'not-before']) }),
  },
  {
    id: 'lifecycle', title: 'Lifecycle state', button: 'Set the state',
    fields: [field('state', 'Target state', { options: ['InService', 'Terminated', 'Detached', 'Standby', 'Warmed:Stopped', 'Warmed:Running', 'Warmed:Hibernated', 'Warmed:Terminated'] }), ...timing],
    order: (v) => event(v, ['lifecycle', v.state], { 'target-lifecycle-state': v.state }),
  },
  {
    id: 'rotate', title: 'Rotate the credentials', button: 'Rotate', fields: timing,
    order: (v) => event(v, ['rotate'], { credentials: { rotate: true } }),
  },
  {
    id: 'set', title: 'Override a path', button: 'Override',
    fields: [
      field('path', 'Path', { placeholder: 'meta-data/public-ipv4', required: true }),
      field('how', 'Answer', { options: ['this value', '404', 'as in the scenario'] }),
      field('value', 'Value'), ...timing],
    order: (v) => {
      if (v.how === '404') return event(v, ['set', v.path, '--remove'], { set: { [v.path]: false } });
      if (v.how !== 'this value') return event(v, ['set', v.path, '--unset'], { unset: [v.path] });
      return event(v, ['set', v.path, v.value], { set: { [v.path]: v.value } });
    },
  },
  {
    id: 'fault', title: 'Inject a fault', button: 'Inject',
    fields: [
      field('effect', 'Effect', { options: ['status', 'latency', 'body-latency', 'reset', 'hang', 'tokens-lost', 'throttle', 'body'] }),
      field('value', 'Of', { placeholder: '503, 2s, 5, empty' }),
      field('path', 'Path', { placeholder: 'meta-data/iam/**' }), field('probability', 'Probability', { placeholder: '1' }),
      field('for', 'For', { placeholder: '30s' }), field('name', 'Name'), ...timing],
    order: (v) => fault(v),
  },
  {
    id: 'use', title: 'Use another scenario', button: 'Use it',
    fields: [field('scenario', 'Scenario of the library', { from: 'library' })],
    order: (v) => ({ path: '/v1/use', body: { scenario: v.scenario }, words: ['mock-imds', 'use', v.scenario] }),
  },
  {
    id: 'reload', title: 'Reload the scenario', button: 'Reload',
    fields: [field('keep', 'Keep the clock and what was changed', { check: true })],
    order: (v) => ({ path: '/v1/reload', body: { keep: v.keep }, words: ['mock-imds', 'reload', ...(v.keep ? ['--keep'] : [])] }),
  },
  {
    id: 'clear', title: 'Take back', button: 'Take it back',
    fields: [field('what', 'What was ordered', { options: ['all', 'pending', 'faults'] })],
    order: (v) => ({ path: '/v1/clear', body: { what: v.what }, words: ['mock-imds', 'clear', v.what] }),
  },
];

function fault(v) {
  const number = Number(v.value);
  const effects = {
    status: [{ status: number || v.value || 503 }, ['--status', v.value || '503']],
    latency: [{ latency: v.value || '2s' }, ['--latency', v.value || '2s']],
    'body-latency': [{ 'body-latency': v.value || '2s' }, ['--body-latency', v.value || '2s']],
    reset: [{ reset: true }, ['--reset']],
    hang: [{ hang: true }, ['--hang']],
    'tokens-lost': [{ tokens: 'lost' }, ['--tokens-lost']],
    throttle: [{ throttle: { 'per-second': number || v.value || 5 } }, ['--throttle', v.value || '5']],
    body: [{ body: v.value || 'empty' }, ['--body', v.value || 'empty']],
  };
  const [effect, words] = effects[v.effect];
  const probability = v.probability ? { probability: Number(v.probability) } : {};
  return {
    path: '/v1/faults',
    body: { ...effect, ...given(v, ['path', 'for', 'name']), ...probability, ...keys(v) },
    words: ['mock-imds', 'fault', ...words, ...asFlags(v, ['path', 'for', 'name', 'probability']), ...flags(v)],
  };
}

function outcome(...nodes) {
  byId('outcome').replaceChildren(...nodes.filter(Boolean));
}

// Gives an order, and shows what came of it.
export async function order(method, path, body, words) {
  try {
    const { ok, status, answer } = await api(method, path, body);
    const report = answer.report ? el('pre', { tabindex: '0', 'aria-label': 'Report' }, answer.report) : null;
    const style = ok ? 'good' : 'bad';
    const sentence = ok ? answer.message : status === 422 ? 'Rejected; nothing has changed.' : answer.error ?? answer.message;
    const paths = (answer.paths ?? []).map((it) => el('li', {}, el('code', {}, it.path), ` ${it.change}`));
    outcome(el('p', { class: style }, sentence), report, paths.length ? el('ul', {}, ...paths) : '', command(words));
  } catch (error) {
    outcome(el('p', { class: 'bad' }, error.message));
  }
}

function input(action, it) {
  const id = `${action.id}-${it.name}`;
  if (it.check) return el('label', { class: 'check', for: id }, el('input', { id, name: it.name, type: 'checkbox' }), it.label);
  const options = (it.options ?? []).map((value) => el('option', { value }, value));
  const control = it.options || it.from
    ? el('select', { id, name: it.name, 'data-from': it.from }, it.from === 'instances' ? el('option', { value: '' }, 'all') : null, ...options)
    : el('input', { id, name: it.name, type: 'text', placeholder: it.placeholder, required: it.required, autocomplete: 'off', spellcheck: 'false' });
  return el('div', {}, el('label', { for: id }, it.label), control);
}

function form(action) {
  const values = (node) => Object.fromEntries([...node.elements].filter(({ name }) => name)
    .map((it) => [it.name, it.type === 'checkbox' ? it.checked : it.value.trim()]));
  const same = el('div', {});
  const node = el('form', { 'aria-label': action.title },
    el('div', { class: 'fields' }, ...action.fields.map((it) => input(action, it))),
    el('button', { class: 'primary' }, action.button), same);
  const show = () => same.replaceChildren(command(action.order(values(node)).words));
  node.addEventListener('input', show);
  node.addEventListener('submit', (submitted) => {
    submitted.preventDefault();
    const { path, body, words } = action.order(values(node));
    order('POST', path, body, words);
  });
  const details = el('details', {}, el('summary', {}, action.title), node);
  details.addEventListener('toggle', show);
  return details;
}

export function makeActions() {
  if (!byId('actions').firstChild) byId('actions').append(...ACTIONS.map(form));
}

function offer(from, values, first) {
  for (const select of document.querySelectorAll(`select[data-from="${from}"]`)) {
    const chosen = select.value;
    const all = [...first, ...values.map((value) => [value, value])];
    if ([...select.options].map(({ value }) => value).join('\n') === all.map(([value]) => value).join('\n')) continue;
    select.replaceChildren(...all.map(([value, text]) => el('option', { value }, text)));
    if (all.some(([value]) => value === chosen)) select.value = chosen;
  }
}

export const offerInstances = (names) => offer('instances', names, [['', 'all']]);

export async function offerLibrary() {
  const { ok, answer } = await api('GET', '/v1/scenarios');
  if (ok) offer('library', answer.scenarios.map(({ name }) => name), []);
}

export function showFaults(status) {
  const items = status.faults.map((it) => {
    const words = ['mock-imds', 'fault', 'remove', it.name];
    const remove = el('button', { type: 'button', class: 'small', 'aria-label': `Remove ${it.name}` }, 'Remove');
    remove.addEventListener('click', () => order('POST', '/v1/faults/remove', { names: [it.name] }, words));
    return el('tr', {},
      el('td', {}, it.name, el('div', { class: it.on ? 'bad' : 'dim' }, `${it.on ? 'on' : 'off'}, ${it.hits === 1 ? '1 hit' : `${it.hits} hits`}`)),
      el('td', {}, `${it.what}; ${it.when}`), el('td', {}, remove));
  });
  // A button that has the focus keeps it: nothing is drawn anew that is as it was.
  const now = JSON.stringify(status.faults.map(({ name, on, what, when, hits }) => [name, on, what, when, hits]));
  const root = byId('faults');
  if (root.dataset.shown === now) return;
  root.dataset.shown = now;
  if (items.length === 0) {
    root.replaceChildren(el('p', { class: 'dim' }, 'There is no fault.'));
    return;
  }
  const names = ['Name', 'What and when', 'Do'];
  root.replaceChildren(el('div', { class: 'table', tabindex: '0', role: 'region', 'aria-label': 'Table of faults' }, el('table', {},
    el('thead', {}, el('tr', {}, ...names.map((name) => el('th', { scope: 'col' }, name)))), el('tbody', {}, ...items))));
}

// The forms of all verbs, each with the command that does the same. What the server says of a mistake is shown as it says it.

import { api } from './api.js';
import { byId, command, el, withTimes } from './dom.js';
import { VERBS } from './verbs.js';

function outcome(...nodes) {
  byId('outcome').replaceChildren(...nodes.filter(Boolean));
}

// What the page itself does not send.
const refused = (error) => outcome(el('p', { class: 'bad' }, error.message));

// Gives an order, and shows what came of it.
export async function order(method, path, body, words) {
  try {
    const { ok, status, answer } = await api(method, path, body);
    const report = answer.report ? el('pre', { tabindex: '0', 'aria-label': 'Report' }, answer.report) : null;
    const style = ok ? 'good' : 'bad';
    const sentence = ok ? answer.message : status === 422 ? 'Rejected; nothing has changed.' : answer.error ?? answer.message;
    const paths = (answer.paths ?? []).map((it) => el('li', {}, el('code', {}, it.path), ` ${it.change}`));
    outcome(el('p', { class: style }, ...withTimes(sentence)), report, paths.length ? el('ul', {}, ...paths) : '', command(words));
  } catch (error) {
    refused(error);
  }
}

function input(action, it) {
  const id = `${action.id}-${it.name}`;
  const style = it.wide ? 'wide' : null;
  const labelled = (control) => el('div', { class: style }, el('label', { for: id }, it.label), control);
  // The same file may be chosen again, after a change: a browser tells only of another one.
  const forget = ({ target }) => { target.value = ''; };
  if (it.file) return labelled(el('input', { id, name: it.name, type: 'file', multiple: it.many, accept: it.accept, onclick: forget }));
  if (it.lines) {
    return labelled(el('textarea', { id, name: it.name, rows: it.lines, placeholder: it.placeholder, class: 'mono', wrap: 'off',
      autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false' }));
  }
  if (it.check) return el('label', { class: `check ${style ?? ''}`, for: id }, el('input', { id, name: it.name, type: 'checkbox' }), it.label);
  const options = (it.options ?? []).map((value) => el('option', { value }, value));
  const isChoice = it.options || (it.from && it.from !== 'interfaces');
  const control = isChoice
    ? el('select', { id, name: it.name, 'data-from': it.from }, it.from === 'instances' ? el('option', { value: '' }, 'all') : null, ...options)
    : el('input', { id, name: it.name, type: 'text', placeholder: it.placeholder, required: it.required, list: it.from, autocomplete: 'off', spellcheck: 'false' });
  return labelled(control);
}

function value(it) {
  if (it.type === 'checkbox') return it.checked;
  if (it.type === 'file') return [...it.files];
  // The lines of a report are those of the text.
  return it.type === 'textarea' ? it.value : it.value.trim();
}

function form(action) {
  const values = (node) => Object.fromEntries([...node.elements].filter(({ name }) => name).map((it) => [it.name, value(it)]));
  const same = el('div', {});
  const node = el('form', { 'aria-label': action.title },
    el('div', { class: 'fields' }, ...action.fields.map((it) => input(action, it))),
    el('button', { class: 'primary' }, action.button), same);
  // What is needed and not given yet stands in the command by its name.
  const needed = action.fields.filter(({ required }) => required).map(({ name }) => name);
  const named = (v) => ({ ...v, ...Object.fromEntries(needed.filter((name) => !v[name]).map((name) => [name, name.toUpperCase()])) });
  const words = action.words ?? ((v) => action.order(v).words);
  const show = () => same.replaceChildren(command(words(named(values(node)))));
  node.addEventListener('input', async ({ target }) => {
    try {
      await action.changed?.(node, target);
    } catch (error) {
      refused(error);
    }
    show();
  });
  node.addEventListener('submit', async (submitted) => {
    submitted.preventDefault();
    try {
      const { path, body, words: same } = await action.order(values(node), node);
      await order('POST', path, body, same);
    } catch (error) {
      refused(error);
    }
    byId('outcome').scrollIntoView({ block: 'nearest' });
  });
  const details = el('details', {}, el('summary', {}, action.title), node);
  details.addEventListener('toggle', show);
  return details;
}

export function makeActions() {
  if (!byId('actions').firstChild) byId('actions').append(...VERBS.map(form));
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

// What is typed for an interface: those that the tree has.
export function offerInterfaces(addresses) {
  const known = byId('interfaces') ?? byId('actions').appendChild(el('datalist', { id: 'interfaces' }));
  known.replaceChildren(...addresses.map((value) => el('option', { value })));
}

export async function offerLibrary() {
  const { ok, answer } = await api('GET', '/v1/scenarios');
  if (ok) offer('library', answer.scenarios.map(({ name }) => name), []);
}

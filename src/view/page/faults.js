// The faults, and a button that removes each.

import { order } from './actions.js';
import { byId, el } from './dom.js';

function row(fault) {
  const words = ['mock-imds', 'fault', 'remove', fault.name];
  const remove = el('button', { type: 'button', class: 'small', 'aria-label': `Remove ${fault.name}` }, 'Remove');
  remove.addEventListener('click', () => order('POST', '/v1/faults/remove', { names: [fault.name] }, words));
  const hits = fault.hits === 1 ? '1 hit' : `${fault.hits} hits`;
  return el('li', {},
    el('div', {},
      el('strong', {}, fault.name), ' ', el('span', { class: fault.on ? 'bad' : 'dim' }, `${fault.on ? 'on' : 'off'}, ${hits}`),
      el('div', {}, `${fault.what}; ${fault.when}`)),
    remove);
}

export function showFaults(status) {
  // A button that has the focus keeps it: nothing is drawn anew that is as it was.
  const now = JSON.stringify(status.faults.map(({ name, on, what, when, hits }) => [name, on, what, when, hits]));
  const root = byId('faults');
  if (root.dataset.shown === now) return;
  root.dataset.shown = now;
  root.replaceChildren(status.faults.length === 0
    ? el('p', { class: 'dim' }, 'There is no fault.') : el('ul', { class: 'faults' }, ...status.faults.map(row)));
}

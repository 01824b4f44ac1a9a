// What is served, at a glance: the status, the instances, the host, and what is wrong.

import { byId, command, el, relative, rows, spoken, time, withTimes } from './dom.js';

const text = (value, style) => el('span', style ? { class: style } : {}, value);

function scenario({ file, library, used }) {
  const from = file ?? (library ? `${library} of the library` : 'built in');
  return used ? `${from}, until the next reload` : from;
}

function counts({ v1, v2, token, refused, not_found: missing, failed, unanswered }) {
  const parts = [`${v1} v1`, `${v2} v2`, `${token} for a token`];
  for (const [count, name] of [[refused, 'refused'], [missing, 'not found'], [failed, 'failed'], [unanswered, 'unanswered']]) {
    if (count) parts.push(`${count} ${name}`);
  }
  return parts.join(', ');
}

function credentials(found, now) {
  if (!found) return 'none';
  const parts = [`${found.role}, ${found.source}`];
  if (found.expires) parts.push(`expire ${relative(Date.parse(found.expires), now)}`);
  if (found.state) parts.push(found.state);
  return found.failure ? text(`${parts.join(', ')}: ${found.failure}`, 'bad') : parts.join(', ');
}

export function showStatus(status, now) {
  const [usual] = status.instances;
  const forced = status.in_force.map((item) => {
    const whom = item.instance ? ` (${item.instance})` : item.client ? ` (${item.client})` : '';
    return el('div', { class: 'warn' }, `${item.what}: ${item.text}${item.at ? ` ${time(item.at)}` : ''}${whom}`);
  });
  byId('glance').replaceChildren(...rows([
    ['Instance', usual && `${usual.instance_id}, ${usual.instance_type} in ${usual.availability_zone}, ${usual.life_cycle}`],
    ['Node', status.node],
    ['Address', status.listeners.map(({ address }) => `http://${address}/`).join(' ')],
    ['Tokens', usual && `${usual.http_tokens}, hop limit ${usual.http_put_response_hop_limit}`],
    ['Scenario', `${scenario(status.scenario)}, loaded ${relative(Date.parse(status.scenario.loaded_at), now)}`],
    ['Credentials', credentials(status.credentials, now)],
    ['In force', forced.length ? el('div', {}, ...forced) : 'as the file says'],
    ['Requests', counts(status.request_counts)],
    ['Server', `mock-imds ${status.version}, up ${spoken(now - Date.parse(status.started_at))}`],
  ]));
}

export function showInstances(status) {
  const body = status.instances.map((instance) => {
    const clients = [...instance.clients, ...(instance.nodes ?? []).map((node) => `node ${node}`)].join(', ');
    return el('tr', {},
      el('td', {}, instance.name ?? '[instance]', el('div', { class: 'mono dim nowrap' }, instance.instance_id)),
      el('td', {}, el('span', { class: 'nowrap' }, instance.instance_type), ' in ', el('span', { class: 'nowrap' }, instance.availability_zone),
        el('div', { class: 'dim' }, instance.derive ? `${clients}, one each` : clients || 'everybody else')));
  });
  const head = el('tr', {}, ...['Name', 'What, and for whom'].map((name) => el('th', { scope: 'col' }, name)));
  byId('instances').replaceChildren(
    el('div', { class: 'table', tabindex: '0', role: 'region', 'aria-label': 'Table of instances' },
      el('table', {}, el('thead', {}, head), el('tbody', {}, ...body))));
}

// Against other programs.
const PROTECTION = { owned: 'protected by the kernel', watched: 'watched by the guardian', none: 'not watched' };

export function showHost(guardian, status, now) {
  const needs = status.listeners.some(({ inherited }) => inherited);
  if (!guardian) {
    const words = needs ? text('The network is not set up: no program finds the service.', 'bad')
      : 'No guardian runs; this server needs none.';
    byId('host').replaceChildren(...rows([['Guardian', words], ['Next', needs && command(['mock-imds', 'doctor'])]]));
    return;
  }
  const { count, last } = guardian.restorations;
  const wrong = [...guardian.unavailable.map((it) => `${it.address} is not available: ${it.reason}`), ...guardian.warnings,
    ...(guardian.refused ?? []).map((it) => `${it.endpoint} is left out: ${it.reason}`)];
  const since = `set up ${relative(Date.parse(guardian.since), now)}`;
  const runs = guardian.mode === 'hold' ? text(`runs, ${since}`, 'good') : text(`none runs: ${since} by net up`, 'warn');
  const redirect = guardian.settings.redirect === 'none' ? 'none: the service has port 80 itself' : `port 80 to 1690, by ${guardian.settings.redirect}`;
  const lines = (all) => all.length > 0 && el('div', {}, ...all.map((line) => el('div', {}, line)));
  byId('host').replaceChildren(...rows([
    ['Guardian', runs],
    ['Addresses', lines(guardian.addresses.map(({ address, prefix, origin }) => `${address}/${prefix} on lo, ${origin === 'added' ? 'added' : 'there before'}`))],
    ['Redirect', redirect],
    ['Tables', lines(guardian.tables.map(({ name, rules, protection }) => `${name}, ${rules} rules, ${PROTECTION[protection]}`))],
    ['Kept out', lines(guardian.uplinks.map(({ name, reason }) => `${name}: ${reason}`))],
    ['Restored', count ? `${count === 1 ? 'once' : `${count} times`}, last ${relative(Date.parse(last.at(-1)?.at), now)}: ${last.at(-1)?.what}` : 'never'],
    ['Rejected', guardian.rejected && text(guardian.rejected, 'bad')],
    ['Warnings', wrong.length > 0 && el('div', { class: 'warn' }, ...wrong.map((line) => el('div', {}, line)))],
  ]));
}

// A reload that was refused, by whomever; its report if this page gave the order.
export function showAlerts(status, offline, now) {
  const alerts = [];
  if (offline) {
    alerts.push(el('section', { class: 'alert' }, el('h2', {}, 'The server does not answer'), el('p', {}, offline),
      el('p', {}, `What is shown below is how it was at ${time(now)}.`)));
  }
  if (!status) {
    byId('alerts').replaceChildren(...alerts);
    return;
  }
  const { last_reload: reload, scenario: { fallback } } = status;
  if (fallback) {
    alerts.push(el('section', { class: 'alert' },
      el('h2', {}, `${fallback.file} was rejected at the start`), el('pre', { tabindex: '0' }, fallback.report)));
  }
  if (reload && !reload.accepted) {
    alerts.push(el('section', { class: 'alert' },
      el('h2', {}, `The reload at ${time(reload.at)} was rejected; the former scenario is served`),
      el('p', { class: 'mono' }, reload.message),
      el('p', {}, 'The file is as it was then, or was changed since: check it, and reload.'), command(['mock-imds', 'reload'])));
  }
  byId('alerts').replaceChildren(...alerts);
}

// Elements, and the words that the page shares. Text is set as text, never as markup.

const SVG = 'http://www.w3.org/2000/svg';

function fill(node, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, '');
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export const el = (tag, properties = {}, ...children) => fill(document.createElement(tag), properties, children);
export const svg = (tag, properties = {}, ...children) => fill(document.createElementNS(SVG, tag), properties, children);
export const byId = (id) => document.getElementById(id);

// Rows of a <dl>; empty values are left out.
export function rows(pairs) {
  return pairs.filter(([, value]) => value).flatMap(([name, value]) => [el('dt', {}, name), el('dd', {}, value)]);
}

// "2 min 5 s": the two largest units.
export function spoken(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const units = [['days', 86400], ['h', 3600], ['min', 60], ['s', 1]];
  let rest = seconds;
  const parts = [];
  for (const [name, size] of units) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count} ${name}`);
    if (parts.length === 2 || (parts.length === 1 && count === 0)) break;
  }
  return parts.length ? parts.join(' ') : '0 s';
}

// As `clock seek` reads it.
export function duration(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return [[hours, 'h'], [minutes, 'm'], [rest, 's']].filter(([n]) => n > 0).map(([n, unit]) => n + unit).join('') || '0s';
}

export function relative(at, now) {
  const difference = at - now;
  if (Math.abs(difference) < 1000) return 'now';
  return difference > 0 ? `in ${spoken(difference + 500)}` : `${spoken(-difference)} ago`;
}

export const time = (at) => new Date(at).toLocaleTimeString([], { hour12: false });

// Sentences of the server have instants in UTC: shown in the reader's time, with the former as title.
export function withTimes(sentence) {
  return String(sentence ?? '').split(/(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)/).filter(Boolean).map((part) => {
    const at = /^\d{4}-.*Z$/.test(part) ? new Date(part) : null;
    if (!at || Number.isNaN(at.getTime())) return part;
    const isToday = at.toDateString() === new Date().toDateString();
    return el('time', { datetime: part, title: part }, isToday ? time(at) : `${at.toLocaleDateString()} ${time(at)}`);
  });
}

// A word as a shell reads it.
export const shellWord = (word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

export async function copy(text, button) {
  const before = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = 'Copied';
  } catch {
    button.textContent = 'Select and copy it';
  }
  setTimeout(() => { button.textContent = before; }, 2000);
}

// The options with which a command asks the server of this view.
let server = [];
export function setServer(options) {
  server = options;
}

// A command with a button that copies it.
export function command(words) {
  const text = [...words, ...server].map(shellWord).join(' ');
  const button = el('button', { type: 'button', class: 'small', 'aria-label': `Copy the command ${text}` }, 'Copy');
  button.addEventListener('click', () => copy(text, button));
  return el('div', { class: 'command' }, el('code', {}, text), button);
}

// The timeline, drawn: what happened, now, what comes, and faults while they last. Scrubbing seeks.

import { byId, duration, el, relative, spoken, svg, withTimes } from './dom.js';

const EDGE = 10;
// Of faults.
const ROWS = 3;
let scrubbing = false;

// What has happened and what comes, with its offset from the load.
function marks(status) {
  const zero = Date.parse(status.clock.zero);
  return [...status.events, ...status.changes].flatMap(({ last, next, due_ms: due, what }) => [
    ...(last ? [{ at: Date.parse(last), offset: Date.parse(last) - zero, what, done: true }] : []),
    ...(next ? [{ at: Date.parse(next), offset: due ?? Date.parse(next) - zero, what, done: false }] : []),
  ]).sort((a, b) => a.offset - b.offset);
}

export function position(status, now) {
  const { zero, paused } = status.clock;
  return (paused ? Date.parse(paused) : now) - Date.parse(zero);
}

// The end of the line: the last mark, with room behind it and behind now.
function extent(status, found, elapsed) {
  const zero = Date.parse(status.clock.zero);
  const ends = status.faults.filter(({ ends: end }) => end).map(({ ends: end }) => Date.parse(end) - zero);
  const last = Math.max(elapsed * 1.15, 60_000, ...found.map(({ offset }) => offset * 1.08), ...ends);
  return Math.min(last, Number.MAX_SAFE_INTEGER);
}

function draw(status, found, elapsed, end) {
  // As many units as pixels, so that circles are round and text has its size.
  const width = Math.max(240, byId('line').clientWidth);
  const zero = Date.parse(status.clock.zero);
  const x = (offset) => EDGE + (Math.max(0, Math.min(offset, end)) / end) * (width - 2 * EDGE);
  const now = x(elapsed);
  // Below each other, as far as there is room.
  const bands = status.faults.filter((fault) => fault.ends || fault.on).map((fault, row) => {
    const [from, to] = [fault.begins ? Date.parse(fault.begins) - zero : 0, fault.ends ? Date.parse(fault.ends) - zero : end];
    return svg('rect', { class: 'fault', x: x(from), width: Math.max(2, x(to) - x(from)), y: 44 + (row % ROWS) * 6, height: 4 },
      svg('title', {}, `${fault.name}: ${fault.what}`));
  });
  const dots = found.map(({ offset, what, done }) => svg('circle', { class: done ? 'done' : 'due', cx: x(offset), cy: 34, r: 7 },
    svg('title', {}, what)));
  const anchor = now > width * 0.8 ? 'end' : now < width * 0.2 ? 'start' : 'middle';
  return svg('svg', { class: 'line', viewBox: `0 0 ${width} 78`, role: 'img', 'aria-label':
    `${spoken(elapsed)} since the load, ${found.filter(({ done }) => done).length} events have happened, ${found.filter(({ done }) => !done).length} come` },
    svg('line', { class: 'coming', x1: now, x2: width - EDGE, y1: 34, y2: 34 }),
    svg('line', { class: 'past', x1: EDGE, x2: now, y1: 34, y2: 34 }),
    ...bands, ...dots,
    svg('line', { class: 'now', x1: now, x2: now, y1: 20, y2: 62 }),
    svg('text', { class: 'now-text', x: now, y: 14, 'text-anchor': anchor }, spoken(elapsed)),
    svg('text', { x: EDGE, y: 74 }, '0'),
    svg('text', { x: width - EDGE, y: 74, 'text-anchor': 'end' }, spoken(end)));
}

function listed(found, status, now) {
  const { paused } = status.clock;
  const items = found.map(({ at, offset, what, done }) => el('li', {},
    el('span', { 'aria-hidden': 'true' }, done ? '●' : '○'),
    el('span', { class: 'dim' }, paused && !done ? `${spoken(offset - status.clock.elapsed_ms + 500)} after the pause` : relative(at, now)),
    el('span', {}, ...withTimes(what), el('span', { class: 'dim' }, ` (${duration(offset)})`))));
  const waiting = [...status.events, ...status.changes].filter((event) => !event.last && !event.next);
  items.push(...waiting.map(({ what, at }) => el('li', {},
    el('span', { 'aria-hidden': 'true' }, '…'), el('span', { class: 'dim' }, at ?? 'waits'), el('span', {}, ...withTimes(what)))));
  return items.length ? el('ul', { class: 'timeline-list' }, ...items) : el('p', { class: 'dim' }, 'There are no events.');
}

// Made once; what changes is replaced in it, so that nobody loses the focus.
function frame(order) {
  const root = byId('timeline');
  if (root.firstChild) return;
  const seek = (to) => {
    order('POST', '/v1/clock', { seek: to }, ['mock-imds', 'clock', 'seek', to]);
  };
  const toggle = el('button', { type: 'button', class: 'primary', id: 'toggle' }, 'Pause');
  toggle.addEventListener('click', () => {
    const verb = toggle.dataset.verb;
    order('POST', '/v1/clock', { [verb]: true }, ['mock-imds', 'clock', verb]);
  });
  const scrub = el('input', { id: 'scrub', type: 'range', min: '0', max: '60', step: '1', value: '0' });
  scrub.addEventListener('input', () => {
    scrubbing = true;
    scrub.setAttribute('aria-valuetext', `${spoken(scrub.value * 1000)} since the load`);
    byId('scrub-text').textContent = `to ${duration(scrub.value * 1000)}`;
  });
  scrub.addEventListener('change', () => {
    scrubbing = false;
    seek(duration(scrub.value * 1000));
  });
  const step = (to) => el('button', { type: 'button', class: 'small', onclick: () => seek(to) }, to.replace('-', '−'));
  root.append(
    el('div', { id: 'line' }),
    el('p', { class: 'legend' }, el('span', { class: 'happened' }, 'happened'), el('span', { class: 'comes' }, 'comes'),
      el('span', { class: 'bad' }, 'a fault, while it lasts')),
    el('label', { for: 'scrub' }, 'Position of the scenario’s clock ', el('span', { id: 'scrub-text' })),
    scrub,
    el('div', { class: 'row' }, toggle, step('-1m'), step('-10s'), step('+10s'), step('+1m'), step('+10m'),
      el('button', { type: 'button', class: 'small', id: 'next' }, 'To the next event')),
    el('div', { id: 'events' }));
  byId('next').addEventListener('click', () => seek(byId('next').dataset.to));
}

export function showTimeline(status, now, order) {
  frame(order);
  const elapsed = Math.max(0, position(status, now));
  const found = marks(status);
  const end = extent(status, found, elapsed);
  byId('line').replaceChildren(draw(status, found, elapsed, end));
  byId('events').replaceChildren(listed(found, status, now));
  const toggle = byId('toggle');
  toggle.dataset.verb = status.clock.paused ? 'resume' : 'pause';
  toggle.textContent = status.clock.paused ? 'Play' : 'Pause';
  const next = found.find(({ done }) => !done);
  byId('next').disabled = !next;
  if (next) byId('next').dataset.to = duration(Math.ceil(next.offset / 1000) * 1000);
  const scrub = byId('scrub');
  if (!scrubbing) {
    scrub.max = String(Math.ceil(end / 1000));
    scrub.value = String(Math.round(elapsed / 1000));
    scrub.setAttribute('aria-valuetext', `${spoken(elapsed)} since the load${status.clock.paused ? ', paused' : ''}`);
    byId('scrub-text').textContent = status.clock.paused ? `(paused at ${duration(elapsed)})` : '';
  }
}

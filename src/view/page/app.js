// The page: connects, and shows what comes.

import { makeActions, offerInstances, offerInterfaces, offerLibrary, order } from './actions.js';
import { Unauthorized, dropToken, live, setToken, takeToken } from './api.js';
import { byId, setServer } from './dom.js';
import { showFaults } from './faults.js';
import { addRequests, showChart, showRequests } from './requests.js';
import { showAlerts, showHost, showInstances, showStatus } from './status.js';
import { showTimeline } from './timeline.js';
import { interfaces, refreshTree, showInstanceNames } from './tree.js';

let status = null;
let guardian = null;
// How far the server's clock is ahead of this browser's: a container's page may be seen from another machine.
let ahead = 0;
let since = null;
let shownInstances = '';
// When the server stopped answering: nothing goes on that is not known to go on.
let lost = null;
const now = () => lost ?? Date.now() + ahead;

function say(text, style = '') {
  const node = byId('connection');
  if (node.textContent === text) return;
  node.textContent = text;
  node.className = style;
}

function show() {
  if (!status) return;
  showStatus(status, now());
  showTimeline(status, now(), order);
  showFaults(status);
  const instances = JSON.stringify(status.instances);
  if (instances !== shownInstances) {
    shownInstances = instances;
    showInstances(status);
    const names = status.instances.map(({ name }) => name).filter(Boolean);
    offerInstances(names);
    showInstanceNames(names);
  }
}

function receive(event, data) {
  if (event === 'offline') {
    lost ??= Date.now() + ahead;
    say('The server does not answer', 'bad');
    showAlerts(status, data.error, lost);
    return;
  }
  if (event === 'requests') {
    since = data.next;
    addRequests(data.lines);
    showRequests(now());
    return;
  }
  ({ status, guardian } = data);
  setServer(data.options);
  lost = null;
  ahead = Date.parse(data.now) - Date.now();
  say(`Connected to mock-imds ${status.version}`, 'good');
  show();
  showAlerts(status);
  showHost(guardian, status, now());
  refreshTree().then(() => offerInterfaces(interfaces()), () => {});
}

function login(message) {
  byId('content').hidden = true;
  byId('login').hidden = false;
  say(message, 'warn');
  byId('token').focus();
}

async function connect() {
  byId('login').hidden = true;
  byId('content').hidden = false;
  makeActions();
  showRequests(now());
  let library = false;
  for (;;) {
    try {
      if (!library) {
        await offerLibrary();
        library = true;
      }
      await live(since, receive);
    } catch (error) {
      if (error instanceof Unauthorized) {
        dropToken();
        login(error.message);
        return;
      }
      say('The view does not answer; trying again', 'bad');
    }
    await new Promise((resolve) => { setTimeout(resolve, 1000); });
  }
}

byId('login').addEventListener('submit', (event) => {
  event.preventDefault();
  setToken(byId('token').value);
  byId('token').value = '';
  connect();
});

// A token that comes later: the address was pasted into a tab that is open.
addEventListener('hashchange', () => {
  if (takeToken() && byId('content').hidden) connect();
});

setInterval(() => {
  if (byId('content').hidden) return;
  show();
  showChart(now());
}, 1000);

if (takeToken()) connect();
else login('Not connected');

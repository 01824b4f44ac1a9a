// What can be done: for each verb its fields, and from their values the request and the command that does the same. Nothing here
// decides what is right: the server does.

import { order as useFile, takeFile, words as useFileWords } from './use_file.js';

const field = (name, label, more = {}) => ({ name, label, ...more });
const timing = [field('in', 'In (now, if empty)', { placeholder: '30s' }), field('instance', 'Instance', { from: 'instances' })];
const toClient = field('client', 'Client (all, if empty)', { placeholder: '172.18.0.3' });
const whenAndWhom = [...timing, toClient];
const propagation = field('propagation', 'Visible after', { placeholder: '20s, never' });

const given = (v, names) => Object.fromEntries(names.filter((name) => v[name]).map((name) => [name, v[name]]));
const asFlags = (v, names) => names.filter((name) => v[name]).flatMap((name) => [`--${name}`, v[name]]);
const list = (text) => text.split(',').map((part) => part.trim()).filter(Boolean);
const lists = (pairs) => Object.fromEntries(pairs.filter(([, text]) => text).map(([key, text]) => [key, list(text)]));

// What is no number is sent as it is: the server says what it takes.
const number = (text) => (/^\d+$/.test(text) ? Number(text) : text);
const exitCode = (v) => (v['exit-code'] ? { 'exit-code': number(v['exit-code']) } : {});

// What is cleared by an event, as it is ordered, and by no order of its own.
const KINDS = ['spot-interruption', 'rebalance-recommendation', 'maintenance', 'target-lifecycle-state', 'instance-action', 'life-cycle', 'credentials',
  'metadata', 'tags', 'metadata-options', 'network', 'facts', 'ecs', 'pod-identity'];

// How late it is visible: one delay, or one for each leaf.
function late({ propagation: delay }) {
  if (!delay) return {};
  const leaves = list(delay).filter((part) => part.includes('=')).map((part) => part.split('=').map((word) => word.trim()));
  return { propagation: leaves.length ? Object.fromEntries(leaves) : delay };
}

const event = (v, words, body) => ({
  path: '/v1/events', body: { ...body, ...given(v, ['in', 'instance', 'client']) },
  words: ['mock-imds', ...words, ...asFlags(v, ['in', 'instance', 'client'])],
});
const lateEvent = (v, words, body) => event(v, [...words, ...asFlags(v, ['propagation'])], { ...body, ...late(v) });

export const VERBS = [
  {
    id: 'spot', title: 'Spot interruption', button: 'Issue the notice',
    fields: [field('action', 'Action', { options: ['terminate', 'stop', 'hibernate'] }), field('notice', 'Notice', { placeholder: '2m' }), ...whenAndWhom],
    order: (v) => event(v, ['spot', '--action', v.action, ...asFlags(v, ['notice'])],
      { 'spot-interruption': { action: v.action, ...given(v, ['notice']) } }),
  },
  {
    id: 'rebalance', title: 'Rebalance recommendation', button: 'Recommend', fields: whenAndWhom,
    order: (v) => event(v, ['rebalance'], { 'rebalance-recommendation': {} }),
  },
  {
    id: 'maintenance', title: 'Maintenance', button: 'Schedule',
    fields: [
      field('code', 'Code', { options: ['system-reboot', 'instance-reboot', 'instance-retirement', 'instance-stop', 'system-maintenance'], wide: true }),
      field('state', 'State', { options: ['active', 'completed', 'canceled'] }),
      field('not-before', 'Not before', { placeholder: '2h' }), ...whenAndWhom],
    order: (v) => event(v, ['maintenance', ...asFlags(v, ['code', 'state', 'not-before'])],
      { maintenance: given(v, ['code', 'state', 'not-before']) }),
  },
  {
    id: 'lifecycle', title: 'Lifecycle state', button: 'Set the state',
    fields: [field('state', 'Target state', { options: ['InService', 'Terminated', 'Detached', 'Standby', 'Warmed:Stopped', 'Warmed:Running', 'Warmed:Hibernated', 'Warmed:Terminated'], wide: true }), ...whenAndWhom],
    order: (v) => event(v, ['lifecycle', v.state], { 'target-lifecycle-state': v.state }),
  },
  {
    id: 'fault', title: 'Inject or change a fault', button: 'Inject',
    fields: [
      field('effect', 'Effect', { options: ['status', 'latency', 'body-latency', 'reset', 'hang', 'connection', 'tokens-lost', 'throttle', 'body'] }),
      field('value', 'Of', { placeholder: '503, 2s, 5, empty, refused' }),
      field('path', 'Path', { placeholder: 'meta-data/iam/**', wide: true }), field('probability', 'Probability', { placeholder: '1' }),
      field('for', 'For', { placeholder: '30s' }), field('name', 'Name'), ...whenAndWhom,
      field('change', 'Change the fault of this name', { check: true, wide: true })],
    order: fault,
  },
  {
    id: 'set', title: 'Override a path', button: 'Override',
    fields: [
      field('path', 'Path', { placeholder: 'meta-data/public-ipv4', required: true, wide: true }),
      field('how', 'Answer', { options: ['this value', '404', 'as in the scenario'] }),
      field('value', 'Value', { wide: true }), ...whenAndWhom],
    order: (v) => {
      if (v.how === '404') return event(v, ['set', v.path, '--remove'], { set: { [v.path]: false } });
      if (v.how !== 'this value') return event(v, ['set', v.path, '--unset'], { unset: [v.path] });
      return event(v, ['set', v.path, v.value], { set: { [v.path]: v.value } });
    },
  },
  {
    id: 'attach', title: 'Attach an interface', button: 'Attach',
    fields: [field('private-ipv4', 'Private IPv4', { placeholder: '172.16.34.50' }), field('mac', 'MAC address'), propagation, ...whenAndWhom],
    order: (v) => lateEvent(v, ['interface', 'attach', ...asFlags(v, ['private-ipv4', 'mac'])],
      { 'attach-interface': { ...lists([['private-ipv4s', v['private-ipv4']]]), ...given(v, ['mac']) } }),
  },
  {
    id: 'interface', title: 'Change an interface', button: 'Change',
    fields: [
      field('interface', 'MAC address or id', { placeholder: '0e:49:61:0f:c3:11', required: true, from: 'interfaces', wide: true }),
      field('how', 'Change', { options: ['assign', 'unassign', 'modify', 'hide', 'detach'], wide: true }),
      field('value', 'Private IPv4, or security groups', { placeholder: '172.16.34.51', wide: true }), propagation, ...whenAndWhom],
    order: changeInterface,
  },
  {
    id: 'settle', title: 'Settle the network', button: 'Settle', fields: whenAndWhom,
    order: (v) => event(v, ['interface', 'settle'], { settle: 'network' }),
  },
  {
    id: 'profile', title: 'Instance profile', button: 'Associate',
    fields: [field('role', 'Role, or none', { placeholder: 'none', required: true }), propagation, ...whenAndWhom],
    order: (v) => lateEvent(v, ['profile', v.role], { 'instance-profile': v.role === 'none' ? 'none' : { role: v.role } }),
  },
  {
    id: 'rotate', title: 'Rotate the credentials', button: 'Rotate', fields: whenAndWhom,
    order: (v) => event(v, ['rotate'], { credentials: { rotate: true } }),
  },
  {
    id: 'stop-start', title: 'Stop and start', button: 'Stop and start',
    fields: [field('down', 'Stopped for', { placeholder: '0s' }), field('instance-type', 'Started as', { placeholder: 'c7g.large' }), field('public-ipv4', 'Public IPv4'), ...whenAndWhom],
    order: (v) => event(v, ['stop-start', ...asFlags(v, ['down', 'instance-type', 'public-ipv4'])],
      { 'stop-start': { down: v.down || '0s', ...given(v, ['instance-type']), ...lists([['public-ipv4s', v['public-ipv4']]]) } }),
  },
  {
    id: 'ecs-task', title: 'Task of Amazon ECS', button: 'Change the task',
    fields: [field('how', 'Status', { options: ['STOPPED', 'RUNNING'] }), field('timeout', 'Stopped after', { placeholder: '30s' }), field('exit-code', 'Exit code', { placeholder: '137' }), ...whenAndWhom],
    order: (v) => {
      if (v.how === 'RUNNING') return event(v, ['ecs', 'run'], { 'ecs-task': { 'desired-status': 'RUNNING' } });
      return event(v, ['ecs', 'stop', ...asFlags(v, ['timeout', 'exit-code'])],
        { 'ecs-task': { 'desired-status': 'STOPPED', ...(v.timeout ? { 'stop-timeout': v.timeout } : {}), ...exitCode(v) } });
    },
  },
  {
    id: 'ecs-container', title: 'Container of Amazon ECS', button: 'Change the container',
    fields: [
      field('name', 'Name', { placeholder: 'app', required: true }),
      field('how', 'State', { options: ['UNHEALTHY', 'HEALTHY', 'UNKNOWN', 'stopped', 'restarted'] }),
      field('exit-code', 'Exit code', { placeholder: '0' }), ...whenAndWhom],
    order: changeContainer,
  },
  {
    id: 'task-protection', title: 'Task protection', button: 'Set the protection',
    fields: [field('answer', 'Protection, or answer', { options: ['on', 'off', 'allowed', 'denied', 'blocked', 'slow'] }), field('for', 'On for', { placeholder: '2h' }), ...whenAndWhom],
    order: (v) => {
      const words = ['ecs', 'protection', v.answer];
      if (v.answer === 'on') return event(v, [...words, ...asFlags(v, ['for'])], { 'task-protection': { enabled: true, ...given(v, ['for']) } });
      return event(v, words, { 'task-protection': v.answer === 'off' ? { enabled: false } : v.answer });
    },
  },
  {
    id: 'pod-identity', title: 'Association of EKS Pod Identity', button: 'Change the association',
    fields: [
      field('how', 'Change', { options: ['remove', 'associate', 'restore'] }), field('role', 'Role to associate', { placeholder: 'other-role' }),
      field('service-account', 'Service account', { placeholder: 'shop/web', wide: true }), ...whenAndWhom],
    order: (v) => {
      const [words, change] = v.how === 'associate' ? [['associate', v.role], { role: v.role }] : [[v.how], { association: v.how === 'restore' }];
      return event(v, ['pod-identity', ...words, ...asFlags(v, ['service-account'])], { 'pod-identity': { ...change, ...given(v, ['service-account']) } });
    },
  },
  {
    id: 'agent', title: 'Restart an agent of containers', button: 'Restart the agent',
    fields: [
      field('endpoint', 'Agent of', { options: ['ecs', 'pod-identity'] }), field('down', 'Down for', { placeholder: '5s' }),
      field('credentials-ready-after', 'Then without credentials for', { placeholder: '10s' }), ...whenAndWhom],
    // The agent of EKS Pod Identity has credentials at once.
    order: (v) => {
      const times = v.endpoint === 'ecs' ? ['down', 'credentials-ready-after'] : ['down'];
      return event(v, [v.endpoint, 'restart-agent', ...asFlags(v, times)], { agent: { endpoint: v.endpoint, ...given(v, times) } });
    },
  },
  {
    id: 'use', title: 'Use another scenario', button: 'Use it',
    fields: [field('scenario', 'Scenario of the library', { from: 'library' })],
    order: (v) => ({ path: '/v1/use', body: { scenario: v.scenario }, words: ['mock-imds', 'use', v.scenario] }),
  },
  {
    id: 'use-file', title: 'Use a file', button: 'Serve it until the next reload',
    fields: [
      field('file', 'Scenario file of yours', { file: true, accept: '.toml', wide: true }),
      field('text', 'Its text, or one that you type or paste', { lines: 8, placeholder: '[instance]\ninstance-type = "c7g.large"', wide: true }),
      field('files', 'Files that it names, if any', { file: true, many: true, wide: true })],
    changed: takeFile, words: useFileWords, order: useFile,
  },
  {
    id: 'reload', title: 'Reload the scenario', button: 'Reload',
    fields: [field('keep', 'Keep the clock and what was changed', { check: true })],
    order: (v) => ({ path: '/v1/reload', body: { keep: v.keep }, words: ['mock-imds', 'reload', ...(v.keep ? ['--keep'] : [])] }),
  },
  {
    id: 'clear', title: 'Take changes back', button: 'Take them back',
    fields: [field('what', 'What was ordered', { options: ['all', 'pending', 'faults', ...KINDS] })],
    order: (v) => {
      const words = ['mock-imds', 'clear', v.what];
      return KINDS.includes(v.what) ? { path: '/v1/events', body: { clear: [v.what] }, words } : { path: '/v1/clear', body: { what: v.what }, words };
    },
  },
];

function fault(v) {
  const amount = Number(v.value);
  const effects = {
    status: [{ status: amount || v.value || 503 }, ['--status', v.value || '503']],
    latency: [{ latency: v.value || '2s' }, ['--latency', v.value || '2s']],
    'body-latency': [{ 'body-latency': v.value || '2s' }, ['--body-latency', v.value || '2s']],
    reset: [{ reset: true }, ['--reset']],
    hang: [{ hang: true }, ['--hang']],
    connection: [{ connection: v.value || 'refused' }, ['--connection', v.value || 'refused']],
    'tokens-lost': [{ tokens: 'lost' }, ['--tokens-lost']],
    throttle: [{ throttle: { 'per-second': amount || v.value || 5 } }, ['--throttle', v.value || '5']],
    body: [{ body: v.value || 'empty' }, ['--body', v.value || 'empty']],
  };
  const [effect, words] = effects[v.effect];
  const probability = v.probability ? { probability: Number(v.probability) } : {};
  const others = { ...given(v, ['path', 'for', 'name', 'in', 'instance']), ...probability, ...lists([['clients', v.client]]) };
  const conditions = asFlags(v, ['path', 'for', 'probability', 'in', 'instance', 'client']);
  const name = v.change ? ['set', v.name] : asFlags(v, ['name']);
  return {
    path: v.change ? '/v1/faults/set' : '/v1/faults', body: { ...effect, ...others },
    words: ['mock-imds', 'fault', ...name, ...words, ...conditions],
  };
}

function changeContainer(v) {
  const words = ['ecs', 'container', v.name];
  const container = (change) => ({ 'ecs-container': { name: v.name, ...change } });
  if (v.how === 'stopped') return event(v, [...words, '--stopped', ...asFlags(v, ['exit-code'])], container({ 'known-status': 'STOPPED', ...exitCode(v) }));
  if (v.how === 'restarted') return event(v, [...words, '--restart'], container({ restart: true }));
  return event(v, [...words, '--health', v.how], container({ health: v.how }));
}

function changeInterface(v) {
  const words = ['interface', v.how, v.interface];
  if (v.how === 'hide') return event(v, [...words, ...(v.propagation ? ['--for', v.propagation] : [])],
    { 'hide-interface': { interface: v.interface, ...(v.propagation ? { for: v.propagation } : {}) } });
  if (v.how === 'detach') return lateEvent(v, words, { 'detach-interface': { interface: v.interface } });
  const [flag, key, kind] = v.how === 'modify' ? ['--security-group', 'security-groups', 'modify-interface'] : ['--private-ipv4', 'private-ipv4s', v.how];
  return lateEvent(v, [...words, flag, v.value], { [kind]: { interface: v.interface, ...lists([[key, v.value]]) } });
}

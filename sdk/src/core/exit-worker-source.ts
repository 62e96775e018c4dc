/**
 * The program of the exit worker, as text: it must run from memory in any packaging (bundled,
 * compiled, transpiled on the fly), and it is loaded only while the process ends.
 */
export const exitWorkerSource = `
'use strict';
const { workerData } = require('node:worker_threads');
const { base, key, sessionIds, reports, progress, timeoutMs } = workerData;
const client = base.startsWith('https:') ? require('node:https') : require('node:http');
const agent = new client.Agent({ keepAlive: true, maxSockets: 8 });

function send(method, path, body) {
  return new Promise((resolve, reject) => {
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const request = client.request(new URL(path, base), {
      method,
      agent,
      timeout: timeoutMs,
      headers: {
        authorization: 'Bearer ' + key,
        ...(payload && { 'content-type': 'application/json', 'content-length': payload.length }),
      },
    });
    request.on('error', reject);
    request.on('timeout', () => request.destroy(new Error('timeout')));
    request.on('response', (response) => {
      response.resume();
      response.on('end', () =>
        response.statusCode < 300 ? resolve() : reject(new Error(String(response.statusCode))));
    });
    request.end(payload);
  });
}

async function settle({ leaseId, bodies }, index) {
  for (const body of bodies) await send('POST', 'v1/sdk/leases/' + leaseId + '/settlements', body);
  Atomics.store(progress, index + 1, 1);
}

async function run() {
  await Promise.allSettled(reports.map(settle));
  await Promise.allSettled(sessionIds.map((id) => send('DELETE', 'v1/sdk/sessions/' + id)));
}

run().finally(() => {
  Atomics.store(progress, 0, 1);
  Atomics.notify(progress, 0);
  agent.destroy();
});
`;

/**
 * The program of the exit worker, as text: it must run from memory in any packaging (bundled,
 * compiled, transpiled on the fly), and it is loaded only while the process ends. What it sends was
 * signed before: it gets no key to sign with.
 */
export const exitWorkerSource = `
'use strict';
const { workerData } = require('node:worker_threads');
const { reports, ends, progress, timeoutMs } = workerData;
const [first] = [...reports.flatMap(({ requests }) => requests), ...ends];
const client = first?.url.startsWith('https:') ? require('node:https') : require('node:http');
const agent = new client.Agent({ keepAlive: true, maxSockets: 8 });

function send({ method, url, headers, payload }) {
  return new Promise((resolve, reject) => {
    const request = client.request(url, { method, agent, timeout: timeoutMs, headers });
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

async function settle({ requests }, index) {
  for (const request of requests) await send(request);
  Atomics.store(progress, index + 1, 1);
}

async function run() {
  await Promise.allSettled(reports.map(settle));
  await Promise.allSettled(ends.map(send));
}

run().finally(() => {
  Atomics.store(progress, 0, 1);
  Atomics.notify(progress, 0);
  agent.destroy();
});
`;

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { callFrom } from '../harness/call-from.js';
import { Installation, type Json, sessionRequest } from '../harness/installation.js';

const program = nginx();
if (program === undefined)
  process.stdout.write('skipped: the tests behind nginx, this machine has no nginx\n');
const whereItIs = program === undefined ? describe.skip : describe;

function nginx(): string | undefined {
  for (const name of ['nginx', '/usr/sbin/nginx']) {
    try {
      execFileSync(name, ['-v'], { stdio: 'ignore' });
      return name;
    } catch {
      // Not here; perhaps at the next place.
    }
  }
  return undefined;
}

const CLIENT = '127.0.0.5';
const SPOOFER = '127.0.0.6';

whereItIs('a server behind nginx', () => {
  let site: Installation;
  let proxy: ChildProcess;
  let folder: string;
  let url: string;
  let key: string;
  beforeAll(async () => {
    // Nginx calls from here; clients come from elsewhere.
    site = await Installation.start({ trustedProxies: ['127.0.0.1'] });
    folder = mkdtempSync(path.join(tmpdir(), 'iron-cage-nginx-'));
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    writeFileSync(path.join(folder, 'nginx.conf'), settings(port));
    proxy = spawn(program ?? '', ['-p', folder, '-e', 'stderr', '-c', 'nginx.conf'], {
      stdio: 'ignore',
    });
    await listens(port);
    const project = await site.project({ name: 'Office' });
    const policy = `/v1/projects/${project.id}/anomaly-policy`;
    await site.must('PUT', policy, { ...(await site.must('GET', policy)), addresses: 'off' });
    const { secret } = await site.must('POST', `/v1/projects/${project.id}/keys`, {
      name: 'office',
      environment: 'dev',
      allowedAddresses: [CLIENT],
    });
    key = secret as string;
  });
  afterAll(async () => {
    const ended = once(proxy, 'exit');
    proxy.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
    await site.stop();
  });

  /** As Debian's own `proxy_params`: what the client sent, and then from where it came. */
  function settings(port: number): string {
    return `
daemon off;
worker_processes 1;
${process.getuid?.() === 0 ? 'user root;' : ''}
pid ${folder}/pid;
events { worker_connections 64; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass ${site.url};
      proxy_set_header Host $http_host;
      proxy_set_header X-Real-IP $remote_addr;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
    }
  }
}
`;
  }

  const start = (from: string, to: string, headers: Record<string, string> = {}) =>
    callFrom(from, to, 'POST', '/v1/sdk/sessions', {
      token: key,
      body: sessionRequest(),
      headers,
    });
  const refused = async (answer: Promise<{ status: number; body: Json }>, from: string) => {
    const { status, body } = await answer;
    expect([status, body['error']?.code]).toEqual([403, 'KEY_ADDRESS_REFUSED']);
    expect(body['error'].message).toContain(from);
  };

  it('sees the client that nginx saw', async () => {
    const { status, body } = await start(CLIENT, url);
    expect(status).toBe(201);
    const { items } = await site.must('GET', '/v1/sessions');
    expect(items.find(({ id }: Json) => id === body['sessionId'])).toMatchObject({ ip: CLIENT });
    await refused(start(SPOOFER, url), SPOOFER);
  });

  it.each([
    ['the address itself', { 'x-forwarded-for': CLIENT }],
    ['a chain that ends in the proxy', { 'x-forwarded-for': `${CLIENT}, 127.0.0.1` }],
    ['an IPv4 address written as IPv6', { 'x-forwarded-for': `::ffff:${CLIENT}` }],
    ['what is no address', { 'x-forwarded-for': `${CLIENT}, unknown` }],
    ['other headers', { forwarded: `for=${CLIENT}`, 'x-real-ip': CLIENT, 'client-ip': CLIENT }],
  ])('does not believe a client that claims another address: %s', async (_what, headers) => {
    await refused(start(SPOOFER, url, headers), SPOOFER);
    // Past the proxy the header counts for nothing at all.
    await refused(start(SPOOFER, site.url, headers), SPOOFER);
    expect((await start(CLIENT, url, { 'x-forwarded-for': SPOOFER })).status).toBe(201);
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function listens(port: number): Promise<void> {
  for (const deadline = Date.now() + 20_000; ;) {
    const socket = connect(port, '127.0.0.1');
    const connected = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (connected) return;
    if (Date.now() > deadline) throw new Error('nginx did not start');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

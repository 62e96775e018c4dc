import { execFile } from 'node:child_process';
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { startCountingProvider, type CountingProvider } from '../harness/counting-provider.js';
import { FakeServer } from './fake-server.js';
import { PackedSdk } from './packed-sdk.js';
import { anthropicUrl, makeKey, models, rates, secretsFor } from './rig.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const examples = readdirSync(join(root, 'sdk', 'examples')).sort();
const packages = [
  '@ai-sdk/openai',
  '@anthropic-ai/sdk',
  '@langchain/core',
  '@langchain/langgraph',
  '@langchain/openai',
  '@llamaindex/openai',
  '@openai/agents',
  'ai',
  'langchain',
  'openai',
  'zod',
];
const run = promisify(execFile);
let sdk: PackedSdk;
let project: string;

beforeAll(() => {
  sdk = new PackedSdk();
  project = sdk.installIn('project', packages);
  cpSync(join(root, 'sdk', 'examples'), project, { recursive: true });
}, 120_000);
afterAll(() => {
  sdk.remove();
});

describe.each(examples)('the example %s', (name) => {
  let server: FakeServer;
  let provider: CountingProvider;
  beforeEach(async () => {
    provider = await startCountingProvider({ prices: rates });
    server = await FakeServer.start({ secrets: secretsFor(provider), models: models() });
  });
  afterEach(async () => {
    await provider.close();
    await server.close();
  });

  it('runs with the published package, and costs what the provider bills', async () => {
    provider.setScript(({ body, afterTool }) =>
      Array.isArray(body['tools']) && body['tools'].length > 0 && !afterTool
        ? { toolCalls: [{ name: 'weather', arguments: { city: 'Oslo' } }] }
        : { text: 'Here is the answer.' },
    );
    const { stdout, stderr } = await run(process.execPath, [join(project, name)], {
      cwd: project,
      timeout: 60_000,
      env: {
        PATH: process.env['PATH'] ?? '',
        IRON_CAGE_URL: server.url,
        IRON_CAGE_KEY: makeKey(),
        IRON_CAGE_JOURNAL_DIR: join(project, 'journal'),
        OPENAI_BASE_URL: `${provider.url}/v1`,
        ANTHROPIC_BASE_URL: anthropicUrl(provider),
      },
    });
    expect(stderr).toBe('');
    expect(stdout.trim()).not.toBe('');
    expect(provider.requests).toBeGreaterThan(0);
    expect(server.spentNano).toBe(provider.bill().totalNano);
    expect(server.openLeases).toEqual([]);
    expect(server.problems).toEqual([]);
  });

  it('stands in the manual as it is', () => {
    const manual = readdirSync(join(root, 'docs', 'sdk'))
      .map((page) => readFileSync(join(root, 'docs', 'sdk', page), 'utf8'))
      .join('\n');
    expect(manual).toContain(readFileSync(join(root, 'sdk', 'examples', name), 'utf8'));
  });
});

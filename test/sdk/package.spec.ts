import { execFile, execFileSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';

import { startCountingProvider, type CountingProvider } from '../harness/counting-provider.js';
import { FakeServer } from './fake-server.js';
import { nodeVersions, PackedSdk } from './packed-sdk.js';
import { makeKey, MINI, models, secretsFor } from './rig.js';

const tsc = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url));
const entries = ['', '/ai-sdk', '/langchain', '/llamaindex', '/openai-agents'];
const run = promisify(execFile);
let sdk: PackedSdk;

beforeAll(() => {
  sdk = new PackedSdk();
}, 120_000);
afterAll(() => {
  sdk.remove();
});

describe('the published package', () => {
  it('holds the build, its declarations, the manual and the licence, and is small', () => {
    const unexpected = sdk.files.filter(
      (name) => !/^(package\.json|README\.md|LICENSE|dist\/[\w/-]+(\.d\.ts|\.js))$/.test(name),
    );
    expect(unexpected).toEqual([]);
    expect(statSync(sdk.tarball).size).toBeLessThan(200_000);
    for (const entry of ['index', 'auto', 'register', 'langchain']) {
      expect(sdk.files).toEqual(expect.arrayContaining([`dist/${entry}.js`, `dist/${entry}.d.ts`]));
    }
  });

  it('is clean for publint', async () => {
    const { messages } = await publint({ pkgDir: sdk.unpacked, pack: false, strict: true });
    expect(messages).toEqual([]);
  });

  it('has types that every kind of resolution finds, and that tell the truth', async () => {
    const data = createPackageFromTarballData(new Uint8Array(readFileSync(sdk.tarball)));
    const analysis = await checkPackage(data);
    const problems = analysis.types === false ? [{ kind: 'NoTypes' }] : analysis.problems;
    // An ESM-only package: `require()` of it works on every supported Node, TypeScript calls that a problem in CommonJS.
    // Resolution of Node 10 knows no "exports"; no supported Node has it.
    const other = problems.filter(
      (problem) =>
        problem.kind !== 'CJSResolvesToESM' &&
        !('resolutionKind' in problem && problem.resolutionKind === 'node10'),
    );
    expect(other).toEqual([]);
  });

  it.each(['nodenext', 'bundler'])('type-checks in a strict project, with %s', (resolution) => {
    const project = sdk.installIn(`types-${resolution}`, ['@types/node', 'undici-types']);
    writeFileSync(
      join(project, 'agent.ts'),
      `${entries.map((entry, index) => `import * as entry${index.toString()} from '@iron-cage/sdk${entry}';`).join('\n')}
      import { cage as auto } from '@iron-cage/sdk/auto';
      import { IronCage, type Cage, type RunLimits, BudgetExceededError } from '@iron-cage/sdk';
      const limits: RunLimits = { budget: '0.10', maxCalls: 3 };
      const cage: Cage = await IronCage.init({ agentName: 'a' });
      const text: string = await cage.withBudget(limits, async (budget) => budget.spentUsd);
      cage.on('blocked', ({ error }) => { const code: string = error.code; return void code; });
      // @ts-expect-error a budget is a string of dollars
      cage.withBudget(0.1, () => undefined);
      export const all = [auto, text, BudgetExceededError, ${entries.map((_, index) => `entry${index.toString()}`).join(', ')}];`,
    );
    const module = resolution === 'bundler' ? 'esnext' : 'nodenext';
    writeFileSync(
      join(project, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          module,
          moduleResolution: resolution,
          target: 'es2023',
          lib: ['es2023'],
          types: ['node'],
          strict: true,
          exactOptionalPropertyTypes: true,
          skipLibCheck: false,
          noEmit: true,
        },
        files: ['agent.ts'],
      }),
    );
    expect(() =>
      execFileSync(process.execPath, [tsc, '-p', project], { stdio: 'pipe' }),
    ).not.toThrow();
  });
});

const versions = nodeVersions();
if (versions.length === 1) {
  process.stdout.write('the packed SDK is tried on one Node only: the machine has no other one\n');
}

describe.each(versions)('on Node $version', ({ path: node }) => {
  let server: FakeServer;
  let provider: CountingProvider;
  beforeAll(async () => {
    provider = await startCountingProvider({
      prices: { '*': { input: 150_000n, output: 600_000n } },
    });
    server = await FakeServer.start({ secrets: secretsFor(provider), models: models() });
  });
  afterAll(async () => {
    await provider.close();
    await server.close();
  });

  async function execute(project: string, name: string, source: string): Promise<string> {
    writeFileSync(join(project, name), source);
    const { stdout } = await run(node, [join(project, name)], {
      cwd: project,
      timeout: 30_000,
      env: {
        PATH: process.env['PATH'] ?? '',
        IRON_CAGE_URL: server.url,
        IRON_CAGE_KEY: makeKey(),
        IRON_CAGE_JOURNAL_DIR: join(project, 'journal'),
        PROVIDER: provider.url,
      },
    });
    return stdout.trim();
  }
  const request = `{ method: 'POST', headers: { authorization: 'Bearer ' + process.env.OPENAI_API_KEY,
    'content-type': 'application/json' }, body: JSON.stringify({ model: '${MINI}', max_tokens: 20,
    messages: [{ role: 'user', content: 'Hello' }] }) }`;
  const project = (name: string): string => sdk.installIn(`${name}-${node.replace(/\W/g, '')}`);

  it('runs an agent: import, leases, a call, a limit, an error, the way out', async () => {
    const output = await execute(
      project('import'),
      'agent.mjs',
      `import { cage } from '@iron-cage/sdk/auto';
       import { BudgetExceededError } from '@iron-cage/sdk';
       const call = () => fetch(process.env.PROVIDER + '/v1/chat/completions', ${request});
       const answer = await (await call()).json();
       const stopped = await cage.withBudget('0', call).catch((error) => error);
       console.log(JSON.stringify([answer.model, stopped instanceof BudgetExceededError, stopped.name]));
       process.exit(0);`,
    );
    expect(JSON.parse(output)).toEqual([MINI, true, 'BudgetExceededError']);
    expect(server.openLeases).toEqual([]);
    expect(server.spentNano).toBe(provider.bill().totalNano);
  });

  it('can be required', async () => {
    const output = await execute(
      project('require'),
      'agent.cjs',
      `${entries.map((entry) => `require('@iron-cage/sdk${entry}');`).join('\n')}
       const { IronCage } = require('@iron-cage/sdk');
       IronCage.init().then(async (cage) => { await cage.close(); console.log('closed'); });`,
    );
    expect(output).toBe('closed');
  });

  it('shares one connection between two copies, which know each other’s errors', async () => {
    const first = project('copy-one');
    project('copy-two');
    const other = `../copy-two-${node.replace(/\W/g, '')}/node_modules/@iron-cage/sdk/dist/index.js`;
    const output = await execute(
      first,
      'agent.mjs',
      `import * as one from '@iron-cage/sdk';
       import * as two from '${other}';
       const cage = await one.IronCage.init();
       const patched = globalThis.fetch;
       const same = (await two.IronCage.init()) === cage && two.IronCage.current() === cage;
       const error = await cage.withBudget('0', () => fetch(process.env.PROVIDER + '/v1/chat/completions', ${request}))
         .catch((reason) => reason);
       console.log(JSON.stringify([one !== two, same, globalThis.fetch === patched,
         error instanceof two.BudgetExceededError, error instanceof two.ProjectPausedError, two.findIronCageError(error)?.code]));
       await cage.close();`,
    );
    expect(JSON.parse(output)).toEqual([true, true, true, true, false, 'BUDGET_EXCEEDED']);
  });
});

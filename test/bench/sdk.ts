import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { CompiledSdk } from '../sdk/agent-process.js';
import { FakeServer } from '../sdk/fake-server.js';
import { makeKey, MINI, models, REAL_OPENAI_KEY } from '../sdk/rig.js';
import { percentile, type Row } from './report.js';

const ROUNDS = 5;
const IMPORTS = 15;
const MEMORIES = 7;
/** The prompts are pages of a manual with example keys in them: everything is looked for, nothing stops a call. */
const PII = Object.fromEntries(
  ['email', 'card', 'iban', 'ssn', 'phone', 'ip', 'secret'].map((type) => [type, 'warn']),
);

/** What the SDK adds to a call, to a stream, to the start and to the memory of an agent's process. */
export async function run(): Promise<readonly Row[]> {
  const bench = await SdkBench.start();
  const progress = (step: string): void => void process.stderr.write(`  ${step} …\n`);
  try {
    progress('calls of 1 kB');
    const small = await bench.calls(1_000, 400);
    progress('calls of 10 kB');
    const medium = await bench.calls(10_000, 120);
    progress('calls of 100 kB');
    const large = await bench.calls(100_000, 30);
    progress('streams');
    const streams = await bench.calls(1_000, 30, 'stream');
    progress('import, memory');
    const start = await bench.starts();
    progress('tokens, filter');
    return [
      added('call.1k.p50', small, 0.5),
      added('call.1k.p99', small, 0.99),
      collected('call.1k.gc', small),
      cpu('call.1k.cpu', small),
      first('call.first', [...small, ...medium, ...large]),
      added('call.10k.p50', medium, 0.5),
      added('call.100k.p50', large, 0.5),
      added('stream.2000', streams, 0.5),
      await bench.refusals(),
      ...start,
      ...(await bench.counters()),
      ...(await bench.filter()),
    ];
  } finally {
    await bench.stop();
  }
}

interface Timings {
  readonly bare: readonly number[];
  readonly metered: readonly number[];
  readonly bareCpu: readonly number[];
  readonly meteredCpu: readonly number[];
  readonly collected: Readonly<Record<'bare' | 'metered', number>>;
  readonly first: number;
  readonly firstBare: number;
}

/** Share of the calls that met a garbage collection: where it is near one in a hundred, p99 is one. */
function collected(metric: string, rounds: readonly Timings[]): Row {
  const share = (kind: 'bare' | 'metered'): number =>
    (100 * sum(rounds.map((round) => round.collected[kind]))) /
    sum(rounds.map((round) => round[kind].length));
  const [value, bare] = [share('metered'), share('bare')];
  return { metric, value, unit: '%', reference: 'bare fetch', ratio: value / bare };
}

/** Work that the machine has with a metered call beyond a bare one, with what is done after its answer. */
function cpu(metric: string, rounds: readonly Timings[]): Row {
  const mean = (times: readonly number[]): number => sum(times) / times.length;
  const bare = median(rounds.map(({ bareCpu }) => mean(bareCpu)));
  const value = median(rounds.map(({ bareCpu, meteredCpu }) => mean(meteredCpu) - mean(bareCpu)));
  return { metric, value, unit: 'ms', reference: 'bare fetch', ratio: value / bare };
}

/** The whole first call of a process, with the first lease; it comes after a bare one has opened the connection. */
function first(metric: string, rounds: readonly Timings[]): Row {
  const value = median(rounds.map((round) => round.first));
  const bare = median(rounds.map(({ firstBare }) => firstBare));
  return { metric, value, unit: 'ms', reference: 'first bare fetch', ratio: value / bare };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** The median over the rounds of what a metered call takes longer than a bare one. */
function added(metric: string, rounds: readonly Timings[], share: number): Row {
  const value = median(
    rounds.map(({ bare, metered }) => percentile(metered, share) - percentile(bare, share)),
  );
  const bareMs = median(rounds.map(({ bare }) => percentile(bare, share)));
  return { metric, value, unit: 'ms', reference: 'bare fetch', ratio: value / bareMs };
}

function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** Three processes: this one with the Iron Cage server, a provider, and the one that is measured. */
class SdkBench {
  private constructor(
    private readonly server: FakeServer,
    private readonly provider: ChildProcess,
    private readonly environment: Record<string, string>,
    private readonly journal: string,
    private readonly modules: CompiledSdk,
  ) {}

  static async start(): Promise<SdkBench> {
    const provider = spawn(process.execPath, [path('provider.mjs')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const { port } = await new Promise<{ port: number }>((resolve) =>
      provider.stdout.once('data', (text: Buffer) => {
        resolve(JSON.parse(text.toString()) as { port: number });
      }),
    );
    const host = `127.0.0.1:${port}`;
    const secret = {
      provider: 'openai',
      hosts: [host],
      fields: { OPENAI_API_KEY: REAL_OPENAI_KEY },
    };
    const server = await FakeServer.start({
      secrets: [secret],
      models: models().filter(({ id }) => id === MINI),
      balanceUsd: 1_000_000,
      pii: PII,
    });
    const journal = mkdtempSync(join(tmpdir(), 'iron-cage-bench-'));
    const modules = new CompiledSdk();
    return new SdkBench(
      server,
      provider,
      {
        PATH: process.env['PATH'] ?? '',
        IRON_CAGE_KEY: makeKey(),
        IRON_CAGE_URL: server.url,
        PROVIDER_URL: `http://${host}`,
        JOURNAL: journal,
        PII: JSON.stringify(PII),
        SDK_MODULES: `${modules.url('')}/`,
      },
      journal,
      modules,
    );
  }

  async stop(): Promise<void> {
    this.provider.kill();
    await this.server.close();
    this.modules.remove();
    rmSync(this.journal, { recursive: true, force: true });
  }

  async calls(length: number, pairs: number, kind = 'whole'): Promise<Timings[]> {
    const rounds: Timings[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      rounds.push(
        (await this.measure(['calls', length.toString(), pairs.toString(), kind])) as Timings,
      );
    }
    return rounds;
  }

  /** Refused before anything leaves: the whole call. */
  async refusals(): Promise<Row> {
    const spent = (await this.measure(['refusals'])) as number[];
    return { metric: 'refusal.p50', value: median(spent), unit: 'ms' };
  }

  async starts(): Promise<Row[]> {
    const importMs = { sdk: [] as number[], openai: [] as number[] };
    for (let time = 0; time < IMPORTS; time++) {
      importMs.sdk.push((await this.measure(['import', 'sdk'])) as number);
      importMs.openai.push((await this.measure(['import', 'openai'])) as number);
    }
    const used = { sdk: [] as number[], tiktoken: [] as number[], bare: [] as number[] };
    for (let time = 0; time < MEMORIES; time++) {
      for (const kind of ['sdk', 'tiktoken', 'bare'] as const) {
        used[kind].push((await this.measure(['memory', kind])) as number);
      }
    }
    const importOurs = median(importMs.sdk);
    const memoryOurs = median(used.sdk) - median(used.bare);
    const memoryTiktoken = median(used.tiktoken) - median(used.bare);
    return [
      {
        metric: 'import',
        value: importOurs,
        unit: 'ms',
        reference: 'import openai',
        ratio: importOurs / median(importMs.openai),
      },
      {
        metric: 'memory',
        value: memoryOurs,
        unit: 'MB',
        reference: 'tiktoken alone',
        ratio: memoryOurs / memoryTiktoken,
      },
    ];
  }

  async counters(): Promise<Row[]> {
    const spent = (await this.measure(['count'])) as Record<string, number[]>;
    const of = (name: string): number => median(spent[name] ?? []);
    const row = (metric: string, name: string): Row => ({
      metric,
      value: of(name),
      unit: 'ms/kB',
      reference: 'tiktoken',
      ratio: of(name) / of('tiktoken'),
    });
    return [
      row('count.1k', 'ours'),
      row('tiktoken.1k', 'tiktoken'),
      row('gpt-tokenizer.1k', 'gptTokenizer'),
    ];
  }

  async filter(): Promise<Row[]> {
    const speeds = (await this.measure(['filter'])) as Record<string, number[]>;
    const [value, parse] = [median(speeds['ours'] ?? []), median(speeds['parse'] ?? [])];
    return [
      { metric: 'filter', value, unit: 'MB/s', reference: 'JSON.parse', ratio: value / parse },
    ];
  }

  private async measure(args: readonly string[]): Promise<unknown> {
    const child = spawn(process.execPath, ['--expose-gc', path('agent.mjs'), ...args], {
      env: this.environment,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (data: Buffer) => (output += data.toString()));
    const code = await new Promise((resolve) => child.once('close', resolve));
    if (code !== 0)
      throw new Error(`the measured process ended with ${String(code)}: ${args.join(' ')}`);
    return JSON.parse(output);
  }
}

function path(name: string): string {
  return fileURLToPath(new URL(`./sdk/${name}`, import.meta.url));
}

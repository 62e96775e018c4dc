// The process that is measured: plain JavaScript, no loader, the built SDK.
import { freshText } from './text.mjs';

const sdk = () => import('@iron-cage/sdk');
/** Inner modules are not part of the package: they are compiled one by one for this. */
const inner = (path) => import(`${process.env.SDK_MODULES}${path}`);
const now = () => performance.now();
const providerUrl = `${process.env.PROVIDER_URL}/v1/chat/completions`;

const results = await { calls, count, filter, import: importOnly, memory, refusals }[
  process.argv[2]
](...process.argv.slice(3));
process.stdout.write(`${JSON.stringify(results)}\n`, () => process.exit(0));

async function startCage() {
  const { IronCage } = await sdk();
  return IronCage.init({ patchFetch: false, handleExit: false, journalDir: process.env.JOURNAL });
}

function request(length, more = {}) {
  const messages = [{ role: 'user', content: freshText(length) }];
  return {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${process.env.OPENAI_API_KEY ?? 'sk-bare'}`,
    },
    body: JSON.stringify({ model: 'gpt-4o-mini', messages, max_tokens: 100, ...more }),
  };
}

/** Lets end what a call left to be done when nobody waits for it: it must not fall into the next one's time. */
async function quiet() {
  for (let round = 0; round < 3; round += 1) await new Promise((resolve) => setImmediate(resolve));
}

/**
 * Bare and metered calls in turn, so that both see the same machine: the very first pair of the
 * process, then those for warming up, which are not counted.
 * @returns milliseconds of each; how many of each met a garbage collection; CPU time with what is
 * done after the answer
 */
async function calls(length, pairs, streams) {
  const cage = await startCage();
  const more =
    streams === 'stream' ? { stream: true, stream_options: { include_usage: true } } : {};
  const collections = [];
  const observer = new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries())
      collections.push({ startTime, duration });
  });
  observer.observe({ entryTypes: ['gc'] });
  const timed = async (send) => {
    const init = request(Number(length), more);
    await quiet();
    const cpu = process.cpuUsage();
    const start = now();
    const response = await send(providerUrl, init);
    if (response.status !== 200) throw new Error(`status ${response.status}`);
    if (streams === 'stream') for await (const chunk of response.body) void chunk;
    else await response.text();
    const end = now();
    await quiet();
    const { user, system } = process.cpuUsage(cpu);
    return { start, end, cpu: (user + system) / 1_000 };
  };
  const first = { bare: await timed(fetch), metered: await timed(cage.fetch) };
  const spent = { bare: [], metered: [] };
  const warmUp = Math.ceil(Number(pairs) / 2);
  for (let pair = -warmUp; pair < Number(pairs); pair += 1) {
    const order = pair % 2 === 0 ? ['bare', 'metered'] : ['metered', 'bare'];
    for (const kind of order) {
      const time = await timed(kind === 'bare' ? fetch : cage.fetch);
      if (pair >= 0) spent[kind].push(time);
    }
  }
  await new Promise((resolve) => setTimeout(resolve, 50));
  observer.disconnect();
  await cage.close();
  const collected = ({ start, end }) =>
    collections.some(({ startTime, duration }) => startTime < end && startTime + duration > start);
  const ms = ({ start, end }) => end - start;
  return {
    bare: spent.bare.map(ms),
    metered: spent.metered.map(ms),
    bareCpu: spent.bare.map(({ cpu }) => cpu),
    meteredCpu: spent.metered.map(({ cpu }) => cpu),
    collected: {
      bare: spent.bare.filter(collected).length,
      metered: spent.metered.filter(collected).length,
    },
    first: ms(first.metered),
    firstBare: ms(first.bare),
  };
}

/** Calls that the key's limits refuse before they leave. @returns milliseconds of each */
async function refusals() {
  const cage = await startCage();
  const spent = [];
  for (let round = -100; round < 400; round += 1) {
    const init = request(1_000);
    const start = now();
    const error = await cage.withBudget('0.000000001', () =>
      cage.fetch(providerUrl, init).then(
        () => undefined,
        (reason) => reason,
      ),
    );
    const end = now();
    if (error?.code !== 'BUDGET_EXCEEDED') throw new Error(`not refused: ${error}`);
    if (round >= 0) spent.push(end - start);
  }
  await cage.close();
  return spent;
}

/** Counters of tokens on fresh texts, in turn. @returns milliseconds per kB */
async function count() {
  const { textCounter } = await inner('tokens/text-counter.js');
  const { get_encoding: getEncoding } = await import('tiktoken');
  const { countTokens } = await import('gpt-tokenizer/encoding/o200k_base');
  const tiktoken = getEncoding('o200k_base');
  const ours = textCounter('o200k_base');
  const counters = {
    ours: (text) => ours.count(text).wordTokens + ours.count(text).numberTokens,
    tiktoken: (text) => tiktoken.encode_ordinary(text).length,
    gptTokenizer: (text) => countTokens(text),
  };
  const spent = { ours: [], tiktoken: [], gptTokenizer: [] };
  for (let round = -300; round < 1_000; round += 1) {
    const text = freshText(1_000);
    const counted = Object.entries(counters).map(([name, counter]) => {
      const start = now();
      const tokens = counter(text);
      if (round >= 0) spent[name].push(now() - start);
      return tokens;
    });
    // gpt-tokenizer is not exact: only the two that have to agree are compared.
    if (counted[0] !== counted[1]) throw new Error(`the counters disagree: ${counted.join(', ')}`);
  }
  return spent;
}

/** MB per second through the safety filter, and through JSON.parse beside it. */
async function filter() {
  const { SafetyFilter } = await inner('safety/safety-filter.js');
  const safety = new SafetyFilter(JSON.parse(process.env.PII));
  const spent = { ours: [], parse: [] };
  for (let round = -30; round < 150; round += 1) {
    const body = request(100_000).body;
    const start = now();
    const parsed = JSON.parse(body);
    const middle = now();
    safety.apply(parsed);
    const end = now();
    if (round < 0) continue;
    spent.parse.push(body.length / 1_000 / (middle - start));
    spent.ours.push(body.length / 1_000 / (end - middle));
  }
  return spent;
}

async function importOnly(what) {
  const start = now();
  await (what === 'sdk' ? sdk() : import('openai'));
  return now() - start;
}

/** The process after a hundred calls, with and without the SDK. @returns MB */
async function memory(what) {
  const cage = what === 'sdk' ? await startCage() : undefined;
  if (what === 'tiktoken') {
    const { get_encoding: getEncoding } = await import('tiktoken');
    getEncoding('o200k_base').encode_ordinary(freshText(1_000));
  }
  const send = cage?.fetch ?? fetch;
  for (let call = 0; call < 100; call += 1) {
    await (await send(providerUrl, request(1_000))).text();
  }
  globalThis.gc();
  const used = process.memoryUsage.rss() / 2 ** 20;
  await cage?.close();
  return used;
}

import { TextCounter } from '../../sdk/src/tokens/text-counter.js';
import { openaiTokenizer } from '../../sdk/src/tokens/text-bound.js';
import { nano } from './fake-server.js';
import { MINI, rates, startRig, until, type Rig } from './rig.js';

/** Some hundred words that no other test counts: what was counted before is counted at once. */
function freshPrompt(words = 800): string {
  const run = crypto.randomUUID();
  return Array.from({ length: words }, (_, index) => `word${index} of ${run}`).join(', ');
}

const OUTPUT_TOKENS = 10;
/** Not the one of the process: that must not know the prompts yet. */
const counter = new TextCounter('o200k_base');
const request = (content: string): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({
    model: MINI,
    messages: [{ role: 'user', content }],
    max_tokens: OUTPUT_TOKENS,
  }),
});

/** What the call costs at most, by exact count. */
function exactNano(content: string): bigint {
  const price = rates[MINI] ?? { input: 0n, output: 0n };
  const tokens = ['user', content].map((text) => {
    const { wordTokens, numberTokens } = counter.count(text);
    return wordTokens + numberTokens;
  });
  const { requestTokens, messageTokens } = openaiTokenizer;
  const input = tokens.reduce((sum, each) => sum + each, requestTokens + messageTokens);
  const pico = BigInt(input) * price.input + BigInt(OUTPUT_TOKENS) * price.output;
  return (pico + 999n) / 1_000n;
}

describe('counting while the provider answers', () => {
  let rig: Rig;
  const heldNano = (): bigint => nano(rig.cage.budget().leases.heldUsd);
  const call = (content: string, init: RequestInit = {}): Promise<Response> =>
    rig.cage.fetch(`${rig.provider.url}/v1/chat/completions`, { ...request(content), ...init });
  afterEach(async () => {
    await rig.close();
    expect(rig.server.problems).toEqual([]);
  });

  it('lets a call go with more set aside, and soon sets aside what it needs by exact count', async () => {
    rig = await startRig();
    await call('the lease is here now');
    let answer = (): void => undefined;
    const answered = new Promise<void>((resolve) => (answer = resolve));
    rig.provider.setScript(async () => {
      await answered;
      return { text: 'ok' };
    });
    const prompt = freshPrompt();
    const sent = call(prompt);
    await until('the call holds something', () => heldNano() > 0n);
    const hastyNano = heldNano();
    await until('its exact bound is held', () => heldNano() === exactNano(prompt));
    expect(hastyNano).toBeGreaterThanOrEqual(exactNano(prompt));
    answer();
    expect((await sent).status).toBe(200);
    expect(heldNano()).toBe(0n);
  });

  it('refuses nothing for what is set aside in haste', async () => {
    const prompts = Array.from({ length: 8 }, () => freshPrompt());
    const needed = prompts.reduce((sum, prompt) => sum + exactNano(prompt), 0n);
    // A token for each byte would be about three times as much.
    const amount = Number(needed + 200_000n) / 1e9;
    rig = await startRig({
      balanceUsd: amount,
      tranche: amount.toFixed(9),
      cage: { clampOutput: false, budgetWaitMs: 0 },
    });
    await call('the lease is here now');
    let waiting = 0;
    let answer = (): void => undefined;
    const answered = new Promise<void>((resolve) => (answer = resolve));
    rig.provider.setScript(async () => {
      waiting += 1;
      if (waiting === prompts.length) answer();
      await answered;
      return { text: 'ok' };
    });
    const results = await Promise.all(prompts.map((prompt) => call(prompt)));
    expect(results.map(({ status }) => status)).toEqual(prompts.map(() => 200));
  });

  it('charges a call that is given up at once by exact count', async () => {
    rig = await startRig();
    await call('the lease is here now');
    rig.provider.setScript(() => new Promise(() => undefined));
    const prompt = freshPrompt();
    const giveUp = new AbortController();
    const sent = call(prompt, { signal: giveUp.signal });
    await until('the request has left', () => heldNano() > 0n);
    giveUp.abort();
    await expect(sent).rejects.toThrow();
    await rig.cage.close();
    const aborted = rig.server.records.filter(({ estimated }) => estimated);
    expect(aborted.map(({ cost }) => nano(cost))).toEqual([exactNano(prompt)]);
  });
});

import type { Json } from './fake-server.js';
import { chatRequest, MINI, startRig, type Rig } from './rig.js';

let rig: Rig;
let warnings: string[];

async function startTelling(usage: Json): Promise<void> {
  rig = await startRig({
    surroundings: { send: () => Promise.resolve(Response.json({ model: MINI, usage })) },
  });
  warnings = [];
  rig.cage.on('warning', ({ code }) => warnings.push(code));
}
const call = (): Promise<Response> =>
  rig.cage.fetch(`${rig.provider.url}/v1/chat/completions`, chatRequest());
const booked = async (): Promise<Json> => {
  await rig.cage.close();
  return rig.server.records.at(-1) ?? {};
};
afterEach(async () => {
  await rig.close();
  expect(rig.server.problems).toEqual([]);
});

describe('usage that contradicts itself', () => {
  it('is booked at the most that its sum allows: some providers hide their reasoning there', async () => {
    await startTelling({ prompt_tokens: 66, completion_tokens: 6, total_tokens: 100 });
    await call();
    const record = await booked();
    expect(record).toMatchObject({ estimated: true, tokens: { output: 34 } });
    const { input, cacheRead, cacheWrite5m } = record['tokens'] as Record<string, number>;
    expect((input ?? 0) + (cacheRead ?? 0) + (cacheWrite5m ?? 0)).toBe(66);
    expect(rig.server.spentNano).toBe(66n * 150n + 34n * 600n);
    expect(warnings).toEqual(['USAGE_INCONSISTENT']);
  });

  it('is booked without any discount when its parts exceed it', async () => {
    await startTelling({
      prompt_tokens: 50,
      completion_tokens: 6,
      total_tokens: 56,
      prompt_tokens_details: { cached_tokens: 50, cache_write_tokens: 50 },
    });
    await call();
    await booked();
    expect(rig.server.spentNano).toBe(50n * 150n + 6n * 600n);
    expect(warnings).toEqual(['USAGE_INCONSISTENT']);
  });

  it('is believed where everything adds up', async () => {
    await startTelling({
      prompt_tokens: 50,
      completion_tokens: 6,
      total_tokens: 56,
      prompt_tokens_details: { cached_tokens: 40 },
    });
    await call();
    expect(await booked()).toMatchObject({
      estimated: false,
      tokens: { input: 10, cacheRead: 40 },
    });
    expect(warnings).toEqual([]);
  });
});

describe('more input than was expected at most', () => {
  it('is booked in full, told, and expected from then on', async () => {
    await startTelling({ prompt_tokens: 9_000, completion_tokens: 6, total_tokens: 9_006 });
    await call();
    expect(warnings).toEqual(['BOUND_EXCEEDED']);
    await call();
    expect(warnings).toEqual(['BOUND_EXCEEDED']);
    await booked();
    expect(rig.server.spentNano).toBe(2n * (9_000n * 150n + 6n * 600n));
  });
});

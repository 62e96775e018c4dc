import { affordableOutput, worstCost } from '../../sdk/src/prices/worst-case.js';
import { PriceTable } from '../../sdk/src/prices/price-table.js';
import type { JsonObject } from '../../sdk/src/providers/call-plan.js';
import { matchEndpoint } from '../../sdk/src/providers/endpoints.js';
import { tokenizerOf, boundText } from '../../sdk/src/tokens/text-bound.js';
import { boundOf } from '../eval/bounds-decision.js';
import { shippedPrices } from '../eval/usage-decision.js';

const prices = shippedPrices();
const nowMs = Date.parse('2026-11-01');
const user = (content: unknown) => [{ role: 'user', content }];

function bound(host: string, path: string, request: JsonObject) {
  return boundOf(prices, { host, path, request }, nowMs);
}

function claude(more: JsonObject) {
  const body = { model: 'claude-sonnet-4-5', max_tokens: 100, messages: user('Hi') };
  return bound('api.anthropic.com', '/v1/messages', { ...body, ...more });
}

function responses(more: JsonObject) {
  return bound('api.openai.com', '/v1/responses', { model: 'gpt-5', input: 'Hi', ...more });
}

function gemini(more: JsonObject, text = 'Hi') {
  return bound(
    'generativelanguage.googleapis.com',
    '/v1beta/models/gemini-2.5-flash:generateContent',
    { contents: [{ role: 'user', parts: [{ text }] }], ...more },
  );
}

function contextOf(provider: string, model: string): number {
  return prices.find(provider, model, nowMs)?.contextTokens ?? 0;
}

describe('tools that run at the provider', () => {
  it('are capped by every round in which they may read the whole context', () => {
    const context = contextOf('anthropic', 'claude-sonnet-4-5');
    expect(context).toBeGreaterThan(100_000);
    for (const type of ['web_fetch_20250910', 'tool_search_tool_bm25_20251119']) {
      expect(claude({ tools: [{ type, name: 'tool' }] })).toMatchObject({
        kind: 'capped',
        inputTokens: 11 * context,
        why: [type],
      });
    }
    expect(gemini({ tools: [{ codeExecution: {} }] })).toMatchObject({
      kind: 'capped',
      inputTokens: 6 * contextOf('google', 'gemini-2.5-flash'),
    });
  });

  it('are refused where their number and so their fee has no limit', () => {
    const search = { type: 'web_search_20250305', name: 'web_search' };
    expect(claude({ tools: [search] }).kind).toBe('refused');
    expect(claude({ tools: [{ ...search, max_uses: 3 }] }).kind).toBe('capped');
    expect(responses({ tools: [{ type: 'web_search' }] }).kind).toBe('refused');
    expect(responses({ tools: [{ type: 'web_search' }], max_tool_calls: 2 })).toMatchObject({
      kind: 'capped',
      inputTokens: 3 * contextOf('openai', 'gpt-5'),
    });
    const container = { type: 'auto', memory_limit: '4g' };
    const interpreter = { type: 'code_interpreter', container };
    expect(responses({ tools: [interpreter], max_tool_calls: 2 }).kind).toBe('refused');
    expect(gemini({ tools: [{ googleSearch: {} }] }).kind).toBe('refused');
  });

  it('are paid with what is set aside, fees included', () => {
    const url = new URL('https://api.anthropic.com/v1/messages');
    const match = matchEndpoint('anthropic', 'POST', url);
    if (match.kind !== 'metered') throw new Error('not metered');
    const tools = [{ type: 'web_search_20250305', name: 'web_search', max_uses: 4 }];
    const body = { model: 'claude-sonnet-4-5', max_tokens: 9, messages: user('Hi'), tools };
    const plan = match.endpoint.plan(body, { provider: 'anthropic', url });
    expect(plan.units).toEqual({ webSearches: 4 });

    const rates = { input: '3000000', output: '15000000', webSearches: '10000000000' };
    const any = { equals: 'm' };
    const table = {
      version: '1',
      models: [{ provider: 'p', id: 'm', match: any, periods: [{ rates }] }],
    };
    const price = new PriceTable(table).find('p', 'm', nowMs);
    if (price === undefined) throw new Error('no price');
    const call = { inputTokens: 0, outputTokens: 0, inputBuckets: [], outputBuckets: [] } as const;
    expect(worstCost(price, { ...call, units: { webSearches: 4 } })).toBe(40_000_000n);
    const output = { ...call, outputBuckets: ['output'] as const, units: { webSearches: 4 } };
    expect(affordableOutput(price, output, 39_999_999n)).toBe(-1);
    expect(affordableOutput(price, output, 40_015_000n)).toBe(1);
  });
});

it('takes a function without a type for what it is', () => {
  const tools = [{ function: { name: 'now', parameters: { type: 'object' } } }];
  const request = { model: 'mistral-large-latest', messages: user('Hi'), tools };
  expect(bound('api.mistral.ai', '/v1/chat/completions', request).kind).toBe('bounded');
});

it('counts tools that were added in the course of a conversation', () => {
  const tool = { type: 'function', name: 'refund', description: 'Pays back. '.repeat(200) };
  const later = responses({ input: [{ type: 'additional_tools', tools: [tool] }] });
  expect(later).toMatchObject({ kind: 'bounded' });
  expect(later.kind === 'refused' ? 0 : later.inputTokens).toBeGreaterThan(400);
  const server = { type: 'additional_tools', tools: [{ type: 'image_generation' }] };
  expect(responses({ input: [server] }).kind).toBe('refused');
});

it('caps what the provider knows by an id alone', () => {
  const item = { type: 'reasoning', id: 'rs_1', summary: [] };
  expect(responses({ input: [item] })).toMatchObject({ kind: 'capped', why: ['reasoning'] });
  const sealed = { ...item, encrypted_content: 'gAAAAA' };
  expect(responses({ input: [sealed] })).toMatchObject({ kind: 'bounded' });
  const drawn = { type: 'image_generation_call', id: 'ig_1' };
  expect(responses({ input: [drawn] })).toMatchObject({ kind: 'capped' });
});

it('bounds a picture behind a link by the largest one, and nothing else behind a link', () => {
  const link = (mimeType: string) =>
    gemini({ contents: [{ parts: [{ fileData: { fileUri: 'gs://b/o', mimeType } }] }] });
  expect(link('image/png')).toMatchObject({ kind: 'bounded' });
  expect(link('video/mp4')).toMatchObject({ kind: 'capped' });
});

it('writes out references, as Google does before its models read a schema', () => {
  const node = {
    type: 'object',
    properties: { label: { type: 'string' }, children: { items: { $ref: '#/$defs/Node' } } },
  };
  const schema = { $defs: { Node: node }, properties: { tree: { $ref: '#/$defs/Node' } } };
  const declared = (parametersJsonSchema: unknown) => {
    const tools = [{ functionDeclarations: [{ name: 'f', parametersJsonSchema }] }];
    const outcome = gemini({ tools });
    return outcome.kind === 'refused' ? 0 : outcome.inputTokens;
  };
  const once = declared({ $defs: { Node: node }, properties: { tree: {} } });
  expect(declared(schema) - once).toBeGreaterThan(3 * 20);
});

describe('vocabularies', () => {
  it('make more of other scripts than OpenAI does', () => {
    const hindi = 'नमस्ते दुनिया यह एक छोटा वाक्य है ';
    const letters = Array.from(hindi).length;
    expect(boundText(tokenizerOf('anthropic', 'claude-sonnet-4-5'), hindi)).toBeGreaterThan(
      1.4 * letters,
    );
    expect(boundText(tokenizerOf('openai', 'gpt-5'), hindi)).toBeLessThan(letters);
  });

  it('are told by the name of the model behind a gateway', () => {
    expect(tokenizerOf('openrouter', 'openai/gpt-5-mini')).toBe(tokenizerOf('openai', 'gpt-5'));
    expect(tokenizerOf('aws', 'openai.gpt-5.5')).toBe(tokenizerOf('openai', 'gpt-5'));
    expect(tokenizerOf('azure', 'gpt-4')).toBe(tokenizerOf('openai', 'gpt-4'));
    expect(tokenizerOf('openrouter', 'x-ai/grok-4')).toBe(tokenizerOf('x-ai', 'grok-4'));
    expect(tokenizerOf('groq', 'openai/gpt-oss-20b')).not.toBe(tokenizerOf('openai', 'gpt-5'));
    expect(tokenizerOf('x-ai', 'grok-4').requestTokens).toBeGreaterThan(680);
  });
});

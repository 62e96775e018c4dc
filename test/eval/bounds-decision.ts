import { PROVIDERS } from '../../src/vault/domain/providers.js';
import type { PriceTable } from '../../sdk/src/prices/price-table.js';
import type { Endpoint, JsonObject } from '../../sdk/src/providers/call-plan.js';
import { matchEndpoint } from '../../sdk/src/providers/endpoints.js';
import { inputTold } from '../../sdk/src/usage/usage-reading.js';

/** What is known before a call is sent. */
export interface SentRequest {
  readonly host: string;
  readonly path: string;
  readonly request: JsonObject;
}

/** What the SDK would set aside for a request before it sends it. */
export type Bound =
  | {
      readonly kind: 'bounded' | 'capped';
      readonly provider: string;
      readonly inputTokens: number;
      readonly endpoint: Endpoint;
      readonly hasImages: boolean;
      /** What made the context window the bound. */
      readonly why: readonly string[];
    }
  | { readonly kind: 'refused'; readonly provider: string; readonly why: readonly string[] };

/** Hosts that are not in the server's list, by the provider that is behind them. */
const clouds: readonly (readonly [RegExp, string])[] = [
  [/\.openai\.azure\.com$|\.services\.ai\.azure\.com$/, 'azure'],
  [/(^|[.-])aiplatform\.googleapis\.com$/, 'google'],
  [/^bedrock/, 'aws'],
  [/(^|\.)z\.ai$/, 'zai'],
];
const images = /"(image_url|input_image|inline_?data|image|file_?data)"/i;

export function providerAt(host: string): string {
  const known = PROVIDERS.find(({ hosts }) => hosts.includes(host));
  const [, cloud] = clouds.find(([pattern]) => pattern.test(host)) ?? [];
  return known?.id ?? cloud ?? host;
}

/** Bounds every request; whatever else a line holds is not looked at. */
export function boundAll(
  prices: PriceTable,
  lines: readonly SentRequest[],
  atMs: number,
): readonly Bound[] {
  return lines.map(({ host, path, request }) => {
    try {
      return boundOf(prices, { host, path, request }, atMs);
    } catch (error) {
      const why = `it cannot be read: ${error instanceof Error ? error.message : ''}`;
      return { kind: 'refused', provider: providerAt(host), why: [why] };
    }
  });
}

/** Bounds one request from what is sent alone. */
export function boundOf(prices: PriceTable, sent: SentRequest, atMs: number): Bound {
  const provider = providerAt(sent.host);
  const url = new URL(`https://${sent.host}${sent.path}`);
  const match = matchEndpoint(provider, 'POST', url);
  if (match.kind !== 'metered') return { kind: 'refused', provider, why: ['the endpoint'] };
  const { endpoint } = match;
  const plan = endpoint.plan(structuredClone(sent.request), { provider, url });
  if (plan.refused.length > 0) return { kind: 'refused', provider, why: plan.refused };
  const hasImages = images.test(JSON.stringify(sent.request));
  const { unbounded: why } = plan;
  const inputTokens = plan.countInput?.() ?? plan.inputTokens;
  if (why.length === 0) {
    return { kind: 'bounded', provider, inputTokens, endpoint, hasImages, why };
  }
  const context = prices.find(provider, plan.model, atMs)?.contextTokens;
  if (context === undefined) return { kind: 'refused', provider, why };
  const most = Math.max(inputTokens, context * (plan.rounds ?? 1));
  return { kind: 'capped', provider, inputTokens: most, endpoint, hasImages, why };
}

/** All input that the provider counted; undefined when it told none. */
export function countedInput(
  bound: Exclude<Bound, { kind: 'refused' }>,
  usage: unknown,
): number | undefined {
  const told = bound.endpoint.readUsage({ usage, usageMetadata: usage }, bound.provider);
  return told && inputTold(told);
}

import type { Attributes, Span } from '@opentelemetry/api';

import type { CageEvents, EventHub } from '../core/events.js';
import { inputTokensOf } from '../prices/usage.js';

type Api = typeof import('@opentelemetry/api');

/** Providers that the semantic conventions name otherwise than the price tables. */
const providerNames: Readonly<Record<string, string>> = {
  azure: 'azure.ai.openai',
  bedrock: 'aws.bedrock',
  google: 'gcp.gemini',
  mistral: 'mistral_ai',
  'x-ai': 'x_ai',
};
const SPANS_MAX = 10_000;

/**
 * Spans and metrics by OpenTelemetry's semantic conventions for generative AI, where the program
 * has `@opentelemetry/api` (https://github.com/open-telemetry/semantic-conventions-genai). They
 * have models, tokens and costs, never prompts. Without a registered SDK they cost next to nothing.
 */
export async function exportTelemetry(events: EventHub, version: string): Promise<void> {
  const api = await load();
  if (api !== undefined) new OpenTelemetry(api, version).listen(events);
}

async function load(): Promise<Api | undefined> {
  try {
    return await import('@opentelemetry/api');
  } catch {
    return undefined; // an optional peer: most programs do not have it
  }
}

class OpenTelemetry {
  readonly #api: Api;
  readonly #version: string;
  readonly #spans = new Map<string, Span>();

  constructor(api: Api, version: string) {
    this.#api = api;
    this.#version = version;
  }

  listen(events: EventHub): void {
    events.on('call', (event) => {
      this.#begin(event);
    });
    events.on('usage', (event) => {
      this.#end(event);
    });
    events.on('blocked', (event) => {
      this.#blocked(event);
    });
  }

  /** Runs where the call is made, so that its span lies in the one that is active there. */
  #begin({ id, provider, model, operation, host, port }: CageEvents['call']): void {
    if (this.#spans.size >= SPANS_MAX) return;
    const span = this.#tracer().startSpan(`${operation} ${model}`, {
      kind: this.#api.SpanKind.CLIENT,
      attributes: {
        ...about(operation, provider, model),
        'server.address': host,
        ...(port === undefined ? {} : { 'server.port': port }),
      },
    });
    this.#spans.set(id, span);
  }

  #end(event: CageEvents['usage']): void {
    const { id, provider, model, operation, outcome, tokens, costUsd, durationMs } = event;
    const common = about(operation, provider, model);
    const input = inputTokensOf(tokens);
    const output = tokens.output + tokens.audioOutput;
    const failure = outcome === 'completed' ? {} : { 'error.type': outcome };
    const span = this.#spans.get(id);
    this.#spans.delete(id);
    span?.setAttributes({
      'gen_ai.usage.input_tokens': input,
      'gen_ai.usage.output_tokens': output,
      'gen_ai.usage.cache_read.input_tokens': tokens.cacheRead,
      'gen_ai.usage.cache_creation.input_tokens': tokens.cacheWrite5m + tokens.cacheWrite1h,
      'iron_cage.cost': Number(costUsd),
      'iron_cage.estimated': event.estimated,
      ...(event.tags === undefined ? {} : { 'iron_cage.tags': [...event.tags] }),
      ...failure,
    });
    if (outcome !== 'completed') span?.setStatus({ code: this.#api.SpanStatusCode.ERROR });
    span?.end();
    const { tokenUsage, duration, cost } = this.#instruments();
    tokenUsage.record(input, { ...common, 'gen_ai.token.type': 'input' });
    tokenUsage.record(output, { ...common, 'gen_ai.token.type': 'output' });
    duration.record(durationMs / 1_000, { ...common, ...failure });
    cost.add(Number(costUsd), common);
  }

  #blocked({ provider, model, error }: CageEvents['blocked']): void {
    const attributes = { ...about('chat', provider, model), 'error.type': error.code };
    const kind = this.#api.SpanKind.CLIENT;
    const span = this.#tracer().startSpan(`chat ${model}`.trimEnd(), { kind, attributes });
    span.setStatus({ code: this.#api.SpanStatusCode.ERROR, message: error.message });
    span.end();
    this.#instruments().blocked.add(1, attributes);
  }

  /** Asked for each time: the program may register its SDK after this one has started. */
  #tracer(): ReturnType<Api['trace']['getTracer']> {
    return this.#api.trace.getTracer('@iron-cage/sdk', this.#version);
  }

  #instruments() {
    const meter = this.#api.metrics.getMeter('@iron-cage/sdk', this.#version);
    return {
      tokenUsage: meter.createHistogram('gen_ai.client.token.usage', { unit: '{token}' }),
      duration: meter.createHistogram('gen_ai.client.operation.duration', { unit: 's' }),
      cost: meter.createCounter('iron_cage.client.cost', { unit: '{USD}' }),
      blocked: meter.createCounter('iron_cage.client.blocked', { unit: '{call}' }),
    };
  }
}

function about(operation: string, provider: string, model: string): Attributes {
  return {
    'gen_ai.operation.name': operation,
    'gen_ai.provider.name': providerNames[provider] ?? provider,
    'gen_ai.request.model': model,
  };
}

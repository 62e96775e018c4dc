import { context, metrics, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';

import { redact } from '../../sdk/src/telemetry/debug-log.js';
import { chatRequest, MINI, REAL_OPENAI_KEY, startRig, type Rig } from './rig.js';

const spans = new InMemorySpanExporter();
const measured = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const reader = new PeriodicExportingMetricReader({
  exporter: measured,
  exportIntervalMillis: 3_600_000,
});
let rig: Rig;

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(
    new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }),
  );
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
});
afterEach(async () => {
  await rig.close();
  spans.reset();
});
afterAll(async () => {
  await reader.shutdown();
  trace.disable();
  metrics.disable();
  context.disable();
});

const call = (body: Record<string, unknown> = {}): Promise<Response> =>
  rig.cage.fetch(`${rig.provider.url}/v1/chat/completions`, chatRequest(body));

it("describes a call in OpenTelemetry's words, inside the caller's span", async () => {
  rig = await startRig();
  rig.provider.setScript(() => ({
    text: 'Hi.',
    inputTokens: 12,
    cacheReadTokens: 5,
    outputTokens: 3,
  }));
  const parent = await trace.getTracer('test').startActiveSpan('agent', async (span) => {
    await (await call({ stream: true })).text();
    span.end();
    return span.spanContext().spanId;
  });
  const chat = spans.getFinishedSpans().find(({ name }) => name === `chat ${MINI}`);
  expect(chat?.kind).toBe(SpanKind.CLIENT);
  expect(chat?.parentSpanContext?.spanId).toBe(parent);
  expect(chat?.attributes).toMatchObject({
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'openai',
    'gen_ai.request.model': MINI,
    'gen_ai.usage.input_tokens': 17,
    'gen_ai.usage.output_tokens': 3,
    'gen_ai.usage.cache_read.input_tokens': 5,
    'server.address': '127.0.0.1',
    'server.port': Number(new URL(rig.provider.url).port),
    'iron_cage.estimated': false,
  });
  await reader.forceFlush();
  const names = measured
    .getMetrics()
    .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics))
    .map(({ descriptor }) => `${descriptor.name} ${descriptor.unit}`);
  expect(names).toEqual(
    expect.arrayContaining([
      'gen_ai.client.token.usage {token}',
      'gen_ai.client.operation.duration s',
      'iron_cage.client.cost {USD}',
    ]),
  );
});

it('marks what was stopped or failed', async () => {
  rig = await startRig();
  await expect(rig.cage.withBudget({ maxCalls: 0 }, () => call())).rejects.toThrow();
  rig.provider.setScript(() => ({ status: 500 }));
  await call();
  const [blocked, failed] = spans.getFinishedSpans();
  expect(blocked?.attributes['error.type']).toBe('RUN_LIMIT');
  expect(blocked?.status.code).toBe(SpanStatusCode.ERROR);
  expect(failed?.attributes['error.type']).toBe('failed');
});

it('says nothing when it is switched off', async () => {
  rig = await startRig({ cage: { telemetry: false } });
  await call();
  expect(spans.getFinishedSpans()).toEqual([]);
});

describe('debug', () => {
  it('writes a line for what happens, with neither prompts nor keys', async () => {
    const lines: string[] = [];
    rig = await startRig({ cage: { debug: (line) => lines.push(line) } });
    await call({ messages: [{ role: 'user', content: 'The password is swordfish.' }] });
    const wrong = rig.cage.fetch('http://127.0.0.2:9/', {
      headers: { authorization: `Bearer ${rig.environment['OPENAI_API_KEY'] ?? ''}` },
    });
    await expect(wrong).rejects.toThrow();
    await rig.cage.close();
    const text = lines.join('\n');
    expect(text).toMatch(/^iron-cage lease \S+ granted \$0\.5/m);
    expect(text).toMatch(new RegExp(`^iron-cage call openai ${MINI} leaves`, 'm'));
    expect(text).toMatch(new RegExp(`^iron-cage usage openai ${MINI} completed \\$0\\.0000`, 'm'));
    expect(text).toMatch(/^iron-cage blocked .*SECRET_HOST_NOT_ALLOWED/m);
    for (const secret of ['swordfish', REAL_OPENAI_KEY, rig.key, 'ironcage-']) {
      expect(text).not.toContain(secret);
    }
  });

  it('takes keys out of whatever a message carries', () => {
    const text = `failed with sk-ant-api03-abcdefgh12345 and ic_live_0123abcd, ${REAL_OPENAI_KEY}`;
    expect(redact(text)).toBe('failed with [key] and [key], [key]');
  });
});

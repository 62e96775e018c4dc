import {
  ApplyGuardrailCommand,
  BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
  InvokeModelCommand,
  InvokeModelWithResponseStreamCommand,
} from '@aws-sdk/client-bedrock-runtime';
import { withIronCage } from '../../sdk/src/bedrock.js';
import {
  BudgetExceededError,
  EndpointNotMeteredError,
  RequestNotBoundedError,
  UnknownModelError,
} from '../../sdk/src/errors/catalogue.js';
import { isPlaceholder } from '../../sdk/src/secrets/placeholders.js';
import { type BedrockReply, CountingBedrock } from '../harness/counting-bedrock.js';
import { startRig, type Rig } from './rig.js';

const CLAUDE = 'eu.anthropic.claude-sonnet-4-5-20250929-v1:0';
const LLAMA = 'meta.llama3-3-70b-instruct-v1:0';
const [INPUT, OUTPUT, CACHE_READ] = [3_300_000n, 16_500_000n, 330_000n];

let rig: Rig;
let bedrock: CountingBedrock;
let client: BedrockRuntimeClient;

async function start(balanceUsd = 10): Promise<void> {
  bedrock = await CountingBedrock.start();
  rig = await startRig({
    secrets: [
      {
        provider: 'aws',
        hosts: [bedrock.host],
        fields: { AWS_KEY_ID: 'AKIAREAL', AWS_KEY_SECRET: 'real-secret-access-key' },
      },
    ],
    models: [CLAUDE, LLAMA].map((id) => ({
      provider: 'aws',
      id,
      match: { equals: id },
      contextTokens: 200_000,
      maxOutputTokens: 8_192,
      periods: [
        {
          rates: {
            input: INPUT.toString(),
            output: OUTPUT.toString(),
            cacheRead: CACHE_READ.toString(),
          },
        },
      ],
    })),
    balanceUsd,
  });
  client = withIronCage(
    new BedrockRuntimeClient({
      region: 'eu-central-1',
      endpoint: `http://${bedrock.host}`,
      credentials: {
        accessKeyId: rig.environment['AWS_KEY_ID'] ?? '',
        secretAccessKey: rig.environment['AWS_KEY_SECRET'] ?? '',
      },
      maxAttempts: 3,
    }),
    { cage: rig.cage },
  );
}
afterEach(async () => {
  client.destroy();
  await rig.close();
  bedrock.close();
  expect(rig.server.problems).toEqual([]);
});

function script(...replies: readonly BedrockReply[]): void {
  bedrock.script = (attempt) => replies[attempt - 1] ?? replies.at(-1) ?? {};
}

const messages = [{ role: 'user' as const, content: [{ text: 'How is the weather in Porto?' }] }];
const converse = { modelId: CLAUDE, messages, inferenceConfig: { maxTokens: 300 } };
const invoke = (more: object = {}) => ({
  modelId: CLAUDE,
  contentType: 'application/json',
  body: JSON.stringify({
    anthropic_version: 'bedrock-2023-05-31',
    max_tokens: 300,
    messages: [{ role: 'user', content: 'How is the weather in Porto?' }],
    ...more,
  }),
});

function billNano(): bigint {
  return bedrock.calls.reduce((sum, { input, cacheRead, output }) => {
    const pico = BigInt(input) * INPUT + BigInt(cacheRead) * CACHE_READ + BigInt(output) * OUTPUT;
    return sum + (pico + 999n) / 1_000n;
  }, 0n);
}

async function expectBilled(): Promise<void> {
  await rig.cage.close();
  expect(bedrock.calls.length).toBeGreaterThan(0);
  expect(rig.server.spentNano).toBe(billNano());
  expect(rig.server.records.filter(({ estimated }) => estimated === true)).toEqual([]);
}

describe('a client of Amazon Bedrock', () => {
  beforeEach(() => start());

  it('costs what Bedrock bills, and signs with the real key that it never saw', async () => {
    script({ text: 'It rains in Porto.', inputTokens: 40, cacheReadTokens: 17 });
    const { output } = await client.send(new ConverseCommand(converse));
    expect(output?.message?.content).toEqual([{ text: 'It rains in Porto.' }]);
    await expectBilled();
    const [call] = bedrock.calls;
    expect(isPlaceholder(rig.environment['AWS_KEY_SECRET'] ?? '')).toBe(false); // closed again
    expect(call?.authorization).toContain('Credential=AKIAREAL/');
    const names = Object.keys(call?.headers ?? {}).join(' ');
    expect(names).not.toContain('iron-cage');
    expect(JSON.stringify(call?.headers)).not.toContain('real-secret');
  });

  it('costs what Bedrock bills for a stream, and gives its events as they are', async () => {
    const { stream } = await client.send(new ConverseStreamCommand(converse));
    let text = '';
    for await (const { contentBlockDelta } of stream ?? []) {
      text += contentBlockDelta?.delta?.text ?? '';
    }
    expect(text).toBe('It rains in Porto.');
    await expectBilled();
  });

  it('costs what Bedrock bills for a model in its own language, streamed or not', async () => {
    const { body } = await client.send(new InvokeModelCommand(invoke()));
    expect(JSON.parse(body.transformToString())).toMatchObject({ type: 'message' });
    const streamed = await client.send(new InvokeModelWithResponseStreamCommand(invoke()));
    let events = 0;
    for await (const { chunk } of streamed.body ?? []) events += chunk?.bytes ? 1 : 0;
    expect(events).toBe(7);
    await expectBilled();
    expect(bedrock.calls).toHaveLength(2);
  });

  it('believes the headers where the answer of a model tells no usage', async () => {
    await client.send(
      new InvokeModelCommand({
        modelId: LLAMA,
        body: JSON.stringify({ prompt: 'How is the weather?', max_gen_len: 64 }),
      }),
    );
    await expectBilled();
  });

  it('counts every attempt once: what was throttled is free', async () => {
    script({ status: 429 }, { status: 429 }, { text: 'At last.' });
    await client.send(new ConverseCommand(converse));
    expect(bedrock.attempts).toBe(3);
    await expectBilled();
  });

  it('never books less than the bill when a stream breaks or is given up', async () => {
    script({ text: 'one two three four', breakAfterEvents: 3 }, { text: 'one two three four' });
    const broken = await client.send(new ConverseStreamCommand(converse));
    // The AWS SDK ends such a stream without an error.
    for await (const _event of broken.stream ?? []) continue;
    const left = await client.send(new ConverseStreamCommand(converse));
    for await (const _event of left.stream ?? []) break;
    await rig.cage.close();
    expect(rig.server.records).toHaveLength(2);
    expect(rig.server.spentNano).toBeGreaterThanOrEqual(billNano());
  });

  it('is refused what cannot be bounded', async () => {
    const guarded = new ApplyGuardrailCommand({
      guardrailIdentifier: 'g',
      guardrailVersion: '1',
      source: 'INPUT',
      content: [{ text: { text: 'x' } }],
    });
    await expect(client.send(guarded)).rejects.toBeInstanceOf(EndpointNotMeteredError);
    const unknown = new ConverseCommand({ ...converse, modelId: 'new.model-v1:0' });
    await expect(client.send(unknown)).rejects.toBeInstanceOf(UnknownModelError);
    const dear = new ConverseCommand({ ...converse, performanceConfig: { latency: 'optimized' } });
    await expect(client.send(dear)).rejects.toBeInstanceOf(RequestNotBoundedError);
    expect(bedrock.attempts).toBe(0);
  });
});

describe('a client of Amazon Bedrock with little money', () => {
  it('asks for less when not everything can be paid, and is stopped when nothing can', async () => {
    await start(0.005); // half a cent: 300 tokens of output alone cost as much
    script({ text: 'Short.', inputTokens: 50, outputTokens: 10 });
    await client.send(new ConverseCommand(converse));
    const config = bedrock.calls[0]?.body['inferenceConfig'] as { maxTokens: number };
    expect(config.maxTokens).toBeLessThan(300);
    script({ text: 'Long.', inputTokens: 60, outputTokens: 180 });
    const error: unknown = await (async () => {
      for (let round = 0; round < 20; round += 1) await client.send(new ConverseCommand(converse));
    })().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(BudgetExceededError);
    await rig.cage.close();
    expect(rig.server.spentNano).toBe(billNano());
  });
});

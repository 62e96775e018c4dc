import OpenAI, { toFile } from 'openai';

import { PiiBlockedError, RequestNotBoundedError } from '../../sdk/src/errors/catalogue.js';
import { boundAudioSeconds } from '../../sdk/src/tokens/audio-length.js';
import { UnitProvider } from '../harness/unit-provider.js';
import type { Json } from './fake-server.js';
import { REAL_OPENAI_KEY, startRig, type Rig } from './rig.js';

/* What is paid by seconds, characters, searches and images: booked as the provider bills it. */

const model = (provider: string, id: string, unitRates: Json): Json => ({
  provider,
  id,
  match: { equals: id },
  periods: [{ rates: { input: '0', output: '0', ...unitRates } }],
});
const prices = [
  model('openai', 'whisper-1', { audioSeconds: '100000000' }),
  model('openai', 'gpt-4o-transcribe', {
    input: '2500000',
    output: '10000000',
    audioInput: '6000000',
  }),
  model('openai', 'tts-1', { characters: '15000000' }),
  model('openai', 'gpt-4o-mini-tts', { input: '600000', output: '12000000' }),
  model('openai', 'gpt-image-1', { input: '5000000', output: '40000000', imageInput: '10000000' }),
  model('openai', 'gpt-audio', {
    input: '2500000',
    output: '10000000',
    audioInput: '32000000',
    audioOutput: '64000000',
  }),
  model('cohere', 'rerank-v3.5', { searchUnits: '2000000000' }),
  model('cohere', 'rerank-unpriced', { input: '1000000' }),
];
/** So many seconds of silence: 16 bits, 16,000 times a second. */
function wav(seconds: number, claimed = seconds): Buffer {
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(16_000, 24);
  header.writeUInt32LE(32_000, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(claimed * 32_000, 40);
  return Buffer.concat([header, Buffer.alloc(seconds * 32_000 - 44)]);
}

let provider: UnitProvider;
let rig: Rig;
let openai: OpenAI;

beforeEach(async () => {
  provider = await UnitProvider.start();
  rig = await startRig({
    secrets: [
      { provider: 'openai', hosts: [provider.host], fields: { OPENAI_API_KEY: REAL_OPENAI_KEY } },
      {
        provider: 'cohere',
        hosts: [provider.host.replace('127.0.0.1', 'localhost')],
        fields: { COHERE_API_KEY: 'real-cohere-key' },
      },
    ],
    models: prices,
    cage: { mode: 'enforce' },
  });
  openai = new OpenAI({
    apiKey: rig.environment['OPENAI_API_KEY'] ?? '',
    baseURL: `${provider.url}/v1`,
    fetch: rig.cage.fetch,
  });
});
afterEach(async () => {
  await rig.close();
  await provider.close();
  expect(rig.server.problems).toEqual([]);
});

async function booked(): Promise<Json> {
  await rig.cage.close();
  expect(rig.server.heldNano).toBe(0n);
  return rig.server.records.at(-1) ?? {};
}

describe('transcription', () => {
  const ask = (more: object = {}, seconds = 30, model = 'whisper-1') =>
    toFile(wav(seconds), 'talk.wav').then((file) =>
      openai.audio.transcriptions.create({ model, file, ...more }),
    );

  it('is booked at its most when a model that is paid by the token tells nothing but a length', async () => {
    provider.script = () => ({ body: { text: 'Hello.', duration: 29.5 }, pico: 0n });
    await ask({}, 30, 'gpt-4o-transcribe');
    expect(await booked()).toMatchObject({ estimated: true });
    expect(rig.server.spentNano).toBeGreaterThan(30n * 10n * 6_000n);
  });

  it('is booked by the second that the provider tells, and the form arrives whole', async () => {
    provider.script = () => ({
      body: { text: 'Hello.', usage: { type: 'duration', seconds: 29 } },
      pico: 29n * 100_000_000n,
    });
    expect(await ask()).toMatchObject({ text: 'Hello.' });
    expect(provider.requests[0]).toMatchObject({
      authorization: `Bearer ${REAL_OPENAI_KEY}`,
      fields: { model: 'whisper-1' },
      files: [{ name: 'file' }],
    });
    expect(provider.requests[0]?.files[0]?.bytes.equals(wav(30))).toBe(true);
    expect(await booked()).toMatchObject({ estimated: false, tokens: { audioSeconds: 29 } });
    expect(rig.server.spentNano).toBe(provider.billedNano);
  });

  it('is booked by the length of the file where nothing is told', async () => {
    provider.script = () => ({ body: 'Hello.', type: 'text/plain', pico: 30n * 100_000_000n });
    expect(await ask({ response_format: 'text' })).toBe('Hello.');
    expect(await booked()).toMatchObject({ estimated: true, tokens: { audioSeconds: 30 } });
    expect(rig.server.spentNano).toBe(provider.billedNano);
  });

  it('is booked by the token for models that are paid so, streamed too', async () => {
    const usage = {
      type: 'tokens',
      input_tokens: 314,
      input_token_details: { text_tokens: 14, audio_tokens: 300 },
      output_tokens: 45,
      total_tokens: 359,
    };
    const pico = 14n * 2_500_000n + 300n * 6_000_000n + 45n * 10_000_000n;
    provider.script = ({ fields }) =>
      fields['stream'] === 'true'
        ? {
            type: 'text/event-stream',
            body: `data: ${JSON.stringify({ type: 'transcript.text.delta', delta: 'Hel' })}\n\ndata: ${JSON.stringify({ type: 'transcript.text.done', text: 'Hello.', usage })}\n\n`,
            pico,
          }
        : { body: { text: 'Hello.', usage }, pico };
    await ask({}, 30, 'gpt-4o-transcribe');
    const file = await toFile(wav(30), 'talk.wav');
    const stream = await openai.audio.transcriptions.create({
      model: 'gpt-4o-transcribe',
      file,
      stream: true,
    });
    for await (const event of stream) expect(event.type).toMatch(/^transcript\.text\./);
    expect(await booked()).toMatchObject({
      estimated: false,
      tokens: { input: 14, audioInput: 300, output: 45 },
    });
    expect(rig.server.spentNano).toBe(provider.billedNano);
  });

  it('sets the price of the whole length aside before anything leaves', async () => {
    await rig.cage.withBudget('0.002', async () => {
      await expect(ask({}, 30)).rejects.toThrow(/needs up to \$0\.003/);
    });
    expect(provider.requests).toHaveLength(0);
  });

  it('looks for personal data in the prompt, and refuses a body that is no form', async () => {
    await expect(ask({ prompt: 'Mail bob@example.com' })).rejects.toBeInstanceOf(PiiBlockedError);
    const json = { method: 'POST', body: JSON.stringify({ model: 'whisper-1' }) };
    await expect(
      rig.cage.fetch(`${provider.url}/v1/audio/transcriptions`, json),
    ).rejects.toBeInstanceOf(RequestNotBoundedError);
    expect(provider.requests).toHaveLength(0);
  });
});

describe('speech', () => {
  const input = 'Ten green bottles, standing on the wall.';

  it('is booked by the character, exactly, though the answer is nothing but sound', async () => {
    const sound = Buffer.alloc(60_000, 7);
    provider.script = ({ fields }) => ({
      type: 'audio/mpeg',
      body: sound,
      pico: BigInt(String(fields['input']).length) * 15_000_000n,
    });
    const answer = await openai.audio.speech.create({ model: 'tts-1', voice: 'alloy', input });
    expect(Buffer.from(await answer.arrayBuffer()).equals(sound)).toBe(true);
    expect(await booked()).toMatchObject({
      estimated: false,
      tokens: { characters: input.length, input: 0, output: 0 },
    });
    expect(rig.server.spentNano).toBe(provider.billedNano);
  });

  it('is never booked below the bill where tokens are paid and none are told', async () => {
    // Three seconds of it at 20 tokens a second.
    provider.script = () => ({
      type: 'audio/pcm',
      body: Buffer.alloc(3 * 48_000),
      pico: 60n * 12_000_000n + 11n * 600_000n,
    });
    const speak = { model: 'gpt-4o-mini-tts', voice: 'alloy', input } as const;
    const answer = await openai.audio.speech.create({ ...speak, response_format: 'pcm' });
    await answer.arrayBuffer();
    expect(await booked()).toMatchObject({ estimated: true });
    expect(rig.server.spentNano).toBeGreaterThanOrEqual(provider.billedNano);
    expect(rig.server.spentNano).toBeLessThan(3n * provider.billedNano);
  });

  it('is booked as told when it streams as events', async () => {
    const usage = { input_tokens: 11, output_tokens: 60, total_tokens: 71 };
    provider.script = () => ({
      type: 'text/event-stream',
      body: `data: {"type":"speech.audio.delta","audio":"AAAA"}\n\ndata: ${JSON.stringify({ type: 'speech.audio.done', usage })}\n\n`,
      pico: 60n * 12_000_000n + 11n * 600_000n,
    });
    const speak = { model: 'gpt-4o-mini-tts', voice: 'alloy', input } as const;
    await (await openai.audio.speech.create({ ...speak, stream_format: 'sse' })).text();
    expect(await booked()).toMatchObject({ estimated: false });
    expect(rig.server.spentNano).toBe(provider.billedNano);
  });
});

describe('a conversation with sound', () => {
  it('is bounded by its length, not by the whole context', async () => {
    const usage = {
      prompt_tokens: 320,
      completion_tokens: 90,
      total_tokens: 410,
      prompt_tokens_details: { audio_tokens: 300 },
      completion_tokens_details: { audio_tokens: 80 },
    };
    provider.script = () => ({
      body: { model: 'gpt-audio', choices: [], usage },
      pico: 20n * 2_500_000n + 300n * 32_000_000n + 10n * 10_000_000n + 80n * 64_000_000n,
    });
    const data = wav(30).toString('base64');
    await openai.chat.completions.create({
      model: 'gpt-audio',
      modalities: ['text', 'audio'],
      audio: { voice: 'alloy', format: 'wav' },
      max_completion_tokens: 500,
      messages: [
        {
          role: 'user',
          content: [{ type: 'input_audio', input_audio: { data, format: 'wav' } }],
        },
      ],
    });
    expect(await booked()).toMatchObject({
      estimated: false,
      tokens: { input: 20, audioInput: 300, output: 10, audioOutput: 80 },
    });
    expect(rig.server.spentNano).toBe(provider.billedNano);
  });
});

describe('reranking', () => {
  const ask = (model: string, documents: string[]) =>
    rig.cage.fetch(`${provider.url.replace('127.0.0.1', 'localhost')}/v2/rerank`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model, query: 'Which one is about rain?', documents }),
    });

  it('is booked by the search unit', async () => {
    provider.script = () => ({
      body: { results: [], meta: { billed_units: { search_units: 2 } } },
      pico: 2n * 2_000_000_000n,
    });
    await ask('rerank-v3.5', new Array<string>(150).fill('It rains.'));
    expect(await booked()).toMatchObject({ estimated: false, tokens: { searchUnits: 2 } });
    expect(rig.server.spentNano).toBe(provider.billedNano);
  });

  it('counts long documents in pieces when nothing is told, and needs a price', async () => {
    provider.script = () => ({ body: { results: [] }, pico: 3n * 2_000_000_000n });
    await ask('rerank-v3.5', new Array<string>(100).fill('It rains in Spain. '.repeat(250)));
    await expect(ask('rerank-unpriced', ['a'])).rejects.toThrow(/--search-unit/);
    expect(await booked()).toMatchObject({ estimated: true });
    expect(rig.server.spentNano).toBeGreaterThanOrEqual(provider.billedNano);
  });
});

describe('changed images', () => {
  it('are booked with the images that were sent', async () => {
    const usage = {
      input_tokens: 350,
      input_tokens_details: { text_tokens: 27, image_tokens: 323 },
      output_tokens: 4_160,
      total_tokens: 4_510,
    };
    provider.script = () => ({
      body: { data: [], usage },
      pico: 27n * 5_000_000n + 323n * 10_000_000n + 4_160n * 40_000_000n,
    });
    const image = await toFile(Buffer.alloc(2_000), 'cat.png', { type: 'image/png' });
    await openai.images.edit({ model: 'gpt-image-1', image, prompt: 'Add a hat.' });
    expect(await booked()).toMatchObject({ estimated: false, tokens: { imageInput: 323 } });
    expect(rig.server.spentNano).toBe(provider.billedNano);
  });

  it('set aside what the larger number asks for where a form has two', async () => {
    provider.script = () => ({ body: { created: 1, data: [] }, pico: 0n });
    const form = new FormData();
    form.set('model', 'gpt-image-1');
    form.set('prompt', 'Add a hat.');
    form.set('image', new File([Buffer.alloc(2_000)], 'cat.png', { type: 'image/png' }));
    form.append('n', '1');
    form.append('n', '3');
    const headers = { authorization: `Bearer ${rig.environment['OPENAI_API_KEY'] ?? ''}` };
    const init = { method: 'POST', headers, body: form };
    const answer = rig.cage.fetch(`${provider.url}/v1/images/edits`, init);
    // What happens to the form from here on is not of this request, as with `fetch` itself.
    form.set('prompt', 'Another one.');
    form.append('n', '9');
    expect((await answer).status).toBe(200);
    expect(provider.requests[0]?.fields).toMatchObject({ prompt: 'Add a hat.', n: '3' });
    expect(await booked()).toMatchObject({ estimated: true, tokens: { output: 3 * 12_480 } });
  });
});

describe('a model that is paid by something else than the token', () => {
  it('is refused for a kind of call that does not tell it', async () => {
    await expect(
      openai.chat.completions.create({
        model: 'whisper-1',
        messages: [{ role: 'user', content: 'Hello' }],
      }),
    ).rejects.toThrow(/paid by audioSeconds/);
    expect(provider.requests).toHaveLength(0);
  });
});

describe('the length of audio', () => {
  it('is exact for WAV, whatever the header says about the length', () => {
    expect(boundAudioSeconds(wav(7))).toBe(7);
    expect(boundAudioSeconds(wav(7, 1))).toBe(7);
  });

  it('is never below the truth for a WAV whose rates contradict each other', () => {
    const odd = wav(7);
    odd.writeUInt32LE(4_000_000, 28);
    expect(boundAudioSeconds(odd)).toBeGreaterThanOrEqual(7);
  });

  it('is the sum of the frames for MP3', () => {
    // 32 kbit/s, 22,050 samples a second, layer III of MPEG 2: 576 samples in 104 bytes.
    const frame = Buffer.alloc(104);
    frame.set([0xff, 0xf3, 0x40, 0xc4]);
    const frames = Buffer.concat(new Array<Buffer>(383).fill(frame)); // 10.005 seconds
    expect(boundAudioSeconds(frames)).toBe(11);
    const tag = Buffer.concat([Buffer.from('ID3\u0004\0\0\0\0\0\u0020'), Buffer.alloc(32)]);
    expect(boundAudioSeconds(Buffer.concat([tag, frames]))).toBe(11);
  });

  it('is bounded by the bytes for everything else, and for what only looks like MP3', () => {
    expect(boundAudioSeconds(Buffer.alloc(7_500))).toBe(10);
    const few = Buffer.alloc(7_500);
    few.set([0xff, 0xf3, 0x40, 0xc4]);
    expect(boundAudioSeconds(few)).toBe(10);
    expect(boundAudioSeconds(Buffer.alloc(0))).toBe(1);
  });
});

import { cage } from '@iron-cage/sdk/auto';
import { ironCageMiddleware, textOf } from '@iron-cage/sdk/ai-sdk';
import { openai } from '@ai-sdk/openai';
import { generateText, streamText, wrapLanguageModel } from 'ai';

const model = wrapLanguageModel({
  model: openai('gpt-5-mini'),
  middleware: ironCageMiddleware({ agent: 'poet' }),
});

// A limit for everything that happens inside, steps and retries included.
const { text } = await cage.withBudget('0.05', () =>
  generateText({ model, prompt: 'A haiku about rain.' }),
);
console.log(text);

// `textStream` ends without a word when a call is stopped; `textOf` throws the reason.
const stream = streamText({ model, prompt: 'Another one.', onError() {} });
for await (const piece of textOf(stream)) process.stdout.write(piece);
process.stdout.write('\n');

import { IronCage } from '@iron-cage/sdk';
import OpenAI from 'openai';

const cage = await IronCage.init();
// No key here: the client gets a placeholder, and the key enters each request as it leaves.
const client = new OpenAI({ fetch: cage.fetch });

const stream = await client.chat.completions.create({
  model: 'gpt-5-mini',
  messages: [{ role: 'user', content: 'Count from one to five.' }],
  stream: true,
});
for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? '');
process.stdout.write('\n');

console.log(`Spent so far: $${cage.budget().spentUsd}`);
await cage.close();

import { IronCage } from '@iron-cage/sdk';
import Anthropic from '@anthropic-ai/sdk';

const cage = await IronCage.init();
const client = new Anthropic({ fetch: cage.fetch });

const message = await client.messages.create({
  model: 'claude-opus-4-6',
  max_tokens: 200,
  messages: [{ role: 'user', content: 'Say hello in Latin.' }],
});
console.log(message.content.map((part) => (part.type === 'text' ? part.text : '')).join(''));
await cage.close();

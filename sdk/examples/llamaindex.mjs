import '@iron-cage/sdk/auto';
import { withIronCage } from '@iron-cage/sdk/llamaindex';
import { OpenAI } from '@llamaindex/openai';

const llm = withIronCage(new OpenAI({ model: 'gpt-5-mini' }), { agent: 'librarian' });
const { message } = await llm.chat({
  messages: [{ role: 'user', content: 'Name three kinds of paper.' }],
});
console.log(message.content);

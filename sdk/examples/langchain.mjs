import '@iron-cage/sdk/auto';
import { findIronCageError } from '@iron-cage/sdk';
import { withIronCage } from '@iron-cage/sdk/langchain';
import { ChatOpenAI } from '@langchain/openai';
import { createAgent, tool } from 'langchain';
import { z } from 'zod';

const weather = tool(({ city }) => `It rains in ${city}.`, {
  name: 'weather',
  description: 'The weather of a city.',
  schema: z.object({ city: z.string() }),
});
const agent = withIronCage(
  createAgent({ model: new ChatOpenAI({ model: 'gpt-5-mini' }), tools: [weather] }),
  { agent: 'forecaster', budget: '0.05' }, // each run; models in tools and retries count too
);

try {
  const { messages } = await agent.invoke({
    messages: [{ role: 'user', content: 'What is the weather in Oslo?' }],
  });
  console.log(messages.at(-1).text);
} catch (error) {
  const reason = findIronCageError(error);
  console.error(reason === undefined ? error : `${reason.code}: ${reason.message}`);
  process.exitCode = 1;
}

// An ordinary LangChain.js agent with tools. The first line is all that Iron Cage asks for.
import '@iron-cage/sdk/auto';
import { findIronCageError } from '@iron-cage/sdk';
import { ChatOpenAI } from '@langchain/openai';
import { createAgent, tool } from 'langchain';
import { z } from 'zod';

const populationOf = tool(({ city }) => `${city}: ${String(city.length * 100_000)} people`, {
  name: 'population',
  description: 'Population of a city',
  schema: z.object({ city: z.string() }),
});
const agent = createAgent({
  model: new ChatOpenAI({ model: 'gpt-5', maxTokens: 4_000 }),
  tools: [populationOf],
});

const CITIES = ['Lisbon', 'Oslo', 'Vienna', 'Tallinn', 'Porto'];
// After the first refusal it insists a few times: nothing may get through.
for (let task = 0, blockedCalls = 0; blockedCalls < 4; task++) {
  try {
    const { messages } = await agent.invoke({
      messages: [
        { role: 'user', content: `How many people live in ${CITIES[task % CITIES.length]}?` },
      ],
    });
    process.send?.({ event: 'task', number: task + 1, answer: messages.at(-1)?.text });
  } catch (error) {
    const blocked = findIronCageError(error);
    if (!blocked) throw error;
    blockedCalls++;
    process.send?.({
      event: 'blocked',
      code: blocked.code,
      name: blocked.name,
      message: blocked.message,
    });
  }
}

/** The packages of one try: openai, Anthropic and the AI SDK by the name of their folder here. */
export interface Frameworks {
  readonly openai: string;
  readonly anthropic: string;
  readonly ai: string;
  readonly aiOpenAi: string;
}

/** How a call is billed; the scripted provider finds it in the prompt. */
export const kinds = ['plain', 'cached', 'reasoning', 'retried'] as const;
/** Tries to be refused in less than `refusalMs`: what a busy machine adds to some is not the SDK's. */
const TRIES = 20;

interface AgentOptions {
  readonly frameworks: Frameworks;
  readonly model: string;
  readonly claude: string;
  readonly refusalMs: number;
}

/**
 * A program that makes every kind of call through every surface, then gives streams up, then is
 * refused. It prints what the refusals were, by surface.
 */
export function versionsAgent({ frameworks, model, claude, refusalMs }: AgentOptions): string {
  return `
import { cage } from '@iron-cage/sdk/auto';
import { BudgetExceededError } from '@iron-cage/sdk';
import { ironCageMiddleware, textOf } from '@iron-cage/sdk/ai-sdk';
import { withIronCage } from '@iron-cage/sdk/langchain';
import OpenAI from '${frameworks.openai}';
import Anthropic from '${frameworks.anthropic}';
import { generateText, streamText, tool as aiTool, wrapLanguageModel } from '${frameworks.ai}';
import { createOpenAI } from '${frameworks.aiOpenAi}';
import { ChatOpenAI } from '@langchain/openai';
import { createAgent, tool } from 'langchain';
import { z } from 'zod';

const openai = new OpenAI();
const anthropic = new Anthropic();
const languageModel = wrapLanguageModel({ model: createOpenAI()('${model}'), middleware: ironCageMiddleware({ agent: 'a' }) });
const chat = withIronCage(new ChatOpenAI({ model: '${model}' }));
const schema = z.object({ city: z.string() });
const rain = () => 'It rains.';
const about = { name: 'weather', description: 'The weather of a city.' };
const agent = withIronCage(createAgent({ model: new ChatOpenAI({ model: '${model}' }), tools: [tool(rain, { ...about, schema })] }));
const parameters = z.toJSONSchema(schema);
const aiTools = { weather: aiTool({ ...about, inputSchema: schema, execute: rain }) };
const user = (content) => [{ role: 'user', content }];
const drain = async (stream) => { for await (const part of stream) void part; };
const leave = async (stream) => { for await (const part of stream) break; };

const create = (content, more) => openai.chat.completions.create({ model: '${model}', messages: user(content), ...more });
const respond = (input, more) => openai.responses.create({ model: '${model}', input, ...more });
const ask = (content, more) => anthropic.messages.create({ model: '${claude}', max_tokens: 200, messages: user(content), ...more });
const write = (prompt) => textOf(streamText({ model: languageModel, prompt, onError() {} }));
const streams = {
  openaiStream: (prompt) => create(prompt, { stream: true }),
  responsesStream: (prompt) => respond(prompt, { stream: true }),
  anthropicStream: (prompt) => ask(prompt, { stream: true }),
  streamText: async (prompt) => write(prompt),
  langchainStream: (prompt) => chat.stream(prompt),
  langchainAgentStream: (prompt) => agent.stream({ messages: user(prompt) }),
};
const surfaces = {
  openai: (prompt) => create(prompt),
  openaiTool: (prompt) => create(prompt, { tools: [{ type: 'function', function: { ...about, parameters } }] }),
  responses: (prompt) => respond(prompt),
  anthropic: (prompt) => ask(prompt),
  anthropicTool: (prompt) => ask(prompt, { tools: [{ ...about, input_schema: parameters }] }),
  generateText: (prompt) => generateText({ model: languageModel, prompt }),
  generateTextTool: (prompt) => generateText({ model: languageModel, tools: aiTools, prompt }),
  langchain: (prompt) => chat.invoke(prompt),
  langchainAgent: (prompt) => agent.invoke({ messages: user(prompt) }),
  ...Object.fromEntries(Object.entries(streams).map(([name, open]) => [name, async (prompt) => drain(await open(prompt))])),
};

await Promise.all(Object.entries(surfaces).flatMap(([name, call]) =>
  ${JSON.stringify(kinds)}.map((kind) => call('kind:' + kind + ' of:' + name))));
await cage.withContext({ tags: ['aborted'] }, async () => {
  for (const [name, open] of Object.entries(streams)) await leave(await open('kind:aborted of:' + name));
});
const outcomes = {};
let blocked = 0;
cage.on('blocked', () => { blocked += 1; });
for (const [name, call] of Object.entries(surfaces)) {
  let error;
  let quickestMs = Infinity;
  let attempts = 0;
  for (let tries = 0; tries < ${TRIES} && quickestMs >= ${refusalMs}; tries += 1) {
    blocked = 0;
    const startedMs = performance.now();
    error = await cage.withBudget('0', () => call('kind:refused of:' + name)).then(() => undefined, (reason) => reason);
    quickestMs = Math.min(quickestMs, performance.now() - startedMs);
    attempts = Math.max(attempts, blocked);
  }
  const isTyped = error instanceof BudgetExceededError ? 'BudgetExceededError' : String(error);
  outcomes[name] = isTyped + ' after ' + attempts + (quickestMs < ${refusalMs} ? '' : ', slow: ' + quickestMs);
}
await cage.close();
console.log(JSON.stringify(outcomes));`;
}

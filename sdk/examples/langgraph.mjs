import '@iron-cage/sdk/auto';
import { withIronCage } from '@iron-cage/sdk/langchain';
import { Annotation, END, START, StateGraph } from '@langchain/langgraph';
import { ChatOpenAI } from '@langchain/openai';

const model = new ChatOpenAI({ model: 'gpt-5-mini' });
const State = Annotation.Root({ text: Annotation });
const ask = (task) => async (state) => ({
  text: (await model.invoke(`${task}\n\n${state.text}`)).text,
});

const graph = new StateGraph(State)
  .addNode('draft', ask('Write two sentences about this:'))
  .addNode('polish', ask('Make this shorter:'))
  .addEdge(START, 'draft')
  .addEdge('draft', 'polish')
  .addEdge('polish', END)
  .compile();

// The thread becomes the run that the usage is booked for.
const writer = withIronCage(graph, { agent: 'writer', maxCalls: 10 });
const { text } = await writer.invoke(
  { text: 'The sea at night.' },
  { configurable: { thread_id: 'thread-7' } },
);
console.log(text);

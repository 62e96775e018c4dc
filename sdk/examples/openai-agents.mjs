import '@iron-cage/sdk/auto';
import { withIronCage } from '@iron-cage/sdk/openai-agents';
import { Agent, Runner, setTracingDisabled } from '@openai/agents';

setTracingDisabled(true); // traces go to OpenAI by themselves; Iron Cage does not need them

const agent = new Agent({
  name: 'Historian',
  instructions: 'Answer in one sentence.',
  model: 'gpt-5-mini',
});

// The name of the agent is shown with the usage; the limit holds for each run.
const runner = withIronCage(new Runner(), { budget: '0.05' });
const { finalOutput } = await runner.run(agent, 'Who built the first lighthouse?');
console.log(finalOutput);

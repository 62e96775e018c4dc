import { BudgetExceededError, IronCage, RunLimitError } from '@iron-cage/sdk';
import OpenAI from 'openai';

const cage = await IronCage.init({ agentName: 'night-shift' });
const client = new OpenAI({ fetch: cage.fetch });
const ask = (content) =>
  client.chat.completions.create({
    model: 'gpt-5-mini',
    max_completion_tokens: 200,
    messages: [{ role: 'user', content }],
  });

// For whom: shown with the usage, and usable in budgets by tag (`run:42`, `member:ada`).
await cage.withContext({ run: '42', member: 'ada', tags: ['nightly'] }, async () => {
  // How much: calls in parallel count together, retries too.
  await cage.withBudget({ budget: '0.05', maxCalls: 3, maxSeconds: 60 }, async (budget) => {
    await Promise.all([ask('One word for rain.'), ask('One word for snow.')]);
    console.log(`${budget.calls} calls, $${budget.spentUsd} spent, $${budget.remainingUsd} left`);
  });
});

try {
  await cage.withBudget('0.000001', () => ask('One word for fog.'));
} catch (error) {
  if (!(error instanceof BudgetExceededError || error instanceof RunLimitError)) throw error;
  console.log(error.message);
}
await cage.close();

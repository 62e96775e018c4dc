// Anthropic, streamed, no framework tools: one answer after the other until somebody pauses the project.
import '@iron-cage/sdk/auto';
import { findIronCageError } from '@iron-cage/sdk';
import { ChatAnthropic } from '@langchain/anthropic';

const model = new ChatAnthropic({
  model: 'claude-haiku-4-5',
  maxTokens: 2_000,
  ...(process.env.ANTHROPIC_BASE_URL && { anthropicApiUrl: process.env.ANTHROPIC_BASE_URL }),
});

// After the first refusal it insists a few times: nothing may get through.
for (let ticket = 0, blockedCalls = 0; blockedCalls < 4; ticket++) {
  try {
    let answer = '';
    for await (const chunk of await model.stream(`Answer ticket ${ticket}: my parcel is late.`))
      answer += chunk.text;
    process.send?.({ event: 'ticket', number: ticket + 1, answer });
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

import type { FoldedUsage } from '../usage/usage-reading.js';
import type { CallPlan, SeenUsage, StreamReader } from './call-plan.js';
import { ReceivedText } from './received-text.js';

/** What one event tells of the usage, if it does; its text goes into `received`. */
type ReadEvent = (
  data: unknown,
  provider: string,
  received: ReceivedText,
) => (FoldedUsage & Pick<SeenUsage, 'modifiers'>) | undefined;

/** Reads a stream in which one event tells the usage, and all of it. */
export function finalUsageReader(plan: CallPlan, readEvent: ReadEvent): StreamReader {
  const received = new ReceivedText(plan.tokenizer);
  let usage: SeenUsage | undefined;
  return {
    see(data) {
      const told = readEvent(data, plan.provider, received);
      if (told !== undefined) usage = { ...told, isFinal: true };
      return true;
    },
    usage: () => usage,
    receivedTokens: () => received.tokens(),
  };
}

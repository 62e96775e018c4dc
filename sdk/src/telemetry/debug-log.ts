import type { CageEvents, EventHub } from '../core/events.js';

export type DebugSink = (line: string) => void;

/** Keys of Iron Cage and of providers, and our placeholders for them, wherever they may appear. */
const keyLike =
  /\b(?:ic_(?:dev|live)_[0-9a-z]+|(?:sk|pk|gsk|xai|rk)[-_][\w-]{8,}|AIza[\w-]{20,}|(?:sk-(?:ant-api03-)?)?ironcage-[0-9a-f]{8,})/gi;

/** Takes out what looks like a key. */
export function redact(text: string): string {
  return text.replace(keyLike, '[key]');
}

const tell: { readonly [Name in keyof CageEvents]: (event: CageEvents[Name]) => string } = {
  call: ({ provider, model, id }) => `${provider} ${model} leaves as ${id}`,
  blocked: ({ provider, model, error }) => `${provider} ${model}: ${error.code}: ${error.message}`,
  observed: ({ provider, model, error }) => `${provider} ${model}: ${error.code}: ${error.message}`,
  lease: ({ action, leaseId, amountUsd }) => `${leaseId} ${action} $${amountUsd}`,
  usage: ({ provider, model, outcome, costUsd, durationMs, estimated }) =>
    `${provider} ${model} ${outcome} $${costUsd}${estimated ? ' (estimated)' : ''} ${durationMs.toString()} ms`,
  clamped: ({ provider, model, outputTokens }) =>
    `${provider} ${model} to ${outputTokens.toString()} output tokens`,
  pii: ({ provider, model, action, types }) =>
    `${provider} ${model} ${action} ${JSON.stringify(types)}`,
  paused: ({ state }) => state,
  resumed: () => '',
  revoked: () => '',
  killed: () => '',
  warning: ({ code, message }) => `${code}: ${message}`,
};

/** Writes one line for everything that happens: amounts, models and ids, never prompts or keys. */
export function logEvents(events: EventHub, sink: DebugSink): void {
  const listen = <Name extends keyof CageEvents>(name: Name): void => {
    events.on(name, (event) => {
      sink(redact(`iron-cage ${name} ${tell[name](event)}`.trimEnd()));
    });
  };
  for (const name of Object.keys(tell)) listen(name as keyof CageEvents);
}

/** The standard error output, without `console`, which programs replace. */
export function toStandardError(line: string): void {
  process.stderr.write(`${line}\n`);
}

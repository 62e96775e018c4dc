import { type IncomingMessage, request } from 'node:http';

export type SessionState = Readonly<Record<string, string>>;

/** The events of one session, as an agent hears them. */
export interface StateListener {
  /** Resolves with the time (`performance.now()`) at which a state that fits had arrived. */
  until(test: (state: SessionState) => boolean): Promise<number>;
  close(): void;
}

/** @param from one of the machine's own addresses */
export async function listenToState(
  url: string,
  key: string,
  sessionId: string,
  from = '127.0.0.1',
): Promise<StateListener> {
  const sent = request(`${url}/v1/sdk/sessions/${sessionId}/events`, {
    agent: false,
    localAddress: from,
    headers: { authorization: `Bearer ${key}` },
  });
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    sent.once('response', resolve).once('error', reject).end();
  });
  if (response.statusCode !== 200) throw new Error(`events: ${response.statusCode ?? 0}`);
  const seen: { state: SessionState; atMs: number }[] = [];
  const waiting: (() => void)[] = [];
  let text = '';
  response.setEncoding('utf8');
  response.on('error', () => undefined);
  response.on('data', (chunk: string) => {
    text += chunk;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const data = /^event: state\ndata: (.*)$/.exec(text.slice(0, end))?.[1];
      text = text.slice(end + 2);
      if (data === undefined) continue;
      seen.push({ state: JSON.parse(data) as SessionState, atMs: performance.now() });
      waiting.splice(0).forEach((wake) => {
        wake();
      });
    }
  });
  return {
    until: async (test) => {
      for (;;) {
        const found = seen.find(({ state }) => test(state));
        if (found) return found.atMs;
        await new Promise<void>((wake) => waiting.push(wake));
      }
    },
    close: () => {
      sent.destroy();
    },
  };
}

export type SessionState = Readonly<Record<string, string>>;

/** The events of one session, as an agent hears them. */
export interface StateListener {
  /** Resolves with the time (`performance.now()`) at which a state that fits had arrived. */
  until(test: (state: SessionState) => boolean): Promise<number>;
  close(): void;
}

export async function listenToState(
  url: string,
  key: string,
  sessionId: string,
): Promise<StateListener> {
  const abort = new AbortController();
  const response = await fetch(`${url}/v1/sdk/sessions/${sessionId}/events`, {
    headers: { authorization: `Bearer ${key}` },
    signal: abort.signal,
  });
  if (response.status !== 200 || !response.body) throw new Error(`events: ${response.status}`);
  const { body } = response;
  const seen: { state: SessionState; atMs: number }[] = [];
  const waiting: (() => void)[] = [];
  const read = async (): Promise<void> => {
    let text = '';
    for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const data = /^event: state\ndata: (.*)$/.exec(text.slice(0, end))?.[1];
        text = text.slice(end + 2);
        if (data === undefined) continue;
        seen.push({ state: JSON.parse(data) as SessionState, atMs: performance.now() });
        waiting.splice(0).forEach((wake) => wake());
      }
    }
  };
  void read().catch(() => undefined);
  return {
    until: async (test) => {
      for (;;) {
        const found = seen.find(({ state }) => test(state));
        if (found) return found.atMs;
        await new Promise<void>((wake) => waiting.push(wake));
      }
    },
    close: () => {
      abort.abort();
    },
  };
}

import { EventStreamParser, type ServerEvent } from './event-stream-parser';
import { LiveClient, type LiveState } from './live-client';

const encoder = new TextEncoder();

function stream() {
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  const body = new ReadableStream<Uint8Array>({ start: (given) => (controller = given) });
  return {
    response: new Response(body),
    send: (text: string) => controller.enqueue(encoder.encode(text)),
    end: () => controller.close(),
  };
}

describe('EventStreamParser', () => {
  it('reads events cut at any place, and skips comments', () => {
    const text = ': hello\n\nevent: changed\ndata: {"topics":\ndata: ["keys"]}\n\ndata: x\r\n\r\n';
    for (const size of [1, 2, 7, 1000]) {
      const parser = new EventStreamParser();
      const events: ServerEvent[] = [];
      for (let at = 0; at < text.length; at += size)
        events.push(...parser.push(text.slice(at, at + size)));
      expect(events).toEqual([
        { event: 'changed', data: '{"topics":\n["keys"]}' },
        { event: 'message', data: 'x' },
      ]);
    }
  });
});

describe('LiveClient', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function run(answers: (() => Promise<Response>)[]) {
    const states: LiveState[] = [];
    const events: ServerEvent[] = [];
    let opened = 0;
    const client = new LiveClient({
      open: () => (answers[opened++] ?? (() => Promise.reject(new Error('down'))))(),
      onEvent: (event) => events.push(event),
      onState: (state) => states.push(state),
      random: () => 1,
    });
    client.start();
    return { client, states, events, opened: () => opened };
  }

  it('passes events on and reconnects after the end of the stream', async () => {
    const first = stream();
    const second = stream();
    const live = run([
      () => Promise.resolve(first.response),
      () => Promise.resolve(second.response),
    ]);
    await vi.advanceTimersByTimeAsync(0);
    first.send('event: changed\ndata: 1\n\n');
    await vi.advanceTimersByTimeAsync(0);
    expect(live.events).toEqual([{ event: 'changed', data: '1' }]);
    first.end();
    await vi.advanceTimersByTimeAsync(999);
    expect(live.opened()).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(live.states).toEqual(['connecting', 'live', 'reconnecting', 'live']);
    live.client.stop();
  });

  it('waits longer and longer, at most 15 s, and calls itself offline after four failures', async () => {
    const live = run([]);
    await vi.advanceTimersByTimeAsync(0);
    const counts: number[] = [];
    for (const delayMs of [1_000, 2_000, 4_000, 8_000, 15_000, 15_000]) {
      await vi.advanceTimersByTimeAsync(delayMs);
      counts.push(live.opened());
    }
    expect(counts).toEqual([2, 3, 4, 5, 6, 7]);
    expect(live.states.slice(0, 5)).toEqual([
      'connecting',
      'reconnecting',
      'reconnecting',
      'reconnecting',
      'offline',
    ]);
    live.client.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(live.opened()).toBe(7);
  });

  it('notices a connection that went silent', async () => {
    const silent = stream();
    const live = run([() => Promise.resolve(silent.response)]);
    await vi.advanceTimersByTimeAsync(0);
    silent.send(': still here\n\n');
    await vi.advanceTimersByTimeAsync(39_000);
    expect(live.states.at(-1)).toBe('live');
    await vi.advanceTimersByTimeAsync(2_000);
    expect(live.states.at(-1)).toBe('reconnecting');
    live.client.stop();
  });

  it('tries at once when asked to', async () => {
    const live = run([]);
    await vi.advanceTimersByTimeAsync(0);
    live.client.retryNow();
    await vi.advanceTimersByTimeAsync(0);
    expect(live.opened()).toBe(2);
    live.client.stop();
  });
});

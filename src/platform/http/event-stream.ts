import type { FastifyReply } from 'fastify';

const KEEP_ALIVE_MS = 15_000;
/** A reader that does not read would make us buffer for ever. */
const MAX_BUFFERED_BYTES = 64 * 1024;

export interface EventStream {
  send(event: string, data: unknown): void;
  close(): void;
}

/**
 * Server-sent events on a Fastify reply.
 *
 * @param onClose runs once, whoever ends the stream
 * @returns `undefined` when the client has left already
 */
export function openEventStream(reply: FastifyReply, onClose: () => void): EventStream | undefined {
  const { raw } = reply;
  // Whoever left while the answer was being prepared will never be heard of again: no 'close' comes after this.
  if (raw.destroyed) return undefined;
  reply.hijack();
  raw.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store, no-transform',
    'x-accel-buffering': 'no',
    'x-request-id': reply.request.id,
  });
  raw.write(':\n\n');
  const keepAlive = setInterval(() => raw.write(':\n\n'), KEEP_ALIVE_MS);
  keepAlive.unref();
  raw.on('close', () => {
    clearInterval(keepAlive);
    onClose();
  });
  return {
    send(event, data) {
      if (raw.writableLength > MAX_BUFFERED_BYTES) raw.destroy();
      else if (!raw.writableEnded) raw.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    },
    close() {
      raw.end();
    },
  };
}

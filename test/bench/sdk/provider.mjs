// A provider on the same machine that answers at once: what is left of a call is the client's own work.
import { createServer } from 'node:http';

const usage = { prompt_tokens: 20, completion_tokens: 10, total_tokens: 30 };
const answer = JSON.stringify({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1_700_000_000,
  model: 'gpt-4o-mini',
  choices: [
    { index: 0, message: { role: 'assistant', content: 'A short answer.' }, finish_reason: 'stop' },
  ],
  usage,
});
const CHUNKS = 2_000;
const CHUNKS_PER_WRITE = 4;
const chunk = (fields) =>
  `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1_700_000_000, model: 'gpt-4o-mini', ...fields })}\n\n`;
const piece = chunk({ choices: [{ index: 0, delta: { content: ' word' }, finish_reason: null }] });
const end =
  chunk({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }) +
  chunk({ choices: [], usage }) +
  'data: [DONE]\n\n';

const server = createServer((request, response) => {
  let text = '';
  request.setEncoding('utf8');
  request.on('data', (data) => (text += data));
  request.on('end', () => {
    if (text.includes('"stream":true')) {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (let sent = 0; sent < CHUNKS; sent += CHUNKS_PER_WRITE) {
        response.write(piece.repeat(CHUNKS_PER_WRITE));
      }
      response.end(end);
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(answer);
  });
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${JSON.stringify(server.address())}\n`);
});

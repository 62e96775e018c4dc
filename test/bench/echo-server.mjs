// The reference: Fastify that parses the same bodies and answers something of the same size, and does nothing else.
import fastify from 'fastify';

const app = fastify();
const next = { granted: true, amount: '0.500000000', ttlSeconds: 300 };
app.post('/v1/sdk/leases/:leaseId/settlements', (request) => ({
  leaseId: request.params.leaseId,
  seq: request.body.seq,
  state: 'SETTLED',
  booked: '0.000456000',
  returned: '0.499544000',
  late: '0.000000000',
  next: { ...next, leaseId: request.body.next.leaseId },
}));
await app.listen({ port: 0, host: '127.0.0.1' });
process.stdout.write(`${JSON.stringify(app.server.address())}\n`);

import type { IncomingMessage } from 'node:http';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { newId } from '../../kernel/ids.js';
import type { Config } from '../config/index.js';
import type { Logger } from '../telemetry/index.js';
import { bareAddresses } from './forwarded-addresses.js';

const BODY_LIMIT_BYTES = 1024 * 1024;
/** For answers that are no pages; the dashboard's page sets its own. */
const NOTHING_POLICY = "default-src 'none'; frame-ancestors 'none'";
const DOCS_POLICY =
  "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";
const REQUEST_ID = /^[A-Za-z0-9._-]{8,64}$/;

/** Fastify with a limit on everything that a client can make large, slow or strange. */
export function httpAdapter(config: Config): FastifyAdapter {
  return new FastifyAdapter({
    bodyLimit: BODY_LIMIT_BYTES,
    trustProxy: config.trustedProxies.length > 0 ? [...config.trustedProxies] : false,
    genReqId: (request: IncomingMessage) => {
      const given = request.headers['x-request-id'];
      return typeof given === 'string' && REQUEST_ID.test(given) ? given : newId();
    },
    frameworkErrors: (_error: unknown, request: FastifyRequest, reply: FastifyReply) => {
      const error = {
        code: 'BODY_MALFORMED',
        message: 'The address of the request is not valid.',
        requestId: request.id,
      };
      void reply
        .status(400)
        .type('application/json; charset=utf-8')
        .send(JSON.stringify({ error }));
    },
    routerOptions: { maxParamLength: 200 },
    requestTimeout: 30_000,
    connectionTimeout: 60_000,
    keepAliveTimeout: 72_000,
    return503OnClosing: true,
    forceCloseConnections: true,
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
  });
}

/** Headers that every answer carries, and a line in the debug log for each. */
export function observeRequests(fastify: FastifyInstance, logger: Logger): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    // Before anybody asks for the address: Fastify reads the header each time it is asked.
    const { headers } = request.raw;
    const forwarded = headers['x-forwarded-for'];
    if (forwarded !== undefined) headers['x-forwarded-for'] = bareAddresses(String(forwarded));
    void reply.headers({
      'x-request-id': request.id,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'content-security-policy': request.url.startsWith('/api/docs') ? DOCS_POLICY : NOTHING_POLICY,
      ...(request.url.startsWith('/v1/') && { 'cache-control': 'no-store' }),
      ...(request.protocol === 'https' && { 'strict-transport-security': 'max-age=31536000' }),
    });
    done();
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    logger.debug(
      { requestId: request.id, req: request, res: reply, ms: Math.round(reply.elapsedTime) },
      'request',
    );
    done();
  });
}

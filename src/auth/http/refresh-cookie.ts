import type {} from '@fastify/cookie';
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CONFIG, type Config } from '../../platform/config/index.js';
import { originOf } from './own-origin.js';

/**
 * Where a browser keeps the refresh token. Over https the `__Host-` prefix makes it impossible for a neighbour domain to plant one; over
 * plain http (a laptop) browsers refuse that prefix, so the path keeps it narrow instead.
 */
@Injectable()
export class RefreshCookie {
  constructor(@Inject(CONFIG) private readonly config: Config) {}

  read(request: FastifyRequest): string | undefined {
    return request.cookies[this.shape(request).name];
  }

  set(request: FastifyRequest, reply: FastifyReply, cookie: { token: string; until: Date }): void {
    const { name, attributes } = this.shape(request);
    void reply.setCookie(name, cookie.token, { ...attributes, expires: cookie.until });
  }

  clear(request: FastifyRequest, reply: FastifyReply): void {
    const { name, attributes } = this.shape(request);
    void reply.setCookie(name, '', { ...attributes, maxAge: 0 });
  }

  private shape(request: FastifyRequest) {
    const secure = originOf(this.config, request).startsWith('https:');
    const common = { httpOnly: true, sameSite: 'strict' } as const;
    return secure
      ? { name: '__Host-ic_refresh', attributes: { ...common, path: '/', secure: true } }
      : { name: 'ic_refresh', attributes: { ...common, path: '/v1/auth', secure: false } };
  }
}

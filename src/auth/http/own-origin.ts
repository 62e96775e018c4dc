import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AppError } from '../../kernel/errors.js';
import { CONFIG, type Config } from '../../platform/config/index.js';

/** How this request reached us: what `IRON_CAGE_PUBLIC_URL` says, else what the request says. */
export function originOf(config: Config, request: FastifyRequest): string {
  return config.publicUrl === undefined
    ? `${request.protocol}://${request.host}`
    : new URL(config.publicUrl).origin;
}

/**
 * For routes that read or set the refresh cookie: a page of another site must not use or replace it. Clients that are no browsers send
 * neither header.
 */
@Injectable()
export class OwnOriginGuard implements CanActivate {
  constructor(@Inject(CONFIG) private readonly config: Config) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const { origin, 'sec-fetch-site': site } = request.headers;
    const own = originOf(this.config, request);
    if (site !== 'cross-site' && (origin === undefined || origin === own)) return true;
    throw new AppError(
      'ORIGIN_REFUSED',
      `Use the dashboard at ${own}; pages of other sites may not sign in here. If that address is wrong, set IRON_CAGE_PUBLIC_URL.`,
      { internal: `origin ${String(origin)}, site ${String(site)}` },
    );
  }
}

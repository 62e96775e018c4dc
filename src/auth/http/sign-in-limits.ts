import { hash } from 'node:crypto';
import {
  type CanActivate,
  type ExecutionContext,
  Inject,
  Injectable,
  SetMetadata,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ThrottlerStorage } from '@nestjs/throttler';
import type { FastifyRequest } from 'fastify';
import { AppError } from '../../kernel/errors.js';
import { clientNetwork } from '../../kernel/client-network.js';

interface Limits {
  readonly name: string;
  readonly perMinutePerNetwork: number;
}

const LIMITS = Symbol('iron-cage:sign-in-limits');
const WINDOW_MS = 60_000;

/** States how often a public route may be tried. Read by {@link SignInLimitsGuard}. */
export const SignInLimits = (limits: Limits) => SetMetadata(LIMITS, limits);

/** A flood is stopped before anything is done for it; wrong passwords are counted by LoginLimits. */
@Injectable()
export class SignInLimitsGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    @Inject(ThrottlerStorage) private readonly storage: ThrottlerStorage,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const limits = this.reflector.get<Limits | undefined>(LIMITS, context.getHandler());
    if (!limits) return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    await this.count(`${limits.name}-ip`, clientNetwork(request.ip), limits.perMinutePerNetwork);
    return true;
  }

  private async count(name: string, who: string, limit: number): Promise<void> {
    const key = hash('sha256', `${name}\n${who}`, 'base64url');
    const hit = await this.storage.increment(key, WINDOW_MS, limit, 0, name);
    if (!hit.isBlocked) return;
    const retryAfterSeconds = Math.max(1, hit.timeToBlockExpire);
    throw new AppError(
      'RATE_LIMITED',
      `Too many attempts; try again in ${String(retryAfterSeconds)} seconds.`,
      { retryAfterSeconds, internal: name },
    );
  }
}

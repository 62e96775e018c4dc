import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { clientNetwork } from '../../kernel/client-network.js';
import { AppError } from '../../kernel/errors.js';
import type { Principal } from '../../kernel/principal.js';
import { CONFIG, type Config } from '../config/index.js';
import { type BucketRule, RateLimits, type Taken } from '../limits/index.js';
import type { IronCageRequest } from './handles.js';

/** A burst of this many seconds' worth may come at once. */
const BURST_SECONDS = 2;
const USER_BURST_SECONDS = 10;

interface Bound {
  readonly policy: string;
  readonly name: string;
  readonly rule: BucketRule;
}

/**
 * How often a caller may call, whatever it calls: per key, organization, network and server, or per person. After the access guard,
 * because only then it is known who calls; who cannot show a credential is limited where credentials are checked.
 */
@Injectable()
export class RequestLimitsGuard implements CanActivate {
  private readonly rules: Readonly<
    Record<'key' | 'organization' | 'ip' | 'global' | 'user', BucketRule>
  >;

  constructor(
    private readonly limits: RateLimits,
    @Inject(CONFIG) config: Config,
  ) {
    const { key, organization, ip, global, user } = config.rateLimits;
    this.rules = {
      key: ruleOf(key),
      organization: ruleOf(organization),
      ip: ruleOf(ip),
      global: ruleOf(global),
      user: ruleOf(user, USER_BURST_SECONDS),
    };
  }

  canActivate(context: ExecutionContext): boolean {
    const http = context.switchToHttp();
    const request = http.getRequest<IronCageRequest>();
    const { principal } = request;
    if (!principal) return true;
    const reply = http.getResponse<FastifyReply>();
    let told: { bound: Bound; taken: Taken } | undefined;
    for (const bound of this.boundsOf(principal, request.ip)) {
      const taken = this.limits.take(bound.name, bound.rule);
      told ??= { bound, taken };
      if (taken.allowed) continue;
      announce(reply, bound, taken);
      throw refusal(bound, taken);
    }
    if (told) announce(reply, told.bound, told.taken);
    return true;
  }

  /** The narrowest first: who is over the own limit takes nothing out of the others'. */
  private boundsOf(principal: Principal, ip: string): Bound[] {
    const { key, organization, global, user } = this.rules;
    if (principal.kind === 'user') {
      return [{ policy: 'user', name: `user:${principal.userId}`, rule: user }];
    }
    const { requestsPerMinute } = principal;
    const own =
      requestsPerMinute === null
        ? key
        : { perSecond: requestsPerMinute / 60, burst: requestsPerMinute };
    return [
      { policy: 'key', name: `key:${principal.keyId}`, rule: own },
      {
        policy: 'organization',
        name: `organization:${principal.organizationId}`,
        rule: organization,
      },
      { policy: 'ip', name: `ip:${clientNetwork(ip)}`, rule: this.rules.ip },
      { policy: 'global', name: 'global', rule: global },
    ];
  }
}

function ruleOf(perSecond: number, burstSeconds = BURST_SECONDS): BucketRule {
  return { perSecond, burst: Math.max(1, Math.ceil(perSecond * burstSeconds)) };
}

/** As draft-ietf-httpapi-ratelimit-headers-10 writes it: q requests in a window of w seconds, r are left, t seconds until more are. */
function announce(reply: FastifyReply, { policy, rule }: Bound, taken: Taken): void {
  const windowSeconds = Math.max(1, Math.ceil(rule.burst / rule.perSecond));
  const waitSeconds = taken.allowed ? windowSeconds : taken.retryAfterSeconds;
  void reply.header('ratelimit-policy', `"${policy}";q=${rule.burst};w=${windowSeconds}`);
  void reply.header('ratelimit', `"${policy}";r=${taken.remaining};t=${waitSeconds}`);
}

const WHOSE: Readonly<Record<string, string>> = {
  key: 'This key makes',
  organization: 'Your organization makes',
  ip: 'Your network makes',
  global: 'This server gets',
  user: 'You make',
};

function refusal({ policy, rule }: Bound, { retryAfterSeconds }: Taken): AppError {
  return new AppError(
    'RATE_LIMITED',
    `${WHOSE[policy] ?? ''} more requests than ${describe(rule)}. Try again in ${retryAfterSeconds} seconds.`,
    { retryAfterSeconds, details: { limit: policy }, internal: `rate limit ${policy}` },
  );
}

function describe({ perSecond }: BucketRule): string {
  return perSecond >= 1 && Number.isInteger(perSecond)
    ? `${perSecond} a second`
    : `${Math.round(perSecond * 60)} a minute`;
}

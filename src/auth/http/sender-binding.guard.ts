import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { AppError } from '../../kernel/errors.js';
import type { AgentPrincipal } from '../../kernel/principal.js';
import { PROOF_HEADER } from '../../kernel/sender-proof.js';
import { type IronCageRequest, routeOf } from '../../platform/http/index.js';
import { Metrics } from '../../platform/telemetry/index.js';
import { AgentSessions } from '../agent-sessions.js';
import { proofInvalid, proofOfOtherSession, proofRequired } from '../domain/proof-refusals.js';
import { SessionProofs } from '../session-proofs.js';

const NOTHING = Buffer.alloc(0);
const SCHEME = 'Bearer '.length;

/**
 * A request of a session carries the session's proof, if its project wants that; a proof that is sent is always checked. Every route of
 * agents is meant but the one that starts a session. After the limits of requests, so that guesses are limited too.
 */
@Injectable()
export class SenderBindingGuard implements CanActivate {
  private readonly refused: ReturnType<Metrics['counter']>;

  constructor(
    private readonly proofs: SessionProofs,
    private readonly sessions: AgentSessions,
    metrics: Metrics,
  ) {
    this.refused = metrics.counter(
      'iron_cage_proofs_refused_total',
      'Requests with a good key whose proof of the session was missing or wrong.',
      ['code'],
    );
  }

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const request = context.switchToHttp().getRequest<IronCageRequest>();
    const { principal } = request;
    if (principal?.kind !== 'agent') return true;
    const access = routeOf(context)?.access;
    const header = request.headers[PROOF_HEADER];
    if (header === undefined) {
      if (principal.senderBinding === 'off' || access === 'agent:bootstrap') return true;
      throw this.counted(proofRequired());
    }
    return this.check(request, principal, String(header), access).catch((error: unknown) => {
      throw this.counted(error);
    });
  }

  private counted(error: unknown): unknown {
    if (error instanceof AppError && error.code.startsWith('PROOF_'))
      this.refused.inc({ code: error.code });
    return error;
  }

  private async check(
    request: IronCageRequest,
    agent: AgentPrincipal,
    header: string,
    access: string | undefined,
  ): Promise<boolean> {
    const sent = {
      method: request.method,
      path: request.raw.url ?? '',
      body: bytesOf(request),
      bearer: (request.headers.authorization ?? '').slice(SCHEME),
    };
    const proven = await this.proofs.verify(agent, sent, header);
    for (const named of sessionsNamedBy(request)) {
      if (named === proven) continue;
      if (access !== 'agent:report') throw proofOfOtherSession();
      // Without binding the key alone would do.
      if (agent.senderBinding === 'required') await this.sessions.refuseAlive(agent, named, proven);
    }
    request.principal = { ...agent, provenSession: proven };
    return true;
  }
}

/** Not yet validated: what is no text is refused later, and names no session. */
function sessionsNamedBy({ params, body }: IronCageRequest): string[] {
  const named = [inRecord(params, 'sessionId'), inRecord(body, 'sessionId')];
  return named.filter((id) => typeof id === 'string');
}

function inRecord(value: unknown, name: string): unknown {
  return value !== null && typeof value === 'object' ? Reflect.get(value, name) : undefined;
}

function bytesOf({ rawBody, body }: IronCageRequest): Buffer {
  if (rawBody !== undefined) return rawBody;
  // Fastify reads text/plain too, and does not keep its bytes.
  if (body !== undefined && body !== null) throw proofInvalid('the body is not JSON');
  return NOTHING;
}

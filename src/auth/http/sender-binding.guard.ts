import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { AgentPrincipal } from '../../kernel/principal.js';
import { PROOF_HEADER } from '../../kernel/sender-proof.js';
import { type IronCageRequest, routeOf } from '../../platform/http/index.js';
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
  constructor(
    private readonly proofs: SessionProofs,
    private readonly sessions: AgentSessions,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const request = context.switchToHttp().getRequest<IronCageRequest>();
    const { principal } = request;
    if (principal?.kind !== 'agent') return true;
    const access = routeOf(context)?.access;
    const header = request.headers[PROOF_HEADER];
    if (header !== undefined) return this.check(request, principal, String(header), access);
    if (principal.senderBinding === 'off' || access === 'agent:bootstrap') return true;
    throw proofRequired();
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
    const named = sessionNamedBy(request);
    if (named !== undefined && named !== proven) {
      if (access !== 'agent:report') throw proofOfOtherSession();
      // Without binding the key alone would do.
      if (agent.senderBinding === 'required') await this.sessions.refuseAlive(agent, named, proven);
    }
    request.principal = { ...agent, provenSession: proven };
    return true;
  }
}

/** Not yet validated: what is no text is refused later, and names no session. */
function sessionNamedBy({ params, body }: IronCageRequest): string | undefined {
  const named = inRecord(params, 'sessionId') ?? inRecord(body, 'sessionId');
  return typeof named === 'string' ? named : undefined;
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

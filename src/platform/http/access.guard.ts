import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { AppError, databaseDown, keyRetired } from '../../kernel/errors.js';
import type { Permission } from '../../kernel/permissions.js';
import type { Principal } from '../../kernel/principal.js';
import { Authenticator } from './authenticator.js';
import { type IronCageRequest, routeOf } from './handles.js';

const BEARER = /^Bearer ([A-Za-z0-9._~+/=-]{1,4096})$/i;

/** Closed by default: a handler without a contract, or a caller without the contract's permission, is refused. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(private readonly authenticator: Authenticator) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const route = routeOf(context);
    if (!route)
      throw new AppError('FORBIDDEN', 'This route is closed.', {
        internal: 'handler without a route contract',
      });
    if (route.access === 'public') return true;
    const request = context.switchToHttp().getRequest<IronCageRequest>();
    const [, bearer] = BEARER.exec(request.headers.authorization ?? '') ?? [];
    if (bearer === undefined) {
      const wanted = route.access.startsWith('agent:')
        ? 'an Iron Cage key (ic_…)'
        : 'an access token; sign in first';
      throw new AppError('NOT_SIGNED_IN', `Send "Authorization: Bearer …" with ${wanted}.`);
    }
    const principal = await this.authenticator.authenticate(bearer, request.ip);
    if (!principal.permissions.has(route.access)) {
      if (principal.kind === 'agent' && principal.retired) throw keyRetired(principal.retired);
      if (principal.kind === 'agent' && principal.unconfirmed) throw databaseDown();
      throw new AppError('FORBIDDEN', whyNot(principal, route.access));
    }
    request.principal = principal;
    return true;
  }
}

function whyNot(principal: Principal, access: Permission): string {
  if (principal.kind === 'user') {
    return `Your role (${principal.role}) does not include ${access}; ask an owner or admin.`;
  }
  const [audience, scope = ''] = access.split(':');
  return audience === 'agent'
    ? `This key does not have the scope "${scope}"; create one that has.`
    : 'An Iron Cage key may only run an agent: start a session, borrow, report, listen.';
}

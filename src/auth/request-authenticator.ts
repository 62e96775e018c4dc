import { Injectable } from '@nestjs/common';
import type { Principal } from '../kernel/principal.js';
import { Authenticator } from '../platform/http/index.js';
import { AgentUses } from './agent-uses.js';
import { KeyAuthenticator } from './key-authenticator.js';
import { UserAuthenticator } from './user-authenticator.js';

const KEY_PREFIX = 'ic_';

/** An Iron Cage key or an access token: the prefix says which, and neither is ever tried as the other. */
@Injectable()
export class RequestAuthenticator extends Authenticator {
  constructor(
    private readonly keys: KeyAuthenticator,
    private readonly users: UserAuthenticator,
    private readonly uses: AgentUses,
  ) {
    super();
  }

  async authenticate(bearer: string, ip: string): Promise<Principal> {
    if (!bearer.startsWith(KEY_PREFIX)) return this.users.authenticate(bearer);
    const agent = await this.keys.authenticate(bearer, ip);
    if (!agent.unconfirmed) this.uses.used(agent, ip);
    return agent;
  }
}

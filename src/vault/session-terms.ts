import type { AgentPrincipal } from '../kernel/principal.js';

/** Port: what a session is told besides its secrets. Bound to billing, which vault does not know. */
export abstract class SessionTerms {
  /** Price bundle of the agent's project for the providers that the session has keys of. */
  abstract prices(
    agent: AgentPrincipal,
    providers: readonly string[],
  ): Promise<{ version: string; models: { provider: string; id: string }[] }>;
}

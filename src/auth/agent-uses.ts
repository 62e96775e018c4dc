import { Injectable } from '@nestjs/common';
import type { AgentPrincipal } from '../kernel/principal.js';

export interface AgentUseListener {
  /** A key was shown, and was good. Called on every request: must be quick, and must not throw. */
  used(agent: AgentPrincipal, ip: string): void;
  /** The agent said that this session is over. */
  left(agent: AgentPrincipal, sessionId: string): void;
}

/** Tells who asks where good keys are used; what was refused is never told. */
@Injectable()
export class AgentUses {
  private readonly listeners = new Set<AgentUseListener>();

  /** @returns how to stop listening */
  subscribe(listener: AgentUseListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  used(agent: AgentPrincipal, ip: string): void {
    for (const listener of this.listeners) listener.used(agent, ip);
  }

  left(agent: AgentPrincipal, sessionId: string): void {
    for (const listener of this.listeners) listener.left(agent, sessionId);
  }
}

/** Wraps the master key outside of this server. Asked at the start and when the vault is unsealed, never for a request of an agent. */
export interface KeyProvider {
  wrap(key: Buffer): Promise<Buffer>;
  unwrap(wrapped: Buffer): Promise<Buffer>;
}

export const PROVIDER_TIMEOUT_MS = 5_000;

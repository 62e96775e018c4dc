/** Port: what a session is told besides its secrets. Bound to billing, which vault does not know. */
export abstract class SessionTerms {
  /** Price bundle for the providers that the session has keys of. */
  abstract prices(providers: readonly string[]): {
    version: string;
    models: { provider: string; id: string }[];
  };
}

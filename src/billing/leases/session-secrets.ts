/** Port: in which state the secrets of running sessions are. Bound to the vault, which billing does not know. */
export abstract class SessionSecrets {
  /** One for each session, in their order; another one than before means that there is something to fetch. */
  abstract revisions(
    sessions: readonly {
      readonly organizationId: string;
      readonly projectId: string;
      readonly environment: string;
    }[],
  ): Promise<string[]>;
}

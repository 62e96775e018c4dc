/** A sealed version of a secret: whose it is, and for whom. */
export interface SealedVersionOf {
  readonly organizationId: string;
  readonly projectId: string | null;
  readonly secretId: string;
  readonly version: number;
  readonly environment: string;
  readonly dataKeyId: string;
}

/** Associated data of a sealed version: bytes that open in one row open in no other, and under no other project or environment. */
export function secretContext(row: SealedVersionOf): string[] {
  return ['provider-secret/2', ...partsOf(row)];
}

/** Of versions from before rows were bound. Only the one step that binds them opens these. */
export function unboundContext(row: SealedVersionOf): string[] {
  return ['provider-secret', ...partsOf(row)];
}

function partsOf(row: SealedVersionOf): string[] {
  return [
    row.organizationId,
    row.projectId ?? 'every project',
    row.secretId,
    String(row.version),
    row.environment,
    row.dataKeyId,
  ];
}

export function dataKeyContext(organizationId: string, dataKeyId: string): string[] {
  return ['data-key', organizationId, dataKeyId];
}

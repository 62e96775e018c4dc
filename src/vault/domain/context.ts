/** Associated data of a sealed secret version: bytes that open in one row open in no other. */
export function secretContext(row: {
  readonly organizationId: string;
  readonly secretId: string;
  readonly version: number;
  readonly dataKeyId: string;
}): string[] {
  return ['provider-secret', row.organizationId, row.secretId, String(row.version), row.dataKeyId];
}

export function dataKeyContext(organizationId: string, dataKeyId: string): string[] {
  return ['data-key', organizationId, dataKeyId];
}

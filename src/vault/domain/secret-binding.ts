import { createHmac, timingSafeEqual } from 'node:crypto';
import { AppError } from '../../kernel/errors.js';
import { deriveKey } from '../../kernel/sealed-box.js';

/** What the row of a secret decides: where its value goes, how, to whom, and which of its values that is. */
export interface BoundTerms {
  readonly organizationId: string;
  readonly id: string;
  readonly projectId: string | null;
  readonly name: string;
  readonly provider: string;
  readonly environment: string;
  readonly hosts: readonly string[];
  readonly paths: readonly string[];
  readonly headerName: string | null;
  readonly headerValue: string | null;
  readonly metered: boolean;
  readonly currentVersion: number;
  /** Versions that were not destroyed, ascending: one that was must not come back. */
  readonly liveVersions: readonly number[];
  readonly revision: number;
}

/**
 * HMAC-SHA256 over the terms of a secret, under a key that only who can open the data key can derive. So terms can be changed without
 * opening a value, and nobody who merely writes to the database can make a row that counts.
 *
 * @param dataKey of the version that is handed out
 */
export function bindingOf(dataKey: Buffer, terms: BoundTerms): Buffer {
  const key = deriveKey(dataKey, 'iron-cage/secret-terms');
  try {
    return createHmac('sha256', key).update(canonical(terms)).digest();
  } finally {
    key.fill(0);
  }
}

/** @throws {AppError} SECRET_ALTERED */
export function refuseAltered(dataKey: Buffer, terms: BoundTerms, binding: Buffer | null): void {
  const expected = bindingOf(dataKey, terms);
  if (binding?.length === expected.length && timingSafeEqual(binding, expected)) return;
  throw altered(terms);
}

export function altered({ id, currentVersion, name }: BoundTerms): AppError {
  return new AppError(
    'SECRET_ALTERED',
    `The row of the secret "${name}" was changed by something other than Iron Cage: its hosts, header, project, environment or version are not what somebody set here. It is not handed out. Find out who writes to the database, then delete the secret and store it anew.`,
    {
      details: { secretId: id, version: currentVersion },
      internal: `the binding of secret ${id} does not fit its row`,
    },
  );
}

/** A list of a fixed order; JSON writes no two of them alike. */
function canonical(terms: BoundTerms): string {
  return JSON.stringify([
    'secret-terms/1',
    terms.organizationId,
    terms.id,
    terms.projectId,
    terms.name,
    terms.provider,
    terms.environment,
    terms.hosts,
    terms.paths,
    terms.headerName,
    terms.headerValue,
    terms.metered,
    terms.currentVersion,
    terms.liveVersions,
    terms.revision,
  ]);
}

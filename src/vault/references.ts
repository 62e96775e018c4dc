import { Inject, Injectable } from '@nestjs/common';
import { AppError } from '../kernel/errors.js';
import { parseReference, type Reference } from '../kernel/secret-reference.js';
import { CONFIG, type Config } from '../platform/config/index.js';
import { VaultHttp } from '../platform/keyring/index.js';
import type { SecretValues } from './domain/secret-values.js';
import { fieldValue } from './secret-terms.contract.js';

/** Reads values that the vault does not store itself, at the time of use and for one use. */
@Injectable()
export class References {
  private readonly vault: VaultHttp | undefined;

  constructor(@Inject(CONFIG) private readonly config: Config) {
    this.vault = VaultHttp.of(config.keys);
  }

  /** Every field with its value. @throws {AppError} SECRET_SOURCE_UNAVAILABLE */
  async resolve(values: SecretValues): Promise<Record<string, string>> {
    const fields = await Promise.all(
      Object.entries(values).map(async ([name, value]) => [
        name,
        typeof value === 'string' ? value : await this.read(value.reference),
      ]),
    );
    return Object.fromEntries(fields) as Record<string, string>;
  }

  private async read(text: string): Promise<string> {
    const reference = parseReference(text);
    if (!reference) throw unavailable(text, 'it is no reference');
    const value = await this.valueAt(reference, text);
    if (!fieldValue.safeParse(value).success) {
      throw unavailable(text, 'there is no value that could be a key');
    }
    return value as string;
  }

  private async valueAt(reference: Reference, text: string): Promise<unknown> {
    if (reference.kind === 'env') {
      const { referenceVariables } = this.config.keys;
      return Object.hasOwn(referenceVariables, reference.name)
        ? referenceVariables[reference.name]
        : undefined;
    }
    if (!this.vault)
      throw unavailable(text, 'VAULT_ADDR and VAULT_TOKEN of the server are not set');
    const { mount, path, field } = reference;
    const answer = await this.vault
      .call('GET', [mount, 'data', ...path])
      .catch((error: unknown) => {
        throw unavailable(text, 'HashiCorp Vault did not give it', error);
      });
    const data = answer['data'];
    return typeof data === 'object' && data !== null && Object.hasOwn(data, field)
      ? (data as Record<string, unknown>)[field]
      : undefined;
  }
}

function unavailable(reference: string, why: string, cause?: unknown): AppError {
  return new AppError(
    'SECRET_SOURCE_UNAVAILABLE',
    `The secret behind ${reference} cannot be read: ${why}. Check that it exists and that this server may read it.`,
    {
      cause,
      retryAfterSeconds: 5,
      ...(cause instanceof Error && { internal: cause.message }),
    },
  );
}

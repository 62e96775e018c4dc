import { Injectable } from '@nestjs/common';
import type { Tx } from '../platform/database/index.js';
import type { Jobs } from '../platform/jobs/index.js';
import { type Keyring, SecretVersions } from '../platform/keyring/index.js';
import type { Pepper } from './domain/key-hash.js';

/** The peppers of Iron Cage keys: the newest makes new hashes, older ones still check theirs until the key is used again. */
@Injectable()
export class KeyPeppers {
  private constructor(
    private readonly versions: SecretVersions,
    /** Of the hashes that leak reports are found by; it is no credential and so is not rotated. */
    readonly leakKey: Buffer,
  ) {}

  static async open(keyring: Keyring, jobs: Jobs): Promise<KeyPeppers> {
    const versions = await SecretVersions.open(keyring, 'key-pepper');
    return new KeyPeppers(
      versions.follow(jobs),
      (await keyring.serverSecret('key-leak-key')).bytes,
    );
  }

  get current(): Pepper {
    return this.versions.current;
  }

  /** For a hash that is made now. @throws {AppError} VAULT_SEALED where only a pepper that was dropped is at hand */
  forNew(): Promise<Pepper> {
    return this.versions.forNew();
  }

  /** @returns the newest when there is no such version */
  async of(version: number): Promise<Pepper> {
    return (await this.versions.of(version)) ?? this.versions.current;
  }

  /**
   * Once it is committed call {@link refresh}; other replicas follow when they meet the first hash of it, make a key, or next look.
   *
   * @returns the new version
   * @throws {AppError} CONFLICT, VAULT_SEALED
   */
  rotate(tx: Tx): Promise<number> {
    return this.versions.rotate(tx);
  }

  /** Peppers that no key needs any more are forgotten for good. */
  dropBefore(tx: Tx, version: number): Promise<void> {
    return this.versions.dropBefore(tx, version);
  }

  refresh(): Promise<void> {
    return this.versions.refresh();
  }
}

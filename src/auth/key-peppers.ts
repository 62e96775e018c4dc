import { Injectable } from '@nestjs/common';
import { Keyring } from '../platform/keyring/index.js';
import type { Pepper } from './domain/key-hash.js';

const NAME = 'key-pepper';

/** The peppers of Iron Cage keys: the newest makes new hashes, older ones still check theirs until the key is used again. */
@Injectable()
export class KeyPeppers {
  private readonly byVersion = new Map<number, Pepper>();

  private constructor(
    private readonly keyring: Keyring,
    private newest: Pepper,
    /** Of the hashes that leak reports are found by; it is no credential and so is not rotated. */
    readonly leakKey: Buffer,
  ) {
    this.byVersion.set(newest.version, newest);
  }

  static async open(keyring: Keyring): Promise<KeyPeppers> {
    const newest = await keyring.serverSecret(NAME);
    return new KeyPeppers(keyring, newest, (await keyring.serverSecret('key-leak-key')).bytes);
  }

  get current(): Pepper {
    return this.newest;
  }

  /** A version that is not known yet was made by another replica a moment ago. @returns the newest when there is no such version */
  async of(version: number): Promise<Pepper> {
    const known = this.byVersion.get(version);
    if (known) return known;
    const pepper = await this.keyring.serverSecretOf(NAME, version);
    if (!pepper) return this.newest;
    this.byVersion.set(version, pepper);
    if (version > this.newest.version) this.newest = pepper;
    return pepper;
  }

  /** @returns the new version, which from now on makes all hashes here; other replicas follow when they meet the first of them */
  async rotate(): Promise<Pepper> {
    this.newest = await this.keyring.rotateServerSecret(NAME);
    this.byVersion.set(this.newest.version, this.newest);
    return this.newest;
  }

  /** Peppers that no key needs any more are forgotten for good. */
  async dropBefore(version: number): Promise<void> {
    await this.keyring.dropServerSecrets(NAME, version);
    for (const known of this.byVersion.keys()) if (known < version) this.byVersion.delete(known);
  }
}

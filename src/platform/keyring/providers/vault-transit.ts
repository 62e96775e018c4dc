import { type KeyConfig, StartupError } from '../../config/index.js';
import type { KeyProvider } from './key-provider.js';
import { VaultHttp } from './vault-http.js';

/** The transit engine of HashiCorp Vault: it encrypts and decrypts, and its key never leaves it. */
export class VaultTransit implements KeyProvider {
  private constructor(
    private readonly http: VaultHttp,
    private readonly mount: readonly string[],
    private readonly key: string,
  ) {}

  /** @param key `<mount>/<name of the key>` */
  static open(key: string, config: KeyConfig): VaultTransit {
    const http = VaultHttp.of(config);
    if (!http) {
      throw new StartupError(
        'KEK_PROVIDER',
        `The master key is wrapped by HashiCorp Vault (vault:${key}), but VAULT_ADDR or VAULT_TOKEN is not set. Set both.`,
      );
    }
    const parts = key.split('/');
    return new VaultTransit(http, parts.slice(0, -1), parts.at(-1) ?? '');
  }

  async wrap(key: Buffer): Promise<Buffer> {
    const { ciphertext } = await this.call('encrypt', { plaintext: key.toString('base64') });
    if (typeof ciphertext !== 'string') throw new Error('the answer has no ciphertext');
    return Buffer.from(ciphertext, 'utf8');
  }

  async unwrap(wrapped: Buffer): Promise<Buffer> {
    const { plaintext } = await this.call('decrypt', { ciphertext: wrapped.toString('utf8') });
    if (typeof plaintext !== 'string') throw new Error('the answer has no plaintext');
    return Buffer.from(plaintext, 'base64');
  }

  private call(verb: 'encrypt' | 'decrypt', body: object) {
    return this.http.call('POST', [...this.mount, verb, this.key], body);
  }
}

import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import type { Keyring } from '../../platform/keyring/index.js';
import type { PriceTable } from '../domain/pricing.js';
import { canonicalJson } from './canonical.js';
import type { PriceScope } from './price-terms.js';

const SECRET = 'price-signing-key';
/** What precedes the 32 bytes of an Ed25519 seed in PKCS #8 (RFC 8410). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const CONTEXT = 'iron-cage/prices/v1';

export interface Signature {
  readonly algorithm: 'Ed25519';
  /** The raw public key, base64url. */
  readonly key: string;
  readonly value: string;
}

/** Signs price bundles, so that an agent that knows the public key believes no other prices. */
export class PriceSigner {
  private constructor(
    private readonly privateKey: KeyObject,
    readonly publicKey: string,
  ) {}

  /** The key is the same for every replica. */
  static async open(keyring: Keyring): Promise<PriceSigner> {
    const { bytes } = await keyring.serverSecret(SECRET);
    const key = Buffer.concat([PKCS8_PREFIX, bytes]);
    const privateKey = createPrivateKey({ key, format: 'der', type: 'pkcs8' });
    const { x } = createPublicKey(privateKey).export({ format: 'jwk' });
    if (x === undefined) throw new Error('the price signing key has no public half');
    return new PriceSigner(privateKey, x);
  }

  /** For one project: the same prices under another project's name do not verify. */
  sign(scope: PriceScope, prices: PriceTable): Signature {
    const { organizationId, projectId } = scope;
    const text = canonicalJson({ context: CONTEXT, organizationId, projectId, prices });
    const value = sign(null, Buffer.from(text, 'utf8'), this.privateKey).toString('base64url');
    return { algorithm: 'Ed25519', key: this.publicKey, value };
  }
}

import { DecryptCommand, EncryptCommand, KMSClient } from '@aws-sdk/client-kms';
import { type KeyProvider, PROVIDER_TIMEOUT_MS } from './key-provider.js';

const CONTEXT = { purpose: 'iron-cage-master-key' };

/** AWS KMS with the official client: region, credentials and endpoint come from where every AWS program takes them. */
export class AwsKms implements KeyProvider {
  private constructor(
    private readonly client: KMSClient,
    private readonly keyId: string,
  ) {}

  /** @param keyId id, ARN, or `alias/…` of a symmetric key */
  static open(keyId: string): AwsKms {
    const client = new KMSClient({
      maxAttempts: 3,
      requestHandler: {
        connectionTimeout: PROVIDER_TIMEOUT_MS,
        requestTimeout: PROVIDER_TIMEOUT_MS,
        throwOnRequestTimeout: true,
      },
    });
    return new AwsKms(client, keyId);
  }

  async wrap(key: Buffer): Promise<Buffer> {
    const { CiphertextBlob } = await this.client.send(
      new EncryptCommand({ KeyId: this.keyId, Plaintext: key, EncryptionContext: CONTEXT }),
    );
    return bytesOf(CiphertextBlob);
  }

  async unwrap(wrapped: Buffer): Promise<Buffer> {
    const { Plaintext } = await this.client.send(
      new DecryptCommand({
        KeyId: this.keyId,
        CiphertextBlob: wrapped,
        EncryptionContext: CONTEXT,
      }),
    );
    return bytesOf(Plaintext);
  }
}

function bytesOf(answer: Uint8Array | undefined): Buffer {
  if (answer === undefined) throw new Error('the answer has no bytes');
  return Buffer.from(answer);
}

import type { KeyConfig } from '../../config/index.js';
import { PROVIDER_TIMEOUT_MS } from './key-provider.js';

const ANSWER_BYTES_MAX = 256 * 1024;

/** HashiCorp Vault over its HTTP API: one request, one answer, no redirects. */
export class VaultHttp {
  private constructor(
    private readonly address: string,
    private readonly headers: Record<string, string>,
  ) {}

  /** @returns undefined where `VAULT_ADDR` or `VAULT_TOKEN` is not set */
  static of(config: KeyConfig): VaultHttp | undefined {
    const { vaultAddress, vaultToken, vaultNamespace } = config;
    if (vaultAddress === undefined || vaultToken === undefined) return undefined;
    return new VaultHttp(vaultAddress, {
      'x-vault-token': vaultToken,
      'x-vault-request': 'true',
      ...(vaultNamespace !== undefined && { 'x-vault-namespace': vaultNamespace }),
    });
  }

  /**
   * @param path below `/v1/`; each part is escaped
   * @returns the member `data` of the answer
   * @throws {Error} naming the status; never the body of an answer, which may hold a secret
   */
  async call(
    method: 'GET' | 'POST',
    path: readonly string[],
    body?: object,
  ): Promise<Readonly<Record<string, unknown>>> {
    const response = await fetch(
      `${this.address}/v1/${path.map((part) => encodeURIComponent(part)).join('/')}`,
      {
        method,
        headers: {
          ...this.headers,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        redirect: 'error',
        signal: AbortSignal.timeout(PROVIDER_TIMEOUT_MS),
        ...(body !== undefined && { body: JSON.stringify(body) }),
      },
    );
    if (!response.ok) {
      await response.body?.cancel();
      throw new Error(`HashiCorp Vault answered ${String(response.status)}`);
    }
    return dataOf(await boundedText(response));
  }
}

async function boundedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > ANSWER_BYTES_MAX) throw new Error('HashiCorp Vault answered more than expected');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function dataOf(text: string): Readonly<Record<string, unknown>> {
  let data: unknown;
  try {
    ({ data } = JSON.parse(text) as { data?: unknown });
  } catch {
    // What the parser would quote may be a secret.
    throw new Error('HashiCorp Vault answered something that is not JSON');
  }
  if (typeof data !== 'object' || data === null) throw new Error('HashiCorp Vault sent no data');
  return data as Readonly<Record<string, unknown>>;
}

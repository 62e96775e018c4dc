import { request } from 'node:http';
import type { Json } from './installation.js';

/** As `call`, from one of the machine's own loopback addresses. */
export function callFrom(
  ip: string,
  url: string,
  method: string,
  path: string,
  {
    token,
    body,
    headers = {},
  }: { token: string; body?: object; headers?: Readonly<Record<string, string>> },
): Promise<{ status: number; body: Json }> {
  return new Promise((resolve, reject) => {
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const sent = request(url + path, {
      method,
      localAddress: ip,
      agent: false,
      headers: {
        ...headers,
        authorization: `Bearer ${token}`,
        ...(payload !== undefined && { 'content-type': 'application/json' }),
      },
    });
    sent.on('error', reject);
    sent.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('error', reject);
      response.on('end', () => {
        resolve({
          status: response.statusCode ?? 0,
          body: (text === '' ? {} : JSON.parse(text)) as Json,
        });
      });
    });
    sent.end(payload);
  });
}

/** The HTTP API as the demo uses it: as an owner would by dashboard or CLI. */
export class Client {
  private token = '';

  constructor(readonly url: string) {}

  async setUp(setupToken: string): Promise<void> {
    const answer = await this.send<{ accessToken: string }>('POST', '/v1/setup', {
      token: setupToken,
      organizationName: 'Demo',
      name: 'Demo Owner',
      email: 'owner@demo.test',
      password: 'a password for one minute',
    });
    this.token = answer.accessToken;
  }

  async send<T>(method: string, path: string, body?: object): Promise<T> {
    const response = await fetch(this.url + path, {
      method,
      headers: {
        ...(this.token !== '' && { authorization: `Bearer ${this.token}` }),
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }
}

export interface Balance {
  readonly deposited: string;
  readonly spent: string;
  readonly leased: string;
  readonly available: string;
  readonly debt: string;
}

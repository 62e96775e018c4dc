import { type Clock, systemClock } from '../../kernel/clock.js';
import { CliError, EXIT } from '../cli-error.js';
import type { Credentials, Login } from './credentials.js';
import type { HttpAnswer, HttpRequest, Transport } from './transport.js';
import type { Page, SignIn } from './types.js';

/** A token that is about to run out would run out on the way. */
const EXPIRY_MARGIN_MS = 15_000;
const LARGEST_PAGE = 200;

export interface ClientOptions {
  readonly transport: Transport;
  readonly credentials: Credentials;
  /** For machines: signs in for this one command, when no login is saved. */
  readonly account?: { readonly email: string; readonly password: string } | undefined;
  readonly clock?: Clock;
}

/** The API as a signed-in person. */
export class ApiClient {
  private session: Login | undefined;

  constructor(private readonly options: ClientOptions) {}

  get url(): string {
    return this.options.transport.url;
  }

  /** Without a login. */
  async open<T>(request: HttpRequest): Promise<T> {
    return (await this.options.transport.send(request)).body as T;
  }

  async get<T>(path: string, query: HttpRequest['query'] = {}): Promise<T> {
    return this.send<T>({ method: 'GET', path, query });
  }

  async send<T>(request: HttpRequest): Promise<T> {
    const token = await this.token();
    try {
      return await this.sendWith<T>(token, request);
    } catch (error) {
      if (!(error instanceof CliError) || error.code !== 'TOKEN_INVALID') throw error;
      return this.sendWith<T>(await this.renew(), request);
    }
  }

  /** Items of a list, page by page. */
  async list<T>(
    path: string,
    query: HttpRequest['query'],
    limit: number,
  ): Promise<{ items: T[]; more: boolean }> {
    const items: T[] = [];
    let cursor: string | undefined;
    do {
      const page = await this.get<Page<T>>(path, {
        ...query,
        limit: Math.min(LARGEST_PAGE, limit - items.length),
        cursor,
      });
      items.push(...page.items);
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined && items.length < limit);
    return { items, more: cursor !== undefined };
  }

  async signIn(request: HttpRequest): Promise<SignIn> {
    const answer = await this.options.transport.send(request);
    const { body, login } = this.read(answer);
    await this.options.credentials.save(this.url, login);
    return body;
  }

  /** @returns whether there was a login to end */
  async signOut(): Promise<boolean> {
    const saved = await this.options.credentials.find(this.url);
    if (saved === undefined) return false;
    await this.options.credentials.forget(this.url);
    await this.options.transport.send({
      method: 'POST',
      path: '/v1/auth/logout',
      headers: { cookie: saved.cookie },
    });
    return true;
  }

  private async sendWith<T>(token: string, request: HttpRequest): Promise<T> {
    const headers = { ...request.headers, authorization: `Bearer ${token}` };
    return (await this.options.transport.send({ ...request, headers })).body as T;
  }

  private async token(): Promise<string> {
    this.session ??= await this.options.credentials.find(this.url);
    const now = (this.options.clock ?? systemClock).now();
    if (this.session !== undefined && this.session.expiresAtMs - EXPIRY_MARGIN_MS > now)
      return this.session.accessToken;
    return this.renew();
  }

  private async renew(): Promise<string> {
    const saved = await this.options.credentials.find(this.url);
    if (saved === undefined) return this.signInForOnce();
    try {
      const answer = await this.options.transport.send({
        method: 'POST',
        path: '/v1/auth/refresh',
        headers: { cookie: saved.cookie },
        repeatable: true,
      });
      this.session = this.read(answer).login;
      await this.options.credentials.save(this.url, this.session);
      return this.session.accessToken;
    } catch (error) {
      if (!(error instanceof CliError) || error.exitCode !== EXIT.notSignedIn) throw error;
      await this.options.credentials.forget(this.url);
      return this.signInForOnce();
    }
  }

  private async signInForOnce(): Promise<string> {
    const { account } = this.options;
    if (account === undefined) {
      throw new CliError(
        'NOT_SIGNED_IN',
        `You are not signed in at ${this.url}. Run: iron-cage login`,
        { exitCode: EXIT.notSignedIn },
      );
    }
    const answer = await this.options.transport.send({
      method: 'POST',
      path: '/v1/auth/login',
      body: account,
    });
    this.session = this.read(answer).login;
    return this.session.accessToken;
  }

  private read(answer: HttpAnswer): { body: SignIn; login: Login } {
    const body = answer.body as SignIn;
    const cookie =
      answer.headers.getSetCookie().find((line) => /^(__Host-)?ic_refresh=/.test(line)) ?? '';
    const login: Login = {
      email: body.user.email,
      organization: body.organization.name,
      cookie: cookie.split(';')[0] ?? '',
      accessToken: body.accessToken,
      expiresAtMs: (this.options.clock ?? systemClock).now() + body.expiresInSeconds * 1_000,
    };
    return { body, login };
  }
}

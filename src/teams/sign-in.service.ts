import { Injectable } from '@nestjs/common';
import { type Credentials, Logins, Passwords } from '../auth/index.js';
import { AppError } from '../kernel/errors.js';
import type { AnswerOf, InputOf } from '../kernel/route.js';
import { UnitOfWork } from '../platform/database/index.js';
import { PeopleStore } from './data/people-store.js';
import type { login } from './sign-in.contract.js';

export interface SignedIn {
  readonly answer: AnswerOf<typeof login>;
  /** Goes into the cookie, never into the answer. */
  readonly cookie: { readonly token: string; readonly until: Date };
}

@Injectable()
export class SignInService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly people: PeopleStore,
    private readonly passwords: Passwords,
    private readonly logins: Logins,
  ) {}

  /** @throws {AppError} LOGIN_FAILED: one sentence and one duration, whatever the reason */
  async login({
    email,
    password,
    organizationId: wanted,
  }: InputOf<typeof login>['body']): Promise<SignedIn> {
    const row = await this.people.forSignIn(email, wanted);
    const matches = await this.passwords.matches(password, row?.passwordHash);
    if (!row) throw loginFailed('no such user');
    const { userId, organizationId } = row;
    if (!matches) throw loginFailed(`wrong password for user ${userId}`);
    if (row.disabled) throw loginFailed(`user ${userId} is disabled`);
    if (organizationId === null) throw loginFailed(`user ${userId} is not in that organization`);
    const credentials = await this.unitOfWork.run(organizationId, (tx) =>
      this.logins.start(tx, { userId, organizationId }),
    );
    return this.signedIn(credentials);
  }

  /** @throws {AppError} NOT_SIGNED_IN */
  async refresh(token: string | undefined): Promise<SignedIn> {
    if (token === undefined) {
      throw new AppError('NOT_SIGNED_IN', 'You are not signed in; sign in first.');
    }
    return this.signedIn(await this.logins.refresh(token));
  }

  async logout(token: string | undefined): Promise<void> {
    if (token !== undefined) await this.logins.end(token);
  }

  async signedIn(credentials: Credentials): Promise<SignedIn> {
    const { organizationId, userId } = credentials;
    const person = await this.people.signedIn(organizationId, userId);
    if (!person) throw new AppError('NOT_SIGNED_IN', 'You are no longer a member there.');
    return {
      answer: {
        ...person,
        accessToken: credentials.accessToken,
        expiresInSeconds: credentials.accessTokenSeconds,
      },
      cookie: { token: credentials.refreshToken, until: credentials.refreshExpiresAt },
    };
  }
}

function loginFailed(internal: string): AppError {
  return new AppError(
    'LOGIN_FAILED',
    'E-mail, password or organization is wrong. Check them, or ask an admin of your organization.',
    { internal },
  );
}

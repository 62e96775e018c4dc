import { randomBytes, timingSafeEqual } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { hashToken, Logins, Passwords } from '../auth/index.js';
import { AppError } from '../kernel/errors.js';
import { newId } from '../kernel/ids.js';
import type { AnswerOf, InputOf } from '../kernel/route.js';
import { CONFIG, type Config, SetupTokenFile } from '../platform/config/index.js';
import { SHARED, UnitOfWork } from '../platform/database/index.js';
import { type Installation, InstallationStore } from './data/installation-store.js';
import { PeopleStore } from './data/people-store.js';
import { OrganizationsService } from './organizations.service.js';
import { type SignedIn, SignInService } from './sign-in.service.js';
import type { completeSetup, getSetup } from './sign-in.contract.js';

const TOKEN_BYTES = 32;

/** The first owner. Whoever can read the server's output holds the token, and nobody else. */
@Injectable()
export class SetupService {
  private readonly file: SetupTokenFile;

  constructor(
    @Inject(CONFIG) config: Config,
    private readonly unitOfWork: UnitOfWork,
    private readonly installation: InstallationStore,
    private readonly people: PeopleStore,
    private readonly organizations: OrganizationsService,
    private readonly passwords: Passwords,
    private readonly logins: Logins,
    private readonly signIn: SignInService,
  ) {
    this.file = new SetupTokenFile(config);
  }

  async state(): Promise<AnswerOf<typeof getSetup>> {
    return { required: !(await this.installation.read()).setupDone };
  }

  /**
   * A new one-time token, which replaces the one before; the database keeps only its hash.
   *
   * @returns `undefined` when the set-up is done
   */
  async ensureToken(): Promise<string | undefined> {
    const token = await this.unitOfWork.run(SHARED, async (tx) => {
      if ((await this.installation.lock(tx)).setupDone) return undefined;
      const token = randomBytes(TOKEN_BYTES).toString('base64url');
      await this.installation.setToken(tx, hashToken(token));
      return token;
    });
    await (token === undefined ? this.file.remove() : this.file.write(token));
    return token;
  }

  /** @throws {AppError} SETUP_DONE, SETUP_TOKEN_INVALID */
  async complete(body: InputOf<typeof completeSetup>['body']): Promise<SignedIn> {
    // Twice: here so that a stranger costs no password hash, below because only the lock decides.
    refuse(await this.installation.read(), body.token);
    const passwordHash = await this.passwords.hash(body.password);
    const organizationId = newId();
    const credentials = await this.unitOfWork.run(organizationId, async (tx) => {
      refuse(await this.installation.lock(tx), body.token);
      await this.installation.finish(tx);
      const { email, name } = body;
      const owner = { id: newId(), email, name, passwordHash, operator: true };
      const { id: userId } = await this.people.insertOrFindUser(tx, owner);
      const founder = { userId, actor: `user:${userId}` };
      const organization = {
        id: organizationId,
        name: body.organizationName,
        requestHash: null,
      };
      await this.organizations.found(tx, organization, founder);
      return this.logins.start(tx, { userId, organizationId });
    });
    await this.file.remove();
    return this.signIn.signedIn(credentials);
  }
}

function refuse({ setupDone, setupTokenHash }: Installation, token: string): void {
  if (setupDone) {
    throw new AppError('SETUP_DONE', 'This installation is set up already; sign in instead.');
  }
  if (setupTokenHash === null || !timingSafeEqual(hashToken(token), setupTokenHash)) {
    throw new AppError(
      'SETUP_TOKEN_INVALID',
      'This set-up link is not valid any more. Use the one that the server printed when it was last started.',
    );
  }
}

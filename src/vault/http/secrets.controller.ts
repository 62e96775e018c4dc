import { Controller } from '@nestjs/common';
import type { UserPrincipal } from '../../kernel/principal.js';
import type { AnswerOf, InputOf } from '../../kernel/route.js';
import { Caller, Handles, Input } from '../../platform/http/index.js';
import { PROVIDERS } from '../domain/providers.js';
import { SecretVersions } from '../secret-versions.service.js';
import {
  createSecret,
  deleteSecret,
  destroySecretVersion,
  listProviders,
  listSecrets,
  listSecretVersions,
  rollBackSecret,
  rotateSecret,
  updateSecret,
} from '../secrets.contract.js';
import { Secrets } from '../secrets.service.js';

@Controller()
export class SecretsController {
  constructor(
    private readonly secrets: Secrets,
    private readonly versions: SecretVersions,
  ) {}

  @Handles(listProviders)
  providers(): AnswerOf<typeof listProviders> {
    return {
      items: PROVIDERS.map((provider) => ({
        ...provider,
        hosts: [...provider.hosts],
        fields: [...provider.fields],
      })),
    };
  }

  @Handles(listSecrets)
  async list(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof listSecrets>,
  ): Promise<AnswerOf<typeof listSecrets>> {
    return { items: await this.secrets.list(user.organizationId, input.query.projectId) };
  }

  @Handles(createSecret)
  create(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof createSecret>,
  ): Promise<AnswerOf<typeof createSecret>> {
    return this.secrets.create(user, input.body);
  }

  @Handles(updateSecret)
  update(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof updateSecret>,
  ): Promise<AnswerOf<typeof updateSecret>> {
    return this.secrets.update(user, input.params.secretId, input.body);
  }

  @Handles(rotateSecret)
  rotate(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof rotateSecret>,
  ): Promise<AnswerOf<typeof rotateSecret>> {
    return this.secrets.rotate(user, input.params.secretId, input.body);
  }

  @Handles(listSecretVersions)
  async listVersions(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof listSecretVersions>,
  ): Promise<AnswerOf<typeof listSecretVersions>> {
    return { items: await this.versions.list(user.organizationId, input.params.secretId) };
  }

  @Handles(rollBackSecret)
  rollBack(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof rollBackSecret>,
  ): Promise<AnswerOf<typeof rollBackSecret>> {
    return this.versions.rollBack(user, input.params.secretId, input.body.version);
  }

  @Handles(destroySecretVersion)
  async destroyVersion(
    @Caller('user') user: UserPrincipal,
    @Input() { params, query }: InputOf<typeof destroySecretVersion>,
  ): Promise<void> {
    await this.versions.destroy(user, params.secretId, params.number, query.force === 'true');
  }

  @Handles(deleteSecret)
  async destroy(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof deleteSecret>,
  ): Promise<void> {
    await this.secrets.destroy(user, input.params.secretId);
  }
}

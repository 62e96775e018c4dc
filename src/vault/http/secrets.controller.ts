import { Controller } from '@nestjs/common';
import type { UserPrincipal } from '../../kernel/principal.js';
import type { AnswerOf, InputOf } from '../../kernel/route.js';
import { Caller, Handles, Input } from '../../platform/http/index.js';
import { PROVIDERS } from '../domain/providers.js';
import { Secrets } from '../secrets.service.js';
import {
  createSecret,
  deleteSecret,
  listProviders,
  listSecrets,
  rotateSecret,
} from '../vault.contract.js';

@Controller()
export class SecretsController {
  constructor(private readonly secrets: Secrets) {}

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

  @Handles(rotateSecret)
  rotate(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof rotateSecret>,
  ): Promise<AnswerOf<typeof rotateSecret>> {
    return this.secrets.rotate(user, input.params.secretId, input.body.fields);
  }

  @Handles(deleteSecret)
  async destroy(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof deleteSecret>,
  ): Promise<void> {
    await this.secrets.destroy(user, input.params.secretId);
  }
}

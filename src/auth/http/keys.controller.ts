import { Controller, UseGuards } from '@nestjs/common';
import type { UserPrincipal } from '../../kernel/principal.js';
import type { AnswerOf, InputOf } from '../../kernel/route.js';
import { Caller, Handles, Input } from '../../platform/http/index.js';
import {
  createKey,
  listKeys,
  reportLeakedKey,
  revokeKey,
  rotateKey,
  rotatePepper,
  updateKey,
} from '../keys.contract.js';
import { KeysService } from '../keys.service.js';
import { LeakedKeys } from '../leaked-keys.js';
import { PepperRotation } from '../pepper-rotation.js';
import { SignInLimits, SignInLimitsGuard } from './sign-in-limits.js';

@Controller()
export class KeysController {
  constructor(
    private readonly keys: KeysService,
    private readonly leaked: LeakedKeys,
    private readonly peppers: PepperRotation,
  ) {}

  @Handles(listKeys)
  list(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof listKeys>,
  ): Promise<AnswerOf<typeof listKeys>> {
    return this.keys.list(user.organizationId, input.query);
  }

  @Handles(createKey)
  create(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof createKey>,
  ): Promise<AnswerOf<typeof createKey>> {
    return this.keys.create(user, input);
  }

  @Handles(updateKey)
  update(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof updateKey>,
  ): Promise<AnswerOf<typeof updateKey>> {
    return this.keys.update(user, input);
  }

  @Handles(rotateKey)
  rotate(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof rotateKey>,
  ): Promise<AnswerOf<typeof rotateKey>> {
    return this.keys.rotate(user, input);
  }

  @Handles(revokeKey)
  revoke(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof revokeKey>,
  ): Promise<AnswerOf<typeof revokeKey>> {
    return this.keys.revoke(user, input.params.keyId);
  }

  @Handles(reportLeakedKey)
  @UseGuards(SignInLimitsGuard)
  @SignInLimits({ name: 'leak-report', perMinutePerNetwork: 60 })
  async report(
    @Input() input: InputOf<typeof reportLeakedKey>,
  ): Promise<AnswerOf<typeof reportLeakedKey>> {
    await this.leaked.report(Buffer.from(input.body.sha256, 'hex'));
    return { status: 'received' };
  }

  @Handles(rotatePepper)
  rotatePepper(@Caller('user') user: UserPrincipal): Promise<AnswerOf<typeof rotatePepper>> {
    return this.peppers.rotate(user);
  }
}

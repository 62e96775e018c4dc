import { Controller } from '@nestjs/common';
import type { UserPrincipal } from '../../kernel/principal.js';
import type { AnswerOf } from '../../kernel/route.js';
import { Caller, Handles } from '../../platform/http/index.js';
import { whoAmI } from '../auth.contract.js';

@Controller()
export class AuthController {
  @Handles(whoAmI)
  me(@Caller('user') user: UserPrincipal): AnswerOf<typeof whoAmI> {
    return { ...user, permissions: [...user.permissions].sort() };
  }
}

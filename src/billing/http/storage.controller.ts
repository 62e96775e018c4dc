import { Controller } from '@nestjs/common';
import type { UserPrincipal } from '../../kernel/principal.js';
import type { AnswerOf, InputOf } from '../../kernel/route.js';
import { Caller, Handles, Input } from '../../platform/http/index.js';
import { dropMonth, getStorage } from '../storage.contract.js';
import { OldMonths } from '../storage/old-months.js';

@Controller()
export class StorageController {
  constructor(private readonly months: OldMonths) {}

  @Handles(getStorage)
  storage(): Promise<AnswerOf<typeof getStorage>> {
    return this.months.view();
  }

  @Handles(dropMonth)
  drop(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof dropMonth>,
  ): Promise<AnswerOf<typeof dropMonth>> {
    return this.months.drop(user, input.body.month);
  }
}

import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import { map, type Observable } from 'rxjs';
import { z } from 'zod';
import { routeOf } from './handles.js';

/** Encodes what a handler returns by its contract; what the contract does not name never leaves the server. */
@Injectable()
export class AnswerInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const schema = routeOf(context)?.answer;
    return schema ? next.handle().pipe(map((value) => z.encode(schema, value))) : next.handle();
  }
}

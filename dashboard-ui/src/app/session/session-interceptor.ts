import { HttpErrorResponse, type HttpInterceptorFn, type HttpRequest } from '@angular/common/http';
import { inject } from '@angular/core';
import { catchError, from, switchMap, throwError } from 'rxjs';
import { Session } from './session';

const PUBLIC = ['/v1/setup', '/v1/auth/login', '/v1/auth/refresh', '/v1/auth/logout'];

const withToken = <T>(request: HttpRequest<T>, token: string) =>
  request.clone({ setHeaders: { authorization: `Bearer ${token}` } });

/** Adds the token, renews it before it expires and once on a 401. When that fails too, the session is over and the shell reacts. */
export const sessionInterceptor: HttpInterceptorFn = (request, next) => {
  if (PUBLIC.includes(request.url)) return next(request);
  const session = inject(Session);
  const isUnauthorized = (cause: unknown) =>
    cause instanceof HttpErrorResponse && cause.status === 401;

  const giveUp = (cause: unknown) => {
    if (isUnauthorized(cause)) session.leave();
    return throwError(() => cause);
  };
  const retryOnce = (cause: unknown) =>
    isUnauthorized(cause)
      ? from(session.refresh().then(() => session.freshToken())).pipe(
          switchMap((token) => next(withToken(request, token))),
        )
      : throwError(() => cause);

  return from(session.freshToken()).pipe(
    switchMap((token) => next(withToken(request, token)).pipe(catchError(retryOnce))),
    catchError(giveUp),
  );
};

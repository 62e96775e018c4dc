import { inject } from '@angular/core';
import { type CanActivateFn, Router } from '@angular/router';
import { Session } from './session';
import { SetupState } from './setup-state';

/** Pages behind the sign-in: lead to the set-up while there is nobody yet, else to the login page. */
export const signedInOnly: CanActivateFn = async (_route, state) => {
  const router = inject(Router);
  const setup = inject(SetupState);
  if (await inject(Session).restore()) return true;
  if (await setup.required()) return router.createUrlTree(['/setup']);
  const next = state.url === '/' ? {} : { queryParams: { next: state.url } };
  return router.createUrlTree(['/login'], next);
};

export const loginOnly: CanActivateFn = async () => {
  const router = inject(Router);
  const setup = inject(SetupState);
  if (await inject(Session).restore()) return router.createUrlTree(['/']);
  return (await setup.required()) ? router.createUrlTree(['/setup']) : true;
};

export const setupOnly: CanActivateFn = async () => {
  const router = inject(Router);
  return (await inject(SetupState).required()) ? true : router.createUrlTree(['/login']);
};

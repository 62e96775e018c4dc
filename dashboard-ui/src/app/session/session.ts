import { HttpBackend, HttpClient, HttpErrorResponse } from '@angular/common/http';
import { computed, inject, Injectable, signal } from '@angular/core';
import { firstValueFrom } from 'rxjs';
import type { Schemas } from '../api/client';
import { SignedInHint } from './signed-in-hint';

type SignIn = Schemas['SignIn'];
export type Permission =
  | 'organization:manage'
  | 'project:write'
  | 'project:pause'
  | 'money:write'
  | 'key:write'
  | 'secret:write'
  | 'vault:operate'
  | 'vault:shred'
  | 'audit:read';

interface Current {
  readonly signIn: SignIn;
  readonly permissions: ReadonlySet<string>;
  readonly expiresAtMs: number;
}

/** A token that has less than this left is renewed before it is used. */
const RENEW_BEFORE_MS = 60_000;
const RESTORE_WAITS_MS = [1_000, 2_000, 4_000];
const REFRESH_LOCK = 'iron-cage.refresh';

/** Who is signed in. The access token lives in memory only; a reload gets a new one for the refresh cookie. */
@Injectable({ providedIn: 'root' })
export class Session {
  private readonly current = signal<Current | undefined>(undefined);
  /** Without interceptors: these calls are what the interceptor itself stands on. */
  private readonly http = new HttpClient(inject(HttpBackend));
  private readonly hint = inject(SignedInHint);
  private refreshing: Promise<void> | undefined;
  /** While signing out nothing may renew the login that is being ended. */
  private ending = false;

  readonly signedIn = computed(() => this.current() !== undefined);
  readonly user = computed(() => this.current()?.signIn.user);
  readonly organization = computed(() => this.current()?.signIn.organization);
  readonly role = computed(() => this.current()?.signIn.role);

  constructor() {
    this.hint.onRemovedElsewhere(() => this.current.set(undefined));
  }

  can(permission: Permission): boolean {
    return this.current()?.permissions.has(permission) ?? false;
  }

  /** What was changed here is shown at once, not only after the next sign-in. */
  changeOrganization(organization: Schemas['Organization']): void {
    this.current.update(
      (current) => current && { ...current, signIn: { ...current.signIn, organization } },
    );
  }

  async login(email: string, password: string): Promise<void> {
    await this.enter(
      await firstValueFrom(this.http.post<SignIn>('/v1/auth/login', { email, password })),
    );
  }

  async completeSetup(request: Schemas['SetupRequest']): Promise<void> {
    await this.enter(await firstValueFrom(this.http.post<SignIn>('/v1/setup', request)));
  }

  /** Signs in again after a reload. @returns whether somebody is signed in now. */
  async restore(): Promise<boolean> {
    if (this.signedIn()) return true;
    if (!this.hint.present()) return false;
    for (const waitMs of [...RESTORE_WAITS_MS, undefined]) {
      try {
        await this.refresh();
        return true;
      } catch {
        // Refused: the hint is gone and it is over. Busy or away: worth a few more tries before asking for the password.
        if (waitMs === undefined || !this.hint.present()) return false;
        await new Promise((resolve) => setTimeout(resolve, waitMs));
      }
    }
    return false;
  }

  async logout(): Promise<void> {
    this.ending = true;
    try {
      await firstValueFrom(this.http.post<unknown>('/v1/auth/logout', undefined));
      this.leave();
    } finally {
      this.ending = false;
    }
  }

  leave(): void {
    this.hint.remove();
    this.current.set(undefined);
  }

  token(): string | undefined {
    return this.current()?.signIn.accessToken;
  }

  /** A token that is good for a while yet. @throws when nobody is signed in any more. */
  async freshToken(): Promise<string> {
    const current = this.current();
    if (!current || this.ending) throw new Error('not signed in');
    if (current.expiresAtMs - Date.now() < RENEW_BEFORE_MS) await this.refresh();
    const token = this.token();
    if (token === undefined) throw new Error('not signed in');
    return token;
  }

  /** Many callers, one request. Across tabs too, where the browser can: the cookie is rotated by each refresh. */
  refresh(): Promise<void> {
    if (this.ending) return Promise.reject(new Error('signing out'));
    this.refreshing ??= this.locked(() => this.renew()).finally(
      () => (this.refreshing = undefined),
    );
    return this.refreshing;
  }

  private async renew(): Promise<void> {
    try {
      await this.enter(await firstValueFrom(this.http.post<SignIn>('/v1/auth/refresh', undefined)));
    } catch (cause) {
      // Only a refusal ends the login here; a server that cannot be reached may be back in a moment.
      if (cause instanceof HttpErrorResponse && cause.status === 401) this.leave();
      throw cause;
    }
  }

  private locked(work: () => Promise<void>): Promise<void> {
    // Absent on plain http, whatever the type says.
    const locks = navigator.locks as LockManager | undefined;
    return locks ? locks.request(REFRESH_LOCK, work) : work();
  }

  private async enter(signIn: SignIn): Promise<void> {
    const me = await firstValueFrom(
      this.http.get<Schemas['Me']>('/v1/auth/me', {
        headers: { authorization: `Bearer ${signIn.accessToken}` },
      }),
    );
    this.hint.set();
    this.current.set({
      signIn,
      permissions: new Set(me.permissions),
      expiresAtMs: Date.now() + signIn.expiresInSeconds * 1000,
    });
  }
}

import { inject, Injectable } from '@angular/core';
import { Router } from '@angular/router';

/** Filters live in the address, so that a view can be shared and survives a reload. */
@Injectable({ providedIn: 'root' })
export class AddressQuery {
  private readonly router = inject(Router);

  set(values: Record<string, string | undefined>): void {
    const queryParams = Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name, value === '' ? null : (value ?? null)]),
    );
    void this.router.navigate([], { queryParams, queryParamsHandling: 'merge', replaceUrl: true });
  }
}

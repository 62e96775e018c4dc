import { inject, Injectable } from '@angular/core';
import { Api } from '../api/client';

/** Whether the installation still waits for its first owner. */
@Injectable({ providedIn: 'root' })
export class SetupState {
  private readonly api = inject(Api);
  private done = false;

  /** Once done, always done; until then the server is asked again. When it cannot be reached, the login page says so. */
  async required(): Promise<boolean> {
    if (this.done) return false;
    try {
      const { required } = await this.api.read('/v1/setup', {});
      this.done = !required;
      return required;
    } catch {
      return false;
    }
  }

  complete(): void {
    this.done = true;
  }
}

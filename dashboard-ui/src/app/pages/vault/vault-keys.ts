import { Component, inject, output, signal } from '@angular/core';
import { apiError } from '../../api/api-error';
import { Api, type Schemas } from '../../api/client';
import { Notices } from '../../core/notices';
import { Session } from '../../session/session';
import {
  Dialogs,
  UiBadge,
  UiButton,
  UiIcon,
  UiLoadState,
  UiNote,
  UiSection,
  UiTime,
} from '../../ui';
import { ConfirmDialog, type ConfirmData } from '../../ui/confirm-dialog';
import { ShredDialog } from './shred-dialog';

type Vault = Schemas['Vault'];

/** The keys that encrypt the secrets, and whether anything is handed out at all. */
@Component({
  selector: 'app-vault-keys',
  imports: [UiBadge, UiButton, UiIcon, UiLoadState, UiNote, UiSection, UiTime],
  template: `<ui-section heading="Keys of the vault">
    <ng-container sectionActions>
      @if (state.value(); as vault) {
        @if (session.can('secret:write') && !vault.sealed && vault.dataKeyVersion > 0) {
          <button uiButton type="button" [disabled]="busy()" (click)="rotate(vault)">
            <ui-icon name="refresh-cw" />{{
              vault.remaining > 0 ? 'Go on with the new data key' : 'New data key'
            }}
          </button>
        }
        @if (session.can('vault:operate')) {
          @if (vault.sealed) {
            <button uiButton type="button" variant="primary" [disabled]="busy()" (click)="unseal()">
              <ui-icon name="circle-play" />Unseal
            </button>
          } @else {
            <button uiButton type="button" (click)="seal()">
              <ui-icon name="circle-pause" />Seal
            </button>
          }
        }
        @if (session.can('vault:shred') && vault.dataKeyVersion > 0) {
          <button uiButton type="button" variant="dangerous" (click)="shred()">
            <ui-icon name="trash-2" />Destroy all secrets
          </button>
        }
      }
    </ng-container>
    <ui-load-state [of]="state" what="the state of the vault" [rows]="2" />
    @if (state.value(); as vault) {
      @if (vault.sealed) {
        <p uiNote="warn" role="status" class="m-4 mb-0">
          <ui-icon name="lock" class="mt-0.5" />
          <span
            >The vault is sealed: no agent can start and no secret can be stored. Money, reports and
            pauses go on.</span
          >
        </p>
      }
      <dl class="facts">
        <dt>State</dt>
        <dd>
          <ui-badge [tone]="vault.sealed ? 'warn' : 'ok'">{{
            vault.sealed ? 'Sealed' : 'Open'
          }}</ui-badge>
          @if (vault.sealedAt; as at) {
            <span class="ml-2 text-muted">since <ui-time [at]="at" /></span>
          }
        </dd>
        <dt>Master key</dt>
        <dd class="font-mono text-xs">{{ vault.masterKeyId }}</dd>
        <dt>Data key</dt>
        <dd>
          @if (vault.dataKeyCreatedAt; as at) {
            Version {{ vault.dataKeyVersion }}, made <ui-time as="day" [at]="at" />
          } @else {
            <span class="text-muted">None yet; the first secret makes it.</span>
          }
          @if (vault.remaining > 0) {
            <span class="text-warn">· {{ vault.remaining }} versions still use an earlier one</span>
          }
          @if (vault.wrappedElsewhere > 0) {
            <span class="text-warn">· wrapped by another master key</span>
          }
        </dd>
      </dl>
    }
  </ui-section>`,
})
export class VaultKeys {
  readonly changed = output();
  protected readonly session = inject(Session);
  protected readonly busy = signal(false);
  private readonly api = inject(Api);
  private readonly dialogs = inject(Dialogs);
  private readonly notices = inject(Notices);
  protected readonly state = this.api.get('/v1/vault', () => ({}), ['secrets']);

  protected async rotate(before: Vault): Promise<void> {
    const replaces = before.remaining > 0 ? before.dataKeyVersion - 1 : before.dataKeyVersion;
    await this.run(async () => {
      let vault: Vault;
      do {
        vault = await this.api.send('post', '/v1/vault/data-keys', { body: { replaces } });
      } while (vault.remaining > 0);
      this.notices.done(`Every secret is encrypted with data key ${vault.dataKeyVersion}.`);
    });
  }

  protected async seal(): Promise<void> {
    const done = await this.dialogs.open<boolean, ConfirmData>(ConfirmDialog, {
      title: 'Seal the vault?',
      text: 'No agent of any organization on this installation gets a secret until it is unsealed. Agents that run go on until theirs expire, after 15 minutes at most.',
      action: 'Seal vault',
      danger: true,
      run: () => this.api.send('post', '/v1/vault/seal', { body: {} }),
    });
    if (done === true) this.state.reload();
  }

  protected async unseal(): Promise<void> {
    await this.run(() => this.api.send('post', '/v1/vault/unseal', { body: {} }));
  }

  protected async shred(): Promise<void> {
    const gone = await this.dialogs.open<Schemas['ShredAnswer']>(ShredDialog);
    if (!gone) return;
    this.notices.done(`${gone.secrets} secrets and their keys are destroyed.`);
    this.state.reload();
    this.changed.emit();
  }

  private async run(work: () => Promise<unknown>): Promise<void> {
    this.busy.set(true);
    try {
      await work();
    } catch (cause) {
      this.notices.failed(apiError(cause).message);
    } finally {
      this.busy.set(false);
      this.state.reload();
    }
  }
}

import { Component, inject, input, signal } from '@angular/core';
import { LiveAnnouncer } from '@angular/cdk/a11y';
import { Clipboard } from '@angular/cdk/clipboard';
import { UiButton } from './button';
import { UiIcon } from './icon';

const DONE_MS = 2_000;

@Component({
  selector: 'ui-copy-button',
  imports: [UiButton, UiIcon],
  template: `<button
    uiButton
    type="button"
    size="sm"
    [attr.aria-label]="'Copy ' + what()"
    (click)="copy()"
  >
    <ui-icon [name]="done() ? 'check' : 'copy'" />{{ done() ? 'Copied' : 'Copy' }}
  </button>`,
})
export class UiCopyButton {
  readonly value = input.required<string>();
  readonly what = input('value');
  protected readonly done = signal(false);
  private readonly clipboard = inject(Clipboard);
  private readonly announcer = inject(LiveAnnouncer);

  protected copy(): void {
    this.done.set(this.clipboard.copy(this.value()));
    void this.announcer.announce(
      this.done()
        ? `Copied ${this.what()}`
        : 'Copying failed. Select the text and copy it yourself.',
    );
    setTimeout(() => this.done.set(false), DONE_MS);
  }
}

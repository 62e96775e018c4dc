import { Directive } from '@angular/core';
import { ownTimeZone } from '../core/time';

/** Heads a column of times with the reader's zone. */
@Directive({
  selector: 'th[uiTimeHead]',
  host: { scope: 'col', '[textContent]': 'text' },
})
export class UiTimeHead {
  protected readonly text = `Time (${ownTimeZone()})`;
}

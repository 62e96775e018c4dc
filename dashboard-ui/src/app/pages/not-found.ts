import { Component } from '@angular/core';
import { RouterLink } from '@angular/router';
import { UiButton, UiEmpty } from '../ui';

@Component({
  selector: 'app-not-found',
  imports: [RouterLink, UiButton, UiEmpty],
  template: `<h1 class="sr-only">Not found</h1>
    <ui-empty
      icon="search"
      heading="There is no such page"
      text="The address may be mistyped, or the thing it named is gone."
      ><a uiButton routerLink="/">Go to the overview</a></ui-empty
    >`,
})
export class NotFound {}

import { type ComponentFixture, TestBed } from '@angular/core/testing';
import { UiChart } from './chart';

describe('UiChart', () => {
  let fixture: ComponentFixture<UiChart>;
  let element: HTMLElement;

  beforeEach(async () => {
    fixture = TestBed.createComponent(UiChart);
    fixture.componentRef.setInput('label', 'Cost by model');
    fixture.componentRef.setInput('kind', 'bars');
    fixture.componentRef.setInput('x', ['Mon', 'Tue']);
    fixture.componentRef.setInput('series', [
      { name: 'a', color: 'red', values: [1, 2] },
      { name: 'b', color: 'blue', values: [3, 4] },
    ]);
    await fixture.whenStable();
    element = fixture.nativeElement as HTMLElement;
  });

  it('draws a bar for every value and names the latest ones', () => {
    expect(element.querySelectorAll('rect')).toHaveLength(4);
    expect(element.querySelector('[role=img]')?.getAttribute('aria-label')).toContain(
      'Latest: a 2, b 4',
    );
  });

  it('hides a series', async () => {
    element.querySelector<HTMLButtonElement>('button[aria-pressed]')?.click();
    await fixture.whenStable();
    expect(element.querySelectorAll('rect')).toHaveLength(2);
  });

  it('reads values out with the arrow keys', async () => {
    element
      .querySelector('[role=img]')
      ?.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight' }));
    await fixture.whenStable();
    expect(element.querySelector('[aria-live]')?.textContent).toBe('Mon: a 1, b 3');
  });

  it('offers the data as a table', async () => {
    element.querySelector<HTMLButtonElement>('button[aria-expanded]')?.click();
    await fixture.whenStable();
    const rows = [...element.querySelectorAll('tbody tr')].map((row) =>
      row.textContent.trim().replace(/\s+/g, ' '),
    );
    expect(rows).toEqual(['Mon 13', 'Tue 24']);
  });
});

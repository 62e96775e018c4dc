import { DestroyRef, ElementRef, inject, signal, type Signal } from '@angular/core';

/** Width of the host in CSS pixels, so that text is never scaled. */
export function hostWidth(): Signal<number> {
  const widthPx = signal(600);
  const host = inject<ElementRef<HTMLElement>>(ElementRef).nativeElement;
  if (typeof ResizeObserver !== 'undefined') {
    const observer = new ResizeObserver((entries) => {
      const measured = entries[0]?.contentRect.width;
      if (measured !== undefined) widthPx.set(Math.max(240, Math.round(measured)));
    });
    observer.observe(host);
    inject(DestroyRef).onDestroy(() => observer.disconnect());
  }
  return widthPx;
}

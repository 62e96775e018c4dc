import { Pager } from './pager';

describe('Pager', () => {
  it('goes forward by the cursors of the server and back by memory', () => {
    const pager = new Pager();
    expect([pager.cursor(), pager.isFirst(), pager.pageNumber()]).toEqual([undefined, true, 1]);
    pager.next('b');
    pager.next('c');
    expect([pager.cursor(), pager.pageNumber()]).toEqual(['c', 3]);
    pager.previous();
    expect(pager.cursor()).toBe('b');
    pager.previous();
    expect([pager.cursor(), pager.isFirst()]).toEqual([undefined, true]);
  });

  it('starts again when the filter changes', () => {
    const pager = new Pager();
    pager.next('b');
    pager.reset();
    expect([pager.cursor(), pager.isFirst()]).toEqual([undefined, true]);
  });
});

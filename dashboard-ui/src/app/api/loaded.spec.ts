import { provideHttpClient } from '@angular/common/http';
import { HttpTestingController, provideHttpClientTesting } from '@angular/common/http/testing';
import { ApplicationRef, signal } from '@angular/core';
import { TestBed } from '@angular/core/testing';
import { LiveTopics } from '../live/live-topics';
import { Api } from './client';

describe('a loaded list', () => {
  let http: HttpTestingController;
  const search = signal('');
  const load = () =>
    TestBed.runInInjectionContext(() =>
      TestBed.inject(Api).get('/v1/projects', () => ({ query: { search: search() } }), [
        'projects',
      ]),
    );
  const page = (nextCursor: string) => ({ items: [], nextCursor });
  const settled = () => TestBed.inject(ApplicationRef).whenStable();

  beforeEach(() => {
    search.set('');
    TestBed.configureTestingModule({
      providers: [provideHttpClient(), provideHttpClientTesting()],
    });
    http = TestBed.inject(HttpTestingController);
  });
  afterEach(() => http.verify());

  it('keeps the last good answer while a newer one is on its way or has failed', async () => {
    const list = load();
    TestBed.tick();
    http.expectOne('/v1/projects').flush(page('a'));
    await settled();
    search.set('x');
    TestBed.tick();
    expect(list.value()?.nextCursor).toBe('a');
    http
      .expectOne('/v1/projects?search=x')
      .flush(
        { error: { code: 'UNAVAILABLE', message: 'Back in a moment.', requestId: 'r' } },
        { status: 503, statusText: '' },
      );
    await settled();
    expect(list.value()?.nextCursor).toBe('a');
    expect(list.error()).toMatchObject({
      status: 503,
      message: 'Back in a moment.',
      requestId: 'r',
    });
  });

  it('asks again when its topic changed, also when that happened during a request', async () => {
    const list = load();
    TestBed.tick();
    const first = http.expectOne('/v1/projects');
    TestBed.inject(LiveTopics).changed(['keys', 'projects', 'from a newer server']);
    TestBed.tick();
    first.flush(page('old'));
    await new Promise((resolve) => setTimeout(resolve));
    TestBed.tick();
    http.expectOne('/v1/projects').flush(page('new'));
    await settled();
    expect(list.value()?.nextCursor).toBe('new');
  });
});

import { provideHttpClient, withInterceptors } from '@angular/common/http';
import { HttpTestingController, provideHttpClientTesting } from '@angular/common/http/testing';
import { TestBed } from '@angular/core/testing';
import { Api } from '../api/client';
import { Session } from './session';
import { sessionInterceptor } from './session-interceptor';

const signIn = (accessToken: string, expiresInSeconds = 600) => ({
  accessToken,
  expiresInSeconds,
  user: { id: 'u', email: 'a@b.co', name: 'Ada', operator: false },
  organization: { id: 'o', name: 'Acme', timeZone: 'UTC', createdAt: '2026-01-01T00:00:00.000Z' },
  role: 'owner',
});
const ME = {
  userId: 'u',
  email: 'a@b.co',
  organizationId: 'o',
  role: 'owner',
  permissions: ['key:write'],
};
const REFUSED = { status: 401, statusText: 'Unauthorized' };
const turn = () => new Promise((resolve) => setTimeout(resolve));

describe('Session', () => {
  let session: Session;
  let http: HttpTestingController;

  beforeEach(() => {
    localStorage.clear();
    TestBed.configureTestingModule({
      providers: [
        provideHttpClient(withInterceptors([sessionInterceptor])),
        provideHttpClientTesting(),
      ],
    });
    session = TestBed.inject(Session);
    http = TestBed.inject(HttpTestingController);
  });
  afterEach(() => http.verify());

  async function enter(
    path: string,
    accessToken: string,
    expiresInSeconds?: number,
  ): Promise<void> {
    await turn();
    http.expectOne(path).flush(signIn(accessToken, expiresInSeconds));
    await turn();
    http.expectOne('/v1/auth/me').flush(ME);
    await turn();
  }

  async function signedIn(expiresInSeconds?: number): Promise<void> {
    const done = session.login('a@b.co', 'secret');
    await enter('/v1/auth/login', 'first', expiresInSeconds);
    await done;
  }

  const readMembers = () => TestBed.inject(Api).read('/v1/members', {});
  const authorization = (path: string) => http.expectOne(path).request.headers.get('authorization');

  it('asks for nothing where nobody ever signed in', async () => {
    expect(await session.restore()).toBe(false);
  });

  it('sends the token, and knows what the role may do', async () => {
    await signedIn();
    expect([session.can('key:write'), session.can('money:write')]).toEqual([true, false]);
    void readMembers();
    await turn();
    expect(authorization('/v1/members')).toBe('Bearer first');
  });

  it('renews a token that is about to expire, once for many requests', async () => {
    await signedIn(30);
    void readMembers();
    void TestBed.inject(Api).read('/v1/keys', {});
    await enter('/v1/auth/refresh', 'second');
    expect(authorization('/v1/members')).toBe('Bearer second');
    expect(authorization('/v1/keys')).toBe('Bearer second');
  });

  it('renews a refused token and repeats the request once', async () => {
    await signedIn();
    const answer = readMembers();
    await turn();
    http.expectOne('/v1/members').flush({}, REFUSED);
    await enter('/v1/auth/refresh', 'second');
    http.expectOne('/v1/members').flush({ items: [] });
    expect(await answer).toEqual({ items: [] });
  });

  it('is over when the refresh is refused, but not when the server is away', async () => {
    await signedIn(30);
    const away = readMembers();
    await turn();
    http.expectOne('/v1/auth/refresh').error(new ProgressEvent('error'));
    await expect(away).rejects.toMatchObject({ status: 0 });
    expect(session.signedIn()).toBe(true);

    const refused = readMembers();
    await turn();
    http.expectOne('/v1/auth/refresh').flush({}, REFUSED);
    await expect(refused).rejects.toMatchObject({ status: 401 });
    expect(session.signedIn()).toBe(false);
    expect(await session.restore()).toBe(false);
  });
});

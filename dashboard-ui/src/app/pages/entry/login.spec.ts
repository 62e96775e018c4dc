import { provideHttpClient } from '@angular/common/http';
import { HttpTestingController, provideHttpClientTesting } from '@angular/common/http/testing';
import { TestBed } from '@angular/core/testing';
import { provideRouter } from '@angular/router';
import { Login } from './login';

describe('Login', () => {
  it('shows what is missing, then why the server refused', async () => {
    TestBed.configureTestingModule({
      providers: [
        provideRouter([{ path: '**', children: [] }]),
        provideHttpClient(),
        provideHttpClientTesting(),
      ],
    });
    const fixture = TestBed.createComponent(Login);
    await fixture.whenStable();
    const element = fixture.nativeElement as HTMLElement;
    const submit = () =>
      element.querySelector('form')?.dispatchEvent(new Event('submit', { cancelable: true }));
    submit();
    await fixture.whenStable();
    expect(element.textContent).toContain('Enter your e-mail address.');
    const invalid = element.querySelector('input[type=email]');
    expect(invalid?.getAttribute('aria-invalid')).toBe('true');
    expect(
      element.querySelector(`#${invalid?.getAttribute('aria-describedby') ?? ''}`)?.textContent,
    ).toContain('Enter your e-mail address.');

    for (const [type, text] of [
      ['email', 'a@b.co'],
      ['password', 'wrong'],
    ] as const) {
      const input = element.querySelector<HTMLInputElement>(`input[type=${type}]`)!;
      input.value = text;
      input.dispatchEvent(new Event('input'));
    }
    submit();
    TestBed.inject(HttpTestingController)
      .expectOne('/v1/auth/login')
      .flush(
        { error: { code: 'LOGIN_FAILED', message: 'That pair is not known.', requestId: 'r1' } },
        { status: 401, statusText: 'Unauthorized' },
      );
    await fixture.whenStable();
    expect(element.querySelector('[role=alert]')?.textContent).toContain('That pair is not known.');
  });
});

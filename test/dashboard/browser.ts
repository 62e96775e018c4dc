import { existsSync } from 'node:fs';
import { AxeBuilder } from '@axe-core/playwright';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { OWNER } from '../harness/installation.js';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const AXE_TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const STEP_LIMIT_MS = 15_000;

export const DESKTOP = { width: 1440, height: 900 };
export const PHONE = { width: 390, height: 844 };
export const LOOKS = [
  { colorScheme: 'light', viewport: DESKTOP },
  { colorScheme: 'dark', viewport: DESKTOP },
  { colorScheme: 'light', viewport: PHONE },
  { colorScheme: 'dark', viewport: PHONE },
] as const;

function chromiumPath(): string | undefined {
  return process.env['CHROMIUM_PATH'] ?? PLACES.find((place) => existsSync(place));
}

/** `describe` where a browser is installed; else it skips, and says why. */
export const describeInBrowser: jest.Describe = (() => {
  if (chromiumPath() !== undefined) return describe;
  process.stderr.write(
    'Dashboard tests are skipped: no Chromium found. Install it (apt-get install chromium) or set CHROMIUM_PATH.\n',
  );
  return describe.skip;
})();

/**
 * One browser with one page on one server. Whatever a person would not see but should not happen (console errors, violations of the
 * content security policy, requests to other hosts) is collected in `problems`.
 */
export class Visitor {
  readonly problems: string[] = [];

  private constructor(
    private readonly browser: Browser,
    readonly context: BrowserContext,
    readonly page: Page,
    readonly url: string,
  ) {}

  static async open(url: string): Promise<Visitor> {
    const executablePath = chromiumPath();
    if (executablePath === undefined) throw new Error('no Chromium');
    const browser = await chromium.launch({ executablePath, args: FLAGS });
    const context = await browser.newContext({
      viewport: DESKTOP,
      reducedMotion: 'reduce',
      timezoneId: 'Europe/Berlin',
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    context.setDefaultTimeout(STEP_LIMIT_MS);
    await context.addInitScript(
      `addEventListener('securitypolicyviolation', (event) =>
         console.error('CSP: ' + event.violatedDirective + ' ' + event.blockedURI));`,
    );
    const visitor = new Visitor(browser, context, await context.newPage(), url);
    visitor.watch();
    return visitor;
  }

  close(): Promise<void> {
    return this.browser.close();
  }

  async go(path: string): Promise<void> {
    await this.page.goto(`${this.url}/dashboard/${path}`);
  }

  /** Goes there inside the app, as a link does: a reload each time would meet the server's limit on refreshes. */
  async walk(path: string): Promise<void> {
    const target = `${this.url}/dashboard/${path}`;
    if (this.page.url() === target) return;
    await this.page.evaluate(
      `[...document.querySelectorAll('router-outlet + *')].at(-1)?.setAttribute('data-left', '');
       history.pushState(null, '', ${JSON.stringify(target)});
       dispatchEvent(new PopStateEvent('popstate'));`,
    );
    await this.page.locator('[data-left]').waitFor({ state: 'detached' });
  }

  async look(view: {
    colorScheme: 'light' | 'dark';
    viewport: { width: number; height: number };
  }): Promise<void> {
    await this.page.setViewportSize(view.viewport);
    await this.page.emulateMedia({ colorScheme: view.colorScheme });
    const themed = view.colorScheme === 'dark' ? 'html.dark' : 'html:not(.dark)';
    await this.page.locator(themed).waitFor({ state: 'attached' });
  }

  async signIn(email = OWNER.email, password = OWNER.password): Promise<void> {
    await this.page.getByLabel('E-mail').fill(email);
    await this.page.getByLabel('Password').fill(password);
    await this.page.getByRole('button', { name: 'Sign in' }).click();
  }

  /** Signs in and waits until it is done: leaving the page earlier would cancel it. */
  async enter(email?: string, password?: string): Promise<void> {
    await this.go('login');
    await this.signIn(email, password);
    await this.page.getByRole('navigation', { name: 'Main' }).waitFor({ state: 'attached' });
    await this.settled();
  }

  /** Waits until the page is there with all its data. */
  async settled(): Promise<void> {
    await this.page.locator('main h1').first().waitFor({ state: 'attached' });
    // Not waitForFunction: it evaluates text, which the page's Trusted Types forbid.
    await this.page.locator('body:not(:has([aria-busy=true]))').waitFor({ state: 'attached' });
  }

  button(name: string | RegExp) {
    return this.page.getByRole('button', { name, exact: typeof name === 'string' });
  }

  dialog() {
    return this.page.getByRole('dialog');
  }

  async press(name: string | RegExp): Promise<void> {
    await this.dialog()
      .getByRole('button', { name, exact: typeof name === 'string' })
      .click();
  }

  /** Opens a menu, chooses from it, and waits for the dialog that it leads to. */
  async menu(opener: string, item: string): Promise<void> {
    await this.button(opener).click();
    await this.page.getByRole('menuitem', { name: item }).click();
    await this.dialog().waitFor();
  }

  /** Forgets the console error that a refusal the test provoked on purpose leaves behind. */
  forgetRefusals(status: number): void {
    const kept = this.problems.filter((text) => !text.includes(`status of ${status}`));
    this.problems.splice(0, Infinity, ...kept);
  }

  /** What axe finds, whether the page as a whole scrolls sideways, and on a phone also any table. */
  async flaws(): Promise<string[]> {
    const { violations } = await new AxeBuilder({ page: this.page })
      .options({ runOnly: { type: 'tag', values: AXE_TAGS }, resultTypes: ['violations'] })
      .setLegacyMode() // there are no frames to look into
      .analyze();
    const overflowPx = await this.page.evaluate<number>(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    );
    const cut = await this.page.evaluate<string[]>(
      `innerWidth > 640 ? [] : [...document.querySelectorAll('[role=region][tabindex="0"]')]
         .filter((box) => box.scrollWidth > box.clientWidth + 1)
         .map((box) => box.getAttribute('aria-label') + ' is cut off')`,
    );
    return [
      ...cut,
      ...violations.map(
        ({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`,
      ),
      ...(overflowPx > 0 ? [`the page is ${overflowPx} px too wide`] : []),
    ];
  }

  private watch(): void {
    const origin = new URL(this.url).origin;
    this.page.on('console', (message) => {
      if (message.type() === 'error')
        this.problems.push(`${message.text()} ${message.location().url}`);
    });
    this.page.on('pageerror', (error) => this.problems.push(String(error)));
    this.page.on('request', (request) => {
      const target = new URL(request.url());
      if (target.protocol.startsWith('http') && target.origin !== origin)
        this.problems.push(`request to another host: ${request.url()}`);
    });
  }
}

import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DynamicModule } from '@nestjs/common';
import { ServeStaticModule } from '@nestjs/serve-static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

const NONCE_MARK = /__CSP_NONCE__/g;
const ONE_YEAR_SECONDS = 31_536_000;
/** Build tools put a content hash before the extension; those files never change under their name. */
const HASHED = /-[A-Za-z0-9_-]{8}\.\w+$/;

/** The built dashboard; undefined when it was not built. */
function builtFolder(): string | undefined {
  // Next to dist/ when built, next to src/ when run by the tests.
  for (const up of ['../../..', '../../../..']) {
    const folder = fileURLToPath(
      new URL(`${up}/dashboard-ui/dist/dashboard-ui/browser`, import.meta.url),
    );
    if (existsSync(path.join(folder, 'index.html'))) return folder;
  }
  return undefined;
}

/** Serves the dashboard's files. The page itself is not one of them: it carries a nonce, so every answer is its own. */
export function dashboardFiles(): DynamicModule[] {
  const rootPath = builtFolder();
  if (rootPath === undefined) return [];
  return [
    ServeStaticModule.forRoot({
      rootPath,
      serveRoot: '/dashboard',
      // The package would answer every unknown path with a bare page; ours is rendered below.
      renderPath: '/__none',
      serveStaticOptions: {
        index: false,
        setHeaders: (response: FastifyReply, file: string) => {
          void response.header(
            'cache-control',
            HASHED.test(file) ? `public, max-age=${ONE_YEAR_SECONDS}, immutable` : 'no-cache',
          );
        },
        ...{ globIgnore: ['index.html'] },
      },
    }),
  ];
}

/** The page for every address of the app; a path with an extension that is no file is simply not there. */
export function dashboardPage(server: FastifyInstance): void {
  const folder = builtFolder();
  const page =
    folder === undefined ? undefined : readFileSync(path.join(folder, 'index.html'), 'utf8');
  server.get('/dashboard', (_request, reply) => reply.redirect('/dashboard/', 308));
  server.get('/', (_request, reply) => reply.redirect('/dashboard/', 302));
  const render = (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    if (path.extname(request.url.split('?')[0] ?? '') !== '') {
      return reply.status(404).type('text/plain').send('There is no such file.');
    }
    if (page === undefined) {
      return reply
        .status(503)
        .type('text/plain')
        .send('The dashboard is not built. Run: npm run build');
    }
    const nonce = randomBytes(16).toString('base64');
    return reply
      .type('text/html; charset=utf-8')
      .header('cache-control', 'no-store')
      .header('content-security-policy', contentSecurityPolicy(nonce))
      .send(page.replace(NONCE_MARK, nonce));
  };
  server.get('/dashboard/', render);
  server.get('/dashboard/*', render);
}

function contentSecurityPolicy(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    'trusted-types angular angular#bundler',
  ].join('; ');
}

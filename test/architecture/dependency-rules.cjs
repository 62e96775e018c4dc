// Who may import whom. Run by hand: npx depcruise --config test/architecture/dependency-rules.cjs src sdk/src
// Layers, bottom first: kernel, platform, features, app (the files directly in src). The CLI stands beside them, on the kernel only.

const { peerDependencies } = require('../../sdk/package.json');

const peers = Object.keys(peerDependencies);

/** A feature may enter these others, and only by their index.ts. The table has no cycle; keep it so. */
const MAY_USE = {
  audit: [],
  auth: ['audit'],
  teams: ['auth', 'audit'],
  vault: ['auth', 'teams', 'audit'],
  billing: ['auth', 'teams', 'audit'],
  anomalies: ['auth', 'teams', 'audit'],
  analytics: ['auth', 'teams'],
  notifications: ['auth', 'teams', 'audit'],
};
const FEATURES = Object.keys(MAY_USE);
const any = FEATURES.join('|');
const feature = `^src/(${any})/`;
const CONTRACT = '\\.contract\\.ts$';
const FRAMEWORK = 'node_modules/(@nestjs|@fastify|fastify|typeorm|pg|ioredis|rxjs)/';

const forbid = (name, from, to) => ({ name, severity: 'error', from, to });

module.exports = {
  forbidden: [
    forbid('no-cycles', {}, { circular: true }),
    forbid('kernel-is-bottom', { path: '^src/kernel/' }, { path: '^src/(?!kernel/)' }),
    forbid('kernel-is-framework-free', { path: '^src/kernel/' }, { path: FRAMEWORK }),
    forbid(
      'platform-below-features',
      { path: '^src/platform/' },
      { path: '^src/(?!kernel/|platform/)' },
    ),
    forbid('features-below-app', { path: feature }, { path: '^src/[^/]+\\.ts$' }),
    forbid(
      'feature-has-one-door',
      { path: feature },
      { path: feature, pathNot: ['^src/$1/', '^src/[^/]+/index\\.ts$', CONTRACT] },
    ),
    // The list of all routes is made for tools and tests, which must not load the services behind them.
    forbid(
      'app-uses-the-door',
      { path: '^src/[^/]+\\.ts$', pathNot: '^src/routes\\.ts$' },
      { path: feature, pathNot: '/index\\.ts$' },
    ),
    forbid(
      'routes-are-contracts-only',
      { path: '^src/routes\\.ts$' },
      { pathNot: [CONTRACT, '^src/kernel/'] },
    ),
    ...FEATURES.map((name) =>
      forbid(
        `order-of-${name}`,
        { path: `^src/${name}/` },
        { path: feature, pathNot: `^src/(${[name, ...MAY_USE[name]].join('|')})/` },
      ),
    ),
    forbid(
      'domain-is-pure',
      { path: `^src/(${any})/domain/` },
      {
        // Of node:net it may use isIP and BlockList, which compute; the words of its own contract are data.
        path: [
          '^src/platform/',
          `^src/(${any})/(?!domain/)`,
          FRAMEWORK,
          '^(node:)?(fs|https?|http2|tls|dgram|child_process)(/|$)',
        ],
        pathNot: '^src/$1/[^/]+\\.contract\\.ts$',
      },
    ),
    forbid(
      'http-never-touches-data',
      { path: `^src/(${any})/http/` },
      { path: '^src/[^/]+/data/' },
    ),
    forbid(
      'data-never-calls-up',
      { path: `^src/(${any})/data/` },
      { path: ['^src/[^/]+/http/', '^src/[^/]+/[^/]+\\.service\\.ts$'] },
    ),
    forbid(
      'contract-is-portable',
      { path: CONTRACT },
      { pathNot: [CONTRACT, '^src/kernel/', 'node_modules/zod/'] },
    ),
    forbid('cli-is-a-client', { path: '^src/cli/' }, { path: '^src/(?!cli/|kernel/)' }),
    forbid('nobody-uses-the-cli', { path: '^src/(?!cli/)' }, { path: '^src/cli/' }),
    forbid(
      'embedded-database-stands-alone',
      { path: '^src/platform/database/embedded' },
      { path: ['^src/(?!kernel/|platform/database/embedded)', 'node_modules/'] },
    ),
    forbid('sdk-stands-alone', { path: '^sdk/' }, { path: '^(src|test|dashboard-ui)/' }),
    forbid('server-knows-no-client', { path: '^src/' }, { path: '^(sdk|dashboard-ui|test)/' }),
    forbid(
      'shipped-code-uses-shipped-packages',
      { path: '^(src|sdk/src)/' },
      {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        // Optional peers of the SDK: it looks for them in the program that uses it.
        pathNot: peers.map((name) => `^node_modules/${name}/`),
      },
    ),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
  },
};

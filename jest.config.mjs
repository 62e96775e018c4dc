import { readFileSync } from 'node:fs';

const swcrc = JSON.parse(readFileSync(new URL('./.swcrc', import.meta.url), 'utf8'));
delete swcrc.$schema;

/** @type {import('jest').Config} */
const shared = {
  rootDir: import.meta.dirname,
  testEnvironment: 'node',
  moduleFileExtensions: ['ts', 'js', 'mjs', 'json'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { ...swcrc, swcrc: false, module: { type: 'es6' }, sourceMaps: 'inline' },
    ],
  },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/sdk/dist/'],
};
const database = {
  globalSetup: '<rootDir>/test/harness/global-setup.mjs',
  globalTeardown: '<rootDir>/test/harness/global-teardown.mjs',
  setupFiles: ['<rootDir>/test/harness/preload.mjs'],
};
const group = (name, extra = {}) => ({
  ...shared,
  displayName: name,
  testMatch: [`<rootDir>/test/${name}/**/*.spec.ts`],
  ...extra,
});

/** @type {import('jest').Config} */
export default {
  workerIdleMemoryLimit: '1GB', // native ESM test files keep about 20 MB each in a worker
  testTimeout: 60_000,
  projects: [
    group('architecture'),
    group('unit'),
    group('sdk'),
    group('integration', database),
    group('property', database),
    group('e2e', database),
    group('dashboard', database),
    group('chaos', database),
  ],
};

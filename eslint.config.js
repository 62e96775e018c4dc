// @ts-check
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const NO_ENVIRONMENT = {
  object: 'process',
  property: 'env',
  message: 'The environment is read in src/platform/config, and by the CLI in environment.ts.',
};
const NO_CLOCK = {
  object: 'Date',
  property: 'now',
  message: 'Take a Clock from src/kernel/clock.',
};
const NO_RANDOM = {
  object: 'Math',
  property: 'random',
  message: 'Take ids from src/kernel/ids, other randomness from node:crypto.',
};
const NO_FORWARD_REF = {
  group: ['@nestjs/common'],
  importNames: ['forwardRef'],
  message:
    'Two features that need each other: declare a port in the lower one and bind it in app.module.ts.',
};

export default defineConfig([
  globalIgnores(['**/dist', '**/coverage', 'dashboard-ui', 'data']),
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['sdk/*.ts'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/prefer-nullish-coalescing': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      // A Nest module is a class with nothing in it but its decorator.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      // `interface` and `type` both have their place; records of a fixed shape read better as what they are.
      '@typescript-eslint/consistent-type-definitions': 'off',
      '@typescript-eslint/consistent-indexed-object-style': 'off',
      // Index access of environment-like records must keep its brackets.
      '@typescript-eslint/dot-notation': 'off',
      // `get<Project>(path)` states what an untyped channel carries.
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      // `methods` of classes that Nest or jest bind for us.
      '@typescript-eslint/unbound-method': ['error', { ignoreStatic: true }],
      'no-restricted-imports': ['error', { patterns: [NO_FORWARD_REF] }],
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': [
        'error',
        { max: 60, skipBlankLines: true, skipComments: true, IIFEs: true },
      ],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: { 'no-restricted-properties': ['error', NO_ENVIRONMENT, NO_CLOCK, NO_RANDOM] },
  },
  {
    files: ['src/kernel/**/*.ts'],
    rules: { 'no-restricted-properties': ['error', NO_ENVIRONMENT] },
  },
  {
    files: ['src/platform/config/**/*.ts', 'src/cli/environment.ts'],
    rules: { 'no-restricted-properties': ['error', NO_CLOCK, NO_RANDOM] },
  },
  {
    // One migration is one piece of SQL.
    files: ['src/platform/database/migrations/**/*.ts'],
    rules: { 'max-lines-per-function': 'off' },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      // A describe block is one long function, and a scenario reads best in one piece.
      'max-lines': 'off',
      'max-lines-per-function': 'off',
      'no-console': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      // Answers of the server are untyped JSON; the expectations are what checks them.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
    },
  },
]);

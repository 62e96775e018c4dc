import path from 'node:path';
import { z } from 'zod';
import { type KeyConfig, keyConfig, keyVariables } from './key-config.js';
import { isAddressRange } from '../../kernel/address-ranges.js';
import { DEFAULT_RATE_LIMITS, type RateLimitSettings, readRateLimits } from './rate-limits.js';
import { StartupError } from './startup-error.js';

const url = (protocols: readonly string[], example: string) =>
  z.string().refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol), {
    error: `must look like ${example}`,
  });

const environment = z.object({
  PORT: z.coerce
    .number({ error: 'must be a number' })
    .int()
    .min(0, { error: 'must be 0 to 65535' })
    .max(65_535, { error: 'must be 0 to 65535' })
    .default(3000),
  HOST: z.string().min(1).default('127.0.0.1'),
  IRON_CAGE_DATA_DIR: z.string().min(1).default('data'),
  IRON_CAGE_PUBLIC_URL: url(['http:', 'https:'], 'https://iron-cage.example.com').optional(),
  IRON_CAGE_KEK: z.string().min(1).optional(),
  IRON_CAGE_KEK_FILE: z.string().min(1).optional(),
  ...keyVariables,
  IRON_CAGE_TRUSTED_PROXIES: z
    .string()
    .transform(listOf)
    .refine((list) => list.every(isProxy), {
      error:
        'must list the addresses or CIDR ranges of your own proxies (10.0.0.5, 10.1.0.0/16, loopback), separated by commas; not every address',
    })
    .optional(),
  IRON_CAGE_RATE_LIMITS: z
    .string()
    .transform((text, context): RateLimitSettings => {
      const settings = readRateLimits(text);
      if (settings) return settings;
      context.addIssue({
        code: 'custom',
        message:
          'must look like key=5000,ip=10000 (requests a second); the names are key, organization, ip, global, user, failures',
      });
      return z.NEVER;
    })
    .optional(),
  IRON_CAGE_METRICS_TOKEN: z
    .string()
    .min(16, { error: 'must have at least 16 characters' })
    .optional(),
  IRON_CAGE_SUPERVISED: z.string().optional(),
  DATABASE_URL: url(
    ['postgres:', 'postgresql:'],
    'postgres://user:password@host:5432/database',
  ).optional(),
  REDIS_URL: url(['redis:', 'rediss:'], 'redis://host:6379').optional(),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
      error: 'must be one of fatal, error, warn, info, debug, trace, silent',
    })
    .default('info'),
});

function listOf(text: string): string[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

/** Believing everybody's X-Forwarded-For would let everybody choose an address. */
function isProxy(entry: string): boolean {
  if (['loopback', 'linklocal', 'uniquelocal'].includes(entry)) return true;
  return isAddressRange(entry) && !entry.endsWith('/0');
}

/** Everything that the environment decides. Read once, here, and nowhere else. */
export interface Config {
  readonly port: number;
  readonly host: string;
  readonly dataDir: string;
  readonly publicUrl: string | undefined;
  readonly kek: string | undefined;
  readonly kekFile: string | undefined;
  readonly keys: KeyConfig;
  /** Addresses or CIDR ranges whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[];
  /** Requests a second. */
  readonly rateLimits: RateLimitSettings;
  /** Who sends it may read /metrics; undefined: only this machine may. */
  readonly metricsToken: string | undefined;
  /** Started by a parent that holds an IPC channel: when it goes away, so does the server. */
  readonly supervised: boolean;
  readonly databaseUrl: string | undefined;
  /** Settings for the embedded database (tests turn durability off). */
  readonly databaseFlags: readonly string[];
  readonly redisUrl: string | undefined;
  readonly logLevel: string;
}

/** @throws {StartupError} CONFIG_INVALID, naming every variable that is wrong */
export function readConfig(source: NodeJS.ProcessEnv = process.env): Config {
  // An empty variable is how compose files and CI say "not set".
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ''));
  const parsed = environment.safeParse(given);
  if (!parsed.success) {
    const list = parsed.error.issues
      .map((issue) => `${issue.path.join('.')} ${issue.message}`)
      .join('; ');
    throw new StartupError(
      'CONFIG_INVALID',
      `The configuration is not valid: ${list}. Correct the environment and start again.`,
    );
  }
  const env = parsed.data;
  return {
    port: env.PORT,
    host: env.HOST,
    dataDir: path.resolve(env.IRON_CAGE_DATA_DIR),
    publicUrl: env.IRON_CAGE_PUBLIC_URL?.replace(/\/$/, ''),
    kek: env.IRON_CAGE_KEK,
    kekFile: env.IRON_CAGE_KEK_FILE,
    keys: keyConfig(env, given),
    trustedProxies: env.IRON_CAGE_TRUSTED_PROXIES ?? [],
    rateLimits: env.IRON_CAGE_RATE_LIMITS ?? DEFAULT_RATE_LIMITS,
    metricsToken: env.IRON_CAGE_METRICS_TOKEN,
    supervised: env.IRON_CAGE_SUPERVISED === '1',
    databaseUrl: env.DATABASE_URL,
    databaseFlags: [],
    redisUrl: env.REDIS_URL,
    logLevel: env.LOG_LEVEL,
  };
}

import { Redis } from 'ioredis';
import { type Config, StartupError } from '../config/index.js';
import { type Logger, redact } from '../telemetry/index.js';
import { LocalSignals, RedisSignals, type Signals } from './signals.js';

/** What replicas share besides the database: nothing that may not be lost. */
export interface HotStore {
  /** undefined: one process, in memory */
  readonly redis: Redis | undefined;
  readonly signals: Signals;
  ping(): Promise<boolean>;
  close(): Promise<void>;
}

const OPTIONS = {
  commandTimeout: 500,
  connectTimeout: 2_000,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 1,
  keepAlive: 10_000,
  lazyConnect: true,
  retryStrategy: (attempt: number) => Math.min(attempt * 200, 2_000),
};

/** @throws {StartupError} REDIS_UNREACHABLE: at start a wrong address is a mistake; later an outage is survived */
export async function openHotStore(config: Config, logger: Logger): Promise<HotStore> {
  if (config.redisUrl === undefined) {
    return {
      redis: undefined,
      signals: new LocalSignals(),
      ping: () => Promise.resolve(true),
      close: () => Promise.resolve(),
    };
  }
  const redis = connection(config.redisUrl, logger);
  // A connection that subscribes can do nothing else, and waits for as long as there is no message.
  const subscriber = connection(config.redisUrl, logger, { commandTimeout: undefined });
  try {
    await Promise.all([redis.connect(), subscriber.connect()]);
    await redis.ping();
  } catch (error) {
    redis.disconnect();
    subscriber.disconnect();
    throw new StartupError(
      'REDIS_UNREACHABLE',
      `Cannot reach Redis of REDIS_URL: ${redact(error instanceof Error ? error.message : String(error))}. Check that it runs and that the address is right; unset REDIS_URL to run one server without Redis.`,
      error,
    );
  }
  return {
    redis,
    signals: new RedisSignals(redis, subscriber, logger),
    ping: () =>
      redis.ping().then(
        () => true,
        () => false,
      ),
    close: () => {
      redis.disconnect();
      subscriber.disconnect();
      return Promise.resolve();
    },
  };
}

function connection(
  url: string,
  logger: Logger,
  overrides: { commandTimeout?: undefined } = {},
): Redis {
  const { commandTimeout, ...rest } = OPTIONS;
  const redis = new Redis(url, 'commandTimeout' in overrides ? rest : { ...rest, commandTimeout });
  redis.on('error', (error: Error) => {
    logger.warn({ err: error }, 'Redis does not answer; going on without it');
  });
  return redis;
}

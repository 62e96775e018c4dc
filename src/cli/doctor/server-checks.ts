import { systemClock } from '../../kernel/clock.js';
import type { ApiClient } from '../api/api-client.js';
import type { LedgerCheck, Me, Readiness, Secret } from '../api/types.js';
import { CliError, EXIT } from '../cli-error.js';
import { plural } from '../terminal/format.js';
import { fail, type Finding, ok, warn } from './finding.js';

const NOTABLE_SKEW_MS = 5_000;
const HARMFUL_SKEW_MS = 60_000;

/** What can be known without signing in; empty-handed, the rest is not asked. */
export async function checkServer(
  client: ApiClient,
): Promise<{ findings: Finding[]; answers: boolean }> {
  try {
    await client.open({ method: 'GET', path: '/livez' });
  } catch (error) {
    return { findings: [fail('Server', messageOf(error))], answers: false };
  }
  const findings = [
    ok('Server', `answers at ${client.url}`),
    ...(await readiness(client)),
    await setup(client),
  ];
  return { findings, answers: true };
}

async function readiness(client: ApiClient): Promise<Finding[]> {
  const sentAtMs = systemClock.now();
  try {
    const ready = await client.open<Readiness>({ method: 'GET', path: '/readyz' });
    const middleMs = (sentAtMs + systemClock.now()) / 2;
    return [
      ok('Version', ready.version),
      ok('Database', 'answers the server'),
      redis(ready.redis),
      clockSkew(Date.parse(ready.time) - middleMs),
    ];
  } catch (error) {
    return [
      fail(
        'Database',
        `${messageOf(error)} See the server's log; with DATABASE_URL set, check that server`,
      ),
    ];
  }
}

function redis(state: string): Finding {
  if (state === 'down')
    return warn('Redis', 'is down: limits count per replica until it is back; check REDIS_URL');
  return ok(
    'Redis',
    state === 'ok' ? 'answers the server' : 'not configured; one server needs none',
  );
}

export function clockSkew(differenceMs: number): Finding {
  const seconds = (Math.abs(differenceMs) / 1_000).toFixed(1);
  if (Math.abs(differenceMs) < NOTABLE_SKEW_MS)
    return ok('Clock', `agrees with the server (${seconds} s apart)`);
  const text = `is ${seconds} s ${differenceMs > 0 ? 'behind' : 'ahead of'} the server's; turn on time synchronisation (NTP) on both machines`;
  return Math.abs(differenceMs) < HARMFUL_SKEW_MS ? warn('Clock', text) : fail('Clock', text);
}

async function setup(client: ApiClient): Promise<Finding> {
  try {
    const { required } = await client.open<{ required: boolean }>({
      method: 'GET',
      path: '/v1/setup',
    });
    return required ? warn('Set-up', 'not done yet; run: iron-cage setup') : ok('Set-up', 'done');
  } catch (error) {
    return fail('Set-up', messageOf(error));
  }
}

/** What needs a login. */
export async function checkAsMember(client: ApiClient): Promise<Finding[]> {
  try {
    const me = await client.get<Me>('/v1/auth/me');
    return [
      ok('Login', `${me.email}, ${me.role}`),
      await providerSecret(client),
      await ledger(client),
    ];
  } catch (error) {
    if (error instanceof CliError && error.exitCode === EXIT.notSignedIn) {
      return [warn('Login', `${error.message}; the vault and the ledger were not looked at`)];
    }
    return [fail('Login', messageOf(error))];
  }
}

async function providerSecret(client: ApiClient): Promise<Finding> {
  try {
    const { items } = await client.get<{ items: Secret[] }>('/v1/secrets');
    return items.length > 0
      ? ok('Vault', plural(items.length, 'provider secret'))
      : warn(
          'Vault',
          'holds no provider secret, so no agent can start; run: iron-cage secret add <name> --provider openai',
        );
  } catch (error) {
    return fail('Vault', messageOf(error));
  }
}

async function ledger(client: ApiClient): Promise<Finding> {
  try {
    const check = await client.get<LedgerCheck>('/v1/ledger/check');
    return check.ok
      ? ok('Ledger', `consistent, ${plural(check.checkedAccounts, 'account')}`)
      : fail(
          'Ledger',
          `${plural(check.findings.length, 'broken row')}; name them with: iron-cage audit`,
        );
  } catch (error) {
    return fail('Ledger', messageOf(error));
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

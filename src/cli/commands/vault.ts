import { setTimeout } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Me, Organization, Vault } from '../api/types.js';
import type { Action, Context } from '../context.js';
import { moment } from '../terminal/format.js';

type Run = (action: Action) => Promise<void>;

interface Rewrapped {
  readonly masterKeyId: string;
  readonly rewrapped: number;
  readonly remaining: number;
  readonly retired: readonly string[];
}

export function addVaultCommands(program: Command, run: Run): void {
  const vault = program.command('vault').description('The keys that encrypt the provider secrets');
  vault
    .command('status')
    .description('Is it sealed, and which keys are in use')
    .action(() => run(status));
  vault
    .command('rotate')
    .description(
      "Encrypt this organization's secrets with a new data key; goes on where it was stopped",
    )
    .action(() => run(rotate));
  vault
    .command('rewrap')
    .description('Wrap all keys under the current master key; goes on where it was stopped')
    .action(() => run(rewrap));
  vault
    .command('seal')
    .description('Stop handing out secrets, on every server; money and pauses go on')
    .option('--reason <text>')
    .option('--yes', 'do not ask')
    .action((options: { reason?: string; yes?: boolean }) =>
      run((context) => seal(context, options)),
    );
  vault
    .command('unseal')
    .description('Read the master key again and hand out secrets')
    .action(() => run(unseal));
  vault
    .command('shred')
    .description('Destroy the keys and all secrets of this organization, for good')
    .option('--confirm <name>', 'the name of the organization, instead of typing it')
    .action((options: { confirm?: string }) => run((context) => shred(context, options.confirm)));
}

/** What somebody else holds is passed over; asking for it at once would only be in the way. */
const BETWEEN_ROUNDS_MS = 250;

async function status(context: Context): Promise<undefined> {
  const vault = await (await context.client()).get<Vault>('/v1/vault');
  context.print(vault, described(vault));
  return undefined;
}

async function rotate(context: Context): Promise<undefined> {
  const client = await context.client();
  const before = await client.get<Vault>('/v1/vault');
  // What was stopped half-way is brought to its end first, and that is all then.
  const replaces = before.remaining > 0 ? before.dataKeyVersion - 1 : before.dataKeyVersion;
  let after: Vault;
  do {
    after = await client.send<Vault>({
      method: 'POST',
      path: '/v1/vault/data-keys',
      body: { replaces },
      repeatable: true,
    });
    if (after.remaining > 0) {
      context.note(`${String(after.remaining)} versions to go …`);
      await setTimeout(BETWEEN_ROUNDS_MS);
    }
  } while (after.remaining > 0);
  context.print(
    after,
    `Every secret is encrypted with data key ${String(after.dataKeyVersion)}; the one before is destroyed.`,
  );
  return undefined;
}

async function rewrap(context: Context): Promise<undefined> {
  const client = await context.client();
  let total = 0;
  const retired: string[] = [];
  for (;;) {
    const answer = await client.send<Rewrapped>({
      method: 'POST',
      path: '/v1/vault/rewrap',
      body: {},
      repeatable: true,
    });
    total += answer.rewrapped;
    retired.push(...answer.retired);
    if (answer.remaining > 0) {
      context.note(`${String(answer.remaining)} keys to go …`);
      await setTimeout(BETWEEN_ROUNDS_MS);
      continue;
    }
    const { masterKeyId } = answer;
    const gone =
      retired.length === 0
        ? ''
        : ` ${retired.join(', ')} is not needed any more: remove it from the configuration of every server, and keep it with the backups that it opens.`;
    context.print(
      { masterKeyId, rewrapped: total, retired },
      `${String(total)} keys were wrapped under master key ${masterKeyId}.${gone}`,
    );
    return undefined;
  }
}

async function seal(
  context: Context,
  { reason, yes }: { reason?: string; yes?: boolean },
): Promise<undefined> {
  const client = await context.client();
  await context.prompt.confirm(
    'Seal the vault? No agent can start, on any server, until it is unsealed.',
    yes ?? false,
  );
  const vault = await client.send<Vault>({
    method: 'POST',
    path: '/v1/vault/seal',
    body: { ...(reason !== undefined && { reason }) },
    repeatable: true,
  });
  context.print(vault, 'The vault is sealed. Open it with: iron-cage vault unseal');
  return undefined;
}

async function unseal(context: Context): Promise<undefined> {
  const client = await context.client();
  const path = '/v1/vault/unseal';
  const vault = await client.send<Vault>({ method: 'POST', path, body: {}, repeatable: true });
  context.print(vault, 'The vault is open.');
  return undefined;
}

async function shred(context: Context, given: string | undefined): Promise<undefined> {
  const client = await context.client();
  const { organizationId } = await client.get<Me>('/v1/auth/me');
  const { items } = await client.get<{ items: Organization[] }>('/v1/organizations');
  const name = items.find(({ id }) => id === organizationId)?.name ?? 'the organization';
  const confirm =
    given ??
    (await context.prompt.line(
      `This destroys every provider secret of ${name} for good. Type the name of the organization: `,
      '--confirm',
    ));
  const body = { confirm: confirm.trim() };
  const gone = await client.send<{ dataKeys: number; secrets: number; versions: number }>({
    method: 'POST',
    path: '/v1/vault/shred',
    body,
  });
  context.print(
    gone,
    `Destroyed ${String(gone.secrets)} secrets in ${String(gone.versions)} versions, and ${String(gone.dataKeys)} data keys. The ledger is untouched; backups still hold what they held.`,
  );
  return undefined;
}

function described(vault: Vault): string {
  const lines = [
    vault.sealed
      ? `Sealed since ${vault.sealedAt === null ? 'now' : moment(vault.sealedAt)}: no secret is handed out. Open it with: iron-cage vault unseal`
      : 'Open',
    `Master key  ${vault.masterKeyId}`,
    vault.dataKeyVersion === 0
      ? 'Data key    none yet; the first secret makes it'
      : `Data key    version ${String(vault.dataKeyVersion)}${vault.dataKeyCreatedAt === null ? '' : `, made ${moment(vault.dataKeyCreatedAt)}`}`,
  ];
  if (vault.remaining > 0)
    lines.push(
      `${String(vault.remaining)} versions still wait for it. Go on with: iron-cage vault rotate`,
    );
  if (vault.wrappedElsewhere > 0)
    lines.push('Another master key wraps it. Change that with: iron-cage vault rewrap');
  return lines.join('\n');
}

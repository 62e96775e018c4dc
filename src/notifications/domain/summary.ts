import { parseMoney, showMoney } from '../../kernel/money.js';

export type Facts = Readonly<Record<string, unknown>>;

const SENTENCES: ReadonlyMap<string, (facts: Facts) => string> = new Map(
  Object.entries({
    'budget.threshold': (facts: Facts) => {
      const { threshold, of, limit } = facts;
      const isSpent = of === 'spent';
      return `${text(threshold)} % of ${whose(facts)} is ${isSpent ? 'spent' : 'spent or leased'}: ${dollars(facts['spent'])} spent, ${dollars(facts['leased'])} leased, of ${dollars(limit)}.`;
    },
    'budget.would-refuse': (facts: Facts) =>
      `A lease was granted only because its project observes: ${text(facts['code'])} of ${text(facts['scopeName'])}.`,
    'project.velocity': ({ scopeName, perMinute, limit }: Facts) =>
      `Project "${text(scopeName)}" leased ${dollars(perMinute)} within a minute; its limit is ${dollars(limit)}. Leases were refused.`,
    'project.debt': ({ debt }: Facts) =>
      `More was spent than the balance covers: ${dollars(debt)} of debt, and nothing is lent until a deposit covers it.`,
    'key.anomaly': ({ summary }: Facts) => text(summary),
    'key.expiring': ({ name, projectName, expiresAt }: Facts) =>
      `Key "${text(name)}" of project "${text(projectName)}" expires on ${text(expiresAt).slice(0, 10)}. Rotate it before.`,
    'key.leaked': ({ name, revoked }: Facts) =>
      revoked === true
        ? `Key "${text(name)}" was reported as leaked, and is revoked.`
        : `The old secret of key "${text(name)}" was reported as leaked, and works no more.`,
    'key.models': ({ name, models }: Facts) =>
      `Key "${text(name)}" was used for ${Array.isArray(models) ? models.map(text).join(', ') : 'models'}, which it is not for. The usage was booked.`,
    'ledger.broken': () =>
      'The ledger does not add up; the details name the rows. Run: iron-cage audit',
  } satisfies Record<string, (facts: Facts) => string>),
);

/** What happened, for people. Of a kind that is not known here (written by a newer server) its name. */
export function summaryOf(kind: string, facts: Facts): string {
  return SENTENCES.get(kind)?.(facts) ?? kind;
}

function whose({ scope, scopeName, window }: Facts): string {
  if (scope === 'balance') return `the deposits of project "${text(scopeName)}"`;
  return `the ${window === 'total' ? 'total' : text(window)} budget of ${text(scope)} "${text(scopeName)}"`;
}

function dollars(wire: unknown): string {
  const nano = typeof wire === 'string' ? parseMoney(wire) : undefined;
  return nano === undefined ? 'an unknown amount' : showMoney(nano);
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '–';
}

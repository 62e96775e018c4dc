import { displayUsd, parseUsd, type NanoUsd } from '../money/money.js';

type Details = Readonly<Record<string, unknown>>;

/**
 * `The call needs up to $0.031; $0.012 is available in the day's budget of project "Research" (limit $5); it resets on 2026-11-24 at
 * 00:00 UTC`.
 * @param neededNano what is needed, where that is not the `minimum` of the details
 */
export function budgetSentence(details: Details, neededNano?: NanoUsd): string {
  const needed = neededNano === undefined ? money(details, 'minimum') : displayUsd(neededNano);
  const limit = money(details, 'limit');
  const where = limitName(details);
  const left = `${money(details, 'available') ?? 'too little'} is available${where === '' ? '' : ` in ${where}`}`;
  return [
    needed === undefined ? 'The call does not fit the budget' : `The call needs up to ${needed}`,
    limit === undefined ? left : `${left} (limit ${limit})`,
    whatHelps(details),
  ].join('; ');
}

/** What is said when a project leases faster than it may. */
export function velocitySentence(details: Details): string {
  const limit = money(details, 'limit');
  const name = text(details, 'scopeName');
  const seconds = details['retryAfterSeconds'];
  const when =
    typeof seconds === 'number' ? `in ${Math.ceil(seconds).toString()} s` : 'in a moment';
  return (
    `The project${name === '' ? '' : ` ${JSON.stringify(name)}`} spends faster than its limit` +
    `${limit === undefined ? '' : ` of ${limit} a minute`}; try again ${when}, or raise the limit ` +
    'if this pace is meant.'
  );
}

function limitName(details: Details): string {
  const scope = text(details, 'scope');
  if (scope === '') return '';
  const name = text(details, 'scopeName');
  const quoted = name === '' ? '' : ` ${JSON.stringify(name)}`;
  if (scope === 'balance') return `the balance of project${quoted}`;
  const window = text(details, 'window');
  const period = window === '' || window === 'total' ? window : `${window}'s`;
  return `the ${period === '' ? '' : `${period} `}budget of ${scope}${quoted}`;
}

function whatHelps(details: Details): string {
  const resets = text(details, 'nextResetAt');
  if (resets !== '') return `it resets on ${moment(resets)}`;
  const scope = text(details, 'scope');
  if (scope === 'balance') return 'it does not reset: ask an admin for a deposit';
  return scope === ''
    ? 'ask for more budget or deposit money'
    : 'it does not reset: ask an admin to raise it';
}

/** `2026-11-24 at 00:00 UTC`; as it was sent when it is no instant. */
function moment(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  const [day = '', time = ''] = date.toISOString().split('T');
  return `${day} at ${time.slice(0, 5)} UTC`;
}

function money(details: Details, key: string): string | undefined {
  const value = details[key];
  try {
    return typeof value === 'string' ? displayUsd(parseUsd(value)) : undefined;
  } catch {
    return undefined;
  }
}

function text(details: Details, key: string): string {
  const value = details[key];
  return typeof value === 'string' ? value : '';
}
